//===- MBarrierTest.cpp - mbarrier: phases, counts, tokens, waits -----------===//
//
// Against a plain C++ model of one mbarrier, driven by random scripts; misuse is in MBarrierMisuseTest.cpp, what is
// ordered in MBarrierOrderTest.cpp.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

namespace {

/// What the ISA says of one mbarrier.
struct Model {
  int64_t expected, pending, tx = 0, phase = 0;

  explicit Model(int64_t count) : expected(count), pending(count) {}
  void settle() {
    if (pending == 0 && tx == 0) {
      ++phase;
      pending = expected;
    }
  }
  void arrive(int64_t count) {
    pending -= count;
    settle();
  }
  void addTx(int64_t bytes) {
    tx += bytes;
    settle();
  }
  bool isComplete(int64_t parity) const { return ((phase - 1) & 1) == parity; }
};

/// Writes %v to the next word of the output.
std::string emitResult(size_t &words) { return "st.global.u32 [%o+" + std::to_string(4 * words++) + "], %v;\n"; }

} // namespace

TEST(MBarrier, RandomScriptsOfOneThread) {
  for (uint64_t seed = 0; seed < 24; ++seed) {
    std::mt19937_64 random(seed);
    int64_t count = 2 + static_cast<int64_t>(random() % 9);
    Model model(count);
    std::string body = start(std::to_string(count)) + "@!%p bra END;\n";
    std::vector<uint32_t> expected;
    size_t words = 0;
    auto expect = [&](uint32_t value) {
      body += emitResult(words);
      expected.push_back(value);
    };
    auto text = [](int64_t value) { return std::to_string(value); };
    for (int step = 0; step < 120; ++step) {
      int64_t bytes = 16 * (1 + static_cast<int64_t>(random() % 8));
      int64_t arrivals = 1 + static_cast<int64_t>(random() % 100) % std::max<int64_t>(model.pending, 1);
      switch (random() % 8) {
      case 0: { // the token tells the pending count before the arrival, and whether its phase is complete
        if (model.pending == 0)
          continue;
        int64_t phase = model.phase, pending = model.pending;
        body += "mbarrier.arrive.shared.b64 %st, [%bar], " + text(arrivals) + ";\n";
        model.arrive(arrivals);
        body += "mbarrier.pending_count.b64 %v, %st;\n";
        expect(static_cast<uint32_t>(pending));
        body += "mbarrier.test_wait.shared::cta.b64 %q, [%bar], %st;  selp.u32 %v, 1, 0, %q;\n";
        expect(model.phase != phase);
        continue;
      }
      case 1:
        if (model.pending < 2)
          continue;
        arrivals = 1 + static_cast<int64_t>(random() % 100) % (model.pending - 1);
        body += "mbarrier.arrive.noComplete.release.cta.shared.b64 %st, [%bar], " + text(arrivals) + ";\n";
        model.arrive(arrivals);
        continue;
      case 2:
        if (model.pending == 0)
          continue;
        body += "mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 _, [%bar], " + text(bytes) + ";\n";
        model.tx += bytes;
        model.arrive(1);
        continue;
      case 3:
        body += "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%bar], " + text(bytes) + ";\n";
        model.addTx(bytes);
        continue;
      case 4: // may come before the bytes are expected
        bytes = random() % 2 && model.tx > 0 ? model.tx : bytes;
        body += "mov.u32 %v, " + text(bytes) + ";  mbarrier.complete_tx.b64 [%g], %v;\n";
        model.addTx(-bytes);
        continue;
      case 5:
        if (model.pending == 0 || model.expected < 2 || random() % 4)
          continue;
        body += "mbarrier.arrive_drop.shared.b64 _, [%bar];\n";
        --model.expected;
        model.arrive(1);
        continue;
      default: // both parities, by both kinds of address
        body += "mbarrier.test_wait.parity.acquire.cta.b64 %q, [%g], 0;  selp.u32 %v, 1, 0, %q;\n";
        expect(model.isComplete(0));
        body += "mov.u32 %w, 1;  mbarrier.test_wait.parity.relaxed.cluster.shared.b64 %q, [%bar], %w;\n"
                "selp.u32 %v, 1, 0, %q;\n";
        expect(model.isComplete(1));
      }
    }
    if (model.tx != 0)
      body += model.tx > 0 ? "mbarrier.complete_tx.shared.b64 [%bar], " + text(model.tx) + ";\n"
                           : "mbarrier.expect_tx.shared.b64 [%bar], " + text(-model.tx) + ";\n";
    BodyOptions options = barriers(32);
    options.outWords = words + 1;
    BodyRun run = runBody(body + "END:\n", options);
    ASSERT_TRUE(run.report.status) << run.report.status.message() << "\nseed " << seed;
    EXPECT_GT(words, 20u);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(run.out[i], expected[i]) << "seed " << seed << ", result " << i;
  }
}

