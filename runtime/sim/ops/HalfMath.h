//===- HalfMath.h - one rounding to 16-bit floats ---------------------------===//
//
// Rounding to odd keeps a second rounding to a format with at least two bits less correct: a value that is not exact
// gets an odd last bit, which is never mistaken for a tie.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_HALFMATH_H
#define THRIFTJIT_RUNTIME_SIM_OPS_HALFMATH_H

#include "runtime/sim/ops/FloatMath.h"

#include <cmath>

namespace thrift::sim {

/// The number value + residual, |residual| at most half an ulp, rounded to odd in f64.
inline double roundToOdd(double value, double residual) {
  if (residual == 0 || !std::isfinite(value) || (bitsOf(value) & 1))
    return value;
  return floatOf<double>((residual > 0) == (value > 0) ? bitsOf(value) + 1 : bitsOf(value) - 1);
}

/// `x` rounded to odd in f32. Overflow gives the largest finite number, which every 16-bit rounding treats alike.
inline float roundToOddF32(double x) {
  auto near = static_cast<float>(x);
  if (x != x || static_cast<double>(near) == x)
    return near;
  bool tooFar = std::fabs(static_cast<double>(near)) > std::fabs(x);
  uint32_t truncated = tooFar ? bitsOf(near) - 1 : bitsOf(near);
  return floatOf<float>(truncated | 1);
}

/// a * b + c for factors whose product is exact in f64, rounded to odd.
inline double fmaToOdd(double a, double b, double c) {
  double product = a * b, sum = product + c, part = sum - product;
  double error = (product - (sum - part)) + (c - part);
  return roundToOdd(sum, error == error ? error : 0);
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_HALFMATH_H
