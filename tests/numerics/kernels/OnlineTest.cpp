//===- OnlineTest.cpp - the online router against float64 `emulated`, in the simulator -===//
//
// The output is compared under the kernel's own decisions; the decisions may differ from the reference's only next to a
// threshold (compareWithEmulated).

#include "tests/numerics/kernels/KernelRun.h"

#include "runtime/Emulation.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::test;

namespace {

class Online : public testing::TestWithParam<Case> {};

Spec makeSpec(double tau, double skip = 0, bool causal = true, int64_t headDim = 128, DType dtype = DType::F16) {
  Spec spec;
  spec.select = "online";
  spec.online.tau = tau;
  spec.online.skip = skip;
  spec.causal = causal;
  spec.headDim = spec.valueDim = headDim;
  spec.dtype = dtype;
  return spec;
}

/// Logits far enough apart for all tiers.
Problem makeSpreadProblem(int64_t qLen, int64_t kvLen, int64_t qHeads = 1, int64_t kvHeads = 1, int64_t batch = 1,
                          bool tokensFirst = false) {
  Problem problem = makeProblem(qLen, kvLen, qHeads, kvHeads, batch, tokensFirst);
  problem.spread = 2;
  return problem;
}

Answer runCase(const Case &c) {
  Result<Plan> plan = simulator().plan(c.spec);
  EXPECT_TRUE(plan) << plan.status().message();
  if (!plan)
    return {};
  Tensors tensors = makeTensors(c.problem, c.spec);
  Result<Answer> answer = run(simulator(), *plan, tensors);
  EXPECT_TRUE(answer) << answer.status().message();
  if (!answer)
    return {};
  EXPECT_EQ(compareWithEmulated(*answer, *plan, tensors), "");
  return *answer;
}

} // namespace

TEST_P(Online, MatchesEmulatedUnderItsOwnDecisions) { runCase(GetParam()); }

// Odd lengths, more and fewer queries than keys, both masks, both head dims, both types, with and without skipping.
static std::vector<Case> formats() {
  std::vector<Case> cases;
  for (double skip : {0.0, 0.15})
    for (bool causal : {true, false})
      for (int64_t headDim : {64, 128})
        for (DType dtype : {DType::F16, DType::BF16})
          cases.push_back({std::string(skip > 0 ? "skip_" : "") + (causal ? "causal_" : "full_") +
                               std::to_string(headDim) + "_" + std::string(name(dtype)),
                           makeSpec(0.2, skip, causal, headDim, dtype), makeSpreadProblem(147, 605, 2, 1)});
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Formats, Online, testing::ValuesIn(formats()),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name; });

static std::vector<Case> shapes() {
  std::vector<Case> cases;
  for (auto [qLen, kvLen] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {63, 63}, {65, 65}, {1, 1000}, {127, 1}, {300, 65}, {40, 333}})
    for (bool causal : {true, false})
      cases.push_back({std::to_string(qLen) + "_by_" + std::to_string(kvLen) + (causal ? "" : "_full"),
                       makeSpec(0.2, 0.15, causal, 64), makeSpreadProblem(qLen, kvLen)});
  Spec noSeeds = makeSpec(0.3, 0.2), manySeeds = makeSpec(0.3, 0, false), capped = makeSpec(0.02),
       share = makeSpec(0.02);
  noSeeds.online.sink = noSeeds.online.local = 0;
  manySeeds.online.sink = manySeeds.online.local = 3;
  capped.topK = 1;
  share.online.budget = 0.2;
  Spec nothing = makeSpec(0.02), small = makeSpec(0.2, 0.15), wide = makeSpec(0.2, 0.15, true, 64),
       poly = makeSpec(0.2, 0.15);
  nothing.online.budget = 0;
  small.blockQ = 64;
  wide.blockKv = 128;
  poly.exp2 = "poly";
  Spec three = makeSpec(0.2, 0.15), strides = makeSpec(0.2, 0.15), mixedDims = makeSpec(0.2, 0.15, true, 64);
  three.stages = 3;
  strides.alignment = 2;
  mixedDims.valueDim = 128;
  Problem padded = makeSpreadProblem(100, 260, 4, 2, 2, true), peaked = makeSpreadProblem(200, 500);
  padded.padding = 3;
  peaked.spread = 12;
  for (const Case &c :
       std::vector<Case>{{"no_seeds", noSeeds, makeSpreadProblem(100, 500)},
                         {"three_seeds_each", manySeeds, makeSpreadProblem(100, 700)},
                         {"one_promotion_each", capped, makeSpreadProblem(150, 605)},
                         {"a_fifth_promoted_each", share, makeSpreadProblem(150, 605)},
                         {"seeds_only", nothing, makeSpreadProblem(150, 605)},
                         {"groups_of_8", makeSpec(0.2, 0.15), makeSpreadProblem(70, 300, 8, 1)},
                         {"tokens_first_batch_2", makeSpec(0.2, 0.15), makeSpreadProblem(100, 260, 4, 2, 2, true)},
                         {"block_q_64", small, makeSpreadProblem(150, 400)},
                         {"block_kv_128", wide, makeSpreadProblem(150, 900)},
                         {"value_dim_128_of_64", mixedDims, makeSpreadProblem(100, 300)},
                         {"polynomial_exp2", poly, makeSpreadProblem(150, 400)},
                         {"three_stages", three, makeSpreadProblem(150, 605)},
                         {"any_strides", strides, padded},
                         {"peaked_logits", makeSpec(0.2, 0.15), peaked},
                         {"more_than_one_word_of_blocks", makeSpec(0.2, 0.15, true, 64), makeSpreadProblem(64, 2200)}})
    cases.push_back(c);
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Shapes, Online, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name; });

