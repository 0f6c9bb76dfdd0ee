//===- Approx.cpp - the approximate functions of PTX ------------------------===//
//
// f64 arithmetic with a final rounding. The loops over arrays are plain code, compiled three times: for the baseline,
// AVX2 and AVX-512. All three do the same IEEE operations in the same order, so that their results are the same bits.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Approx.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/Rounding.h"

#include <cmath>
#include <cstring>

#define THRIFT_INLINE __attribute__((always_inline)) inline

namespace thrift::sim {

static float canonicalNan() { return f32OfBits(kCanonicalNan); }
static float flush(float x, Ftz ftz) { return ftz == Ftz::Yes ? flushSubnormal(x) : x; }
static float finish(double value, Ftz ftz) {
  return value != value ? canonicalNan() : flush(static_cast<float>(value), ftz);
}

static THRIFT_INLINE uint64_t bitsOfF64(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
static THRIFT_INLINE double f64OfBits(uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// 2^x for |x| <= 1000, relative error below 2^-51: 2^n * 2^f with |f| <= 1/2, the latter by its Taylor series.
static THRIFT_INLINE double exp2F64(double x) {
  constexpr double kInteger = 0x1.8p52; // adding it leaves the nearest integer in the low bits
  double shifted = x + kInteger;
  double f = x - (shifted - kInteger);
  double square = f * f; // even and odd powers apart: half the latency

  double odd = 0x1.816193166d0f9p-40; // ln(2)^13 / 13!
  odd = odd * square + 0x1.e8cac7351bb25p-32;
  odd = odd * square + 0x1.b5253d395e7c4p-24;
  odd = odd * square + 0x1.ffcbfc588b0c7p-17;
  odd = odd * square + 0x1.5d87fe78a6731p-10;
  odd = odd * square + 0x1.c6b08d704a0c0p-5;
  odd = odd * square + 0x1.62e42fefa39efp-1;
  double even = 0x1.c3bd650fc2986p-36; // ln(2)^12 / 12!
  even = even * square + 0x1.e4cf5158b8ecap-28;
  even = even * square + 0x1.62c0223a5c824p-20;
  even = even * square + 0x1.430912f86c787p-13;
  even = even * square + 0x1.3b2ab6fba4e77p-7;
  even = even * square + 0x1.ebfbdff82c58fp-3;
  double p = 1.0 + (f * odd + square * even);
  return f64OfBits(bitsOfF64(p) + (bitsOfF64(shifted) << 52));
}

/// tanh(x) for |x| <= 1000, relative error below 2^-40.
static THRIFT_INLINE double tanhF64(double x) {
  constexpr double kLog2e = 0x1.71547652b82fep+0;
  double magnitude = f64OfBits(bitsOfF64(x) & 0x7FFFFFFFFFFFFFFFull);
  double square = x * x;
  double small = 62.0 / 2835;
  small = small * square - 17.0 / 315;
  small = small * square + 2.0 / 15;
  small = small * square - 1.0 / 3;
  small = magnitude + magnitude * (square * small);
  double t = exp2F64(magnitude * (-2 * kLog2e));
  double large = (1 - t) / (1 + t);
  double result = magnitude < 0x1p-5 ? small : large;
  return f64OfBits(bitsOfF64(result) | (bitsOfF64(x) & 0x8000000000000000ull));
}

/// 2^x for any x but NaN.
static THRIFT_INLINE double ex2F64(float x) {
  // Beyond these limits the f32 is zero or infinite anyway.
  float clamped = x < -200.0f ? -200.0f : x;
  clamped = clamped > 200.0f ? 200.0f : clamped;
  return exp2F64(static_cast<double>(clamped));
}

/// tanh for any x but NaN.
static THRIFT_INLINE double tanhF64Clamped(float x) {
  float clamped = x < -30.0f ? -30.0f : x;
  clamped = clamped > 30.0f ? 30.0f : clamped;
  return tanhF64(static_cast<double>(clamped));
}

static THRIFT_INLINE uint32_t nanOr(float x, uint32_t bits) {
  return (bitsOfF32(x) & ~kF32SignMask) > kF32InfBits ? kCanonicalNan : bits;
}

static THRIFT_INLINE void ex2Loop(const float *x, float *y, size_t count, uint32_t flushBelow) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits = bitsOfF32(static_cast<float>(ex2F64(x[i])));
    bits = bits < flushBelow ? 0 : bits;
    y[i] = f32OfBits(nanOr(x[i], bits));
  }
}

static THRIFT_INLINE void tanhLoop(const float *x, float *y, size_t count) {
  for (size_t i = 0; i < count; ++i)
    y[i] = f32OfBits(nanOr(x[i], bitsOfF32(static_cast<float>(tanhF64Clamped(x[i])))));
}

namespace {
/// The array forms for one instruction set.
struct ArrayFunctions {
  void (*ex2)(const float *x, float *y, size_t count, uint32_t flushBelow);
  void (*tanh)(const float *x, float *y, size_t count);
};
} // namespace

static void ex2Baseline(const float *x, float *y, size_t count, uint32_t flushBelow) {
  ex2Loop(x, y, count, flushBelow);
}
static void tanhBaseline(const float *x, float *y, size_t count) { tanhLoop(x, y, count); }

#if defined(__x86_64__)
// Without fma in the list: a contracted multiply-add would change the bits.
#define THRIFT_AVX2 __attribute__((target("avx2")))
#define THRIFT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

THRIFT_AVX2 static void ex2Avx2(const float *x, float *y, size_t count, uint32_t flushBelow) {
  ex2Loop(x, y, count, flushBelow);
}
THRIFT_AVX2 static void tanhAvx2(const float *x, float *y, size_t count) { tanhLoop(x, y, count); }
THRIFT_AVX512 static void ex2Avx512(const float *x, float *y, size_t count, uint32_t flushBelow) {
  ex2Loop(x, y, count, flushBelow);
}
THRIFT_AVX512 static void tanhAvx512(const float *x, float *y, size_t count) { tanhLoop(x, y, count); }
#endif

static ArrayFunctions chooseFunctions() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    return {ex2Avx512, tanhAvx512};
  if (__builtin_cpu_supports("avx2"))
    return {ex2Avx2, tanhAvx2};
#endif
  return {ex2Baseline, tanhBaseline};
}

