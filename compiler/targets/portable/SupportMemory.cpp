//===- SupportMemory.cpp - which loads and stores have instructions ----------===//
//
// How a tile lies in its view, and whether all that is done with it asks for one place.

#include "compiler/targets/portable/Support.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr int64_t kMaxTileExtent = 65536; // far past any shared memory; bytes of a tile fit in 64 bits

static TileType typeOf(Value tile) { return cast<TileType>(tile.getType()); }
static bool isPacked(Value tile) { return hasScales(typeOf(tile).elementFormat()); }

/// True if the tile holds the view's last dimension whole, as it lies in memory: rows of chunks.
static bool holdsRows(ViewType view, TileType tile) { return view.getShape().back() == tile.getColumns(); }

/// A packed view is addressed by tiles, so that it needs the index of one.
static LogicalResult checkPacked(Operation *op, ViewType view, size_t indices) {
  if (indices + 1 != view.getShape().size())
    return op->emitOpError("the portable target needs an index for the tiles of ")
           << view << ", got " << indices << " indices";
  return success();
}

LogicalResult portable::checkStore(StoreOp store) {
  Value tile = store.getTile();
  ViewType view = store.getView().getType();
  ElementFormat format = cast<ElementFormatAttr>(view.getFormat()).getValue();
  Operation *maker = tile.getDefiningOp();
  if (isa_and_nonnull<LoadOp>(maker))
    return success(); // refused where it is loaded
  if (!isa_and_nonnull<FinishOp, SummarizeOp, QuantizeOp>(maker) || store.getFirst())
    return store.emitOpError("the portable target stores what finish, summarize and quantize have made, got ")
           << tile.getType();
  if (isPacked(tile))
    return checkPacked(store, view, store.getIndices().size());
  bool vector = typeOf(tile).columns() == 1, means = isa<SummarizeOp>(maker);
  if (vector || means ? format != ElementFormat::F32 : !is16Bit(format))
    return store.emitOpError(
               "the portable target stores outputs in f16 or bf16, means and a value per row in f32, got ")
           << view;
  if (!vector && !holdsRows(view, typeOf(tile)))
    return store.emitOpError("the portable target stores whole rows, got ") << tile.getType() << " of " << view;
  return success();
}

LogicalResult portable::checkLoad(LoadOp load, SweepOp sweep) {
  Value tile = load.getTile();
  ViewType view = load.getView().getType();
  auto outside = [&](Value value) { return value == (sweep ? sweep.getBlockIndex() : Value()) || !isIn(sweep, value); };
  // Copies run ahead of the sweep's body.
  if (!outside(load.getView()) || !llvm::all_of(load.getIndices(), outside))
    return load.emitOpError("the portable target takes indices from outside the sweep, and its block");
  auto isKeys = [&](Operation *user) { return isa<DotOp>(user) && cast<DotOp>(user).getRhs() == tile; };
  auto isValues = [&](Operation *user) { return isa<AccumulateOp>(user) && cast<AccumulateOp>(user).getV() == tile; };
  auto isStreamed = [&](Operation *user) { return isKeys(user) || isValues(user); };
  auto users = load->getUsers();
  // Each way of use has its own layout: ring, query fragments, means in lanes, a shared tile.
  bool oneWay = sweep ? llvm::all_of(users, isStreamed)
                      : llvm::all_of(users, [](Operation *user) { return isa<DotOp>(user); }) ||
                            llvm::all_of(users, [](Operation *user) { return isa<RankOp>(user); }) ||
                            llvm::all_of(users, [](Operation *user) { return isa<QuantizeOp, SummarizeOp>(user); });
  if (users.empty() || !oneWay)
    return load.emitOpError("the portable target has no layout for a tile that is used this way");
  if (typeOf(tile).rows() > kMaxTileExtent || typeOf(tile).columns() > kMaxTileExtent)
    return load.emitOpError("the portable target takes tiles of at most ")
           << kMaxTileExtent << " rows and columns, got " << tile.getType();
  // Packed values alone lie transposed, in tiles of tokens: PACKED_LAYOUT.md.
  bool transposed = isPacked(tile) && llvm::any_of(users, isValues);
  if (transposed == holdsRows(view, typeOf(tile)) || (transposed && llvm::any_of(users, isKeys)))
    return load.emitOpError("the portable target loads ")
           << (transposed ? "packed values that lie along tokens" : "whole rows") << ", got " << tile.getType()
           << " of " << view;
  return isPacked(tile) ? checkPacked(load, view, load.getIndices().size()) : success();
}
