//===- TensorMap.h - what a tensor map describes ----------------------------===//
//
// The arguments of cuTensorMapEncodeTiled but the address, so that the driver makes its 128 bytes of them and the
// simulator its own. The numbers of types, swizzles and fills are the driver's (CUDA driver API, tensor map object
// management).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_TENSORMAP_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_TENSORMAP_H

#include <cstdint>

namespace thrift::sim::hardware {

constexpr uint32_t kMaxRank = 5;
constexpr uint32_t kTensorMapBytes = 128;

enum class TensorType : uint32_t { U8, U16, U32, S32, U64, S64, F16, F32, F64, BF16, F32Ftz, TF32, TF32Ftz };
enum class TensorSwizzle : uint32_t { None, Bytes32, Bytes64, Bytes128 };
enum class TensorFill : uint32_t { Zero, NaN };

struct TensorMap {
  TensorType type = TensorType::U8;
  uint32_t rank = 1;
  uint64_t dims[kMaxRank] = {1, 1, 1, 1, 1};    ///< elements, innermost first
  uint64_t strides[kMaxRank] = {0, 0, 0, 0, 0}; ///< bytes, of dimension i + 1
  uint32_t box[kMaxRank] = {1, 1, 1, 1, 1};
  uint32_t steps[kMaxRank] = {1, 1, 1, 1, 1}; ///< element strides
  TensorSwizzle swizzle = TensorSwizzle::None;
  TensorFill fill = TensorFill::Zero;
};

constexpr uint32_t elementBytes(TensorType type) {
  switch (type) {
  case TensorType::U8:
    return 1;
  case TensorType::U16:
  case TensorType::F16:
  case TensorType::BF16:
    return 2;
  case TensorType::U64:
  case TensorType::S64:
  case TensorType::F64:
    return 8;
  default:
    return 4;
  }
}

/// Bytes of a box in shared memory: ceil(box / step) elements in each dimension. The innermost dimension has no step.
constexpr uint32_t boxBytes(const TensorMap &map) {
  uint32_t bytes = elementBytes(map.type) * map.box[0];
  for (uint32_t i = 1; i < map.rank; ++i)
    bytes *= (map.box[i] + map.steps[i] - 1) / map.steps[i];
  return bytes;
}

/// Bytes from the first to the last element of the tensor.
constexpr uint64_t tensorBytes(const TensorMap &map) {
  uint64_t bytes = map.dims[0] * elementBytes(map.type);
  for (uint32_t i = 1; i < map.rank; ++i)
    bytes += (map.dims[i] - 1) * map.strides[i - 1];
  return bytes;
}

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_TENSORMAP_H
