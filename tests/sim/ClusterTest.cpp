//===- ClusterTest.cpp - clusters of one CTA --------------------------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

/// Each thread writes its word; after SYNC it reads that of its mirror image.
static std::string exchange(const std::string &sync) {
  return R"(
    .reg .b32 %s, %v, %w; .reg .b64 %o; .reg .pred %p, %q;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    mov.u32 %s, data;  shl.b32 %v, %t, 2;  add.u32 %w, %s, %v;
    st.shared.u32 [%w], %t;
    )" + sync +
         R"(
    xor.b32 %v, %t, 127;  shl.b32 %v, %v, 2;  add.u32 %w, %s, %v;
    ld.shared.u32 %v, [%w];
    st.global.u32 [%o], %v;)";
}

TEST(Cluster, BarrierOrders) {
  for (std::string sync :
       {"barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;",
        "barrier.cluster.arrive; barrier.cluster.wait;",
        "barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned;",
        "fence.acq_rel.cluster; barrier.cluster.arrive.relaxed.aligned; barrier.cluster.wait.aligned;"})
    for (Delivery policy : kPolicies)
      for (uint64_t seed = 0; seed < 4; ++seed) {
        BodyRun run = runBody(exchange(sync), barriers(128, policy, seed));
        ASSERT_TRUE(run.report.status) << run.report.status.message();
        for (uint32_t t = 0; t < 128; ++t)
          EXPECT_EQ(run.out[t], t ^ 127);
      }
  expectError(exchange("barrier.cluster.arrive.relaxed; barrier.cluster.wait;"), Check::Race, barriers(128));
}

TEST(Cluster, AThreadArrivesOncePerPhase) {
  const std::string kTwice = "barrier.cluster.arrive; barrier.cluster.arrive;";
  // The only warp completes the barrier by itself, so that it is two phases; with a second one that comes late it is
  // not.
  std::string body = R"(
    .reg .pred %q; .reg .b32 %i;
    setp.ge.u32 %q, %t, 32;
    @%q bra SECOND;
    barrier.cluster.arrive;
    barrier.cluster.arrive;
    ret;
  SECOND:
    barrier.cluster.arrive;
    barrier.cluster.wait;)";
  Finding finding = expectError(body, Check::BarrierMisuse, barriers(64));
  EXPECT_NE(finding.message.find("lane 0 of warp 0 arrives twice at the cluster barrier"), std::string::npos)
      << finding.message;
  finding = expectError("barrier.cluster.wait;", Check::BarrierMisuse, barriers(32));
  EXPECT_NE(finding.message.find("without having arrived"), std::string::npos) << finding.message;
  expectError("barrier.cluster.arrive; barrier.cluster.wait; barrier.cluster.wait;", Check::BarrierMisuse,
              barriers(32));
}

TEST(Cluster, ExitedThreadsDoNotCount) {
  std::string body = R"(
    .reg .pred %q;
    setp.lt.u32 %q, %t, 40;
    @%q ret;
    barrier.cluster.arrive;
    barrier.cluster.wait;)";
  for (Delivery policy : kPolicies)
    EXPECT_TRUE(runBody(body, barriers(96, policy, 1)).report.status);
  // Warp 1 exits after the others have arrived.
  body = R"(
    .reg .pred %q;
    setp.lt.u32 %q, %t, 64;
    @%q bra REST;
    nanosleep.u32 1000;  nanosleep.u32 1000;  nanosleep.u32 1000;
    ret;
  REST:
    barrier.cluster.arrive;
    barrier.cluster.wait;)";
  for (Delivery policy : kPolicies)
    EXPECT_TRUE(runBody(body, barriers(96, policy, 1)).report.status);
}

TEST(Cluster, DivergentAligned) {
  expectError(R"(
    .reg .pred %q;
    setp.lt.u32 %q, %t, 16;
    @%q bra HALF;
    barrier.cluster.arrive.aligned;
    bra END;
  HALF:
    barrier.cluster.wait.aligned;
  END:)",
              Check::DivergentAligned, barriers(32));
}

