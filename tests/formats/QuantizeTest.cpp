//===- QuantizeTest.cpp - group quantisers ----------------------------------------------------===//

#include "dialect/formats/Quantize.h"

#include "tests/formats/Oracle.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

using namespace thrift;

using Group = std::vector<float>;
using Codes = std::vector<uint8_t>;

namespace {

struct Quantized {
  uint8_t scale;
  Codes codes;
  Group values;
};

} // namespace

static Quantized nvfp4(const Group &x) {
  Quantized result{0, Codes(x.size(), 0xEE), Group(x.size())};
  result.scale = quantizeNvfp4(x.data(), x.size(), result.codes.data());
  dequantizeNvfp4(result.codes.data(), x.size(), result.scale, result.values.data());
  return result;
}

static Quantized mxfp4(const Group &x) {
  Quantized result{0, Codes(x.size(), 0xEE), Group(x.size())};
  result.scale = quantizeMxfp4(x.data(), x.size(), result.codes.data());
  dequantizeMxfp4(result.codes.data(), x.size(), result.scale, result.values.data());
  return result;
}

static Quantized nvfp4P(const Group &p, int headroomBits) {
  Quantized result{0, Codes(p.size(), 0xEE), Group(p.size())};
  result.scale = quantizeNvfp4P(p.data(), p.size(), headroomBits, result.codes.data());
  dequantizeNvfp4P(result.codes.data(), p.size(), result.scale, headroomBits, result.values.data());
  return result;
}

/// Gaussian groups whose magnitudes spread over 2^-lowest .. 2^highest.
static std::vector<Group> randomGroups(int count, size_t size, int lowest, int highest, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> exponent(lowest, highest);
  std::vector<Group> groups(count, Group(size));
  for (Group &group : groups) {
    float factor = std::ldexp(1.0f, exponent(random));
    for (float &x : group)
      x = normal(random) * factor;
  }
  return groups;
}

static float amaxOf(const Group &x) {
  float amax = 0;
  for (float value : x)
    amax = std::fmax(amax, std::fabs(value));
  return amax;
}

TEST(LargestMagnitude, IgnoresSignsAndSeesNonFinite) {
  EXPECT_EQ(largestMagnitude(nullptr, 0), 0.0f);
  EXPECT_EQ(largestMagnitude(Group{1, -3, 2}.data(), 3), 3.0f);
  EXPECT_EQ(bitsOfF32(largestMagnitude(Group{-0.0f}.data(), 1)), 0u);
  EXPECT_EQ(largestMagnitude(Group{-0x1.fffffep127f, 1}.data(), 2), 0x1.fffffep127f);
  for (float bad : {NAN, -NAN, INFINITY, -INFINITY})
    EXPECT_TRUE(std::isnan(largestMagnitude(Group{1, bad, 2}.data(), 3)));
}

//===- nvfp4 ------------------------------------------------------------------------------------===//

TEST(Nvfp4, FollowsItsFormula) {
  oracle::Encoder e4m3(oracle::kE4m3), e2m1(oracle::kE2m1);
  for (const Group &x : randomGroups(20'000, 16, -14, 12, 10)) {
    Quantized q = nvfp4(x);
    uint32_t scale = e4m3(amaxOf(x) / 6.0f);
    ASSERT_EQ(q.scale, scale);
    float scaleValue = static_cast<float>(oracle::magnitudeOf(oracle::kE4m3, scale));
    float inverse = scale == 0 ? 0.0f : 1.0f / scaleValue;
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(q.codes[i], e2m1(x[i] * inverse)) << std::hexfloat << x[i] << " with scale " << scaleValue;
      ASSERT_EQ(q.values[i], f32FromE2m1(q.codes[i]) * scaleValue);
    }
  }
}