TEST(MBarrier, ManyArrivalsOfManyWarps) {
  // Every thread of every warp arrives with a count of its own, several rounds; all then see each other's writes. A
  // second barrier keeps them from overwriting what others still read.
  for (uint64_t seed = 0; seed < 6; ++seed) {
    std::mt19937_64 random(seed);
    uint32_t threads = 32 * (1 + static_cast<uint32_t>(random() % 6));
    uint32_t base = 1 + static_cast<uint32_t>(random() % 100), rounds = 3 + static_cast<uint32_t>(random() % 5);
    uint32_t total = 0;
    for (uint32_t t = 0; t < threads; ++t)
      total += base + t % 7;
    std::string n = std::to_string(threads);
    std::string body = start(std::to_string(total), n) + R"(
      .reg .b32 %c, %from, %sum;
      rem.u32 %c, %t, 7;  add.u32 %c, %c, )" +
                       std::to_string(base) + R"(;
      mov.u32 %i, 0;  mov.u32 %sum, 0;
    ROUND:
      mad.lo.u32 %v, %i, 1000, %t;
      st.shared.u32 [%s], %v;
      mbarrier.arrive.shared.b64 %st, [%bar], %c;
    FULL:
      mbarrier.try_wait.shared.b64 %q, [%bar], %st;
      @!%q bra FULL;
      mad.lo.u32 %from, %i, 37, %t;  add.u32 %from, %from, 1;  rem.u32 %from, %from, )" +
                       n + R"(;
      shl.b32 %from, %from, 2;  mov.u32 %w, data;  add.u32 %from, %from, %w;
      ld.shared.u32 %v, [%from];
      add.u32 %sum, %sum, %v;
      mbarrier.arrive.release.cta.shared.b64 _, [%bar+8];
      and.b32 %n, %i, 1;
    EMPTY:
      mbarrier.try_wait.parity.acquire.cta.shared.b64 %q, [%bar+8], %n, 100;
      @!%q bra EMPTY;
      add.u32 %i, %i, 1;
      setp.lt.u32 %q, %i, )" +
                       std::to_string(rounds) +
                       R"(;
      @%q bra ROUND;
      st.global.u32 [%o], %sum;)";
    for (Delivery policy : kPolicies) {
      BodyRun run = runBody(body, barriers(threads, policy, seed));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      for (uint32_t t = 0; t < threads; ++t) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < rounds; ++i)
          sum += i * 1000 + (37 * i + t + 1) % threads;
        ASSERT_EQ(run.out[t], sum) << "thread " << t;
      }
    }
  }
}

TEST(MBarrier, ProducerAndConsumerTakeTurns) {
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 8; ++seed) {
      BodyRun run = runBody(producerConsumer({}), barriers(64, policy, seed));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      for (uint32_t t = 0; t < 32; ++t)
        EXPECT_EQ(run.out[32 + t], 4500 + 10 * t);
      EXPECT_TRUE(run.report.findings.empty()) << run.report.findings.front().describe();
    }
}

