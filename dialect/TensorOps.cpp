//===- TensorOps.cpp - checks of ops on tensor memory -----------------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace thrift;

static bool isIn(Type tile, TileLayout layout) { return cast<TileType>(tile).tileLayout() == layout; }

static LogicalResult verifyAllBound(Operation *op, ArrayRef<TileType> tiles) {
  return success(llvm::all_of(tiles, [&](TileType tile) { return succeeded(verifyBound(op, tile)); }));
}

LogicalResult TensorAllocOp::verify() {
  int64_t columns = getColumns();
  if (columns < 32 || columns > 512 || !llvm::isPowerOf2_64(static_cast<uint64_t>(columns))) // M1
    return emitOpError("takes 32, 64, 128, 256 or 512 columns, got ") << columns;
  return success();
}

static LogicalResult verifyMemory(Operation *op, Value memory) {
  if (!memory.getDefiningOp<TensorAllocOp>()) // M2
    return op->emitOpError("expected tensor memory that thrift.tensor_alloc has taken");
  return success();
}

LogicalResult TensorFreeOp::verify() { return verifyMemory(*this, getMemory()); }

LogicalResult TensorOp::verify() {
  if (failed(verifyMemory(*this, getMemory())))
    return failure();
  TileType tile = getTile().getType();
  if (failed(verifyBound(*this, tile)))
    return failure();
  int64_t columns = getMemory().getDefiningOp<TensorAllocOp>().getColumns();
  if (!isIn(tile, TileLayout::Tensor) || tile.rows() > 128) // M3
    return emitOpError("names at most 128 rows of tensor memory, got ") << tile;
  int64_t end = getColumn() + llvm::divideCeil(tile.columns() * bitsOf(tile.elementFormat()), 32);
  if (end > columns) // M3
    return emitOpError("ends at column ") << end << ", of " << columns << " that were taken";
  return success();
}

LogicalResult MultiplyOp::verify() {
  TileType a = getA().getType(), b = getB().getType(), d = getD().getType();
  if (failed(verifySingle(*this)) || failed(verifyAllBound(*this, {a, b, d})))
    return failure();
  int64_t n = getTransposed() ? b.columns() : b.rows(), k = getTransposed() ? b.rows() : b.columns();
  if (a.rows() != d.rows() || n != d.columns() || k != a.columns()) // M4
    return emitOpError("cannot multiply ") << a << " and " << b << " into " << d;
  bool shared = isIn(a, TileLayout::Swizzled) || isIn(a, TileLayout::Tensor);
  if (!shared || !isIn(b, TileLayout::Swizzled) || !isIn(d, TileLayout::Tensor) || a.getFormat() != b.getFormat() ||
      a.elementFormat() == ElementFormat::F32 || d.elementFormat() != ElementFormat::F32) // M5
    return emitOpError(
               "multiplies two formats of one kind from shared or tensor memory into f32 in tensor memory, got ")
           << a << " and " << b << " into " << d;
  bool scaled = hasGroupScales(a.elementFormat());
  if (scaled != static_cast<bool>(getScales()) ||
      (scaled && isIn(a, TileLayout::Tensor)) != static_cast<bool>(getScaled())) // M6
    return emitOpError(scaled ? "needs tensor memory for scales, and the scales of an operand in tensor memory"
                              : "has scales for operands that have none");
  return success();
}

static LogicalResult verifyMove(Operation *op, TileType from, TileLayout source, TileType to, TileLayout target) {
  if (failed(verifyAllBound(op, {from, to})))
    return failure();
  bool same = from.getShape() == to.getShape() && from.getFormat() == to.getFormat();
  if (!same || !isIn(from, source) || !isIn(to, target)) // M7
    return op->emitOpError("moves a tile from ")
           << stringifyTileLayout(source) << " to " << stringifyTileLayout(target) << ", got " << from << " and " << to;
  return success();
}

LogicalResult ReadOp::verify() {
  return verifyMove(*this, getSource().getType(), TileLayout::Tensor, getTile().getType(), TileLayout::Rows);
}

LogicalResult WriteOp::verify() {
  TileType tile = getTile().getType();
  if (failed(verifyBound(*this, tile)))
    return failure();
  if (hasGroupScales(tile.elementFormat()) != static_cast<bool>(getScales())) // M8
    return emitOpError(getScales() ? "has a place for scales of a format that has none"
                                   : "needs a place for the scales of its format");
  return verifyMove(*this, tile, TileLayout::Rows, getTarget().getType(), TileLayout::Tensor);
}

LogicalResult UnitOp::verify() {
  auto format = dyn_cast<ElementFormatAttr>(getFormat());
  if (!format || format.getValue() == ElementFormat::F32)
    return emitOpError("expected a format that P is rounded to, got ") << getFormat();
  bool fp8 = format.getValue() == ElementFormat::FP8;
  if (fp8 != static_cast<bool>(getScale())) // M9
    return emitOpError(fp8 ? "of fp8 needs the scale of V" : "has a scale of V where V has none");
  return success();
}

LogicalResult LoadScaleOp::verify() {
  auto format = dyn_cast<ElementFormatAttr>(getView().getType().getFormat());
  if (!format || format.getValue() != ElementFormat::FP8 || getIndices().size() != 3) // M10
    return emitOpError("needs a view in fp8 and three indices, got ")
           << getView().getType() << " and " << getIndices().size();
  return success();
}

LogicalResult CompleteOp::verify() { return verifySingle(*this); }
