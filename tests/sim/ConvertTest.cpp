//===- ConvertTest.cpp - cvt ------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float4.h"
#include "dialect/formats/Float8.h"
#include "tests/sim/SimHarness.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <functional>

namespace thrift::sim::test {

constexpr size_t kCount = 4000;

template <typename D, typename A>
static void check(const std::string &code, const std::vector<A> &a, std::function<D(A)> oracle) {
  std::vector<D> d = elementwise<D>(code, a);
  ASSERT_EQ(d.size(), a.size()) << code;
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(d[i], oracle(a[i])) << code << " of " << +a[i];
}

TEST(Convert, IntegerToInteger) {
  std::vector<uint64_t> wide = integers<uint64_t>(kCount, 1);
  std::vector<uint32_t> narrow = integers<uint32_t>(kCount, 1);
  std::vector<uint16_t> half = integers<uint16_t>(kCount, 1);
  check<uint32_t, uint64_t>("cvt.u32.u64 %d, %a;", wide, [](uint64_t a) { return uint32_t(a); });
  check<uint16_t, uint64_t>("cvt.u16.u64 %d, %a;", wide, [](uint64_t a) { return uint16_t(a); });
  check<uint64_t, uint32_t>("cvt.s64.s32 %d, %a;", narrow, [](uint32_t a) { return uint64_t(int64_t(int32_t(a))); });
  check<uint64_t, uint32_t>("cvt.u64.u32 %d, %a;", narrow, [](uint32_t a) { return uint64_t(a); });
  check<uint32_t, uint16_t>("cvt.s32.s16 %d, %a;", half, [](uint16_t a) { return uint32_t(int32_t(int16_t(a))); });
  check<uint32_t, uint16_t>("cvt.u32.u16 %d, %a;", half, [](uint16_t a) { return uint32_t(a); });
  // A source register that is wider than the type, and a destination register that is.
  check<uint32_t, uint32_t>("cvt.s32.s8 %d, %a;", narrow, [](uint32_t a) { return uint32_t(int32_t(int8_t(a))); });
  check<uint32_t, uint32_t>("cvt.s8.s32 %d, %a;", narrow, [](uint32_t a) { return uint32_t(int32_t(int8_t(a))); });
  check<uint32_t, uint32_t>("cvt.u8.u32 %d, %a;", narrow, [](uint32_t a) { return a & 0xFF; });
  check<uint64_t, uint16_t>("cvt.s64.s8 %d, %a;", half, [](uint16_t a) { return uint64_t(int64_t(int8_t(a))); });
  check<uint16_t, uint32_t>("cvt.s8.s32 %d, %a;", narrow, [](uint32_t a) { return uint16_t(int16_t(int8_t(a))); });
}

TEST(Convert, SaturatingIntegers) {
  std::vector<int32_t> a = integers<int32_t>(kCount, 1);
  check<uint32_t, int32_t>("cvt.sat.u8.s32 %d, %a;", a,
                           [](int32_t x) { return uint32_t(std::min(std::max(x, 0), 255)); });
  check<int32_t, int32_t>("cvt.sat.s8.s32 %d, %a;", a, [](int32_t x) { return std::min(std::max(x, -128), 127); });
  std::vector<int64_t> wide = integers<int64_t>(kCount, 1);
  check<uint32_t, int64_t>("cvt.sat.u32.s64 %d, %a;", wide,
                           [](int64_t x) { return uint32_t(std::min<int64_t>(std::max<int64_t>(x, 0), UINT32_MAX)); });
  std::vector<uint64_t> big = integers<uint64_t>(kCount, 2);
  check<int64_t, uint64_t>("cvt.sat.s64.u64 %d, %a;", big,
                           [](uint64_t x) { return int64_t(std::min<uint64_t>(x, INT64_MAX)); });
}

template <typename I>
static I clampTo(long double x) {
  if (x <= static_cast<long double>(std::numeric_limits<I>::min()))
    return std::numeric_limits<I>::min();
  if (x >= static_cast<long double>(std::numeric_limits<I>::max()))
    return std::numeric_limits<I>::max();
  return static_cast<I>(x);
}

TEST(Convert, FloatToInteger) {
  std::vector<float> a = floats(kCount, 1);
  struct Mode {
    const char *name;
    std::function<long double(long double)> round;
  };
  const Mode kModes[] = {{"rni", [](long double x) { return std::nearbyint(x); }},
                         {"rzi", [](long double x) { return std::trunc(x); }},
                         {"rmi", [](long double x) { return std::floor(x); }},
                         {"rpi", [](long double x) { return std::ceil(x); }}};
  for (const Mode &mode : kModes) {
    std::string name = std::string("cvt.") + mode.name;
    check<int32_t, float>(name + ".s32.f32 %d, %a;", a,
                          [&](float x) { return std::isnan(x) ? 0 : clampTo<int32_t>(mode.round(x)); });
    check<uint32_t, float>(name + ".u32.f32 %d, %a;", a,
                           [&](float x) { return std::isnan(x) ? 0 : clampTo<uint32_t>(mode.round(x)); });
    check<int64_t, float>(name + ".s64.f32 %d, %a;", a,
                          [&](float x) { return std::isnan(x) ? INT64_MIN : clampTo<int64_t>(mode.round(x)); });
    check<uint16_t, float>(name + ".u16.f32 %d, %a;", a,
                           [&](float x) { return std::isnan(x) ? uint16_t(0) : clampTo<uint16_t>(mode.round(x)); });
    check<float, float>("cvt." + std::string(mode.name) + ".f32.f32 %d, %a; " +
                            "testp.notanumber.f32 %p, %d; @%p mov.b32 %d, 0f42000000;",
                        a, [&](float x) { return std::isnan(x) ? 32.0f : static_cast<float>(mode.round(x)); });
  }
  std::vector<double> b = doubles(kCount, 1);
  check<int32_t, double>("cvt.rzi.s32.f64 %d, %a;", b,
                         [](double x) { return std::isnan(x) ? INT32_MIN : clampTo<int32_t>(std::trunc(x)); });
  check<uint64_t, double>("cvt.rni.u64.f64 %d, %a;", b, [](double x) {
    return std::isnan(x) ? uint64_t(1) << 63 : clampTo<uint64_t>(std::nearbyint(static_cast<long double>(x)));
  });
}

TEST(Convert, RoundingToIntegralKeepsTheSignOfZero) {
  std::vector<float> a = {-0.25f, -0.0f, 0.25f, -0.75f};
  EXPECT_EQ(elementwise<uint32_t>("cvt.rzi.f32.f32 %d, %a;", a),
            (std::vector<uint32_t>{0x80000000u, 0x80000000u, 0u, 0x80000000u}));
  EXPECT_EQ(elementwise<uint32_t>("cvt.rpi.f32.f32 %d, %a;", a),
            (std::vector<uint32_t>{0x80000000u, 0x80000000u, bits(1.0f), 0x80000000u}));
}

template <typename F, typename I>
static F roundedFrom(int mode, I x) {
  std::fesetround(mode);
  volatile I value = x;
  volatile F result = static_cast<F>(value);
  std::fesetround(FE_TONEAREST);
  return result;
}

TEST(Convert, IntegerToFloat) {
  std::vector<int32_t> a = integers<int32_t>(kCount, 1);
  std::vector<uint32_t> b = integers<uint32_t>(kCount, 1);
  std::vector<int64_t> c = integers<int64_t>(kCount, 1);
  std::vector<uint64_t> e = integers<uint64_t>(kCount, 1);
  check<float, int32_t>("cvt.rn.f32.s32 %d, %a;", a, [](int32_t x) { return static_cast<float>(x); });
  check<float, uint32_t>("cvt.rn.f32.u32 %d, %a;", b, [](uint32_t x) { return static_cast<float>(x); });
  check<double, int32_t>("cvt.rn.f64.s32 %d, %a;", a, [](int32_t x) { return static_cast<double>(x); });
  struct Mode {
    const char *name;
    int mode;
  };
  for (Mode mode :
       {Mode{"rn", FE_TONEAREST}, Mode{"rz", FE_TOWARDZERO}, Mode{"rm", FE_DOWNWARD}, Mode{"rp", FE_UPWARD}}) {
    std::string name = std::string("cvt.") + mode.name;
    check<float, int64_t>(name + ".f32.s64 %d, %a;", c, [&](int64_t x) { return roundedFrom<float>(mode.mode, x); });
    check<double, int64_t>(name + ".f64.s64 %d, %a;", c, [&](int64_t x) { return roundedFrom<double>(mode.mode, x); });
    check<float, int32_t>(name + ".f32.s32 %d, %a;", a, [&](int32_t x) { return roundedFrom<float>(mode.mode, x); });
  }
  check<float, uint64_t>("cvt.rn.f32.u64 %d, %a;", e, [](uint64_t x) { return static_cast<float>(x); });
  check<double, uint64_t>("cvt.rn.f64.u64 %d, %a;", e, [](uint64_t x) { return static_cast<double>(x); });
  check<uint16_t, int32_t>("cvt.rn.f16.s32 %d, %a;", a, [](int32_t x) { return f16FromF32(static_cast<float>(x)); });
}

TEST(Convert, BetweenFloats) {
  std::vector<float> a = floats(kCount, 1);
  std::vector<double> b = doubles(kCount, 1);
  std::vector<uint16_t> h = halves(kCount, 1);
  check<uint16_t, float>("cvt.rn.f16.f32 %d, %a;", a, [](float x) { return f16FromF32(x); });
  check<uint16_t, float>("cvt.rn.bf16.f32 %d, %a;", a, [](float x) { return bf16FromF32(x); });
  check<uint32_t, uint16_t>("cvt.f32.f16 %d, %a;", h, [](uint16_t x) { return canonicalBits(f32FromF16(x)); });
  check<uint32_t, uint16_t>("cvt.f32.bf16 %d, %a;", h, [](uint16_t x) { return uint32_t(x) << 16; });
  check<uint64_t, float>("cvt.f64.f32 %d, %a; testp.notanumber.f64 %p, %d; @%p mov.b64 %d, 1;", a,
                         [](float x) { return std::isnan(x) ? 1 : bits(static_cast<double>(x)); });
  check<uint32_t, double>("cvt.rn.f32.f64 %d, %a;", b, [](double x) { return bits(static_cast<float>(x)); });
  check<uint32_t, double>("cvt.rz.f32.f64 %d, %a;", b,
                          [](double x) { return canonicalBits(roundedFrom<float>(FE_TOWARDZERO, x)); });
  check<uint32_t, float>("cvt.sat.f32.f32 %d, %a;", a, [](float x) { return bits(x > 0 ? std::min(x, 1.0f) : 0.0f); });
  check<uint16_t, float>("cvt.rn.relu.f16.f32 %d, %a;", a,
                         [](float x) { return x <= 0 ? uint16_t(0) : f16FromF32(x); });
  check<uint16_t, float>("cvt.rz.f16.f32 %d, %a;", a, [](float x) {
    uint16_t code = f16FromF32(x); // step back where rounding went away from zero
    if (std::isnan(x) || std::isinf(x))
      return code;
    return std::fabs(f32FromF16(code)) > std::fabs(x) ? uint16_t(code - 1) : code;
  });
}

TEST(Convert, DoubleToHalfRoundsOnce) {
  // 1 + 2^-11 + 2^-40 is above a tie of f16, but its f32 neighbour is the tie itself.
  std::vector<double> a = {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1 + 0x1p-11 - 0x1p-40, 65520, 65519.99999999};
  EXPECT_EQ(elementwise<uint16_t>("cvt.rn.f16.f64 %d, %a;", a),
            (std::vector<uint16_t>{0x3C01, 0x3C00, 0x3C00, 0x7C00, 0x7BFF}));
}

TEST(Convert, PairsOfHalves) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint32_t> f16 = elementwise<uint32_t>("cvt.rn.f16x2.f32 %d, %a, %b;", a, b);
  std::vector<uint32_t> bf16 = elementwise<uint32_t>("cvt.rn.bf16x2.f32 %d, %a, %b;", a, b);
  std::vector<uint32_t> relu = elementwise<uint32_t>("cvt.rn.relu.bf16x2.f32 %d, %a, %b;", a, b);
  auto positive = [](float x) { return x <= 0 ? 0.0f : x; };
  for (size_t i = 0; i < kCount; ++i) {
    // The first source goes to the upper half.
    ASSERT_EQ(f16[i], f16FromF32(b[i]) | uint32_t(f16FromF32(a[i])) << 16);
    ASSERT_EQ(bf16[i], bf16FromF32(b[i]) | uint32_t(bf16FromF32(a[i])) << 16);
    ASSERT_EQ(relu[i], bf16FromF32(positive(b[i])) | uint32_t(bf16FromF32(positive(a[i]))) << 16);
  }
}

