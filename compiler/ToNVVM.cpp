//===- ToNVVM.cpp - thrift-to-nvvm: hands kernels to a target's conversion -----===//

#include "compiler/Passes.h"
#include "compiler/targets/Lowering.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_TONVVM
#include "compiler/Passes.h.inc"
} // namespace thrift

namespace {
struct ToNVVM : thrift::impl::ToNVVMBase<ToNVVM> {
  using ToNVVMBase::ToNVVMBase;

  void runOnOperation() override {
    const Lowering *lowering = findLowering(target);
    if (!lowering) {
      getOperation().emitError("target is \"") << target << "\"; allowed: " << lowerings();
      return signalPassFailure();
    }
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (!kernel.getThreads()) {
        kernel.emitError("kernel @") << kernel.getSymName() << " has no schedule; run thrift-schedule first";
        return signalPassFailure();
      }
    if (failed(lowering->convert(getOperation())))
      signalPassFailure();
  }
};
} // namespace
