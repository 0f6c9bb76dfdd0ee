//===- MmaReferenceTest.cpp - the integer reference -------------------------===//
//
// dotReference against an independent evaluation in wide binary numbers, and against values worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/MmaReference.h"

#include "WideEvaluation.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::sim;
using namespace thrift::sim::test;

namespace {
struct Case {
  const char *name;
  MmaModel model;
  MmaElement a, b;
};
} // namespace

static const Case kCases[] = {
    {"f16", kMmaF16, MmaElement::F16, MmaElement::F16},
    {"f16 to f16", kMmaF16ToF16, MmaElement::F16, MmaElement::F16},
    {"bf16", kMmaF16, MmaElement::BF16, MmaElement::BF16},
    {"tf32", kMmaTf32, MmaElement::TF32, MmaElement::TF32},
    {"e4m3", kMmaFp8, MmaElement::E4M3, MmaElement::E4M3},
    {"e5m2 e4m3", kMmaFp8, MmaElement::E5M2, MmaElement::E4M3},
    {"e4m3 to f16", kMmaFp8ToF16, MmaElement::E4M3, MmaElement::E4M3},
    {"wgmma e4m3", kWgmmaFp8, MmaElement::E4M3, MmaElement::E4M3},
    {"wgmma e5m2", kWgmmaFp8, MmaElement::E5M2, MmaElement::E5M2},
    {"wgmma e4m3 to f16", kWgmmaFp8ToF16, MmaElement::E4M3, MmaElement::E4M3},
    {"e3m2 e2m3", kMmaFp8, MmaElement::E3M2, MmaElement::E2M3},
    {"e2m1 e4m3", kMmaFp8, MmaElement::E2M1, MmaElement::E4M3},
};

static float sumFor(const MmaModel &model, Style style, std::mt19937 &random) {
  if (model.rounding != MmaRounding::F16NearestEven)
    return randomSum(style, random);
  return widenElement(MmaElement::F16, randomCode(MmaElement::F16, style, random));
}

static float referenceOf(const Case &c, const std::vector<uint32_t> &a, const std::vector<uint32_t> &b, float sum) {
  std::vector<float> x, y;
  for (size_t i = 0; i < a.size(); ++i) {
    x.push_back(widenElement(c.a, a[i]));
    y.push_back(widenElement(c.b, b[i]));
  }
  return dotReference(c.model, static_cast<int>(a.size()), {c.a, x.data()}, {c.b, y.data()}, sum);
}

TEST(MmaReference, EqualsWideEvaluation) {
  std::mt19937 random(1);
  for (const Case &c : kCases)
    for (int trial = 0; trial < 1960; ++trial) {
      Style aStyle = static_cast<Style>(trial % kStyles), bStyle = static_cast<Style>(trial / kStyles % kStyles);
      size_t k = trial % 5 ? static_cast<size_t>(c.model.blockK) : 1 + random() % c.model.blockK;
      std::vector<uint32_t> a(k), b(k);
      for (size_t i = 0; i < k; ++i) {
        a[i] = randomCode(c.a, aStyle, random);
        b[i] = randomCode(c.b, bStyle, random);
      }
      float sum = sumFor(c.model, trial % 2 ? aStyle : bStyle, random);
      float expected = wideStep(c.model, c.a, a, c.b, b, sum);
      ASSERT_EQ(bitsOfF32(expected), bitsOfF32(referenceOf(c, a, b, sum))) << c.name << ", trial " << trial;
    }
}

/// Terms that cancel to a few low bits, where every truncated bit shows.
TEST(MmaReference, EqualsWideEvaluationUnderCancellation) {
  std::mt19937 random(2);
  for (const Case &c : kCases)
    for (int trial = 0; trial < 300; ++trial) {
      size_t k = static_cast<size_t>(c.model.blockK);
      std::vector<uint32_t> a(k), b(k);
      for (size_t i = 0; i < k; i += 2) {
        a[i] = a[i + 1] = randomCode(c.a, Style::Ordinary, random);
        b[i] = randomCode(c.b, Style::Ordinary, random);
        uint32_t signBit = c.b == MmaElement::TF32 ? 1u << 31 : 1u << (bitsOf(c.b) - 1);
        b[i + 1] = b[i] ^ signBit;
      }
      a[random() % k] = randomCode(c.a, Style::AnyFinite, random);
      float sum = sumFor(c.model, Style::Ordinary, random);
      float expected = wideStep(c.model, c.a, a, c.b, b, sum);
      ASSERT_EQ(bitsOfF32(expected), bitsOfF32(referenceOf(c, a, b, sum))) << c.name << ", trial " << trial;
    }
}

static float f16Dot(const std::vector<float> &a, const std::vector<float> &b, float c, MmaModel model = kMmaF16) {
  return dotReference(model, static_cast<int>(a.size()), {MmaElement::F16, a.data()}, {MmaElement::F16, b.data()}, c);
}

TEST(MmaReference, KeepsTwentyFiveFractionBits) {
  // The largest term is 1 (exponent 0). A term survives down to 2^-25, and 2^-24 is the last to reach an f32 result
  // only if it comes twice: the output is cut to 23 fraction bits.
  EXPECT_EQ(0x1.000002p0f, f16Dot({0x1p-12f, 0x1p-12f, 1}, {0x1p-12f, 0x1p-12f, 1}, 0));
  EXPECT_EQ(1.0f, f16Dot({0x1p-12f, 1}, {0x1p-12f, 1}, 0));
  EXPECT_EQ(0x1.000002p0f,
            f16Dot({0x1p-13f, 0x1p-13f, 0x1p-13f, 0x1p-13f, 1}, {0x1p-12f, 0x1p-12f, 0x1p-12f, 0x1p-12f, 1}, 0));
  // Eight times 2^-26 would be 2^-23, but each is below the window.
  EXPECT_EQ(1.0f, f16Dot(std::vector<float>(8, 0x1p-13f), std::vector<float>(8, 0x1p-13f), 1.0f));
}

TEST(MmaReference, TruncatesTowardZero) {
  EXPECT_EQ(0x1.fffffep-1f, f16Dot({0x1p-12f, 1}, {-0x1p-12f, 1}, 0)); // 1 - 2^-24 is exact
  EXPECT_EQ(0x1.fffffep-1f, f16Dot({0x1p-13f, 1}, {-0x1p-12f, 1}, 0)); // 1 - 2^-25 is cut, not rounded to 1
  EXPECT_EQ(-0x1.fffffep-1f, f16Dot({0x1p-13f, 1}, {0x1p-12f, -1}, 0));
}

TEST(MmaReference, ExponentOfAProductIsNotNormalised) {
  // 1.5 * 1.5 = 2.25 has exponent 0 here, not 1: terms of 2^-25 are still inside the window.
  EXPECT_EQ(0x1p-24f, f16Dot({1.5f, 1.5f, 0x1p-13f, 0x1p-13f}, {1.5f, -1.5f, 0x1p-12f, 0x1p-12f}, 0));
  // 1 * 2.25 has exponent 1, and 2^-25 is outside.
  EXPECT_EQ(0.0f, f16Dot({1, 1, 0x1p-13f, 0x1p-13f}, {2.25f, -2.25f, 0x1p-12f, 0x1p-12f}, 0));
}

TEST(MmaReference, SubnormalsKeepTheSmallestExponent) {
  // 2^-24 (subnormal) times 2^-1: the exponent is -14 - 1, so the window ends at 2^-40; 2^-25 - 2^-25 + 2^-41 is zero.
  EXPECT_EQ(0.0f, f16Dot({0x1p-24f, 0x1p-24f, 0x1p-20f}, {0x1p-1f, -0x1p-1f, 0x1p-21f}, 0));
  EXPECT_EQ(0x1p-40f, f16Dot({0x1p-24f, 0x1p-24f, 0x1p-20f}, {0x1p-1f, -0x1p-1f, 0x1p-20f}, 0));
}