TEST(Convert, EightBitFloats) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint16_t> d = elementwise<uint16_t>("cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], e4m3FromF32(b[i]) | e4m3FromF32(a[i]) << 8) << a[i] << ", " << b[i];

  std::vector<uint16_t> codes(65536);
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<uint16_t>(i);
  std::vector<uint32_t> wide = elementwise<uint32_t>("cvt.rn.f16x2.e4m3x2 %d, %a;", codes);
  for (size_t i = 0; i < codes.size(); ++i)
    ASSERT_EQ(wide[i], f16FromF32(f32FromE4m3(uint8_t(i))) | uint32_t(f16FromF32(f32FromE4m3(uint8_t(i >> 8)))) << 16);

  std::vector<uint32_t> pairs(kCount);
  std::vector<uint16_t> low = halves(kCount, 1), high = halves(kCount, 2);
  for (size_t i = 0; i < kCount; ++i)
    pairs[i] = low[i] | uint32_t(high[i]) << 16;
  std::vector<uint16_t> back = elementwise<uint16_t>("cvt.rn.satfinite.e4m3x2.f16x2 %d, %a;", pairs);
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(back[i], e4m3FromF32(f32FromF16(low[i])) | e4m3FromF32(f32FromF16(high[i])) << 8);
}

TEST(Convert, FourBitFloatsAndScales) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint32_t> d = elementwise<uint32_t>(R"(
    { .reg .b8 %e;
      cvt.rn.satfinite.e2m1x2.f32 %e, %a, %b;
      cvt.u32.u8 %d, %e; })",
                                                  a, b);
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], uint32_t(e2m1FromF32(b[i]) | e2m1FromF32(a[i]) << 4)) << a[i] << ", " << b[i];
  std::vector<uint16_t> scales = elementwise<uint16_t>("cvt.rp.satfinite.ue8m0x2.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < kCount; ++i)
    if (a[i] > 0 && b[i] > 0 && std::isfinite(a[i]) && std::isfinite(b[i])) {
      ASSERT_EQ(scales[i], ue8m0FromF32RoundUp(b[i]) | ue8m0FromF32RoundUp(a[i]) << 8) << a[i] << ", " << b[i];
    }
}

