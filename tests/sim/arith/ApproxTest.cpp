//===- ApproxTest.cpp - the approximate functions ---------------------------===//
//
// Against the C library in long double over inputs of every exponent, within the error that Approx.h states; monotony
// and exact points; the special cases of the PTX ISA; and the array forms against the scalar ones, bit for bit.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Approx.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/Rounding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

using namespace thrift;
using namespace thrift::sim;

static const float kInf = HUGE_VALF;
static constexpr uint32_t kNan = 0x7FFFFFFF;

/// |got - exact| in units of the last place of an f32 near `exact`.
static double ulps(float got, long double exact) {
  if (std::isinf(got) || exact == 0)
    return got == static_cast<float>(exact) ? 0 : 1e9;
  int exponent = std::max(std::ilogb(exact), -126) - 23;
  return static_cast<double>(std::fabs(std::ldexp(static_cast<long double>(got) - exact, -exponent)));
}

/// The worst error over f32 inputs in [low, high] in steps of their bits, of both signs if `negative`.
template <typename Function, typename Exact>
static double worst(Function function, Exact exact, float low, float high, bool negative, uint32_t step) {
  double result = 0;
  for (uint32_t bits = bitsOfF32(low); bits <= bitsOfF32(high); bits += step)
    for (float x : {f32OfBits(bits), f32OfBits(bits | 0x80000000u)}) {
      if (std::signbit(x) && !negative)
        continue;
      result = std::max(result, ulps(function(x), exact(static_cast<long double>(x))));
    }
  return result;
}

static constexpr uint32_t kStep = 8191; // odd, so that all mantissa bits vary: about 130,000 inputs per sign
static const float kTiny = f32OfBits(1), kMax = 0x1.fffffep127f;

TEST(Approx, Ex2) {
  auto f = [](float x) { return ex2Approx(x, Ftz::No); };
  auto exact = [](long double x) { return std::exp2(x); };
  double error = worst(f, exact, kTiny, 127.99f, true, kStep / 16);
  std::printf("ex2: %.5f ulp\n", error);
  EXPECT_LE(error, 0.5001);
  for (int n = -149; n <= 127; ++n)
    EXPECT_EQ(std::ldexp(1.0f, n), f(static_cast<float>(n))) << n;
}

TEST(Approx, Ex2IsMonotone) {
  std::mt19937 random(61);
  for (int trial = 0; trial < 200000; ++trial) {
    float x = -std::ldexp(static_cast<float>(random() >> 8), -17); // (-128, 0]
    float next = std::nextafter(x, kInf);
    ASSERT_LE(ex2Approx(x, Ftz::No), ex2Approx(next, Ftz::No)) << x;
  }
}

TEST(Approx, Ex2Specials) {
  for (Ftz ftz : {Ftz::No, Ftz::Yes}) {
    EXPECT_EQ(0u, bitsOfF32(ex2Approx(-kInf, ftz)));
    EXPECT_EQ(kInf, ex2Approx(kInf, ftz));
    EXPECT_EQ(kInf, ex2Approx(128, ftz));
    EXPECT_EQ(0u, bitsOfF32(ex2Approx(-1e30f, ftz)));
    EXPECT_EQ(1.0f, ex2Approx(0.0f, ftz));
    EXPECT_EQ(1.0f, ex2Approx(-0.0f, ftz));
    EXPECT_EQ(1.0f, ex2Approx(kTiny, ftz));
    EXPECT_EQ(kNan, bitsOfF32(ex2Approx(f32OfBits(0xFFC00000), ftz)));
    EXPECT_EQ(0x1p-126f, ex2Approx(-126, ftz));
  }
  EXPECT_EQ(0x1p-127f, ex2Approx(-127, Ftz::No));
  EXPECT_EQ(kTiny, ex2Approx(-149, Ftz::No));
  EXPECT_EQ(0u, bitsOfF32(ex2Approx(-150, Ftz::No))); // a tie, to even
  EXPECT_EQ(kTiny, ex2Approx(-149.999f, Ftz::No));
  EXPECT_EQ(0u, bitsOfF32(ex2Approx(-127, Ftz::Yes)));
  EXPECT_EQ(0u, bitsOfF32(ex2Approx(-126.00001f, Ftz::Yes)));
}

