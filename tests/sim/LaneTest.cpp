//===- LaneTest.cpp - shfl vote match redux elect ---------------------------===//

#include "tests/sim/SimHarness.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace thrift::sim::test {

/// `code` computes %r from %v, the lane's input; one result per lane.
static std::vector<uint32_t> perLane(const std::string &code, const std::vector<uint32_t> &in = {},
                                     uint32_t threads = 32) {
  BodyOptions options;
  options.threads = threads;
  options.in = in;
  if (in.empty())
    for (uint32_t i = 0; i < threads; ++i)
      options.in.push_back(100 + i);
  BodyRun run = runBody(R"(
    .reg .b32 %v, %r, %x, %y; .reg .b64 %o, %a; .reg .pred %p, %q;
    mul.wide.u32 %o, %t, 4;
    add.s64 %a, %in, %o;
    ld.global.u32 %v, [%a];
  )" + code + R"(
    add.s64 %o, %out, %o;
    st.global.u32 [%o], %r;
  )",
                        options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  return run.out;
}

TEST(Shfl, AllModesAgainstTheManual) {
  // The ISA's pseudo code, on signed integers.
  for (std::string mode : {"up", "down", "bfly", "idx"})
    for (uint32_t b : {0u, 1u, 3u, 8u, 16u, 31u})
      for (uint32_t c : {0u, 31u, 0x181Fu, 0x1C1Fu, 0x1800u, 0x1C00u, 0x0Fu}) {
        std::vector<uint32_t> r = perLane("shfl.sync." + mode + ".b32 %r|%p, %v, " + std::to_string(b) + ", " +
                                          std::to_string(c) + ", -1; @%p add.u32 %r, %r, 1000;");
        for (int lane = 0; lane < 32; ++lane) {
          int segment = int(c >> 8 & 31), clamp = int(c & 31);
          int maxLane = (lane & segment) | (clamp & ~segment), minLane = lane & segment;
          int j = 0;
          bool inside = false;
          if (mode == "up")
            j = lane - int(b), inside = j >= maxLane;
          else if (mode == "down")
            j = lane + int(b), inside = j <= maxLane;
          else if (mode == "bfly")
            j = lane ^ int(b), inside = j <= maxLane;
          else
            j = minLane | (int(b) & ~segment), inside = j <= maxLane;
          uint32_t expected = inside ? 1100u + static_cast<uint32_t>(j) : 100u + static_cast<uint32_t>(lane);
          ASSERT_EQ(r[static_cast<size_t>(lane)], expected) << mode << " " << b << " " << c << " lane " << lane;
        }
      }
}

TEST(Shfl, PerLaneSources) {
  std::vector<uint32_t> r =
      perLane("mul.lo.u32 %x, %t, 7; and.b32 %x, %x, 31; shfl.sync.idx.b32 %r, %v, %x, 31, 0xFFFFFFFF;");
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(r[lane], 100 + lane * 7 % 32);
}

TEST(Shfl, InDivergentHalves) {
  std::vector<uint32_t> r = perLane(R"(
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    shfl.sync.bfly.b32 %r, %v, 1, 31, 0xFFFF0000;
    bra DONE;
  LOW:
    shfl.sync.bfly.b32 %r, %v, 2, 31, 0x0000FFFF;
  DONE:
  )");
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(r[lane], 100 + (lane < 16 ? lane ^ 2 : lane ^ 1));
}

TEST(Shfl, WaitsForLanesThatComeLater) {
  // Odd lanes make a detour before the shuffle.
  std::vector<uint32_t> r = perLane(R"(
    and.b32 %x, %t, 1;  setp.eq.u32 %p, %x, 0;
    @%p bra JOIN;
    mov.u32 %y, 0;
  SPIN:
    add.u32 %y, %y, 1;  setp.lt.u32 %q, %y, 200;  @%q bra SPIN;
    add.u32 %v, %v, 1000;
  JOIN:
    shfl.sync.down.b32 %r, %v, 1, 31, -1;
  )");
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t source = lane == 31 ? 31 : lane + 1;
    EXPECT_EQ(r[lane], 100 + source + (source % 2 ? 1000 : 0));
  }
}

