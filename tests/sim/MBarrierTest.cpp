//===- MBarrierTest.cpp - mbarrier: phases, counts, waits, misuse -----------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

static BodyOptions barriers(uint32_t threads, Delivery delivery = Delivery::Lazy, uint64_t seed = 0) {
  BodyOptions options;
  options.threads = threads;
  options.before = ".shared .align 8 .b64 bars[8];\n.shared .align 16 .b32 data[1024];\n";
  options.options.delivery = delivery;
  options.options.seed = seed;
  options.options.checkRaces = true;
  return options;
}

static const Delivery kPolicies[] = {Delivery::Lazy, Delivery::Eager, Delivery::Random};

/// Registers, and thread 0 initialises barrier 0 for COUNT arrivals and barrier 1 for COUNT1.
static std::string start(const std::string &count, const std::string &count1 = "1") {
  return R"(
    .reg .b32 %bar, %v, %w, %i, %n, %s; .reg .b64 %st, %o, %g; .reg .pred %p, %q, %r;
    mov.u32 %bar, bars;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    mov.u32 %s, data;  shl.b32 %v, %t, 2;  add.u32 %s, %s, %v;
    setp.eq.u32 %p, %t, 0;
    @%p mbarrier.init.shared::cta.b64 [%bar], )" +
         count + ";\n    @%p mbarrier.init.shared::cta.b64 [%bar+8], " + count1 + ";\n    bar.sync 0;\n";
}

TEST(MBarrier, ManyArrivalsOfOneWarp) {
  for (Delivery policy : kPolicies) {
    BodyRun run = runBody(start("96") + R"(
      st.shared.u32 [%s], %t;
      mbarrier.arrive.shared.b64 %st, [%bar];
    WAIT:
      mbarrier.try_wait.shared.b64 %q, [%bar], %st;
      @!%q bra WAIT;
      sub.u32 %v, 95, %t;  shl.b32 %v, %v, 2;  mov.u32 %s, data;  add.u32 %s, %s, %v;
      ld.shared.u32 %v, [%s];
      st.global.u32 [%o], %v;)",
                          barriers(96, policy, 3));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t t = 0; t < 96; ++t)
      EXPECT_EQ(run.out[t], 95 - t);
  }
}

TEST(MBarrier, ProducerAndConsumerTakeTurns) {
  // Warp 0 fills, warp 1 reads: barrier 0 is "full", barrier 1 "empty".
  std::string body = start("32", "32") + R"(
    mov.u32 %i, 0;  mov.u32 %w, 0;
    setp.ge.u32 %p, %t, 32;
    @%p bra CONSUMER;
  PRODUCER:
    not.b32 %n, %i;  and.b32 %n, %n, 1;
  EMPTY:
    mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 %q, [%bar+8], %n, 1000;
    @!%q bra EMPTY;
    mad.lo.u32 %v, %i, 100, %t;
    st.shared.u32 [%s], %v;
    mbarrier.arrive.release.cta.shared::cta.b64 _, [%bar];
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 10;
    @%q bra PRODUCER;
    ret;
  CONSUMER:
    and.b32 %n, %i, 1;
  FULL:
    mbarrier.test_wait.parity.shared.b64 %q, [%bar], %n;
    @!%q bra FULL;
    ld.shared.u32 %v, [%s+-128];
    add.u32 %w, %w, %v;
    mbarrier.arrive.shared.b64 _, [%bar+8];
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, 10;
    @%q bra CONSUMER;
    st.global.u32 [%o], %w;)";
  for (Delivery policy : kPolicies)
    for (uint64_t seed = 0; seed < 8; ++seed) {
      BodyRun run = runBody(body, barriers(64, policy, seed));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      for (uint32_t t = 0; t < 32; ++t)
        EXPECT_EQ(run.out[32 + t], 4500 + 10 * t);
    }
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
