//===- PrefillTest.cpp - attention against float64 `emulated`, in the simulator -===//

#include "tests/numerics/kernels/KernelRun.h"

#include "runtime/reference/Router.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::test;

namespace {

class Prefill : public testing::TestWithParam<Case> {};

Spec makeSpec(double budget, bool causal = true, int64_t headDim = 128, DType dtype = DType::F16) {
  Spec spec;
  spec.budget = budget;
  spec.causal = causal;
  spec.headDim = spec.valueDim = headDim;
  spec.dtype = dtype;
  return spec;
}

} // namespace

TEST_P(Prefill, MatchesEmulated) {
  const Case &c = GetParam();
  Result<Plan> plan = simulator().plan(c.spec);
  ASSERT_TRUE(plan) << plan.status().message();
  Tensors tensors = makeTensors(c.problem, c.spec);
  Result<Answer> answer = run(simulator(), *plan, tensors);
  ASSERT_TRUE(answer) << answer.status().message();

  // Routes are integers computed from f32 in a stated order: equal, not close.
  if (plan->launches(/*packed=*/true) == 3) {
    RouteBudget budget;
    budget.ppm = budgetPpm(c.spec);
    budget.topK = c.spec.topK;
    budget.minBlocks = c.spec.minBlocks;
    budget.sink = c.spec.sink;
    budget.local = c.spec.local;
    Result<Routes> routes =
        routeByBlockMean(inputsOf(tensors), shapeOf(tensors, c.spec), {c.spec.blockQ, c.spec.blockKv}, budget);
    ASSERT_TRUE(routes) << routes.status().message();
    EXPECT_EQ(answer->routes.counts, routes->counts);
    for (size_t list = 0; list < routes->counts.size(); ++list)
      for (int32_t n = 0; n < routes->counts[list]; ++n)
        ASSERT_EQ(answer->routes.list(list)[n], routes->list(list)[n]) << "list " << list << ", place " << n;
  }
  EXPECT_EQ(compareWithEmulated(*answer, *plan, tensors), "");
}

// Lengths that break tiles, with more and fewer queries than keys, in all three budget classes.
static std::vector<Case> lengths() {
  std::vector<Case> cases;
  for (double budget : {0.0, 0.3, 1.0})
    for (auto [qLen, kvLen] : std::vector<std::pair<int64_t, int64_t>>{
             {1, 1}, {63, 63}, {64, 64}, {65, 65}, {127, 127}, {1, 127}, {127, 1}, {65, 300}, {300, 65}, {1000, 1000}})
      cases.push_back({"length", makeSpec(budget), makeProblem(qLen, kvLen)});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Lengths, Prefill, testing::ValuesIn(lengths()));

static std::vector<Case> shapes() {
  Spec noMask64 = makeSpec(0.2, false, 64), bf16 = makeSpec(0.2, true, 128, DType::BF16);
  Spec small = makeSpec(0.3), wide = makeSpec(0.3, true, 64), mixedDims = makeSpec(0.3, true, 64), poly = makeSpec(0.3);
  small.blockQ = 64;
  wide.blockKv = 128;
  mixedDims.valueDim = 128;
  poly.exp2 = "poly";
  Spec three = makeSpec(0.3), top = makeSpec(0.05), forced = makeSpec(0.1), few = makeSpec(0.05);
  three.stages = 3;
  top.topK = 2;
  forced.sink = 1;
  forced.local = 2;
  few.minBlocks = 50; // more than any row sees
  Problem ties = makeProblem(260, 520);
  ties.constantKeys = true;
  Spec anyStrides = makeSpec(0.3), anyStridesHigh = makeSpec(1);
  anyStrides.alignment = anyStridesHigh.alignment = 2;
  Problem padded = makeProblem(100, 260, 4, 2, 2, true);
  padded.padding = 3;
  Problem peaked = makeProblem(200, 500);
  peaked.spread = 8;
  return {{"no_mask_64", noMask64, makeProblem(130, 333, 2, 1)},
          {"bf16", bf16, makeProblem(200, 400)},
          {"groups_of_8", makeSpec(0.3), makeProblem(70, 200, 8, 1)},
          {"groups_of_2_batch_3", makeSpec(0.3, true, 64), makeProblem(70, 200, 4, 2, 3)},
          {"tokens_first", makeSpec(0.3), makeProblem(100, 260, 4, 2, 2, true)},
          {"block_q_64", small, makeProblem(200, 400)},
          {"block_kv_128", wide, makeProblem(200, 700)},
          {"value_dim_128_of_64", mixedDims, makeProblem(100, 300)},
          {"polynomial_exp2", poly, makeProblem(200, 400)},
          {"three_stages", three, makeProblem(200, 700)},
          {"top_k", top, makeProblem(300, 700)},
          {"forced_blocks", forced, makeProblem(300, 900)},
          {"fewer_visible_than_minimum", few, makeProblem(300, 300)},
          {"all_scores_equal", makeSpec(0.3), ties},
          {"any_strides", anyStrides, padded},
          {"any_strides_all_high", anyStridesHigh, padded},
          {"peaked_logits", makeSpec(0.2), peaked}};
}
INSTANTIATE_TEST_SUITE_P(Shapes, Prefill, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });
