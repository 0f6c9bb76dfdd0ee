//===- FenceTest.cpp - which fences there are, and what they are for --------===//
//
// What they order is in MBarrierOrderTest.cpp; what the async proxy needs, with the copies.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

static std::string error(const std::string &line, const std::string &target = "sm_90a") {
  return loadError(header(target) + ".visible .entry test() {\n.reg .b64 %a;\n" + line + "\nret;\n}\n");
}

TEST(Fence, AllForms) {
  for (std::string scope : {"cta", "cluster", "gpu", "sys"})
    for (std::string order : {"", ".sc", ".acq_rel", ".acquire", ".release"})
      EXPECT_EQ(error("fence" + order + "." + scope + ";"), "");
  for (std::string kind :
       {"alias", "async", "async.global", "async.shared::cta", "async.shared::cluster",
        "tensormap::generic.release.gpu", "async::generic.acquire.sync_restrict::shared::cluster.cluster",
        "async::generic.release.sync_restrict::shared::cta.cluster"})
    EXPECT_EQ(error("fence.proxy." + kind + ";"), "") << kind;
  for (std::string line :
       {"membar.cta;", "membar.gl;", "membar.sys;", "membar.proxy.alias;", "fence.mbarrier_init.release.cluster;",
        "fence.acquire.sync_restrict::shared::cluster.cluster;", "fence.release.sync_restrict::shared::cta.cluster;",
        "fence.proxy.tensormap::generic.acquire.sys [%a], 128;"})
    EXPECT_EQ(error(line), "") << line;
}

TEST(Fence, FormsThatDoNotExist) {
  for (std::string line : {"fence;",
                           "fence.sc;",
                           "fence.gl;",
                           "fence.weak.cta;",
                           "fence.sc.cta.shared;",
                           "membar;",
                           "membar.cluster;",
                           "membar.sc.cta;",
                           "fence.mbarrier_init.acquire.cluster;",
                           "fence.mbarrier_init.release.cta;",
                           "fence.acquire.sync_restrict::shared::cta.cluster;",
                           "fence.release.sync_restrict::shared::cluster.cluster;",
                           "fence.release.sync_restrict::shared::cta.gpu;",
                           "fence.proxy;",
                           "fence.proxy.texture;",
                           "fence.proxy.async.local;",
                           "fence.proxy.async::generic.release.gpu;",
                           "fence.proxy.tensormap::generic.gpu;",
                           "fence.proxy.tensormap::generic.release;",
                           "fence.proxy.tensormap::generic.acquire.gpu [%a], 64;",
                           "fence.proxy.tensormap::generic.acquire.gpu [%a];",
                           "fence.proxy.tensormap::generic.release.gpu [%a], 128;"})
    EXPECT_NE(error(line), "") << line;
  for (std::string line : {"fence.acquire.cta;", "fence.proxy.async;", "fence.mbarrier_init.release.cluster;"})
    EXPECT_NE(error(line, "sm_80").find("needs sm_90"), std::string::npos) << line;
}

TEST(Fence, ATensorMapIsInGlobalMemory) {
  BodyOptions options = barriers(32);
  options.in.assign(32, 0);
  EXPECT_TRUE(runBody("fence.proxy.tensormap::generic.acquire.gpu [%in], 128;", options).report.status);
  expectError("fence.proxy.tensormap::generic.acquire.gpu [%in+4], 128;", Check::OutOfBounds, options);
  expectError(".reg .b64 %a; cvta.shared.u64 %a, data; fence.proxy.tensormap::generic.acquire.gpu [%a], 128;",
              Check::BadOperand, options);
}

TEST(Fence, PlainCodeStaysAsItIs) {
  // A fence alone orders nothing: two warps still need a barrier.
  const std::string kBody = R"(
    .reg .b32 %s, %v; .reg .pred %q;
    mov.u32 %s, data;
    setp.ge.u32 %q, %t, 32;
    @%q bra READ;
    st.shared.u32 [%s], %t;
    fence.sc.sys;
    SYNC
    ret;
  READ:
    fence.sc.sys;
    SYNC
    ld.shared.u32 %v, [%s];)";
  auto with = [&](const std::string &sync) { return replaced(replaced(kBody, "SYNC", sync), "SYNC", sync); };
  BodyOptions options = barriers(64);
  options.options.checkUninitialized = false;
  expectError(with(""), Check::Race, options);
  EXPECT_TRUE(runBody(with("bar.sync 0;"), options).report.status);
}

} // namespace thrift::sim::test
