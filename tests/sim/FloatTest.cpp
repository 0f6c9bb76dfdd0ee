//===- FloatTest.cpp - f32 and f64 arithmetic -------------------------------===//

#include "tests/sim/SimHarness.h"

#include <cfenv>
#include <cmath>
#include <functional>

namespace thrift::sim::test {

constexpr size_t kCount = 4000;

static float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }
static float saturated(float x) { return x > 0 ? std::min(x, 1.0f) : 0.0f; }

static void check2(const std::string &code, std::function<float(float, float)> oracle) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint32_t> d = elementwise<uint32_t>(code, a, b);
  ASSERT_EQ(d.size(), kCount) << code;
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], canonicalBits(oracle(a[i], b[i]))) << code << " of " << a[i] << ", " << b[i];
}
static void check3(const std::string &code, std::function<float(float, float, float)> oracle) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2), c = floats(kCount, 3);
  for (size_t i = 0; i < kCount; i += 4) // cancellation
    c[i] = -a[i] * b[i];
  std::vector<uint32_t> d = elementwise<uint32_t>(code, a, b, c);
  ASSERT_EQ(d.size(), kCount) << code;
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], canonicalBits(oracle(a[i], b[i], c[i]))) << code << " of " << a[i] << ", " << b[i] << ", " << c[i];
}

TEST(Float, NearestArithmetic) {
  check2("add.f32 %d, %a, %b;", [](float a, float b) { return a + b; });
  check2("sub.rn.f32 %d, %a, %b;", [](float a, float b) { return a - b; });
  check2("mul.f32 %d, %a, %b;", [](float a, float b) { return a * b; });
  check2("div.rn.f32 %d, %a, %b;", [](float a, float b) { return a / b; });
  check3("fma.rn.f32 %d, %a, %b, %c;", [](float a, float b, float c) { return std::fma(a, b, c); });
  check2("fma.rn.f32 %d, %a, %b, 0f3F800000;", [](float a, float b) { return std::fma(a, b, 1.0f); });
}

TEST(Float, FlushAndSaturate) {
  check2("add.ftz.f32 %d, %a, %b;", [](float a, float b) { return flushed(flushed(a) + flushed(b)); });
  check2("mul.ftz.f32 %d, %a, %b;", [](float a, float b) { return flushed(flushed(a) * flushed(b)); });
  check2("add.sat.f32 %d, %a, %b;", [](float a, float b) { return saturated(a + b); });
  check2("mul.ftz.sat.f32 %d, %a, %b;", [](float a, float b) { return saturated(flushed(flushed(a) * flushed(b))); });
  check3("fma.rn.ftz.f32 %d, %a, %b, %c;",
         [](float a, float b, float c) { return flushed(std::fma(flushed(a), flushed(b), flushed(c))); });
  check3("fma.rn.sat.f32 %d, %a, %b, %c;", [](float a, float b, float c) { return saturated(std::fma(a, b, c)); });
}

/// The host's own directed rounding.
template <typename F>
static auto rounded(int mode, F f) {
  std::fesetround(mode);
  auto result = f();
  std::fesetround(FE_TONEAREST);
  return result;
}

TEST(Float, DirectedRounding) {
  struct Mode {
    const char *name;
    int mode;
  };
  for (Mode mode : {Mode{"rz", FE_TOWARDZERO}, Mode{"rm", FE_DOWNWARD}, Mode{"rp", FE_UPWARD}}) {
    std::string name = mode.name;
    check2("add." + name + ".f32 %d, %a, %b;", [&](float a, float b) {
      volatile float x = a, y = b;
      return rounded(mode.mode, [&] {
        volatile float r = x + y;
        return float(r);
      });
    });
    check2("sub." + name + ".f32 %d, %a, %b;", [&](float a, float b) {
      volatile float x = a, y = b;
      return rounded(mode.mode, [&] {
        volatile float r = x - y;
        return float(r);
      });
    });
    check2("mul." + name + ".f32 %d, %a, %b;", [&](float a, float b) {
      volatile float x = a, y = b;
      return rounded(mode.mode, [&] {
        volatile float r = x * y;
        return float(r);
      });
    });
    check3("fma." + name + ".f32 %d, %a, %b, %c;", [&](float a, float b, float c) {
      return rounded(mode.mode, [&] {
        volatile float r = std::fma(a, b, c);
        return float(r);
      });
    });
    std::vector<double> a = doubles(kCount, 1), b = doubles(kCount, 2);
    std::vector<uint64_t> d = elementwise<uint64_t>("add." + name + ".f64 %d, %a, %b;", a, b);
    for (size_t i = 0; i < kCount; ++i) {
      volatile double x = a[i], y = b[i];
      double expected = rounded(mode.mode, [&] {
        volatile double r = x + y;
        return double(r);
      });
      if (!std::isnan(expected)) {
        ASSERT_EQ(d[i], bits(expected)) << name << " of " << a[i] << ", " << b[i];
      }
    }
  }
}

