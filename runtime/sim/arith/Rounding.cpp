//===- Rounding.cpp - f32 arithmetic with directed rounding -----------------===//
//
// Every function finds the f32 nearest to the exact result, learns from an exact comparison on which side of it the
// exact result lies, and steps by one ulp where the mode asks for it. Products of two f32 (48 bits) are exact in f64.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Rounding.h"

#include <cmath>

namespace thrift::sim {

static float canonicalNan() { return f32OfBits(kCanonicalNan); }

/// The neighbour of x toward plus infinity; x is not NaN, and not +inf.
static float nextUp(float x) {
  uint32_t bits = bitsOfF32(x);
  if ((bits << 1) == 0)
    return f32OfBits(1);
  return f32OfBits(bits & kF32SignMask ? bits - 1 : bits + 1);
}

static float nextDown(float x) { return -nextUp(-x); }

/// `nearest` is the exact result rounded to nearest; `side` has the sign of (exact - nearest).
static float step(float nearest, double side, RoundingMode mode) {
  switch (mode) {
  case RoundingMode::Nearest:
    return nearest;
  case RoundingMode::Down:
    return side < 0 ? nextDown(nearest) : nearest;
  case RoundingMode::Up:
    return side > 0 ? nextUp(nearest) : nearest;
  case RoundingMode::Zero:
    // The sign of an inexact zero is the sign of the tiny exact result, which then lies on that side: no step.
    if (nearest > 0 && side < 0)
      return nextDown(nearest);
    return nearest < 0 && side > 0 ? nextUp(nearest) : nearest;
  }
  return nearest;
}

/// value + residual, rounded to odd: cut toward zero, with the last bit set if anything was cut. A double rounded to
/// odd can be rounded again to 24 bits or fewer without error.
static double roundToOdd(double value, double residual) {
  if (residual == 0)
    return value;
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((residual < 0) != (value < 0))
    --bits;
  bits |= 1;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

float roundToF32(double value, double residual, RoundingMode mode) {
  if (std::isnan(value))
    return canonicalNan();
  if (std::isinf(value))
    return static_cast<float>(value);
  double odd = roundToOdd(value, residual);
  float nearest = static_cast<float>(odd);
  return step(nearest, odd - static_cast<double>(nearest), mode);
}

/// x + y rounded once; x and y are doubles whose sum neither overflows nor loses bits to underflow.
static float roundSum(double x, double y, RoundingMode mode) {
  double sum = x + y;
  if (sum == 0) {
    // Exactly zero. Equal signs (two zeros) are kept; x - x is +0, except when rounding down.
    if (std::signbit(x) == std::signbit(y))
      return std::signbit(x) ? -0.0f : 0.0f;
    return mode == RoundingMode::Down ? -0.0f : 0.0f;
  }
  if (!std::isfinite(sum))
    return roundToF32(sum, 0, mode);
  double yInSum = sum - x; // Knuth's TwoSum: the rounding error of the addition, exactly
  double residual = (x - (sum - yInSum)) + (y - yInSum);
  return roundToF32(sum, residual, mode);
}

float addF32(float a, float b, RoundingMode mode) { return roundSum(a, b, mode); }

float mulF32(float a, float b, RoundingMode mode) {
  return roundToF32(static_cast<double>(a) * static_cast<double>(b), 0, mode);
}

float fmaF32(float a, float b, float c, RoundingMode mode) {
  return roundSum(static_cast<double>(a) * static_cast<double>(b), c, mode);
}

float divF32(float a, float b, RoundingMode mode) {
  float quotient = a / b;
  if (std::isnan(quotient))
    return canonicalNan();
  if (b == 0 || std::isinf(a) || std::isinf(b))
    return quotient;
  double side = static_cast<double>(a) - static_cast<double>(quotient) * static_cast<double>(b);
  return step(quotient, b < 0 ? -side : side, mode);
}

float sqrtF32(float a, RoundingMode mode) {
  float root = std::sqrt(a);
  if (std::isnan(root))
    return canonicalNan();
  if (std::isinf(root))
    return root;
  return step(root, static_cast<double>(a) - static_cast<double>(root) * static_cast<double>(root), mode);
}

} // namespace thrift::sim
