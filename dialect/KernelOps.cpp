//===- KernelOps.cpp - kernels, program ids, loads, stores ------------------===//

#include "dialect/Checks.h"
#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace thrift;

//===----------------------------------------------------------------------===//
// kernel
//===----------------------------------------------------------------------===//

/// A parameter's value: a number, or a keyword of any kind that parameters may have.
static ParseResult parseBinding(OpAsmParser &parser, Attribute &value) {
  int64_t number = 0;
  OptionalParseResult isNumber = parser.parseOptionalInteger(number);
  if (isNumber.has_value()) {
    value = parser.getBuilder().getI64IntegerAttr(number);
    return *isNumber;
  }
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  MLIRContext *context = parser.getContext();
  if (auto format = symbolizeElementFormat(word))
    value = ElementFormatAttr::get(context, *format);
  else if (auto mask = symbolizeMaskKind(word))
    value = MaskKindAttr::get(context, *mask);
  else if (auto budget = symbolizeBudgetClass(word))
    value = BudgetClassAttr::get(context, *budget);
  else
    return parser.emitError(loc) << "expected a number, a format, a mask or a budget class, got " << word;
  return success();
}

static void printBinding(OpAsmPrinter &printer, Attribute value) {
  if (isa<IntegerAttr>(value))
    printExtent(printer, value);
  else if (auto mask = dyn_cast<MaskKindAttr>(value))
    printer << stringifyMaskKind(mask.getValue());
  else if (auto budget = dyn_cast<BudgetClassAttr>(value))
    printer << stringifyBudgetClass(budget.getValue());
  else
    printFormat(printer, value);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes))
    return failure();

  NamedAttrList params;
  auto parseParam = [&]() -> ParseResult {
    StringRef param;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&param))
      return failure();
    Attribute value = builder.getUnitAttr();
    if (succeeded(parser.parseOptionalEqual()) && parseBinding(parser, value))
      return failure();
    if (params.get(param))
      return parser.emitError(loc) << "parameter " << param << " is declared twice";
    params.set(param, value);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalLessGreater, parseParam))
    return failure();

  SmallVector<Attribute> dims;
  auto parseDim = [&]() -> ParseResult {
    StringRef dim;
    if (parser.parseKeyword(&dim))
      return failure();
    dims.push_back(builder.getStringAttr(dim));
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("dims")) &&
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseDim))
    return failure();

  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren, /*allowType=*/true))
    return failure();
  SmallVector<Attribute> argNames;
  for (const OpAsmParser::Argument &argument : arguments)
    argNames.push_back(builder.getStringAttr(argument.ssaName.name.drop_front()));

  result.addAttribute(getParamsAttrName(result.name), params.getDictionary(parser.getContext()));
  result.addAttribute(getDimsAttrName(result.name), builder.getArrayAttr(dims));
  result.addAttribute(getArgNamesAttrName(result.name), builder.getArrayAttr(argNames));
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  Region *body = result.addRegion();
  if (parser.parseRegion(*body, arguments))
    return failure();
  if (body->empty()) {
    Block &block = body->emplaceBlock();
    for (const OpAsmParser::Argument &argument : arguments)
      block.addArgument(argument.type, builder.getUnknownLoc());
  }
  return success();
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printSymbolName(getSymName());
  if (!getParams().empty()) {
    printer << "<";
    llvm::interleaveComma(getParams(), printer, [&](NamedAttribute param) {
      printer << param.getName().getValue();
      if (!isa<UnitAttr>(param.getValue())) {
        printer << " = ";
        printBinding(printer, param.getValue());
      }
    });
    printer << ">";
  }
  if (!getDims().empty()) {
    printer.printNewline();
    printer << "      dims(";
    llvm::interleaveComma(getDims(), printer, [&](Attribute dim) { printer << cast<StringAttr>(dim).getValue(); });
    printer << ")";
  }
  printer.printNewline();
  printer << "      (";
  llvm::interleave(
      getBody().getArguments(), [&](BlockArgument argument) { printer.printRegionArgument(argument); },
      [&] {
        printer << ",";
        printer.printNewline();
        printer << "       ";
      });
  printer << ")";
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getParamsAttrName(), getDimsAttrName(), getArgNamesAttrName()});
  printer << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

void KernelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  for (auto [argument, name] : llvm::zip(region.getArguments(), getArgNames()))
    setName(argument, cast<StringAttr>(name).getValue());
}

Attribute KernelOp::binding(StringRef name) {
  Attribute value = getParams().get(name);
  return !value || isa<UnitAttr>(value) ? Attribute() : value;
}

bool KernelOp::isSpecialized() {
  return llvm::none_of(getParams(), [](NamedAttribute param) { return isa<UnitAttr>(param.getValue()); });
}

bool KernelOp::hasDim(StringRef name) {
  return llvm::any_of(getDims(), [&](Attribute dim) { return cast<StringAttr>(dim).getValue() == name; });
}

namespace {
/// K1, K6: every name that stands in a type or an attribute is declared, and dimensions stand only in views, routes and decisions.
class NameCheck {
public:
  explicit NameCheck(KernelOp kernel) : kernel(kernel) {
    for (NamedAttribute param : kernel.getParams())
      params.insert(param.getName().getValue());
    walker.addWalk([this](ParamAttr param) { return check(param.getName(), false); });
    viewWalker.addWalk([this](ParamAttr param) { return check(param.getName(), true); });
  }

  LogicalResult run() {
    if (failed(checkTypes(kernel, kernel.getBody().getArgumentTypes())))
      return failure();
    WalkResult result = kernel.getBody().walk([this](Operation *op) {
      bool good = succeeded(checkTypes(op, op->getResultTypes()));
      for (Region &region : op->getRegions())
        good = good && succeeded(checkTypes(op, region.getArgumentTypes()));
      for (NamedAttribute attr : op->getAttrDictionary())
        good = good && succeeded(report(op, walker.walk(attr.getValue())));
      return good ? WalkResult::advance() : WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

private:
  WalkResult check(StringRef name, bool dimsAllowed) {
    culprit = name;
    isDim = kernel.hasDim(name);
    bool fine = params.contains(name) || (isDim && dimsAllowed);
    return fine ? WalkResult::advance() : WalkResult::interrupt();
  }

  LogicalResult report(Operation *op, WalkResult result) {
    if (!result.wasInterrupted())
      return success();
    if (isDim) // K6
      return op->emitOpError("uses the dimension ") << culprit << " where only a parameter may stand";
    return op->emitOpError("uses ") << culprit << ", which is no parameter and no dimension of kernel @"
                                    << kernel.getSymName();
  }

  LogicalResult checkTypes(Operation *op, TypeRange types) {
    for (Type type : types) {
      SmallVector<Attribute> extents;
      if (auto view = dyn_cast<ViewType>(type)) {
        if (failed(report(op, walker.walk(view.getFormat()))))
          return failure();
        llvm::append_range(extents, view.getShape());
      } else if (auto routes = dyn_cast<RoutesType>(type)) {
        llvm::append_range(extents, routes.getShape());
      } else if (auto decisions = dyn_cast<DecisionsType>(type)) {
        if (failed(report(op, walker.walk(decisions.getGranule()))))
          return failure();
        llvm::append_range(extents, decisions.getShape());
      } else if (failed(report(op, walker.walk(type)))) {
        return failure();
      }
      for (Attribute extent : extents)
        if (failed(report(op, viewWalker.walk(extent))))
          return failure();
    }
    return success();
  }

  KernelOp kernel;
  llvm::StringSet<> params;
  AttrTypeWalker walker, viewWalker;
  StringRef culprit;
  bool isDim = false;
};
} // namespace

static bool isIdentifier(StringRef name) {
  auto isLetter = [](char c) { return llvm::isAlpha(c) || c == '_'; };
  return !name.empty() && isLetter(name.front()) &&
         llvm::all_of(name, [&](char c) { return isLetter(c) || llvm::isDigit(c); });
}

static bool isKeyword(StringRef name) {
  return symbolizeElementFormat(name) || symbolizeMaskKind(name) || symbolizeBudgetClass(name);
}

LogicalResult KernelOp::verify() {
  llvm::StringSet<> names;
  for (NamedAttribute param : getParams()) {
    names.insert(param.getName().getValue());
    if (isKeyword(param.getName().getValue())) // K2: where a format stands, f16 is the format
      return emitOpError("declares the parameter ") << param.getName().getValue() << ", which is a keyword";
  }
  for (Attribute dim : getDims())
    if (!names.insert(cast<StringAttr>(dim).getValue()).second) // K2
      return emitOpError("declares ") << dim << " twice";

  for (NamedAttribute param : getParams()) { // K5
    Attribute value = param.getValue();
    auto number = dyn_cast<IntegerAttr>(value);
    if (!isa<UnitAttr, ElementFormatAttr, MaskKindAttr, BudgetClassAttr>(value) && !(number && number.getInt() > 0))
      return emitOpError("expected parameter ")
             << param.getName().getValue() << " to be a positive number, a format, a mask or a budget class, got "
             << value;
  }
  for (Attribute attr : getArgNames()) {
    StringRef name = cast<StringAttr>(attr).getValue();
    if (!isIdentifier(name)) // K4: the launch spells "x.stride.0" itself
      return emitOpError("expected an argument's name to be letters, digits and _, not starting with a digit, got ")
             << attr;
    if (!names.insert(name).second) // K2
      return emitOpError("declares ") << attr << " twice";
  }
  if (getArgNames().size() != getBody().getNumArguments()) // K4
    return emitOpError("has ") << getBody().getNumArguments() << " arguments but " << getArgNames().size() << " names";
  for (BlockArgument argument : getBody().getArguments()) // K3
    if (!isa<ViewType, RoutesType, DecisionsType>(argument.getType()) && !argument.getType().isInteger(32) &&
        !argument.getType().isF32())
      return emitOpError("takes views, routes, decisions, i32 and f32, but argument ")
             << argument.getArgNumber() << " is " << argument.getType();

  return NameCheck(*this).run();
}

//===----------------------------------------------------------------------===//
// program_id
//===----------------------------------------------------------------------===//

ParseResult ProgramIdOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  SmallVector<Attribute> names;
  auto parseName = [&]() -> ParseResult {
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    names.push_back(builder.getStringAttr(name));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseName) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  result.addAttribute(getNamesAttrName(result.name), builder.getArrayAttr(names));
  result.addTypes(SmallVector<Type>(names.size(), builder.getI32Type()));
  return success();
}

void ProgramIdOp::print(OpAsmPrinter &printer) {
  printer << "(";
  llvm::interleaveComma(getNames(), printer, [&](Attribute name) { printer << cast<StringAttr>(name).getValue(); });
  printer << ")";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getNamesAttrName()});
}

