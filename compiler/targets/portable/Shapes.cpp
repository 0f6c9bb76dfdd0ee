//===- Shapes.cpp - formats and extents that the instructions take ----------===//

#include "compiler/targets/portable/Support.h"
#include "compiler/targets/portable/Widen.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

LogicalResult portable::checkDotShapes(DotOp dot) {
  TileType q = dot.getLhs().getType(), k = dot.getRhs().getType();
  bool packed = hasScales(k.elementFormat());
  int64_t mostChannels = packed ? kMaxPackedChannels : kMaxChannels;
  // ldmatrix reads 16 keys at a time, and P of 16 keys is one fragment.
  if ((!packed && !is16Bit(k.elementFormat())) || !isMultiple(k.columns(), kSwizzledColumns, mostChannels) ||
      !isMultiple(k.rows(), 16, kMaxAccumulated))
    return dot.emitOpError("the portable target multiplies f16, bf16, nvfp4, mxfp4 or fp8 with a multiple of ")
           << kSwizzledColumns << " channels, at most " << kMaxChannels << " (packed: " << kMaxPackedChannels
           << "), and a multiple of 16 keys, at most " << kMaxAccumulated << ", got " << q << " and " << k;
  return success();
}

LogicalResult portable::checkAccumulateShapes(AccumulateOp accumulate) {
  TileType p = accumulate.getP().getType(), v = accumulate.getV().getType();
  bool fits = false;
  if (hasScales(v.elementFormat())) // transposed in memory, in tiles of 64 tokens, widened
    fits = accumulate.getTransposed() && p.elementFormat() == widenedFormat(v.elementFormat()) &&
           isMultiple(v.columns(), kTokenTile, kMaxAccumulated) && isMultiple(v.rows(), 8, kMaxAccumulated);
  else if (is16Bit(v.elementFormat()))
    fits = !accumulate.getTransposed() && p.elementFormat() == v.elementFormat() &&
           isMultiple(v.columns(), kSwizzledColumns, kMaxAccumulated) && isMultiple(v.rows(), 16, kMaxAccumulated);
  if (!fits)
    return accumulate.emitOpError("the portable target multiplies f16 by f16 and bf16 by bf16, with a multiple of ")
           << kSwizzledColumns
           << " channels and of 16 keys, and f16 by nvfp4 or fp8 and bf16 by mxfp4, transposed, with a multiple of 8 "
              "channels and of "
           << kTokenTile << " keys, at most " << kMaxAccumulated << " of each, got " << p << " and " << v;
  return success();
}

LogicalResult portable::checkRouterShape(Operation *op, RouterType router, int64_t threads) {
  int64_t rows = threads / 32 * kRowsPerWarp;
  if (boundExtent(router.getRows()) != rows || boundExtent(router.getGranule()) != kRowsPerWarp)
    return op->emitOpError("the portable target routes ")
           << rows << " rows in " << threads << " threads by granules of " << kRowsPerWarp << ", got " << router;
  return success();
}

LogicalResult portable::checkStateShape(Operation *op, SoftmaxType state, int64_t threads) {
  int64_t rows = threads / 32 * kRowsPerWarp; // a fragment holds 16 rows for each warp
  if (state.rows() != rows || !isMultiple(state.valueDim(), 8, kMaxAccumulated))
    return op->emitOpError("the portable target keeps ")
           << rows << " rows in " << threads << " threads, by a multiple of 8 channels, at most " << kMaxAccumulated
           << ", got " << state;
  return success();
}