TEST(MBarrier, OnePhasePerArrivalOfOneInstruction) {
  // The phase completes after each of the 32 arrivals of one instruction: the tokens are of 32 phases.
  BodyRun run = runBody(start("1") + R"(
    mbarrier.arrive.shared.b64 %st, [%bar];
    mbarrier.test_wait.parity.shared.b64 %q, [%bar], 1;
    selp.u32 %v, 1, 0, %q;
    mbarrier.pending_count.b64 %w, %st;
    mad.lo.u32 %v, %v, 10, %w;
    st.global.u32 [%o], %v;)",
                        barriers(32));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out, std::vector<uint32_t>(32, 11));
}

TEST(MBarrier, LanesOfAnInstructionAskForDifferentPhases) {
  // Even lanes ask for the phase before the first, go on, and complete the one that odd lanes wait for.
  for (std::string wait : {"test_wait", "try_wait"})
    for (Delivery policy : kPolicies) {
      BodyRun run = runBody(start("16") + R"(
        not.b32 %n, %t;  and.b32 %n, %n, 1;
        setp.eq.u32 %r, %n, 1;
        mov.u32 %v, 0;
      WAIT:
        mbarrier.)" + wait + R"(.parity.shared.b64 %q, [%bar], %n;
        @!%q bra WAIT;
        @%r mbarrier.arrive.shared.b64 _, [%bar];
        st.global.u32 [%o], %t;)",
                            barriers(32, policy, 1));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_EQ(run.out[31], 31u);
    }
}

TEST(MBarrier, LanesOfAnInstructionWaitForDifferentBarriers) {
  // Even lanes wait for barrier 0, odd lanes for barrier 1, which a lane of the other warp completes first.
  std::string body = start("1") + R"(
    .reg .b32 %mine;
    and.b32 %v, %t, 1;  shl.b32 %v, %v, 3;  add.u32 %mine, %bar, %v;
    mov.u32 %n, 0;
    setp.ge.u32 %q, %t, 32;
    @%q bra ARRIVE;
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%mine], %n;
    @!%q bra WAIT;
    ld.volatile.shared.u32 %v, [data];
    st.global.u32 [%o], %v;
    ret;
  ARRIVE:
    setp.eq.u32 %q, %t, 40;
    mov.u32 %v, 7;
    @%q st.volatile.shared.u32 [data], %v;
    @%q mbarrier.arrive.shared.b64 _, [%bar+8];
    mov.u32 %v, 9;
    @%q st.volatile.shared.u32 [data], %v;
    @%q mbarrier.arrive.shared.b64 _, [%bar];)";
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 4; ++seed) {
      BodyOptions options = barriers(64, policy, seed);
      options.options.checkUninitialized = false;
      BodyRun run = runBody(body, options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      for (uint32_t t = 0; t < 32; ++t)
        EXPECT_TRUE(run.out[t] == 9 || (t % 2 == 1 && run.out[t] == 7)) << t << ": " << run.out[t];
    }
}

TEST(MBarrier, OneLaneSpinsWhileTheOthersOfItsWarpMustArrive) {
  // Lane 0 polls a barrier that the other 31 lanes complete, by test_wait and by try_wait.
  for (std::string wait : {"test_wait", "try_wait"})
    for (Delivery policy : kPolicies) {
      BodyRun run = runBody(start("31") + R"(
        @!%p bra OTHERS;
      SPIN:
        mbarrier.)" + wait + R"(.parity.shared.b64 %q, [%bar], 0;
        @!%q bra SPIN;
        bra JOIN;
      OTHERS:
        mbarrier.arrive.shared.b64 _, [%bar];
      JOIN:
        st.global.u32 [%o], %t;)",
                            barriers(32, policy, 1));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_EQ(run.out[31], 31u);
    }
}

