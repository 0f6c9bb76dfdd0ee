//===- Portable.h - facts that the portable schedule and conversion share -----===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H

#include "dialect/ThriftDialect.h"
#include "dialect/formats/PackedLayout.h"

namespace thrift::portable {

constexpr int64_t kRowsPerWarp = 16; ///< the M of mma.sync m16n8k16
constexpr int64_t kMaxWarps = 16;
constexpr int64_t kStreamingThreads = 128; ///< per CTA of kernels without a sweep
constexpr int64_t kThreadGroup = 16; ///< elements, along the contraction, that a thread quantises: one nvfp4 group
constexpr int64_t kTokenTile = kTileTokens;

/// Facts of a format with scales.
inline LowFormat lowFormat(ElementFormat format) {
  return format == ElementFormat::NVFP4   ? LowFormat::Nvfp4
         : format == ElementFormat::MXFP4 ? LowFormat::Mxfp4
                                          : LowFormat::Fp8;
}
inline int64_t elementBits(ElementFormat format) { return thrift::elementBits(lowFormat(format)); }
/// Elements that share a scale byte; 0 where a block shares an f32.
inline int64_t scaleGroup(ElementFormat format) { return thrift::scaleGroup(lowFormat(format)); }

/// Bytes of a packed tile in global memory in layout `portable`: elements, and scales.
inline int64_t packedElementBytes(TileType tile) {
  return tile.rows() * tile.columns() * elementBits(tile.elementFormat()) / 8;
}
inline int64_t packedScaleBytes(TileType tile) {
  int64_t group = scaleGroup(tile.elementFormat());
  return group ? tile.rows() * tile.columns() / group : 4;
}

/// Bytes that a tile takes in shared memory. Packed tiles hold their elements, then their scales, as in global memory.
inline int64_t sharedTileBytes(TileType tile) {
  if (hasScales(tile.elementFormat()))
    return packedElementBytes(tile) + (packedScaleBytes(tile) + 15) / 16 * 16; // rings of it keep cp.async aligned
  return tile.rows() * tile.columns() * (tile.elementFormat() == ElementFormat::F32 ? 4 : 2);
}

/// Refuses, with a diagnostic, what the schedule and the conversions have no instructions for: formats, shapes,
/// structure.
mlir::LogicalResult checkSupport(KernelOp kernel);

/// Refuses a scheduled kernel whose tiles do not lie where the conversion's instructions take them.
mlir::LogicalResult checkLayouts(KernelOp kernel);

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_PORTABLE_H
