//===- BarrierTest.cpp - bar, barrier, bar.warp.sync, deadlock --------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

static const char *const kShared = ".shared .align 16 .b8 memory[4096];\n";

static BodyOptions block(uint32_t threads) {
  BodyOptions options;
  options.threads = threads;
  options.before = kShared;
  return options;
}

/// Every thread tells its number through shared memory to the thread half a block away.
static std::string exchange(const std::string &barrier) {
  return R"(
    .reg .b32 %a, %b, %n; .reg .b64 %o;
    mov.u32 %a, memory;  shl.b32 %b, %t, 2;  add.u32 %b, %a, %b;
    st.shared.u32 [%b], %t;
  )" + barrier +
         R"(
    mov.u32 %n, %ntid.x;  shr.u32 %b, %n, 1;  add.u32 %b, %b, %t;  rem.u32 %b, %b, %n;
    shl.b32 %b, %b, 2;  add.u32 %b, %a, %b;
    ld.shared.u32 %b, [%b];
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %b;
  )";
}

TEST(Barrier, SyncOrdersWarps) {
  for (std::string barrier : {"bar.sync 0;", "barrier.sync 3;", "bar.sync 5, 128;", "barrier.cta.sync.aligned 1;"}) {
    BodyRun run = runBody(exchange(barrier), block(128));
    ASSERT_TRUE(run.report.status) << barrier << run.report.status.message();
    for (uint32_t t = 0; t < 128; ++t)
      EXPECT_EQ(run.out[t], (t + 64) % 128) << barrier;
  }
}

TEST(Barrier, AllOrdersOfWarpsWork) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    BodyOptions options = block(256);
    options.options.seed = seed;
    BodyRun run = runBody(exchange("bar.sync 0;"), options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_EQ(run.out[0], 128u);
  }
}

TEST(Barrier, WithoutItTheReadIsCaught) {
  Finding finding = expectError(exchange(""), Check::Uninitialized, block(128));
  EXPECT_EQ(finding.warp, 0u);
}

TEST(Barrier, PartialWarpTakesPart) {
  BodyRun run = runBody(exchange("bar.sync 0;"), block(48));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 48; ++t)
    EXPECT_EQ(run.out[t], (t + 24) % 48);
}

TEST(Barrier, ProducersArriveConsumersWait) {
  // Warps 0 and 1 produce and go on, warps 2 and 3 wait for them at barrier 4.
  BodyRun run = runBody(R"(
    .reg .b32 %a, %b, %v; .reg .b64 %o; .reg .pred %p;
    mov.u32 %a, memory;  shl.b32 %b, %t, 2;  add.u32 %b, %a, %b;
    setp.ge.u32 %p, %t, 64;
    @%p bra CONSUMER;
    st.shared.u32 [%b], %t;
    bar.arrive 4, 128;
    ret;
  CONSUMER:
    bar.sync 4, 128;
    ld.shared.u32 %v, [%b+-256];
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %v;
  )",
                        block(128));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 64; t < 128; ++t)
    EXPECT_EQ(run.out[t], t - 64);
}

TEST(Barrier, Reductions) {
  BodyRun run = runBody(R"(
    .reg .b32 %n, %a, %o; .reg .b64 %w; .reg .pred %p, %q, %r;
    setp.lt.u32 %p, %t, 70;
    bar.red.popc.u32 %n, 0, %p;
    bar.red.and.pred %q, 1, %p;
    bar.red.or.pred %r, 2, 96, !%p;
    selp.u32 %a, 1000, 0, %q;  selp.u32 %o, 10000, 0, %r;
    add.u32 %n, %n, %a;  add.u32 %n, %n, %o;
    mul.wide.u32 %w, %t, 4;  add.s64 %w, %out, %w;
    st.global.u32 [%w], %n;
  )",
                        block(96));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 96; ++t)
    EXPECT_EQ(run.out[t], 10070u);
}

TEST(Barrier, ManyRounds) {
  BodyRun run = runBody(R"(
    .reg .b32 %i, %a, %b, %v; .reg .pred %p; .reg .b64 %o;
    mov.u32 %a, memory;  shl.b32 %b, %t, 2;  add.u32 %b, %a, %b;
    mov.u32 %v, %t;
    mov.u32 %i, 0;
  LOOP:
    st.shared.u32 [%b], %v;
    bar.sync 0;
    xor.b32 %v, %t, 33;  shl.b32 %v, %v, 2;  add.u32 %v, %a, %v;
    ld.shared.u32 %v, [%v];
    add.u32 %v, %v, 1;
    bar.sync 1;
    add.u32 %i, %i, 1;
    setp.lt.u32 %p, %i, 100;
    @%p bra LOOP;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %v;
  )",
                        block(64));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 64; ++t)
    EXPECT_EQ(run.out[t], t + 100);
}

TEST(Barrier, ExitedThreadsAreAWarning) {
  BodyRun run = runBody(R"(
    .reg .pred %p;
    setp.ge.u32 %p, %t, 32;
    @%p ret;
    bar.sync 0;
  )",
                        block(64));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  EXPECT_EQ(run.report.findings[0].check, Check::BarrierMisuse);
}

//===----------------------------------------------------------------------===//
// bar.warp.sync
//===----------------------------------------------------------------------===//

