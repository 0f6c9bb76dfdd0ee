//===- MmaAccuracyTest.cpp - how far the models are from the exact product ---===//
//
// Error bounds against float64, from the definition: each of the terms of a step loses less than one unit of the window
// and the rounding less than one unit of the output. And the direction: truncation pulls toward zero.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float8.h"
#include "runtime/sim/arith/Mma.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

using namespace thrift;
using namespace thrift::sim;

namespace {
struct Errors {
  double worst = 0; ///< |error| / sum of |a b|
  double bias = 0;  ///< mean of error * sign(exact) / sum of |a b|
};
} // namespace

static Errors measure(const MmaModel &model, MmaElement element, float (*quantize)(float)) {
  const MmaShape shape = {128, 128, 128};
  std::mt19937 random(31);
  std::normal_distribution<float> normal;
  std::vector<float> a(size_t(shape.m) * shape.k), b(size_t(shape.k) * shape.n), d(size_t(shape.m) * shape.n, 0.0f);
  for (float &x : a)
    x = quantize(normal(random));
  for (float &x : b)
    x = quantize(normal(random));
  mma(model, shape, {element, {a.data(), shape.k}}, {element, {b.data(), shape.n}}, ConstMatrix{d.data(), shape.n},
      Matrix{d.data(), shape.n});
  Errors errors;
  for (int m = 0; m < shape.m; ++m)
    for (int n = 0; n < shape.n; ++n) {
      double exact = 0, magnitude = 0;
      for (int k = 0; k < shape.k; ++k) {
        double product = double(a[size_t(m) * shape.k + k]) * b[size_t(k) * shape.n + n];
        exact += product;
        magnitude += std::fabs(product);
      }
      double error = d[size_t(m) * shape.n + n] - exact;
      errors.worst = std::max(errors.worst, std::fabs(error) / magnitude);
      errors.bias += std::copysign(error, error * exact) / magnitude / shape.m / shape.n;
    }
  return errors;
}

static float toF16(float x) { return f32FromF16(f16FromF32(x)); }
static float toE4m3(float x) { return f32FromE4m3(e4m3FromF32(x)); }

TEST(MmaAccuracy, TwentyFiveBitsBeatAnF32Chain) {
  // A chain of f32 multiply-adds over K = 128 reaches 2.0e-7 on such data.
  Errors f16 = measure(kMmaF16, MmaElement::F16, toF16);
  std::printf("f16, 25 bits: worst %.2e, bias %.2e of sum |ab|\n", f16.worst, f16.bias);
  EXPECT_LT(f16.worst, 2.0e-7);
  EXPECT_GT(f16.worst, 1e-8); // a model that does not truncate at all is not this one
  EXPECT_LT(f16.bias, 0);     // toward zero
  Errors fp8 = measure(kMmaFp8, MmaElement::E4M3, toE4m3);
  std::printf("e4m3, 25 bits: worst %.2e, bias %.2e of sum |ab|\n", fp8.worst, fp8.bias);
  EXPECT_LT(fp8.worst, 2.0e-7);
}

TEST(MmaAccuracy, ThirteenBitsLoseThreeDigits) {
  Errors hopper = measure(kWgmmaFp8, MmaElement::E4M3, toE4m3);
  std::printf("e4m3, 13 bits: worst %.2e, bias %.2e of sum |ab|\n", hopper.worst, hopper.bias);
  EXPECT_LT(hopper.worst, 0x1p-9); // the bound that kernels are compared with
  EXPECT_GT(hopper.worst, 5e-5);
  EXPECT_LT(hopper.bias, 0);
}

/// Per step: 17 terms lose less than 2^(E-25) each, the output less than 2^-22 of itself, and 2^E <= the largest term.
TEST(MmaAccuracy, OneStepStaysWithinTheTruncationBound) {
  std::mt19937 random(32);
  std::normal_distribution<float> normal;
  for (int trial = 0; trial < 20000; ++trial) {
    float a[16], b[16], c = normal(random), d;
    double exact = c, largest = std::fabs(c);
    for (int k = 0; k < 16; ++k) {
      a[k] = toF16(std::ldexp(normal(random), static_cast<int>(random() % 12) - 6));
      b[k] = toF16(normal(random));
      exact += double(a[k]) * b[k];
      largest = std::max(largest, std::fabs(double(a[k]) * b[k]));
    }
    mma(kMmaF16, {1, 1, 16}, {MmaElement::F16, {a, 16}}, {MmaElement::F16, {b, 1}}, ConstMatrix{&c, 1}, Matrix{&d, 1});
    ASSERT_LE(std::fabs(d - exact), 17 * largest * 0x1p-25 + std::fabs(exact) * 0x1p-22) << trial;
  }
}
