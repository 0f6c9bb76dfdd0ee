//===- Portable.h - facts that the portable schedule and conversion share -----===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H

#include "dialect/ThriftDialect.h"

namespace thrift::portable {

constexpr int64_t kRowsPerWarp = 16; ///< the M of mma.sync m16n8k16
constexpr int64_t kMaxWarps = 16;
constexpr int64_t kStreamingThreads = 128; ///< per CTA of kernels without a sweep
constexpr int64_t kGroupSize = 16;         ///< elements of one nvfp4 scale
constexpr int64_t kTokenTile = 64;         ///< tokens of one tile of the packed V

/// Widening takes the bits of E2M1 as f16, which gives 2^-14 of the value, and multiplies by the scale times 2^7, which
/// is as far as an E4M3 scale goes in f16 (448 * 2^7 = 57344). So each widened operand is 2^-7 of its value, exactly.
constexpr int32_t kWidenedLog2 = 7;

/// Bytes that a tile takes in shared memory. Packed tiles hold their elements, then their scales, as in global memory.
inline int64_t sharedTileBytes(TileType tile) {
  int64_t elements = tile.rows() * tile.columns();
  switch (tile.elementFormat()) {
  case ElementFormat::F32:
    return 4 * elements;
  case ElementFormat::F16:
  case ElementFormat::BF16:
    return 2 * elements;
  case ElementFormat::NVFP4:
    return elements / 2 + elements / kGroupSize;
  case ElementFormat::MXFP4:
    return elements / 2 + elements / 32;
  case ElementFormat::FP8:
    return elements;
  }
  return 0;
}

/// Refuses, with a diagnostic, what the schedule and the conversions have no instructions for: formats, shapes,
/// structure.
mlir::LogicalResult checkSupport(KernelOp kernel);

/// Refuses a scheduled kernel whose tiles do not lie where the conversion's instructions take them.
mlir::LogicalResult checkLayouts(KernelOp kernel);

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H
