//===- MBarrierMisuseTest.cpp - every wrong use of an mbarrier is named -----===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

namespace {

/// The body must stop with MBarrierMisuse and a sentence that contains all of `words`, under every policy.
void expectMisuse(const std::string &body, const std::vector<std::string> &words, uint32_t threads = 32) {
  for (Delivery policy : kPolicies) {
    Finding finding = expectError(body, Check::MBarrierMisuse, barriers(threads, policy, 1));
    for (const std::string &word : words)
      EXPECT_NE(finding.message.find(word), std::string::npos) << finding.message << "\nlacks: " << word;
  }
}

/// The lints of a kernel that is otherwise fine.
std::vector<Finding> lintsOf(const std::string &body, uint32_t threads, bool checkRaces = true) {
  BodyOptions options = barriers(threads);
  options.options.lints = true;
  options.options.checkRaces = checkRaces;
  BodyRun run = runBody(body, options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  return run.report.findings;
}

void expectLint(const std::vector<Finding> &lints, Check check, const std::string &words) {
  ASSERT_EQ(lints.size(), 1u);
  EXPECT_EQ(lints[0].severity, Severity::Warning);
  EXPECT_EQ(std::string(checkName(lints[0].check)), checkName(check));
  EXPECT_NE(lints[0].message.find(words), std::string::npos) << lints[0].message;
}

} // namespace

TEST(MBarrierMisuse, AddressesAndObjects) {
  expectMisuse(start("1") + "@%p mbarrier.arrive.shared.b64 _, [%bar+16];",
               {"no mbarrier is initialised at shared byte 16"});
  expectMisuse(start("1") + "@%p mbarrier.init.shared.b64 [%bar], 1;", {"initialised already, in line "});
  expectMisuse(start("1") + "mbarrier.init.shared.b64 [%bar+32], 1;", {"shared byte 32", "initialised already"});
  expectMisuse(start("1") + "@%p mbarrier.init.shared.b64 [%bar+20], 1;", {"shared byte 20; allowed: multiples of 8"});
  expectMisuse(start("1") + "@%p mbarrier.init.shared.b64 [%bar+4160], 1;",
               {"shared byte 4160, shared memory has 4160 bytes"});
  expectMisuse(start("1") + "@%p mbarrier.arrive.shared.b64 _, [%bar+1000000];", {"shared byte 1000000"});
  expectMisuse(start("1") + "@%p mbarrier.arrive.b64 _, [%out];", {"not in shared memory"});
  expectMisuse(start("1") + ".reg .b32 %none; @%p mbarrier.arrive.shared.b64 _, [%none];",
               {"a register that nobody wrote"});
  expectMisuse(start("1") + "@%p mbarrier.init.shared.b64 [%bar+16], 0;", {"count", "is 0; allowed: 1 to 1048575"});
  expectMisuse(start("1") + "@%p mbarrier.init.shared.b64 [%bar+16], 1048576;", {"allowed: 1 to 1048575"});
}

TEST(MBarrierMisuse, MemoryOfABarrierBelongsToIt) {
  expectMisuse(start("1") + "@%p st.shared.u32 [%bar+4], 1;", {"write to shared byte 4", "part of an mbarrier"});
  expectMisuse(start("1") + "@%p ld.shared.u32 %v, [%bar+8];", {"read of shared byte 8", "part of an mbarrier"});
}

TEST(MBarrierMisuse, Counts) {
  expectMisuse(start("31") + "mbarrier.arrive.shared.b64 _, [%bar]; mov.u32 %v, 0;\n"
                             "@%p mbarrier.arrive.shared.b64 _, [%bar], 32;",
               {"32 arrivals", "waits for 30 of 31"});
  expectMisuse(start("4") + "@%p mbarrier.arrive.shared.b64 _, [%bar], 5;", {"5 arrivals", "waits for 4 of 4"});
  expectMisuse(start("4") + "mov.u32 %v, 0; @%p mbarrier.arrive.shared.b64 _, [%bar], %v;",
               {"the count of an arrival is 0"});
  expectMisuse(start("4") + "@%p mbarrier.arrive.noComplete.shared.b64 _, [%bar], 4;", {"it says .noComplete"});
  expectMisuse(start("2") + "@%p mbarrier.arrive_drop.shared.b64 _, [%bar], 3;", {"3 arrivals leave", "expects 2"});
  // All have arrived, and the phase waits for bytes only.
  expectMisuse(start("1") + "@%p mbarrier.arrive.expect_tx.shared.b64 _, [%bar], 16;"
                            "@%p mbarrier.arrive.shared.b64 _, [%bar];",
               {"1 arrivals", "waits for 0 of 1"});
}

TEST(MBarrierMisuse, Bytes) {
  expectMisuse(start("1") + "@%p mbarrier.expect_tx.shared.b64 [%bar], 1048575;"
                            "@%p mbarrier.expect_tx.shared.b64 [%bar], 1;",
               {"expects 1048576 bytes; allowed: up to 1048575"});
  expectMisuse(start("1") + "@%p mbarrier.complete_tx.shared.b64 [%bar], 1048576;",
               {"1048576 bytes ahead", "allowed: up to 1048575"});
  expectMisuse(start("1") + "@%p mbarrier.expect_tx.shared.b64 [%bar], 48;"
                            "@%p mbarrier.complete_tx.shared.b64 [%bar], 32;",
               {"the CTA ends while", "still expects 16 bytes"});
  expectMisuse(start("1") + "@%p mbarrier.complete_tx.shared.b64 [%bar], 32;", {"has got 32 bytes too many"});
}

TEST(MBarrierMisuse, Inval) {
  expectMisuse(start("1") + "@%p mbarrier.inval.shared.b64 [%bar]; @%p mbarrier.arrive.shared.b64 _, [%bar];",
               {"no mbarrier is initialised at shared byte 0"});
  expectMisuse(start("1") + "@%p mbarrier.inval.shared.b64 [%bar+24];", {"no mbarrier is initialised"});
  expectMisuse(start("2") + "@%p mbarrier.expect_tx.shared.b64 [%bar], 16; @%p mbarrier.inval.shared.b64 [%bar];",
               {"bytes have not come", "2 of 2 arrivals and 16 bytes are missing"});
  expectMisuse(start("2") + R"(
    setp.ge.u32 %q, %t, 32;
    @%q bra SECOND;
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra WAIT;
    ret;
  SECOND:
    mov.u32 %i, 0;
  DELAY:
    nanosleep.u32 1000;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 100;
    @%q bra DELAY;
    setp.eq.u32 %q, %t, 32;
    @%q mbarrier.inval.shared.b64 [%bar];)",
               {"invalidated while"}, 64);
  // The other warp's arrival is not ordered before.
  expectMisuse(start("64") + R"(
    mbarrier.arrive.shared.b64 %st, [%bar];
    setp.ge.u32 %q, %t, 32;
    @%q bra END;
    bar.arrive 1, 64;
    mov.u32 %i, 0;
  DELAY:
    nanosleep.u32 1000;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 100;
    @%q bra DELAY;
    @%p mbarrier.inval.shared.b64 [%bar];
  END:
    @%q bar.sync 1, 64;)",
               {"nothing orders its use in line", "mbarrier.arrive", "by warp 1 before"}, 64);
}

