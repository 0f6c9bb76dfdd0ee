//===- Pack.h - pack and unpack on the host ---------------------------------------------------===//
//
// The reference of the `quantize` kernel, bit for bit, and its inverse. One thread, no SIMD tricks: it is here to be
// right. Layouts must be valid (`invalid()` is empty).
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_PACK_H
#define THRIFTJIT_DIALECT_FORMATS_PACK_H

#include "dialect/formats/PackedLayout.h"

#include <functional>
#include <vector>

namespace thrift {

/// Fills `row` with the `channels` values of one existing token. Any dtype and any strides hide behind it.
using RowReader = std::function<void(int64_t b, int64_t h, int64_t token, float *row)>;

/// Reads a contiguous f32 tensor [batch][heads][tokens][channels], which must outlive the reader.
RowReader contiguousRows(const float *values, const PackedShape &shape);

/// Bytes of a packed tensor, in the order that its layout states.
struct PackedTensor {
  std::vector<uint8_t> data;
  std::vector<uint8_t> scales; ///< scale codes; little-endian f32 for fp8
};

PackedTensor packRows(const RowsLayout &layout, const RowReader &read);
PackedTensor packTransposed(const TransposedLayout &layout, const RowReader &read);

/// Means of the blocks' existing tokens: the f32 sum over tokens in ascending order, starting from zero, times
/// 1 / count.
std::vector<float> blockMeans(const MeansLayout &layout, const RowReader &read);

/// Values of the existing tokens, f32 [batch][heads][tokens][channels].
std::vector<float> unpackRows(const RowsLayout &layout, const uint8_t *data, const uint8_t *scales);
std::vector<float> unpackTransposed(const TransposedLayout &layout, const uint8_t *data, const uint8_t *scales);

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_PACK_H
