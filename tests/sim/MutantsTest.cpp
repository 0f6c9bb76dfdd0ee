// Broken kernels: which statements are broken and how, and that the checks notice.

#include "runtime/sim/Mutants.h"
#include "SimHarness.h"

#include <algorithm>

namespace thrift::sim::test {

static std::string kernelText(const std::string &body) {
  return header() +
         ".visible .entry test(.param .u64 out)\n{\n.reg .b32 %r<32>; .reg .b64 %rd<16>; .reg .pred %p<8>;\n" + body +
         "\nret;\n}\n";
}

static std::vector<std::string> changesOf(const std::string &body) {
  std::string text = kernelText(body);
  std::vector<std::string> changes;
  for (const Mutant &mutant : mutantsOf(text, "test")) {
    changes.push_back(mutant.change);
    EXPECT_TRUE(Module::load(mutant.applyTo(text))) << mutant.applyTo(text);
  }
  return changes;
}

using Changes = std::vector<std::string>;

TEST(Mutants, EverySynchronisationIsBrokenInItsWays) {
  EXPECT_EQ(changesOf("bar.sync 0;"), Changes({"removed"}));
  EXPECT_EQ(changesOf("bar.warp.sync -1;"), Changes({"removed"}));
  EXPECT_EQ(changesOf("mbarrier.init.shared.b64 [%r1], 2;"), Changes({"one arrival more", "one arrival fewer"}));
  EXPECT_EQ(changesOf("mbarrier.try_wait.parity.shared.b64 %p1, [%r1], %r2;"),
            Changes({"always true", "the other parity"}));
  EXPECT_EQ(changesOf("mbarrier.test_wait.shared.b64 %p1, [%r1], %rd2;"), Changes({"always true"}));
  EXPECT_EQ(changesOf("mbarrier.arrive.shared.b64 %rd1, [%r1];"), Changes({"removed"}));
  EXPECT_EQ(changesOf("mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 4096;"),
            Changes({"removed", "16 bytes more", "16 bytes fewer"}));
  EXPECT_EQ(changesOf("mbarrier.expect_tx.relaxed.cta.shared.b64 [%r1], %r2;"),
            Changes({"removed", "16 bytes more", "16 bytes fewer"}));
  EXPECT_EQ(changesOf("cp.async.wait_group 1;"), Changes({"removed", "one group more may be pending"}));
  EXPECT_EQ(changesOf("cp.async.bulk.wait_group.read 0;"), Changes({"removed", "one group more may be pending"}));
  EXPECT_EQ(changesOf("cp.async.commit_group; cp.async.wait_all; fence.proxy.async; membar.cta;"),
            Changes({"removed", "removed", "removed", "removed"}));
  EXPECT_EQ(changesOf("wgmma.fence.sync.aligned; tcgen05.wait::ld.sync.aligned;"), Changes({"removed", "removed"}));
  EXPECT_EQ(changesOf("add.s32 %r1, %r2, %r3; ld.shared.b32 %r1, [%r2];"), Changes());
}

TEST(Mutants, OtherEntriesAreLeftAlone) {
  std::string text = kernelText("bar.sync 0;");
  EXPECT_EQ(mutantsOf(text, "test").size(), 1u);
  EXPECT_EQ(mutantsOf(text, "other").size(), 0u);
}

TEST(Mutants, TheStatementIsReplacedInPlace) {
  std::string text = kernelText("@%p1 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 4096;");
  Mutant more = mutantsOf(text, "test")[1];
  std::string changed = more.applyTo(text);
  EXPECT_NE(changed.find("add.s32 %thrift_mutant, 4096, 16; @%p1 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], "
                         "%thrift_mutant;"),
            std::string::npos)
      << changed;
}

/// A reversal of 128 words by way of shared memory: cp.async, a wait, a barrier.
static std::string reversal(const std::string &afterWait = "bar.sync 0;") {
  return header() + R"(
.shared .align 16 .b8 tile[512];
.visible .entry test(.param .u64 out, .param .u64 in)
{
  .reg .b32 %r<16>; .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out]; ld.param.u64 %rd2, [in];
  mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; cvt.u64.u32 %rd3, %r2;
  add.s64 %rd4, %rd2, %rd3;
  mov.u32 %r3, tile; add.s32 %r4, %r3, %r2;
  cp.async.ca.shared.global [%r4], [%rd4], 4;
  cp.async.commit_group;
  cp.async.wait_group 0;
  )" + afterWait +
         R"(
  sub.s32 %r5, 127, %r1; shl.b32 %r6, %r5, 2; add.s32 %r7, %r3, %r6;
  ld.shared.b32 %r8, [%r7];
  add.s64 %rd5, %rd1, %rd3;
  st.global.b32 [%rd5], %r8;
  ret;
}
)";
}

static Result<MutantRun> runReversal(const std::string &ptx, const Options &options) {
  Result<std::shared_ptr<Module>> module = Module::load(ptx);
  if (!module)
    return module.status();
  Result<const Kernel *> kernel = (*module)->find("test");
  if (!kernel)
    return kernel.status();
  Memory memory;
  std::vector<uint32_t> in(128);
  for (uint32_t i = 0; i < 128; ++i)
    in[i] = 1000 + i;
  uint64_t input = upload(memory, in), output = upload(memory, std::vector<uint32_t>(128));
  LaunchConfig config;
  config.block = {128};
  MutantRun run;
  run.report = launch(**kernel, memory, config, Arguments().add(output).add(input), options);
  run.outputs = rawBytes(download<uint32_t>(memory, output, 128));
  return run;
}

static std::vector<Options> checkedOptions() {
  Options lazy;
  lazy.checkRaces = lazy.lints = true;
  Options random = lazy;
  random.delivery = Delivery::Random;
  random.seed = 7;
  return {lazy, random};
}

TEST(Mutants, AllOfAGoodKernelAreKilled) {
  MutationResult result = runMutants(reversal(), "test", runReversal, checkedOptions());
  EXPECT_TRUE(result.status) << result.status.message();
  EXPECT_EQ(result.mutants, 4u); // commit, wait twice, barrier
  for (const Survivor &survivor : result.survivors)
    ADD_FAILURE() << survivor.mutant.text << ": " << survivor.mutant.change;
  EXPECT_EQ(result.killedCount(), 4u);
  EXPECT_EQ(result.killed.count("not loadable"), 0u); // broken, but PTX
}

TEST(Mutants, WhatTheKernelDoesNotNeedSurvives) {
  MutationResult result = runMutants(reversal("bar.sync 0; bar.sync 0;"), "test", runReversal, checkedOptions());
  EXPECT_TRUE(result.status) << result.status.message();
  ASSERT_EQ(result.survivors.size(), 2u);
  EXPECT_EQ(result.survivors[0].mutant.text, "bar.sync 0;");
}

TEST(Mutants, AKernelWithFindingsIsNoBaseline) {
  MutationResult result = runMutants(reversal(""), "test", runReversal, checkedOptions());
  EXPECT_FALSE(result.status);
  EXPECT_NE(result.status.message().find("has findings"), std::string::npos) << result.status.message();
}

} // namespace thrift::sim::test
