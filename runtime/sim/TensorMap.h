//===- TensorMap.h - descriptions of tensors for TMA ------------------------===//
//
// What cuTensorMapEncodeTiled is to the driver: describes a tensor in global memory and the box of it that one
// instruction copies. The result is opaque and the simulator's own; kernels get it as a by-value parameter, or in
// global or constant memory, and may change it with tensormap.replace.
//
//   TensorMapDescription description;                       // a row-major matrix of f16, 1000 x 256
//   description.element = TensorElement::F16;
//   description.rank = 2;
//   description.address = *matrix;
//   description.dims = {256, 1000};                         // innermost first
//   description.strides = {512};                            // bytes from row to row
//   description.box = {64, 128};
//   description.swizzle = SwizzleMode::B128;
//   Result<TensorMapBytes> map = encodeTensorMap(description);
//   launch(..., Arguments().add(*map), ...)
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_TENSORMAP_H
#define THRIFTJIT_RUNTIME_SIM_TENSORMAP_H

#include "runtime/Status.h"
#include "runtime/sim/machine/Swizzle.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thrift::sim {

/// The numbers are those of tensormap.replace's .elemtype, which differ from the driver's.
enum class TensorElement : uint8_t {
  U8,
  U16,
  U32,
  S32,
  U64,
  S64,
  F16,
  F32,
  F32Ftz,
  F64,
  BF16,
  TF32,
  TF32Ftz,
  U4Align8,  ///< b4x16: 16 values in 8 bytes, dense
  U4Align16, ///< b4x16_p64: 16 values in 8 bytes, in shared memory followed by a gap of 8 bytes
  U6Align16, ///< b6x16_p32: 16 values in 12 bytes, in shared memory followed by a gap of 4 bytes; stores: b6p2x16
};
constexpr unsigned kNumTensorElements = 16;

/// "f16", "b4x16_p64"; names as PTX spells them.
const char *tensorElementName(TensorElement element);
/// The element with this name; false if there is none.
bool tensorElementNamed(std::string_view name, TensorElement &element);
/// Bits of one element in global memory.
unsigned tensorElementBits(TensorElement element);
bool isFloatingPoint(TensorElement element);

enum class TensorInterleave : uint8_t { None, B16, B32 };
enum class TensorFill : uint8_t { Zero, NaN };

constexpr unsigned kMaxTensorRank = 5;
constexpr size_t kTensorMapBytes = 128; ///< sizeof(CUtensorMap)
using TensorMapBytes = std::array<uint8_t, kTensorMapBytes>;

/// A tensor and how it is copied. Dimension 0 is the innermost; its elements are adjacent.
struct TensorMapDescription {
  TensorElement element = TensorElement::U8;
  unsigned rank = 1;
  uint64_t address = 0;
  std::array<uint64_t, kMaxTensorRank> dims{};        ///< elements
  std::array<uint64_t, kMaxTensorRank - 1> strides{}; ///< bytes, of dimension 1 and up
  std::array<uint32_t, kMaxTensorRank> box{};         ///< elements that a copy spans
  std::array<uint32_t, kMaxTensorRank> elementStrides{1, 1, 1, 1, 1};
  TensorInterleave interleave = TensorInterleave::None;
  SwizzleMode swizzle = SwizzleMode::None;
  TensorFill fill = TensorFill::Zero; ///< of elements outside of the tensor
};

/// Whether the driver would make a map of this; the reason names the field.
Status checkTensorMap(const TensorMapDescription &description);

/// Checks a description and packs it.
Result<TensorMapBytes> encodeTensorMap(const TensorMapDescription &description);
/// The description in a map; an error if it is none, or not a legal one.
Result<TensorMapDescription> decodeTensorMap(const uint8_t *map);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_TENSORMAP_H
