//===- OnlineOps.cpp - checks of the online router --------------------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

LogicalResult StartRouterOp::verify() {
  DecisionsType decisions = getDecisions().getType();
  RouterType router = getRouter().getType();
  if (getIndices().size() != 3) // U1
    return emitOpError("expected decisions with 3 indices, got ") << getIndices().size();
  if (decisions.getGranule() != router.getGranule()) // U2
    return emitOpError("decisions and router differ in granule: ") << decisions << " and " << router;
  if (router.getRows() != getBlockQ()) // U3
    return emitOpError("expected a router for the rows of a query tile, got ") << router;
  if (failed(verifyMask(*this, getMask())) || failed(verifyExtent(*this, getBlockQ())) ||
      failed(verifyExtent(*this, getBlockKv())))
    return failure();
  // The diagonal and the rows that exist need both lengths, whatever the mask.
  return failure(failed(verifyDimension(*this, "kv_len")) || failed(verifyDimension(*this, "q_len")));
}

/// U4
static LogicalResult verifyLogits(Operation *op, TileType logits, RouterType router) {
  auto format = dyn_cast<ElementFormatAttr>(logits.getFormat());
  if (!format || format.getValue() != ElementFormat::F32 || logits.getRows() != router.getRows())
    return op->emitOpError("expected f32 logits with the rows of ") << router << ", got " << logits;
  return success();
}

LogicalResult PromoteOp::verify() {
  if (getState().getType().getShape()[0] != getLogits().getType().getRows()) // U4
    return emitOpError("logits and state differ in rows: ") << getLogits().getType() << " and " << getState().getType();
  return verifyLogits(*this, getLogits().getType(), getRouter().getType());
}

LogicalResult KeepPromotedOp::verify() { return verifyLogits(*this, getLogits().getType(), getRouter().getType()); }
