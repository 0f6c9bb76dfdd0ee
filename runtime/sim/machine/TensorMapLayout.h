//===- TensorMapLayout.h - the 128 bytes of a tensor map --------------------===//
//
// The real layout is opaque; this is the simulator's own. Counts are stored less one, so that a map of all zeros is a
// start from which tensormap.replace can set every field.
//
//   byte  0        8          40           60          65                   70
//         | address | strides  | dims - 1   | box - 1   | element strides - 1 | rank - 1
//         | u64     | u64[4]   | u32[5]     | u8[5]     | u8[5]               | u8
//
//   byte  71             72           73             74                   75          76 to 127
//         | element type | interleave | swizzle mode | swizzle atomicity | fill mode | zero
//         | u8           | u8         | u8           | u8                | u8        |
//
// The zeros tell when other memory is taken for a map.
//
// Swizzle mode and atomicity are numbered as tensormap.replace numbers them, and so are the element types.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORMAPLAYOUT_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORMAPLAYOUT_H

#include "runtime/sim/TensorMap.h"

#include <string>

namespace thrift::sim {

struct TensorMapLayout {
  uint64_t address = 0;
  uint64_t strides[kMaxTensorRank - 1] = {};
  uint32_t dimsLessOne[kMaxTensorRank] = {};
  uint8_t boxLessOne[kMaxTensorRank] = {};
  uint8_t elementStridesLessOne[kMaxTensorRank] = {};
  uint8_t rankLessOne = 0;
  uint8_t element = 0;
  uint8_t interleave = 0;
  uint8_t swizzleMode = 0;
  uint8_t swizzleAtomicity = 0;
  uint8_t fill = 0;
  uint8_t zero[kTensorMapBytes - 76] = {};
};
static_assert(sizeof(TensorMapLayout) == kTensorMapBytes, "a tensor map has 128 bytes");

/// The fields that tensormap.replace can set.
enum class TensorMapField : uint8_t {
  GlobalAddress,
  Rank,
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElementType,
  InterleaveLayout,
  SwizzleMode,
  SwizzleAtomicity,
  FillMode,
};

/// Sets a field as tensormap.replace does; `ordinal` is the dimension, or 0. "" or why the value cannot be.
std::string replaceField(TensorMapLayout &map, TensorMapField field, unsigned ordinal, uint64_t value);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORMAPLAYOUT_H
