// Our own kernels with one barrier, wait, commit or fence broken at a time: each must be noticed, as a finding or as
// another result, or stand in the list of those that cannot be, with the reason.

#include "tests/cli/TestFiles.h"
#include "tests/numerics/kernels/KernelRun.h"

#include "runtime/SimDevice.h"
#include "runtime/sim/Mutants.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace thrift;
using namespace thrift::test;

namespace {

/// A spec and a problem, run on simulators that break one kernel of the plan.
class MutatedPlan {
public:
  MutatedPlan(Spec spec, const std::vector<Problem> &problems) : spec_(std::move(spec)) {
    for (const Problem &problem : problems)
      tensors_.push_back(makeTensors(problem, spec_));
  }

  /// All of attention with `original`, a kernel's text, replaced.
  Result<sim::MutantRun> run(const std::string &original, const std::string &changed,
                             const sim::Options &options) const {
    sim::MutantRun result;
    SimDeviceOptions device;
    device.launch = options;
    device.rewrite = [&](const std::string &ptx) { return ptx == original ? changed : ptx; };
    device.onReport = [&](const std::string &, const sim::Report &report) {
      result.report.findings.insert(result.report.findings.end(), report.findings.begin(), report.findings.end());
    };
    Result<std::shared_ptr<SimDevice>> simulator = SimDevice::create(std::move(device));
    if (!simulator)
      return simulator.status();
    ContextOptions contextOptions;
    contextOptions.opened = *simulator;
    Result<std::shared_ptr<Context>> context = Context::create(contextOptions);
    if (!context)
      return context.status();
    Result<Plan> plan = (*context)->plan(spec_);
    if (!plan)
      return plan.status();
    auto keep = [&](const auto &values) {
      const auto *bytes = reinterpret_cast<const uint8_t *>(values.data());
      result.outputs.insert(result.outputs.end(), bytes, bytes + values.size() * sizeof values[0]);
    };
    for (const Tensors &tensors : tensors_) {
      Result<Answer> answer = test::run(**context, *plan, tensors);
      if (!answer) {
        result.report.status = answer.status();
        return result;
      }
      keep(answer->o), keep(answer->lse), keep(answer->routes.counts), keep(answer->routes.ids);
      keep(answer->decisions.tiers), keep(answer->decisionCounts);
    }
    return result;
  }