TEST(MmaReference, ZeroTermsDoNotRaiseTheWindow) {
  float tiny = 0x1.000002p-100f;
  EXPECT_EQ(tiny, f16Dot({0, 65504}, {65504, -0.0f}, tiny));
}

TEST(MmaReference, Specials) {
  const float inf = HUGE_VALF, nan = f32OfBits(0x7FC12345);
  const uint32_t canonical = 0x7FFFFFFF;
  EXPECT_EQ(canonical, bitsOfF32(f16Dot({nan}, {0}, 0)));
  EXPECT_EQ(canonical, bitsOfF32(f16Dot({1}, {1}, nan)));
  EXPECT_EQ(canonical, bitsOfF32(f16Dot({inf}, {0}, 0)));
  EXPECT_EQ(canonical, bitsOfF32(f16Dot({inf, inf}, {1, -1}, 0)));
  EXPECT_EQ(canonical, bitsOfF32(f16Dot({inf}, {1}, -inf)));
  EXPECT_EQ(inf, f16Dot({inf, -5}, {2, 3}, 1));
  EXPECT_EQ(-inf, f16Dot({1}, {1}, -inf));
  EXPECT_EQ(0u, bitsOfF32(f16Dot({-0.0f}, {1}, -0.0f)));
  EXPECT_EQ(inf, f16Dot({256}, {256}, 0, kMmaF16ToF16));             // 65536
  EXPECT_EQ(65504.0f, f16Dot({65504, 15}, {1, 1}, 0, kMmaF16ToF16)); // below the tie at 65520
  EXPECT_EQ(inf, f16Dot({65504, 16}, {1, 1}, 0, kMmaF16ToF16));
}

TEST(MmaReference, OnlyTheSumCanOverflow) {
  std::vector<float> a = {0x1p127f, 0x1p127f}, b = {2, -1};
  EXPECT_EQ(HUGE_VALF, dotReference(kMmaF16, 1, {MmaElement::BF16, a.data()}, {MmaElement::BF16, b.data()}, 0));
  EXPECT_EQ(0x1p127f, dotReference(kMmaF16, 2, {MmaElement::BF16, a.data()}, {MmaElement::BF16, b.data()}, 0));
}

TEST(MmaReference, HopperWgmmaKeepsThirteenBits) {
  std::vector<float> a = {1, 0x1p-6f, 0x1p-6f}, b = {1, 0x1p-7f, 0x1p-8f};
  // 2^-13 survives, 2^-14 does not.
  EXPECT_EQ(1 + 0x1p-13f, dotReference(kWgmmaFp8, 3, {MmaElement::E4M3, a.data()}, {MmaElement::E4M3, b.data()}, 0));
  // C loses its low bits as well.
  EXPECT_EQ(1.0f, dotReference(kWgmmaFp8, 1, {MmaElement::E4M3, a.data() + 1}, {MmaElement::E4M3, b.data() + 2},
                               1 + 0x1p-14f));
}

TEST(MmaReference, LongKRunsInSteps) {
  std::mt19937 random(3);
  std::vector<float> a, b;
  for (int i = 0; i < 40; ++i) {
    a.push_back(widenElement(MmaElement::F16, randomCode(MmaElement::F16, Style::Ordinary, random)));
    b.push_back(widenElement(MmaElement::F16, randomCode(MmaElement::F16, Style::Ordinary, random)));
  }
  float c = 0.75f;
  for (int first = 0; first < 40; first += 16)
    c = dotReference(kMmaF16, std::min(16, 40 - first), {MmaElement::F16, &a[first]}, {MmaElement::F16, &b[first]}, c);
  EXPECT_EQ(c, dotReference(kMmaF16, 40, {MmaElement::F16, a.data()}, {MmaElement::F16, b.data()}, 0.75f));
}