TEST(Approx, Tanh) {
  auto f = [](float x) { return tanhApprox(x); };
  auto exact = [](long double x) { return std::tanh(x); };
  double error = worst(f, exact, kTiny, 40.0f, true, kStep / 8);
  std::printf("tanh: %.5f ulp\n", error);
  EXPECT_LE(error, 0.5001);
  EXPECT_EQ(1.0f, f(kInf));
  EXPECT_EQ(-1.0f, f(-kInf));
  EXPECT_EQ(1.0f, f(20));
  EXPECT_EQ(0x80000000u, bitsOfF32(f(-0.0f)));
  EXPECT_EQ(f32OfBits(0x80000123u), f(f32OfBits(0x80000123u)));
  EXPECT_EQ(kNan, bitsOfF32(f(f32OfBits(0x7F800001))));
}

TEST(Approx, ArraysEqualScalars) {
  std::mt19937 random(62);
  for (size_t count : {size_t(1), size_t(7), size_t(16), size_t(32), size_t(33), size_t(100)})
    for (int trial = 0; trial < 2000; ++trial) {
      std::vector<float> x(count), y(count), z(count);
      for (float &value : x)
        value = trial % 2 ? f32OfBits(random()) : std::ldexp(static_cast<float>(random() >> 8), -17) - 64;
      std::vector<float> inPlace = x;
      Ftz ftz = trial % 3 ? Ftz::No : Ftz::Yes;
      ex2Approx(x.data(), y.data(), count, ftz);
      ex2Approx(inPlace.data(), inPlace.data(), count, ftz);
      tanhApprox(x.data(), z.data(), count);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(bitsOfF32(ex2Approx(x[i], ftz)), bitsOfF32(y[i])) << x[i];
        ASSERT_EQ(bitsOfF32(y[i]), bitsOfF32(inPlace[i])) << x[i];
        ASSERT_EQ(bitsOfF32(tanhApprox(x[i])), bitsOfF32(z[i])) << x[i];
      }
    }
}

TEST(Approx, Lg2) {
  auto f = [](float x) { return lg2Approx(x, Ftz::No); };
  auto exact = [](long double x) { return std::log2(x); };
  double error = worst(f, exact, kTiny, kMax, false, kStep / 8);
  double nearOne = worst(f, exact, 0.999f, 1.001f, false, 1);
  std::printf("lg2: %.5f ulp, near 1 %.5f ulp\n", error, nearOne);
  EXPECT_LE(error, 0.5001);
  EXPECT_LE(nearOne, 0.5001);
  EXPECT_EQ(-kInf, f(0.0f));
  EXPECT_EQ(-kInf, f(-0.0f));
  EXPECT_EQ(kInf, f(kInf));
  EXPECT_EQ(kNan, bitsOfF32(f(-1)));
  EXPECT_EQ(kNan, bitsOfF32(f(-kInf)));
  EXPECT_EQ(kNan, bitsOfF32(f(-kTiny)));
  EXPECT_EQ(kNan, bitsOfF32(f(f32OfBits(0xFF800001))));
  EXPECT_EQ(-149.0f, f(kTiny));
  EXPECT_EQ(-kInf, lg2Approx(kTiny, Ftz::Yes));
  EXPECT_EQ(-kInf, lg2Approx(-kTiny, Ftz::Yes));
  for (int n = -149; n <= 127; ++n)
    EXPECT_EQ(static_cast<float>(n), f(std::ldexp(1.0f, n)));
}

