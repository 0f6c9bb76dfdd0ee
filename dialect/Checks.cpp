//===- Checks.cpp - checks that several ops share ---------------------------===//

#include "dialect/Checks.h"

using namespace mlir;
using namespace thrift;

LogicalResult thrift::verifyIndexing(Operation *op, ViewType view, TileType tile, size_t indices) {
  size_t rank = view.getShape().size();
  bool columnOfOne = boundExtent(tile.getColumns()) == 1; // a vector, such as the log-sum-exp of each row
  if (rank < 2)
    return op->emitOpError("needs a view of at least two dimensions, got ") << view; // L1
  size_t wanted;
  if (columnOfOne) {
    wanted = rank;
  } else {
    bool cutsRows = view.getShape()[rank - 2] != tile.getRows();
    bool cutsColumns = view.getShape()[rank - 1] != tile.getColumns();
    if (cutsRows && cutsColumns) // L2
      return op->emitOpError("cuts both of the last two dimensions of ") << view << " into " << tile;
    wanted = rank - 2 + (cutsRows || cutsColumns);
  }
  if (indices != wanted) // L1
    return op->emitOpError("needs ") << wanted << " indices to take " << tile << " from " << view << ", got "
                                     << indices;
  return success();
}

LogicalResult thrift::verifyBound(Operation *op, TileType tile) {
  constexpr int64_t most = 1 << 16; // far past any memory on a chip, and products stay far from overflow
  for (Attribute extent : tile.getShape())
    if (auto bound = boundExtent(extent); !bound || *bound < 1 || *bound > most)
      return op->emitOpError("needs tiles with extents of 1 to ") << most << ", got " << tile;
  if (!isa<ElementFormatAttr>(tile.getFormat()))
    return op->emitOpError("needs tiles of a bound format, got ") << tile;
  return success();
}

LogicalResult thrift::verifySameFormat(Operation *op, ViewType view, TileType tile) {
  if (view.getFormat() != tile.getFormat()) // L3
    return op->emitOpError("view and tile differ in format: ") << view << " and " << tile;
  return success();
}

LogicalResult thrift::verifyAlignment(Operation *op, int64_t alignment) {
  if (alignment != 16 && alignment != 2)
    return op->emitOpError("alignment is ") << alignment << "; allowed: 16, 2";
  return success();
}

bool thrift::isRouterList(BlockList list) {
  return list == BlockList::Seeds || list == BlockList::Rest || list == BlockList::Promoted;
}

LogicalResult thrift::verifyList(Operation *op, BlockList list, Value source, size_t indices) {
  bool routed = source && isa<RoutesType>(source.getType()), online = source && isa<RouterType>(source.getType());
  bool wantsRouter = isRouterList(list), wantsRoutes = list != BlockList::Visible && !wantsRouter;
  if (routed != wantsRoutes || online != wantsRouter || indices != (wantsRoutes ? 3u : 0u)) // W1
    return op->emitOpError("over ") << stringifyBlockList(list) << " blocks needs "
                                    << (wantsRoutes ? "routes with three indices" : wantsRouter ? "a router" : "no routes");
  return success();
}

LogicalResult thrift::verifyPart(Operation *op, BlockList list, SweepPart part) {
  bool whole = list == BlockList::Seeds || list == BlockList::Promoted;
  if (whole && part != SweepPart::All) // W4
    return op->emitOpError("over ") << stringifyBlockList(list) << " blocks has no " << stringifySweepPart(part) << " part";
  return success();
}

LogicalResult thrift::verifyMask(Operation *op, Attribute mask) {
  if (!isa<MaskKindAttr, ParamAttr>(mask))
    return op->emitOpError("expected a mask or a parameter, got ") << mask;
  return success();
}

LogicalResult thrift::verifyExtent(Operation *op, Attribute extent) {
  auto number = dyn_cast<IntegerAttr>(extent);
  if (!isa<ParamAttr>(extent) && !(number && number.getInt() > 0))
    return op->emitOpError("expected a positive extent or a parameter, got ") << extent;
  return success();
}

LogicalResult thrift::verifyDimension(Operation *op, StringRef name) {
  auto kernel = op->getParentOfType<KernelOp>();
  if (kernel && !kernel.hasDim(name)) // K7
    return op->emitOpError("needs the dimension ")
           << name << ", which kernel @" << kernel.getSymName() << " does not have";
  return success();
}

LogicalResult thrift::verifyMaskDimensions(Operation *op, Attribute mask) {
  auto kind = dyn_cast<MaskKindAttr>(mask);
  if (failed(verifyDimension(op, "kv_len")))
    return failure();
  if (kind && kind.getValue() == MaskKind::None)
    return success();
  return verifyDimension(op, "q_len");
}
