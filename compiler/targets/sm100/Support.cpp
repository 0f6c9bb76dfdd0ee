//===- Support.cpp - which kernels the sm100 target schedules ---------------===//

#include "compiler/targets/sm100/MatrixLayout.h"
#include "compiler/targets/sm100/Sm100.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

TileType SweepParts::output() {
  SoftmaxType state = sweep.getInitial().getType();
  auto f32 = ElementFormatAttr::get(state.getContext(), ElementFormat::F32);
  return TileType::get(state.getContext(), state.getShape(), f32, {});
}

/// The single op of a kind in a sweep's body, or null.
template <typename OpT>
static OpT single(SweepOp sweep) {
  auto ops = sweep.getBody().getOps<OpT>();
  return llvm::hasSingleElement(ops) ? *ops.begin() : OpT();
}

static FailureOr<SweepParts> takeApart(SweepOp sweep) {
  SweepParts parts;
  parts.sweep = sweep;
  parts.dot = single<DotOp>(sweep);
  parts.softmax = single<OnlineSoftmaxOp>(sweep);
  parts.quantize = single<QuantizeOp>(sweep);
  parts.accumulate = single<AccumulateOp>(sweep);
  auto unknown = [&] {
    return sweep.emitOpError("the sm100 target schedules sweeps of one dot, one online_softmax, one quantize and one "
                             "accumulate over tiles that they load, with a query tile from outside");
  };
  if (!parts.dot || !parts.softmax || !parts.quantize || !parts.accumulate)
    return unknown();
  parts.query = parts.dot.getLhs().getDefiningOp<LoadOp>();
  parts.keys = parts.dot.getRhs().getDefiningOp<LoadOp>();
  parts.values = parts.accumulate.getV().getDefiningOp<LoadOp>();
  if (!parts.query || !parts.keys || !parts.values || parts.query->getParentOp() != sweep->getParentOp() ||
      parts.keys->getParentOp() != sweep || parts.values->getParentOp() != sweep)
    return unknown();
  // The chain from logits to the next state, as far as ops of the body form it.
  Value logits = parts.softmax.getLogits();
  bool decides = true;
  if (auto promote = logits.getDefiningOp<PromoteOp>()) {
    parts.promote = promote;
    logits = promote.getLogits();
    decides = promote.getState() == sweep.getState() && promote.getJ() == sweep.getBlockIndex();
  } else if (auto keep = logits.getDefiningOp<KeepPromotedOp>()) {
    parts.keep = keep;
    logits = keep.getLogits();
    decides = keep.getJ() == sweep.getBlockIndex();
  }
  if (auto mask = logits.getDefiningOp<MaskOp>()) {
    parts.mask = mask;
    logits = mask.getLogits();
  }
  auto yield = cast<YieldOp>(sweep.getBody().front().getTerminator());
  // Two loads, dot, softmax, quantize, accumulate, yield.
  ptrdiff_t known = 7 + (parts.mask ? 1 : 0) + (parts.promote || parts.keep ? 1 : 0);
  if (!decides || logits != parts.dot.getLogits() || parts.softmax.getState() != sweep.getState() ||
      parts.quantize.getSource() != parts.softmax.getProbabilities() ||
      parts.accumulate.getP() != parts.quantize.getResult() ||
      parts.accumulate.getW() != parts.softmax.getProbabilities() ||
      parts.accumulate.getState() != parts.softmax.getNext() || yield.getState() != parts.accumulate.getNext() ||
      std::distance(sweep.getBody().front().begin(), sweep.getBody().front().end()) != known)
    return unknown();
  return parts;
}

/// Extents that one instruction takes, and that fill panels.
static LogicalResult checkShapes(SweepParts &parts) {
  TileType q = parts.query.getTile().getType(), k = parts.keys.getTile().getType(),
           v = parts.values.getTile().getType();
  int64_t channels = parts.output().columns(), keys = k.rows();
  auto panels = [](int64_t extent, int64_t most) {
    return extent % kPanelColumns == 0 && extent >= 1 && extent <= most;
  };
  if (q.rows() != kTileRows || !panels(keys, 128) || !panels(q.columns(), 256) || !panels(channels, 256))
    return parts.sweep.emitOpError("the sm100 target multiplies ")
           << kTileRows << " queries with 64 or 128 keys and multiples of 64 channels, at most 256, got " << q << ", "
           << k << " and " << v;
  if (Value routes = parts.sweep.getRoutes())
    if (auto router = dyn_cast<RouterType>(routes.getType()))
      if (boundExtent(router.getRows()) != kTileRows || boundExtent(router.getGranule()) != kGranule)
        return parts.sweep.emitOpError("the sm100 target routes ")
               << kTileRows << " rows by granules of " << kGranule << ", got " << router;
  bool rowsContracted = !parts.accumulate.getTransposed();
  if (rowsContracted && bitsOf(v.elementFormat()) != 16)
    return parts.sweep.emitOpError("the sm100 target contracts rows of 16-bit values only, got ") << v;
  if (parts.p().getFormat() != v.getFormat())
    return parts.sweep.emitOpError("the sm100 target multiplies P and V in one format, got ")
           << parts.p() << " and " << v;
  return success();
}

FailureOr<SmallVector<SweepParts>> sm100::takeApart(KernelOp kernel) {
  SmallVector<SweepParts> sweeps;
  Value state;
  for (SweepOp sweep : kernel.getBody().getOps<SweepOp>()) {
    FailureOr<SweepParts> parts = ::takeApart(sweep);
    if (failed(parts) || failed(checkShapes(*parts)))
      return failure();
    if (state && sweep.getInitial() != state)
      return sweep.emitOpError("the sm100 target carries one state through all sweeps of a kernel");
    if (!sweeps.empty() && (parts->logits() != sweeps[0].logits() || parts->output() != sweeps[0].output()))
      return sweep.emitOpError("the sm100 target takes sweeps over blocks of one size, got ")
             << sweeps[0].logits() << " and " << parts->logits();
    state = sweep.getFinal();
    sweeps.push_back(*parts);
  }
  if (!sweeps[0].sweep.getInitial().getDefiningOp<EmptySoftmaxOp>())
    return sweeps[0].sweep.emitOpError("the sm100 target begins with an empty state");
  auto finishes = kernel.getBody().getOps<FinishOp>();
  if (!llvm::hasSingleElement(finishes) || (*finishes.begin()).getState() != state)
    return kernel.emitError("kernel @") << kernel.getSymName()
                                        << ": the sm100 target finishes the state of all sweeps once";
  return sweeps;
}
