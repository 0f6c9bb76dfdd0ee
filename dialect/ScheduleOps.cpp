//===- ScheduleOps.cpp - checks of what a schedule adds ---------------------===//

#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

LogicalResult SlotOp::verify() {
  if (getTile().getType() != getRing().getType().getTile()) // G1
    return emitOpError("the ring holds ") << getRing().getType().getTile() << ", not " << getTile().getType();
  return success();
}

LogicalResult SliceOp::verify() {
  TileType source = getSource().getType(), slice = getSlice().getType();
  bool kept = getColumns() ? source.getRows() == slice.getRows() : source.getColumns() == slice.getColumns();
  if (!kept || source.getFormat() != slice.getFormat()) // X1
    return emitOpError("cannot take ") << slice << " from " << source;
  return success();
}
