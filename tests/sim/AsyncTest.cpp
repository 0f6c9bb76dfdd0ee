//===- AsyncTest.cpp - cp.async under lazy and eager delivery ---------------===//

#include "tests/sim/SimHarness.h"

#include <numeric>

namespace thrift::sim::test {

static BodyOptions withInput(uint32_t threads = 32) {
  BodyOptions options;
  options.threads = threads;
  options.before = ".shared .align 16 .b8 memory[8192];\n";
  options.in.resize(1024);
  std::iota(options.in.begin(), options.in.end(), 1u);
  return options;
}

/// %s: the thread's 16 bytes of shared memory, %g: of global memory.
static const char *const kAddresses = R"(
    .reg .b32 %s, %v, %w, %n; .reg .b64 %g, %o; .reg .pred %p;
    mov.u32 %s, memory;  shl.b32 %v, %t, 4;  add.u32 %s, %s, %v;
    mul.wide.u32 %g, %t, 16;  add.s64 %g, %in, %g;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
)";

TEST(CpAsync, ArrivesAtTheWait) {
  for (std::string wait : {"cp.async.wait_all;", "cp.async.commit_group; cp.async.wait_group 0;"}) {
    BodyRun run = runBody(std::string(kAddresses) + "cp.async.cg.shared.global [%s], [%g], 16;" + wait +
                              "ld.shared.u32 %v, [%s+12]; st.global.u32 [%o], %v;",
                          withInput());
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t t = 0; t < 32; ++t)
      EXPECT_EQ(run.out[t], 4 * t + 4);
    EXPECT_EQ(run.report.statistics.globalReadBytes, 512u);
  }
}

TEST(CpAsync, MissingWaitIsNamed) {
  Finding finding = expectError(std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 4;
    cp.async.commit_group;
    ld.shared.u32 %v, [%s];
    cp.async.wait_all;
    st.global.u32 [%o], %v;)",
                                Check::PendingAsync, withInput());
  EXPECT_NE(finding.message.find("cp.async of line"), std::string::npos) << finding.message;
  EXPECT_NE(finding.text.find("ld.shared.u32"), std::string::npos) << finding.text;
}

TEST(CpAsync, WaitGroupLeavesTheLatest) {
  // Two groups: after wait_group 1 the first is there, the second is not.
  std::string code = std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 8;    cp.async.commit_group;
    cp.async.ca.shared.global [%s+8], [%g+8], 8;  cp.async.commit_group;
    cp.async.wait_group 1;
    ld.shared.u32 %v, [%s+OFFSET];
    cp.async.wait_group 0;
    st.global.u32 [%o], %v;)";
  auto at = [&](const std::string &offset) {
    std::string text = code;
    return text.replace(text.find("OFFSET"), 6, offset);
  };
  BodyRun run = runBody(at("4"), withInput());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[1], 6u);
  expectError(at("8"), Check::PendingAsync, withInput());
}

TEST(CpAsync, UncommittedCopiesAreNotCovered) {
  expectError(std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 16;
    cp.async.wait_group 0;
    ld.shared.u32 %v, [%s];
    cp.async.wait_all;)",
              Check::PendingAsync, withInput());
}

TEST(CpAsync, AnotherThreadsWaitDoesNotHelp) {
  // Each warp reads what the other one copied; only warp 1 has waited before the barrier.
  Finding finding = expectError(std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 16;
    setp.ge.u32 %p, %t, 32;
    @%p cp.async.wait_all;
    bar.sync 0;
    xor.b32 %v, %t, 32;  shl.b32 %v, %v, 4;  mov.u32 %w, memory;  add.u32 %w, %w, %v;
    ld.shared.u32 %v, [%w];
    cp.async.wait_all;)",
                                Check::PendingAsync, withInput(64));
  EXPECT_EQ(finding.warp, 1u);
}

TEST(CpAsync, SourceIsReadAtDelivery) {
  BodyOptions options = withInput();
  options.outWords = 32 * 4;
  // The kernel overwrites the source of its own copy: lazily delivered, the new value appears.
  std::string code = std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 4;
    st.global.u32 [%g], 5;
    cp.async.wait_all;
    ld.shared.u32 %v, [%s];
    st.global.u32 [%o], %v;)";
  EXPECT_EQ(runBody(code, options).out[3], 5u);
  options.options.delivery = Delivery::Eager;
  EXPECT_EQ(runBody(code, options).out[3], 13u);
}

TEST(CpAsync, StoreIntoAPendingDestination) {
  expectError(std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 16;
    st.shared.u32 [%s+4], 1;
    cp.async.wait_all;)",
              Check::PendingAsync, withInput());
  expectError(std::string(kAddresses) + R"(
    cp.async.ca.shared.global [%s], [%g], 16;
    cp.async.ca.shared.global [%s+8], [%g], 8;
    cp.async.wait_all;)",
              Check::PendingAsync, withInput());
}

