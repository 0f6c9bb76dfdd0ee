//===- LogicTest.cpp - logic, shifts, bit manipulation ----------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

constexpr size_t kCount = 2000;

template <typename D, typename A, typename... Rest, typename Oracle>
static void check(const std::string &code, Oracle oracle) {
  std::vector<A> a = integers<A>(kCount, 1);
  std::tuple<std::vector<Rest>...> rest{integers<Rest>(kCount, 7 + sizeof(Rest))...};
  std::apply(
      [&](const auto &...b) {
        std::vector<D> d = elementwise<D>(code, a, b...);
        ASSERT_EQ(d.size(), kCount) << code;
        for (size_t i = 0; i < kCount; ++i)
          ASSERT_EQ(d[i], static_cast<D>(oracle(a[i], b[i]...))) << code << " element " << i << " a " << +a[i];
      },
      rest);
}

TEST(Logic, Bitwise) {
  check<uint16_t, uint16_t, uint16_t>("and.b16 %d, %a, %b;", [](auto a, auto b) { return a & b; });
  check<uint32_t, uint32_t, uint32_t>("or.b32 %d, %a, %b;", [](auto a, auto b) { return a | b; });
  check<uint64_t, uint64_t, uint64_t>("xor.b64 %d, %a, %b;", [](auto a, auto b) { return a ^ b; });
  check<uint16_t, uint16_t>("not.b16 %d, %a;", [](auto a) { return ~a; });
  check<uint32_t, uint32_t>("not.b32 %d, %a;", [](auto a) { return ~a; });
  check<uint64_t, uint64_t>("cnot.b64 %d, %a;", [](auto a) { return a == 0; });
}

TEST(Logic, NotOfSixteenBitsKeepsTheUpperHalfClear) {
  check<uint32_t, uint16_t>("not.b16 %h, %a; cvt.u32.u16 %d, %h;", [](uint16_t a) { return uint16_t(~a); });
}

TEST(Logic, PredicateLogic) {
  check<uint32_t, uint32_t, uint32_t>(R"(
    setp.lt.u32 %p, %a, %b;  setp.eq.u32 %q, %a, 0;
    and.pred %p, %p, %q;  or.pred %p, %p, !%q;  xor.pred %p, %p, %q;  not.pred %p, %p;
    selp.b32 %d, 1, 0, %p;)",
                                      [](uint32_t a, uint32_t b) {
                                        bool p = a < b, q = a == 0;
                                        return !(((p && q) || !q) != q);
                                      });
}

TEST(Logic, ShiftsClamp) {
  check<uint16_t, uint16_t, uint32_t>("shl.b16 %d, %a, %b;", [](auto a, auto n) { return n > 15 ? 0 : a << n; });
  check<uint32_t, uint32_t, uint32_t>("shl.b32 %d, %a, %b;", [](auto a, auto n) { return n > 31 ? 0 : a << n; });
  check<uint64_t, uint64_t, uint32_t>("shl.b64 %d, %a, %b;", [](auto a, auto n) { return n > 63 ? 0 : a << n; });
  check<uint32_t, uint32_t, uint32_t>("shr.u32 %d, %a, %b;", [](auto a, auto n) { return n > 31 ? 0 : a >> n; });
  check<uint64_t, uint64_t, uint32_t>("shr.b64 %d, %a, %b;", [](auto a, auto n) { return n > 63 ? 0 : a >> n; });
  check<int16_t, int16_t, uint32_t>("shr.s16 %d, %a, %b;", [](auto a, auto n) { return a >> std::min(n, 15u); });
  check<int32_t, int32_t, uint32_t>("shr.s32 %d, %a, %b;", [](auto a, auto n) { return a >> std::min(n, 31u); });
  check<int64_t, int64_t, uint32_t>("shr.s64 %d, %a, %b;", [](auto a, auto n) { return a >> std::min(n, 63u); });
}

TEST(Logic, FunnelShifts) {
  auto left = [](uint64_t pair, uint32_t n) { return uint32_t(pair << n >> 32); };
  check<uint32_t, uint32_t, uint32_t, uint32_t>(
      "shf.l.wrap.b32 %d, %a, %b, %c;", [&](uint64_t a, uint64_t b, uint32_t n) { return left(b << 32 | a, n % 32); });
  check<uint32_t, uint32_t, uint32_t, uint32_t>(
      "shf.l.clamp.b32 %d, %a, %b, %c;",
      [&](uint64_t a, uint64_t b, uint32_t n) { return left(b << 32 | a, std::min(n, 32u)); });
  check<uint32_t, uint32_t, uint32_t, uint32_t>(
      "shf.r.wrap.b32 %d, %a, %b, %c;", [](uint64_t a, uint64_t b, uint32_t n) { return (b << 32 | a) >> n % 32; });
  check<uint32_t, uint32_t, uint32_t, uint32_t>(
      "shf.r.clamp.b32 %d, %a, %b, %c;",
      [](uint64_t a, uint64_t b, uint32_t n) { return (b << 32 | a) >> std::min(n, 32u); });
}

