//===- ThriftTypes.cpp - syntax and checks of the types ---------------------===//

#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace thrift;

#define GET_TYPEDEF_CLASSES
#include "dialect/ThriftTypes.cpp.inc"

void ThriftDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/ThriftTypes.cpp.inc"
      >();
}

static bool isFormat(Attribute attr) { return isa_and_nonnull<ElementFormatAttr, ParamAttr>(attr); }
static bool isExtent(Attribute attr) { return isa_and_nonnull<IntegerAttr, ParamAttr>(attr); }

static LogicalResult verifyExtents(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape,
                                   size_t least, size_t most, StringRef what) {
  if (shape.size() < least || shape.size() > most)
    return emitError() << what << " has " << least << " to " << most << " extents, got " << shape.size();
  for (Attribute extent : shape)
    if (!isExtent(extent))
      return emitError() << "an extent is an integer or a name, got " << extent;
  return success();
}

/// `<[` extents `]`, then `rest`.
static ParseResult parseBracketed(AsmParser &parser, SmallVectorImpl<Attribute> &shape) {
  return failure(parser.parseLess() || parser.parseLSquare() || parseExtents(parser, shape, /*crossed=*/false) ||
                 parser.parseRSquare());
}

/// `box(` columns `x` rows `,` swizzle `)`.
static Attribute parseBox(AsmParser &parser) {
  int64_t columns = 0, rows = 0, swizzle = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword("box") || parser.parseLParen() || parser.parseInteger(columns) || parser.parseKeyword("x") ||
      parser.parseInteger(rows) || parser.parseComma() || parser.parseInteger(swizzle) || parser.parseRParen())
    return {};
  return BoxAttr::getChecked([&] { return parser.emitError(loc); }, parser.getContext(), columns, rows, swizzle);
}

Type ViewType::parse(AsmParser &parser) {
  SmallVector<Attribute> shape;
  Attribute format, box;
  SMLoc loc = parser.getCurrentLocation();
  if (parseBracketed(parser, shape) || parser.parseComma() || parseFormat(parser, format))
    return {};
  if (succeeded(parser.parseOptionalComma()) && !(box = parseBox(parser)))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape, format, box);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << "<[";
  printExtents(printer, getShape(), /*crossed=*/false);
  printer << "], ";
  printFormat(printer, getFormat());
  if (BoxAttr box = boxAttr())
    printer << ", box(" << box.getColumns() << " x " << box.getRows() << ", " << box.getSwizzle() << ")";
  printer << ">";
}

LogicalResult ViewType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape,
                               Attribute format, Attribute box) {
  if (box && !isa<BoxAttr>(box))
    return emitError() << "a view's box is a box, got " << box;
  if (!isFormat(format))
    return emitError() << "a view's format is a format or a name, got " << format;
  return verifyExtents(emitError, shape, 1, 5, "a view");
}

Type TileType::parse(AsmParser &parser) {
  SmallVector<Attribute> shape;
  Attribute format, layout;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseExtents(parser, shape, /*crossed=*/true) || parser.parseComma() ||
      parseFormat(parser, format))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    StringRef word;
    SMLoc wordLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return {};
    auto value = symbolizeTileLayout(word);
    if (!value) {
      parser.emitError(wordLoc) << "expected a layout, got " << word;
      return {};
    }
    layout = TileLayoutAttr::get(parser.getContext(), *value);
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape, format, layout);
}

void TileType::print(AsmPrinter &printer) const {
  printer << "<";
  printExtents(printer, getShape(), /*crossed=*/true);
  printer << ", ";
  printFormat(printer, getFormat());
  if (auto layout = tileLayout())
    printer << ", " << stringifyTileLayout(*layout);
  printer << ">";
}

LogicalResult TileType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape,
                               Attribute format, Attribute layout) {
  if (!isFormat(format))
    return emitError() << "a tile's format is a format or a name, got " << format;
  if (layout && !isa<TileLayoutAttr>(layout))
    return emitError() << "a tile's layout is a layout, got " << layout;
  return verifyExtents(emitError, shape, 2, 2, "a tile");
}

