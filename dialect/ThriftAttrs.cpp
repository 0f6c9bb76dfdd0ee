//===- ThriftAttrs.cpp - parameters and enumerations ------------------------===//

#include "dialect/Syntax.h"
#include "dialect/ThriftDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace thrift;

#include "dialect/ThriftEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/ThriftAttrs.cpp.inc"

void ThriftDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/ThriftAttrs.cpp.inc"
      >();
}

Attribute ParamAttr::parse(AsmParser &parser, Type) {
  StringRef name;
  if (parser.parseLess() || parser.parseKeyword(&name) || parser.parseGreater())
    return {};
  return ParamAttr::get(parser.getContext(), name);
}

void ParamAttr::print(AsmPrinter &printer) const { printer << "<" << getName() << ">"; }

std::optional<int64_t> thrift::boundExtent(Attribute extent) {
  if (auto value = dyn_cast<IntegerAttr>(extent))
    return value.getInt();
  return std::nullopt;
}

bool thrift::hasScales(ElementFormat format) {
  return format == ElementFormat::NVFP4 || format == ElementFormat::MXFP4 || format == ElementFormat::FP8;
}

bool thrift::hasGroupScales(ElementFormat format) {
  return format == ElementFormat::NVFP4 || format == ElementFormat::MXFP4;
}

int64_t thrift::bitsOf(ElementFormat format) {
  switch (format) {
  case ElementFormat::F32:
    return 32;
  case ElementFormat::F16:
  case ElementFormat::BF16:
    return 16;
  case ElementFormat::FP8:
    return 8;
  case ElementFormat::NVFP4:
  case ElementFormat::MXFP4:
    return 4;
  }
  return 0;
}

LogicalResult BoxAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t columns, int64_t rows,
                              int64_t swizzle) {
  if (columns < 1 || rows < 1 || columns > 256 || rows > 256) // of a tensor map, along each dimension
    return emitError() << "a box has 1 to 256 rows and columns, got " << columns << " x " << rows;
  if (swizzle != 0 && swizzle != 32 && swizzle != 64 && swizzle != 128)
    return emitError() << "a box is swizzled over 0, 32, 64 or 128 bytes, got " << swizzle;
  return success();
}