TEST(Logic, CountsAndFinds) {
  check<uint32_t, uint32_t>("popc.b32 %d, %a;", [](auto a) { return __builtin_popcount(a); });
  check<uint32_t, uint64_t>("popc.b64 %d, %a;", [](auto a) { return __builtin_popcountll(a); });
  check<uint32_t, uint32_t>("clz.b32 %d, %a;", [](auto a) { return a ? __builtin_clz(a) : 32; });
  check<uint32_t, uint64_t>("clz.b64 %d, %a;", [](auto a) { return a ? __builtin_clzll(a) : 64; });
  auto find = [](uint64_t bits) { return bits ? 63 - __builtin_clzll(bits) : -1; };
  check<uint32_t, uint32_t>("bfind.u32 %d, %a;", [&](auto a) { return find(a); });
  check<uint32_t, int32_t>("bfind.s32 %d, %a;", [&](int32_t a) { return find(uint32_t(a < 0 ? ~a : a)); });
  check<uint32_t, uint64_t>("bfind.u64 %d, %a;", [&](auto a) { return find(a); });
  check<uint32_t, int64_t>("bfind.s64 %d, %a;", [&](int64_t a) { return find(uint64_t(a < 0 ? ~a : a)); });
  check<uint32_t, uint32_t>("bfind.shiftamt.u32 %d, %a;", [&](auto a) { return a ? 31 - find(a) : -1; });
}

TEST(Logic, Brev) {
  auto reverse = [](uint64_t x, int bits) {
    uint64_t result = 0;
    for (int i = 0; i < bits; ++i)
      result |= (x >> i & 1) << (bits - 1 - i);
    return result;
  };
  check<uint32_t, uint32_t>("brev.b32 %d, %a;", [&](auto a) { return reverse(a, 32); });
  check<uint64_t, uint64_t>("brev.b64 %d, %a;", [&](auto a) { return reverse(a, 64); });
}

/// Position and length as the ISA takes them; the 64-bit forms of an H100 do not cut them to 8 bits.
template <typename T>
static uint64_t fieldNumber(uint32_t x) {
  return sizeof(T) == 8 ? x : x & 0xFF;
}
/// The pseudo code of the PTX ISA, bit by bit.
template <typename T>
static T bfeOracle(T a, uint32_t b, uint32_t c) {
  using U = std::make_unsigned_t<T>;
  uint64_t msb = 8 * sizeof(T) - 1, position = fieldNumber<T>(b), length = fieldNumber<T>(c);
  bool sign = std::is_signed_v<T> && length != 0 && (U(a) >> std::min(position + length - 1, msb) & 1);
  U d = 0;
  for (uint64_t i = 0; i <= msb; ++i)
    d |= U(i < length && position + i <= msb ? U(a) >> (position + i) & 1 : U(sign)) << i;
  return T(d);
}
template <typename T>
static T bfiOracle(T a, T b, uint32_t c, uint32_t d) {
  uint64_t msb = 8 * sizeof(T) - 1, position = fieldNumber<T>(c), length = fieldNumber<T>(d);
  T f = b;
  for (uint64_t i = 0; i < length && position + i <= msb; ++i)
    f = (f & ~(T(1) << (position + i))) | (a >> i & 1) << (position + i);
  return f;
}

TEST(Logic, BitFields) {
  check<uint32_t, uint32_t, uint32_t, uint32_t>("bfe.u32 %d, %a, %b, %c;", bfeOracle<uint32_t>);
  check<int32_t, int32_t, uint32_t, uint32_t>("bfe.s32 %d, %a, %b, %c;", bfeOracle<int32_t>);
  check<uint64_t, uint64_t, uint32_t, uint32_t>("bfe.u64 %d, %a, %b, %c;", bfeOracle<uint64_t>);
  check<int64_t, int64_t, uint32_t, uint32_t>("bfe.s64 %d, %a, %b, %c;", bfeOracle<int64_t>);
  for (uint32_t position : {0u, 3u, 17u, 31u, 32u, 40u, 63u, 64u, 256u})
    for (uint32_t length : {0u, 1u, 8u, 31u, 32u, 33u, 64u, 200u}) {
      std::string tail = ", " + std::to_string(position) + ", " + std::to_string(length) + ";";
      check<uint32_t, uint32_t, uint32_t>("bfi.b32 %d, %a, %b" + tail,
                                          [&](auto a, auto b) { return bfiOracle<uint32_t>(a, b, position, length); });
      check<uint64_t, uint64_t, uint64_t>("bfi.b64 %d, %a, %b" + tail,
                                          [&](auto a, auto b) { return bfiOracle<uint64_t>(a, b, position, length); });
      check<int32_t, int32_t>("bfe.s32 %d, %a" + tail, [&](auto a) { return bfeOracle<int32_t>(a, position, length); });
    }
}

TEST(Logic, MaskAndExtend) {
  check<uint32_t, uint32_t, uint32_t>("bmsk.clamp.b32 %d, %a, %b;", [](uint32_t a, uint32_t b) {
    uint64_t ones = b > 31 ? 0xFFFFFFFFull : (1ull << b) - 1;
    return a > 31 ? 0 : uint32_t(ones << a);
  });
  check<uint32_t, uint32_t, uint32_t>("bmsk.wrap.b32 %d, %a, %b;",
                                      [](uint32_t a, uint32_t b) { return ((1u << b % 32) - 1) << a % 32; });
}

