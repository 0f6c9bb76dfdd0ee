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
    // p in bit 0, !p in bit 1.
    std::vector<uint32_t> d =
        elementwise<uint32_t>("setp." + how + "." + type + " %p|%q, %a, %b;" +
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

TEST(Compare, FlushesSubnormals) {
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