TEST(MBarrier, TryWaitMayGiveUpUnderRandomDelivery) {
  // Straight-line code that takes a single try_wait for a wait: right by luck, and some seed says so.
  std::string body = start("32") + R"(
    setp.lt.u32 %q, %t, 32;
    @%q bra WAIT;
    mbarrier.arrive.shared.b64 _, [%bar];
    ret;
  WAIT:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    selp.u32 %v, 1, 0, %q;
    st.global.u32 [%o], %v;)";
  EXPECT_EQ(runBody(body, barriers(64)).out[5], 1u);
  unsigned gaveUp = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed)
    gaveUp += runBody(body, barriers(64, Delivery::Random, seed)).out[5] == 0;
  EXPECT_GT(gaveUp, 0u);
  EXPECT_LT(gaveUp, 40u);
}

TEST(MBarrier, TryWaitGivesUpAtItsTimeLimitWhereNothingElseCanHappen) {
  // Nobody arrives. The clock shows that the time went by: 40 tries of 1000 ns, and few instructions.
  const std::string body = start("32") + R"(
    .reg .u64 %begin, %now;
    mov.u32 %i, 0;
    mov.u64 %begin, %globaltimer;
  AGAIN:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0, 1000;
    @%q bra DONE;
    add.u32 %i, %i, 1;
    mov.u64 %now, %globaltimer;
    sub.u64 %now, %now, %begin;
    setp.lt.u64 %q, %now, 40000;
    @%q bra AGAIN;
  DONE:
    st.global.u32 [%o], %i;)";
  for (Delivery policy : {Delivery::Lazy, Delivery::Eager}) {
    BodyRun run = runBody(body, barriers(64, policy));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    // Both warps wait side by side, so that each moment passes for both.
    EXPECT_GT(run.out[5], 25u);
    EXPECT_LE(run.out[5], 40u);
  }
}

TEST(MBarrier, ALoopOfLimitedWaitsIsStillADeadlock) {
  BodyRun run = runBody(start("32") + R"(
  AGAIN:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0, 1000;
    @!%q bra AGAIN;)",
                        barriers(64));
  ASSERT_FALSE(run.report.status);
  EXPECT_NE(run.report.status.message().find("deadlock"), std::string::npos) << run.report.status.message();
}

TEST(MBarrier, LimitedWaitsBesideAPollingLoopAreADeadlockToo) {
  // Whoever asks last has done something else since the other gave up.
  for (Delivery policy : {Delivery::Lazy, Delivery::Eager, Delivery::Random}) {
    BodyRun run = runBody(start("64") + R"(
  .reg .pred %first;
  mov.u32 %i, %tid.x;
  setp.lt.u32 %first, %i, 32;
  @%first bra LIMITED;
  POLL:
    mbarrier.test_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra POLL;
    bra.uni DONE;
  LIMITED:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0, 1000;
    @!%q bra LIMITED;
  DONE:)",
                          barriers(64, policy));
    ASSERT_FALSE(run.report.status);
    EXPECT_NE(run.report.status.message().find("deadlock"), std::string::npos) << run.report.status.message();
  }
}

TEST(MBarrier, ALifeAfterInval) {
  BodyRun run = runBody(start("32") + R"(
    mbarrier.arrive.shared.b64 %st, [%bar];
  WAIT:
    mbarrier.try_wait.shared.b64 %q, [%bar], %st;
    @!%q bra WAIT;
    bar.sync 0;
    @%p mbarrier.inval.shared.b64 [%bar];
    @%p st.shared.u32 [%bar], 5;
    @%p ld.shared.u32 %v, [%bar];
    @%p mbarrier.init.shared.b64 [%bar], 7;
    @%p mbarrier.arrive.shared.b64 %st, [%bar];
    @%p mbarrier.pending_count.b64 %w, %st;
    @%p mad.lo.u32 %v, %v, 10, %w;
    @%p st.global.u32 [%o], %v;)",
                        barriers(32));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], 57u);
}

