//===- MBarrierOrderTest.cpp - what mbarriers and fences order --------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

namespace {

void expectClean(const std::string &body, uint32_t threads, bool lints = true) {
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 4; ++seed) {
      BodyOptions options = barriers(threads, policy, seed);
      options.options.lints = lints;
      BodyRun run = runBody(body, options);
      ASSERT_TRUE(run.report.status) << run.report.status.message() << "\n" << body;
      EXPECT_TRUE(run.report.findings.empty()) << run.report.findings.front().describe();
    }
}

/// A race under every policy and schedule; the sentence names the earlier access, the finding the later one.
void expectRace(const std::string &body, const std::string &earlier, const std::string &later, uint32_t threads = 64) {
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Finding finding = expectError(body, Check::Race, barriers(threads, policy, seed));
      bool forward =
          finding.message.find(earlier) != std::string::npos && finding.text.find(later) != std::string::npos;
      bool backward =
          finding.message.find(later) != std::string::npos && finding.text.find(earlier) != std::string::npos;
      EXPECT_TRUE(forward || backward) << finding.describe();
    }
}

} // namespace

TEST(MBarrierOrder, ProducerAndConsumerAreClean) { expectClean(producerConsumer({}), 64); }

namespace {

/// Every schedule is noticed: by a race, or because a side that ran ahead leaves the other behind for good.
/// `needsRace`: it is a race under some of them.
void expectRaceOrDeadlock(const ProducerConsumer &parts, bool needsRace) {
  unsigned races = 0;
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 8; ++seed) {
      BodyRun run = runBody(producerConsumer(parts), barriers(64, policy, seed));
      ASSERT_FALSE(run.report.findings.empty());
      const Finding &finding = run.report.findings.front();
      bool isRace = finding.check == Check::Race;
      races += isRace;
      EXPECT_TRUE(isRace || finding.check == Check::Deadlock) << finding.describe();
      std::string both = finding.message + finding.text;
      EXPECT_TRUE(!isRace || both.find("st.shared.u32 [%s], %v") != std::string::npos) << finding.describe();
      EXPECT_TRUE(!isRace || both.find("ld.shared.u32 %v, [%s+-128]") != std::string::npos) << finding.describe();
    }
  EXPECT_TRUE(races > 0 || !needsRace);
}

} // namespace

TEST(MBarrierOrder, AWaitForDataIsMissing) {
  ProducerConsumer parts;
  parts.waitFull = "";
  expectRaceOrDeadlock(parts, true);
}

TEST(MBarrierOrder, AWaitForSpaceIsMissing) {
  ProducerConsumer parts;
  parts.waitEmpty = "";
  expectRaceOrDeadlock(parts, true);
}

TEST(MBarrierOrder, WrongParity) {
  ProducerConsumer parts;
  parts.firstFullParity = "1"; // passes at once
  expectRaceOrDeadlock(parts, false);
}

TEST(MBarrierOrder, AnArrivalIsMissing) {
  ProducerConsumer parts;
  parts.arriveFull = "";
  expectError(producerConsumer(parts), Check::Deadlock, barriers(64));
  parts = {};
  parts.arriveEmpty = "";
  expectError(producerConsumer(parts), Check::Deadlock, barriers(64));
}

TEST(MBarrierOrder, RelaxedOrdersNothing) {
  const std::string kWait = "mbarrier.try_wait.parity.relaxed.cta.shared.b64 %q, [%bar], %n; @!%q bra FULL;";
  const std::string kArrive = "mbarrier.arrive.relaxed.cta.shared.b64 _, [%bar];";
  ProducerConsumer relaxedWait, relaxedArrive;
  relaxedWait.waitFull = kWait;
  relaxedArrive.arriveFull = kArrive;
  expectRace(producerConsumer(relaxedWait), "st.shared.u32", "ld.shared.u32");
  expectRace(producerConsumer(relaxedArrive), "st.shared.u32", "ld.shared.u32");
  // With a fence on its side each is as good as the strong form.
  for (std::string fence : {"fence.acq_rel.cta;", "fence.sc.cluster;", "membar.cta;", "fence.gpu;",
                            "fence.acquire.cta;", "fence.acquire.sync_restrict::shared::cluster.cluster;"}) {
    ProducerConsumer parts;
    parts.waitFull = kWait + fence;
    expectClean(producerConsumer(parts), 64);
  }
  for (std::string fence : {"fence.acq_rel.cta;", "fence.sc.cluster;", "membar.gl;", "fence.release.gpu;",
                            "fence.release.sync_restrict::shared::cta.cluster;"}) {
    ProducerConsumer parts;
    parts.arriveFull = fence + kArrive;
    expectClean(producerConsumer(parts), 64);
  }
  // In the wrong direction, or on the wrong side, it is not.
  ProducerConsumer parts;
  parts.waitFull = kWait + "fence.release.cta;";
  expectRace(producerConsumer(parts), "st.shared.u32", "ld.shared.u32");
  parts.waitFull = "fence.acq_rel.cta;" + kWait;
  expectRace(producerConsumer(parts), "st.shared.u32", "ld.shared.u32");
  parts = {};
  parts.arriveFull = "fence.acquire.cta;" + kArrive;
  expectRace(producerConsumer(parts), "st.shared.u32", "ld.shared.u32");
  parts.arriveFull = kArrive + "fence.acq_rel.cta;";
  parts.waitEmpty += "fence.proxy.async;"; // not a fence between threads
  expectRace(producerConsumer(parts), "st.shared.u32", "ld.shared.u32");
}

