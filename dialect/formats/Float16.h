//===- Float16.h - IEEE binary16 and bfloat16 -------------------------------------------------===//
//
// Conversions between f32 and the two 16-bit formats, in portable bit arithmetic without branches.
//
//   f16    s eeeee mmmmmmmmmm    bias 15, max 65504, smallest subnormal 2^-24
//   bf16   s eeeeeeee mmmmmmm    bias 127, the upper half of an f32
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_FLOAT16_H
#define THRIFTJIT_DIALECT_FORMATS_FLOAT16_H

#include "dialect/formats/FloatBits.h"

#include <algorithm>

namespace thrift {

/// The one NaN that both encoders produce, whatever the sign and payload of their input, as the GPU's cvt does.
constexpr uint16_t kCanonicalNan16 = 0x7FFF;

/// Rounds to the nearest f16, ties to even; from 65520 on the result is infinite. NaN gives kCanonicalNan16.
inline uint16_t f16FromF32(float value) {
  uint32_t bits = bitsOfF32(value);
  uint32_t absBits = bits & ~kF32SignMask;
  uint32_t magnitude = std::min(roundMagnitude<10, 15>(absBits), 0x7C00u);
  uint32_t rounded = ((bits & kF32SignMask) >> 16) | magnitude;
  return static_cast<uint16_t>(selectBits(absBits > kF32InfBits, kCanonicalNan16, rounded));
}

/// Exact for every code; NaN keeps its sign and payload.
inline float f32FromF16(uint16_t code) {
  uint32_t sign = static_cast<uint32_t>(code & 0x8000u) << 16;
  uint32_t magnitude = static_cast<uint32_t>(code & 0x7FFFu) << 13;
  uint32_t exponent = magnitude & kF32InfBits;
  constexpr uint32_t kRebias = 112u << 23;         // 127 - 15
  constexpr uint32_t kTopExponent = 31u << 23;     // infinity and NaN of f16
  constexpr uint32_t kSmallestNormal = 113u << 23; // 2^-14

  uint32_t normal = magnitude + kRebias + (exponent == kTopExponent ? kRebias : 0u);
  // A subnormal m is m * 2^-24 = (1 + m/1024) * 2^-14 - 2^-14; the subtraction is exact.
  uint32_t subnormal = bitsOfF32(f32OfBits(magnitude + kSmallestNormal) - f32OfBits(kSmallestNormal));
  return f32OfBits(sign | selectBits(exponent == 0, subnormal, normal));
}

/// Rounds to the nearest bf16, ties to even; beyond the largest finite bf16 the result is infinite. NaN gives
/// kCanonicalNan16.
inline uint16_t bf16FromF32(float value) {
  uint32_t bits = bitsOfF32(value);
  uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>((bits & ~kF32SignMask) > kF32InfBits ? kCanonicalNan16 : rounded);
}

/// Exact for every code; NaN keeps its sign and payload.
inline float f32FromBf16(uint16_t code) { return f32OfBits(static_cast<uint32_t>(code) << 16); }

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_FLOAT16_H
