//===- BulkCopyTest.cpp - cp.async.bulk, its groups, st.bulk ----------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

static const Delivery kPolicies[] = {Delivery::Lazy, Delivery::Eager, Delivery::Random};

/// 1024 words of input, 1024 of output, `tile` with 4096 bytes and `other` with 4096 in shared memory.
static BodyOptions bulkOptions(Delivery delivery = Delivery::Lazy, uint64_t seed = 0) {
  BodyOptions options;
  options.threads = 64;
  options.outWords = 1024;
  options.in = integers<uint32_t>(1024, 7);
  options.before = ".shared .align 128 .b8 tile[4096];\n.shared .align 128 .b8 other[4096];\n"
                   ".shared .align 8 .b64 bar[4];\n";
  options.options.delivery = delivery;
  options.options.seed = seed;
  options.options.checkRaces = true;
  return options;
}

/// Thread 0 (%first) has initialised the barrier for one arrival; %tile, %other, %bar hold addresses.
static const std::string kStart = R"(
    .reg .b32 %tile, %other, %bar, %v, %w, %s; .reg .b64 %o, %g; .reg .pred %first, %q;
    mov.u32 %tile, tile;  mov.u32 %other, other;  mov.u32 %bar, bar;
    setp.eq.u32 %first, %t, 0;
    @%first mbarrier.init.shared::cta.b64 [%bar], 1;
    @%first fence.proxy.async.shared::cta;
    bar.sync 0;
)";
static const std::string kWait = R"(
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %q, [%bar], 0;
    @!%q bra WAIT;
)";
/// Every thread writes 16 words of `tile` to the output.
static const std::string kDump = R"(
    mov.u32 %w, 0;
DUMP:
    mad.lo.u32 %v, %w, 256, 0;
    mad.lo.u32 %v, %t, 4, %v;
    cvt.u64.u32 %o, %v;  add.s64 %o, %out, %o;
    add.u32 %v, %v, %tile;
    ld.shared.u32 %s, [%v];
    st.global.u32 [%o], %s;
    add.u32 %w, %w, 1;
    setp.lt.u32 %q, %w, 16;
    @%q bra DUMP;
)";
/// Every thread writes 16 words of the input to `tile`.
static const std::string kFill = R"(
    mov.u32 %w, 0;
FILL:
    mad.lo.u32 %v, %w, 256, 0;
    mad.lo.u32 %v, %t, 4, %v;
    cvt.u64.u32 %o, %v;  add.s64 %o, %in, %o;
    add.u32 %v, %v, %tile;
    ld.global.u32 %s, [%o];
    st.shared.u32 [%v], %s;
    add.u32 %w, %w, 1;
    setp.lt.u32 %q, %w, 16;
    @%q bra FILL;
)";
static std::string expectBytes(unsigned bytes) {
  return "@%first mbarrier.arrive.expect_tx.shared::cta.b64 _, [%bar], " + std::to_string(bytes) + ";\n";
}
static const std::string kLoad =
    "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%tile], [%in], 4096, [%bar];\n";
static const std::string kStore = "cp.async.bulk.global.shared::cta.bulk_group [%out], [%tile], 4096;\n";
static const std::string kFence = "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
static const std::string kCommit = "cp.async.bulk.commit_group;\n";

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

TEST(BulkCopy, LoadsInAllSpellings) {
  const std::string kForms[] = {
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%tile], [%in], 4096, [%bar];",
      "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%tile], [%in], 4096, [%bar];",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%tile], [%in], 4096, [%bar], "
      "%policy;",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%tile], [%in], 4096, "
      "[%bar], %mask;",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_hint "
      "[%tile], [%in], 4096, [%bar], %mask, %policy;",
      "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [tile], [%in+0], %size, [bar];",
      "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%wide+16], [%in], %size, [%widebar];",
  };
  for (const std::string &form : kForms)
    for (Delivery policy : kPolicies) {
      BodyOptions options = bulkOptions(policy, 5);
      std::string setup = R"(.reg .b64 %policy, %wide, %widebar; .reg .b16 %mask; .reg .b32 %size;
        mov.u16 %mask, 1;  mov.u32 %size, 4096;  cvt.u64.u32 %wide, %tile;  sub.s64 %wide, %wide, 16;
        cvt.u64.u32 %widebar, %bar;
        createpolicy.fractional.L2::evict_first.b64 %policy, 1.0;
)";
      BodyRun run = runBody(kStart + setup + expectBytes(4096) + "@%first " + form + kWait + kDump, options);
      ASSERT_TRUE(run.report.status) << form << "\n" << run.report.status.message();
      EXPECT_EQ(run.out, options.in) << form;
      EXPECT_EQ(run.report.statistics.bulkLoadBytes, 4096u);
    }
}

