//===- IntegerTest.cpp - integer arithmetic against C++ ---------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

constexpr size_t kCount = 2000;

template <typename D, typename A, typename Oracle>
static void check1(const std::string &code, Oracle oracle) {
  std::vector<A> a = integers<A>(kCount, 1);
  std::vector<D> d = elementwise<D>(code, a);
  ASSERT_EQ(d.size(), kCount) << code;
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], oracle(a[i])) << code << " with " << +a[i];
}

template <typename D, typename A, typename B = A, typename Oracle>
static void check2(const std::string &code, Oracle oracle) {
  std::vector<A> a = integers<A>(kCount, 1);
  std::vector<B> b = integers<B>(kCount, 2);
  std::vector<D> d = elementwise<D>(code, a, b);
  ASSERT_EQ(d.size(), kCount) << code;
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], static_cast<D>(oracle(a[i], b[i]))) << code << " with " << +a[i] << ", " << +b[i];
}

template <typename D, typename A, typename B = A, typename C = B, typename Oracle>
static void check3(const std::string &code, Oracle oracle) {
  std::vector<A> a = integers<A>(kCount, 1);
  std::vector<B> b = integers<B>(kCount, 2);
  std::vector<C> c = integers<C>(kCount, 3);
  std::vector<D> d = elementwise<D>(code, a, b, c);
  ASSERT_EQ(d.size(), kCount) << code;
  for (size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(d[i], static_cast<D>(oracle(a[i], b[i], c[i])))
        << code << " with " << +a[i] << ", " << +b[i] << ", " << +c[i];
}

using i128 = __int128;
using u128 = unsigned __int128;

TEST(Integer, AddAndSub) {
  check2<uint16_t, uint16_t>("add.u16 %d, %a, %b;", [](uint16_t a, uint16_t b) { return a + b; });
  check2<uint32_t, uint32_t>("add.s32 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a + b; });
  check2<uint64_t, uint64_t>("add.s64 %d, %a, %b;", [](uint64_t a, uint64_t b) { return a + b; });
  check2<uint16_t, uint16_t>("sub.s16 %d, %a, %b;", [](uint16_t a, uint16_t b) { return a - b; });
  check2<uint32_t, uint32_t>("sub.u32 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a - b; });
  check2<uint64_t, uint64_t>("sub.u64 %d, %a, %b;", [](uint64_t a, uint64_t b) { return a - b; });
  check2<uint32_t, uint32_t>("add.u32 %d, %a, -7;", [](uint32_t a, uint32_t) { return a - 7; });
  check2<uint32_t, uint32_t>("add.s16x2 %d, %a, %b;",
                             [](uint32_t a, uint32_t b) { return ((a + b) & 0xFFFF) | ((a >> 16) + (b >> 16)) << 16; });
}

TEST(Integer, SaturatingAddAndSub) {
  auto clamp = [](int64_t x) { return std::min<int64_t>(std::max<int64_t>(x, INT32_MIN), INT32_MAX); };
  check2<int32_t, int32_t>("add.sat.s32 %d, %a, %b;", [&](int64_t a, int64_t b) { return clamp(a + b); });
  check2<int32_t, int32_t>("sub.sat.s32 %d, %a, %b;", [&](int64_t a, int64_t b) { return clamp(a - b); });
}

TEST(Integer, Mul) {
  check2<uint16_t, uint16_t>("mul.lo.u16 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a * b; });
  check2<uint32_t, uint32_t>("mul.lo.s32 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a * b; });
  check2<uint64_t, uint64_t>("mul.lo.s64 %d, %a, %b;", [](uint64_t a, uint64_t b) { return a * b; });
  check2<uint16_t, uint16_t>("mul.hi.u16 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a * b >> 16; });
  check2<int16_t, int16_t>("mul.hi.s16 %d, %a, %b;", [](int a, int b) { return a * b >> 16; });
  check2<uint32_t, uint32_t>("mul.hi.u32 %d, %a, %b;", [](uint64_t a, uint64_t b) { return a * b >> 32; });
  check2<int32_t, int32_t>("mul.hi.s32 %d, %a, %b;", [](int64_t a, int64_t b) { return a * b >> 32; });
  check2<uint64_t, uint64_t>("mul.hi.u64 %d, %a, %b;", [](u128 a, u128 b) { return uint64_t(a * b >> 64); });
  check2<int64_t, int64_t>("mul.hi.s64 %d, %a, %b;", [](i128 a, i128 b) { return int64_t(a * b >> 64); });
  check2<uint32_t, uint16_t>("mul.wide.u16 %d, %a, %b;", [](uint32_t a, uint32_t b) { return a * b; });
  check2<int32_t, int16_t>("mul.wide.s16 %d, %a, %b;", [](int32_t a, int32_t b) { return a * b; });
  check2<uint64_t, uint32_t>("mul.wide.u32 %d, %a, %b;", [](uint64_t a, uint64_t b) { return a * b; });
  check2<int64_t, int32_t>("mul.wide.s32 %d, %a, %b;", [](int64_t a, int64_t b) { return a * b; });
}

TEST(Integer, Mad) {
  check3<uint16_t, uint16_t>("mad.lo.s16 %d, %a, %b, %c;",
                             [](uint32_t a, uint32_t b, uint32_t c) { return a * b + c; });
  check3<uint32_t, uint32_t>("mad.lo.s32 %d, %a, %b, %c;",
                             [](uint32_t a, uint32_t b, uint32_t c) { return a * b + c; });
  check3<uint64_t, uint64_t>("mad.lo.u64 %d, %a, %b, %c;",
                             [](uint64_t a, uint64_t b, uint64_t c) { return a * b + c; });
  check3<uint32_t, int32_t>("mad.hi.s32 %d, %a, %b, %c;",
                            [](int64_t a, int64_t b, int32_t c) { return uint32_t(a * b >> 32) + uint32_t(c); });
  check3<uint64_t, uint64_t>("mad.hi.u64 %d, %a, %b, %c;",
                             [](u128 a, u128 b, uint64_t c) { return uint64_t(a * b >> 64) + c; });
  check3<int32_t, int32_t>("mad.hi.sat.s32 %d, %a, %b, %c;", [](int64_t a, int64_t b, int64_t c) {
    return std::min<int64_t>(std::max<int64_t>((a * b >> 32) + c, INT32_MIN), INT32_MAX);
  });
  check3<uint64_t, uint32_t, uint32_t, uint64_t>("mad.wide.u32 %d, %a, %b, %c;",
                                                 [](uint64_t a, uint64_t b, uint64_t c) { return a * b + c; });
  check3<uint64_t, int32_t, int32_t, uint64_t>("mad.wide.s32 %d, %a, %b, %c;",
                                               [](int64_t a, int64_t b, uint64_t c) { return uint64_t(a * b) + c; });
  check3<int32_t, int16_t, int16_t, int32_t>("mad.wide.s16 %d, %a, %b, %c;",
                                             [](int32_t a, int32_t b, uint32_t c) { return uint32_t(a * b) + c; });
}

TEST(Integer, Mul24) {
  auto low24 = [](int32_t x) { return int64_t(int32_t(uint32_t(x) << 8) >> 8); };
  check2<uint32_t, uint32_t>("mul24.lo.u32 %d, %a, %b;",
                             [](uint64_t a, uint64_t b) { return (a & 0xFFFFFF) * (b & 0xFFFFFF); });
  check2<uint32_t, uint32_t>("mul24.hi.u32 %d, %a, %b;",
                             [](uint64_t a, uint64_t b) { return (a & 0xFFFFFF) * (b & 0xFFFFFF) >> 16; });
  check2<uint32_t, int32_t>("mul24.lo.s32 %d, %a, %b;", [&](int32_t a, int32_t b) { return low24(a) * low24(b); });
  check2<uint32_t, int32_t>("mul24.hi.s32 %d, %a, %b;",
                            [&](int32_t a, int32_t b) { return low24(a) * low24(b) >> 16; });
  check3<uint32_t, int32_t>("mad24.lo.s32 %d, %a, %b, %c;", [&](int32_t a, int32_t b, int32_t c) {
    return uint32_t(low24(a) * low24(b)) + uint32_t(c);
  });
}

TEST(Integer, MinMaxAbsNegSad) {
  check2<int16_t, int16_t>("min.s16 %d, %a, %b;", [](int16_t a, int16_t b) { return std::min(a, b); });
  check2<uint16_t, uint16_t>("max.u16 %d, %a, %b;", [](uint16_t a, uint16_t b) { return std::max(a, b); });
  check2<uint32_t, uint32_t>("min.u32 %d, %a, %b;", [](uint32_t a, uint32_t b) { return std::min(a, b); });
  check2<int32_t, int32_t>("min.s32 %d, %a, %b;", [](int32_t a, int32_t b) { return std::min(a, b); });
  check2<int32_t, int32_t>("max.s32 %d, %a, %b;", [](int32_t a, int32_t b) { return std::max(a, b); });
  check2<uint64_t, uint64_t>("max.u64 %d, %a, %b;", [](uint64_t a, uint64_t b) { return std::max(a, b); });
  check2<int64_t, int64_t>("min.s64 %d, %a, %b;", [](int64_t a, int64_t b) { return std::min(a, b); });
  check2<int32_t, int32_t>("max.relu.s32 %d, %a, %b;", [](int32_t a, int32_t b) { return std::max({a, b, 0}); });
  check2<uint32_t, uint32_t>("min.s16x2 %d, %a, %b;", [](uint32_t a, uint32_t b) {
    auto low = uint16_t(std::min(int16_t(a), int16_t(b))),
         high = uint16_t(std::min(int16_t(a >> 16), int16_t(b >> 16)));
    return low | uint32_t(high) << 16;
  });
  check1<int32_t, int32_t>("abs.s32 %d, %a;", [](int64_t a) { return int32_t(a < 0 ? -a : a); });
  check1<int64_t, int64_t>("abs.s64 %d, %a;", [](i128 a) { return int64_t(a < 0 ? -a : a); });
  check1<int16_t, int16_t>("neg.s16 %d, %a;", [](int a) { return int16_t(-a); });
  check1<int32_t, int32_t>("neg.s32 %d, %a;", [](int64_t a) { return int32_t(-a); });
  check1<uint64_t, uint64_t>("neg.s64 %d, %a;", [](uint64_t a) { return 0 - a; });
  check3<uint32_t, uint32_t>("sad.u32 %d, %a, %b, %c;",
                             [](uint32_t a, uint32_t b, uint32_t c) { return c + (a < b ? b - a : a - b); });
  check3<uint32_t, int32_t>("sad.s32 %d, %a, %b, %c;",
                            [](int64_t a, int64_t b, int64_t c) { return c + std::abs(a - b); });
}

TEST(Integer, DivAndRem) {
  auto div = [](auto a, auto b) { return b == 0 ? -1 : a / b; };
  auto rem = [](auto a, auto b) { return b == 0 ? -1 : a % b; };
  check2<uint16_t, uint16_t>("div.u16 %d, %a, %b;", [&](int a, int b) { return div(a, b); });
  check2<int16_t, int16_t>("div.s16 %d, %a, %b;", [&](int a, int b) { return div(a, b); });
  check2<uint32_t, uint32_t>("div.u32 %d, %a, %b;", [&](int64_t a, int64_t b) { return div(a, b); });
  check2<int32_t, int32_t>("div.s32 %d, %a, %b;", [&](int64_t a, int64_t b) { return div(a, b); });
  check2<int32_t, int32_t>("rem.s32 %d, %a, %b;", [&](int64_t a, int64_t b) { return rem(a, b); });
  check2<uint32_t, uint32_t>("rem.u32 %d, %a, %b;", [&](int64_t a, int64_t b) { return rem(a, b); });
  check2<uint64_t, uint64_t>("div.u64 %d, %a, %b;", [&](i128 a, i128 b) { return div(a, b); });
  check2<int64_t, int64_t>("div.s64 %d, %a, %b;", [&](i128 a, i128 b) { return div(a, b); });
  check2<int64_t, int64_t>("rem.s64 %d, %a, %b;", [&](i128 a, i128 b) { return rem(a, b); });
}

TEST(Integer, CarryChains) {
  // 64-bit arithmetic out of 32-bit halves, and 128-bit high words.
  check2<uint64_t, uint64_t>(R"(
    .reg .b32 %al, %ah, %bl, %bh;
    mov.b64 {%al, %ah}, %a;  mov.b64 {%bl, %bh}, %b;
    add.cc.u32 %x, %al, %bl;  addc.u32 %y, %ah, %bh;
    mov.b64 %d, {%x, %y};)",
                             [](uint64_t a, uint64_t b) { return a + b; });
  check2<uint64_t, uint64_t>(R"(
    .reg .b32 %al, %ah, %bl, %bh;
    mov.b64 {%al, %ah}, %a;  mov.b64 {%bl, %bh}, %b;
    sub.cc.u32 %x, %al, %bl;  subc.u32 %y, %ah, %bh;
    mov.b64 %d, {%x, %y};)",
                             [](uint64_t a, uint64_t b) { return a - b; });
  check2<uint64_t, uint64_t>(R"(
    add.cc.u64 %wx, %a, %b;  addc.u64 %d, 0, 0;)",
                             [](u128 a, u128 b) { return uint64_t((a + b) >> 64); });
  // (al + ah 2^32) bl + b, in 96 bits: the top word.
  check3<uint32_t, uint64_t, uint32_t, uint32_t>(R"(
    .reg .b32 %al, %ah;
    mov.b64 {%al, %ah}, %a;
    mad.lo.cc.u32 %x, %al, %b, %c;
    madc.hi.cc.u32 %y, %al, %b, 0;
    madc.hi.u32 %z, %ah, %b, 0;
    mad.lo.cc.u32 %y, %ah, %b, %y;
    addc.u32 %d, %z, 0;)",
                                                 [](u128 a, u128 b, u128 c) {
                                                   uint32_t low = uint32_t(a), high = uint32_t(a >> 32);
                                                   u128 first = u128(low) * b + c;
                                                   u128 mid = u128(high) * uint32_t(b) + (first >> 32);
                                                   // The second madc adds the carry of the first into z.
                                                   return uint32_t(mid >> 32);
                                                 });
}

TEST(Integer, DotProducts) {
  auto dot4 = [](auto element, auto other) {
    return [=](uint32_t a, uint32_t b, uint32_t c) {
      for (int i = 0; i < 4; ++i)
        c += static_cast<uint32_t>(int(decltype(element)(a >> 8 * i)) * int(decltype(other)(b >> 8 * i)));
      return c;
    };
  };
  check3<uint32_t, uint32_t>("dp4a.u32.u32 %d, %a, %b, %c;", dot4(uint8_t(), uint8_t()));
  check3<uint32_t, uint32_t>("dp4a.s32.s32 %d, %a, %b, %c;", dot4(int8_t(), int8_t()));
  check3<uint32_t, uint32_t>("dp4a.s32.u32 %d, %a, %b, %c;", dot4(int8_t(), uint8_t()));
  check3<uint32_t, uint32_t>("dp2a.hi.s32.s32 %d, %a, %b, %c;", [](uint32_t a, uint32_t b, uint32_t c) {
    return c + uint32_t(int16_t(a) * int8_t(b >> 16)) + uint32_t(int16_t(a >> 16) * int8_t(b >> 24));
  });
  check3<uint32_t, uint32_t>("dp2a.lo.u32.s32 %d, %a, %b, %c;", [](uint32_t a, uint32_t b, uint32_t c) {
    return c + uint32_t(int(uint16_t(a)) * int8_t(b)) + uint32_t(int(uint16_t(a >> 16)) * int8_t(b >> 8));
  });
}

TEST(Integer, DivisionByZeroIsNoted) {
  BodyRun run = runBody(R"(
    .reg .b32 %q;
    and.b32 %q, %t, 1;
    div.u32 %q, 12, %q;
    st.global.u32 [%out], %q;
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].check, Check::DivisionByZero);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Note);
  EXPECT_EQ(run.report.findings[0].lane, 0);
}

} // namespace thrift::sim::test
