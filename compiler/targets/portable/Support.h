//===- Support.h - rules that the portable checks share ---------------------===//
//
// A kernel is checked twice: before it is scheduled (Support.cpp), and before it is converted (Layouts.cpp), because
// schedules can be edited by hand. Both ask these rules.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H

#include "compiler/targets/portable/Portable.h"

namespace thrift::portable {

constexpr int64_t kSwizzledColumns = 64; ///< 128 bytes of 16-bit values: eight chunks that swizzledOffset exchanges
constexpr int64_t kMaxAccumulated = 256; ///< columns of a C fragment: half as many registers of the 255 that a lane has
constexpr int64_t kMaxChannels = 512;    ///< of a query tile: a quarter as many registers
constexpr int64_t kMaxPackedChannels = 128; ///< a lane loads its channels' words at once, 16 bytes, and two scales

inline bool isMultiple(int64_t extent, int64_t of, int64_t most) {
  return extent > 0 && extent % of == 0 && extent <= most;
}

inline bool is16Bit(ElementFormat format) { return format == ElementFormat::F16 || format == ElementFormat::BF16; }

/// True for values of the sweep's body, its arguments included.
inline bool isIn(SweepOp sweep, mlir::Value value) {
  return sweep && sweep.getBody().isAncestor(value.getParentRegion());
}

/// Formats and extents that mma.sync, ldmatrix and the widening of FP4 take.
mlir::LogicalResult checkDotShapes(DotOp dot);
mlir::LogicalResult checkAccumulateShapes(AccumulateOp accumulate);
/// A granule of the online router is what one warp owns: its vote needs no other warp.
mlir::LogicalResult checkRouterShape(mlir::Operation *op, RouterType router, int64_t threads);
/// A state fills the fragments of `threads` threads.
mlir::LogicalResult checkStateShape(mlir::Operation *op, SoftmaxType state, int64_t threads);

/// A load in the body of `sweep` or, without one, in the kernel's.
mlir::LogicalResult checkLoad(LoadOp load, SweepOp sweep);
mlir::LogicalResult checkStore(StoreOp store);

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H