TEST(Approx, RcpSqrtRsqrt) {
  auto rcp = [](float x) { return rcpApprox(x, Ftz::No); };
  auto root = [](float x) { return sqrtApprox(x, Ftz::No); };
  auto rsqrt = [](float x) { return rsqrtApprox(x, Ftz::No); };
  auto exactRcp = [](long double x) { return 1 / x; };
  auto exactRoot = [](long double x) { return std::sqrt(x); };
  auto exactRsqrt = [](long double x) { return 1 / std::sqrt(x); };
  double errors[] = {worst(rcp, exactRcp, 0x1p-127f, kMax, true, kStep),
                     worst(root, exactRoot, kTiny, kMax, false, kStep),
                     worst(rsqrt, exactRsqrt, kTiny, kMax, false, kStep)};
  std::printf("rcp %.5f, sqrt %.5f, rsqrt %.5f ulp\n", errors[0], errors[1], errors[2]);
  EXPECT_LE(errors[0], 0.5);
  EXPECT_LE(errors[1], 0.5);
  EXPECT_LE(errors[2], 0.5001);

  EXPECT_EQ(kInf, rcp(0.0f));
  EXPECT_EQ(-kInf, rcp(-0.0f));
  EXPECT_EQ(0x80000000u, bitsOfF32(rcp(-kInf)));
  EXPECT_EQ(kNan, bitsOfF32(rcp(f32OfBits(0xFFFFFFFF))));
  EXPECT_EQ(kInf, rcp(kTiny));
  EXPECT_EQ(-kInf, rcpApprox(-f32OfBits(0x7FFFFF), Ftz::Yes));
  EXPECT_EQ(0x1p-127f, rcp(0x1p127f));
  EXPECT_EQ(0.0f, rcpApprox(0x1p127f, Ftz::Yes));

  EXPECT_EQ(0x80000000u, bitsOfF32(root(-0.0f)));
  EXPECT_EQ(kInf, root(kInf));
  EXPECT_EQ(kNan, bitsOfF32(root(-1)));
  EXPECT_EQ(0x80000000u, bitsOfF32(sqrtApprox(-kTiny, Ftz::Yes)));

  EXPECT_EQ(kInf, rsqrt(0.0f));
  EXPECT_EQ(-kInf, rsqrt(-0.0f));
  EXPECT_EQ(0u, bitsOfF32(rsqrt(kInf)));
  EXPECT_EQ(kNan, bitsOfF32(rsqrt(-1)));
  EXPECT_EQ(kInf, rsqrtApprox(kTiny, Ftz::Yes));
}

TEST(Approx, SinCos) {
  auto sine = [](float x) { return sinApprox(x, Ftz::No); };
  auto cosine = [](float x) { return cosApprox(x, Ftz::No); };
  auto exactSine = [](long double x) { return std::sin(x); };
  auto exactCosine = [](long double x) { return std::cos(x); };
  double errors[] = {worst(sine, exactSine, kTiny, 1e6f, true, kStep),
                     worst(cosine, exactCosine, kTiny, 1e6f, true, kStep)};
  std::printf("sin %.5f, cos %.5f ulp\n", errors[0], errors[1]);
  EXPECT_LE(errors[0], 0.5001);
  EXPECT_LE(errors[1], 0.5001);
  EXPECT_EQ(kNan, bitsOfF32(sine(kInf)));
  EXPECT_EQ(kNan, bitsOfF32(cosine(-kInf)));
  EXPECT_EQ(0x80000000u, bitsOfF32(sine(-0.0f)));
  EXPECT_EQ(1.0f, cosine(kTiny));
  EXPECT_EQ(kTiny, sine(kTiny));
  EXPECT_EQ(0u, bitsOfF32(sinApprox(kTiny, Ftz::Yes)));
}

