//===- MmaScaledTest.cpp - block-scaled products ----------------------------===//
//
// mxf8f6f4, mxf4 and mxf4nvf4: the integer reference against an independent evaluation, the fast routine against the
// reference, and values worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "WideEvaluation.h"
#include "runtime/sim/arith/MmaKernels.h"
#include "runtime/sim/arith/MmaReference.h"
#include "tests/Repetition.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::sim;
using namespace thrift::sim::test;

namespace {
struct Case {
  const char *name;
  MmaModel model;
  MmaElement a, b;
  MmaScaleFormat format;
  int width;
};

struct ScaleParts {
  bool nan;
  uint64_t significand;
  int exponent, fraction;
};

enum class ScaleStyle { Near1, Any, Zeros, Tiny };
constexpr int kScaleStyles = 4;
} // namespace

static const Case kCases[] = {
    {"mxf8 e4m3", kMmaFp8, MmaElement::E4M3, MmaElement::E4M3, MmaScaleFormat::UE8M0, 32},
    {"mxf8 e5m2 e4m3", kMmaFp8, MmaElement::E5M2, MmaElement::E4M3, MmaScaleFormat::UE8M0, 32},
    {"mxf6 e3m2 e2m3", kMmaFp8, MmaElement::E3M2, MmaElement::E2M3, MmaScaleFormat::UE8M0, 32},
    {"mxf4 in mxf8f6f4", kMmaFp8, MmaElement::E2M1, MmaElement::E4M3, MmaScaleFormat::UE8M0, 32},
    {"mxf4", kMmaMxf4, MmaElement::E2M1, MmaElement::E2M1, MmaScaleFormat::UE8M0, 32},
    {"mxf4nvf4 ue4m3", kMmaMxf4, MmaElement::E2M1, MmaElement::E2M1, MmaScaleFormat::UE4M3, 16},
    {"mxf4nvf4 ue8m0", kMmaMxf4, MmaElement::E2M1, MmaElement::E2M1, MmaScaleFormat::UE8M0, 16},
    {"mxf4 1x", kMmaMxf4, MmaElement::E2M1, MmaElement::E2M1, MmaScaleFormat::UE8M0, 64},
};

static uint8_t randomScale(MmaScaleFormat format, ScaleStyle style, std::mt19937 &random) {
  if (style == ScaleStyle::Any)
    return static_cast<uint8_t>(random());
  if (style == ScaleStyle::Zeros && random() % 2)
    return format == MmaScaleFormat::UE4M3 ? static_cast<uint8_t>(random() % 2 * 0x80) : 0;
  if (style == ScaleStyle::Tiny) // products of two are about 2^-130, where the results are subnormal
    return static_cast<uint8_t>(format == MmaScaleFormat::UE8M0 ? 50 + random() % 24 : random() % 24);
  uint32_t one = format == MmaScaleFormat::UE8M0 ? 127 : 7 << 3;
  return static_cast<uint8_t>(one - 12 + random() % 24);
}

static ScaleParts partsOfScale(MmaScaleFormat format, uint8_t code) {
  if (format == MmaScaleFormat::UE8M0)
    return {code == 255, 1, code - 127, 0};
  Parts p = partsOf(MmaElement::E4M3, code & 0x7F);
  return {p.nan, p.significand, p.exponent, p.fraction};
}

/// One step, in wide numbers.
static float wideScaledStep(const Case &kind, const std::vector<uint32_t> &a, const std::vector<uint8_t> &aScales,
                            const std::vector<uint32_t> &b, const std::vector<uint8_t> &bScales, float c) {
  std::vector<Parts> x, y;
  for (size_t i = 0; i < a.size(); ++i) {
    x.push_back(partsOf(kind.a, a[i]));
    y.push_back(partsOf(kind.b, b[i]));
  }
  Parts z = partsOfSum(c, false);
  for (size_t i = 0; i < a.size(); ++i)
    z.nan |= partsOfScale(kind.format, aScales[i / kind.width]).nan ||
             partsOfScale(kind.format, bScales[i / kind.width]).nan;
  SpecialResult special = specialsOf(x, y, z);
  if (special.decided)
    return special.value;

  std::vector<WideTerm> terms = {{z.negative, z.significand, z.exponent, z.fraction, z.significand != 0}};
  size_t group = kind.model.exactGroup ? kind.model.exactGroup : 1;
  for (size_t first = 0; first < a.size(); first += group) {
    ScaleParts s = partsOfScale(kind.format, aScales[first / kind.width]);
    ScaleParts t = partsOfScale(kind.format, bScales[first / kind.width]);
    int64_t sum = 0;
    int exponent = s.exponent + t.exponent, fraction = s.fraction + t.fraction;
    bool raises = s.significand && t.significand;
    if (group == 1) {
      sum = static_cast<int64_t>(x[first].significand * y[first].significand);
      exponent += x[first].exponent + y[first].exponent;
      fraction += x[first].fraction + y[first].fraction;
      sum = x[first].negative != y[first].negative ? -sum : sum;
      raises = raises && sum != 0;
    } else {
      for (size_t i = first; i < std::min(first + group, a.size()); ++i) {
        // E2M1: significands of one fraction bit, exponents 0 to 2; in quarters.
        int64_t product =
            static_cast<int64_t>((x[i].significand << x[i].exponent) * (y[i].significand << y[i].exponent));
        sum += x[i].negative != y[i].negative ? -product : product;
      }
      fraction += 2;
    }
    uint64_t magnitude = static_cast<uint64_t>(std::llabs(sum)) * s.significand * t.significand;
    terms.push_back({sum < 0, magnitude, exponent, fraction, raises});
  }
  return roundTerms(terms, kind.model.fractionBits, kind.model.rounding);
}

