//===- Support.h - checks of loads and stores, shared helpers ----------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H

#include "compiler/targets/portable/Portable.h"

namespace thrift::portable {

inline bool is16Bit(ElementFormat format) { return format == ElementFormat::F16 || format == ElementFormat::BF16; }

/// True for values of the sweep's body, its arguments included.
inline bool isIn(SweepOp sweep, mlir::Value value) {
  return sweep && sweep.getBody().isAncestor(value.getParentRegion());
}

/// A load in the body of `sweep` or, without one, in the kernel's.
mlir::LogicalResult checkLoad(LoadOp load, SweepOp sweep);
mlir::LogicalResult checkStore(StoreOp store);

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_SUPPORT_H
