//===- Layouts.cpp - does a schedule put tiles where the instructions take them? -===//
//
// Schedules are IR, so they can be edited by hand. One walk before the conversion says what is wrong with them; behind
// it the patterns may rely on layouts, extents and the bounds of shared memory.

#include "compiler/targets/portable/Support.h"
#include "compiler/targets/portable/Widen.h"

#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

using Layouts = ArrayRef<TileLayout>;

static const TileLayout kShared[] = {TileLayout::Shared};
static const TileLayout kAccumulator[] = {TileLayout::Accumulator};
static const TileLayout kAnyOperand[] = {TileLayout::OperandA, TileLayout::OperandAWidened};
static const TileLayout kOperandA[] = {TileLayout::OperandA};
static const TileLayout kWidened[] = {TileLayout::OperandAWidened};
static const TileLayout kGroups[] = {TileLayout::Groups};
static const TileLayout kColumns[] = {TileLayout::Columns};
static const TileLayout kLanes[] = {TileLayout::Lanes};
static const TileLayout kLoaded[] = {TileLayout::OperandA, TileLayout::OperandAWidened, TileLayout::Lanes};
static const TileLayout kStored[] = {TileLayout::Accumulator, TileLayout::Columns, TileLayout::Groups};
static const TileLayout kQuantized[] = {TileLayout::Accumulator, TileLayout::Groups};

namespace {
struct Place {
  StringRef role;
  Type tile;
  Layouts allowed;
};
} // namespace

static LogicalResult expect(Operation *op, ArrayRef<Place> places) {
  for (const Place &place : places) {
    auto layout = cast<TileType>(place.tile).tileLayout();
    if (layout && llvm::is_contained(place.allowed, *layout))
      continue;
    std::string names;
    for (TileLayout allowed : place.allowed)
      names += (names.empty() ? "" : " or ") + stringifyTileLayout(allowed).str();
    return op->emitOpError("the portable target takes ") << place.role << " in " << names << ", got " << place.tile;
  }
  return success();
}

static LogicalResult checkStored(StoreOp op) {
  TileType tile = op.getTile().getType();
  if (failed(expect(op, {{"a tile to store", tile, kStored}})))
    return failure();
  if (tile.tileLayout() != TileLayout::Groups)
    return success();
  if (!hasScales(tile.elementFormat()))
    return op.emitOpError("the portable target cannot store ") << tile;
  if (!op.getFirst())
    return op.emitOpError("the portable target stores groups from a row of a whole tile, got none");
  return success();
}

static LogicalResult checkQuantize(QuantizeOp op) {
  TileType source = op.getSource().getType();
  if (failed(expect(op, {{"a tile to quantise", source, kQuantized}})))
    return failure();
  bool groups = source.tileLayout() == TileLayout::Groups;
  if (groups && !hasScales(op.getResult().getType().elementFormat()))
    return op.emitOpError("the portable target quantises groups to formats with scales, got ")
           << op.getResult().getType();
  if (groups && op.getResult().getType().elementFormat() == ElementFormat::FP8 && !op.getBlockScale())
    return op.emitOpError("the portable target quantises to fp8 by a block's scale, got none");
  return expect(op, {{"a quantised tile", op.getResult().getType(), groups ? Layouts(kGroups) : Layouts(kAnyOperand)}});
}

/// One thread takes one group of a slice, and all threads have one.
static LogicalResult checkSlice(SliceOp op, int64_t threads) {
  TileType source = op.getSource().getType(), slice = op.getSlice().getType();
  if (failed(expect(op, {{"a tile to slice", source, kShared}, {"a slice", slice, kGroups}})))
    return failure();
  int64_t contracted = op.getColumns() ? slice.rows() : slice.columns();
  int64_t others = op.getColumns() ? slice.columns() : slice.rows();
  bool whole = is16Bit(source.elementFormat()) && source.columns() % kSwizzledColumns == 0;
  if (!whole || contracted % kThreadGroup || others > threads || contracted / kThreadGroup * others != threads)
    return op.emitOpError("the portable target takes one group of ")
           << kThreadGroup << " f16 or bf16 values for each of " << threads << " threads, got " << slice << " of "
           << source;
  return success();
}

static LogicalResult checkBlockScale(BlockScaleOp op) {
  TileType source = op.getSource().getType();
  if (failed(expect(op, {{"a tile to scale", source, kShared}})))
    return failure();
  if (!is16Bit(source.elementFormat()) || source.columns() % kSwizzledColumns)
    return op.emitOpError("the portable target scales f16 or bf16 tiles with a multiple of ")
           << kSwizzledColumns << " columns, got " << source;
  return success();
}

