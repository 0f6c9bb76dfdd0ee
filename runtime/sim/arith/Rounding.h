//===- Rounding.h - f32 arithmetic with directed rounding -------------------===//
//
// add, mul and fma in f32 with the rounding mode as an argument, as PTX spells them (.rn .rz .rm .rp). The mode of the
// floating-point unit is never touched: the exact result is held as a pair of doubles and rounded once.
// NaN results are PTX's canonical 0x7FFFFFFF (x86 would give 0xFFC00000).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_ROUNDING_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_ROUNDING_H

#include "dialect/formats/FloatBits.h"

#include <cstdint>

namespace thrift::sim {

enum class RoundingMode : uint8_t {
  Nearest, ///< .rn, ties to even
  Zero,    ///< .rz
  Down,    ///< .rm, toward minus infinity
  Up,      ///< .rp, toward plus infinity
};

/// PTX's canonical NaN.
inline constexpr uint32_t kCanonicalNan = 0x7FFFFFFFu;

float addF32(float a, float b, RoundingMode mode);
float mulF32(float a, float b, RoundingMode mode);
/// a * b + c with one rounding.
float fmaF32(float a, float b, float c, RoundingMode mode);
float divF32(float a, float b, RoundingMode mode);
float sqrtF32(float a, RoundingMode mode);

/// The exact number `value + residual` rounded to f32, where |residual| is at most half an ulp of `value` (0 if exact).
/// An exact zero keeps the sign of `value`.
float roundToF32(double value, double residual, RoundingMode mode);

/// .ftz: a subnormal becomes a zero of the same sign.
inline float flushSubnormal(float x) {
  uint32_t bits = bitsOfF32(x);
  return (bits & 0x7F800000u) ? x : f32OfBits(bits & 0x80000000u);
}
/// .sat: clamped to [0, 1], NaN becomes +0.
inline float saturate(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_ROUNDING_H