TEST(CpAsync, ZeroFill) {
  BodyOptions options = withInput();
  options.outWords = 32 * 4;
  BodyRun run = runBody(std::string(kAddresses) + R"(
    .reg .b32 %a, %b, %c, %d; .reg .b64 %q, %far;
    and.b32 %n, %t, 3;  shl.b32 %n, %n, 2;
    // A size of 0 does not touch its source, wherever that is.
    setp.eq.u32 %p, %n, 0;  selp.b64 %far, 64, %g, %p;
    cp.async.cg.shared.global [%s], [%far], 16, %n;
    cp.async.wait_all;
    ld.shared.v4.u32 {%a, %b, %c, %d}, [%s];
    mul.wide.u32 %q, %t, 16;  add.s64 %q, %out, %q;
    st.global.v4.u32 [%q], {%a, %b, %c, %d};)",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    for (uint32_t i = 0; i < 4; ++i)
      EXPECT_EQ(run.out[4 * t + i], i < t % 4 ? 4 * t + i + 1 : 0);
}

TEST(CpAsync, IgnoredSourceAndCacheHints) {
  BodyRun run = runBody(std::string(kAddresses) + R"(
    .reg .b64 %policy;
    createpolicy.fractional.L2::evict_first.b64 %policy, 1.0;
    setp.lt.u32 %p, %t, 4;
    cp.async.ca.shared.global [%s], [%g], 4, %p;
    cp.async.cg.shared.global.L2::cache_hint.L2::128B [%s+0], [%g], 16, 16, %policy;
    cp.async.wait_all;)",
                        withInput());
  EXPECT_FALSE(run.report.status) << "the second copy overlaps the first";
  run = runBody(std::string(kAddresses) + R"(
    .reg .b64 %policy;
    createpolicy.fractional.L2::evict_first.b64 %policy, 1.0;
    setp.lt.u32 %p, %t, 4;
    cp.async.ca.shared.global [%s], [%g], 4, %p;
    cp.async.wait_all;
    ld.shared.u32 %v, [%s];
    cp.async.cg.shared.global.L2::cache_hint.L2::128B [%s], [%g], 16, 16, %policy;
    cp.async.wait_all;
    ld.shared.u32 %w, [%s];
    mad.lo.u32 %v, %v, 1000, %w;
    st.global.u32 [%o], %v;)",
                withInput());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], (t < 4 ? 0 : 1000 * (4 * t + 1)) + 4 * t + 1);
}

TEST(CpAsync, GroupsBelongToLanes) {
  // Only even lanes copy and commit; odd lanes wait for nothing.
  BodyRun run = runBody(std::string(kAddresses) + R"(
    mov.u32 %v, 0;
    and.b32 %n, %t, 1;  setp.eq.u32 %p, %n, 0;
    @!%p bra JOIN;
    cp.async.ca.shared.global [%s], [%g], 4;
    cp.async.commit_group;
  JOIN:
    cp.async.wait_group 0;
    @%p ld.shared.u32 %v, [%s];
    st.global.u32 [%o], %v;)",
                        withInput());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t % 2 ? 0 : 4 * t + 1);
}

TEST(CpAsync, ExitInFlight) {
  Finding finding =
      expectError(std::string(kAddresses) + "cp.async.ca.shared.global [%s], [%g], 4; cp.async.commit_group;",
                  Check::AsyncInFlight, withInput());
  EXPECT_NE(finding.message.find("no wait covers it"), std::string::npos) << finding.message;
}

TEST(CpAsync, BoundsAlignmentAndSizes) {
  expectError(std::string(kAddresses) + "cp.async.ca.shared.global [%s+8192], [%g], 4;", Check::OutOfBounds,
              withInput());
  expectError(std::string(kAddresses) + "cp.async.ca.shared.global [%s], [%g+4096], 4;", Check::OutOfBounds,
              withInput());
  expectError(std::string(kAddresses) + "cp.async.ca.shared.global [%s+2], [%g], 4;", Check::Misaligned, withInput());
  expectError(std::string(kAddresses) + "cp.async.ca.shared.global [%s], [%g+4], 8;", Check::Misaligned, withInput());
  expectError(std::string(kAddresses) + "mov.u32 %n, 5; cp.async.ca.shared.global [%s], [%g], 4, %n;",
              Check::BadOperand, withInput());
}

TEST(CpAsync, UnwrittenSourceBytesStayUnwritten) {
  // The copy itself is fine; whoever uses the bytes is told.
  BodyOptions options = withInput();
  options.in.clear();
  Finding finding = expectError(std::string(kAddresses) + R"(
    setp.ne.u32 %p, %t, 0;
    @%p exit;
    cp.async.ca.shared.global [%s], [%in], 4;
    cp.async.wait_all;
    ld.shared.u32 %v, [%s];)",
                                Check::Uninitialized, options);
  EXPECT_NE(finding.text.find("ld.shared"), std::string::npos);
}

} // namespace thrift::sim::test
