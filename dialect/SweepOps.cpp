//===- SweepOps.cpp - syntax and checks of sweeps and routes ----------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

using namespace mlir;
using namespace thrift;

//===----------------------------------------------------------------------===//
// sweep
//===----------------------------------------------------------------------===//

// thrift.sweep low(%i) causal interior by %routes[%b, %h, %i] : !thrift.routes<...> with(%s0) : !thrift.softmax<...> {
// ... }
ParseResult SweepOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  BlockListAttr list;
  SweepPartAttr part;
  Attribute mask;
  OpAsmParser::UnresolvedOperand i, initial, routes;
  SmallVector<OpAsmParser::UnresolvedOperand> indices;
  Type routesType, stateType;
  if (parseList(parser, list) || parser.parseLParen() || parser.parseOperand(i) || parser.parseRParen() ||
      parseMask(parser, mask))
    return failure();
  bool routed = false;
  if (parsePart(parser, part))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("by"))) {
    routed = true;
    if (parser.parseOperand(routes) || parser.parseOperandList(indices, AsmParser::Delimiter::OptionalSquare) ||
        parser.parseColonType(routesType))
      return failure();
  }
  if (parser.parseKeyword("with") || parser.parseLParen() || parser.parseOperand(initial) || parser.parseRParen() ||
      parser.parseColonType(stateType) || parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();

  Type i32 = builder.getI32Type();
  if (parser.resolveOperand(i, i32, result.operands) || parser.resolveOperand(initial, stateType, result.operands) ||
      (routed && parser.resolveOperand(routes, routesType, result.operands)) ||
      parser.resolveOperands(indices, i32, result.operands))
    return failure();
  result.addAttribute(getListAttrName(result.name), list);
  result.addAttribute(getPartAttrName(result.name), part);
  result.addAttribute(getMaskAttrName(result.name), mask);
  result.addAttribute(getOperandSegmentSizesAttrName(result.name),
                      builder.getDenseI32ArrayAttr({1, 1, routed, static_cast<int32_t>(indices.size())}));
  result.addTypes(stateType);
  return parser.parseRegion(*result.addRegion());
}

void SweepOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printList(printer, getListAttr());
  printer << "(" << getI() << ") ";
  printMask(printer, getMask());
  if (getPart() != SweepPart::All) {
    printer << " ";
    printPart(printer, getPartAttr());
  }
  if (getRoutes()) {
    printer << " by " << getRoutes();
    if (!getRouteIndices().empty())
      printer << "[" << getRouteIndices() << "]";
    printer << " : " << getRoutes().getType();
  }
  printer << " with(" << getInitial() << ") : " << getInitial().getType();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getListAttrName(), getPartAttrName(), getMaskAttrName(), getOperandSegmentSizesAttrName()});
  printer << " ";
  printer.printRegion(getBody());
}

static void spellMask(InFlightDiagnostic &diagnostic, Attribute mask) {
  if (auto kind = dyn_cast<MaskKindAttr>(mask))
    diagnostic << stringifyMaskKind(kind.getValue());
  else
    diagnostic << mask;
}

