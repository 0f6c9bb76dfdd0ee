// Whole pipelines: right under every delivery policy, and every broken synchronisation is noticed.

#include "tests/sim/Pipelines.h"
#include "tests/sim/SimHarness.h"

#include <cstdio>

namespace thrift::sim::test {

static void expectRight(const Pipeline &pipeline) {
  for (const Options &options : checkedPolicies()) {
    Result<MutantRun> run = pipeline.run(pipeline.ptx, options);
    ASSERT_TRUE(run) << run.status().message();
    ASSERT_TRUE(run->report.status) << run->report.status.message();
    for (const Finding &finding : run->report.findings)
      ADD_FAILURE() << finding.describe();
    EXPECT_EQ(run->outputs, rawBytes(pipeline.expected));
  }
}

TEST(Pipeline, HopperIsRightUnderEveryPolicy) { expectRight(hopperPipeline()); }
TEST(Pipeline, BlackwellIsRightUnderEveryPolicy) { expectRight(blackwellPipeline()); }

/// Breaks everything; `allowed` are the mutants that no check can kill, as "text: change", each for a reason.
static void expectAllKilled(const Pipeline &pipeline, const std::vector<std::string> &allowed) {
  MutationResult result = runMutants(pipeline.ptx, pipeline.entry, pipeline.run, checkedPolicies());
  ASSERT_TRUE(result.status) << result.status.message();
  std::printf("[  MUTANTS ] %-10s %3zu of %3zu killed:", pipeline.entry, result.killedCount(), result.mutants);
  for (const auto &[what, count] : result.killed)
    std::printf(" %zu %s;", count, what.c_str());
  std::printf("\n");
  EXPECT_EQ(result.killed.count("not loadable"), 0u);
  std::vector<std::string> survivors;
  for (const Survivor &survivor : result.survivors)
    survivors.push_back("line " + std::to_string(survivor.mutant.line) + ": " + survivor.mutant.text + ": " +
                        survivor.mutant.change);
  EXPECT_EQ(survivors, allowed);
}

TEST(Pipeline, HopperMutants) { expectAllKilled(hopperPipeline(), {}); }
TEST(Pipeline, BlackwellMutants) {
  // Every register of the second load is stored to global memory before the thread arrives anywhere: the use of a register
  // waits for the load of it, so this wait has nothing left to do.
  expectAllKilled(blackwellPipeline(), {"line 206: tcgen05.wait::ld.sync.aligned;: removed"});
}

} // namespace thrift::sim::test
