//===- ScheduleOps.cpp - checks of what a schedule adds ---------------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

LogicalResult CopyOp::verify() {
  TileType tile = getRing().getType().getTile();
  if (failed(verifySameFormat(*this, getView().getType(), tile)) || failed(verifyAlignment(*this, getAlignment())))
    return failure();
  return verifyIndexing(*this, getView().getType(), tile, getIndices().size());
}

LogicalResult SeekOp::verify() {
  return failure(failed(verifyList(*this, getList(), getRoutes(), getRouteIndices().size())) ||
                 failed(verifyPart(*this, getList(), getPart())) ||
                 failed(verifyMask(*this, getMask())) || failed(verifyMaskDimensions(*this, getMask())));
}

LogicalResult NextOp::verify() {
  return verifyList(*this, getList(), getRoutes(), getRouteIndices().size());
}

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

LogicalResult BlockScaleOp::verify() {
  auto format = dyn_cast<ElementFormatAttr>(getSource().getType().getFormat());
  if (format && format.getValue() != ElementFormat::F16 && format.getValue() != ElementFormat::BF16) // B1
    return emitOpError("expected an f16 or bf16 tile, got ") << getSource().getType();
  return success();
}
