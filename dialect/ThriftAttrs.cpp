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