TEST(MmaScaled, ReferenceEqualsWideEvaluation) {
  std::mt19937 random(21);
  for (const Case &kind : kCases)
    for (int trial = 0; trial < 1000; ++trial) {
      Style style = static_cast<Style>(trial % kStyles);
      ScaleStyle scaleStyle = static_cast<ScaleStyle>(trial / kStyles % kScaleStyles);
      size_t k = static_cast<size_t>(kind.model.blockK), blocks = (k + kind.width - 1) / kind.width;
      RandomMatrix a(kind.a, style, k, random), b(kind.b, style, k, random);
      std::vector<uint8_t> aScales(blocks), bScales(blocks);
      for (size_t i = 0; i < blocks; ++i) {
        aScales[i] = randomScale(kind.format, scaleStyle, random);
        bScales[i] = randomScale(kind.format, scaleStyle, random);
      }
      float c = randomSum(style, random);
      float got = dotReferenceScaled(kind.model, static_cast<int>(k), {kind.a, a.values.data()},
                                     {kind.format, kind.width, aScales.data()}, {kind.b, b.values.data()},
                                     {kind.format, kind.width, bScales.data()}, c);
      ASSERT_EQ(bitsOfF32(wideScaledStep(kind, a.codes, aScales, b.codes, bScales, c)), bitsOfF32(got))
          << kind.name << ", trial " << trial;
    }
}

static void checkProduct(const Case &kind, MmaShape shape, unsigned order, Style style, ScaleStyle scaleStyle,
                         std::mt19937 &random) {
  size_t m = size_t(shape.m), n = size_t(shape.n), k = size_t(shape.k), blocks = (k + kind.width - 1) / kind.width;
  RandomMatrix a(kind.a, style, m * k, random), b(kind.b, style, n * k, random);
  std::vector<uint8_t> aScales(m * blocks), bScales(n * blocks);
  for (uint8_t &scale : aScales)
    scale = randomScale(kind.format, scaleStyle, random);
  for (uint8_t &scale : bScales)
    scale = randomScale(kind.format, scaleStyle, random);
  std::vector<float> c(m * n), expected(m * n);
  for (float &sum : c)
    sum = randomSum(style, random);

  ConstMatrix x = order & 1 ? ConstMatrix{a.values.data(), 1, shape.m} : ConstMatrix{a.values.data(), shape.k};
  ConstMatrix y = order & 2 ? ConstMatrix{b.values.data(), 1, shape.k} : ConstMatrix{b.values.data(), shape.n};
  ptrdiff_t outer = order & 4 ? 1 : ptrdiff_t(blocks);
  MmaScales s = {kind.format, kind.width, aScales.data(), outer, order & 4 ? shape.m : 1};
  MmaScales t = {kind.format, kind.width, bScales.data(), outer, order & 4 ? shape.n : 1};
  for (int i = 0; i < shape.m; ++i)
    for (int j = 0; j < shape.n; ++j)
      expected[size_t(i) * n + j] = dotReferenceScaled(
          kind.model, shape.k, {kind.a, x.data + i * x.rowStride, x.columnStride},
          {kind.format, kind.width, s.codes + i * s.outerStride, s.blockStride},
          {kind.b, y.data + j * y.columnStride, y.rowStride},
          {kind.format, kind.width, t.codes + j * t.outerStride, t.blockStride}, c[size_t(i) * n + j]);

  MmaKernelList list = availableMmaKernels();
  for (int i = 0; i < list.count; ++i) {
    std::vector<float> d(m * n);
    mmaScaledWith(*list.kernels[i], kind.model, shape, {kind.a, x}, s, {kind.b, y}, t, ConstMatrix{c.data(), shape.n},
                  Matrix{d.data(), shape.n});
    for (size_t j = 0; j < d.size(); ++j)
      ASSERT_EQ(bitsOfF32(expected[j]), bitsOfF32(d[j]))
          << list.kernels[i]->name << ", " << kind.name << ", output " << j << ", C " << c[j];
  }
}

