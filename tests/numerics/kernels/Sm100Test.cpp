//===- Sm100Test.cpp - the tcgen05 kernels against float64 `emulated` -------===//
//
// Every pair, mask, head dim and type on lengths that break tiles, when asynchronous results come as late as they may
// and at two random choices of moments, with every check of the simulator on.

#include "tests/numerics/kernels/KernelRun.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace thrift;
using namespace thrift::test;

namespace {

class Sm100 : public testing::TestWithParam<Case> {};

std::string nameOf(const testing::TestParamInfo<Case> &info) { return info.param.name; }

/// Two query heads share a KV head.
Problem makeGroupedProblem(int64_t qLen, int64_t kvLen) { return makeProblem(qLen, kvLen, 2); }

Spec makeSpec(LowPair low, double budget) {
  Spec spec;
  spec.target = "sm_100a";
  spec.low = low;
  spec.budget = budget;
  return spec;
}

LowPair pair(const char *text) { return *LowPair::parse(text); }

} // namespace

TEST_P(Sm100, MatchesEmulated) {
  const Case &c = GetParam();
  Tensors tensors = makeTensors(c.problem, c.spec);
  for (const char *delivery : {"lazy", "random:1", "random:2"}) {
    SCOPED_TRACE(delivery);
    Context &context = simulator(delivery);
    Result<Plan> plan = context.plan(c.spec);
    ASSERT_TRUE(plan) << plan.status().message();
    Result<Answer> answer = run(context, *plan, tensors);
    ASSERT_TRUE(answer) << answer.status().message();
    EXPECT_EQ(compareWithEmulated(*answer, *plan, tensors), "");
  }
}

TEST(Sm100Defaults, ThePairIsTheTargets) {
  Spec spec;
  spec.target = "sm_100a";
  Result<Plan> plan = simulator().plan(spec);
  ASSERT_TRUE(plan) << plan.status().message();
  EXPECT_EQ(plan->spec().low->print(), "nvfp4:fp8");
  spec.target = "sm_80";
  plan = simulator().plan(spec);
  ASSERT_TRUE(plan) << plan.status().message();
  EXPECT_EQ(plan->spec().low->print(), "nvfp4");
}

