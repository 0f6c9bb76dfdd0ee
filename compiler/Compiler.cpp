//===- Compiler.cpp - compiles one template for one spec --------------------===//

#include "compiler/Compiler.h"

#include "compiler/Codegen.h"
#include "compiler/Passes.h"
#include "compiler/Registration.h"
#include "compiler/Rules.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <chrono>

using namespace mlir;
using namespace thrift;

namespace {

/// One compilation: its context, its diagnostics, its clock.
class Compilation {
public:
  explicit Compilation(const CompileRequest &request)
      : request(request), context(makeRegistry(), MLIRContext::Threading::DISABLED),
        handler(&context, [this](Diagnostic &diagnostic) { collect(diagnostic); }) {}

  llvm::Expected<CompiledModule> run();

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerThriftDialects(registry);
    return registry;
  }

  void collect(Diagnostic &diagnostic) {
    llvm::raw_string_ostream stream(diagnostics);
    stream << (diagnostics.empty() ? "" : "\n");
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && !isa<UnknownLoc>(diagnostic.getLocation()))
      stream << diagnostic.getLocation() << ": ";
    stream << diagnostic;
  }

  llvm::Error runStage(Stage stage, function_ref<void(PassManager &)> build);
  llvm::Error fail(Stage stage, StringRef pipeline);
  SmallVector<std::string> bindings();
  void readKernels();
  void mark(Stage stage) {
    auto now = std::chrono::steady_clock::now();
    compiled.milliseconds.emplace_back(stageName(stage).str(),
                                       std::chrono::duration<double, std::milli>(now - since).count());
    since = now;
  }
  llvm::Expected<CompiledModule> finish(StringRef text) {
    compiled.text = text.str();
    return std::move(compiled);
  }
  std::string print() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    // Schedules name their rings, barriers and tiles by locations.
    module->print(stream, OpPrintingFlags().printNameLocAsPrefix());
    stream << "\n";
    return text;
  }

  const CompileRequest &request;
  MLIRContext context;
  std::string diagnostics;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
  CompiledModule compiled;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  std::string pipelineSoFar; ///< textual, for the reproducer
};

} // namespace

/// Pairs for the parameters that the module's kernels declare; other choices of the spec do not concern it.
SmallVector<std::string> Compilation::bindings() {
  llvm::StringSet<> declared;
  for (KernelOp kernel : module->getOps<KernelOp>())
    for (NamedAttribute param : kernel.getParams())
      declared.insert(param.getName().getValue());
  SmallVector<std::string> pairs;
  for (const auto &[name, value] : request.spec.bindings(multipliesPacked(*request.target)))
    if (declared.contains(name))
      pairs.push_back(name + "=" + value);
  return pairs;
}

llvm::Error Compilation::fail(Stage stage, StringRef pipeline) {
  std::string message =
      "stage " + stageName(stage).str() + " failed: " + (diagnostics.empty() ? "no diagnostic" : diagnostics);
  if (!request.reproducerDir.empty()) {
    auto hash =
        llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(std::string(request.source) + pipeline.str())));
    SmallString<128> path(request.reproducerDir);
    llvm::sys::path::append(path, "thriftjit-" + hash.substr(0, 12) + ".mlir");
    std::error_code error = llvm::sys::fs::create_directories(request.reproducerDir);
    llvm::raw_fd_ostream file(path, error);
    if (!error) {
      file << "// thrift-opt --pass-pipeline='" << pipeline << "' " << path << "\n" << request.source;
      message += "\nreproduce with: thrift-opt --pass-pipeline='" + pipeline.str() + "' " + path.str().str();
    } else {
      message += "\ncannot write a reproducer to " + path.str().str() + ": " + error.message();
    }
  }
  return llvm::createStringError(message);
}

llvm::Error Compilation::runStage(Stage stage, function_ref<void(PassManager &)> build) {
  PassManager manager(&context);
  manager.enableVerifier(false); // once per stage, below: walking thousands of instructions after every pass is dear
  build(manager);
  std::string text;
  llvm::raw_string_ostream stream(text);
  manager.printAsTextualPipeline(stream);
  // "builtin.module(a,b)": keep what stands inside, so that stages can be strung together.
  StringRef inside = StringRef(text).drop_front(text.find('(') + 1).drop_back();
  pipelineSoFar += (pipelineSoFar.empty() ? "" : ",") + inside.str();
  if (failed(manager.run(*module)) || failed(verify(*module)))
    return fail(stage, "builtin.module(" + pipelineSoFar + ")");
  mark(stage);
  return llvm::Error::success();
}

