//===- PipelineOps.cpp - checks of what a warp-specialised schedule adds ----===//

#include "dialect/Checks.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

LogicalResult RoleOp::verify() {
  auto kernel = cast<KernelOp>((*this)->getParentOp());
  int64_t first = getFirstWarp(), end = first + getWarps();
  if (auto threads = kernel.getThreads(); threads && end * 32 > *threads) // E1
    return emitOpError("\"") << getName() << "\" has warps " << first << " to " << end - 1 << ", kernel @"
                             << kernel.getSymName() << " has " << *threads / 32;
  if (getSingle() && getWarps() != 1) // E3
    return emitOpError("\"") << getName() << "\" is one thread of " << getWarps() << " warps; allowed: 1";
  TypeRange handed = cast<DoneOp>(getBody().front().getTerminator()).getValues().getTypes();
  if (handed != getResultTypes() || getOtherwise().getTypes() != getResultTypes()) // E5
    return emitOpError("\"") << getName() << "\" hands on " << getNumResults() << " values, its end " << handed.size()
                             << ", others " << getOtherwise().size() << "; expected as many, of the same types";
  // Since the last barrier: the later one of a pair reports it.
  for (Operation *before = (*this)->getPrevNode(); before && !isa<BarrierOp>(before); before = before->getPrevNode()) {
    auto other = dyn_cast<RoleOp>(before);
    if (!other)
      continue;
    int64_t otherFirst = other.getFirstWarp(), otherEnd = otherFirst + other.getWarps();
    if (first < otherEnd && otherFirst < end) // E1
      return emitOpError("\"") << getName() << "\" shares warps with \"" << other.getName() << "\"";
  }
  return success();
}

LogicalResult thrift::verifySingle(Operation *op) {
  auto role = op->getParentOfType<RoleOp>();
  if (op->getParentOfType<KernelOp>() && !(role && role.getSingle())) // E4
    return op->emitOpError("is started by one thread; expected a role that is single around it");
  return success();
}

LogicalResult FetchOp::verify() {
  TileType tile = getRing().getType().getTile();
  if (failed(verifySameFormat(*this, getView().getType(), tile)) || failed(verifyBound(*this, tile)) ||
      failed(verifySingle(*this)))
    return failure();
  if (!getView().getType().boxAttr() || tile.tileLayout() != TileLayout::Swizzled) // E2
    return emitOpError("needs a view with a box and a ring of swizzled tiles, got ")
           << getView().getType() << " and " << tile;
  return verifyIndexing(*this, getView().getType(), tile, getIndices().size());
}