TEST(MBarrierMisuse, OnlyTheLowestBitOfAParityCounts) {
  for (bool lints : {false, true})
    for (const char *parity : {"0", "1", "2", "0xFFFFFFFF"}) {
      uint64_t value = std::stoull(parity, nullptr, 0);
      bool odd = value % 2 == 1, wide = value > 1;
      BodyOptions options = barriers(32);
      options.options.lints = lints;
      BodyRun run = runBody(start("1") + "mov.u32 %v, " + parity +
                                "; mbarrier.test_wait.parity.shared.b64 %q, [%bar], %v;\n"
                                "selp.u32 %w, 1, 0, %q; st.global.u32 [%o], %w;",
                            options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_EQ(run.out[7], odd) << parity;
      ASSERT_EQ(run.report.findings.size(), lints && wide ? 1u : 0u) << parity;
      if (lints && wide) {
        EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
        EXPECT_NE(run.report.findings[0].message.find("the ISA allows 0 and 1"), std::string::npos);
      }
    }
}

TEST(MBarrierMisuse, State) {
  expectMisuse(start("1") + "mov.u64 %st, 0x123456789; mbarrier.test_wait.shared.b64 %q, [%bar], %st;",
               {"not one that an arrival", "shared byte 0"});
  expectMisuse(start("1", "1") + "@%p mbarrier.arrive.shared.b64 %st, [%bar+8];"
                                 "@%p mbarrier.test_wait.shared.b64 %q, [%bar], %st;",
               {"not one that an arrival"});
  expectMisuse(start("1") + "@%p mbarrier.arrive.shared.b64 %st, [%bar]; @%p mbarrier.arrive.shared.b64 _, [%bar];"
                            "@%p mbarrier.test_wait.shared.b64 %q, [%bar], %st;",
               {"the state is of phase 0", "in phase 2", "allowed: this phase and the one before"});
}

TEST(MBarrierMisuse, AWaiterThatSleptThroughItsPhase) {
  // Warp 1 arrives twice at once: the lanes of warp 0 are suspended in phase 0 and find the barrier in phase 2.
  std::string body = start("32") + R"(
    setp.lt.u32 %q, %t, 32;
    @%q bra WAIT;
    mov.u32 %i, 0;
  DELAY:
    nanosleep.u32 1000;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 100;
    @%q bra DELAY;
    mbarrier.arrive.shared.b64 _, [%bar];
    mbarrier.arrive.shared.b64 _, [%bar];
    ret;
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra WAIT;)";
  for (Delivery policy : {Delivery::Lazy, Delivery::Eager}) {
    Finding finding = expectError(body, Check::MBarrierMisuse, barriers(64, policy));
    EXPECT_NE(finding.message.find("has waited for phase 0"), std::string::npos) << finding.message;
    EXPECT_NE(finding.message.find("phase 1 was complete before it could notice"), std::string::npos);
    EXPECT_EQ(finding.warp, 0u);
  }
  // Three times: phase 2 has the right parity, and the wait would pass.
  expectError(replaced(body, "ret;", "mbarrier.arrive.shared.b64 _, [%bar]; ret;"), Check::MBarrierMisuse,
              barriers(64));
}

