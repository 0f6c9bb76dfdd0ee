//===- Convert.cpp - cvt from f32 to the narrower formats -------------------===//
//
// One rounding for every narrow format and mode: codes of an IEEE-like format are ordered like their magnitudes, so the
// significand is shifted to the format's spacing, rounded as an integer, and a carry steps the exponent by itself.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Convert.h"

#include <algorithm>

namespace thrift::sim {

namespace {
/// A sign-magnitude format; codes are magnitudes without the sign.
struct Narrow {
  int mantissaBits;
  int bias;
  uint32_t largest;  ///< the largest finite code
  uint32_t infinity; ///< 0 if the format has none
};

enum class Ties { Even, Away };
} // namespace

static constexpr Narrow kF16 = {10, 15, 0x7BFF, 0x7C00};
static constexpr Narrow kBf16 = {7, 127, 0x7F7F, 0x7F80};
static constexpr Narrow kTf32 = {10, 127, 0x3FBFF, 0x3FC00};
static constexpr Narrow kE4m3 = {3, 7, 0x7E, 0};
static constexpr Narrow kE5m2 = {2, 15, 0x7B, 0x7C};
static constexpr Narrow kE3m2 = {2, 3, 0x1F, 0};
static constexpr Narrow kE2m3 = {3, 1, 0x1F, 0};
static constexpr Narrow kE2m1 = {1, 1, 0x7, 0};

/// The magnitude code of a finite f32, without an upper end.
static uint32_t roundToCode(const Narrow &format, uint32_t absBits, bool awayFromZero, RoundingMode mode, Ties ties) {
  uint32_t field = absBits >> 23;
  int exponent = static_cast<int>(std::max(field, 1u)) - 127;
  uint32_t significand = (absBits & 0x007FFFFFu) | (field ? 0x00800000u : 0u);

  int smallest = 1 - format.bias;
  int gradual = std::max(smallest - exponent, 0); // further right in the subnormal range
  int shift = std::min(23 - format.mantissaBits + gradual, 25);
  uint32_t kept = significand >> shift;
  uint32_t dropped = significand & ((1u << shift) - 1);
  uint32_t half = 1u << (shift - 1);
  bool up = mode == RoundingMode::Nearest ? dropped > half || (dropped == half && (ties == Ties::Away || (kept & 1)))
                                          : awayFromZero && dropped != 0;
  uint32_t base = static_cast<uint32_t>(std::max(exponent, smallest) - smallest) << format.mantissaBits;
  return base + kept + (up ? 1 : 0);
}

/// The magnitude code of |x| for any x but NaN.
static uint32_t encode(const Narrow &format, float x, RoundingMode mode, Overflow overflow, Ties ties = Ties::Even) {
  uint32_t bits = bitsOfF32(x);
  uint32_t absBits = bits & ~kF32SignMask;
  bool negative = bits & kF32SignMask;
  bool awayFromZero = mode == (negative ? RoundingMode::Down : RoundingMode::Up);
  bool saturates = overflow == Overflow::SatFinite || format.infinity == 0;
  if (absBits == kF32InfBits)
    return saturates ? format.largest : format.infinity;
  uint32_t code = roundToCode(format, absBits, awayFromZero, mode, ties);
  if (code <= format.largest)
    return code;
  return saturates || (mode != RoundingMode::Nearest && !awayFromZero) ? format.largest : format.infinity;
}

static bool isNan(float x) { return (bitsOfF32(x) & ~kF32SignMask) > kF32InfBits; }
static bool isNegative(float x) { return bitsOfF32(x) & kF32SignMask; }

uint16_t cvtF16(float x, RoundingMode mode, Overflow overflow) {
  if (isNan(x))
    return 0x7FFF;
  return static_cast<uint16_t>(encode(kF16, x, mode, overflow) | (isNegative(x) ? 0x8000u : 0u));
}

uint16_t cvtBf16(float x, RoundingMode mode, Overflow overflow) {
  if (isNan(x))
    return 0x7FFF;
  return static_cast<uint16_t>(encode(kBf16, x, mode, overflow) | (isNegative(x) ? 0x8000u : 0u));
}

static uint16_t stochastic(const Narrow &format, float x, uint32_t randomBits, Overflow overflow) {
  if (isNan(x))
    return 0x7FFF;
  uint32_t bits = bitsOfF32(x), absBits = bits & ~kF32SignMask, field = absBits >> 23;
  int cut = 23 - format.mantissaBits, exponent = static_cast<int>(std::max(field, 1u)) - 127;
  int smallest = 1 - format.bias;
  int shift = std::min(cut + std::max(smallest - exponent, 0), 40);
  uint64_t significand = (absBits & 0x007FFFFFu) | (field ? 0x00800000u : 0u);
  uint64_t kept = significand >> shift, tail = significand << cut >> shift & ((uint64_t(1) << cut) - 1);
  uint64_t carry = (tail + (randomBits & ((1u << cut) - 1))) >> cut;
  uint64_t code =
      (static_cast<uint64_t>(std::max(exponent, smallest) - smallest) << format.mantissaBits) + kept + carry;
  if (code > format.largest)
    code = overflow == Overflow::SatFinite ? format.largest : format.infinity;
  return static_cast<uint16_t>(code | (bits >> 16 & 0x8000u));
}

uint16_t cvtF16Stochastic(float x, uint32_t randomBits, Overflow overflow) {
  return stochastic(kF16, x, randomBits, overflow);
}
uint16_t cvtBf16Stochastic(float x, uint32_t randomBits, Overflow overflow) {
  return stochastic(kBf16, x, randomBits, overflow);
}

static uint32_t tf32(float x, RoundingMode mode, Overflow overflow, Ties ties) {
  if (isNan(x))
    return kCanonicalNan;
  return encode(kTf32, x, mode, overflow, ties) << 13 | (bitsOfF32(x) & kF32SignMask);
}

uint32_t cvtTf32(float x, RoundingMode mode, Overflow overflow) { return tf32(x, mode, overflow, Ties::Even); }
uint32_t cvtTf32NearestAway(float x, Overflow overflow) { return tf32(x, RoundingMode::Nearest, overflow, Ties::Away); }

static uint8_t narrow(const Narrow &format, float x, RoundingMode mode, uint32_t signBit, uint32_t nan) {
  if (isNan(x))
    return static_cast<uint8_t>(nan);
  return static_cast<uint8_t>(encode(format, x, mode, Overflow::SatFinite) | (isNegative(x) ? signBit : 0u));
}

uint8_t cvtE4m3(float x, RoundingMode mode) { return narrow(kE4m3, x, mode, 0x80, 0x7F); }
uint8_t cvtE5m2(float x, RoundingMode mode) { return narrow(kE5m2, x, mode, 0x80, 0x7F); }
uint8_t cvtE3m2(float x, RoundingMode mode) { return narrow(kE3m2, x, mode, 0x20, kE3m2.largest); }
uint8_t cvtE2m3(float x, RoundingMode mode) { return narrow(kE2m3, x, mode, 0x20, kE2m3.largest); }
uint8_t cvtE2m1(float x, RoundingMode mode) { return narrow(kE2m1, x, mode, 0x08, kE2m1.largest); }

uint8_t cvtUe8m0(float x, RoundingMode mode, Overflow overflow) {
  uint32_t absBits = bitsOfF32(x) & ~kF32SignMask;
  if (absBits > kF32InfBits)
    return 0xFF;
  uint32_t code = absBits >> 23;
  // Code 0 stands for 2^-127, half of what the exponent field 0 of an f32 stands for.
  uint32_t exact = code == 0 ? 0x00400000u : 0u;
  if (mode == RoundingMode::Up && absBits < kF32InfBits && (absBits & 0x007FFFFFu) > exact)
    ++code;
  if (code == 0xFF && overflow == Overflow::SatFinite)
    code = 0xFE;
  return static_cast<uint8_t>(code);
}

} // namespace thrift::sim