TEST(Convert, PackSaturatesAndShifts) {
  std::vector<int32_t> a = integers<int32_t>(kCount, 1), b = integers<int32_t>(kCount, 2);
  std::vector<uint32_t> c = integers<uint32_t>(kCount, 3);
  for (size_t i = 0; i < kCount; i += 2)
    a[i] >>= 24, b[i] >>= 26;
  struct Case {
    const char *name;
    unsigned bits;
    int32_t lowest, highest;
  };
  for (const Case &each :
       {Case{"u2", 2, 0, 3}, Case{"s2", 2, -2, 1}, Case{"u4", 4, 0, 15}, Case{"s4", 4, -8, 7}, Case{"u8", 8, 0, 255},
        Case{"s8", 8, -128, 127}, Case{"u16", 16, 0, 65535}, Case{"s16", 16, -32768, 32767}}) {
    bool rest = each.bits < 16;
    std::string opcode = std::string("cvt.pack.sat.") + each.name + ".s32";
    std::vector<uint32_t> d = rest ? elementwise<uint32_t>(opcode + ".b32 %d, %a, %b, %c;", a, b, c)
                                   : elementwise<uint32_t>(opcode + " %d, %a, %b;", a, b);
    for (size_t i = 0; i < kCount; ++i) {
      auto place = [&](int32_t x) {
        return static_cast<uint32_t>(std::clamp(x, each.lowest, each.highest)) % (1u << each.bits);
      };
      uint32_t above = rest ? c[i] << 2 * each.bits : 0;
      ASSERT_EQ(d[i], above + place(a[i]) * (1u << each.bits) + place(b[i]))
          << opcode << " of " << a[i] << ", " << b[i];
    }
  }
}