TEST(BulkCopy, EveryLaneCopiesItsOwn) {
  for (Delivery policy : kPolicies) {
    BodyOptions options = bulkOptions(policy, 9);
    // Thread t copies the 64 bytes at 64 * (63 - t) to 64 * t.
    BodyRun run = runBody(kStart + expectBytes(4096) + R"(
        shl.b32 %v, %t, 6;  add.u32 %s, %tile, %v;
        sub.u32 %v, 4032, %v;  cvt.u64.u32 %o, %v;  add.s64 %o, %in, %o;
        cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%s], [%o], 64, [%bar];)" +
                              kWait + kDump,
                          options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t i = 0; i < 1024; ++i)
      EXPECT_EQ(run.out[i], options.in[(63 - i / 16) * 16 + i % 16]);
  }
}

TEST(BulkCopy, BetweenSharedMemory) {
  for (Delivery policy : kPolicies) {
    BodyOptions options = bulkOptions(policy, 11);
    std::string copy = "@%first cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%other], "
                       "[%tile], 4096, [%bar];\n";
    BodyRun run = runBody(
        kStart + kFill + kFence + expectBytes(4096) + copy + kWait + "mov.u32 %tile, %other;\n" + kDump, options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_EQ(run.out, options.in);
  }
  expectError(kStart + kFill + "bar.sync 0;\n" + expectBytes(4096) +
                  "@%first cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%other], [%tile], "
                  "4096, [%bar];\n" +
                  kWait,
              Check::MissingProxyFence, bulkOptions());
}

TEST(BulkCopy, ReadBeforeWait) {
  Finding finding = expectError(kStart + expectBytes(4096) + "@%first " + kLoad + "bar.sync 0;\n" + kDump + kWait,
                                Check::PendingAsync, bulkOptions());
  EXPECT_NE(finding.message.find("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes of line"),
            std::string::npos)
      << finding.message;
  // What arrives at once is a race all the same.
  expectError(kStart + expectBytes(4096) + "@%first " + kLoad + "bar.sync 0;\n" + kDump + kWait, Check::Race,
              bulkOptions(Delivery::Eager));
}

TEST(BulkCopy, WriteToPendingDestination) {
  expectError(kStart + expectBytes(4096) + "@%first " + kLoad + "@%first st.shared.u32 [%tile+64], 5;\n" + kWait,
              Check::PendingAsync, bulkOptions());
  expectError(kStart + expectBytes(8192) + "@%first " + kLoad + "@%first " + kLoad + kWait, Check::PendingAsync,
              bulkOptions());
}

TEST(BulkCopy, WrongTransactionCount) {
  Finding more =
      expectError(kStart + expectBytes(4112) + "@%first " + kLoad + kWait + kDump, Check::Deadlock, bulkOptions());
  EXPECT_NE(more.message.find("16 bytes are missing"), std::string::npos) << more.message;
  // Too few: the phase completes as soon as that many have arrived, here before the second copy.
  std::string halves = "@%first cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%tile], [%in], 2048, "
                       "[%bar];\n@%first cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%tile+2048], "
                       "[%in+2048], 2048, [%bar];\n";
  expectError(kStart + expectBytes(2048) + halves + kWait + kDump, Check::PendingAsync, bulkOptions());
}

TEST(BulkCopy, CtaEndsBeforeArrival) {
  expectError(kStart + expectBytes(4096) + "@%first " + kLoad, Check::AsyncInFlight, bulkOptions());
}

TEST(BulkCopy, BadOperands) {
  auto load = [](const std::string &operands) {
    return kStart + ".reg .b16 %mask; mov.u16 %mask, 3;\n" + expectBytes(4096) +
           "@%first cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes " + operands + ";\n" + kWait;
  };
  expectError(load("[%tile+8], [%in], 64, [%bar]"), Check::Misaligned, bulkOptions());
  expectError(load("[%tile], [%in+8], 64, [%bar]"), Check::Misaligned, bulkOptions());
  expectError(load("[%tile], [%in], 40, [%bar]"), Check::BadOperand, bulkOptions());
  expectError(load("[%tile], [%in], 4112, [%bar]"), Check::OutOfBounds, bulkOptions());
  expectError(load("[%other], [%in], 4096, [%bar+4]"), Check::MBarrierMisuse, bulkOptions());
  expectError(load("[%other], [%in], 4096, [%other]"), Check::MBarrierMisuse, bulkOptions());
  expectError(load("[%other+4080], [%in], 32, [%bar]"), Check::MBarrierMisuse, bulkOptions()); // the barrier's bytes
  expectError(load("[%other+8192], [%in], 64, [%bar]"), Check::OutOfBounds, bulkOptions());
  expectError(kStart + ".reg .b16 %mask; mov.u16 %mask, 3;\n" +
                  "@%first cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster "
                  "[%tile], [%in], 64, [%bar], %mask;\n" +
                  kWait,
              Check::BadOperand, bulkOptions());
}

TEST(BulkCopy, UnwrittenBytesStayUnwritten) {
  BodyOptions options = bulkOptions();
  // The upper half of the buffer was never written: copying it is fine, reading it is not.
  std::string source = R"(
    .reg .b64 %fresh;
    mov.u64 %fresh, scratch;
    @%first st.global.u32 [%fresh], 77;
    @%first cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%tile], [%fresh], 64, [%bar];
)";
  options.before += ".global .align 16 .b8 scratch[64];\n";
  BodyRun run = runBody(kStart + expectBytes(64) + source + kWait + "@%first ld.shared.u32 %v, [%tile];\n" +
                            "@%first st.global.u32 [%out], %v;\n",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], 77u);
  // Module variables begin as zeros; a buffer of the host does not.
  Memory memory;
  LoadedKernel kernel = loadKernel(header() + options.before + R"(
.visible .entry test(.param .u64 p) {
    .reg .b64 %in, %out; .reg .b32 %t; ld.param.u64 %in, [p]; mov.u32 %t, %tid.x;
)" + kStart + expectBytes(64) +
                                   "@%first cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%tile], "
                                   "[%in], 64, [%bar];\n" +
                                   kWait + "ld.shared.u32 %v, [%tile+60];\nret;\n}\n");
  ASSERT_TRUE(kernel);
  uint64_t buffer = allocate(memory, 64);
  ASSERT_TRUE(memory.fill(buffer, 1, 32));
  Report report = launch(*kernel.kernel, memory, {{1}, {64}}, Arguments().add(buffer), options.options);
  ASSERT_FALSE(report.status);
  EXPECT_EQ(report.findings.front().check, Check::Uninitialized);
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