TEST(WarpBarrier, LanesMayArriveAtDifferentInstructions) {
  BodyRun run = runBody(R"(
    .reg .b32 %a, %b, %v; .reg .b64 %o; .reg .pred %p;
    mov.u32 %a, memory;
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    bar.warp.sync 0xFFFFFFFF;
    ld.shared.u32 %v, [%a];
    bra DONE;
  LOW:
    st.shared.u32 [%a], 55;
    bar.warp.sync 0xFFFFFFFF;
    mov.u32 %v, 1;
  DONE:
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %v;
  )",
                        block(32));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t < 16 ? 1 : 55);
}

TEST(WarpBarrier, ExitedLanesAreNotWaitedFor) {
  BodyRun run = runBody(R"(
    .reg .pred %p;
    setp.lt.u32 %p, %t, 5;
    @%p exit;
    bar.warp.sync -1;
    st.global.u32 [%out], 7;
  )",
                        block(32));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], 7u);
}

//===----------------------------------------------------------------------===//
// Mistakes
//===----------------------------------------------------------------------===//

TEST(BarrierMistakes, DeadlockListsEveryWarp) {
  Finding finding = expectError(R"(
    .reg .pred %p;
    setp.lt.u32 %p, %t, 32;
    @%p bra ONE;
    bar.sync 1, 128;
    ret;
  ONE:
    bar.sync 2, 64;
  )",
                                Check::Deadlock, block(96));
  EXPECT_NE(finding.message.find("warp 0 lanes 0xffffffff"), std::string::npos) << finding.message;
  EXPECT_NE(finding.message.find("barrier 2 (32 of 64 threads have arrived)"), std::string::npos) << finding.message;
  EXPECT_NE(finding.message.find("warp 2"), std::string::npos) << finding.message;
  EXPECT_NE(finding.message.find("barrier 1 (64 of 128 threads have arrived)"), std::string::npos) << finding.message;
}

TEST(BarrierMistakes, AlignedBarrierInDivergentCode) {
  Finding finding = expectError(R"(
    .reg .pred %p;
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    bar.sync 0;
    bra DONE;
  LOW:
    bar.sync 1;
  DONE:
  )",
                                Check::DivergentAligned, block(32));
  EXPECT_NE(finding.message.find("bar.sync 0"), std::string::npos) << finding.message;
  EXPECT_NE(finding.message.find("bar.sync 1"), std::string::npos) << finding.message;
  EXPECT_NE(finding.message.find("0x0000ffff"), std::string::npos) << finding.message;
}

TEST(BarrierMistakes, UnalignedBarrierMayDiverge) {
  BodyRun run = runBody(R"(
    .reg .pred %p;
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    barrier.sync 0;
    bra DONE;
  LOW:
    barrier.sync 0;
  DONE:
    st.global.u32 [%out], 1;
  )",
                        block(64));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
}

TEST(BarrierMistakes, MissingLanesOfAMemberMask) {
  Finding finding = expectError(R"(
    .reg .pred %p; .reg .b32 %r;
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    bar.sync 0;
    ret;
  LOW:
    shfl.sync.idx.b32 %r, %t, 0, 31, -1;
  )",
                                Check::DivergentAligned, block(32));
  EXPECT_NE(finding.message.find("shfl.sync"), std::string::npos) << finding.message;
  finding = expectError(R"(
    .reg .pred %p; .reg .b32 %r;
    setp.lt.u32 %p, %t, 16;
    @%p bra LOW;
    vote.sync.ballot.b32 %r, 1, -1;
    ret;
  LOW:
    shfl.sync.idx.b32 %r, %t, 0, 31, -1;
  )",
                        Check::Deadlock, block(32));
  EXPECT_NE(finding.message.find("member mask"), std::string::npos) << finding.message;
}

TEST(BarrierMistakes, LaneOutsideItsMask) {
  Finding finding =
      expectError(".reg .b32 %r; shfl.sync.idx.b32 %r, %t, 0, 31, 0xFFFFFFFE;", Check::BadMask, block(32));
  EXPECT_EQ(finding.lane, 0);
}

TEST(BarrierMistakes, BadNumbers) {
  expectError("bar.sync 16;", Check::BarrierMisuse, block(32));
  expectError("bar.sync 0, 33;", Check::BarrierMisuse, block(32));
  expectError(".reg .b32 %n; mov.u32 %n, 0; bar.sync 0, %n;", Check::BarrierMisuse, block(32));
  expectError("bar.sync %t;", Check::BarrierMisuse, block(32));
  // Two warps, two counts.
  expectError(".reg .b32 %n; add.u32 %n, %t, 64; and.b32 %n, %n, 96; bar.sync 0, %n;", Check::BarrierMisuse, block(64));
}

TEST(BarrierMistakes, ArrivingTwice) {
  expectError("bar.arrive 0, 128; bar.arrive 0, 128;", Check::BarrierMisuse, block(32));
}

TEST(BarrierMistakes, MixingSyncAndRed) {
  expectError(R"(
    .reg .pred %p, %q; .reg .b32 %n;
    setp.lt.u32 %p, %t, 32;
    @%p bra ONE;
    bar.red.or.pred %q, 0, 64, %p;
    ret;
  ONE:
    bar.sync 0, 64;
  )",
              Check::BarrierMisuse, block(64));
}

} // namespace thrift::sim::test
