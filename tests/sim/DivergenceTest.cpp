//===- DivergenceTest.cpp - branches, loops, calls, fairness ----------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

/// Stores %r of every thread.
static BodyRun runStoring(const std::string &code, BodyOptions options = {}) {
  return runBody(".reg .b32 %r, %x, %y, %z; .reg .b64 %o; .reg .pred %p, %q;\n" + code + R"(
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %r;
  )",
                 options);
}

TEST(Divergence, LoopsWithDifferentTripCounts) {
  BodyOptions options;
  options.threads = 64;
  BodyRun run = runStoring(R"(
    mov.u32 %r, 0;  mul.lo.u32 %x, %t, 37;  rem.u32 %x, %x, 23;
  LOOP:
    setp.eq.u32 %p, %x, 0;
    @%p bra DONE;
    add.u32 %r, %r, %x;
    sub.u32 %x, %x, 1;
    bra LOOP;
  DONE:
  )",
                           options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 64; ++t) {
    uint32_t n = t * 37 % 23;
    EXPECT_EQ(run.out[t], n * (n + 1) / 2);
  }
}

TEST(Divergence, NestedBranchesReconverge) {
  BodyRun run = runStoring(R"(
    and.b32 %x, %t, 3;
    setp.lt.u32 %p, %x, 2;
    @%p bra LOW;
      setp.eq.u32 %q, %x, 2;
      @%q bra TWO;
        mov.u32 %r, 30;
        bra OUT;
      TWO:
        mov.u32 %r, 20;
        bra OUT;
    LOW:
      setp.eq.u32 %q, %x, 0;
      @%q bra ZERO;
        mov.u32 %r, 10;
        bra OUT;
      ZERO:
        mov.u32 %r, 0;
    OUT:
    activemask.b32 %y;
    setp.eq.u32 %p, %y, -1;
    @%p add.u32 %r, %r, 1;
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t % 4 * 10 + 1) << "the warp must be whole behind the branches";
  EXPECT_EQ(run.report.statistics.divergentBranches, 3u);
}

TEST(Divergence, EarlyExit) {
  BodyRun run = runStoring(R"(
    setp.gt.u32 %p, %t, 20;
    @%p exit;
    mov.u32 %r, 5;
    setp.lt.u32 %p, %t, 3;
    @%p ret;
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t >= 3 && t <= 20 ? 5 : 0);
}

TEST(Divergence, SpinOnAnotherWarp) {
  BodyOptions options;
  options.threads = 64;
  options.before = ".shared .align 4 .u32 flag;\n";
  for (uint64_t seed : {0u, 1u, 2u, 3u}) {
    options.options.seed = seed;
    BodyRun run = runStoring(R"(
      setp.eq.u32 %p, %t, 0;
      @%p st.shared.u32 [flag], 0;
      bar.sync 0;
      setp.lt.u32 %p, %t, 32;
      @%p bra WAIT;
      mov.u32 %x, 0;
    WORK:
      add.u32 %x, %x, 1;  setp.lt.u32 %q, %x, 20000;  @%q bra WORK;
      st.volatile.shared.u32 [flag], %x;
      bra DONE;
    WAIT:
      ld.volatile.shared.u32 %x, [flag];
      setp.eq.u32 %q, %x, 0;
      @%q bra WAIT;
    DONE:
      mov.u32 %r, %x;
    )",
                             options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_EQ(run.out[0], 20000u);
  }
}

TEST(Divergence, SpinOnAnotherLane) {
  // Whichever way the branch falls, the waiting lanes must not starve the one that works, nor run ahead of it for ever.
  for (std::string comparison : {"eq", "ne"}) {
    BodyOptions options;
    options.before = ".shared .align 4 .u32 flag;\n";
    options.options.instructionBudget = 10'000'000;
    BodyRun run = runStoring(R"(
      st.shared.u32 [flag], 0;
      bar.warp.sync -1;
      setp.)" + comparison + R"(.u32 %p, %t, 7;
      @%p bra A;
      )" + (comparison == "eq" ? "bra WAIT;" : "bra WORK;") +
                                 R"(
    A:
      )" + (comparison == "eq" ? "bra WORK;" : "bra WAIT;") +
                                 R"(
    WAIT:
      ld.volatile.shared.u32 %r, [flag];
      setp.eq.u32 %q, %r, 0;
      @%q bra WAIT;
      bra DONE;
    WORK:
      mov.u32 %x, 0;
    MORE:
      add.u32 %x, %x, 1;  setp.lt.u32 %q, %x, 3000;  @%q bra MORE;
      st.volatile.shared.u32 [flag], 9;
      mov.u32 %r, 1;
    DONE:
    )",
                             options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t t = 0; t < 32; ++t)
      EXPECT_EQ(run.out[t], t == 7 ? 1 : 9);
  }
}