static double norm(const std::vector<double> &a, const std::vector<double> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

// The portable target widens what this one multiplies packed. Given the same routes or decisions, their answers may
// differ by the rounding of P, which the float64 references of both know, and by the rounding of both outputs to f16.
static void expectDifferingByP(Spec spec) {
  for (const char *low : {"nvfp4:fp8", "nvfp4", "mxfp4", "mxfp4:fp8", "nvfp4:f16", "fp8"}) {
    SCOPED_TRACE(low);
    spec.low = pair(low);
    Tensors tensors = makeTensors(makeGroupedProblem(131, 333), spec);
    std::vector<Answer> answers;
    std::vector<AttentionOutput> expected;
    for (const char *target : {"sm_80", "sm_100a"}) {
      spec.target = target;
      Result<Plan> plan = simulator().plan(spec);
      ASSERT_TRUE(plan) << plan.status().message();
      Result<Answer> answer = run(simulator(), *plan, tensors);
      ASSERT_TRUE(answer) << answer.status().message();
      Result<AttentionOutput> reference = expectedAnswer(*answer, *plan, tensors);
      ASSERT_TRUE(reference) << reference.status().message();
      answers.push_back(*answer);
      expected.push_back(*reference);
    }
    EXPECT_EQ(answers[0].routes.counts, answers[1].routes.counts);
    EXPECT_EQ(answers[0].routes.ids, answers[1].routes.ids);
    double size = norm(expected[0].o, std::vector<double>(expected[0].o.size()));
    EXPECT_LE(norm(answers[0].o, answers[1].o), norm(expected[0].o, expected[1].o) + 2 * 0x1p-10 * size);
  }
}

TEST(Sm100AndPortable, DifferByTheRoundingOfP) { expectDifferingByP(makeSpec({}, 0.3)); }

// Granules differ between the targets, so decisions agree where none promotes: seeds run high, all else low.
TEST(Sm100AndPortable, DifferByTheRoundingOfPUnderTheOnlineRouter) {
  Spec spec = makeSpec({}, 0);
  spec.select = "online";
  spec.online.tau = 1e6;
  expectDifferingByP(spec);
}

/// Grouped heads, more keys than queries, and neither fills its last tile.
static std::vector<Case> pairs() {
  std::vector<Case> cases;
  for (const char *low : {"nvfp4:fp8", "nvfp4", "mxfp4", "mxfp4:fp8", "nvfp4:f16", "fp8"})
    for (bool causal : {true, false})
      for (int64_t dim : {64, 128})
        for (DType dtype : {DType::F16, DType::BF16}) {
          Case c;
          c.spec = makeSpec(pair(low), 0.3);
          c.spec.causal = causal;
          c.spec.headDim = c.spec.valueDim = dim;
          c.spec.dtype = dtype;
          c.problem = makeGroupedProblem(131, 333);
          c.name = std::string(low) + (causal ? "_causal_" : "_full_") + std::to_string(dim) + "_" +
                   std::string(name(dtype));
          std::replace(c.name.begin(), c.name.end(), ':', '_');
          cases.push_back(c);
        }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Pairs, Sm100, testing::ValuesIn(pairs()), nameOf);

/// The same by the online router, with logits far enough apart for all tiers.
static std::vector<Case> onlinePairs() {
  std::vector<Case> cases;
  for (Case c : pairs())
    for (double skip : {0.0, 0.15}) {
      Case online = c;
      online.spec.select = "online";
      online.spec.online.skip = skip;
      online.problem = makeGroupedProblem(131, 605);
      online.problem.spread = 2;
      online.name = (skip > 0 ? "skip_" : "") + c.name;
      cases.push_back(online);
    }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Online, Sm100, testing::ValuesIn(onlinePairs()), nameOf);

/// Lengths that break tiles, in all three budget classes.
static std::vector<Case> lengths() {
  std::vector<Case> cases;
  for (double budget : {0.0, 0.3, 1.0})
    for (auto [qLen, kvLen] : std::vector<std::pair<int64_t, int64_t>>{
             {1, 1}, {64, 64}, {65, 65}, {128, 128}, {1, 127}, {127, 1}, {300, 65}, {260, 900}}) {
      std::string budgetName = budget == 0 ? "low" : budget == 1 ? "high" : "mixed";
      cases.push_back({budgetName + "_" + std::to_string(qLen) + "_" + std::to_string(kvLen),
                       makeSpec(pair("nvfp4:fp8"), budget), makeProblem(qLen, kvLen, 1)});
    }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Lengths, Sm100, testing::ValuesIn(lengths()), nameOf);

static std::vector<Case> shapes() {
  Spec plain = makeSpec(pair("nvfp4:fp8"), 0.3);
  Spec wide = plain, wideMx = makeSpec(pair("mxfp4"), 0.3), three = plain, poly = plain, values = plain,
       peakedSpec = plain;
  wide.blockKv = wideMx.blockKv = 128;
  three.stages = 3;
  poly.exp2 = "poly";
  values.headDim = 64;
  Problem batches = makeProblem(70, 200, 4, 2);
  batches.batch = 3;
  Problem tokensFirst = makeProblem(100, 260, 4, 2);
  tokensFirst.tokensFirst = true;
  Problem padded = tokensFirst;
  padded.padding = 8; // strides that are multiples of 16 bytes and nothing more
  Problem peaked = makeGroupedProblem(200, 500);
  peaked.spread = 8;
  return {{"block_kv_128", wide, makeGroupedProblem(200, 700)},
          {"block_kv_128_mxfp4", wideMx, makeGroupedProblem(200, 700)},
          {"three_stages", three, makeGroupedProblem(200, 900)},
          {"polynomial_exp2", poly, makeGroupedProblem(200, 400)},
          {"head_dim_64_value_dim_128", values, makeGroupedProblem(200, 400)},
          {"batches", plain, batches},
          {"tokens_first", plain, tokensFirst},
          {"padded_rows", plain, padded},
          {"peaked_logits", peakedSpec, peaked}};
}
INSTANTIATE_TEST_SUITE_P(Shapes, Sm100, testing::ValuesIn(shapes()), nameOf);
