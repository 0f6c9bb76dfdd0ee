//===- EmulatedTest.cpp - mixed precision with exact arithmetic between its roundings ---------===//

#include "runtime/reference/Emulated.h"
#include "dialect/formats/Float16.h"
#include "runtime/reference/BoundCheck.h"
#include "runtime/reference/Exact.h"
#include "runtime/reference/Metrics.h"
#include "runtime/reference/Router.h"
#include "tests/numerics/reference/AttentionCase.h"
#include "tests/numerics/reference/LowOperands.h"

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr double kTight = 1e-11;

//===- Without rounding of P: any order, so the definition applies ------------------------------===//

namespace {

bool isHigh(const Routes &routes, int64_t list, int64_t block) {
  for (int32_t n = 0; n < routes.counts[list]; ++n)
    if (routes.list(list)[n] == block)
      return true;
  return false;
}

/// The definition, with each pair in the precision that the routes give it. Formats other than f16 only.
AttentionOutput naiveMixed(const AttentionCase &problem, const Routes &routes, const EmulationPlan &plan) {
  const AttentionShape &s = problem.shape;
  std::vector<float> qLow = throughRows(plan.low.qk, problem.q, {s.batch, s.qHeads, s.qLen, s.headDim, plan.block.q});
  std::vector<float> kLow =
      throughRows(plan.low.qk, problem.k, {s.batch, s.kvHeads, s.kvLen, s.headDim, plan.block.kv});
  std::vector<float> vLow =
      throughTransposed(plan.low.pv, problem.v, {s.batch, s.kvHeads, s.kvLen, s.valueDim, plan.block.kv});
  return naiveAttention(s, [&](int64_t b, int64_t head, int64_t i, int64_t j) {
    int64_t kvHead = s.kvHeadOf(head);
    bool high = isHigh(routes, routes.listIndex(b, head, i / plan.block.q), j / plan.block.kv);
    int64_t qRow = (b * s.qHeads + head) * s.qLen + i, kvRow = (b * s.kvHeads + kvHead) * s.kvLen + j;
    double x = 0;
    for (int64_t d = 0; d < s.headDim; ++d)
      x += high ? static_cast<double>(problem.q.at(b, head, i, d)) * problem.k.at(b, kvHead, j, d)
                : static_cast<double>(qLow[qRow * s.headDim + d]) * kLow[kvRow * s.headDim + d];
    x *= s.scale;
    if (s.softcap > 0)
      x = s.softcap * std::tanh(x / s.softcap);
    return Pair{x, [&, high, b, kvHead, j, kvRow](int64_t d) -> double {
                  return high ? problem.v.at(b, kvHead, j, d) : vLow[kvRow * s.valueDim + d];
                }};
  });
}

struct MixedCase {
  const char *label;
  const char *low;
  AttentionShape shape;
  RoutingBlock block = {32, 64};
  int64_t keysPerUpdate = 0;
  DType dtype = DType::F16;
};

AttentionShape shapeOf(int64_t batch, int64_t qHeads, int64_t kvHeads, int64_t qLen, int64_t kvLen, int64_t headDim,
                       int64_t valueDim, bool causal, int64_t window = 0, double softcap = 0) {
  AttentionShape shape{batch, qHeads, kvHeads, qLen, kvLen, headDim, valueDim, causal};
  shape.window = window;
  shape.softcap = softcap;
  return shape;
}

class Mixed : public testing::TestWithParam<MixedCase> {};

} // namespace

