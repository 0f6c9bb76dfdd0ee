//===- Registration.cpp - the dialects and passes of the compiler -----------===//

#include "compiler/Registration.h"

#include "compiler/Passes.h"
#include "compiler/Stages.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void thrift::registerThriftDialects(DialectRegistry &registry) {
  registry.insert<ThriftDialect, arith::ArithDialect, cf::ControlFlowDialect, scf::SCFDialect, LLVM::LLVMDialect,
                  NVVM::NVVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

void thrift::registerCompilerPasses() {
  registerSpecialize();
  registerReadUnpacked();
  registerPartitionRoutes();
  registerPeelMasks();
  registerSchedule();
  registerToNVVM();
  registerStagePipelines();
  registerCanonicalizerPass();
  registerCSEPass();
  registerSCFToControlFlowPass();
  registerConvertControlFlowToLLVMPass();
  registerArithToLLVMConversionPass();
  registerReconcileUnrealizedCastsPass();
}
