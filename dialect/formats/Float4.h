//===- Float4.h - E2M1 ------------------------------------------------------------------------===//
//
// The 4-bit element of nvfp4 and mxfp4, and how two of them share a byte.
//
//   e2m1   s ee m   bias 1, neither infinity nor NaN
//
//   code    0    1    2    3    4    5    6    7      8..15: the same, negative (8 is -0)
//   value   0   0.5   1   1.5   2    3    4    6
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_FLOAT4_H
#define THRIFTJIT_DIALECT_FORMATS_FLOAT4_H

#include "dialect/formats/FloatBits.h"

#include <algorithm>
#include <array>

namespace thrift {

constexpr float kE2m1Max = 6.0f;

/// Value of every code.
constexpr std::array<float, 16> kE2m1Values = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                                               -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};

/// Rounds to the nearest E2M1, ties to the even code; values beyond +-6, infinities included, saturate to +-6. NaN
/// gives +6, as `cvt.rn.satfinite.e2m1x2.f32` does (PTX ISA, cvt). The result is in the low nibble; a value that rounds
/// to zero keeps its sign.
inline uint8_t e2m1FromF32(float value) {
  uint32_t bits = bitsOfF32(value);
  uint32_t absBits = bits & ~kF32SignMask;
  uint32_t magnitude = std::min(roundMagnitude<1, 1>(absBits), 7u);
  uint32_t rounded = ((bits & kF32SignMask) >> 28) | magnitude;
  return static_cast<uint8_t>(selectBits(absBits > kF32InfBits, 7u, rounded));
}

/// Exact; only the low nibble of `code` counts.
inline float f32FromE2m1(uint8_t code) { return kE2m1Values[code & 0xFu]; }

/// Two codes in one byte: the element with the even index in the low nibble.
inline uint8_t packNibbles(uint8_t even, uint8_t odd) {
  return static_cast<uint8_t>((even & 0xFu) | (static_cast<uint32_t>(odd) << 4));
}

/// The code of element `index` in an array of packed nibbles.
inline uint8_t nibbleAt(const uint8_t *bytes, int64_t index) {
  return static_cast<uint8_t>((bytes[index / 2] >> (4 * (index % 2))) & 0xFu);
}

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_FLOAT4_H
