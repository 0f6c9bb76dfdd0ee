//===- HalfTest.cpp - f16 and bf16 arithmetic -------------------------------===//
//
// The oracle computes in long double (64 bits of fraction, enough to hold every sum and product here exactly or with a
// sticky bit far below) and rounds by searching the neighbouring codes.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "tests/sim/SimHarness.h"

#include <cfenv>
#include <cmath>
#include <functional>

namespace thrift::sim::test {

constexpr size_t kCount = 4000;

using Decode = float (*)(uint16_t);

/// The code whose value is nearest, ties to the even code; infinities beyond the largest value plus half a step.
static uint16_t nearest(long double exact, Decode decode, uint16_t infinity) {
  if (std::isnan(exact))
    return 0x7FFF;
  uint16_t sign = std::signbit(exact) ? 0x8000 : 0;
  long double x = std::fabs(exact);
  // Positive codes ascend with their values.
  uint16_t low = 0, high = infinity;
  while (high - low > 1) {
    auto middle = static_cast<uint16_t>((low + high) / 2);
    (static_cast<long double>(decode(middle)) <= x ? low : high) = middle;
  }
  long double below = decode(low), above;
  if (high == infinity) // the value that the next code would have
    above = below + (below - decode(static_cast<uint16_t>(low - 1)));
  else
    above = decode(high);
  uint16_t code = x - below < above - x ? low : x - below > above - x ? high : (low & 1 ? high : low);
  return sign | code;
}

struct HalfType {
  std::string name;
  Decode decode;
  uint16_t infinity;
};
static const HalfType kTypes[] = {{"f16", f32FromF16, 0x7C00}, {"bf16", f32FromBf16, 0x7F80}};

using Oracle = std::function<long double(long double, long double, long double)>;

static void check(const std::string &operation, const HalfType &type, int sources, Oracle oracle,
                  const std::string &suffix = "") {
  std::vector<uint16_t> a = halves(kCount, 1), b = halves(kCount, 2), c = halves(kCount, 3);
  std::string operands = sources == 2 ? " %d, %a, %b;" : " %d, %a, %b, %c;";
  std::vector<uint16_t> d = elementwise<uint16_t>(operation + suffix + "." + type.name + operands, a, b, c);
  // The packed form, with the operands in both halves.
  auto pairs = [](const std::vector<uint16_t> &low, const std::vector<uint16_t> &high) {
    std::vector<uint32_t> both(low.size());
    for (size_t i = 0; i < low.size(); ++i)
      both[i] = low[i] | uint32_t(high[i]) << 16;
    return both;
  };
  std::vector<uint16_t> e = halves(kCount, 4);
  std::vector<uint32_t> packed = elementwise<uint32_t>(operation + suffix + "." + type.name + "x2" + operands,
                                                       pairs(a, e), pairs(b, c), pairs(c, a));
  ASSERT_EQ(d.size(), kCount);
  ASSERT_EQ(packed.size(), kCount);
  auto expect = [&](uint16_t x, uint16_t y, uint16_t z) {
    return nearest(oracle(type.decode(x), type.decode(y), type.decode(z)), type.decode, type.infinity);
  };
  for (size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(d[i], expect(a[i], b[i], c[i]))
        << operation << " " << type.name << " of " << std::hex << a[i] << ", " << b[i] << ", " << c[i];
    ASSERT_EQ(packed[i] & 0xFFFF, expect(a[i], b[i], c[i])) << operation << " packed";
    ASSERT_EQ(packed[i] >> 16, expect(e[i], c[i], a[i])) << operation << " packed, upper half";
  }
}

TEST(Half, Arithmetic) {
  for (const HalfType &type : kTypes) {
    check("add.rn", type, 2, [](long double a, long double b, long double) { return a + b; });
    check("sub.rn", type, 2, [](long double a, long double b, long double) { return a - b; });
    check("mul.rn", type, 2, [](long double a, long double b, long double) { return a * b; });
  }
  check("fma.rn", kTypes[0], 3, [](long double a, long double b, long double c) { return a * b + c; });
}

TEST(Half, FmaOfBf16WithDistantOperands) {
  // a b may be 2^500 times c: long double is not exact, so compare where the product and c are close enough.
  std::vector<uint16_t> a = halves(kCount, 1), b = halves(kCount, 2), c = halves(kCount, 3);
  std::vector<uint16_t> d = elementwise<uint16_t>("fma.rn.bf16 %d, %a, %b, %c;", a, b, c);
  size_t compared = 0;
  for (size_t i = 0; i < kCount; ++i) {
    long double product = static_cast<long double>(f32FromBf16(a[i])) * f32FromBf16(b[i]), addend = f32FromBf16(c[i]);
    bool near = std::isfinite(product) && std::isfinite(addend) &&
                (product == 0 || addend == 0 || std::fabs(std::log2(std::fabs(product / addend))) < 40);
    if (!near)
      continue;
    ++compared;
    ASSERT_EQ(d[i], nearest(product + addend, f32FromBf16, 0x7F80));
  }
  EXPECT_GT(compared, kCount / 20);
}

TEST(Half, TiesAreDecidedByDistantBits) {
  // f16: 2048 + 1 is a tie, for the step there is 2.
  std::vector<uint16_t> a(3, 0x6800), b(3, 0x3C00), c = {0x3C00, 0x3C01, 0x3BFF}; // 1, 1 + 2^-10, 1 - 2^-11
  std::vector<uint16_t> d = elementwise<uint16_t>("fma.rn.f16 %d, %a, %b, %c;", a, b, c);
  EXPECT_EQ(d, (std::vector<uint16_t>{0x6800, 0x6801, 0x6800}));
  // bf16: (1 + 2^-7) 1.5 = 193.5 steps of 2^-7 is a tie; an addend of 2^-100 decides.
  std::vector<uint16_t> x(3, 0x3F81), y(3, 0x3FC0), tiny = {0x0000, 0x0D80, 0x8D80};
  EXPECT_EQ(elementwise<uint16_t>("fma.rn.bf16 %d, %a, %b, %c;", x, y, tiny),
            (std::vector<uint16_t>{0x3FC2, 0x3FC2, 0x3FC1}));
}

TEST(Half, FlushSaturateRelu) {
  std::vector<uint16_t> a = {0x0001, 0x8001, 0x4000, 0xC000, 0x7E00, 0x3800, 0x03FF}, b(7, 0x3C00);
  EXPECT_EQ(elementwise<uint16_t>("mul.rn.ftz.f16 %d, %a, %b;", a, b),
            (std::vector<uint16_t>{0x0000, 0x8000, 0x4000, 0xC000, 0x7FFF, 0x3800, 0x0000}));
  EXPECT_EQ(elementwise<uint16_t>("mul.rn.sat.f16 %d, %a, %b;", a, b),
            (std::vector<uint16_t>{0x0001, 0x0000, 0x3C00, 0x0000, 0x0000, 0x3800, 0x03FF}));
  std::vector<uint16_t> zero(7, 0x0000);
  EXPECT_EQ(elementwise<uint16_t>("fma.rn.relu.f16 %d, %a, %b, %c;", a, b, zero),
            (std::vector<uint16_t>{0x0001, 0x0000, 0x4000, 0x0000, 0x7FFF, 0x3800, 0x03FF}));
}

TEST(Half, MinMaxNegAbs) {
  for (const HalfType &type : kTypes) {
    std::vector<uint16_t> a = halves(kCount, 1), b = halves(kCount, 2);
    a[0] = 0x0000, b[0] = 0x8000, a[1] = 0x8000, b[1] = 0x0000, a[2] = b[2] = 0x7FFF;
    auto isNan = [&](uint16_t x) { return std::isnan(type.decode(x)); };
    // Order by sign and magnitude, -0 below +0.
    auto key = [](uint16_t x) { return x & 0x8000 ? -int(x & 0x7FFF) - 1 : int(x); };
    std::vector<uint16_t> low = elementwise<uint16_t>("min." + type.name + " %d, %a, %b;", a, b);
    std::vector<uint16_t> high = elementwise<uint16_t>("max.NaN." + type.name + " %d, %a, %b;", a, b);
    std::vector<uint16_t> negated = elementwise<uint16_t>("neg." + type.name + " %d, %a;", a);
    std::vector<uint16_t> absolute = elementwise<uint16_t>("abs." + type.name + " %d, %a;", a);
    for (size_t i = 0; i < kCount; ++i) {
      bool aNan = isNan(a[i]), bNan = isNan(b[i]);
      uint16_t smaller = key(a[i]) < key(b[i]) ? a[i] : b[i], larger = key(a[i]) < key(b[i]) ? b[i] : a[i];
      ASSERT_EQ(low[i], aNan && bNan ? 0x7FFF : aNan ? b[i] : bNan ? a[i] : smaller) << std::hex << a[i] << " " << b[i];
      ASSERT_EQ(high[i], aNan || bNan ? 0x7FFF : larger) << std::hex << a[i] << " " << b[i];
      ASSERT_EQ(negated[i], aNan ? 0x7FFF : a[i] ^ 0x8000);
      ASSERT_EQ(absolute[i], aNan ? 0x7FFF : a[i] & 0x7FFF);
    }
  }
}

TEST(Half, MixedPrecision) {
  std::vector<uint16_t> a = halves(kCount, 1), b = halves(kCount, 2);
  std::vector<float> c = floats(kCount, 3);
  for (size_t i = 0; i < kCount; i += 4) // cancellation
    c[i] = -f32FromF16(a[i]) * f32FromF16(b[i]);
  struct Mode {
    const char *name;
    int mode;
  };
  for (const HalfType &type : kTypes)
    for (const Mode &mode :
         {Mode{".rn", FE_TONEAREST}, Mode{".rz", FE_TOWARDZERO}, Mode{".rm", FE_DOWNWARD}, Mode{".rp", FE_UPWARD}})
      for (bool sat : {false, true}) {
        std::string suffix = std::string(mode.name) + (sat ? ".sat" : "") + ".f32." + type.name + " %d, %a, %b";
        std::vector<uint32_t> sum = elementwise<uint32_t>("add" + suffix + ";", a, c);
        std::vector<uint32_t> difference = elementwise<uint32_t>("sub" + suffix + ";", a, c);
        std::vector<uint32_t> fused = elementwise<uint32_t>("fma" + suffix + ", %c;", a, b, c);
        auto expected = [&](auto f) {
          std::fesetround(mode.mode);
          volatile float result = f();
          std::fesetround(FE_TONEAREST);
          float x = result;
          return sat ? bits(x > 0 ? std::min(x, 1.0f) : 0.0f) : canonicalBits(x);
        };
        for (size_t i = 0; i < kCount; ++i) {
          volatile float x = type.decode(a[i]), y = type.decode(b[i]), z = c[i];
          ASSERT_EQ(sum[i], expected([&] { return x + z; })) << suffix << " " << x << " " << z;
          ASSERT_EQ(difference[i], expected([&] { return x - z; })) << suffix << " " << x << " " << z;
          ASSERT_EQ(fused[i], expected([&] { return std::fma(float(x), float(y), float(z)); }))
              << suffix << " " << x << " " << y << " " << z;
        }
      }
  EXPECT_EQ(elementwise<uint32_t>("add.f32.bf16 %d, %a, %b;", std::vector<uint16_t>{0x3F80}, std::vector<float>{2}),
            (std::vector<uint32_t>{bits(3.0f)}));
}

TEST(Half, Exponentials) {
  std::vector<uint16_t> a = halves(kCount, 1);
  for (const HalfType &type : kTypes) {
    std::string ftz = type.name == "bf16" ? ".ftz" : "";
    std::vector<uint16_t> d = elementwise<uint16_t>("ex2.approx" + ftz + "." + type.name + " %d, %a;", a);
    std::vector<uint16_t> t = elementwise<uint16_t>("tanh.approx." + type.name + " %d, %a;", a);
    for (size_t i = 0; i < kCount; ++i) {
      float x = type.decode(a[i]);
      if (std::isnan(x)) {
        ASSERT_EQ(d[i], 0x7FFF);
        continue;
      }
      double expected = std::exp2(double(x)), got = type.decode(d[i]);
      double relative = type.name == "f16" ? std::exp2(-9.9) : std::exp2(-7.0);
      double smallest = type.name == "f16" ? 0x1p-24 : 0x1p-126; // bf16 flushes
      if (expected < 60000) {
        ASSERT_NEAR(got, expected, expected * relative + smallest) << x;
      }
      ASSERT_NEAR(type.decode(t[i]), std::tanh(double(x)), type.name == "f16" ? std::exp2(-10.9) : std::exp2(-8.0))
          << x;
    }
  }
}

} // namespace thrift::sim::test