//===----------------------------------------------------------------------===//
// cp.async.mbarrier.arrive
//===----------------------------------------------------------------------===//

namespace {

/// Warp 0 copies its words through cp.async and exits; warp 1 waits for the barrier and reads.
std::string copyKernel(const std::string &count, const std::string &signal, const std::string &afterwards = "") {
  return start(count) + R"(
    shl.b32 %v, %t, 2;  cvt.u64.u32 %g, %v;  add.s64 %g, %in, %g;
    setp.ge.u32 %q, %t, 32;
    @%q bra CONSUMER;
    cp.async.ca.shared.global [%s], [%g], 4;
    cp.async.ca.shared.global [%s+128], [%g+128], 4;
    )" + signal +
         R"(
    ret;
  CONSUMER:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], 0;
    @!%q bra CONSUMER;
    ld.shared.u32 %v, [%s+-128];
    ld.shared.u32 %w, [%s];
    mad.lo.u32 %v, %v, 1000, %w;
    st.global.u32 [%o], %v;)" +
         afterwards;
}

BodyOptions copyOptions(Delivery policy, uint64_t seed) {
  BodyOptions options = barriers(64, policy, seed);
  for (uint32_t i = 0; i < 64; ++i)
    options.in.push_back(i + 1);
  return options;
}

} // namespace

TEST(MBarrier, CopiesArrive) {
  const std::pair<std::string, std::string> kVariants[] = {
      {"32", "cp.async.mbarrier.arrive.noinc.shared.b64 [%bar];"},
      {"32", "cp.async.mbarrier.arrive.shared::cta.b64 [%bar]; mbarrier.arrive.shared.b64 _, [%bar];"},
      {"32", "cvta.shared.u64 %st, bars; cp.async.mbarrier.arrive.noinc.b64 [%st];"}};
  for (const auto &[count, signal] : kVariants)
    for (Delivery policy : kPolicies)
      for (uint64_t seed = 0; seed < 4; ++seed) {
        BodyRun run = runBody(copyKernel(count, signal), copyOptions(policy, seed));
        ASSERT_TRUE(run.report.status) << signal << ": " << run.report.status.message();
        for (uint32_t t = 0; t < 32; ++t)
          EXPECT_EQ(run.out[32 + t], (t + 1) * 1000 + t + 33);
      }
}

TEST(MBarrier, CopiesThatTheArrivalDoesNotCover) {
  // The second copy comes after the arrival.
  const std::string kCopy = "cp.async.ca.shared.global [%s+128], [%g+128], 4;";
  const std::string kArrive = "cp.async.mbarrier.arrive.noinc.shared.b64 [%bar];";
  Finding finding = expectError(replaced(copyKernel("32", kArrive + kCopy), kCopy, ""), Check::AsyncInFlight,
                                copyOptions(Delivery::Lazy, 0));
  EXPECT_NE(finding.message.find("no wait covers it"), std::string::npos);
  // The copying thread waits for it when the consumer has read already.
  std::string body = copyKernel("32", kArrive + kCopy + R"(
    AGAIN:
      mbarrier.try_wait.parity.shared.b64 %q, [%bar+8], 0;
      @!%q bra AGAIN;
      cp.async.wait_all;)",
                                "setp.eq.u32 %q, %t, 32; @%q mbarrier.arrive.shared.b64 _, [%bar+8];");
  body = replaced(body, kCopy, "");
  for (uint64_t seed = 0; seed < 4; ++seed) {
    expectError(body, Check::PendingAsync, copyOptions(Delivery::Lazy, seed));
    expectError(body, Check::Race, copyOptions(Delivery::Eager, seed));
    BodyRun run = runBody(body, copyOptions(Delivery::Random, seed));
    EXPECT_FALSE(run.report.status) << seed;
  }
}

