//===- Syntax.h - spelling shared by types and ops --------------------------===//
//
// Extents, formats and masks are written bare, and a name may stand for each: `128`, `f16`, `causal`, `block_q`. These
// functions read and print that spelling. A word that is a keyword of its kind (`f16`) is never taken as a name.

#ifndef THRIFTJIT_DIALECT_SYNTAX_H
#define THRIFTJIT_DIALECT_SYNTAX_H

#include "dialect/ThriftDialect.h"

namespace thrift {

mlir::ParseResult parseExtent(mlir::AsmParser &parser, mlir::Attribute &extent);
void printExtent(mlir::AsmPrinter &printer, mlir::Attribute extent);

mlir::ParseResult parseFormat(mlir::AsmParser &parser, mlir::Attribute &format);
void printFormat(mlir::AsmPrinter &printer, mlir::Attribute format);

mlir::ParseResult parseMask(mlir::AsmParser &parser, mlir::Attribute &mask);
void printMask(mlir::AsmPrinter &printer, mlir::Attribute mask);

mlir::ParseResult parseBudget(mlir::AsmParser &parser, mlir::Attribute &budget);
void printBudget(mlir::AsmPrinter &printer, mlir::Attribute budget);

mlir::ParseResult parseList(mlir::AsmParser &parser, BlockListAttr &list);
void printList(mlir::AsmPrinter &printer, BlockListAttr list);

/// `all` is not written.
mlir::ParseResult parsePart(mlir::AsmParser &parser, SweepPartAttr &part);
void printPart(mlir::AsmPrinter &printer, SweepPartAttr part);

/// A name without quotes.
mlir::ParseResult parseBareName(mlir::AsmParser &parser, mlir::StringAttr &name);
void printBareName(mlir::AsmPrinter &printer, mlir::StringAttr name);

// The declarative assembly format hands over the op as well.
template <typename AttrT>
void printExtent(mlir::AsmPrinter &p, mlir::Operation *, AttrT extent) { printExtent(p, extent); }
template <typename AttrT>
void printFormat(mlir::AsmPrinter &p, mlir::Operation *, AttrT format) { printFormat(p, format); }
template <typename AttrT>
void printMask(mlir::AsmPrinter &p, mlir::Operation *, AttrT mask) { printMask(p, mask); }
inline void printList(mlir::AsmPrinter &p, mlir::Operation *, BlockListAttr list) { printList(p, list); }
inline void printPart(mlir::AsmPrinter &p, mlir::Operation *, SweepPartAttr part) { printPart(p, part); }
inline void printBareName(mlir::AsmPrinter &p, mlir::Operation *, mlir::StringAttr name) { printBareName(p, name); }

/// Extents between `<` or `[` and the next delimiter, separated by `x` or `,`.
mlir::ParseResult parseExtents(mlir::AsmParser &parser, llvm::SmallVectorImpl<mlir::Attribute> &shape, bool crossed);
void printExtents(mlir::AsmPrinter &printer, llvm::ArrayRef<mlir::Attribute> shape, bool crossed);

} // namespace thrift

#endif // THRIFTJIT_DIALECT_SYNTAX_H
