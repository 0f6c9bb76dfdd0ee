//===- ComparisonTest.cpp - wrong outputs do not pass -------------------------===//

#include "tools/thriftjit/Comparison.h"

#include "dialect/formats/Float16.h"
#include "runtime/Context.h"
#include "runtime/Emulation.h"
#include "runtime/reference/Emulated.h"
#include "runtime/reference/Router.h"
#include "tools/thriftjit/RouteShares.h"

#include "QkvFile.h"
#include "TestFiles.h"
#include "tools/thriftjit/RunInput.h"

#include <cmath>

using namespace thrift;

namespace {

/// A run as a perfect kernel would leave it: the emulated output, rounded.
class ComparisonTest : public testing::Test {
protected:
  void SetUp() override {
    setenv("THRIFTJIT_CACHE_DIR", THRIFTJIT_TEST_CACHE, 1);
    Result<RunInput> read = readRunInput(QkvFile().write(folder.file("qkv.safetensors")), {});
    ASSERT_TRUE(read) << read.status().message();
    input.emplace(std::move(*read));
    shape = input->shape;
    shape.causal = true;
    ContextOptions options;
    options.device = "none";
    Result<std::shared_ptr<Context>> context = Context::create(options);
    ASSERT_TRUE(context) << context.status().message();
    Spec spec;
    spec.target = "sm_80";
    spec.headDim = spec.valueDim = 64;
    spec.blockQ = 64;
    spec.budget = 0.3;
    spec.minBlocks = 1;
    Result<Plan> made = (*context)->plan(spec);
    ASSERT_TRUE(made) << made.status().message();
    plan.emplace(*made);
    perfect = emulate(*routeByBlockMean(input->tensors, shape, {64, 64}, routeBudget(spec)));
    allLow = emulate(Routes::none(shape, {64, 64}));
  }

  PlanRun emulate(const Routes &routes) {
    Result<AttentionOutput> output = emulated(input->tensors, shape, routes, emulationPlan(*plan));
    EXPECT_TRUE(output) << output.status().message();
    PlanRun run;
    run.routes = routes;
    for (double value : output->o)
      run.o.push_back(f16FromF32(static_cast<float>(value)));
    for (double value : output->lse)
      run.lse.push_back(static_cast<float>(value));
    return run;
  }

  Comparison comparison(const PlanRun &run) {
    Result<Comparison> result = compare(input->tensors, shape, *plan, run, allLow);
    EXPECT_TRUE(result) << result.status().message();
    return *result;
  }
  void expectOnlyFailure(const PlanRun &run, const std::string &beginning) {
    Comparison result = comparison(run);
    ASSERT_EQ(result.failures.size(), 1u);
    EXPECT_EQ(result.failures[0].substr(0, beginning.size()), beginning);
  }

  TemporaryFolder folder;
  std::optional<RunInput> input;
  AttentionShape shape;
  std::optional<Plan> plan;
  PlanRun perfect, allLow;
};

} // namespace

TEST_F(ComparisonTest, PerfectOutputPasses) {
  Comparison result = comparison(perfect);
  EXPECT_TRUE(result.failures.empty());
  EXPECT_LT(result.emulated.relL2, 2.9e-4); // 2^-11 / sqrt(3): the rounding of o and nothing else
  EXPECT_GT(result.emulated.relL2, 1e-4);
  EXPECT_LT(result.thrift.relL2, result.allLow.relL2);
  ASSERT_TRUE(result.errorRemoved);
  EXPECT_NEAR(*result.errorRemoved, 1 - result.thrift.relL2 / result.allLow.relL2, 1e-12);
}

TEST_F(ComparisonTest, OneWrongElementFailsItsRow) {
  PlanRun run = perfect;
  run.o[64 * 17 + 5] = f16FromF32(f32FromF16(run.o[64 * 17 + 5]) + 0.01f); // small in the whole tensor's rel_l2
  expectOnlyFailure(run, "o[0, 0, 17, 5] is ");
}

TEST_F(ComparisonTest, WrongLseFails) {
  PlanRun run = perfect;
  run.lse[130] += 1e-3f;
  expectOnlyFailure(run, "lse[0, 1, 30, 0] is ");
}

TEST_F(ComparisonTest, WrongEverywhereFailsTheDistance) {
  PlanRun run = perfect;
  for (uint16_t &element : run.o)
    element = f16FromF32(1.003f * f32FromF16(element));
  EXPECT_EQ(comparison(run).failures.at(0).rfind("rel_l2 to emulated is ", 0), 0u);
}

TEST_F(ComparisonTest, NanFailsTheDistance) {
  PlanRun run = perfect;
  run.o[0] = 0xFFFF; // what a kernel leaves that does not write the element
  Comparison result = comparison(run);
  EXPECT_TRUE(std::isnan(result.emulated.relL2));
  EXPECT_EQ(result.failures.at(0).rfind("rel_l2 to emulated is nan", 0), 0u);
}

TEST_F(ComparisonTest, RightNumbersForOtherRoutesFail) {
  RoutingBlock block{64, 64};
  // Block 0 everywhere: legal routes, and an output that fits them, but not the router's choice.
  PlanRun run = emulate(Routes::fromLists(shape, block, {{0}, {0, 1}, {0}, {0, 1}}));
  expectOnlyFailure(run, "the rank kernel chose other blocks than the reference router in ");
}