TEST(MBarrier, CopiesRefillASlot) {
  // Eight rounds through one slot of 32 words: cp.async counts on "full", the readers on "empty".
  const std::string kWait = "EMPTY: mbarrier.try_wait.parity.shared.b64 %q, [%bar+8], %n; @!%q bra EMPTY;";
  const std::string kBody = start("32", "32") + R"(
    shl.b32 %v, %t, 2;  cvt.u64.u32 %g, %v;  add.s64 %g, %in, %g;
    mov.u32 %i, 0;  mov.u32 %w, 0;  mov.u32 %n, 1;
    setp.ge.u32 %q, %t, 32;
    @%q mov.u32 %n, 0;
    @%q bra CONSUMER;
  PRODUCER:
    )" + kWait + R"(
    cp.async.ca.shared.global [%s], [%g], 4;
    cp.async.mbarrier.arrive.noinc.shared.b64 [%bar];
    add.s64 %g, %g, 128;
    xor.b32 %n, %n, 1;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 8;
    @%q bra PRODUCER;
    ret;
  CONSUMER:
    mbarrier.try_wait.parity.shared.b64 %q, [%bar], %n;
    @!%q bra CONSUMER;
    ld.shared.u32 %v, [%s+-128];
    mad.lo.u32 %w, %w, 3, %v;
    mbarrier.arrive.shared.b64 _, [%bar+8];
    xor.b32 %n, %n, 1;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 8;
    @%q bra CONSUMER;
    st.global.u32 [%o], %w;)";
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 6; ++seed) {
      BodyOptions options = barriers(64, policy, seed);
      options.options.lints = true;
      for (uint32_t i = 0; i < 256; ++i)
        options.in.push_back(i * i + 1);
      BodyRun run = runBody(kBody, options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_TRUE(run.report.findings.empty()) << run.report.findings.front().describe();
      for (uint32_t t = 0; t < 32; ++t) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < 8; ++i)
          sum = 3 * sum + options.in[32 * i + t];
        EXPECT_EQ(run.out[32 + t], sum);
      }
      run = runBody(replaced(kBody, kWait, ""), options);
      ASSERT_FALSE(run.report.findings.empty());
      Check check = run.report.findings.front().check;
      EXPECT_TRUE(check == Check::Race || check == Check::PendingAsync || check == Check::MBarrierMisuse ||
                  check == Check::Deadlock)
          << run.report.findings.front().describe();
    }
}

TEST(MBarrier, AnArrivalOfCopiesThatNobodyWaitsFor) {
  std::string kernel = copyKernel("32", "cp.async.mbarrier.arrive.noinc.shared.b64 [%bar];");
  kernel.insert(kernel.find("CONSUMER:") + 9, " ret;");
  Finding finding = expectError(kernel, Check::AsyncInFlight, copyOptions(Delivery::Lazy, 0));
  EXPECT_NE(finding.message.find("cp.async.mbarrier.arrive"), std::string::npos) << finding.message;
}

TEST(MBarrier, ADeliveryThatWakesTheLastWaiterIsNoDeadlock) {
  std::vector<uint32_t> in(1024);
  for (uint32_t i = 0; i < in.size(); ++i)
    in[i] = i * 7;
  for (uint64_t seed = 1; seed < 100; ++seed) {
    BodyOptions options = barriers(128, Delivery::Random, seed);
    options.in = in;
    BodyRun run = runBody(start("1") + R"(
      @%p mbarrier.arrive.expect_tx.shared::cta.b64 _, [%bar], 4096;
      @%p mov.u32 %w, data;
      @%p cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%w], [%in], 4096, [%bar];
    WAIT:
      mbarrier.try_wait.parity.shared::cta.b64 %q, [%bar], 0;
      @!%q bra WAIT;
      ld.shared.u32 %v, [%s];
      st.global.u32 [%o], %v;)",
                          options);
    ASSERT_TRUE(run.report.status) << seed << ": " << run.report.status.message();
    for (uint32_t t = 0; t < 128; ++t)
      EXPECT_EQ(run.out[t], in[t]);
  }
}

} // namespace thrift::sim::test