TEST(Shfl, ReadingALaneThatTakesNoPartIsAWarning) {
  BodyOptions options;
  options.threads = 16;
  BodyRun run = runBody(".reg .b32 %r; shfl.sync.down.b32 %r, %t, 8, 31, -1; st.global.u32 [%out], %r;", options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  EXPECT_EQ(run.report.findings[0].check, Check::BadMask);
  EXPECT_EQ(run.report.findings[0].lane, 8);
}

TEST(Vote, AllAnyUniBallot) {
  struct Case {
    const char *condition;
    std::function<bool(uint32_t)> oracle;
  };
  for (const Case &each : {Case{"setp.lt.u32 %p, %t, 32;", [](uint32_t) { return true; }},
                           Case{"setp.lt.u32 %p, %t, 0;", [](uint32_t) { return false; }},
                           Case{"setp.lt.u32 %p, %t, 5;", [](uint32_t t) { return t < 5; }}}) {
    uint32_t ballot = 0;
    for (uint32_t t = 0; t < 32; ++t)
      ballot |= uint32_t(each.oracle(t)) << t;
    EXPECT_EQ(perLane(std::string(each.condition) + "vote.sync.ballot.b32 %r, %p, -1;")[3], ballot);
    EXPECT_EQ(perLane(std::string(each.condition) + "vote.sync.ballot.b32 %r, !%p, -1;")[3], ~ballot);
    EXPECT_EQ(perLane(std::string(each.condition) + "vote.sync.all.pred %q, %p, -1; selp.u32 %r, 1, 0, %q;")[9],
              uint32_t(ballot == 0xFFFFFFFFu));
    EXPECT_EQ(perLane(std::string(each.condition) + "vote.sync.any.pred %q, %p, -1; selp.u32 %r, 1, 0, %q;")[9],
              uint32_t(ballot != 0));
    EXPECT_EQ(perLane(std::string(each.condition) + "vote.sync.uni.pred %q, %p, -1; selp.u32 %r, 1, 0, %q;")[9],
              uint32_t(ballot == 0 || ballot == 0xFFFFFFFFu));
  }
}

TEST(Vote, EachGroupHasItsOwn) {
  // Even and odd lanes vote apart, in one instruction.
  std::vector<uint32_t> r = perLane(R"(
    and.b32 %x, %t, 1;  setp.eq.u32 %q, %x, 0;
    selp.b32 %y, 0x55555555, 0xAAAAAAAA, %q;
    setp.gt.u32 %p, %t, 7;
    vote.sync.ballot.b32 %r, %p, %y;
  )");
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(r[lane], 0xFFFFFF00u & (lane % 2 ? 0xAAAAAAAAu : 0x55555555u));
}

TEST(ActiveMask, IsTheSplit) {
  std::vector<uint32_t> r = perLane("mov.u32 %r, 0; setp.ge.u32 %p, %t, 4; @%p bra SKIP; activemask.b32 %r; SKIP:");
  EXPECT_EQ(r[0], 0xFu);
  EXPECT_EQ(r[4], 0u);
}

TEST(Match, AnyAndAll) {
  std::vector<uint32_t> in(32);
  for (uint32_t i = 0; i < 32; ++i)
    in[i] = i % 3;
  std::vector<uint32_t> r = perLane("match.any.sync.b32 %r, %v, -1;", in);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t expected = 0;
    for (uint32_t other = 0; other < 32; ++other)
      expected |= uint32_t(other % 3 == lane % 3) << other;
    EXPECT_EQ(r[lane], expected);
  }
  EXPECT_EQ(perLane("match.all.sync.b32 %r|%p, %v, -1; @%p add.u32 %r, %r, 2;", in)[0], 0u);
  EXPECT_EQ(perLane("match.all.sync.b32 %r|%p, 5, -1; @%p add.u32 %r, %r, 2;", in)[0], 1u); // 0xFFFFFFFF + 2
  EXPECT_EQ(perLane("cvt.u64.u32 %a, %v; match.any.sync.b64 %r, %a, -1;", in)[1], r[1]);
}

TEST(Redux, IntegersAndFloats) {
  std::vector<uint32_t> in(32);
  for (uint32_t i = 0; i < 32; ++i)
    in[i] = i * 2654435761u;
  auto fold = [&](uint32_t start, std::function<uint32_t(uint32_t, uint32_t)> f) {
    for (uint32_t x : in)
      start = f(start, x);
    return start;
  };
  EXPECT_EQ(perLane("redux.sync.add.u32 %r, %v, -1;", in)[7], fold(0, [](uint32_t a, uint32_t b) { return a + b; }));
  EXPECT_EQ(perLane("redux.sync.min.u32 %r, %v, -1;", in)[7],
            fold(~0u, [](uint32_t a, uint32_t b) { return std::min(a, b); }));
  EXPECT_EQ(perLane("redux.sync.max.s32 %r, %v, -1;", in)[7],
            fold(0x80000000u, [](uint32_t a, uint32_t b) { return int32_t(a) > int32_t(b) ? a : b; }));
  EXPECT_EQ(perLane("redux.sync.xor.b32 %r, %v, -1;", in)[7], fold(0, [](uint32_t a, uint32_t b) { return a ^ b; }));
  std::vector<uint32_t> reals(32, bits(1.0f));
  reals[5] = bits(-3.0f), reals[6] = bits(2.0f), reals[9] = 0x7FC00000;
  EXPECT_EQ(perLane("redux.sync.min.f32 %r, %v, -1;", reals)[0], bits(-3.0f));
  EXPECT_EQ(perLane("redux.sync.max.abs.f32 %r, %v, -1;", reals)[0], bits(3.0f));
  EXPECT_EQ(perLane("redux.sync.max.NaN.f32 %r, %v, -1;", reals)[0], 0x7FFFFFFFu);
}

