//===- Layouts.cpp - does a schedule put tiles where the instructions take them? -===//
//
// Schedules are IR, so they can be edited by hand. One walk before the conversion says what is wrong with them; behind it the
// patterns may rely on layouts.

#include "compiler/targets/portable/Portable.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace thrift;

using Layouts = ArrayRef<TileLayout>;

static const TileLayout kShared[] = {TileLayout::Shared};
static const TileLayout kAccumulator[] = {TileLayout::Accumulator};
static const TileLayout kOperandA[] = {TileLayout::OperandA, TileLayout::OperandAWidened};
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

static LogicalResult checkStore(StoreOp op) {
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
  return expect(op, {{"a quantised tile", op.getResult().getType(), groups ? Layouts(kGroups) : Layouts(kOperandA)}});
}

static LogicalResult checkOp(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](DotOp op) {
        return expect(op, {{"queries", op.getLhs().getType(), kOperandA},
                           {"keys", op.getRhs().getType(), kShared},
                           {"logits", op.getLogits().getType(), kAccumulator}});
      })
      .Case([](MaskOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([](OnlineSoftmaxOp op) { return expect(op, {{"logits", op.getLogits().getType(), kAccumulator}}); })
      .Case([](AccumulateOp op) {
        return expect(op, {{"P", op.getP().getType(), kOperandA},
                           {"V", op.getV().getType(), kShared},
                           {"the probabilities", op.getW().getType(), kAccumulator}});
      })
      .Case([](FinishOp op) {
        return expect(op, {{"the output", op.getO().getType(), kAccumulator}, {"LSE", op.getLse().getType(), kAccumulator}});
      })
      .Case([](SliceOp op) {
        return expect(op, {{"a tile to slice", op.getSource().getType(), kShared}, {"a slice", op.getSlice().getType(), kGroups}});
      })
      .Case([](SummarizeOp op) {
        return expect(op, {{"a tile to summarise", op.getSource().getType(), kShared}, {"means", op.getMean().getType(), kColumns}});
      })
      .Case([](RankOp op) { return expect(op, {{"the query's mean", op.getMeanQ().getType(), kLanes}}); })
      .Case([](LoadOp op) { return expect(op, {{"a loaded tile", op.getTile().getType(), kLoaded}}); })
      .Case([](AllocOp op) { return expect(op, {{"a ring's tiles", op.getRing().getType().getTile(), kShared}}); })
      .Case([](QuantizeOp op) { return checkQuantize(op); })
      .Case([](StoreOp op) { return checkStore(op); })
      .Default([](Operation *) { return success(); });
}

LogicalResult portable::checkLayouts(KernelOp kernel) {
  WalkResult result = kernel.getBody().walk(
      [](Operation *op) { return failed(checkOp(op)) ? WalkResult::interrupt() : WalkResult::advance(); });
  return failure(result.wasInterrupted());
}
