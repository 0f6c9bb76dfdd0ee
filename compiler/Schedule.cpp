//===- Schedule.cpp - thrift-schedule: hands kernels to a target's schedule ----===//

#include "compiler/Passes.h"
#include "compiler/targets/Lowering.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_SCHEDULE
#include "compiler/Passes.h.inc"
} // namespace thrift

namespace {
struct Schedule : thrift::impl::ScheduleBase<Schedule> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    const Lowering *lowering = findLowering(target);
    if (!lowering) {
      getOperation().emitError("target is \"") << target << "\"; allowed: " << lowerings();
      return signalPassFailure();
    }
    constexpr int64_t mostStages = 64; // far more than fit, and few enough to unroll a prologue for before that is seen
    if (stages < 2 || stages > mostStages) {
      getOperation().emitError("stages is ") << int64_t(stages) << "; allowed: 2 to " << mostStages;
      return signalPassFailure();
    }
    if (alignment != 16 && alignment != 2) {
      getOperation().emitError("alignment is ") << int64_t(alignment) << "; allowed: 16, 2";
      return signalPassFailure();
    }
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      if (!kernel.isSpecialized()) {
        kernel.emitError("kernel @") << kernel.getSymName() << " has open parameters; run thrift-specialize first";
        return signalPassFailure();
      }
      if (failed(lowering->schedule(kernel, {stages, exp2, alignment, sharedLimit, watchdog})))
        return signalPassFailure();
    }
  }
};
} // namespace