static const ArrayFunctions &arrayFunctions() {
  static const ArrayFunctions kFunctions = chooseFunctions();
  return kFunctions;
}

void ex2Approx(const float *x, float *y, size_t count, Ftz ftz) {
  // Subnormal inputs need no flushing: 2^x is 1 in either case.
  arrayFunctions().ex2(x, y, count, ftz == Ftz::Yes ? 0x00800000u : 0u);
}

void tanhApprox(const float *x, float *y, size_t count) { arrayFunctions().tanh(x, y, count); }

float ex2Approx(float x, Ftz ftz) {
  float y;
  ex2Baseline(&x, &y, 1, ftz == Ftz::Yes ? 0x00800000u : 0u);
  return y;
}

float tanhApprox(float x) {
  float y;
  tanhBaseline(&x, &y, 1);
  return y;
}

/// log2(m) for m in [1/sqrt(2), sqrt(2)]: 2 atanh(s) / ln(2) with s = (m - 1) / (m + 1), |s| <= 0.172.
static double log2OfSignificand(double m) {
  constexpr double kSeries[] = {0x1.71547652b82fep+1, 0x1.ec709dc3a03fdp-1, 0x1.2776c50ef9bfep-1, 0x1.a61762a7aded9p-2,
                                0x1.484b13d7c02a9p-2, 0x1.0c9a84994022dp-2, 0x1.c68f568d31760p-3, 0x1.89f3b1694cffep-3,
                                0x1.5b9ac9b743f0dp-3, 0x1.3703c1f4d0ffep-3, 0x1.1964ec6fc9491p-3, 0x1.00ecd7e080215p-3};
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int i = 11; i >= 0; --i) // 2 / ((2 i + 1) ln 2)
    sum = sum * square + kSeries[i];
  return s * sum;
}