TEST(BulkCopy, Stores) {
  for (Delivery policy : kPolicies)
    for (const char *wait : {"cp.async.bulk.wait_group 0;", "cp.async.bulk.wait_group.read 0;"}) {
      BodyOptions options = bulkOptions(policy, 3);
      BodyRun run = runBody(
          kStart + kFill + kFence + "@%first " + kStore + "@%first " + kCommit + "@%first " + wait + "\n", options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_EQ(run.out, options.in);
      EXPECT_EQ(run.report.statistics.bulkStoreBytes, 4096u);
    }
}

TEST(BulkCopy, StoreByMask) {
  for (Delivery policy : kPolicies) {
    BodyOptions options = bulkOptions(policy, 3);
    BodyRun run = runBody(kStart + ".reg .b16 %mask; .reg .b64 %policy; mov.u64 %policy, 0; mov.u16 %mask, 0xA00F;\n" +
                              kFill + kFence +
                              "@%first cp.async.bulk.global.shared::cta.bulk_group.L2::cache_hint.cp_mask [%out], "
                              "[%tile], 4096, %policy, %mask;\n@%first " +
                              kCommit + "@%first cp.async.bulk.wait_group 0;\n",
                          options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t i = 0; i < 1024; ++i) {
      uint32_t bytes = i % 4 == 0 ? 0xFFFFFFFFu : i % 4 == 3 ? 0xFF00FF00u : 0;
      EXPECT_EQ(run.out[i], options.in[i] & bytes);
    }
  }
}

TEST(BulkCopy, GroupsCompleteInOrder) {
  // Two groups; after "all but one" the first is written, the second not yet.
  std::string body = kStart + kFill + kFence + R"(
    @!%first bra DONE;
    cp.async.bulk.global.shared::cta.bulk_group [%out], [%tile], 16;
    cp.async.bulk.commit_group;
    cp.async.bulk.global.shared::cta.bulk_group [%out+16], [%tile+16], 16;
    cp.async.bulk.commit_group;
    cp.async.bulk.wait_group 1;
    ld.global.u32 %v, [%out];
    ld.global.u32 %w, [%out+16];
    cp.async.bulk.wait_group 0;
    ld.global.u32 %s, [%out+16];
    st.global.u32 [%out+32], %v;
    st.global.u32 [%out+36], %w;
    st.global.u32 [%out+40], %s;
DONE:
)";
  BodyOptions options = bulkOptions();
  BodyRun run = runBody(body, options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[8], options.in[0]);
  EXPECT_EQ(run.out[9], 0u);
  EXPECT_EQ(run.out[10], options.in[4]);
  options.options.delivery = Delivery::Eager;
  run = runBody(body, options);
  EXPECT_EQ(run.out[9], options.in[4]);
}