void Compilation::readKernels() {
  auto strings = [](ArrayAttr array) {
    std::vector<std::string> words;
    for (Attribute word : array)
      words.push_back(cast<StringAttr>(word).getValue().str());
    return words;
  };
  for (auto function : module->getOps<LLVM::LLVMFuncOp>()) {
    auto abi = function->getAttrOfType<ArrayAttr>("thrift.abi");
    auto grid = function->getAttrOfType<ArrayAttr>("thrift.grid");
    auto threads = function->getAttrOfType<IntegerAttr>("thrift.threads");
    auto shared = function->getAttrOfType<IntegerAttr>("thrift.shared_bytes");
    if (!abi || !grid || !threads || !shared)
      continue;
    compiled.kernels.push_back(
        {function.getName().str(), strings(abi), strings(grid), threads.getInt(), shared.getInt(), {}});
    if (auto barriers = function->getAttrOfType<ArrayAttr>("thrift.mbarriers"))
      for (auto barrier : barriers.getAsRange<DictionaryAttr>())
        compiled.kernels.back().barriers.push_back({barrier.getAs<StringAttr>("name").str(),
                                                    barrier.getAs<IntegerAttr>("offset").getInt(),
                                                    barrier.getAs<IntegerAttr>("stages").getInt()});
  }
}

llvm::Expected<CompiledModule> Compilation::run() {
  module = parseSourceString<ModuleOp>(StringRef(request.source), ParserConfig(&context));
  if (!module)
    return fail(request.from, "builtin.module()");
  mark(Stage::Template);
  Stage stage = request.from;
  if (request.to == Stage::Template)
    return finish(print());

  if (stage < Stage::Specialized) {
    auto build = [&](PassManager &manager) {
      SpecializeStageOptions options;
      for (const std::string &pair : bindings())
        options.bind.push_back(pair);
      buildSpecializedStage(manager, options);
    };
    if (llvm::Error error = runStage(Stage::Specialized, build))
      return error;
  }
  if (request.to == Stage::Specialized)
    return finish(print());

  if (stage < Stage::Scheduled) {
    auto build = [&](PassManager &manager) {
      ScheduleStageOptions options;
      options.target = std::string(request.target->lowering);
      options.stages = request.config.stages;
      options.exp2 = request.config.exp2;
      options.alignment = request.config.alignment;
      options.sharedLimit = request.target->sharedLimit;
      options.watchdog = request.config.watchdog;
      buildScheduledStage(manager, options);
    };
    if (llvm::Error error = runStage(Stage::Scheduled, build))
      return error;
  }
  if (request.to == Stage::Scheduled)
    return finish(print());

  if (stage < Stage::Nvvm) {
    auto build = [&](PassManager &manager) {
      NvvmStageOptions options;
      options.target = std::string(request.target->lowering);
      options.packedLayout = std::string(name(request.target->packedLayout));
      options.conversions = std::string(name(request.target->conversions));
      buildNvvmStage(manager, options);
    };
    if (llvm::Error error = runStage(Stage::Nvvm, build))
      return error;
  }
  readKernels();
  if (request.to == Stage::Nvvm)
    return finish(print());

  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(*module, llvmContext, "thriftjit");
  if (!llvmModule)
    return fail(Stage::Llvm, "builtin.module(" + pipelineSoFar + ")");
  if (llvm::Error error = optimize(*llvmModule, *request.target))
    return error;
  mark(Stage::Llvm);
  if (request.to == Stage::Llvm) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvmModule->print(stream, nullptr);
    return finish(text);
  }
  auto ptx = emitPtx(*llvmModule, *request.target);
  if (!ptx)
    return ptx.takeError();
  mark(Stage::Ptx);
  return finish(*ptx);
}

llvm::Expected<CompiledModule> Compiler::compile(const CompileRequest &request) const {
  assert(request.target && "a request names its target");
  if (request.from > Stage::Nvvm)
    return llvm::createStringError("compilation starts from an MLIR stage, up to nvvm, not from " +
                                   stageName(request.from).str());
  if (request.to < request.from || request.to > Stage::Ptx)
    return llvm::createStringError("cannot go from stage " + stageName(request.from).str() + " to " +
                                   stageName(request.to).str());
  if (request.from == Stage::Template) {
    std::string broken;
    for (const Violation &violation : checkRules(request.spec, request.config, *request.target))
      broken += (broken.empty() ? "" : "\n") + violation.message();
    if (!broken.empty())
      return llvm::createStringError(broken);
  }
  return Compilation(request).run();
}