TEST(Divergence, BranchTable) {
  BodyOptions options;
  options.threads = 96;
  BodyRun run = runStoring(R"(
    and.b32 %x, %t, 7;  min.u32 %x, %x, 4;
    mov.u32 %r, 1;
  TABLE: .branchtargets T0, T1, T2, T1, T4;
    brx.idx %x, TABLE;
  T0: add.u32 %r, %r, 100;  bra END;
  T1: add.u32 %r, %r, 200;  bra END;
  T2: add.u32 %r, %r, 300;
  T4: add.u32 %r, %r, 400;
  END:
  )",
                           options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  const uint32_t kExpected[] = {101, 201, 701, 201, 401};
  for (uint32_t t = 0; t < 96; ++t)
    EXPECT_EQ(run.out[t], kExpected[std::min(t % 8, 4u)]);
}

TEST(Divergence, BranchIndexOutOfRange) {
  Finding finding = expectError(R"(
    TABLE: .branchtargets T0, T1;
    brx.idx %t, TABLE;
    T0: ret;
    T1: ret;
  )",
                                Check::BadOperand);
  EXPECT_EQ(finding.lane, 2);
}

TEST(Divergence, CallsInDivergentCode) {
  BodyOptions options;
  options.before = R"(
.func (.param .b32 result) half(.param .b32 x)
{
  .reg .b32 %r; .reg .pred %p;
  ld.param.b32 %r, [x];
  setp.gt.u32 %p, %r, 20;
  @%p bra BIG;
  shr.u32 %r, %r, 1;
  st.param.b32 [result], %r;
  ret;
BIG:
  st.param.b32 [result], 77;
  ret;
}
.func (.param .b32 result) quarter(.param .b32 x)
{
  .reg .b32 %r;
  .param .b32 a, b;
  ld.param.b32 %r, [x];
  st.param.b32 [a], %r;
  call.uni (b), half, (a);
  ld.param.b32 %r, [b];
  st.param.b32 [a], %r;
  call (b), half, (a);
  ld.param.b32 %r, [b];
  st.param.b32 [result], %r;
  ret;
}
)";
  BodyRun run = runStoring(R"(
    and.b32 %x, %t, 1;  setp.eq.u32 %p, %x, 0;
    mov.u32 %r, 1000;
    { .param .b32 a; .param .b32 b;
      st.param.b32 [a], %t;
      @%p call (b), quarter, (a);
      @%p ld.param.b32 %r, [b];
    }
    activemask.b32 %y;  setp.ne.u32 %q, %y, -1;  @%q mov.u32 %r, 0;
  )",
                           options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  auto half = [](uint32_t x) { return x > 20 ? 77 : x / 2; };
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t % 2 ? 1000 : half(half(t))) << t;
}

TEST(Divergence, UniformBranchThatIsNot) {
  BodyRun run = runBody(R"(
    .reg .pred %p;
    setp.lt.u32 %p, %t, 3;
    @%p bra.uni L;
    st.global.u32 [%out], %t;
  L:
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].check, Check::Uniformity);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
}

TEST(Divergence, EndlessLoopRunsOutOfBudget) {
  BodyOptions options;
  options.options.instructionBudget = 1'000'000;
  Finding finding = expectError("LOOP: bra LOOP;", Check::Budget, options);
  EXPECT_NE(finding.message.find("1000000 warp instructions"), std::string::npos) << finding.message;
}

TEST(Divergence, NanosleepLetsOthersRun) {
  BodyOptions options;
  options.threads = 64;
  options.before = ".shared .align 4 .u32 flag;\n";
  BodyRun run = runStoring(R"(
    mov.u32 %r, 1;
    setp.eq.u32 %p, %t, 0;
    @%p st.shared.u32 [flag], 0;
    bar.sync 0;
    setp.ge.u32 %p, %t, 32;
    @%p st.volatile.shared.u32 [flag], 1;
  WAIT:
    nanosleep.u32 20;
    ld.volatile.shared.u32 %x, [flag];
    setp.eq.u32 %q, %x, 0;
    @%q bra WAIT;
  )",
                           options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
}

TEST(Divergence, ClocksAdvance) {
  BodyRun run = runStoring(R"(
    .reg .b64 %c, %d;
    mov.u64 %c, %clock64;  mov.u32 %x, %clock;
    add.u32 %r, %t, 1;
    mov.u64 %d, %globaltimer;  mov.u32 %y, %clock;
    setp.gt.u64 %p, %d, %c;  setp.gt.u32 %q, %y, %x;
    and.pred %p, %p, %q;
    selp.u32 %r, 1, 0, %p;
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[5], 1u);
}

} // namespace thrift::sim::test