LogicalResult SweepOp::verify() {
  if (failed(verifyList(*this, getList(), getRoutes(), getRouteIndices().size())) ||
      failed(verifyPart(*this, getList(), getPart())) ||
      failed(verifyMask(*this, getMask())) || failed(verifyMaskDimensions(*this, getMask())))
    return failure();
  Block &body = getBody().front();
  Type state = getInitial().getType();
  if (body.getNumArguments() != 2 || !body.getArgument(0).getType().isInteger(32) ||
      body.getArgument(1).getType() != state) // W2
    return emitOpError("expected a body that takes (i32, ") << state << ")";
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getState().getType() != state) // W2
    return emitOpError("expected a body that yields ") << state;
  WalkResult result = getBody().walk([this](MaskOp mask) { // W3
    if (mask.getMask() != getMask()) {
      InFlightDiagnostic diagnostic = mask.emitOpError("is ");
      spellMask(diagnostic, mask.getMask());
      diagnostic << " inside a sweep that is ";
      spellMask(diagnostic, getMask());
      return WalkResult::interrupt();
    }
    if (mask.getI() != getI() || mask.getJ() != getBlockIndex()) {
      mask.emitOpError("stands at another tile than the sweep around it");
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// route
//===----------------------------------------------------------------------===//

ParseResult RouteOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  OpAsmParser::UnresolvedOperand routes, j, logits, state, router;
  SmallVector<OpAsmParser::UnresolvedOperand> indices;
  Attribute budget;
  Type operandType, routerType, stateType;
  bool promotion = succeeded(parser.parseOptionalKeyword("promote"));
  if (promotion) {
    if (parser.parseLParen() || parser.parseOperand(logits) || parser.parseComma() || parser.parseOperand(state) ||
        parser.parseRParen() || parser.parseKeyword("at") || parser.parseLParen() || parser.parseOperand(j) ||
        parser.parseRParen() || parser.parseKeyword("by") || parser.parseOperand(router))
      return failure();
  } else if (parser.parseKeyword("by") || parser.parseOperand(routes) ||
             parser.parseOperandList(indices, AsmParser::Delimiter::Square) || parser.parseComma() ||
             parser.parseOperand(j)) {
    return failure();
  }
  if (parser.parseKeyword("budget") || parser.parseLParen() || parseBudget(parser, budget) || parser.parseRParen() ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(operandType) ||
      (promotion && (parser.parseComma() || parser.parseType(routerType))) || parser.parseArrow() ||
      parser.parseType(stateType))
    return failure();

  Type i32 = builder.getI32Type();
  if (promotion) {
    if (parser.resolveOperand(j, i32, result.operands) || parser.resolveOperand(logits, operandType, result.operands) ||
        parser.resolveOperand(state, stateType, result.operands) ||
        parser.resolveOperand(router, routerType, result.operands))
      return failure();
  } else if (parser.resolveOperand(routes, operandType, result.operands) ||
             parser.resolveOperands(indices, i32, result.operands) || parser.resolveOperand(j, i32, result.operands)) {
    return failure();
  }
  int32_t listed = !promotion, promoted = promotion, numIndices = static_cast<int32_t>(indices.size());
  result.addAttribute(getOperandSegmentSizesAttrName(result.name),
                      builder.getDenseI32ArrayAttr({listed, numIndices, 1, promoted, promoted, promoted}));
  result.addAttribute(getBudgetAttrName(result.name), budget);
  result.addTypes(stateType);
  Region *high = result.addRegion(), *low = result.addRegion();
  return failure(parser.parseKeyword("high") || parser.parseRegion(*high) || parser.parseKeyword("low") ||
                 parser.parseRegion(*low));
}

void RouteOp::print(OpAsmPrinter &printer) {
  if (isPromotion())
    printer << " promote(" << getLogits() << ", " << getState() << ") at(" << getJ() << ") by " << getRouter();
  else
    printer << " by " << getRoutes() << "[" << getIndices() << "], " << getJ();
  printer << " budget(";
  printBudget(printer, getBudget());
  printer << ")";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getBudgetAttrName(), getOperandSegmentSizesAttrName()});
  if (isPromotion())
    printer << " : " << getLogits().getType() << ", " << getRouter().getType();
  else
    printer << " : " << getRoutes().getType();
  printer << " -> " << getNext().getType();
  printer.printNewline();
  printer << "high ";
  printer.printRegion(getHigh());
  printer << " low ";
  printer.printRegion(getLow());
}

LogicalResult RouteOp::verify() {
  bool byList = getRoutes() && getJ() && getIndices().size() == 3 && !getLogits() && !getState() && !getRouter();
  bool byPromotion = !getRoutes() && getJ() && getIndices().empty() && getLogits() && getState() && getRouter();
  if (!byList && !byPromotion) // R1
    return emitOpError("expected either routes with three indices and a block, or logits, a state, a block and a router");
  for (Region *region : {&getHigh(), &getLow()}) {
    if (region->getNumArguments()) // R2
      return emitOpError("expected regions without arguments");
    auto yield = region->empty() ? YieldOp() : dyn_cast<YieldOp>(region->front().getTerminator());
    if (!yield || yield.getState().getType() != getNext().getType()) // R2
      return emitOpError("expected both regions to yield ") << getNext().getType();
  }
  if (!isa<BudgetClassAttr, ParamAttr>(getBudget())) // R3
    return emitOpError("expected a budget class or a parameter, got ") << getBudget();
  return success();
}
