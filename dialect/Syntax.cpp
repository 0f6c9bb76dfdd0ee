//===- Syntax.cpp - spelling shared by types and ops ------------------------===//

#include "dialect/Syntax.h"

using namespace mlir;
using namespace thrift;

/// Reads a word: an enumerator of `EnumAttrT` if `symbolize` knows it, else a parameter's name.
template <typename EnumAttrT, typename Symbolize>
static ParseResult parseEnumOrParam(AsmParser &parser, Attribute &result, Symbolize symbolize, StringRef what) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (failed(parser.parseOptionalKeyword(&word)))
    return parser.emitError(loc) << "expected " << what << " or the name of a parameter";
  if (auto value = symbolize(word))
    result = EnumAttrT::get(parser.getContext(), *value);
  else
    result = ParamAttr::get(parser.getContext(), word);
  return success();
}

template <typename EnumAttrT, typename Stringify>
static void printEnumOrParam(AsmPrinter &printer, Attribute attr, Stringify stringify) {
  if (auto value = dyn_cast<EnumAttrT>(attr))
    printer << stringify(value.getValue());
  else if (auto param = dyn_cast<ParamAttr>(attr))
    printer << param.getName();
  else
    printer << attr; // refused by the verifier; print it anyway so that the message can show it
}

ParseResult thrift::parseExtent(AsmParser &parser, Attribute &extent) {
  int64_t value = 0;
  SMLoc loc = parser.getCurrentLocation();
  OptionalParseResult number = parser.parseOptionalInteger(value);
  if (number.has_value()) {
    if (failed(*number))
      return failure();
    if (value <= 0)
      return parser.emitError(loc) << "an extent is positive, got " << value;
    extent = IntegerAttr::get(IntegerType::get(parser.getContext(), 64), value);
    return success();
  }
  StringRef word;
  if (failed(parser.parseOptionalKeyword(&word)))
    return parser.emitError(loc, "expected an extent: a positive integer or the name of a parameter");
  extent = ParamAttr::get(parser.getContext(), word);
  return success();
}

void thrift::printExtent(AsmPrinter &printer, Attribute extent) {
  if (auto value = dyn_cast<IntegerAttr>(extent))
    printer << value.getValue();
  else
    printer << cast<ParamAttr>(extent).getName();
}

ParseResult thrift::parseFormat(AsmParser &parser, Attribute &format) {
  return parseEnumOrParam<ElementFormatAttr>(parser, format, symbolizeEnum<ElementFormat>, "a format");
}
void thrift::printFormat(AsmPrinter &printer, Attribute format) {
  printEnumOrParam<ElementFormatAttr>(printer, format, stringifyElementFormat);
}

ParseResult thrift::parseMask(AsmParser &parser, Attribute &mask) {
  return parseEnumOrParam<MaskKindAttr>(parser, mask, symbolizeEnum<MaskKind>, "a mask");
}
void thrift::printMask(AsmPrinter &printer, Attribute mask) {
  printEnumOrParam<MaskKindAttr>(printer, mask, stringifyMaskKind);
}

ParseResult thrift::parseBudget(AsmParser &parser, Attribute &budget) {
  return parseEnumOrParam<BudgetClassAttr>(parser, budget, symbolizeEnum<BudgetClass>, "a budget class");
}
void thrift::printBudget(AsmPrinter &printer, Attribute budget) {
  printEnumOrParam<BudgetClassAttr>(printer, budget, stringifyBudgetClass);
}

ParseResult thrift::parseList(AsmParser &parser, BlockListAttr &list) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (failed(parser.parseKeyword(&word)))
    return failure();
  auto value = symbolizeBlockList(word);
  if (!value)
    return parser.emitError(loc) << "expected a list (visible, low, high, seeds, rest, promoted), got " << word;
  list = BlockListAttr::get(parser.getContext(), *value);
  return success();
}
void thrift::printList(AsmPrinter &printer, BlockListAttr list) { printer << stringifyBlockList(list.getValue()); }

ParseResult thrift::parsePart(AsmParser &parser, SweepPartAttr &part) {
  SweepPart value = SweepPart::All;
  if (succeeded(parser.parseOptionalKeyword("interior")))
    value = SweepPart::Interior;
  else if (succeeded(parser.parseOptionalKeyword("boundary")))
    value = SweepPart::Boundary;
  part = SweepPartAttr::get(parser.getContext(), value);
  return success();
}
void thrift::printPart(AsmPrinter &printer, SweepPartAttr part) {
  if (part.getValue() != SweepPart::All)
    printer << stringifySweepPart(part.getValue());
}

ParseResult thrift::parseBareName(AsmParser &parser, StringAttr &name) {
  StringRef word;
  if (failed(parser.parseKeyword(&word)))
    return failure();
  name = StringAttr::get(parser.getContext(), word);
  return success();
}
void thrift::printBareName(AsmPrinter &printer, StringAttr name) { printer << name.getValue(); }

ParseResult thrift::parseExtents(AsmParser &parser, SmallVectorImpl<Attribute> &shape, bool crossed) {
  do {
    if (failed(parseExtent(parser, shape.emplace_back())))
      return failure();
  } while (crossed ? succeeded(parser.parseOptionalKeyword("x")) : succeeded(parser.parseOptionalComma()));
  return success();
}

void thrift::printExtents(AsmPrinter &printer, ArrayRef<Attribute> shape, bool crossed) {
  llvm::interleave(
      shape, printer.getStream(), [&](Attribute extent) { printExtent(printer, extent); }, crossed ? " x " : ", ");
}