TEST(MBarrierMisuse, FormsThatDoNotExist) {
  auto error = [](const std::string &line, const std::string &target = "sm_90a") {
    return loadError(header(target) +
                     ".shared .align 8 .b64 bars[2];\n.visible .entry test() {\n.reg .b32 %v; .reg .b64 "
                     "%st; .reg .pred %q;\n" +
                     line + "\nret;\n}\n");
  };
  EXPECT_EQ(error("mbarrier.arrive.shared.b64 _, [bars];"), "");
  EXPECT_EQ(error("mbarrier.arrive.noComplete.shared.b64 %st, [bars], 1;", "sm_80"), "");
  const std::pair<const char *, const char *> kWrong[] = {
      {"mbarrier.arrive.shared::cluster.b64 %st, [bars];", "returns nothing"},
      {"mbarrier.arrive.release.shared.b64 _, [bars];", "come together"},
      {"mbarrier.arrive.cta.shared.b64 _, [bars];", "come together"},
      {"mbarrier.arrive.acquire.cta.shared.b64 _, [bars];", "come together"},
      {"mbarrier.arrive.shared.b32 _, [bars];", "not supported"},
      {"mbarrier.arrive.global.b64 _, [bars];", "in shared memory"},
      {"mbarrier.arrive.noComplete.expect_tx.shared.b64 _, [bars], 1;", "not supported"},
      {"mbarrier.arrive.noComplete.relaxed.cta.shared.b64 _, [bars], 1;", "not supported"},
      {"mbarrier.arrive.expect_tx.shared.b64 _, [bars];", "operand 3 is missing"},
      {"mbarrier.init.shared::cluster.b64 [bars], 1;", "own CTA"},
      {"mbarrier.inval.shared::cluster.b64 [bars];", "own CTA"},
      {"mbarrier.try_wait.parity.shared::cluster.b64 %q, [bars], 0;", "own CTA"},
      {"mbarrier.try_wait.parity.release.cta.shared.b64 %q, [bars], 0;", "come together"},
      {"mbarrier.test_wait.parity.shared.b64 %q, [bars], 0, 100;", "operand 4"},
      {"mbarrier.expect_tx.release.cta.shared.b64 [bars], 1;", "come together"},
      {"cp.async.mbarrier.arrive.shared::cluster.b64 [bars];", "own CTA"},
      {"mbarrier.pending_count.shared.b64 %v, %st;", "modifier .shared"},
      {"mbarrier.nonsense.shared.b64 [bars];", "not supported"}};
  for (const auto &[line, reason] : kWrong)
    EXPECT_NE(error(line).find(reason), std::string::npos) << line << ": " << error(line);
  for (const char *line :
       {"mbarrier.arrive.shared.b64 _, [bars], 1;", "mbarrier.expect_tx.shared.b64 [bars], 1;",
        "mbarrier.arrive.expect_tx.shared.b64 _, [bars], 1;", "mbarrier.try_wait.parity.shared.b64 %q, [bars], 0;",
        "mbarrier.arrive.relaxed.cta.shared.b64 _, [bars];"})
    EXPECT_NE(error(line, "sm_80").find("needs sm_90"), std::string::npos) << line << ": " << error(line, "sm_80");
}