TEST(MBarrierOrder, InitialisationIsOrderedBeforeUse) {
  ProducerConsumer parts;
  parts.init = replaced(parts.init, "bar.sync 0;", "");
  for (Delivery policy : kPolicies) {
    Finding finding = expectError(producerConsumer(parts), Check::MBarrierMisuse, barriers(64, policy));
    EXPECT_NE(finding.message.find("after its initialisation in line"), std::string::npos) << finding.message;
    EXPECT_NE(finding.message.find("mbarrier.init"), std::string::npos) << finding.message;
    EXPECT_EQ(finding.warp, 1u);
  }
  // Lanes of one warp are not told apart.
  expectClean(
      replaced(start("32"), "bar.sync 0;", "bar.warp.sync 0xffffffff;") + "mbarrier.arrive.shared.b64 _, [%bar];", 32);
}

TEST(MBarrierOrder, InitialisationThroughTheClusterBarrier) {
  auto withSync = [](const std::string &sync) {
    ProducerConsumer parts;
    parts.init = replaced(parts.init, "bar.sync 0;", sync);
    return producerConsumer(parts);
  };
  expectClean(withSync("barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;"), 64);
  expectClean(withSync("fence.mbarrier_init.release.cluster; barrier.cluster.arrive.relaxed.aligned; "
                       "barrier.cluster.wait.acquire.aligned;"),
              64);
  expectError(withSync("barrier.cluster.arrive.relaxed; barrier.cluster.wait;"), Check::MBarrierMisuse, barriers(64));
  // That fence is for initialisations, not for data.
  std::string body = R"(
    @%p st.shared.u32 [data], 5;
    fence.FENCE.cluster;
    barrier.cluster.arrive.relaxed;
    barrier.cluster.wait;
    ld.shared.u32 %v, [data];)";
  expectRace(start("1") + replaced(body, "FENCE", "mbarrier_init.release"), "st.shared.u32", "ld.shared.u32");
  expectClean(start("1") + replaced(body, "FENCE", "acq_rel"), 64);
}

TEST(MBarrierOrder, BytesThatBecomeABarrierAndMemoryAgain) {
  // Another warp has used the bytes as memory, and nothing comes between.
  std::string body = start("1") + R"(
    setp.eq.u32 %q, %t, 32;
    @%q st.shared.u32 [%bar+48], 1;
    FIRST
    @%p mbarrier.init.shared.b64 [%bar+48], 1;
    bar.sync 0;
    @%q mbarrier.arrive.shared.b64 _, [%bar+48];
    bar.sync 0;
    @%p mbarrier.inval.shared.b64 [%bar+48];
    SECOND
    @%q st.shared.u32 [%bar+48], 1;)";
  auto with = [&](const std::string &first, const std::string &second) {
    return replaced(replaced(body, "FIRST", first), "SECOND", second);
  };
  expectClean(with("bar.sync 0;", "bar.sync 0;"), 64);
  for (const auto &[first, second] : {std::pair<std::string, std::string>{"", "bar.sync 0;"}, {"bar.sync 0;", ""}}) {
    BodyRun run = runBody(with(first, second), barriers(64));
    ASSERT_FALSE(run.report.findings.empty());
    EXPECT_TRUE(run.report.findings[0].check == Check::Race || run.report.findings[0].check == Check::MBarrierMisuse)
        << run.report.findings[0].describe();
  }
}

TEST(MBarrierOrder, OnlyTheCompletedPhaseIsAcquired) {
  // Warp 0 arrives in phase 0 after its store, warp 1 completes phase 1 alone. Warp 2 waits for phase 1 only.
  std::string body = replaced(start("32"), "bar.sync 0;", R"(
    @%p mbarrier.init.shared.b64 [%bar+16], 32;
    bar.sync 0;)") + R"(
    setp.ge.u32 %q, %t, 64;
    @%q bra THIRD;
    setp.ge.u32 %q, %t, 32;
    @%q bra SECOND;
    st.shared.u32 [%s], %t;
    mbarrier.arrive.shared.b64 _, [%bar];
    ret;
  SECOND:
    mbarrier.try_wait.parity.ORDER.cta.shared.b64 %q, [%bar], 0;
    @!%q bra SECOND;
    mbarrier.arrive.shared.b64 _, [%bar];
    mbarrier.arrive.shared.b64 _, [%bar+16];
    ret;
  THIRD:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar+16], 0;
    @!%q bra THIRD;
    mbarrier.test_wait.parity.shared.b64 %q, [%bar], 1;
    ld.shared.u32 %v, [%s+-256];)";
  expectClean(replaced(body, "ORDER", "acquire"), 96);
  expectRace(replaced(body, "ORDER", "relaxed"), "st.shared.u32", "ld.shared.u32", 96);
}

} // namespace thrift::sim::test
