//===- TileOps.cpp - checks of the arithmetic on tiles ----------------------===//
//
// Extents and formats may be names while a kernel is parametric. Two extents agree if they are equal as written; bound
// ones are compared as numbers once thrift-specialize has put them there, because the verifier runs again.

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

namespace {
/// Prints an extent in a diagnostic as the source spells it.
std::string spell(Attribute extent) {
  if (auto value = boundExtent(extent))
    return std::to_string(*value);
  return cast<ParamAttr>(extent).getName().str();
}
} // namespace

static bool isBoundTo(Attribute format, ElementFormat value) {
  auto bound = dyn_cast<ElementFormatAttr>(format);
  return bound && bound.getValue() == value;
}

LogicalResult DotOp::verify() {
  TileType lhs = getLhs().getType(), rhs = getRhs().getType(), logits = getLogits().getType();
  if (lhs.getColumns() != rhs.getColumns()) // D1
    return emitOpError("contracted extents differ: lhs has ")
           << spell(lhs.getColumns()) << " columns, rhs has " << spell(rhs.getColumns());
  if (logits.getRows() != lhs.getRows() || logits.getColumns() != rhs.getRows()) // D2
    return emitOpError("expected a result of ") << spell(lhs.getRows()) << " x " << spell(rhs.getRows()) << ", got "
                                                << spell(logits.getRows()) << " x " << spell(logits.getColumns());
  if (!isBoundTo(logits.getFormat(), ElementFormat::F32)) // D3
    return emitOpError("expected an f32 result, got ") << logits;
  if (lhs.getFormat() != rhs.getFormat()) // D4
    return emitOpError("operands differ in format: ") << lhs << " and " << rhs;
  return success();
}

LogicalResult MaskOp::verify() {
  return failure(failed(verifyMask(*this, getMask())) || failed(verifyMaskDimensions(*this, getMask())));
}

LogicalResult OnlineSoftmaxOp::verify() {
  TileType logits = getLogits().getType();
  SoftmaxType state = getState().getType();
  if (logits.getRows() != state.getShape()[0]) // O1
    return emitOpError("logits have ") << spell(logits.getRows()) << " rows, the state has "
                                       << spell(state.getShape()[0]);
  if (!isBoundTo(logits.getFormat(), ElementFormat::F32)) // O2
    return emitOpError("expected f32 logits, got ") << logits;
  if (getExp2() != "approx" && getExp2() != "poly")
    return emitOpError("exp2 is \"") << getExp2() << "\"; allowed: approx, poly";
  return success();
}

LogicalResult QuantizeOp::verify() {
  TileType source = getSource().getType(), result = getResult().getType();
  bool same = source.getRows() == result.getRows() && source.getColumns() == result.getColumns();
  bool swapped = source.getRows() == result.getColumns() && source.getColumns() == result.getRows();
  if (getTransposed() ? !swapped : !same) // Q1
    return emitOpError("expected a result of ")
           << spell(getTransposed() ? source.getColumns() : source.getRows()) << " x "
           << spell(getTransposed() ? source.getRows() : source.getColumns()) << ", got " << spell(result.getRows())
           << " x " << spell(result.getColumns());
  auto format = dyn_cast<ElementFormatAttr>(result.getFormat());
  if (getBlockScale() && format && format.getValue() != ElementFormat::FP8) // Q2
    return emitOpError("only fp8 is quantised by a block's scale, got ") << result;
  return success();
}

LogicalResult AccumulateOp::verify() {
  TileType p = getP().getType(), v = getV().getType();
  SoftmaxType state = getState().getType();
  Attribute keys = getTransposed() ? v.getColumns() : v.getRows();
  Attribute valueDim = getTransposed() ? v.getRows() : v.getColumns();
  if (p.getColumns() != keys) // A1
    return emitOpError("p has ") << spell(p.getColumns()) << " columns, V has " << spell(keys) << " keys";
  if (p.getRows() != state.getShape()[0] || valueDim != state.getShape()[1]) // A2
    return emitOpError("expected a state of ") << spell(p.getRows()) << " x " << spell(valueDim) << ", got " << state;
  TileType w = getW().getType();
  if (w.getShape() != p.getShape() || !isBoundTo(w.getFormat(), ElementFormat::F32)) // A3
    return emitOpError("expected f32 probabilities of ")
           << spell(p.getRows()) << " x " << spell(p.getColumns()) << ", got " << w;
  return success();
}

LogicalResult FinishOp::verify() {
  SoftmaxType state = getState().getType();
  TileType o = getO().getType(), lse = getLse().getType();
  bool shapes = o.getRows() == state.getShape()[0] && o.getColumns() == state.getShape()[1] &&
                lse.getRows() == state.getShape()[0] && boundExtent(lse.getColumns()) == 1;
  if (!shapes || !isBoundTo(o.getFormat(), ElementFormat::F32) || !isBoundTo(lse.getFormat(), ElementFormat::F32)) // F1
    return emitOpError("expected f32 tiles of ")
           << spell(state.getShape()[0]) << " x " << spell(state.getShape()[1]) << " and " << spell(state.getShape()[0])
           << " x 1, got " << o << " and " << lse;
  return success();
}