TEST(Cluster, DeadlockNamesTheBarrier) {
  Finding finding = expectError(R"(
    .reg .pred %q;
    setp.lt.u32 %q, %t, 32;
    @%q bar.sync 1, 64;
    barrier.cluster.arrive;
    barrier.cluster.wait;)",
                                Check::Deadlock, barriers(64));
  EXPECT_NE(finding.message.find("the cluster barrier (32 of 64 threads have arrived)"), std::string::npos)
      << finding.message;
}

TEST(Cluster, Addresses) {
  BodyRun run = runBody(R"(
    .reg .b32 %a, %b, %c, %r, %v; .reg .b64 %d, %e, %o; .reg .pred %p;
    mov.u32 %a, data;  mov.u32 %r, %cluster_ctarank;
    st.shared.u32 [%a], 42;
    mapa.shared::cluster.u32 %b, %a, %r;
    ld.shared::cluster.u32 %v, [%b];
    mapa.shared::cluster.u32 %c, data, 0;
    ld.shared.u32 %b, [%c];
    add.u32 %v, %v, %b;
    cvta.shared.u64 %d, data;
    mapa.u64 %e, %d, 0;
    ld.u32 %b, [%e];
    add.u32 %v, %v, %b;
    mov.u64 %d, data;
    mapa.shared::cluster.u64 %e, %d, 0;
    ld.shared::cluster.u32 %b, [%e];
    add.u32 %v, %v, %b;
    getctarank.shared::cluster.u32 %b, %a;  add.u32 %v, %v, %b;
    getctarank.shared::cluster.u64 %b, %d;  add.u32 %v, %v, %b;
    cvta.shared.u64 %d, data;  getctarank.u64 %b, %d;  add.u32 %v, %v, %b;
    setp.eq.u32 %p, %t, 0;
    @%p st.global.u32 [%out], %v;)",
                        barriers(32));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], 4 * 42u);
  Finding finding = expectError(".reg .b32 %a; mapa.shared::cluster.u32 %a, data, 1;", Check::BadOperand, barriers(32));
  EXPECT_NE(finding.message.find("the rank is 1; allowed: 0"), std::string::npos) << finding.message;
  expectError(".reg .b32 %a; getctarank.u64 %a, %in;", Check::BadOperand, barriers(32));
}

TEST(Cluster, GridsThatDependAreNotSimulated) {
  EXPECT_TRUE(runBody("griddepcontrol.wait; griddepcontrol.launch_dependents;").report.status);
  EXPECT_NE(loadError(header() + ".visible .entry test() {\ngriddepcontrol.launch;\nret;\n}\n"), "");
}

TEST(Cluster, ElectMayChooseAnyLane) {
  // The same lane for a member mask, every time; the lowest unless delivery is random.
  const std::string kBody = R"(
    .reg .b32 %v, %w, %m; .reg .b64 %o; .reg .pred %p, %q;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    elect.sync %v|%p, 0xffffffff;
    elect.sync %w|%q, 0xffffffff;
    xor.pred %q, %p, %q;
    @%q trap;
    setp.ne.u32 %q, %v, %w;
    @%q trap;
    selp.u32 %w, 100, 0, %p;
    add.u32 %v, %v, %w;
    st.global.u32 [%o], %v;
    and.b32 %m, %t, 1;  setp.eq.u32 %q, %m, 1;
    selp.u32 %m, 0xAAAAAAAA, 0x55555555, %q;
    elect.sync %w|%p, %m;
    selp.u32 %v, 1, 0, %p;
    shl.b32 %w, 1, %w;
    and.b32 %w, %w, %m;
    setp.eq.u32 %q, %w, 0;
    @%q trap;)";
  std::vector<unsigned> leaders;
  for (uint64_t seed = 0; seed < 12; ++seed)
    for (Delivery policy : kPolicies) {
      BodyRun run = runBody(kBody, barriers(32, policy, seed));
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      unsigned leader = run.out[0] % 100;
      ASSERT_LT(leader, 32u);
      for (uint32_t t = 0; t < 32; ++t)
        EXPECT_EQ(run.out[t], leader + (t == leader ? 100 : 0));
      if (policy == Delivery::Random)
        leaders.push_back(leader);
      else
        EXPECT_EQ(leader, 0u);
    }
  EXPECT_NE(std::count(leaders.begin(), leaders.end(), leaders[0]), static_cast<ptrdiff_t>(leaders.size()));
}

} // namespace thrift::sim::test
