//===- MapBinding.h - from a map's name to its description --------------------===//
//
// A kernel that copies by TMA spells the tensor maps among its launch arguments `TENSOR.map.BOX.SWIZZLE`:
//
//   q.map.64x128.128         64 channels of 128 tokens of the caller's q, in rows of 128 bytes, swizzled over 128
//   k_low.map.64x64.64       64 bytes of 64 packed rows
//   v_low.map.32x128x1.32    32 bytes of 128 channels of one packed tile
//
// BOX is innermost first; sizes that are left out are 1. SWIZZLE is 0, 32, 64 or 128 bytes. What lies behind a tensor:
//
//   tensor         elements       dims, innermost first
//   q, k, v        f16 or bf16    {channels, tokens, heads, batch}, with the caller's strides
//   q_low, k_low   bytes          {bytes of a row, padded tokens, batch x heads}                        RowsLayout
//   v_low          bytes          {bytes of a channel, channels, batch x heads x tiles of 64 tokens} TransposedLayout
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_MAPBINDING_H
#define THRIFTJIT_RUNTIME_MAPBINDING_H

#include "dialect/formats/PackedLayout.h"
#include "runtime/TensorMap.h"
#include "runtime/TensorView.h"

#include <array>
#include <string>

namespace thrift {

/// Every tensor that some kernel may map.
enum class MappedTensor : uint8_t { Q, K, V, QLow, KLow, VLow, Count };

/// What a kernel asks for, in one launch as in all.
struct MapRequest {
  MappedTensor tensor = MappedTensor::Q;
  unsigned rank = 0;
  std::array<uint32_t, kMaxTensorMapRank> box = {};
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;

  /// InvalidArgument for a name that is not spelled as above, and for a box that no map can have.
  static Result<MapRequest> parse(const std::string &spelled);
};

/// A tensor of one launch. Dimensions are innermost first, strides are in elements.
struct MapSource {
  unsigned rank = 0; ///< 0: this launch has no such tensor
  TensorMapElement element = TensorMapElement::U8;
  uint64_t address = 0;
  std::array<int64_t, 4> dims = {};
  std::array<int64_t, 4> strides = {}; ///< the first is 1

  /// A tensor [batch, heads, tokens, channels] of f16 or bf16.
  static MapSource of(const TensorView &view);
  static MapSource of(uint64_t address, const RowsLayout &layout);
  static MapSource of(uint64_t address, const TransposedLayout &layout);
};

/// The map of `source` that `request` asks for. InvalidArgument names what no map can have as the caller does, counting
/// dimensions from the outermost: "q.stride[1] is 100; allowed: ...". Internal if there is no source.
Result<TensorMapDescription> describeMap(const MapRequest &request, const MapSource &source);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_MAPBINDING_H