static LogicalResult checkSummarize(SummarizeOp op, int64_t threads) {
  TileType source = op.getSource().getType();
  if (failed(expect(op, {{"a tile to summarise", source, kShared}, {"means", op.getMean().getType(), kColumns}})))
    return failure();
  if (!is16Bit(source.elementFormat()) || source.columns() % kSwizzledColumns || source.columns() > threads)
    return op.emitOpError("the portable target averages f16 or bf16 tiles with a multiple of ")
           << kSwizzledColumns << " columns, at most " << threads << ", got " << source;
  return success();
}

/// A ring lies inside the kernel's shared memory, at an address that cp.async and ldmatrix take.
static LogicalResult checkAlloc(AllocOp op, KernelOp kernel) {
  RingType ring = op.getRing().getType();
  if (failed(expect(op, {{"a ring's tiles", ring.getTile(), kShared}})))
    return failure();
  if (op.getOffset() % 16)
    return op.emitOpError("starts at byte ") << op.getOffset() << "; allowed: multiples of 16";
  // Extents and stages have 64 bits each: a bound on the product must not overflow on the way.
  long double bytes = 1.0L * ring.getStages() * ring.getTile().rows() * ring.getTile().columns() * 4;
  int64_t end = bytes < 0x1p62L ? op.getOffset() + ring.getStages() * sharedTileBytes(ring.getTile())
                                : std::numeric_limits<int64_t>::max();
  if (end > *kernel.getSharedBytes())
    return op.emitOpError("ends at byte ") << end << ", kernel @" << kernel.getSymName() << " has "
                                           << *kernel.getSharedBytes() << " bytes of shared memory";
  return success();
}

static LogicalResult checkOp(Operation *op, KernelOp kernel) {
  int64_t threads = *kernel.getThreads();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](DotOp op) {
        if (failed(
                expect(op, {{"queries", op.getLhs().getType(),
                             hasScales(op.getRhs().getType().elementFormat()) ? Layouts(kWidened) : Layouts(kOperandA)},
                            {"keys", op.getRhs().getType(), kShared},
                            {"logits", op.getLogits().getType(), kAccumulator}})))
          return failure();
        return checkDotShapes(op);
      })
      .Case([](MaskOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([&](StartRouterOp op) { return checkRouterShape(op, op.getRouter().getType(), threads); })
      .Case([](PromoteOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([](KeepPromotedOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([](OnlineSoftmaxOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([&](AccumulateOp op) {
        if (failed(expect(op, {{"P", op.getP().getType(),
                                probabilityLayout(op.getV().getType().elementFormat()) == TileLayout::OperandA
                                    ? Layouts(kOperandA)
                                    : Layouts(kWidened)},
                               {"V", op.getV().getType(), kShared},
                               {"the probabilities", op.getW().getType(), kAccumulator}})) ||
            failed(checkAccumulateShapes(op)))
          return failure();
        return checkStateShape(op, op.getState().getType(), threads);
      })
      .Case([&](FinishOp op) {
        if (failed(expect(
                op, {{"the output", op.getO().getType(), kAccumulator}, {"LSE", op.getLse().getType(), kAccumulator}})))
          return failure();
        return checkStateShape(op, op.getState().getType(), threads);
      })
      .Case([&](EmptySoftmaxOp op) { return checkStateShape(op, op.getState().getType(), threads); })
      .Case([&](SliceOp op) { return checkSlice(op, threads); })
      .Case([](BlockScaleOp op) { return checkBlockScale(op); })
      .Case([&](SummarizeOp op) { return checkSummarize(op, threads); })
      .Case([](RankOp op) {
        return expect(op, {{"the query's mean", op.getMeanQ().getType(), kLanes}});
      })
      .Case([](LoadOp op) {
        return expect(op, {{"a loaded tile", op.getTile().getType(), kLoaded}});
      })
      .Case([&](AllocOp op) { return checkAlloc(op, kernel); })
      .Case([](QuantizeOp op) { return checkQuantize(op); })
      .Case([](StoreOp op) { return checkStored(op); })
      .Default([](Operation *) { return success(); });
}

LogicalResult portable::checkLayouts(KernelOp kernel) {
  constexpr int64_t mostThreads = 1024; // of a CTA
  int64_t threads = *kernel.getThreads();
  if (threads % 32 || threads > mostThreads) // votes and shuffles take whole warps
    return kernel.emitError("kernel @") << kernel.getSymName() << " has " << threads
                                        << " threads; allowed: multiples of 32, at most " << mostThreads;
  WalkResult result = kernel.getBody().walk(
      [&](Operation *op) { return failed(checkOp(op, kernel)) ? WalkResult::interrupt() : WalkResult::advance(); });
  return failure(result.wasInterrupted());
}
