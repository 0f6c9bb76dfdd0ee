//===- ConvertTest.cpp - cvt to the narrower formats ------------------------===//
//
// Against a search: every code of the target is widened, sorted, and the two neighbours of the input give the answer
// for each mode. And against the formats library, where both round to nearest.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Convert.h"

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float4.h"
#include "dialect/formats/Float8.h"
#include "runtime/sim/arith/Elements.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace thrift;
using namespace thrift::sim;

static const RoundingMode kModes[] = {RoundingMode::Nearest, RoundingMode::Zero, RoundingMode::Down, RoundingMode::Up};

/// The finite magnitudes of a format, ascending; the index is the code.
static std::vector<double> magnitudes(MmaElement element, uint32_t codes) {
  std::vector<double> values;
  for (uint32_t code = 0; code < codes; ++code) {
    double value = widenElement(element, element == MmaElement::TF32 ? code << 13 : code);
    if (!std::isfinite(value))
      break;
    values.push_back(value);
  }
  return values;
}

/// The code that a mode asks for, or values.size() where it overflows.
static size_t searchCode(const std::vector<double> &values, float x, RoundingMode mode, bool tiesAway) {
  double magnitude = std::fabs(static_cast<double>(x));
  size_t above = static_cast<size_t>(std::lower_bound(values.begin(), values.end(), magnitude) - values.begin());
  if (above < values.size() && values[above] == magnitude)
    return above;
  size_t below = above - 1; // values[0] is zero
  bool away = mode == (std::signbit(x) ? RoundingMode::Down : RoundingMode::Up);
  if (mode == RoundingMode::Nearest) {
    // The number after the largest would be one step of the last spacing further.
    double next = above < values.size() ? values[above] : 2 * values.back() - values[values.size() - 2];
    double middle = (values[below] + next) / 2;
    away = magnitude > middle || (magnitude == middle && (tiesAway || below % 2));
  }
  return away ? above : below;
}

static std::vector<float> inputs(const std::vector<double> &values, std::mt19937 &random) {
  std::vector<float> list = {0.0f, 1e30f, 0x1.fffffep127f, f32OfBits(1), f32OfBits(0x7FFFFF), 0x1p-126f};
  for (size_t step = std::max<size_t>(1, values.size() / 3000), i = 0; i < values.size(); i += step) {
    float value = static_cast<float>(values[i]);
    float next = static_cast<float>(i + 1 < values.size() ? values[i + 1] : 2 * values[i] - values[i - 1]);
    float middle = static_cast<float>((static_cast<double>(value) + next) / 2);
    for (float x : {value, middle})
      for (int32_t delta : {-1, 0, 1})
        if (std::isfinite(x) && (bitsOfF32(x) || delta >= 0))
          list.push_back(f32OfBits(bitsOfF32(x) + static_cast<uint32_t>(delta)));
  }
  for (int i = 0; i < 20000; ++i)
    list.push_back(f32OfBits(random() & 0x7FFFFFFF));
  size_t count = list.size();
  for (size_t i = 0; i < count; ++i)
    list.push_back(-list[i]);
  list.erase(std::remove_if(list.begin(), list.end(), [](float x) { return !std::isfinite(x); }), list.end());
  return list;
}

/// `convert` gives the whole code, `sign` is its sign bit, `infinity` the code of infinity (0: saturates).
template <typename Convert>
static void checkFormat(MmaElement element, uint32_t codes, uint32_t sign, uint32_t infinity, Convert convert,
                        bool tiesAway = false) {
  std::mt19937 random(51);
  std::vector<double> values = magnitudes(element, codes);
  for (RoundingMode mode : kModes) {
    if (tiesAway && mode != RoundingMode::Nearest)
      continue;
    for (float x : inputs(values, random)) {
      size_t code = searchCode(values, x, mode, tiesAway);
      if (code == values.size())
        code = infinity ? infinity : values.size() - 1;
      // Below the top, infinity is only reached by rounding; far beyond it, too.
      ASSERT_EQ(code | (std::signbit(x) ? sign : 0u), convert(x, mode))
          << static_cast<int>(element) << " mode " << static_cast<int>(mode) << " x " << x;
    }
  }
}

TEST(Convert, F16) {
  checkFormat(MmaElement::F16, 0x7C00, 0x8000, 0x7C00, [](float x, RoundingMode mode) { return cvtF16(x, mode); });
  checkFormat(MmaElement::F16, 0x7C00, 0x8000, 0,
              [](float x, RoundingMode mode) { return cvtF16(x, mode, Overflow::SatFinite); });
}

TEST(Convert, Bf16) {
  checkFormat(MmaElement::BF16, 0x7F80, 0x8000, 0x7F80, [](float x, RoundingMode mode) { return cvtBf16(x, mode); });
}

TEST(Convert, Tf32) {
  auto shifted = [](float x, RoundingMode mode) { return cvtTf32(x, mode) >> 13; };
  checkFormat(MmaElement::TF32, 0x3FC00, 1u << 18, 0x3FC00, shifted);
  auto away = [](float x, RoundingMode) { return cvtTf32NearestAway(x) >> 13; };
  checkFormat(MmaElement::TF32, 0x3FC00, 1u << 18, 0x3FC00, away, true);
  EXPECT_EQ(0u, cvtTf32(1.2345678f, RoundingMode::Nearest) & 0x1FFF);
  EXPECT_EQ(bitsOfF32(0x1.008p0f), cvtTf32NearestAway(0x1.006p0f)); // a tie
  EXPECT_EQ(bitsOfF32(0x1.004p0f), cvtTf32NearestAway(0x1.002p0f));
  EXPECT_EQ(bitsOfF32(1.0f), cvtTf32(0x1.002p0f, RoundingMode::Nearest));
}