TEST(Nvfp4, LargestElementLandsAtTheEndOfTheRange) {
  // Rounding amax / 6 to a normal E4M3 moves it by 1/16 of a binade at most, so amax / scale lies in [5.66, 6.38]: code
  // +-7.
  for (const Group &x : randomGroups(20'000, 16, -2, 8, 11)) {
    Quantized q = nvfp4(x);
    for (size_t i = 0; i < x.size(); ++i)
      if (std::fabs(x[i]) == amaxOf(x)) {
        ASSERT_EQ(q.codes[i], x[i] < 0 ? 15 : 7) << std::hexfloat << x[i];
      }
  }
}

TEST(Nvfp4, ErrorIsBounded) {
  // Half of the widest step (between 4 and 6) times the scale. What saturates because the scale was rounded down is cut
  // by less: 6.375 - 6. The slack is for the rounding of x * inverse.
  for (const Group &x : randomGroups(20'000, 16, -2, 8, 12)) {
    Quantized q = nvfp4(x);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_LE(std::fabs(q.values[i] - x[i]), 1.0001f * f32FromE4m3(q.scale));
  }
}

TEST(Nvfp4, ZeroGroupIsZero) {
  Quantized q = nvfp4(Group(16, 0.0f));
  EXPECT_EQ(q.scale, 0);
  EXPECT_EQ(q.codes, Codes(16, 0));
  EXPECT_EQ(nvfp4({}).scale, 0) << "no token of the group exists";
}

TEST(Nvfp4, TinyGroupHasScaleZeroAndSignedZeros) {
  // amax / 6 = 2^-10 is the tie between 0 and the smallest E4M3, 2^-9.
  Quantized tie = nvfp4({6 * 0x1p-10f, -6 * 0x1p-10f});
  EXPECT_EQ(tie.scale, 0);
  EXPECT_EQ(tie.codes, (Codes{0, 8}));
  EXPECT_EQ(tie.values, (Group{0, 0}));
  Quantized above = nvfp4({6 * std::nextafter(0x1p-10f, 1.0f)});
  EXPECT_EQ(above.scale, 1);
  EXPECT_EQ(above.codes, (Codes{5})) << "x / 2^-9 is about 3";
  EXPECT_EQ(nvfp4({0x1p-149f}).codes, (Codes{0}));
}

TEST(Nvfp4, AmaxAbove2688Saturates) {
  Quantized exact = nvfp4({2688, -1344, 448});
  EXPECT_EQ(exact.scale, 0x7E);
  EXPECT_EQ(exact.codes, (Codes{7, 8 + 5, 2}));
  EXPECT_EQ(exact.values, (Group{2688, -1344, 448}));
  Quantized beyond = nvfp4({-65504, 2688, 448});
  EXPECT_EQ(beyond.scale, 0x7E);
  EXPECT_EQ(beyond.values, (Group{-2688, 2688, 448}));
  EXPECT_EQ(nvfp4({0x1.fffffep127f}).values, (Group{2688}));
}

TEST(Nvfp4, NonFiniteGroupBecomesNan) {
  for (float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
    Group x(16, 1.0f);
    x[9] = bad;
    Quantized q = nvfp4(x);
    EXPECT_EQ(q.scale, 0x7F);
    EXPECT_EQ(q.codes, Codes(16, 0));
    for (float value : q.values)
      EXPECT_TRUE(std::isnan(value));
  }
}

TEST(Nvfp4, WorkedExample) {
  Group x(16);
  for (int i = 0; i < 16; ++i)
    x[i] = static_cast<float>(i);
  Quantized q = nvfp4(x);
  EXPECT_EQ(q.scale, 0x42);
  EXPECT_EQ(q.codes, (Codes{0, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7}));
}

//===- mxfp4 ------------------------------------------------------------------------------------===//

TEST(Mxfp4, FollowsItsFormulaAndNeverSaturates) {
  oracle::Encoder e2m1(oracle::kE2m1);
  for (const Group &x : randomGroups(20'000, 32, -140, 120, 20)) {
    Quantized q = mxfp4(x);
    float quotient = amaxOf(x) / 6.0f;
    int exponent = std::max(-127, static_cast<int>(std::ceil(std::log2(static_cast<double>(quotient)))));
    ASSERT_EQ(q.scale, exponent + 127);
    float inverse = 1.0f / std::ldexp(1.0f, exponent);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_LE(std::fabs(x[i] * inverse), 6.0f);
      ASSERT_EQ(q.codes[i], e2m1(x[i] * inverse));
      ASSERT_EQ(q.values[i], std::ldexp(f32FromE2m1(q.codes[i]), exponent));
    }
  }
}

TEST(Mxfp4, LargestElementIsMoreThanHalfTheRange) {
  for (const Group &x : randomGroups(20'000, 32, -20, 20, 21)) {
    Quantized q = mxfp4(x);
    for (size_t i = 0; i < x.size(); ++i)
      if (std::fabs(x[i]) == amaxOf(x)) {
        ASSERT_GE(q.codes[i] & 7, 5) << "at least 3";
      }
  }
}

TEST(Mxfp4, ScaleStepsWhereAmaxPassesSixTimesAPowerOfTwo) {
  for (int exponent = -100; exponent <= 100; ++exponent) {
    float edge = std::ldexp(6.0f, exponent);
    EXPECT_EQ(mxfp4({edge}).scale, 127 + exponent);
    EXPECT_EQ(mxfp4({std::nextafter(edge, INFINITY)}).scale, 128 + exponent);
    EXPECT_EQ(mxfp4({edge}).codes, (Codes{7}));
  }
}

TEST(Mxfp4, ZeroGroup) {
  Quantized q = mxfp4(Group(32, 0.0f));
  EXPECT_EQ(q.scale, 0);
  EXPECT_EQ(q.codes, Codes(32, 0));
  EXPECT_EQ(mxfp4({}).scale, 0);
}

TEST(Mxfp4, NonFiniteGroupBecomesNan) {
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    Quantized q = mxfp4({1, bad, 2});
    EXPECT_EQ(q.scale, 0xFF);
    EXPECT_EQ(q.codes, Codes(3, 0));
    for (float value : q.values)
      EXPECT_TRUE(std::isnan(value));
  }
}

//===- fp8 --------------------------------------------------------------------------------------===//

TEST(Fp8, FollowsItsFormula) {
  oracle::Encoder e4m3(oracle::kE4m3);
  for (const Group &x : randomGroups(5'000, 64, -100, 100, 30)) {
    float scale = fp8Scale(largestMagnitude(x.data(), x.size()));
    ASSERT_EQ(scale, amaxOf(x) / 448.0f);
    Codes codes(x.size());
    Group values(x.size());
    quantizeFp8(x.data(), x.size(), scale, codes.data());
    dequantizeFp8(codes.data(), x.size(), scale, values.data());
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(codes[i], e4m3(x[i] * (1.0f / scale)));
      ASSERT_EQ(values[i], f32FromE4m3(codes[i]) * scale);
      if (std::fabs(x[i]) == amaxOf(x)) {
        ASSERT_EQ(codes[i] & 0x7F, 0x7E) << "the largest element is +-448";
      }
    }
  }
}

TEST(Fp8, PowerOfTwoScaleIsTheSmallestThatDoesNotSaturate) {
  for (const Group &x : randomGroups(5'000, 64, -100, 100, 31)) {
    float amax = largestMagnitude(x.data(), x.size());
    float scale = fp8PowerOfTwoScale(amax);
    int exponent;
    ASSERT_EQ(std::frexp(scale, &exponent), 0.5f);
    ASSERT_LE(amax / scale, 448.0f);
    ASSERT_GT(amax / scale, 224.0f * 0.9999999f);
  }
  EXPECT_EQ(fp8PowerOfTwoScale(448), 1.0f);
  EXPECT_EQ(fp8PowerOfTwoScale(std::nextafter(448.0f, 1e9f)), 2.0f);
}

TEST(Fp8, ZeroAndTinyBlocksHaveScaleOne) {
  float smallestNormal = std::numeric_limits<float>::min();
  for (float amax : {0.0f, 0x1p-149f, smallestNormal, 223.0f * smallestNormal}) {
    EXPECT_EQ(fp8Scale(amax), 1.0f) << amax;
    EXPECT_EQ(fp8PowerOfTwoScale(amax), 1.0f) << amax;
    uint8_t codes[2];
    quantizeFp8(Group{amax, -amax}.data(), 2, 1.0f, codes);
    EXPECT_EQ(codes[0], 0);
    EXPECT_EQ(codes[1], 0x80);
  }
  EXPECT_EQ(fp8Scale(448 * smallestNormal), smallestNormal);
  EXPECT_EQ(fp8PowerOfTwoScale(448 * smallestNormal), smallestNormal);
}

TEST(Fp8, NonFiniteBlockBecomesNan) {
  for (float bad : {NAN, INFINITY}) {
    Group x{1, bad, -2};
    float amax = largestMagnitude(x.data(), x.size());
    for (float scale : {fp8Scale(amax), fp8PowerOfTwoScale(amax)}) {
      EXPECT_TRUE(std::isnan(scale));
      Codes codes(3, 0xEE);
      quantizeFp8(x.data(), 3, scale, codes.data());
      EXPECT_EQ(codes, Codes(3, 0));
      Group values(3);
      dequantizeFp8(codes.data(), 3, scale, values.data());
      for (float value : values)
        EXPECT_TRUE(std::isnan(value));
    }
  }
}

//===- P ----------------------------------------------------------------------------------------===//

static std::vector<Group> randomProbabilities(int count, size_t size, int headroomBits, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> exponent(-16.0f, static_cast<float>(headroomBits));
  std::vector<Group> groups(count, Group(size));
  for (Group &group : groups)
    for (float &p : group)
      p = std::exp2(exponent(random));
  return groups;
}

TEST(PNvfp4, FollowsItsFormula) {
  oracle::Encoder e4m3(oracle::kE4m3), e2m1(oracle::kE2m1);
  for (int headroomBits : {0, 1, 8})
    for (const Group &p : randomProbabilities(5'000, 16, headroomBits, 40)) {
      Quantized q = nvfp4P(p, headroomBits);
      float unit = std::ldexp(1.0f, headroomBits);
      ASSERT_EQ(q.scale, e4m3(448.0f * (amaxOf(p) / unit)));
      float scale = static_cast<float>(oracle::magnitudeOf(oracle::kE4m3, q.scale));
      for (size_t i = 0; i < p.size(); ++i) {
        ASSERT_EQ(q.codes[i], e2m1(p[i] / unit * (2688.0f / scale)));
        // Half the widest step, plus what a scale rounded down cuts off, in units of the group's scale.
        double step = static_cast<double>(scale) * unit / 2688.0;
        ASSERT_LE(std::fabs(q.values[i] - p[i]), 1.0001 * step);
      }
    }
}

TEST(PNvfp4, KeepsKeysFarBelowTheMaximum) {
  // A key 2^-13 below the reference in a group of its own peers survives with the relative precision of E2M1.
  Group p(16, 0x1p-13f);
  p[3] = 0x1p-14f;
  Quantized q = nvfp4P(p, 0);
  EXPECT_EQ(q.codes[0], 7);
  EXPECT_EQ(q.codes[3], 5);
  EXPECT_GT(q.values[0], 0.0f);
}

TEST(PNvfp4, EndsOfTheRange) {
  Quantized one = nvfp4P(Group(16, 1.0f), 0);
  EXPECT_EQ(one.scale, 0x7E);
  EXPECT_EQ(one.codes, Codes(16, 7));
  EXPECT_EQ(one.values, Group(16, 1.0f));
  EXPECT_EQ(nvfp4P(Group(16, 256.0f), 8).values, Group(16, 256.0f));
  Quantized zero = nvfp4P(Group(16, 0.0f), 0);
  EXPECT_EQ(zero.scale, 0);
  EXPECT_EQ(zero.values, Group(16, 0.0f));
  Quantized bad = nvfp4P({1.0f, NAN}, 0);
  EXPECT_EQ(bad.scale, 0x7F);
  EXPECT_EQ(bad.codes, Codes(2, 0));
  EXPECT_TRUE(std::isnan(bad.values[0]));
}

TEST(PFp8, EveryCodeRoundTrips) {
  for (uint32_t code = 0; code <= 0x7E; ++code)
    ASSERT_EQ(quantizeFp8P(dequantizeFp8P(static_cast<uint8_t>(code))), code);
  EXPECT_EQ(dequantizeFp8P(quantizeFp8P(1.0f)), 1.0f);
  EXPECT_EQ(dequantizeFp8P(quantizeFp8P(2.0f)), 1.75f) << "saturates";
  EXPECT_EQ(quantizeFp8P(NAN), 0x7F);
}
