//===- Checks.h - checks that several ops share -----------------------------===//

#ifndef THRIFTJIT_DIALECT_CHECKS_H
#define THRIFTJIT_DIALECT_CHECKS_H

#include "dialect/ThriftDialect.h"

namespace thrift {

/// L1, L2: which of a view's last two dimensions a tile cuts, and how many indices that takes.
mlir::LogicalResult verifyIndexing(mlir::Operation *op, ViewType view, TileType tile, size_t indices);
/// L3: a tile is loaded in the view's format.
/// What one thread starts stands, in a kernel, in a role of one thread.
mlir::LogicalResult verifySingle(mlir::Operation *op);
/// No name stands in the tile's extents or format: ops of a schedule compute with them.
mlir::LogicalResult verifyBound(mlir::Operation *op, TileType tile);
mlir::LogicalResult verifySameFormat(mlir::Operation *op, ViewType view, TileType tile);
/// Rows of a view are aligned to 16 bytes or, where strides are any, to 2.
mlir::LogicalResult verifyAlignment(mlir::Operation *op, int64_t alignment);
/// True for the lists of the online router.
bool isRouterList(BlockList list);
/// W1: lists that routes define have routes with three indices, those of a router have one, `visible` has neither.
mlir::LogicalResult verifyList(mlir::Operation *op, BlockList list, mlir::Value source, size_t indices);
/// W4: which lists have parts.
mlir::LogicalResult verifyPart(mlir::Operation *op, BlockList list, SweepPart part);
/// A mask, or a parameter that stands for one.
mlir::LogicalResult verifyMask(mlir::Operation *op, mlir::Attribute mask);
/// An extent, or a parameter that stands for one.
mlir::LogicalResult verifyExtent(mlir::Operation *op, mlir::Attribute extent);

/// K7: the kernel around `op`, if there is one, has the dimension.
mlir::LogicalResult verifyDimension(mlir::Operation *op, llvm::StringRef name);
/// K7 for what a mask computes with: kv_len, and q_len unless the mask is none.
mlir::LogicalResult verifyMaskDimensions(mlir::Operation *op, mlir::Attribute mask);

} // namespace thrift

#endif // THRIFTJIT_DIALECT_CHECKS_H