TEST(BulkCopy, GroupsArePerThread) {
  // Thread 1 waits for its own groups, of which there are none: thread 0's store is not written.
  std::string body = kStart + kFill + kFence + R"(
    @%first cp.async.bulk.global.shared::cta.bulk_group [%out], [%tile], 16;
    @%first cp.async.bulk.commit_group;
    bar.sync 0;
    setp.eq.u32 %q, %t, 1;
    @%q cp.async.bulk.wait_group 0;
    @%q ld.global.u32 %v, [%out];
    @%q st.global.u32 [%out+16], %v;
    bar.sync 0;
    @%first cp.async.bulk.wait_group.read 0;
)";
  BodyOptions options = bulkOptions();
  BodyRun run = runBody(body, options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], options.in[0]);
  EXPECT_EQ(run.out[4], 0u);
}

TEST(BulkCopy, SourceIsFreeAfterReadWait) {
  auto body = [](const std::string &wait) {
    return kStart + kFill + kFence + "@%first " + kStore + "@%first " + kCommit + wait +
           "@%first st.shared.u32 [%tile], 99;\n@%first cp.async.bulk.wait_group.read 0;\n";
  };
  for (Delivery policy : kPolicies) {
    BodyOptions options = bulkOptions(policy, 21);
    BodyRun run = runBody(body("@%first cp.async.bulk.wait_group.read 0;\n"), options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_EQ(run.out, options.in);
    Finding finding = expectError(body(""), Check::Race, options);
    EXPECT_NE(finding.message.find("the read of line"), std::string::npos) << finding.message;
  }
  // Without vector clocks the late reader sees the new value.
  BodyOptions options = bulkOptions();
  options.options.checkRaces = false;
  EXPECT_EQ(runBody(body(""), options).out[0], 99u);
}

TEST(BulkCopy, StoreNeedsProxyFence) {
  std::string store = "@%first " + kStore + "@%first " + kCommit + "@%first cp.async.bulk.wait_group 0;\n";
  for (Delivery policy : kPolicies) {
    Finding finding =
        expectError(kStart + kFill + "bar.sync 0;\n" + store, Check::MissingProxyFence, bulkOptions(policy));
    EXPECT_NE(finding.message.find("fence.proxy.async"), std::string::npos);
  }
}

TEST(BulkCopy, CtaEndsBeforeSourceIsRead) {
  BodyOptions options = bulkOptions();
  Finding finding =
      expectError(kStart + kFill + kFence + "@%first " + kStore + "@%first " + kCommit, Check::AsyncInFlight, options);
  EXPECT_NE(finding.message.find("cp.async.bulk.global.shared::cta.bulk_group"), std::string::npos);
  // Waiting before the commit waits for nothing.
  expectError(kStart + kFill + kFence + "@%first " + kStore + "@%first cp.async.bulk.wait_group 0;\n@%first " + kCommit,
              Check::AsyncInFlight, options);
}

TEST(BulkCopy, BadStores) {
  auto store = [](const std::string &operands) {
    return kStart + kFill + kFence + "@%first cp.async.bulk.global.shared::cta.bulk_group " + operands + ";\n@%first " +
           kCommit + "@%first cp.async.bulk.wait_group 0;\n";
  };
  expectError(store("[%out+4], [%tile], 64"), Check::Misaligned, bulkOptions());
  expectError(store("[%out], [%tile+4], 64"), Check::Misaligned, bulkOptions());
  expectError(store("[%out], [%tile], 8"), Check::BadOperand, bulkOptions());
  expectError(store("[%out+4080], [%tile], 64"), Check::OutOfBounds, bulkOptions());
  expectError(store("[%out], [%other], 64"), Check::Uninitialized, bulkOptions());
  expectError(store("[%out], [%other+4096], 64"), Check::OutOfBounds, bulkOptions());
  BodyOptions options = bulkOptions();
  options.before += ".const .align 16 .b8 fixed[64];\n";
  expectError(".reg .b64 %fixed; mov.u64 %fixed, fixed;\n" + store("[%fixed], [%tile], 64"), Check::WriteToReadOnly,
              options);
  // What is stored has not arrived yet.
  expectError(kStart + expectBytes(4096) + "@%first " + kLoad + "@%first " + kStore + "@%first " + kCommit + kWait,
              Check::PendingAsync, bulkOptions());
}

//===----------------------------------------------------------------------===//
// The rest
//===----------------------------------------------------------------------===//

TEST(BulkCopy, PrefetchHasNoEffect) {
  BodyRun run = runBody(kStart + ".reg .b64 %policy; mov.u64 %policy, 0;\n"
                                 "@%first cp.async.bulk.prefetch.L2.global [%in], 4096;\n"
                                 "@%first cp.async.bulk.prefetch.L2.global.L2::cache_hint [%in], 64, %policy;\n",
                        bulkOptions());
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  expectError("cp.async.bulk.prefetch.L2.global [%in], 40;\n", Check::BadOperand, bulkOptions());
  expectError("cp.async.bulk.prefetch.L2.global [%in+4], 64;\n", Check::Misaligned, bulkOptions());
}

TEST(BulkCopy, StoreBulkWritesZeros) {
  BodyRun run = runBody(kStart + kFill + "bar.sync 0;\n" + R"(
    .reg .b64 %generic, %size;
    cvt.u64.u32 %generic, %tile;  cvta.shared.u64 %generic, %generic;
    mov.u64 %size, 16;
    @%first st.bulk.weak.shared::cta [%tile], 64, 0;
    @%first st.bulk [%generic+128], %size, 0;
    bar.sync 0;
)" + kDump,
                        bulkOptions());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  BodyOptions options = bulkOptions();
  for (uint32_t i = 0; i < 1024; ++i)
    EXPECT_EQ(run.out[i], i < 16 || (i >= 32 && i < 36) ? 0 : options.in[i]);
  expectError(kStart + "@%first st.bulk.shared::cta [%tile], 12, 0;\n", Check::BadOperand, options);
  expectError(kStart + "@%first st.bulk.shared::cta [%tile+4], 16, 0;\n", Check::Misaligned, options);
  expectError(kStart + "@%first st.bulk.shared::cta [%bar], 40, 0;\n", Check::OutOfBounds, options);
  expectError(kStart + "@%first st.bulk.shared::cta [%bar], 8, 0;\n", Check::MBarrierMisuse, options);
  expectError(kStart + "st.bulk.shared::cta [%tile], 8, 0;\n", Check::Race, options);
  expectError(kStart + "st.bulk [%out], 8, 0;\n", Check::BadOperand, options);
}

TEST(BulkCopy, Unsupported) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".visible .entry test() { .reg .b64 %a; .reg .b32 %s, %n; .reg .b16 %m;\n" + line +
                     "\nret; }");
  };
  EXPECT_NE(error("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%a], [%s], %n;").find("reductions"),
            std::string::npos);
  EXPECT_NE(error("cp.async.bulk.shared::cta.global.bulk_group [%s], [%a], %n;"), "");
  EXPECT_NE(error("cp.async.bulk.global.shared::cta.mbarrier::complete_tx::bytes [%a], [%s], %n, [%s];"), "");
  EXPECT_NE(error("cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes.multicast::cluster [%s], [%a], %n, "
                  "[%s];"),
            "");
  EXPECT_NE(error("cp.async.bulk.shared::cta.global [%s], [%a], %n, [%s];"), "");
  EXPECT_NE(error("cp.async.bulk.wait_group %n;"), "");
  EXPECT_NE(error("st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%s], %n, [%s];"), "");
  EXPECT_EQ(error("cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%s], [%a], %n, [%s];"), "");
}

} // namespace thrift::sim::test