TEST_P(Mixed, IsOneSoftmaxOverBothPrecisions) {
  AttentionCase problem = makeCase(GetParam().shape, GetParam().dtype, Layout::TokensFirst);
  EmulationPlan plan;
  plan.block = GetParam().block;
  plan.keysPerUpdate = GetParam().keysPerUpdate;
  plan.low = *LowPair::parse(GetParam().low);
  plan.lowP = plan.highP = EmulationPlan::pRule(PFormat::F32);
  RouteBudget budget;
  budget.ppm = 300000;
  budget.minBlocks = 1;
  Result<Routes> routes = routeByBlockMean(problem.inputs(), problem.shape, plan.block, budget);
  THRIFT_ASSERT_OK(routes);
  AttentionOutput expected = naiveMixed(problem, *routes, plan);
  for (bool highFirst : {false, true})
    for (int headroomBits : {0, 3}) {
      plan.highFirst = highFirst;
      plan.descending = highFirst;
      plan.headroomBits = headroomBits;
      Result<AttentionOutput> out = emulated(problem.inputs(), problem.shape, *routes, plan, {0, true});
      THRIFT_ASSERT_OK(out);
      expectNear(out->o, expected.o, kTight);
      expectNear(out->weight, expected.weight, kTight);
      expectNear(out->lse, expected.lse, kTight);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Mixed,
    testing::Values(MixedCase{"Nvfp4", "nvfp4", shapeOf(1, 2, 1, 100, 300, 64, 64, true)},
                    MixedCase{"Mxfp4", "mxfp4", shapeOf(1, 2, 1, 100, 300, 64, 64, true)},
                    MixedCase{"Fp8", "fp8", shapeOf(1, 2, 1, 100, 300, 64, 64, true)},
                    MixedCase{"Nvfp4QkFp8Pv", "nvfp4:fp8", shapeOf(1, 2, 1, 100, 300, 64, 64, true)},
                    MixedCase{"Fp8QkMxfp4Pv", "fp8:mxfp4", shapeOf(1, 2, 1, 100, 300, 64, 64, true)},
                    MixedCase{"Bf16", "nvfp4", shapeOf(1, 2, 1, 100, 300, 64, 64, true), {32, 64}, 0, DType::BF16},
                    MixedCase{"NotCausal", "nvfp4", shapeOf(2, 4, 2, 65, 129, 32, 48, false)},
                    MixedCase{"MoreQueries", "nvfp4", shapeOf(1, 1, 1, 200, 100, 32, 32, true)},
                    MixedCase{"OneToken", "nvfp4", shapeOf(3, 8, 1, 1, 1, 64, 64, true)},
                    MixedCase{
                        "SeveralUpdatesPerBlock", "nvfp4", shapeOf(1, 2, 1, 130, 290, 64, 64, true), {64, 128}, 32},
                    MixedCase{"Window", "nvfp4", shapeOf(1, 1, 1, 300, 300, 32, 32, true, 90)},
                    MixedCase{"SoftCap", "nvfp4", shapeOf(1, 2, 1, 90, 200, 64, 32, true, 0, 1.5)}),
    [](const auto &info) { return info.param.label; });

//===- P by hand --------------------------------------------------------------------------------===//

namespace {

/// One query whose logits, in the log2 domain, are `exponents`, followed by keys that weigh nothing; value j is j + 1.
/// All blocks are low unless routed, and the low format is f16, so that only P is rounded.
struct HandCase {
  AttentionCase problem;
  EmulationPlan plan;

  HandCase(const std::vector<double> &exponents, int64_t keys, PRule lowP)
      : problem(makeCase(shapeOf(1, 1, 1, 1, keys, 16, 1, false))) {
    problem.shape.scale = std::log(2.0);
    problem.q.fill(0).set(0, 0, 0, 0, 1);
    problem.k.fill(0);
    for (int64_t j = 0; j < keys; ++j) {
      bool given = j < static_cast<int64_t>(exponents.size());
      problem.k.set(0, 0, j, 0, given ? static_cast<float>(exponents[j]) : -2000);
      problem.v.set(0, 0, j, 0, static_cast<float>(j + 1));
    }
    plan.block = {1, keys};
    plan.low = {LowFormat::F16, LowFormat::F16};
    plan.lowP = lowP;
  }

  Result<AttentionOutput> run(const std::vector<int32_t> &high = {}) const {
    return emulated(problem.inputs(), problem.shape, Routes::fromLists(problem.shape, plan.block, {high}), plan);
  }
};

/// The output that keys with weights `p` and values 1, 2, ... have over the denominator `sum`.
double average(const std::vector<double> &p, double sum) {
  double total = 0;
  for (size_t j = 0; j < p.size(); ++j)
    total += p[j] * static_cast<double>(j + 1);
  return total / sum;
}

} // namespace

TEST(EmulatedP, Nvfp4DividesByTheRoundedValues) {
  HandCase hand({0, -1, -2, -3, -4, -5}, 32, EmulationPlan::pRule(PFormat::Nvfp4));
  std::vector<double> p = {1, 0.5, 0.25, 1.0 / 6, 1.0 / 12, 0}; // see RoundP.Nvfp4ScalesEverySixteenKeys
  Result<AttentionOutput> out = hand.run();
  THRIFT_ASSERT_OK(out);
  EXPECT_NEAR(out->o[0], average(p, 2), 1e-7); // 1/6 and 1/12 are f32
  EXPECT_NEAR(out->lse[0], std::log(2.0), 1e-7);

  hand.plan.lowP.denominator = Denominator::Unrounded;
  out = hand.run();
  THRIFT_ASSERT_OK(out);
  EXPECT_NEAR(out->o[0], average(p, 1.96875), 1e-7);
  EXPECT_NEAR(out->lse[0], std::log(1.96875), kTight);
}

TEST(EmulatedP, Fp8DividesByTheUnroundedValues) {
  HandCase hand({0, -0.5}, 16, EmulationPlan::pRule(PFormat::Fp8));
  Result<AttentionOutput> out = hand.run();
  THRIFT_ASSERT_OK(out);
  EXPECT_NEAR(out->o[0], average({1, 0.6875}, 1 + std::sqrt(0.5)), kTight);
  EXPECT_NEAR(out->lse[0], std::log(1 + std::sqrt(0.5)), kTight);
}

TEST(EmulatedP, F16FactorSavesSmallProbabilities) {
  std::vector<double> exponents = {0, -22.5};
  double exactSum = 1 + std::exp2(-22.5);
  HandCase plain(exponents, 16, EmulationPlan::pRule(PFormat::F16));
  HandCase shifted(exponents, 16, EmulationPlan::pRule(PFormat::F16, 7));
  Result<AttentionOutput> a = plain.run(), b = shifted.run();
  THRIFT_ASSERT_OK(a);
  THRIFT_ASSERT_OK(b);
  EXPECT_NEAR(a->o[0], average({1, 3 * 0x1p-24}, exactSum), 1e-13);
  EXPECT_NEAR(b->o[0], average({1, 362 * 0x1p-31}, exactSum), 1e-13);
}

TEST(EmulatedP, RoundsRelativeToTheRunningMaximum) {
  // Group 0 holds one key at x, group 1 one at 0. Alone, the first is its own maximum: p = 1, rounded exactly, and
  // later scaled by 2^x. Together, p = 2^x = 0.1015 gets the scale e4m3(45.46) = 44 and becomes 6 * 44 / 2688.
  std::vector<double> exponents(17, -2000.0);
  exponents[0] = f32FromF16(f16FromF32(-3.3f));
  exponents[16] = 0;
  HandCase hand(exponents, 32, EmulationPlan::pRule(PFormat::Nvfp4));
  auto outputFor = [&](double p0) { return (p0 * 1 + 17) / (p0 + 1); };
  auto run = [&](int64_t keysPerUpdate, bool descending) {
    hand.plan.keysPerUpdate = keysPerUpdate;
    hand.plan.descending = descending;
    Result<AttentionOutput> out = hand.run();
    EXPECT_TRUE(static_cast<bool>(out));
    return out ? out->o[0] : 0;
  };
  double alone = std::exp2(exponents[0]), together = 6 * 44.0 / 2688;
  EXPECT_NEAR(run(16, false), outputFor(alone), 1e-7);
  EXPECT_NEAR(run(32, false), outputFor(together), 1e-6);
  EXPECT_NEAR(run(16, true), outputFor(together), 1e-6);
  EXPECT_GT(outputFor(together) - outputFor(alone), 1e-3); // the three differ visibly
}

TEST(EmulatedP, TierOrderDecidesTheReference) {
  std::vector<double> exponents(17, -2000.0);
  exponents[0] = f32FromF16(f16FromF32(-3.3f));
  exponents[16] = 0;
  HandCase hand(exponents, 32, EmulationPlan::pRule(PFormat::Nvfp4));
  hand.plan.block.kv = 16;
  hand.plan.highP = EmulationPlan::pRule(PFormat::F16);
  auto outputFor = [&](double p0) { return (p0 * 1 + 17) / (p0 + 1); };
  Result<AttentionOutput> lowFirst = hand.run({1});
  hand.plan.highFirst = true;
  Result<AttentionOutput> highFirst = hand.run({1});
  THRIFT_ASSERT_OK(lowFirst);
  THRIFT_ASSERT_OK(highFirst);
  EXPECT_NEAR(lowFirst->o[0], outputFor(std::exp2(exponents[0])), 1e-7);
  EXPECT_NEAR(highFirst->o[0], outputFor(6 * 44.0 / 2688), 1e-6);
}

TEST(EmulatedP, EachTierHasItsOwnRule) {
  // Both blocks hold the values of RoundP.Nvfp4ScalesEverySixteenKeys' first four keys, of which nvfp4 changes the
  // last.
  std::vector<double> exponents(20, -2000.0);
  for (int64_t j = 0; j < 4; ++j)
    exponents[j] = exponents[16 + j] = static_cast<double>(-j);
  HandCase hand(exponents, 32, EmulationPlan::pRule(PFormat::Nvfp4));
  hand.plan.block.kv = 16;
  hand.plan.highP = EmulationPlan::pRule(PFormat::F16);
  double lowLast = 1.0 / 6, highLast = 0.125;
  for (int32_t high : {0, 1}) {
    Result<AttentionOutput> out = hand.run({high});
    THRIFT_ASSERT_OK(out);
    std::vector<double> p(20);
    p[0] = p[16] = 1;
    p[1] = p[17] = 0.5;
    p[2] = p[18] = 0.25;
    p[3] = high == 0 ? highLast : lowLast;
    p[19] = high == 1 ? highLast : lowLast;
    EXPECT_NEAR(out->o[0], average(p, 3.5 + lowLast + highLast), 1e-6) << high;
  }
}

TEST(EmulatedP, HeadroomKeepsTheOldReference) {
  // The second group exceeds the first by x = 3.3 bits. Without headroom it becomes the reference: p = 1, rounded
  // exactly. With 4 bits, p = 2^x = 9.85 against the first: scale e4m3(448 * 9.85 / 16 = 275.9) = 288, P = 6 * 288 * 16
  // / 2688.
  std::vector<double> exponents(17, -2000.0);
  exponents[0] = f32FromF16(f16FromF32(-3.3f));
  exponents[16] = 0;
  HandCase hand(exponents, 32, EmulationPlan::pRule(PFormat::Nvfp4));
  hand.plan.keysPerUpdate = 16;
  for (int headroomBits : {0, 2, 3, 4}) {
    hand.plan.headroomBits = headroomBits;
    Result<AttentionOutput> out = hand.run();
    THRIFT_ASSERT_OK(out);
    double second = headroomBits < 4 ? std::exp2(-exponents[0]) : 6 * 288.0 * 16 / 2688;
    EXPECT_NEAR(out->o[0], (1 + 17 * second) / (1 + second), 1e-6) << headroomBits;
    EXPECT_NEAR(out->lse[0], std::log(2.0) * exponents[0] + std::log(1 + second), 1e-6) << headroomBits;
  }
}

//===- Against exact ----------------------------------------------------------------------------===//

TEST(Emulated, AllHighIsExactUpToTheRoundingOfP) {
  for (DType dtype : {DType::F16, DType::BF16}) {
    AttentionCase problem = makeCase(shapeOf(2, 4, 2, 130, 260, 64, 64, true), dtype);
    EmulationPlan plan = *EmulationPlan::portable({}, dtype, {64, 64});
    Routes routes = Routes::allVisible(problem.shape, plan.block);
    Result<AttentionOutput> out = emulated(problem.inputs(), problem.shape, routes, plan);
    Result<AttentionOutput> reference = exact(problem.inputs(), problem.shape, {0, true});
    THRIFT_ASSERT_OK(out);
    THRIFT_ASSERT_OK(reference);
    BoundOptions bound;
    bound.outputType = DType::F32;
    bound.epsilon = dtype == DType::F16 ? 0x1p-11 : 0x1p-9; // half a unit in the last place of P
    Result<BoundReport> report = checkOutput(out->o, *reference, problem.shape, bound);
    THRIFT_ASSERT_OK(report);
    EXPECT_TRUE(report->passed) << report->describe("o");
    EXPECT_GT(report->ratio, 0.01) << "P was not rounded";
    expectNear(out->lse, reference->lse, kTight);
  }
}

TEST(Emulated, WithoutAnyRoundingItIsExact) {
  AttentionCase problem = makeCase(shapeOf(1, 4, 2, 130, 260, 64, 48, true, 100, 5));
  EmulationPlan plan;
  plan.low = {LowFormat::F16, LowFormat::F16};
  plan.lowP = plan.highP = EmulationPlan::pRule(PFormat::F32);
  Result<AttentionOutput> out =
      emulated(problem.inputs(), problem.shape, Routes::none(problem.shape, plan.block), plan, {0, true});
  Result<AttentionOutput> reference = exact(problem.inputs(), problem.shape, {0, true});
  THRIFT_ASSERT_OK(out);
  THRIFT_ASSERT_OK(reference);
  expectNear(out->o, reference->o, kTight);
  expectNear(out->weight, reference->weight, kTight);
  expectNear(out->lse, reference->lse, kTight);
}

TEST(Emulated, F16AsTheLowFormatIsTheHighTier) {
  AttentionCase problem = makeCase(shapeOf(1, 2, 1, 130, 260, 64, 64, true));
  EmulationPlan plan = *EmulationPlan::portable({LowFormat::F16, LowFormat::F16}, DType::F16);
  Result<AttentionOutput> low =
      emulated(problem.inputs(), problem.shape, Routes::none(problem.shape, plan.block), plan);
  Result<AttentionOutput> high =
      emulated(problem.inputs(), problem.shape, Routes::allVisible(problem.shape, plan.block), plan);
  THRIFT_ASSERT_OK(low);
  THRIFT_ASSERT_OK(high);
  EXPECT_EQ(low->o, high->o);
  EXPECT_EQ(low->lse, high->lse);
}

TEST(Emulated, PromotionRemovesError) {
  // Peaked attention: one strong key for each query, in a block that the means find.
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 128, 1024, 64, 64, false));
  for (int64_t i = 0; i < 128; ++i)
    for (int64_t d = 0; d < 64; ++d)
      problem.q.set(0, 0, i, d, 1 + 0.3f * problem.q.at(0, 0, i, d));
  for (int64_t j = 192; j < 256; ++j)
    for (int64_t d = 0; d < 64; ++d)
      problem.k.set(0, 0, j, d, 1 + 0.3f * problem.k.at(0, 0, j, d));
  EmulationPlan plan = *EmulationPlan::portable({}, DType::F16);
  RouteBudget budget;
  budget.topK = 1;
  Result<Routes> routes = routeByBlockMean(problem.inputs(), problem.shape, plan.block, budget);
  THRIFT_ASSERT_OK(routes);
  Result<AttentionOutput> reference = exact(problem.inputs(), problem.shape);
  Result<AttentionOutput> thrift = emulated(problem.inputs(), problem.shape, *routes, plan);
  Result<AttentionOutput> allLow =
      emulated(problem.inputs(), problem.shape, Routes::none(problem.shape, plan.block), plan);
  THRIFT_ASSERT_OK(reference);
  THRIFT_ASSERT_OK(thrift);
  THRIFT_ASSERT_OK(allLow);
  Distance low = *distance(allLow->o, reference->o), mixed = *distance(thrift->o, reference->o);
  EXPECT_GT(low.relL2, 0.05);
  EXPECT_GT(*errorRemoved(mixed, low), 0.8);
}

