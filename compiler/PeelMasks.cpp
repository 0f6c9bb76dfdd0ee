//===- PeelMasks.cpp - thrift-peel-masks: interior blocks run without a mask ---===//

#include "compiler/Passes.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_PEELMASKS
#include "compiler/Passes.h.inc"
} // namespace thrift

static bool isMasked(SweepOp sweep) {
  return sweep.getPart() == SweepPart::All && !sweep.getBody().getOps<MaskOp>().empty();
}

/// In a masked body a row may have seen no key.
static void guardRows(SweepOp sweep) {
  for (OnlineSoftmaxOp softmax : sweep.getBody().getOps<OnlineSoftmaxOp>())
    softmax.setGuard(true);
}

static void peel(SweepOp sweep) {
  OpBuilder builder(sweep);
  // The boundary has the last blocks. It follows the interior, or leads where the list descends.
  bool descends = sweep.getList() == BlockList::Rest;
  if (descends)
    builder.setInsertionPointAfter(sweep);
  auto interior = cast<SweepOp>(builder.clone(*sweep));
  interior.setPart(SweepPart::Interior);
  for (MaskOp mask : llvm::make_early_inc_range(interior.getBody().getOps<MaskOp>())) {
    mask.getMasked().replaceAllUsesWith(mask.getLogits());
    mask.erase();
  }
  sweep.setPart(SweepPart::Boundary);
  if (descends) {
    sweep.getFinal().replaceAllUsesWith(interior.getFinal());
    interior.getInitialMutable().assign(sweep.getFinal());
  } else {
    sweep.getInitialMutable().assign(interior.getFinal());
  }
  guardRows(sweep);
}

namespace {
struct PeelMasks : thrift::impl::PeelMasksBase<PeelMasks> {
  void runOnOperation() override {
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      for (SweepOp sweep : llvm::to_vector(kernel.getBody().getOps<SweepOp>()))
        if (isMasked(sweep)) {
          // A high list holds some per cent of the blocks: a second loop for it costs more code than its mask costs
          // time.
          bool isLow = sweep.getList() == BlockList::Visible || sweep.getList() == BlockList::Low ||
                       sweep.getList() == BlockList::Rest;
          if (isLow)
            peel(sweep);
          else
            guardRows(sweep);
        }
  }
};
} // namespace
