//===- ThriftDialect.h - the dialect's attributes, types and ops ------------===//

#ifndef THRIFTJIT_DIALECT_THRIFTDIALECT_H
#define THRIFTJIT_DIALECT_THRIFTDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <optional>

#include "dialect/ThriftDialect.h.inc"
#include "dialect/ThriftEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/ThriftAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/ThriftTypes.h.inc"

#define GET_OP_CLASSES
#include "dialect/ThriftOps.h.inc"

namespace thrift {

/// The integer behind a bound extent, or nothing while it is a name.
std::optional<int64_t> boundExtent(mlir::Attribute extent);

/// True for formats whose elements come in groups with a scale.
bool hasScales(ElementFormat format);

/// True for formats with a scale for each group of elements along the contraction: nvfp4 and mxfp4.
bool hasGroupScales(ElementFormat format);

/// Bits of one element.
int64_t bitsOf(ElementFormat format);

} // namespace thrift

#endif // THRIFTJIT_DIALECT_THRIFTDIALECT_H
