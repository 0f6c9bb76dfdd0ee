//===- CompareTest.cpp - setp set selp testp --------------------------------===//

#include "dialect/formats/Float16.h"
#include "tests/sim/SimHarness.h"

#include <cmath>
#include <functional>

namespace thrift::sim::test {

constexpr size_t kCount = 1500;

template <typename T>
static bool compare(const std::string &how, T a, T b) {
  bool unordered = false;
  if constexpr (std::is_floating_point_v<T>)
    unordered = std::isnan(a) || std::isnan(b);
  if (how == "num")
    return !unordered;
  if (how == "nan")
    return unordered;
  std::string base = how;
  if (how.size() == 3 && how.back() == 'u') {
    if (unordered)
      return true;
    base.pop_back();
  }
  if (unordered)
    return false;
  if (base == "eq")
    return a == b;
  if (base == "ne")
    return a != b;
  if (base == "lt" || base == "lo")
    return a < b;
  if (base == "le" || base == "ls")
    return a <= b;
  if (base == "gt" || base == "hi")
    return a > b;
  return a >= b;
}

template <typename T>
static void checkSetp(const std::string &type, const std::vector<std::string> &comparisons, const std::vector<T> &a,
                      const std::vector<T> &b, std::function<double(T)> value = nullptr) {
  for (const std::string &how : comparisons) {
    // p in bit 0, !p in bit 1. The 16-bit floats have no second predicate.
    std::string predicates = value ? "%p" : "%p|%q", inverse = value ? "not.pred %q, %p;" : "";
    std::vector<uint32_t> d =
        elementwise<uint32_t>("setp." + how + "." + type + " " + predicates + ", %a, %b;" + inverse +
                                  "selp.b32 %x, 1, 0, %p; selp.b32 %y, 2, 0, %q; or.b32 %d, %x, %y;",
                              a, b);
    ASSERT_EQ(d.size(), a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      bool expected = value ? compare<double>(how, value(a[i]), value(b[i])) : compare<T>(how, a[i], b[i]);
      ASSERT_EQ(d[i], expected ? 1u : 2u) << how << "." << type << " of " << +a[i] << ", " << +b[i];
    }
  }
}

template <typename T>
static std::vector<T> mixed(std::vector<T> b, const std::vector<T> &a) {
  for (size_t i = 0; i < b.size(); i += 3) // equal operands are rare otherwise
    b[i] = a[i];
  return b;
}

TEST(Compare, Integers) {
  std::vector<std::string> isSigned = {"eq", "ne", "lt", "le", "gt", "ge"};
  std::vector<std::string> isUnsigned = {"eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs"};
  auto run = [&](auto zero, const std::string &type, const auto &list) {
    using T = decltype(zero);
    std::vector<T> a = integers<T>(kCount, 1);
    checkSetp<T>(type, list, a, mixed(integers<T>(kCount, 2), a));
  };
  run(uint16_t(), "u16", isUnsigned);
  run(int16_t(), "s16", isSigned);
  run(uint32_t(), "u32", isUnsigned);
  run(int32_t(), "s32", isSigned);
  run(uint64_t(), "u64", isUnsigned);
  run(int64_t(), "s64", isSigned);
  run(uint32_t(), "b32", std::vector<std::string>{"eq", "ne"});
}

static const std::vector<std::string> kFloatComparisons = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                                           "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

TEST(Compare, Floats) {
  std::vector<float> a = floats(kCount, 1);
  checkSetp<float>("f32", kFloatComparisons, a, mixed(floats(kCount, 2), a));
  std::vector<double> x = doubles(kCount, 1);
  checkSetp<double>("f64", kFloatComparisons, x, mixed(doubles(kCount, 2), x));
  std::vector<uint16_t> h = halves(kCount, 1);
  checkSetp<uint16_t>("f16", kFloatComparisons, h, mixed(halves(kCount, 2), h),
                      [](uint16_t code) { return double(f32FromF16(code)); });
  checkSetp<uint16_t>("bf16", kFloatComparisons, h, mixed(halves(kCount, 2), h),
                      [](uint16_t code) { return double(f32FromBf16(code)); });
}

static double halfValue(const std::string &type, uint32_t code, bool ftz) {
  double value = type[0] == 'f' ? f32FromF16(static_cast<uint16_t>(code)) : f32FromBf16(static_cast<uint16_t>(code));
  return ftz && std::fabs(value) < 0x1p-14 ? 0 : value;
}

TEST(Compare, HalvesAndTheirPairs) {
  std::vector<uint16_t> low = halves(kCount, 1), high = halves(kCount, 2), x = mixed(halves(kCount, 3), low),
                        y = mixed(halves(kCount, 4), high);
  std::vector<uint32_t> a(kCount), b(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    a[i] = low[i] | uint32_t(high[i]) << 16;
    b[i] = x[i] | uint32_t(y[i]) << 16;
  }
  for (const std::string type : {"f16", "bf16"})
    for (bool ftz : {false, true})
      for (const std::string &how : kFloatComparisons) {
        if (ftz && type == "bf16")
          continue;
        std::string opcode = how + ".and" + (ftz ? ".ftz." : ".");
        std::string q = "setp.ne.u32 %q, %a, 0x3C003C00; ";
        std::vector<uint32_t> both = elementwise<uint32_t>(
            q + "setp." + opcode + type + "x2 %p|%q, %a, %b, %q; selp.b32 %x, 1, 0, %p; selp.b32 %y, 2, 0, %q; " +
                "or.b32 %d, %x, %y;",
            a, b);
        std::vector<uint32_t> ones =
            elementwise<uint32_t>(q + "set." + opcode + type + "x2." + type + "x2 %d, %a, %b, !%q;", a, b);
        std::vector<uint32_t> words =
            elementwise<uint32_t>(q + "set." + opcode + "u32." + type + "x2 %d, %a, %b, %q;", a, b);
        std::vector<uint16_t> one =
            elementwise<uint16_t>("set." + how + (ftz ? ".ftz.s16." : ".s16.") + type + " %d, %a, %b;", low, x);
        std::vector<uint32_t> word =
            elementwise<uint32_t>("set." + how + (ftz ? ".ftz.u32." : ".u32.") + type + " %d, %a, %b;", low, x);
        std::vector<uint32_t> single = elementwise<uint32_t>(
            "setp." + how + (ftz ? ".ftz." : ".") + type + " %p, %a, %b; selp.b32 %d, 1, 0, %p;", low, x);
        uint32_t unit = type == "f16" ? 0x3C00 : 0x3F80;
        for (size_t i = 0; i < kCount; ++i) {
          bool first = compare<double>(how, halfValue(type, low[i], ftz), halfValue(type, x[i], ftz));
          bool second = compare<double>(how, halfValue(type, high[i], ftz), halfValue(type, y[i], ftz));
          bool other = a[i] != 0x3C003C00;
          ASSERT_EQ(both[i], uint32_t(first && other) | uint32_t(second && other) << 1) << opcode << type;
          ASSERT_EQ(ones[i], (first && !other ? unit : 0) | (second && !other ? unit << 16 : 0)) << opcode << type;
          ASSERT_EQ(words[i], (first && other ? 0xFFFFu : 0) | (second && other ? 0xFFFF0000u : 0)) << opcode << type;
          ASSERT_EQ(one[i], first ? 0xFFFF : 0) << how << type;
          ASSERT_EQ(word[i], first ? 0xFFFFFFFFu : 0u) << how << type;
          ASSERT_EQ(single[i], uint32_t(first)) << how << type;
        }
      }
}

TEST(Compare, SetToHalves) {
  std::vector<float> a = floats(kCount, 1), b = mixed(floats(kCount, 2), a);
  std::vector<int64_t> c = integers<int64_t>(kCount, 1), e = mixed(integers<int64_t>(kCount, 2), c);
  std::vector<uint16_t> g = integers<uint16_t>(kCount, 1), h = mixed(integers<uint16_t>(kCount, 2), g);
  for (const std::string result : {"f16", "bf16"}) {
    uint16_t one = result == "f16" ? 0x3C00 : 0x3F80;
    std::vector<uint16_t> floatsLess = elementwise<uint16_t>("set.ltu." + result + ".f32 %d, %a, %b;", a, b);
    std::vector<uint16_t> longsLess = elementwise<uint16_t>("set.le." + result + ".s64 %d, %a, %b;", c, e);
    std::vector<uint16_t> shortsLess = elementwise<uint16_t>("set.lo." + result + ".u16 %d, %a, %b;", g, h);
    std::vector<uint16_t> equal = elementwise<uint16_t>("set.eq." + result + ".b16 %d, %a, %b;", g, h);
    for (size_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(floatsLess[i], a[i] >= b[i] ? 0 : one);
      ASSERT_EQ(longsLess[i], c[i] <= e[i] ? one : 0);
      ASSERT_EQ(shortsLess[i], g[i] < h[i] ? one : 0);
      ASSERT_EQ(equal[i], g[i] == h[i] ? one : 0);
    }
  }
}

TEST(Compare, WhatTheIsaDoesNotList) {
  auto rejected = [](const std::string &line) {
    return loadError(header() +
                     ".visible .entry test() {\n.reg .b32 %r<9>; .reg .b64 %d<9>; .reg .b16 %h<9>; "
                     ".reg .pred %p<4>; .reg .f32 %f<4>;\n" +
                     line + "\nret;\n}\n");
  };
  EXPECT_EQ(rejected("setp.eq.f16x2 %p1|%p2, %r1, %r2;"), "");
  for (const char *line : {
           "setp.eq.f16 %p1|%p2, %h1, %h2;",
           "setp.eq.ftz.bf16 %p1, %h1, %h2;",
           "setp.eq.ftz.bf16x2 %p1|%p2, %r1, %r2;",
           "setp.lo.f16x2 %p1|%p2, %r1, %r2;",
           "set.eq.f32.f16 %f1, %h1, %h2;",
           "set.eq.f16x2.f16 %r1, %h1, %h2;",
           "set.eq.f16.f16x2 %h1, %r1, %r2;",
           "set.eq.bf16x2.f16x2 %r1, %r2, %r3;",
           "set.eq.u16.f16x2 %h1, %r1, %r2;",
           "set.eq.u16.u32 %h1, %r1, %r2;",
           "set.eq.ftz.bf16.f32 %h1, %f1, %f2;",
           "set.lt.f16.b32 %h1, %r1, %r2;",
           "set.num.f16.u32 %h1, %r1, %r2;",
           "selp.f16 %h1, %h2, %h3, %p1;",
           "slct.f16x2.s32 %r1, %r2, %r3, %r4;",
           "slct.ftz.b32.s32 %r1, %r2, %r3, %r4;",
           "lop3.xor.b32 %r1|%p1, %r2, %r3, %r4, 0x3a, %p2;",
           "lop3.or.b32 %r1, %r2, %r3, %r4, 0x3a, %p2;",
           "lop3.and.b32 %r1|%p1, %r2, %r3, %r4, 0x3a;",
           "cvt.pack.s16.s32 %r1, %r2, %r3;",
           "cvt.pack.sat.s16.s32.b32 %r1, %r2, %r3, %r4;",
           "cvt.pack.sat.u8.s32 %r1, %r2, %r3;",
           "cvt.pack.sat.u32.s32 %r1, %r2, %r3;",
       })
    EXPECT_NE(rejected(line), "") << line;
}

TEST(Compare, FlushesSubnormals) {
  std::vector<uint32_t> one(4, 1), two(4, 2);
  EXPECT_EQ(elementwise<uint32_t>("slct.ftz.b32.f32 %d, %a, %b, %c;", one, two,
                                  std::vector<float>{f32(0x80000001), -1.0f, -0.0f, f32(0x7FC00000)}),
            (std::vector<uint32_t>{1, 2, 1, 2}));
  std::vector<float> a = {f32(1), f32(0x80000001), f32(0x007FFFFF), 1.0f};
  std::vector<uint32_t> d = elementwise<uint32_t>("setp.eq.ftz.f32 %p, %a, 0f00000000; selp.b32 %d, 1, 0, %p;", a);
  EXPECT_EQ(d, (std::vector<uint32_t>{1, 1, 1, 0}));
}

TEST(Compare, CombinesWithAPredicate) {
  std::vector<uint32_t> a = integers<uint32_t>(kCount, 1), b = integers<uint32_t>(kCount, 2);
  struct Case {
    const char *modifier, *operand;
    std::function<bool(bool, bool)> combine;
  };
  for (const Case &each : {Case{"and", "%q", [](bool x, bool y) { return x && y; }},
                           Case{"or", "%q", [](bool x, bool y) { return x || y; }},
                           Case{"xor", "%q", [](bool x, bool y) { return x != y; }},
                           Case{"and", "!%q", [](bool x, bool y) { return x && !y; }}}) {
    std::vector<uint32_t> d = elementwise<uint32_t>(std::string("setp.gt.u32 %q, %a, 1000; setp.lt.") + each.modifier +
                                                        ".u32 %p, %a, %b, " + each.operand + "; selp.b32 %d, 1, 0, %p;",
                                                    a, b);
    for (size_t i = 0; i < kCount; ++i)
      ASSERT_EQ(d[i], uint32_t(each.combine(a[i]<b[i], a[i]> 1000))) << each.modifier << each.operand;
  }
}

TEST(Compare, Set) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint32_t> d = elementwise<uint32_t>("set.lt.u32.f32 %d, %a, %b;", a, b);
  std::vector<float> f = elementwise<float>("set.geu.f32.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(d[i], a[i] < b[i] ? 0xFFFFFFFFu : 0u);
    ASSERT_EQ(f[i], a[i] < b[i] ? 0.0f : 1.0f);
  }
}