TEST(Redux, FloatsOfAllKinds) {
  // Random groups; NaNs in some, nothing but NaNs in others, zeros of both signs.
  std::mt19937 random(3);
  const uint32_t kSpecials[] = {0x7FC00000, 0xFFC12345, 0x7F800001, 0, 0x80000000, 0x7F800000, 0xFF800000, 1};
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<uint32_t> in(32);
    for (uint32_t &x : in)
      x = trial % 4 == 0 ? kSpecials[random() % 3]
          : random() % 3 ? kSpecials[random() % (trial % 4 == 1 ? 8 : 5)]
                         : static_cast<uint32_t>(random());
    auto members = static_cast<uint32_t>(random()) | 1;
    if (trial % 8 == 7)
      members = 1;
    for (bool max : {false, true})
      for (bool abs : {false, true})
        for (bool nan : {false, true}) {
          std::string opcode =
              std::string("redux.sync.") + (max ? "max" : "min") + (abs ? ".abs" : "") + (nan ? ".NaN" : "") + ".f32";
          std::string mask = std::to_string(members);
          std::vector<uint32_t> r = perLane("mov.b32 %r, " + mask + "; shr.u32 %r, %r, %t; and.b32 %r, %r, 1; " +
                                                "setp.ne.u32 %p, %r, 0; mov.b32 %r, 0; @!%p bra DONE; " + opcode +
                                                " %r, %v, " + mask + "; DONE:",
                                            in);
          uint32_t best = 0x7FFFFFFF;
          bool any = false, anyNan = false;
          for (uint32_t lane = 0; lane < 32; ++lane) {
            uint32_t x = abs ? in[lane] & 0x7FFFFFFF : in[lane];
            if (!(members >> lane & 1))
              continue;
            anyNan |= f32(x) != f32(x);
            if (f32(x) != f32(x))
              continue;
            // Ordered like integers, once negative numbers are turned around: -0 is less than +0.
            auto key = [](uint32_t word) { return static_cast<int32_t>(word ^ (word >> 31 ? 0x7FFFFFFF : 0)); };
            if (!any || (max ? key(x) > key(best) : key(x) < key(best)))
              best = x;
            any = true;
          }
          if (nan && anyNan)
            best = 0x7FFFFFFF;
          for (uint32_t lane = 0; lane < 32; ++lane)
            ASSERT_EQ(r[lane], members >> lane & 1 ? best : 0u) << opcode << " of " << mask << " lane " << lane;
        }
  }
}

TEST(Elect, LowestLane) {
  std::vector<uint32_t> r = perLane(R"(
    mov.u32 %r, 0;
    setp.lt.u32 %q, %t, 6;
    @%q bra DONE;
    elect.sync %r|%p, 0xFFFFFFC0;
    @%p add.u32 %r, %r, 100;
  DONE:
  )");
  EXPECT_EQ(r[5], 0u);
  EXPECT_EQ(r[6], 106u);
  EXPECT_EQ(r[7], 6u);
}

TEST(LaneMasks, SpecialRegisters) {
  EXPECT_EQ(perLane("mov.u32 %r, %lanemask_lt;")[31], 0x7FFFFFFFu);
  EXPECT_EQ(perLane("mov.u32 %r, %lanemask_le;")[31], 0xFFFFFFFFu);
  EXPECT_EQ(perLane("mov.u32 %r, %lanemask_ge;")[3], 0xFFFFFFF8u);
  EXPECT_EQ(perLane("mov.u32 %r, %lanemask_gt;")[31], 0u);
  EXPECT_EQ(perLane("mov.u32 %r, %lanemask_eq;")[9], 0x200u);
  EXPECT_EQ(perLane("mov.u32 %r, %laneid;")[9], 9u);
}

} // namespace thrift::sim::test