TEST(Float, DoubleArithmetic) {
  std::vector<double> a = doubles(kCount, 1), b = doubles(kCount, 2), c = doubles(kCount, 3);
  auto check = [&](const std::string &code, std::function<double(double, double, double)> oracle) {
    std::vector<double> d = elementwise<double>(code, a, b, c);
    ASSERT_EQ(d.size(), kCount);
    for (size_t i = 0; i < kCount; ++i) {
      double expected = oracle(a[i], b[i], c[i]);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(d[i])) << code;
        continue;
      }
      ASSERT_EQ(bits(d[i]), bits(expected)) << code << " of " << a[i] << ", " << b[i];
    }
  };
  check("add.f64 %d, %a, %b;", [](double x, double y, double) { return x + y; });
  check("sub.f64 %d, %a, %b;", [](double x, double y, double) { return x - y; });
  check("mul.f64 %d, %a, %b;", [](double x, double y, double) { return x * y; });
  check("div.rn.f64 %d, %a, %b;", [](double x, double y, double) { return x / y; });
  check("fma.rn.f64 %d, %a, %b, %c;", [](double x, double y, double z) { return std::fma(x, y, z); });
  check("neg.f64 %d, %a;", [](double x, double, double) { return -x; });
  check("abs.f64 %d, %a;", [](double x, double, double) { return std::fabs(x); });
  check("sqrt.rn.f64 %d, %a;", [](double x, double, double) { return std::sqrt(x); });
  check("rcp.rn.f64 %d, %a;", [](double x, double, double) { return 1 / x; });
  check("copysign.f64 %d, %a, %b;", [](double x, double y, double) { return std::copysign(y, x); });
}

