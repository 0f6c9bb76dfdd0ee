//===- PackedKV.h - a packed KV cache that the caller owns ------------------===//
//
// K and V in the low formats, with scales and the block means of K, packed once and used by every later launch:
//
//   PackedKV packed = plan.packedLayout(extents);           // sizes and offsets
//   packed.data = allocate(packed.bytes());                 // aligned to 256 bytes
//   plan.quantize(k, v, packed, stream);
//   arguments.packed = &packed;
//
// The bytes are specified in dialect/formats/PACKED_LAYOUT.md and PACKED_LAYOUT_SM100.md; `layout` says in which, and
// `version` is that one's. Every launch checks both.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_PACKEDKV_H
#define THRIFTJIT_RUNTIME_PACKEDKV_H

#include "dialect/formats/PackedLayout.h"

#include <cstddef>
#include <cstdint>

namespace thrift {

struct PackedKV {
  void *data = nullptr; ///< on the device, aligned to 256 bytes

  PackedLayout layout = PackedLayout::Portable; ///< what kernels of the plan's target read
  int version = 0;                              ///< of the layout
  LowPair low;
  int64_t batch = 0, kvHeads = 0, kvLen = 0, headDim = 0, valueDim = 0, blockKv = 0;

  /// Byte offsets from `data`; a tensor that is not lowered takes no room. Each is a multiple of 256. Then the end.
  size_t keyElements = 0, keyScales = 0, keyMeans = 0, valueElements = 0, valueScales = 0, end = 0;

  size_t bytes() const { return end; }
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_PACKEDKV_H
