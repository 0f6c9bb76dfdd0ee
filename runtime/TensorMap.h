//===- TensorMap.h - a tensor that kernels copy box by box (TMA) ------------===//
//
// A tensor map tells one bulk copy (cp.async.bulk.tensor) where a tensor lies in global memory and which box of it to
// move. Kernels take it by value, as `.param .align 64 .b8 map[128]`. Its bytes are the device's own:
//
//   TensorMapDescription matrix;                     // row-major, f16, 1000 x 256
//   matrix.element = TensorMapElement::F16;
//   matrix.rank = 2;
//   matrix.address = x->address();
//   matrix.dims = {256, 1000};                       // innermost first
//   matrix.strides = {512};                          // bytes from row to row
//   matrix.box = {64, 128};                          // 64 columns of 128 rows
//   matrix.swizzle = TensorMapSwizzle::B128;
//   Result<TensorMap> map = device.encodeTensorMap(matrix);
//   device.launch(kernel, shape, LaunchArguments().addTensorMap(*map).addU32(column).addU32(row), stream);
//
// Elements of a box that lie outside of the tensor are read as zero, and not written.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_TENSORMAP_H
#define THRIFTJIT_RUNTIME_TENSORMAP_H

#include "runtime/Status.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace thrift {

/// Packed 4-bit tensors are copied as bytes.
enum class TensorMapElement : uint8_t { U8, F16, BF16 };

/// How the 16-byte pieces of a row are shuffled in shared memory: by an exclusive or with the number of the 128-byte
/// line, within rows of at most so many bytes.
enum class TensorMapSwizzle : uint8_t { None, B32, B64, B128 };

constexpr unsigned kMaxTensorMapRank = 5;
constexpr size_t kTensorMapBytes = 128;
/// Of a map among the parameters of a kernel.
constexpr size_t kTensorMapParameterAlignment = 64;
/// Of a tensor's address and strides, in bytes.
constexpr uint64_t kTensorMapAlignment = 16;
/// Strides are smaller, in bytes.
constexpr uint64_t kTensorMapStrideLimit = uint64_t(1) << 40;

/// A tensor and how it is copied. Dimension 0 is the innermost; its elements are adjacent.
struct TensorMapDescription {
  TensorMapElement element = TensorMapElement::U8;
  unsigned rank = 1;
  uint64_t address = 0;                                     ///< a multiple of 16
  std::array<uint64_t, kMaxTensorMapRank> dims = {};        ///< elements: 1 to 2^32
  std::array<uint64_t, kMaxTensorMapRank - 1> strides = {}; ///< bytes, of dimension 1 and up; see validateTensorMap
  std::array<uint32_t, kMaxTensorMapRank> box = {};         ///< elements that one copy spans: 1 to 256
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
};

/// What a device makes of a description. Opaque, and good on that device only.
struct TensorMap {
  std::array<uint8_t, kTensorMapBytes> bytes;
};

constexpr uint32_t sizeInBytes(TensorMapElement element) { return element == TensorMapElement::U8 ? 1 : 2; }

/// Longest row of a box that a swizzle takes, in bytes; 0 where there is no swizzle and no limit.
constexpr uint32_t spanInBytes(TensorMapSwizzle swizzle) {
  return swizzle == TensorMapSwizzle::None ? 0 : 16u << static_cast<unsigned>(swizzle);
}

/// Whether devices make a map of this; the reason names the field, as the CUDA driver does not. Its rules: CUDA driver
/// API, cuTensorMapEncodeTiled. A stride of zero repeats a dimension. Allocates nothing where the answer is yes.
inline Status validateTensorMap(const TensorMapDescription &map) {
  // What the driver allows a box beyond its documentation: the shared memory of an SM.
  constexpr uint64_t maxBoxBytes = 228 * 1024;
  auto indexed = [](const char *field, unsigned index) { return field + ("[" + std::to_string(index) + "]"); };
  if (map.rank < 1 || map.rank > kMaxTensorMapRank)
    return Status::invalid("rank", std::to_string(map.rank), "1 to " + std::to_string(kMaxTensorMapRank));
  if (map.address % kTensorMapAlignment)
    return Status::invalid("address", std::to_string(map.address % kTensorMapAlignment) + " mod 16",
                           "a multiple of 16");
  uint64_t boxBytes = sizeInBytes(map.element);
  for (unsigned i = 0; i < map.rank; ++i) {
    if (map.dims[i] < 1 || map.dims[i] > uint64_t(1) << 32)
      return Status::invalid(indexed("dims", i), std::to_string(map.dims[i]), "1 to 4294967296");
    if (map.box[i] < 1 || map.box[i] > 256)
      return Status::invalid(indexed("box", i), std::to_string(map.box[i]), "1 to 256");
    boxBytes *= map.box[i];
  }
  for (unsigned i = 0; i + 1 < map.rank; ++i)
    if (map.strides[i] % kTensorMapAlignment || map.strides[i] >= kTensorMapStrideLimit)
      return Status::invalid(indexed("strides", i), std::to_string(map.strides[i]) + " bytes",
                             "multiples of 16 bytes below 2^40");
  uint32_t rowBytes = map.box[0] * sizeInBytes(map.element), span = spanInBytes(map.swizzle);
  if (rowBytes % 16 || (span && rowBytes > span))
    return Status::invalid("box[0]", std::to_string(rowBytes) + " bytes",
                           "multiples of 16 bytes" +
                               (span ? " up to the " + std::to_string(span) + " of the swizzle" : std::string()));
  if (boxBytes > maxBoxBytes)
    return Status::invalid("box", std::to_string(boxBytes) + " bytes", "at most " + std::to_string(maxBoxBytes));
  return Status::ok();
}

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_TENSORMAP_H