TEST(Approx, Divisions) {
  EXPECT_EQ(1.0f / 3.0f, divApprox(1, 3, Ftz::No));
  EXPECT_EQ(0u, bitsOfF32(divApprox(1e30f, 0x1.8p126f, Ftz::No)));
  EXPECT_EQ(0x80000000u, bitsOfF32(divApprox(-1e30f, 0x1.8p126f, Ftz::No)));
  EXPECT_EQ(kNan, bitsOfF32(divApprox(kInf, 0x1.8p126f, Ftz::No)));
  EXPECT_EQ(2.0f, divApprox(0x1p127f, 0x1p126f, Ftz::No));
  EXPECT_EQ(1e30f / 0x1.8p126f, divFull(1e30f, 0x1.8p126f, Ftz::No));
  EXPECT_EQ(kNan, bitsOfF32(divFull(0, 0, Ftz::No)));
  EXPECT_EQ(kNan, bitsOfF32(divApprox(kInf, kInf, Ftz::No)));
  EXPECT_EQ(-kInf, divFull(-1, kTiny, Ftz::Yes)); // the divisor is flushed
  EXPECT_EQ(0u, bitsOfF32(divFull(0x1p-100f, 0x1p30f, Ftz::Yes)));
  EXPECT_EQ(0x1p-130f, divFull(0x1p-100f, 0x1p30f, Ftz::No));
}

/// The nearest 16-bit code to an exact value, found among the neighbours of a first guess.
static uint16_t nearestCode(long double exact, uint16_t guess, float (*widen)(uint16_t)) {
  uint16_t best = guess;
  for (int delta = -2; delta <= 2; ++delta) {
    uint16_t code = static_cast<uint16_t>(guess + delta);
    if ((code ^ guess) & 0x8000 || !std::isfinite(widen(code)))
      continue;
    long double distance = std::fabs(widen(code) - exact), least = std::fabs(widen(best) - exact);
    if (distance < least || (distance == least && !(code & 1)))
      best = code;
  }
  return best;
}

TEST(Approx, HalfPrecisionOverAllCodes) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    uint16_t code = static_cast<uint16_t>(bits);
    float half = f32FromF16(code), brain = f32FromBf16(code);
    if (std::isfinite(half)) {
      long double exact = std::exp2(static_cast<long double>(half));
      uint16_t got = ex2ApproxF16(code, Ftz::No);
      ASSERT_EQ(exact >= 65520 ? 0x7C00 : nearestCode(exact, got == 0x7C00 ? 0x7BFF : got, f32FromF16), got) << half;
      ASSERT_EQ(got < 0x400 ? 0 : got, ex2ApproxF16(code, Ftz::Yes)) << half;
      uint16_t tanh = tanhApproxF16(code);
      ASSERT_EQ(nearestCode(std::tanh(static_cast<long double>(half)), tanh, f32FromF16), tanh) << half;
    }
    if (std::isfinite(brain)) {
      long double exact = std::exp2(static_cast<long double>(brain));
      uint16_t got = ex2ApproxBf16(code);
      // The flush looks at the rounded result.
      uint16_t expected =
          exact >= 0x1.ffp127L ? 0x7F80 : nearestCode(exact, f32FromBf16(got) ? got : 0x80, f32FromBf16);
      if (exact < 0x1.fep-127L)
        expected = 0;
      ASSERT_EQ(expected, got) << brain;
      uint16_t tanh = tanhApproxBf16(code);
      ASSERT_EQ(nearestCode(std::tanh(static_cast<long double>(brain)), tanh, f32FromBf16), tanh) << brain;
    }
  }
  EXPECT_EQ(0x7FFF, ex2ApproxF16(0xFE00, Ftz::No));
  EXPECT_EQ(0x7FFF, ex2ApproxBf16(0x7FC0));
  EXPECT_EQ(0x7FFF, tanhApproxF16(0x7C01));
  EXPECT_EQ(0x7FFF, tanhApproxBf16(0xFF81));
  EXPECT_EQ(0x7C00, ex2ApproxF16(0x7C00, Ftz::No));
  EXPECT_EQ(0, ex2ApproxF16(0xFC00, Ftz::No));
  EXPECT_EQ(0xBC00, tanhApproxF16(0xFC00));
  EXPECT_EQ(0x3F80, tanhApproxBf16(0x7F80));
}