float lg2Approx(float x, Ftz ftz) {
  x = flush(x, ftz);
  if (x == 0)
    return -HUGE_VALF;
  if (!(x > 0))
    return canonicalNan();
  if (x == HUGE_VALF)
    return x;
  uint64_t bits = bitsOfF64(static_cast<double>(x)); // every f32, subnormal or not, is a normal f64
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = f64OfBits((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    ++exponent;
  }
  return finish(exponent + log2OfSignificand(m), ftz);
}

float rcpApprox(float x, Ftz ftz) { return finish(1.0f / flush(x, ftz), ftz); }
float sqrtApprox(float x, Ftz ftz) { return finish(std::sqrt(flush(x, ftz)), ftz); }

float rsqrtApprox(float x, Ftz ftz) {
  x = flush(x, ftz);
  if (x == 0)
    return std::copysign(HUGE_VALF, x);
  return finish(1.0 / std::sqrt(static_cast<double>(x)), ftz);
}

float sinApprox(float x, Ftz ftz) { return finish(std::sin(static_cast<double>(flush(x, ftz))), ftz); }
float cosApprox(float x, Ftz ftz) { return finish(std::cos(static_cast<double>(flush(x, ftz))), ftz); }

float divApprox(float a, float b, Ftz ftz) {
  a = flush(a, ftz);
  b = flush(b, ftz);
  float magnitude = std::fabs(b);
  if (magnitude > 0x1p126f && magnitude < HUGE_VALF) {
    // The reciprocal, a subnormal, is flushed: what is left is a times zero.
    return finish(a * std::copysign(0.0f, b), ftz);
  }
  return finish(a / b, ftz);
}

float divFull(float a, float b, Ftz ftz) { return finish(flush(a, ftz) / flush(b, ftz), ftz); }

/// An f64 rounded once to 16 bits: first to an f32 rounded to odd, which the second rounding cannot spoil.
static float oddF32(double value) {
  float cut = roundToF32(value, 0, RoundingMode::Zero);
  return static_cast<double>(cut) == value ? cut : f32OfBits(bitsOfF32(cut) | 1);
}

static uint16_t f16Of(double value, Ftz ftz) {
  uint16_t code = f16FromF32(oddF32(value));
  return ftz == Ftz::Yes && (code & 0x7C00) == 0 ? code & 0x8000 : code;
}

static uint16_t bf16Of(double value, Ftz ftz) {
  uint16_t code = bf16FromF32(oddF32(value));
  return ftz == Ftz::Yes && (code & 0x7F80) == 0 ? code & 0x8000 : code;
}

uint16_t ex2ApproxF16(uint16_t x, Ftz ftz) {
  float wide = f32FromF16(x);
  return wide != wide ? kCanonicalNan16 : f16Of(ex2F64(wide), ftz);
}

uint16_t ex2ApproxBf16(uint16_t x) {
  float wide = f32FromBf16(x);
  return wide != wide ? kCanonicalNan16 : bf16Of(ex2F64(wide), Ftz::Yes);
}

uint16_t tanhApproxF16(uint16_t x) {
  float wide = f32FromF16(x);
  return wide != wide ? kCanonicalNan16 : f16Of(tanhF64Clamped(wide), Ftz::No);
}

uint16_t tanhApproxBf16(uint16_t x) {
  float wide = f32FromBf16(x);
  return wide != wide ? kCanonicalNan16 : bf16Of(tanhF64Clamped(wide), Ftz::No);
}

} // namespace thrift::sim
