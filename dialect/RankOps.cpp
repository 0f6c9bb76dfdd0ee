//===- RankOps.cpp - checks of summaries, scores and selection --------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

static bool isF32(Attribute format) {
  auto bound = dyn_cast<ElementFormatAttr>(format);
  return bound && bound.getValue() == ElementFormat::F32;
}

LogicalResult SummarizeOp::verify() {
  TileType source = getSource().getType(), mean = getMean().getType();
  if (boundExtent(mean.getRows()) != 1 || mean.getColumns() != source.getColumns() || !isF32(mean.getFormat())) // Z1
    return emitOpError("expected one f32 row with the columns of ") << source << ", got " << mean;
  return verifyDimension(*this, getLen()); // K7
}

static LogicalResult verifyScores(Operation *op, ViewType scores, size_t indices) {
  if (!isF32(scores.getFormat()) || indices + 1 != scores.getShape().size()) // N2
    return op->emitOpError("expected f32 scores with ")
           << scores.getShape().size() - 1 << " indices, got " << scores << " with " << indices;
  return success();
}

static LogicalResult verifyBlocks(Operation *op, Attribute mask, Attribute blockQ, Attribute blockKv) {
  return failure(failed(verifyMask(op, mask)) || failed(verifyExtent(op, blockQ)) || failed(verifyExtent(op, blockKv)));
}

LogicalResult RankOp::verify() {
  TileType meanQ = getMeanQ().getType();
  ViewType meanK = getMeanK().getType();
  if (boundExtent(meanQ.getRows()) != 1 || !isF32(meanQ.getFormat()) || !isF32(meanK.getFormat()) ||
      meanK.getShape().size() != getKeyIndices().size() + 2 || meanK.getShape().back() != meanQ.getColumns()) // N1
    return emitOpError("expected one f32 row of means and f32 key means with the same columns, got ")
           << meanQ << " and " << meanK << " with " << getKeyIndices().size() << " indices";
  if (failed(verifyBlocks(*this, getMask(), getBlockQ(), getBlockKv())) ||
      failed(verifyMaskDimensions(*this, getMask())))
    return failure();
  return verifyScores(*this, getScores().getType(), getScoreIndices().size());
}

LogicalResult SelectOp::verify() {
  if (getRouteIndices().size() != 3) // N3
    return emitOpError("expected three indices into the routes, got ") << getRouteIndices().size();
  // The diagonal, which `local` counts from, needs both lengths whatever the mask.
  if (failed(verifyBlocks(*this, getMask(), getBlockQ(), getBlockKv())) || failed(verifyDimension(*this, "kv_len")) ||
      failed(verifyDimension(*this, "q_len")))
    return failure();
  return verifyScores(*this, getScores().getType(), getScoreIndices().size());
}