TEST(MmaScaled, EqualsReferenceForAllStyles) {
  std::mt19937 random(22);
  for (const Case &kind : kCases)
    for (int style = 0; style < kStyles; ++style)
      for (int scaleStyle = 0; scaleStyle < kScaleStyles; ++scaleStyle)
        for (unsigned order = 0; order < repetitions(8u, 2u) && !HasFatalFailure(); ++order)
          checkProduct(kind, {16, 48, kind.model.blockK * 2}, order, static_cast<Style>(style),
                       static_cast<ScaleStyle>(scaleStyle), random);
}

TEST(MmaScaled, EqualsReferenceForShapesThatBreakTiles) {
  std::mt19937 random(23);
  for (const Case &kind : kCases)
    for (MmaShape shape : {MmaShape{1, 1, 64}, {16, 8, 64}, {65, 70, 64}, {128, 8, 192}, {5, 33, 128}, {16, 8, 32}})
      if (!HasFatalFailure())
        checkProduct(kind, shape, random() % 8, Style::Ordinary, ScaleStyle::Near1, random);
}

static float nvfp4Dot(const std::vector<float> &a, const std::vector<uint8_t> &aScales, const std::vector<float> &b,
                      const std::vector<uint8_t> &bScales, float c) {
  return dotReferenceScaled(kMmaMxf4, static_cast<int>(a.size()), {MmaElement::E2M1, a.data()},
                            {MmaScaleFormat::UE4M3, 16, aScales.data()}, {MmaElement::E2M1, b.data()},
                            {MmaScaleFormat::UE4M3, 16, bScales.data()}, c);
}

TEST(MmaScaled, Nvfp4ByHand) {
  std::vector<float> six(64, 6.0f);
  std::vector<uint8_t> one(4, 0x38), negativeOne(4, 0xB8), zero(4, 0), nan = {0x38, 0x7F, 0x38, 0x38};
  EXPECT_EQ(64 * 36.0f, nvfp4Dot(six, one, six, one, 0));
  EXPECT_EQ(64 * 36.0f + 1, nvfp4Dot(six, negativeOne, six, one, 1)); // the sign of a scale is ignored
  EXPECT_EQ(0.5f, nvfp4Dot(six, zero, six, one, 0.5f));
  EXPECT_EQ(0x7FFFFFFFu, bitsOfF32(nvfp4Dot(six, nan, six, one, 0)));
  // 0x39 is 1.125: 64 * 36 * 1.125^2, exact.
  std::vector<uint8_t> more(4, 0x39);
  EXPECT_EQ(2916.0f, nvfp4Dot(six, more, six, more, 0));
}

TEST(MmaScaled, ThirtyFiveBitsBelowTheScales) {
  // Scales of 1 put the window's end at 2^-35, whatever the sums are. A group below keeps its bits, C does not.
  std::vector<float> a(64, 0.0f), b(64, 0.0f);
  a[0] = b[0] = 1;
  a[1] = 1, b[1] = -1; // the group's sum is zero, but its scales count
  std::vector<uint8_t> one(4, 0x38);
  EXPECT_EQ(0x1p-35f, nvfp4Dot(a, one, b, one, 0x1p-35f));
  EXPECT_EQ(0x1p-35f, nvfp4Dot(a, one, b, one, 0x1.fp-35f));
  EXPECT_EQ(0.0f, nvfp4Dot(a, one, b, one, 0x1.fp-36f));
}

TEST(MmaScaled, Mxf8ScalesJoinTheExponents) {
  std::vector<float> a(32, 0.0f), b(32, 0.0f);
  a[0] = 1.5f, b[0] = 1.5f;
  uint8_t up = 127 + 20, down = 127 - 18;
  auto dot = [&](float c) {
    return dotReferenceScaled(kMmaFp8, 32, {MmaElement::E4M3, a.data()}, {MmaScaleFormat::UE8M0, 32, &up},
                              {MmaElement::E4M3, b.data()}, {MmaScaleFormat::UE8M0, 32, &down}, c);
  };
  EXPECT_EQ(9.0f, dot(0));
  // The products' exponent is 2, so that the window ends at 2^-23; with the products cancelling, C shows it.
  a[1] = 1.5f, b[1] = -1.5f;
  EXPECT_EQ(0x1p-23f, dot(0x1.fp-23f));
  EXPECT_EQ(0.0f, dot(0x1.fp-24f));
  up = 0xFF;
  EXPECT_EQ(0x7FFFFFFFu, bitsOfF32(dot(0)));
}