LogicalResult ProgramIdOp::verify() {
  if (getNames().empty() || getNames().size() > 3 || getNames().size() != getNumResults()) // P1
    return emitOpError("names one to three dimensions, one for each result, got ")
           << getNames().size() << " names and " << getNumResults() << " results";
  if (auto kernel = (*this)->getParentOfType<KernelOp>()) // P2
    for (Attribute name : getNames())
      if (!kernel.hasDim(cast<StringAttr>(name).getValue()))
        return emitOpError("names ") << name << ", which is no dimension of kernel @" << kernel.getSymName();
  return success();
}

LogicalResult KvHeadOp::verify() {
  return failure(failed(verifyDimension(*this, "q_heads")) || failed(verifyDimension(*this, "kv_heads"))); // K7
}

//===----------------------------------------------------------------------===//
// load, store
//===----------------------------------------------------------------------===//

LogicalResult LoadOp::verify() {
  if (failed(verifySameFormat(*this, getView().getType(), getTile().getType())) ||
      failed(verifyAlignment(*this, getAlignment())))
    return failure();
  return verifyIndexing(*this, getView().getType(), getTile().getType(), getIndices().size());
}

LogicalResult StoreOp::verify() {
  auto from = dyn_cast<ElementFormatAttr>(getTile().getType().getFormat());
  auto to = dyn_cast<ElementFormatAttr>(getView().getType().getFormat());
  if (from && to && (hasScales(from.getValue()) || hasScales(to.getValue())) && from != to) // S3
    return emitOpError("cannot convert ") << getTile().getType() << " to " << getView().getType()
                                          << ": formats with scales are made by thrift.quantize";
  if (failed(verifyAlignment(*this, getAlignment())))
    return failure();
  if (getFirst() && !getWhole()) // S4
    return emitOpError("of a slice needs the type of the whole tile");
  TileType tile = getWhole() ? cast<TileType>(*getWhole()) : getTile().getType();
  return verifyIndexing(*this, getView().getType(), tile, getIndices().size());
}