int64_t TileType::rows() const { return cast<IntegerAttr>(getRows()).getInt(); }
int64_t TileType::columns() const { return cast<IntegerAttr>(getColumns()).getInt(); }
ElementFormat TileType::elementFormat() const { return cast<ElementFormatAttr>(getFormat()).getValue(); }

std::optional<TileLayout> TileType::tileLayout() const {
  if (auto layout = dyn_cast_or_null<TileLayoutAttr>(getLayout()))
    return layout.getValue();
  return std::nullopt;
}

TileType TileType::withLayout(TileLayout layout) const {
  return get(getContext(), getShape(), getFormat(), TileLayoutAttr::get(getContext(), layout));
}

Type SoftmaxType::parse(AsmParser &parser) {
  SmallVector<Attribute> shape;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseExtents(parser, shape, /*crossed=*/true) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape);
}

void SoftmaxType::print(AsmPrinter &printer) const {
  printer << "<";
  printExtents(printer, getShape(), /*crossed=*/true);
  printer << ">";
}

LogicalResult SoftmaxType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape) {
  return verifyExtents(emitError, shape, 2, 2, "a softmax state");
}

int64_t SoftmaxType::rows() const { return cast<IntegerAttr>(getShape()[0]).getInt(); }
int64_t SoftmaxType::valueDim() const { return cast<IntegerAttr>(getShape()[1]).getInt(); }

Type RoutesType::parse(AsmParser &parser) {
  SmallVector<Attribute> shape;
  SMLoc loc = parser.getCurrentLocation();
  if (parseBracketed(parser, shape) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape);
}

void RoutesType::print(AsmPrinter &printer) const {
  printer << "<[";
  printExtents(printer, getShape(), /*crossed=*/false);
  printer << "]>";
}

LogicalResult RoutesType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape) {
  return verifyExtents(emitError, shape, 3, 3, "a list of routes");
}

/// An extent behind the word `by`, and the end of the type.
static ParseResult parseGranule(AsmParser &parser, Attribute &granule) {
  return failure(parser.parseKeyword("by") || parseExtent(parser, granule) || parser.parseGreater());
}

Type DecisionsType::parse(AsmParser &parser) {
  SmallVector<Attribute> shape;
  Attribute granule;
  SMLoc loc = parser.getCurrentLocation();
  if (parseBracketed(parser, shape) || parseGranule(parser, granule))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape, granule);
}

void DecisionsType::print(AsmPrinter &printer) const {
  printer << "<[";
  printExtents(printer, getShape(), /*crossed=*/false);
  printer << "] by ";
  printExtent(printer, getGranule());
  printer << ">";
}

LogicalResult DecisionsType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Attribute> shape,
                                    Attribute granule) {
  if (failed(verifyExtents(emitError, shape, 3, 3, "a tensor of decisions")))
    return failure();
  return verifyExtents(emitError, granule, 1, 1, "a granule");
}

Type RouterType::parse(AsmParser &parser) {
  Attribute rows, granule;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseExtent(parser, rows) || parseGranule(parser, granule))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), rows, granule);
}

void RouterType::print(AsmPrinter &printer) const {
  printer << "<";
  printExtent(printer, getRows());
  printer << " by ";
  printExtent(printer, getGranule());
  printer << ">";
}

LogicalResult RouterType::verify(function_ref<InFlightDiagnostic()> emitError, Attribute rows, Attribute granule) {
  if (failed(verifyExtents(emitError, {rows, granule}, 2, 2, "a router")))
    return failure();
  std::optional<int64_t> all = boundExtent(rows), some = boundExtent(granule);
  if (all && some && (*some < 1 || *all % *some))
    return emitError() << "a router's granule divides its rows, got " << *all << " rows by " << *some;
  return success();
}

LogicalResult RingType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t stages, TileType tile) {
  if (stages < 1)
    return emitError() << "a ring has at least one stage, got " << stages;
  return success();
}

LogicalResult MBarriersType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t stages) {
  if (stages < 1)
    return emitError() << "a ring of mbarriers has at least one stage, got " << stages;
  return success();
}
