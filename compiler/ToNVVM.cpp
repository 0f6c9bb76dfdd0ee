//===- ToNVVM.cpp - thrift-to-nvvm: hands kernels to a target's conversion -----===//

#include "compiler/Passes.h"
#include "compiler/targets/Lowering.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_TONVVM
#include "compiler/Passes.h.inc"
} // namespace thrift

/// Ops that stand in no kernel have no launch dimensions and no threads; kernels in nested modules would be left
/// behind.
static LogicalResult checkPlaces(ModuleOp module) {
  WalkResult result = module.walk([&](Operation *op) {
    if (!isa_and_nonnull<ThriftDialect>(op->getDialect()))
      return WalkResult::advance();
    if (isa<KernelOp>(op) && op->getParentOp() != module) {
      op->emitOpError("stands in a nested module; expected the outermost one");
      return WalkResult::interrupt();
    }
    if (!isa<KernelOp>(op) && !op->getParentOfType<KernelOp>()) {
      op->emitOpError("stands in no kernel");
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

namespace {
struct ToNVVM : thrift::impl::ToNVVMBase<ToNVVM> {
  using ToNVVMBase::ToNVVMBase;

  void runOnOperation() override {
    const Lowering *lowering = findLowering(target);
    if (!lowering) {
      getOperation().emitError("target is \"") << target << "\"; allowed: " << lowerings();
      return signalPassFailure();
    }
    ConversionChoices options;
    std::string whyNot;
    if (auto layout = parsePackedLayout(packedLayout.getValue(), &whyNot)) {
      options.packedLayout = *layout;
    } else {
      getOperation().emitError(whyNot);
      return signalPassFailure();
    }
    if (auto native = parseNativeConversions(conversions.getValue())) {
      options.conversions = *native;
    } else {
      getOperation().emitError("conversions is \"") << conversions << "\"; allowed: none, fp8, fp4";
      return signalPassFailure();
    }
    if (failed(checkPlaces(getOperation())))
      return signalPassFailure();
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (!kernel.getThreads() || !kernel.getSharedBytes()) {
        kernel.emitError("kernel @") << kernel.getSymName() << " has no schedule; run thrift-schedule first";
        return signalPassFailure();
      }
    if (failed(lowering->convert(getOperation(), options)))
      signalPassFailure();
  }
};
} // namespace