TEST(Logic, Prmt) {
  auto oracle = [](uint32_t a, uint32_t b, uint32_t c) {
    uint32_t d = 0;
    for (int i = 0; i < 4; ++i) {
      uint32_t selector = c >> (4 * i) & 15;
      uint32_t byte = uint32_t((uint64_t(b) << 32 | a) >> (8 * (selector & 7))) & 0xFF;
      d |= (selector & 8 ? (byte >> 7) * 0xFF : byte) << (8 * i);
    }
    return d;
  };
  check<uint32_t, uint32_t, uint32_t, uint32_t>("prmt.b32 %d, %a, %b, %c;", oracle);
  check<uint32_t, uint32_t, uint32_t>("prmt.b32 %d, %a, %b, 0x5410U;",
                                      [&](uint32_t a, uint32_t b) { return oracle(a, b, 0x5410); });
  check<uint32_t, uint32_t, uint32_t>("prmt.b32.rc16 %d, %a, %b, 1;",
                                      [](uint32_t a, uint32_t) { return (a >> 16) | (a & 0xFFFF0000u); });
  check<uint32_t, uint32_t, uint32_t>("prmt.b32.f4e %d, %a, %b, 1;",
                                      [](uint64_t a, uint64_t b) { return uint32_t((b << 32 | a) >> 8); });
  check<uint32_t, uint32_t, uint32_t>("prmt.b32.ecl %d, %a, %b, 2;",
                                      [&](uint32_t a, uint32_t b) { return oracle(a, b, 0x3222); });
}

TEST(Logic, Lop3) {
  for (unsigned table : {0x00u, 0x80u, 0xC0u, 0xEAu, 0x96u, 0x1Bu, 0xFFu, 0x3Cu})
    check<uint32_t, uint32_t, uint32_t, uint32_t>(
        "lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";", [&](uint32_t a, uint32_t b, uint32_t c) {
          uint32_t d = 0;
          for (int i = 0; i < 32; ++i)
            d |= (table >> ((a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1)) & 1) << i;
          return d;
        });
}

TEST(Logic, SelectionsAndMoves) {
  check<uint64_t, uint64_t, uint64_t, int32_t>("slct.b64.s32 %d, %a, %b, %c;",
                                               [](auto a, auto b, int32_t c) { return c >= 0 ? a : b; });
  check<uint64_t, uint64_t>("mov.b64 {%x, %y}, %a; mov.b64 %d, {%y, %x};", [](auto a) { return a >> 32 | a << 32; });
  check<uint32_t, uint32_t>("mov.b32 {%h, %g}, %a; mov.b32 %d, {%g, %h};", [](auto a) { return a >> 16 | a << 16; });
  check<uint64_t, uint64_t>(
      R"(
    .reg .b16 %q0, %q1, %q2, %q3;
    mov.b64 {%q0, %q1, %q2, %q3}, %a;  mov.b64 %d, {%q3, %q2, %q1, %q0};)",
      [](auto a) { return a << 48 | (a >> 16 & 0xFFFF) << 32 | (a >> 32 & 0xFFFF) << 16 | a >> 48; });
  check<uint32_t, uint32_t>("mov.b32 {%h, _}, %a; cvt.u32.u16 %d, %h;", [](auto a) { return a & 0xFFFF; });
  check<uint64_t, uint64_t, uint64_t>(R"(
    .reg .b128 %w;
    mov.b128 %w, {%a, %b};  mov.b128 {%wx, %wy}, %w;  sub.s64 %d, %wx, %wy;)",
                                      [](auto a, auto b) { return a - b; });
}

TEST(Logic, Lop3WithAPredicate) {
  std::vector<uint32_t> a = integers<uint32_t>(1000, 1), b = integers<uint32_t>(1000, 2),
                        c = integers<uint32_t>(1000, 3);
  for (size_t i = 0; i < a.size(); i += 3)
    a[i] = b[i]; // so that the result is often zero
  for (bool isOr : {false, true})
    for (bool sink : {false, true}) {
      // (a ^ b) & ~c: 0xF0, 0xCC, 0xAA stand for a, b, c.
      std::string code = std::string("setp.lt.u32 %q, %b, %c; mov.b32 %x, 0; lop3.") + (isOr ? "or" : "and") + ".b32 " +
                         (sink ? "_" : "%x") + "|%p, %a, %b, %c, 0x14, !%q; selp.b32 %d, 1, 0, %p; xor.b32 %d, %d, %x;";
      std::vector<uint32_t> d = elementwise<uint32_t>(code, a, b, c);
      for (size_t i = 0; i < a.size(); ++i) {
        uint32_t value = (a[i] ^ b[i]) & ~c[i];
        bool q = b[i] >= c[i], p = isOr ? value || q : value && q;
        ASSERT_EQ(d[i], uint32_t(p) ^ (sink ? 0 : value)) << code;
      }
    }
}

} // namespace thrift::sim::test
