//===- Float8.h - E4M3 and the UE8M0 scale ----------------------------------------------------===//
//
// The two 8-bit formats of the low tiers: E4M3 (elements of fp8, scales of nvfp4) and UE8M0 (scales of mxfp4).
//
//   e4m3   s eeee mmm   bias 7, max 448 = 0x7E, no infinity, NaN = 0x7F and 0xFF, smallest subnormal 2^-9
//   ue8m0    eeeeeeee   2^(code - 127), no sign, no zero, NaN = 0xFF
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_FLOAT8_H
#define THRIFTJIT_DIALECT_FORMATS_FLOAT8_H

#include "dialect/formats/FloatBits.h"

#include <algorithm>

namespace thrift {

constexpr float kE4m3Max = 448.0f;
constexpr uint8_t kE4m3Nan = 0x7F;
constexpr uint8_t kUe8m0Nan = 0xFF;

/// Rounds to the nearest E4M3, ties to even; values beyond +-448, infinities included, saturate to +-448. NaN gives
/// 0x7F whatever its sign (`cvt.rn.satfinite.e4m3x2.f32` does the same).
inline uint8_t e4m3FromF32(float value) {
  uint32_t bits = bitsOfF32(value);
  uint32_t absBits = bits & ~kF32SignMask;
  uint32_t magnitude = std::min(roundMagnitude<3, 7>(absBits), 0x7Eu);
  uint32_t rounded = ((bits & kF32SignMask) >> 24) | magnitude;
  return static_cast<uint8_t>(selectBits(absBits > kF32InfBits, kE4m3Nan, rounded));
}

/// Exact for every code; 0x7F and 0xFF are NaN.
inline float f32FromE4m3(uint8_t code) {
  uint32_t sign = static_cast<uint32_t>(code & 0x80u) << 24;
  uint32_t magnitude = code & 0x7Fu;
  uint32_t normal = (magnitude << 20) + (120u << 23); // 127 - 7
  uint32_t subnormal = bitsOfF32(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-9f);
  uint32_t finite = selectBits(magnitude < 8, subnormal, normal);
  return f32OfBits(sign | selectBits(magnitude == 0x7Fu, kF32NanBits, finite));
}

/// The smallest power of two that is >= value, clamped to [2^-127, 2^127]; zero gives 2^-127, +inf gives 2^127. NaN and
/// values below zero give NaN (0xFF).
inline uint8_t ue8m0FromF32RoundUp(float value) {
  uint32_t bits = bitsOfF32(value);
  uint32_t absBits = bits & ~kF32SignMask;
  // In a subnormal f32 the exponent field 0 stands for 2^-126, twice what the code 0 stands for: code 0 covers (0,
  // 2^-127], code 1 the rest. Everywhere else a non-zero mantissa asks for the next code.
  uint32_t exponent = absBits >> 23;
  uint32_t mantissa = absBits & 0x007FFFFFu;
  uint32_t exactMantissa = exponent == 0 ? 0x00400000u : 0u;
  uint32_t code = std::min(exponent + (mantissa > exactMantissa ? 1u : 0u), 254u);
  bool negative = bits > kF32SignMask; // -0 is zero
  return static_cast<uint8_t>(negative || absBits > kF32InfBits ? kUe8m0Nan : code);
}

/// Exact for every code (2^-127 is a subnormal f32); 0xFF is NaN.
inline float f32FromUe8m0(uint8_t code) {
  uint32_t bits = code == 0 ? 0x00400000u : static_cast<uint32_t>(code) << 23;
  return f32OfBits(code == kUe8m0Nan ? kF32NanBits : bits);
}

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_FLOAT8_H
