//===- Codegen.cpp - LLVM IR to PTX -----------------------------------------===//

#include "compiler/Codegen.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

extern "C" void LLVMInitializeNVPTXTarget();
extern "C" void LLVMInitializeNVPTXTargetInfo();
extern "C" void LLVMInitializeNVPTXTargetMC();
extern "C" void LLVMInitializeNVPTXAsmPrinter();

using namespace thrift;

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const Target &target) {
  // LLVM keeps its targets in a process-wide registry of its own.
  static std::once_flag registered;
  std::call_once(registered, [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return llvm::createStringError("this LLVM has no NVPTX backend: " + error);
  // Aggressive would only run GVN twice more, on code that has been through it. Contraction stays at the default: a
  // multiply and an add are fused only where the IR says fma.
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(
      triple, target.chip, "+ptx" + std::to_string(target.ptxVersion), llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Default));
  if (!machine)
    return llvm::createStringError("cannot create a code generator for " + std::string(target.chip));
  return machine;
}

/// Instructions of a whole warp must not be moved into, or copied to, branches that its threads take apart. MLIR cannot
/// say so of inline PTX.
static void markConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction))
        if (auto *assembly = llvm::dyn_cast<llvm::InlineAsm>(call->getCalledOperand());
            assembly && assembly->hasSideEffects())
          call->setConvergent();
}

llvm::Error thrift::optimize(llvm::Module &module, const Target &target) {
  auto machine = createMachine(target);
  if (!machine)
    return machine.takeError();
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());
  markConvergent(module);

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine->get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  // Tiles are unrolled into registers already and memory holds no locals, so most of -O3 finds nothing to do and takes
  // three quarters of its time to say so. What pays: common subexpressions, peephole rewrites, hoisting out of the
  // sweeps. Loops are neither unrolled nor vectorised: a sweep would only grow and hold more values alive. One round of
  // instcombine is enough, but code that a second would change is no reason to end the process.
  constexpr llvm::StringLiteral pipeline =
      "function(simplifycfg,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),simplifycfg,"
      "early-cse<memssa>,adce),globaldce";
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(passes, pipeline))
    return error;
  passes.run(module, modules);
  return llvm::Error::success();
}

llvm::Expected<std::string> thrift::emitPtx(llvm::Module &module, const Target &target) {
  auto machine = createMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::SmallVector<char> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile,
                                      /*DisableVerify=*/true))
    return llvm::createStringError("the code generator for " + std::string(target.chip) + " cannot write PTX");
  passes.run(module);
  return std::string(buffer.begin(), buffer.end());
}