  std::vector<PlanKernel> kernels() const {
    Result<Plan> plan = simulator().plan(spec_);
    EXPECT_TRUE(plan) << plan.status().message();
    return plan ? plan->kernels() : std::vector<PlanKernel>();
  }

private:
  Spec spec_;
  std::vector<Tensors> tensors_;
};

/// Kernels are compiled once, into a cache of this test's own.
class Mutation : public testing::Test {
protected:
  static void SetUpTestSuite() {
    cache() = std::make_unique<TemporaryFolder>();
    ASSERT_FALSE(cache()->path().empty());
    setenv("THRIFTJIT_CACHE_DIR", cache()->path().c_str(), 1);
  }
  static void TearDownTestSuite() {
    unsetenv("THRIFTJIT_CACHE_DIR");
    cache().reset();
  }
  static std::unique_ptr<TemporaryFolder> &cache() {
    static std::unique_ptr<TemporaryFolder> folder;
    return folder;
  }
};

/// An instruction that may be broken without anybody noticing, and why.
struct Excuse {
  const char *instruction;
  const char *why;
};

bool isExcused(const sim::Mutant &mutant, const std::vector<Excuse> &excuses) {
  for (const Excuse &excuse : excuses)
    if (mutant.text.rfind(excuse.instruction, 0) == 0) {
      std::printf("[  EXCUSED ] line %u: %s (%s): %s\n", mutant.line, mutant.text.c_str(), mutant.change.c_str(),
                  excuse.why);
      return true;
    }
  return false;
}

/// Breaks each kernel of the spec's plan, or `only` the one of that name, in every way; returns how many mutants there
/// were.
size_t breakKernels(const Spec &spec, const std::vector<Problem> &problems, const std::vector<Excuse> &excuses = {},
                    const std::string &only = "") {
  MutatedPlan plan(spec, problems);

  sim::Options lazy;
  lazy.checkRaces = lazy.lints = true;
  sim::Options random = lazy;
  random.delivery = sim::Delivery::Random;
  random.seed = 11;

  size_t mutants = 0;
  for (const PlanKernel &kernel : plan.kernels()) {
    if (!only.empty() && kernel.name != only)
      continue;
    Result<std::shared_ptr<sim::Module>> module = sim::Module::load(kernel.ptx);
    EXPECT_TRUE(module) << module.status().message();
    if (!module)
      return mutants;
    for (const std::string &entry : (*module)->entries()) {
      sim::MutationResult result = sim::runMutants(
          kernel.ptx, entry,
          [&](const std::string &ptx, const sim::Options &options) { return plan.run(kernel.ptx, ptx, options); },
          {lazy, random});
      EXPECT_TRUE(result.status) << entry << ": " << result.status.message();
      mutants += result.mutants;
      std::printf("[  MUTANTS ] %-12s %3zu of %3zu killed:", entry.c_str(), result.killedCount(), result.mutants);
      for (const auto &[what, count] : result.killed)
        std::printf(" %zu %s", count, what.c_str());
      std::printf("\n");
      EXPECT_EQ(result.killed.count("not loadable"), 0u) << entry;
      for (const sim::Survivor &survivor : result.survivors)
        if (!isExcused(survivor.mutant, excuses))
          ADD_FAILURE() << entry << " line " << survivor.mutant.line << " survives: " << survivor.mutant.text << " ("
                        << survivor.mutant.change << ")";
    }
  }
  return mutants;
}

size_t breakEverything(Spec spec, const std::vector<Excuse> &excuses = {}) {
  spec.headDim = spec.valueDim = 64;
  spec.causal = true;
  spec.budget = 0.3;
  spec.exp2 = "poly";
  // Long loops, and sweeps that follow each other without one.
  Problem few, many;
  few.qLen = many.qLen = 100;
  few.kvLen = 330;
  few.qHeads = 4; // each with routes of its own
  many.kvLen = 970;
  return breakKernels(spec, {few, many}, excuses);
}

} // namespace

TEST_F(Mutation, EveryBrokenSynchronisationIsNoticed) { EXPECT_GT(breakEverything({}), 10u); }

static const std::vector<Excuse> kExcusesOfSm100 = {
    {"tcgen05.wait::ld",
     "whoever uses a register of the load waits for it, and all are used before the next hand-over"},
    {"bar.warp.sync",
     "brings a warp together again before a barrier of the CTA; the simulator's warps come by themselves"},
};

TEST_F(Mutation, EveryBrokenPipelineOfSm100IsNoticed) {
  Spec spec;
  spec.target = "sm_100a";
  spec.minBlocks = 1; // so that whole stretches of boundary blocks run low
  EXPECT_GT(breakEverything(spec, kExcusesOfSm100), 50u);
}

static size_t breakOnlineRouter(const std::string &target, const std::vector<Excuse> &excuses) {
  Spec spec;
  spec.target = target;
  spec.select = "online";
  spec.headDim = spec.valueDim = 64;
  spec.exp2 = "poly";
  Problem few, many;
  few.qLen = many.qLen = 100;
  few.kvLen = 330;
  many.kvLen = 970;
  few.spread = many.spread = 2; // some granules promote a block, others do not
  spec.online.local = 0;        // so that the low loop over the boundary has blocks, too,
  spec.online.sink = 3;         // and the one over seeds more than it copies ahead, the last one in the first slot
  return breakKernels(spec, {few, many}, excuses, "prefill_online");
}

TEST_F(Mutation, EveryBrokenSynchronisationOfTheOnlineRouterIsNoticed) {
  EXPECT_GT(breakOnlineRouter("sm_80", {}), 10u);
}

TEST_F(Mutation, EveryBrokenPipelineOfTheOnlineRouterOfSm100IsNoticed) {
  EXPECT_GT(breakOnlineRouter("sm_100a", kExcusesOfSm100), 50u);
}