//===----------------------------------------------------------------------===//
// Deadlocks
//===----------------------------------------------------------------------===//

TEST(MBarrierDeadlock, SaysWhoWaitsForWhat) {
  for (Delivery policy : kPolicies) {
    Finding finding = expectError(start("33") + R"(
      mbarrier.arrive.expect_tx.shared.b64 %st, [%bar], 8;
    WAIT:
      mbarrier.try_wait.shared.b64 %q, [%bar], %st;
      @!%q bra WAIT;)",
                                  Check::Deadlock, barriers(32, policy, 1));
    for (const char *words :
         {"warp 0 lanes 0xffffffff", "phase 0 (parity 0) of the mbarrier at shared byte 0", "initialised in line",
          "1 of 33 arrivals and 256 bytes are missing", "nothing that signals it is in flight"})
      EXPECT_NE(finding.message.find(words), std::string::npos) << finding.message << "\nlacks: " << words;
  }
}

TEST(MBarrierDeadlock, ByPolling) {
  for (Delivery policy : kPolicies) {
    Finding finding = expectError(start("33") + R"(
    WAIT:
      mbarrier.test_wait.parity.shared.b64 %q, [%bar], 0;
      @!%q bra WAIT;)",
                                  Check::Deadlock, barriers(64, policy, 1));
    for (const char *words : {"mbarrier at shared byte 0", "33 of 33 arrivals are missing"})
      EXPECT_NE(finding.message.find(words), std::string::npos) << finding.message << "\nlacks: " << words;
  }
}

TEST(MBarrierDeadlock, WrongParityIsSuspected) {
  ProducerConsumer parts;
  parts.firstEmptyParity = "0";
  for (Delivery policy : kPolicies) {
    Finding finding = expectError(producerConsumer(parts), Check::Deadlock, barriers(64, policy, 2));
    EXPECT_NE(finding.message.find("mbarrier at shared byte 8"), std::string::npos) << finding.message;
  }
  Finding finding = expectError(start("32") + R"(
    mbarrier.arrive.shared.b64 _, [%bar];
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 1;
    @!%q bra WAIT;)",
                                Check::Deadlock, barriers(32));
  EXPECT_NE(finding.message.find("no wait has noticed that phase 0 is complete (is the parity right?)"),
            std::string::npos)
      << finding.message;
}

//===----------------------------------------------------------------------===//
// Lints
//===----------------------------------------------------------------------===//

TEST(MBarrierLint, EveryPhaseIsWaitedFor) {
  std::string body = start("32") + R"(
    mbarrier.arrive.shared.b64 _, [%bar];
    bar.sync 0;
    mbarrier.arrive.shared.b64 _, [%bar];)";
  for (bool races : {false, true})
    expectLint(lintsOf(body, 32, races), Check::MBarrierMisuse, "no wait has noticed that phase 0 is complete");
  BodyRun run = runBody(body, barriers(32));
  EXPECT_TRUE(run.report.findings.empty());
  EXPECT_TRUE(lintsOf(replaced(body, "bar.sync 0;\n    mbarrier.arrive",
                               "mbarrier.test_wait.parity.shared.b64 %q, [%bar], 0;\n    mbarrier.arrive"),
                      32)
                  .empty());
}