TEST(Emulated, LayoutsAndThreadCountsAgreeBitForBit) {
  AttentionShape shape = shapeOf(2, 4, 2, 200, 350, 64, 64, true);
  AttentionCase heads = makeCase(shape, DType::F16, Layout::HeadsFirst);
  AttentionCase tokens = makeCase(shape, DType::F16, Layout::TokensFirst);
  EmulationPlan plan = *EmulationPlan::portable({}, DType::F16);
  Result<Routes> routes = routeByBlockMean(heads.inputs(), heads.shape, plan.block, {});
  THRIFT_ASSERT_OK(routes);
  Result<AttentionOutput> a = emulated(heads.inputs(), heads.shape, *routes, plan, {1, false});
  Result<AttentionOutput> b = emulated(tokens.inputs(), tokens.shape, *routes, plan, {6, false});
  THRIFT_ASSERT_OK(a);
  THRIFT_ASSERT_OK(b);
  EXPECT_EQ(a->o, b->o);
  EXPECT_EQ(a->lse, b->lse);
}

//===- Empty things and bad input ---------------------------------------------------------------===//

TEST(Emulated, RowsThatSeeNoKey) {
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 200, 50, 32, 32, true));
  EmulationPlan plan = *EmulationPlan::portable({}, DType::F16);
  for (const Routes &routes :
       {Routes::none(problem.shape, plan.block), Routes::allVisible(problem.shape, plan.block)}) {
    Result<AttentionOutput> out = emulated(problem.inputs(), problem.shape, routes, plan, {0, true});
    THRIFT_ASSERT_OK(out);
    for (int64_t i = 0; i < 200; ++i) {
      EXPECT_EQ(out->lse[i] == -std::numeric_limits<double>::infinity(), i < 150);
      EXPECT_EQ(out->o[i * 32] == 0, i < 150);
      EXPECT_EQ(out->weight[i * 32] == 0, i < 150);
    }
  }
}

TEST(Emulated, BadArgumentsAreNamed) {
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 64, 64, 32, 32, true));
  EmulationPlan plan = *EmulationPlan::portable({}, DType::F16, {32, 32});
  Routes routes = Routes::allVisible(problem.shape, plan.block);
  AttentionShape shape = problem.shape;
  shape.scale = -1;
  EXPECT_EQ(emulated(problem.inputs(), shape, routes, plan).status().field(), "scale");
  routes.ids[0] = 1; // the first query block sees block 0 only
  EXPECT_EQ(emulated(problem.inputs(), problem.shape, routes, plan).status().field(), "routes.ids[0][0]");
  EXPECT_EQ(emulated(problem.inputs(), problem.shape, Routes::none(problem.shape, {64, 32}), plan).status().field(),
            "routes.query_blocks");
  plan.keysPerUpdate = 5;
  EXPECT_EQ(emulated(problem.inputs(), problem.shape, routes, plan).status().field(), "keys_per_update");
}