TEST(Convert, NansAsOnAnH100) {
  auto f64 = [](uint64_t word) {
    double x;
    std::memcpy(&x, &word, 8);
    return x;
  };
  std::vector<double> a = {f64(0x7FF8000000000000), f64(0xFFF8000000000001), f64(0x7FF0000000000001)};
  EXPECT_EQ(elementwise<uint32_t>("cvt.rn.f32.f64 %d, %a;", a),
            (std::vector<uint32_t>{0x7FC00000, 0xFFC00000, 0x7FC00000}));
  EXPECT_EQ(elementwise<uint64_t>("neg.f64 %d, %a;", a),
            (std::vector<uint64_t>{0x7FF8000000000000, 0xFFF8000000000001, 0x7FF8000000000001}));
  EXPECT_EQ(elementwise<uint64_t>("abs.f64 %d, %a;", a),
            (std::vector<uint64_t>{0x7FF8000000000000, 0xFFF8000000000001, 0x7FF8000000000001}));
  std::vector<double> other(3, f64(0x7FF8000000000002));
  EXPECT_EQ(elementwise<uint64_t>("max.f64 %d, %a, %b;", a, other), (std::vector<uint64_t>(3, 0x7FF8000000000002)));
  // It reads the upper half of its operand only, which makes an infinity of the last NaN.
  EXPECT_EQ(elementwise<uint64_t>("rcp.approx.ftz.f64 %d, %a;", a),
            (std::vector<uint64_t>{0x7FFFFFFF00000000, 0x7FFFFFFF00000000, 0}));
  EXPECT_EQ(elementwise<uint64_t>("cvt.ftz.f64.f32 %d, %a;", std::vector<float>{f32(0x7F800001)}),
            (std::vector<uint64_t>{0x7FFFFFFFE0000000}));
  std::vector<float> b = {f32(0x7F800001), f32(0x7FFFFFFF), f32(0xFFC00000)};
  EXPECT_EQ(elementwise<uint32_t>("cvt.rna.tf32.f32 %d, %a;", b),
            (std::vector<uint32_t>{0x7F800000, 0x7FFFE000, 0xFFC00000}));
  EXPECT_EQ(elementwise<uint32_t>("cvt.rn.tf32.f32 %d, %a;", b), (std::vector<uint32_t>(3, 0x7FFFE000)));
}

TEST(Convert, Tf32) {
  std::vector<float> a = floats(kCount, 1);
  std::vector<uint32_t> d = elementwise<uint32_t>("cvt.rna.tf32.f32 %d, %a;", a);
  for (size_t i = 0; i < kCount; ++i) {
    uint32_t word = bits(a[i]);
    // Ties away from zero: add half a step of the 10-bit fraction, then cut. NaN is cut only, which may make it an
    // infinity.
    uint32_t expected = std::isfinite(a[i]) ? (word + 0x1000) & 0xFFFFE000 : word & 0xFFFFE000;
    ASSERT_EQ(d[i], expected) << a[i];
  }
}

} // namespace thrift::sim::test