/// Those of them that sm_100a has rules for.
static std::vector<Case> sm100Shapes() {
  std::vector<Case> cases;
  for (Case c : shapes()) {
    if (c.spec.blockQ != 128 || c.spec.alignment != 16)
      continue;
    c.spec.target = "sm_100a";
    c.spec.low = {LowFormat::Nvfp4, LowFormat::Fp8};
    cases.push_back(c);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Sm100Shapes, Online, testing::ValuesIn(sm100Shapes()),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name; });

// That the cases above say something: each tier is taken, in tiles whose granules disagree.
class OnlineTiersOf : public testing::TestWithParam<const char *> {};

TEST_P(OnlineTiersOf, AreAllTakenAndGranulesDisagree) {
  Case c{"tiers", makeSpec(0.3, 0.25, true, 64), makeSpreadProblem(200, 605, 6, 2)};
  c.spec.target = GetParam();
  Answer answer = runCase(c);
  for (BlockTier tier : {BlockTier::Invisible, BlockTier::Low, BlockTier::High, BlockTier::Skip})
    EXPECT_GT(answer.decisions.count(tier), 10) << int(tier);
  int64_t disagreeing = 0;
  const Decisions &d = answer.decisions;
  for (int64_t t = 0; t < d.queryBlocks; ++t)
    for (int64_t j = 0; j < d.kvBlocks; ++j) {
      int64_t high = 0;
      for (int64_t g = 0; g < d.granules; ++g)
        high += d.at(0, 0, t, g, j) == BlockTier::High;
      disagreeing += high > 0 && high < d.granules;
    }
  EXPECT_GT(disagreeing, 3);
}
INSTANTIATE_TEST_SUITE_P(Targets, OnlineTiersOf, testing::Values("sm_80", "sm_100a"),
                         [](const testing::TestParamInfo<const char *> &info) { return std::string(info.param); });

TEST(OnlineTiers, AHugeTauPromotesNothingAndATinyOneEverything) {
  Answer none = runCase({"none", makeSpec(1e6, 0, true, 64), makeSpreadProblem(64, 605)});
  for (size_t n = 0; n < none.decisionCounts.size(); ++n)
    EXPECT_EQ(none.decisionCounts[n], 0) << n;
  Answer all = runCase({"all", makeSpec(1e-30, 0, true, 64), makeSpreadProblem(64, 605)});
  EXPECT_EQ(all.decisions.count(BlockTier::Low), 4 * 7); // of four granules past the last row, what is no seed
  EXPECT_EQ(all.decisions.count(BlockTier::Skip), 0);
}

TEST(OnlineTiers, AnEmptyTauIsRefused) {
  Spec spec = makeSpec(0);
  Result<Plan> plan = simulator().plan(spec);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.status().message(), "tau is 0; allowed: above 0, at most 10^6: a share of the softmax mass");
  spec = makeSpec(0.2, 0.5);
  EXPECT_EQ(simulator().plan(spec).status().message(),
            "skip is 0.5; allowed: 0 to the smaller one of tau and 1: a share of the softmax mass");
  spec = makeSpec(0.2);
  spec.online.granule = 32;
  spec.target = "sm_80";
  EXPECT_EQ(simulator().plan(spec).status().message(), "granule is 32; allowed: 16 (target sm_80)");
  spec.online.granule = 16;
  spec.target = "sm_100a";
  EXPECT_EQ(simulator().plan(spec).status().message(), "granule is 16; allowed: 32 (target sm_100a)");
}

TEST(OnlineTiers, BuffersBelongToTheirRouter) {
  Spec spec = makeSpec(0.2, 0, true, 64);
  Problem problem = makeSpreadProblem(16, 64);
  Tensors tensors = makeTensors(problem, spec);
  int32_t memory[64] = {};
  AttentionArguments arguments;
  arguments.q = arguments.o = tensors.qView;
  arguments.k = tensors.kView;
  arguments.v = tensors.vView;
  auto message = [&](const Spec &of) {
    Result<Plan> plan = simulator().plan(of);
    EXPECT_TRUE(plan) << plan.status().message();
    std::vector<char> bytes(*plan->workspaceBytes({1, 1, 1, 16, 64}) + 256);
    auto aligned = (reinterpret_cast<uintptr_t>(bytes.data()) + 255) / 256 * 256;
    return plan->launch(arguments, {reinterpret_cast<void *>(aligned), bytes.size() - 256}).message();
  };
  arguments.routes = RouteBuffers{memory, memory, 1};
  EXPECT_EQ(message(spec), "routes is given; allowed: decisions: the online router writes no routes");
  arguments.routes.reset();
  arguments.decisions = DecisionBuffers{memory, memory};
  spec.select = "block_mean";
  EXPECT_EQ(message(spec), "decisions is given; allowed: routes: only the online router decides block by block");
}