TEST(Convert, NarrowFormatsSaturate) {
  checkFormat(MmaElement::E4M3, 0x7F, 0x80, 0, [](float x, RoundingMode mode) { return cvtE4m3(x, mode); });
  checkFormat(MmaElement::E5M2, 0x7C, 0x80, 0, [](float x, RoundingMode mode) { return cvtE5m2(x, mode); });
  checkFormat(MmaElement::E3M2, 0x20, 0x20, 0, [](float x, RoundingMode mode) { return cvtE3m2(x, mode); });
  checkFormat(MmaElement::E2M3, 0x20, 0x20, 0, [](float x, RoundingMode mode) { return cvtE2m3(x, mode); });
  checkFormat(MmaElement::E2M1, 0x08, 0x08, 0, [](float x, RoundingMode mode) { return cvtE2m1(x, mode); });
}

TEST(Convert, AgreesWithTheFormatsLibrary) {
  std::mt19937 random(52);
  for (int trial = 0; trial < 300000; ++trial) {
    float x = f32OfBits(random());
    if (trial % 2)
      x = std::ldexp(static_cast<float>(random() % 4096) / 256 - 8, static_cast<int>(random() % 24) - 16);
    ASSERT_EQ(f16FromF32(x), cvtF16(x, RoundingMode::Nearest)) << x;
    ASSERT_EQ(bf16FromF32(x), cvtBf16(x, RoundingMode::Nearest)) << x;
    ASSERT_EQ(e4m3FromF32(x), cvtE4m3(x)) << x;
    ASSERT_EQ(e2m1FromF32(x), cvtE2m1(x)) << x;
    ASSERT_EQ(ue8m0FromF32RoundUp(std::fabs(x)), cvtUe8m0(x, RoundingMode::Up)) << x;
  }
}

TEST(Convert, Specials) {
  const float inf = HUGE_VALF, nan = f32OfBits(0xFFC00001);
  EXPECT_EQ(0x7FFF, cvtF16(nan, RoundingMode::Zero));
  EXPECT_EQ(0x7FFF, cvtBf16(nan, RoundingMode::Zero));
  EXPECT_EQ(0x7FFFFFFFu, cvtTf32(nan, RoundingMode::Zero));
  EXPECT_EQ(0x7F, cvtE4m3(nan));
  EXPECT_EQ(0x7F, cvtE5m2(nan));
  EXPECT_EQ(0x1F, cvtE3m2(nan));
  EXPECT_EQ(0x1F, cvtE2m3(nan));
  EXPECT_EQ(0x07, cvtE2m1(nan));
  for (RoundingMode mode : kModes) {
    EXPECT_EQ(0x7C00, cvtF16(inf, mode));
    EXPECT_EQ(0xFF80, cvtBf16(-inf, mode));
    EXPECT_EQ(0xFBFF, cvtF16(-inf, mode, Overflow::SatFinite));
    EXPECT_EQ(0x7F7F, cvtBf16(inf, mode, Overflow::SatFinite));
    EXPECT_EQ(0x7F7FE000u, cvtTf32(inf, mode, Overflow::SatFinite));
    EXPECT_EQ(0x7F800000u, cvtTf32(inf, mode));
    EXPECT_EQ(0xFE, cvtE4m3(-inf, mode));
    EXPECT_EQ(0x7B, cvtE5m2(inf, mode));
  }
}

TEST(Convert, Ue8m0) {
  EXPECT_EQ(127, cvtUe8m0(1.0f, RoundingMode::Zero));
  EXPECT_EQ(127, cvtUe8m0(1.0f, RoundingMode::Up));
  EXPECT_EQ(127, cvtUe8m0(-1.5f, RoundingMode::Zero)); // the sign is dropped
  EXPECT_EQ(128, cvtUe8m0(-1.5f, RoundingMode::Up));
  EXPECT_EQ(0, cvtUe8m0(0.0f, RoundingMode::Up));
  EXPECT_EQ(0, cvtUe8m0(f32OfBits(1), RoundingMode::Up)); // clipped to 2^-127
  EXPECT_EQ(0, cvtUe8m0(0x1p-127f, RoundingMode::Up));
  EXPECT_EQ(1, cvtUe8m0(f32OfBits(0x00400001), RoundingMode::Up));
  EXPECT_EQ(0, cvtUe8m0(f32OfBits(0x007FFFFF), RoundingMode::Zero));
  EXPECT_EQ(254, cvtUe8m0(0x1.8p127f, RoundingMode::Up));
  EXPECT_EQ(255, cvtUe8m0(0x1.8p127f, RoundingMode::Up, Overflow::Ieee));
  EXPECT_EQ(254, cvtUe8m0(0x1.8p127f, RoundingMode::Zero, Overflow::Ieee));
  EXPECT_EQ(254, cvtUe8m0(HUGE_VALF, RoundingMode::Zero));
  EXPECT_EQ(255, cvtUe8m0(HUGE_VALF, RoundingMode::Zero, Overflow::Ieee));
  EXPECT_EQ(255, cvtUe8m0(f32OfBits(0x7FC00000), RoundingMode::Up));
}