static float minimum(float a, float b) {
  if (std::isnan(a))
    return b;
  if (std::isnan(b))
    return a;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
static float maximum(float a, float b) {
  if (std::isnan(a))
    return b;
  if (std::isnan(b))
    return a;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

TEST(Float, MinAndMax) {
  auto propagate = [](auto f) {
    return [f](float a, float b) { return std::isnan(a) || std::isnan(b) ? NAN : f(a, b); };
  };
  check2("min.f32 %d, %a, %b;", minimum);
  check2("max.f32 %d, %a, %b;", maximum);
  check2("min.NaN.f32 %d, %a, %b;", propagate(minimum));
  check2("max.NaN.f32 %d, %a, %b;", propagate(maximum));
  check2("max.ftz.f32 %d, %a, %b;", [](float a, float b) { return maximum(flushed(a), flushed(b)); });
  check3("max.f32 %d, %a, %b, %c;", [](float a, float b, float c) { return maximum(maximum(a, b), c); });
  check2("min.xorsign.abs.f32 %d, %a, %b;", [](float a, float b) {
    float value = minimum(std::fabs(a), std::fabs(b));
    return std::signbit(a) != std::signbit(b) ? -value : value;
  });
}

TEST(Float, ExtremaOfThree) {
  for (bool max : {false, true})
    for (bool ftz : {false, true})
      for (bool nan : {false, true})
        for (bool abs : {false, true})
          check3(std::string(max ? "max" : "min") + (ftz ? ".ftz" : "") + (nan ? ".NaN" : "") + (abs ? ".abs" : "") +
                     ".f32 %d, %a, %b, %c;",
                 [&](float a, float b, float c) {
                   if (nan && (std::isnan(a) || std::isnan(b) || std::isnan(c)))
                     return NAN;
                   for (float *x : {&a, &b, &c}) {
                     *x = ftz ? flushed(*x) : *x;
                     *x = abs ? std::fabs(*x) : *x;
                   }
                   return max ? maximum(maximum(a, b), c) : minimum(minimum(a, b), c);
                 });
}

TEST(Float, ExtremaWithTheProductOfTheSigns) {
  for (bool max : {false, true})
    for (bool ftz : {false, true})
      for (bool nan : {false, true})
        check2(std::string(max ? "max" : "min") + (ftz ? ".ftz" : "") + (nan ? ".NaN" : "") +
                   ".xorsign.abs.f32 %d, %a, %b;",
               [&](float a, float b) {
                 if (nan ? std::isnan(a) || std::isnan(b) : std::isnan(a) && std::isnan(b))
                   return NAN;
                 float x = std::fabs(ftz ? flushed(a) : a), y = std::fabs(ftz ? flushed(b) : b);
                 return std::copysign(max ? maximum(x, y) : minimum(x, y),
                                      std::signbit(a) != std::signbit(b) ? -1.0f : 1.0f);
               });
}

TEST(Float, ZerosAreOrdered) {
  std::vector<float> a = {0.0f, -0.0f, 0.0f, -0.0f}, b = {-0.0f, 0.0f, 0.0f, -0.0f};
  EXPECT_EQ(elementwise<uint32_t>("min.f32 %d, %a, %b;", a, b),
            (std::vector<uint32_t>{0x80000000u, 0x80000000u, 0u, 0x80000000u}));
  EXPECT_EQ(elementwise<uint32_t>("max.f32 %d, %a, %b;", a, b), (std::vector<uint32_t>{0u, 0u, 0u, 0x80000000u}));
}

TEST(Float, SignsAndRoots) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  auto check = [&](const std::string &code, std::function<uint32_t(float, float)> oracle) {
    std::vector<uint32_t> d = elementwise<uint32_t>(code, a, b);
    ASSERT_EQ(d.size(), kCount);
    for (size_t i = 0; i < kCount; ++i)
      ASSERT_EQ(d[i], oracle(a[i], b[i])) << code << " of " << a[i];
  };
  check("neg.f32 %d, %a;", [](float x, float) { return canonicalBits(-x); });
  check("abs.f32 %d, %a;", [](float x, float) { return canonicalBits(std::fabs(x)); });
  check("neg.ftz.f32 %d, %a;", [](float x, float) { return canonicalBits(-flushed(x)); });
  check("copysign.f32 %d, %a, %b;", [](float x, float y) { return (bits(x) & 0x80000000u) | (bits(y) & 0x7FFFFFFFu); });
  check("sqrt.rn.f32 %d, %a;", [](float x, float) { return canonicalBits(std::sqrt(x)); });
  check("sqrt.rn.ftz.f32 %d, %a;", [](float x, float) { return canonicalBits(std::sqrt(flushed(x))); });
  check("rcp.rn.f32 %d, %a;", [](float x, float) { return canonicalBits(1.0f / x); });
}

/// Distance in units of the last place of the expected value.
static double ulps(float got, double expected) {
  auto nearest = static_cast<float>(expected);
  if (std::isnan(nearest) || std::isinf(nearest) || std::isnan(got) || std::isinf(got))
    return canonicalBits(got) == canonicalBits(nearest) ? 0 : 1e9;
  int exponent;
  std::frexp(nearest, &exponent);
  return std::fabs(got - expected) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

TEST(Float, Approximations) {
  std::vector<float> a = floats(kCount, 1);
  auto check = [&](const std::string &code, std::function<double(double)> oracle, double limit,
                   std::function<bool(float)> where = nullptr) {
    std::vector<float> d = elementwise<float>(code + " %d, %a;", a);
    ASSERT_EQ(d.size(), kCount);
    for (size_t i = 0; i < kCount; ++i)
      if (!where || where(a[i])) {
        ASSERT_LE(ulps(d[i], oracle(a[i])), limit) << code << " of " << a[i] << " is " << d[i];
      }
  };
  check(
      "ex2.approx.f32", [](double x) { return std::exp2(x); }, 1);
  check(
      "lg2.approx.f32", [](double x) { return std::log2(x); }, 1);
  check(
      "rcp.approx.f32", [](double x) { return 1 / x; }, 1);
  check(
      "sqrt.approx.f32", [](double x) { return std::sqrt(x); }, 1);
  check(
      "rsqrt.approx.f32", [](double x) { return 1 / std::sqrt(x); }, 1);
  check(
      "sin.approx.f32", [](double x) { return std::sin(x); }, 1, [](float x) { return std::fabs(x) < 300; });
  check(
      "cos.approx.f32", [](double x) { return std::cos(x); }, 1, [](float x) { return std::fabs(x) < 300; });
  check(
      "tanh.approx.f32", [](double x) { return std::tanh(x); }, 1);
  EXPECT_EQ(elementwise<uint32_t>("ex2.approx.ftz.f32 %d, %a;", std::vector<float>{-130.0f, 3.0f, 0.0f, -126.0f}),
            (std::vector<uint32_t>{0u, bits(8.0f), bits(1.0f), 0x00800000u}));
}

TEST(Float, PairsOfF32) {
  std::vector<float> low = floats(kCount, 1), high = floats(kCount, 2), x = floats(kCount, 3), y = floats(kCount, 4);
  auto pairs = [](const std::vector<float> &a, const std::vector<float> &b) {
    std::vector<uint64_t> both(a.size());
    for (size_t i = 0; i < a.size(); ++i)
      both[i] = bits(a[i]) | uint64_t(bits(b[i])) << 32;
    return both;
  };
  std::vector<uint64_t> a = pairs(low, high), b = pairs(x, y), c = pairs(high, x);
  auto check = [&](const std::string &code, std::function<float(float, float, float)> oracle) {
    std::vector<uint64_t> d = elementwise<uint64_t>(code, a, b, c);
    ASSERT_EQ(d.size(), kCount);
    for (size_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(static_cast<uint32_t>(d[i]), canonicalBits(oracle(low[i], x[i], high[i]))) << code;
      ASSERT_EQ(static_cast<uint32_t>(d[i] >> 32), canonicalBits(oracle(high[i], y[i], x[i]))) << code;
    }
  };
  struct Mode {
    const char *name;
    int mode;
  };
  for (const Mode &mode :
       {Mode{".rn", FE_TONEAREST}, Mode{".rz", FE_TOWARDZERO}, Mode{".rm", FE_DOWNWARD}, Mode{".rp", FE_UPWARD}})
    for (bool ftz : {false, true}) {
      std::string suffix = std::string(mode.name) + (ftz ? ".ftz" : "") + ".f32x2 %d, %a, %b";
      auto with = [&](auto f) {
        return [&mode, ftz, f](float p, float q, float r) {
          auto in = [ftz](float x) { return ftz ? flushed(x) : x; };
          return in(rounded(mode.mode, [&] {
            volatile float x = in(p), y = in(q), z = in(r);
            volatile float result = f(float(x), float(y), float(z));
            return float(result);
          }));
        };
      };
      check("add" + suffix + ";", with([](float p, float q, float) { return p + q; }));
      check("sub" + suffix + ";", with([](float p, float q, float) { return p - q; }));
      check("mul" + suffix + ";", with([](float p, float q, float) { return p * q; }));
      check("fma" + suffix + ", %c;", with([](float p, float q, float r) { return std::fma(p, q, r); }));
    }
  check("add.f32x2 %d, %a, %b;", [](float p, float q, float) { return p + q; });
  check("sub.f32x2 %d, %a, %b;", [](float p, float q, float) { return p - q; });
}

TEST(Float, FastDivisions) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<float> full = elementwise<float>("div.full.f32 %d, %a, %b;", a, b);
  std::vector<float> approx = elementwise<float>("div.approx.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < kCount; ++i) {
    ASSERT_LE(ulps(full[i], double(a[i]) / b[i]), 2) << a[i] << " / " << b[i];
    if (std::fabs(b[i]) <= 0x1p126f && std::fabs(b[i]) >= 0x1p-126f) {
      ASSERT_LE(ulps(approx[i], double(a[i]) / b[i]), 2) << a[i] << " / " << b[i];
    }
  }
}

} // namespace thrift::sim::test
