//===- FloatBits.h - the bits of a float, and one rounding for every narrow format ------------===//
//
// bitsOfF32 and f32OfBits view a float as its 32 bits. roundMagnitude rounds |x| to a format with fewer bits;
// Float16.h, Float8.h and Float4.h are this one function with different parameters.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_FLOATBITS_H
#define THRIFTJIT_DIALECT_FORMATS_FLOATBITS_H

#include <cstdint>
#include <cstring>

namespace thrift {

constexpr uint32_t kF32SignMask = 0x80000000u;
constexpr uint32_t kF32InfBits = 0x7F800000u;
constexpr uint32_t kF32NanBits = 0x7FC00000u;
constexpr int kF32Bias = 127;
constexpr int kF32MantissaBits = 23;

inline uint32_t bitsOfF32(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float f32OfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// `a` where `condition` holds, else `b`, without a branch. Compilers move a floating-point operation that feeds one
/// arm of a conditional into that arm, where -ftrapping-math then forbids to vectorise it; masks keep it unconditional.
inline uint32_t selectBits(bool condition, uint32_t a, uint32_t b) {
  uint32_t mask = 0u - static_cast<uint32_t>(condition);
  return (a & mask) | (b & ~mask);
}

/// Rounds a non-negative float, given as its bits, to the nearest code of a narrow format with `MantissaBits` and
/// exponent bias `Bias`; ties go to the even code. There is no upper end here: codes continue upwards as if the
/// exponent field were wide enough, so the caller saturates with one `min`. NaN gives a large code too; the caller
/// selects that case first.
///
/// Both paths are computed and one is selected, so a loop over this vectorises.
///
/// Normal results: codes of an IEEE-like format are ordered like their values, so rounding is an integer addition on
/// the f32 bits (a carry out of the mantissa correctly steps the exponent) after the bias is changed.
///
/// Subnormal results have a fixed spacing, 2^(1 - Bias - MantissaBits). Adding the float whose ulp is that spacing
/// makes the f32 adder round to it, to nearest even; the difference of the bits is the code. This never sees or makes a
/// subnormal f32 that matters, so flush-to-zero modes of the host cannot change it.
template <int MantissaBits, int Bias>
inline uint32_t roundMagnitude(uint32_t absBits) {
  constexpr int kShift = kF32MantissaBits - MantissaBits;
  constexpr uint32_t kHalfMinusOne = (1u << (kShift - 1)) - 1;
  constexpr uint32_t kRebias = static_cast<uint32_t>(kF32Bias - Bias) << kF32MantissaBits;
  constexpr uint32_t kSmallestNormal = static_cast<uint32_t>(kF32Bias + 1 - Bias) << kF32MantissaBits;
  constexpr uint32_t kSpacingExponent = static_cast<uint32_t>(kF32Bias + 1 - Bias - MantissaBits + kF32MantissaBits);
  constexpr uint32_t kSpacingBits = kSpacingExponent << kF32MantissaBits;

  uint32_t normal = (absBits + kHalfMinusOne + ((absBits >> kShift) & 1u) - kRebias) >> kShift;
  uint32_t subnormal = bitsOfF32(f32OfBits(absBits) + f32OfBits(kSpacingBits)) - kSpacingBits;
  return selectBits(absBits < kSmallestNormal, subnormal, normal);
}

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_FLOATBITS_H