TEST(Compare, Testp) {
  std::vector<float> a = floats(kCount, 1);
  struct Case {
    const char *name;
    std::function<bool(float)> oracle;
  };
  for (const Case &each :
       {Case{"finite", [](float x) { return std::isfinite(x); }},
        Case{"infinite", [](float x) { return std::isinf(x); }}, Case{"number", [](float x) { return !std::isnan(x); }},
        Case{"notanumber", [](float x) { return std::isnan(x); }},
        Case{"normal", [](float x) { return std::isnormal(x) || x == 0; }},
        Case{"subnormal", [](float x) { return std::fpclassify(x) == FP_SUBNORMAL; }}}) {
    std::vector<uint32_t> d =
        elementwise<uint32_t>(std::string("testp.") + each.name + ".f32 %p, %a; selp.b32 %d, 1, 0, %p;", a);
    for (size_t i = 0; i < kCount; ++i)
      ASSERT_EQ(d[i], uint32_t(each.oracle(a[i]))) << each.name << " of " << a[i];
  }
}

TEST(Compare, SlctOnFloats) {
  std::vector<uint32_t> a = integers<uint32_t>(kCount, 1), b = integers<uint32_t>(kCount, 2);
  std::vector<float> c = floats(kCount, 3);
  std::vector<uint32_t> d = elementwise<uint32_t>("slct.b32.f32 %d, %a, %b, %c;", a, b, c);
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], c[i] >= 0 ? a[i] : b[i]) << c[i];
}

} // namespace thrift::sim::test