TEST(MBarrierLint, BytesAreExpectedBeforeTheLastArrival) {
  // Lane 0 of warp 0 expects bytes, warp 1 arrives, and nothing says which comes first.
  const std::string kDelay = "mov.u32 %i, 0; DELAY: nanosleep.u32 1000; add.u32 %i, %i, 1; setp.lt.u32 %r, %i, 100;"
                             "@%r bra DELAY;";
  std::string body = start("32") + R"(
    setp.lt.u32 %q, %t, 32;
    @%q bra EXPECT;
    BEFORE
    mbarrier.arrive.shared.b64 _, [%bar];
    ret;
  EXPECT:
    FIRST
    @%p mbarrier.expect_tx.relaxed.cta.shared.b64 [%bar], 64;
    AFTER
    @%p mbarrier.complete_tx.shared.b64 [%bar], 64;
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra WAIT;)";
  auto with = [&](const std::string &before, const std::string &first, const std::string &after) {
    return replaced(replaced(replaced(body, "BEFORE", before), "FIRST", first), "AFTER", after);
  };
  expectLint(lintsOf(with(kDelay, "", ""), 64), Check::MBarrierMisuse,
             "no arrival comes after this expectation of bytes");
  expectLint(lintsOf(with("", kDelay, ""), 64), Check::MBarrierMisuse,
             "is in phase 1, and no wait has noticed that phase 0 is complete");
  EXPECT_TRUE(lintsOf(with("bar.sync 1;", "", "bar.sync 1;"), 64).empty());
}

TEST(MBarrierLint, APhaseThatAnOlderOneOfTheSameParityHides) {
  // Warp 1 waits for phase 1 and never heard of phase 0: had it come earlier, the wait would have passed at once.
  std::string body = start("32") + R"(
    setp.ge.u32 %q, %t, 32;
    @%q bra OTHER;
    mbarrier.arrive.shared.b64 _, [%bar];
  W0:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra W0;
    mbarrier.arrive.shared.b64 _, [%bar];
    SYNC
    ret;
  OTHER:
    SYNC
    mov.u32 %i, 0;
  DELAY:
    nanosleep.u32 1000;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 100;
    @%q bra DELAY;
  W1:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 1;
    @!%q bra W1;)";
  auto with = [&](const std::string &sync) { return replaced(replaced(body, "SYNC", sync), "SYNC", sync); };
  expectLint(lintsOf(with(""), 64), Check::MBarrierMisuse, "does not know that phase 0 is complete");
  EXPECT_TRUE(lintsOf(with("bar.sync 1;"), 64).empty());
}

TEST(MBarrierLint, TheAsyncProxySeesTheInitialisation) {
  // Thread 32 copies; what thread 0 has initialised is ordered before in any case.
  std::string body = replaced(start("1"), "bar.sync 0;", "FENCE bar.sync 0;") + R"(
    setp.eq.u32 %q, %t, 32;
    @%q mbarrier.arrive.expect_tx.shared.b64 _, [%bar], 64;
    @%q mov.u32 %w, data;
    @%q cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%w], [%in], 64, [%bar];
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra WAIT;)";
  auto lints = [&](const std::string &fence) { return lintsOf(replaced(body, "FENCE", fence), 64); };
  expectLint(lints(""), Check::MissingProxyFence, "has shown the initialisation of the mbarrier at shared byte 0");
  expectLint(lints("fence.proxy.async.global;"), Check::MissingProxyFence, "to the async proxy");
  for (std::string fence : {"fence.mbarrier_init.release.cluster;", "fence.proxy.async;",
                            "fence.proxy.async.shared::cta;", "fence.proxy.async.shared::cluster;"})
    EXPECT_TRUE(lints(fence).empty()) << fence;
}

} // namespace thrift::sim::test
