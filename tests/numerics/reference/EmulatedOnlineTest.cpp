//===- EmulatedOnlineTest.cpp - the online router, against the definition by brute force ------===//

#include "runtime/reference/EmulatedOnline.h"
#include "runtime/reference/Emulated.h"
#include "tests/numerics/reference/AttentionCase.h"
#include "tests/numerics/reference/LowOperands.h"

#include <cmath>
#include <limits>
#include <map>

using namespace thrift;

static constexpr double kTight = 1e-11;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

namespace {

/// The logits of every pair in both precisions, natural-log domain, and the values.
class Pairs {
public:
  Pairs(const AttentionCase &problem, const EmulationPlan &plan) : problem(problem) {
    const AttentionShape &s = problem.shape;
    qLow = throughRows(plan.low.qk, problem.q, {s.batch, s.qHeads, s.qLen, s.headDim, plan.block.q});
    kLow = throughRows(plan.low.qk, problem.k, {s.batch, s.kvHeads, s.kvLen, s.headDim, plan.block.kv});
    // The packed form wants tiles of 64 tokens; nvfp4's groups of 16 do not care.
    vLow = throughTransposed(plan.low.pv, problem.v, {s.batch, s.kvHeads, s.kvLen, s.valueDim, 64});
  }

  double logit(bool high, int64_t b, int64_t head, int64_t i, int64_t j) const {
    const AttentionShape &s = problem.shape;
    int64_t kvHead = s.kvHeadOf(head);
    int64_t qRow = (b * s.qHeads + head) * s.qLen + i, kvRow = (b * s.kvHeads + kvHead) * s.kvLen + j;
    double x = 0;
    for (int64_t d = 0; d < s.headDim; ++d)
      x += high ? static_cast<double>(problem.q.at(b, head, i, d)) * problem.k.at(b, kvHead, j, d)
                : static_cast<double>(qLow[qRow * s.headDim + d]) * kLow[kvRow * s.headDim + d];
    return x * s.scale;
  }

  double value(bool high, int64_t b, int64_t head, int64_t j, int64_t d) const {
    const AttentionShape &s = problem.shape;
    int64_t kvHead = s.kvHeadOf(head);
    return high ? problem.v.at(b, kvHead, j, d) : vLow[((b * s.kvHeads + kvHead) * s.kvLen + j) * s.valueDim + d];
  }

private:
  const AttentionCase &problem;
  std::vector<float> qLow, kLow, vLow;
};

/// The router from its definition: nothing is carried along; each decision sums the whole past again, as plain
/// exponentials of one row.
class BruteForce {
public:
  BruteForce(const AttentionCase &problem, const OnlineRouter &router, const EmulationPlan &plan)
      : problem(problem), router(router), plan(plan), pairs(problem, plan) {}

  Decisions decide() {
    const AttentionShape &s = problem.shape;
    Decisions decisions = Decisions::of(s, plan.block, router.granule);
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t head = 0; head < s.qHeads; ++head)
        for (int64_t t = 0; t < decisions.queryBlocks; ++t)
          for (int64_t g = 0; g < decisions.granules; ++g)
            decideGranule(decisions, b, head, t, g);
    return decisions;
  }

  AttentionOutput attend(const Decisions &decisions) const {
    return naiveAttention(problem.shape, [&](int64_t b, int64_t head, int64_t i, int64_t j) {
      BlockTier tier = decisions.at(b, head, i / plan.block.q, i % plan.block.q / router.granule, j / plan.block.kv);
      bool high = tier == BlockTier::High;
      return Pair{tier == BlockTier::Skip ? -kInfinity : pairs.logit(high, b, head, i, j),
                  [&, this, high, b, head, j](int64_t d) { return pairs.value(high, b, head, j, d); }};
    });
  }

private:
  bool seesBlock(int64_t i, int64_t block) const {
    for (int64_t j = block * plan.block.kv; j < std::min((block + 1) * plan.block.kv, problem.shape.kvLen); ++j)
      if (isVisible(problem.shape, i, j))
        return true;
    return false;
  }

  void decideGranule(Decisions &decisions, int64_t b, int64_t head, int64_t t, int64_t g) {
    const AttentionShape &s = problem.shape;
    auto place = [&](int64_t block) -> uint8_t & { return decisions.tiers[decisions.index(b, head, t, g, block)]; };
    int64_t end = std::min((t + 1) * plan.block.q, s.qLen);
    std::vector<int64_t> low; // descending
    int64_t visible = 0;
    for (int64_t block = decisions.kvBlocks - 1; block >= 0; --block) {
      bool seen = false, diagonal = false;
      for (int64_t i = t * plan.block.q; i < end; ++i) {
        seen |= seesBlock(i, block);
        int64_t key = std::max<int64_t>(i + s.kvLen - s.qLen, 0);
        // `local` blocks end at the diagonal of the last row and begin local - 1 before that of the first.
        diagonal |= key / plan.block.kv >= block && key / plan.block.kv <= block + router.local - 1;
      }
      if (!seen)
        continue;
      ++visible;
      if (block < router.sink || (router.local > 0 && diagonal))
        place(block) = static_cast<uint8_t>(BlockTier::High);
      else
        low.push_back(block);
    }
    std::vector<int64_t> rows;
    for (int64_t i = t * plan.block.q + g * router.granule; i < t * plan.block.q + (g + 1) * router.granule && i < end;
         ++i)
      rows.push_back(i);

    int64_t most =
        router.topK ? *router.topK : static_cast<int64_t>(std::ceil(static_cast<double>(visible * router.ppm) / 1e6));
    int64_t promotions = 0;
    std::map<int64_t, BlockTier> past; // of the blocks decided so far
    for (size_t n = 0; n < low.size(); ++n) {
      std::map<int64_t, BlockTier> judge = past;
      if (router.massLags && n > 0)
        judge.erase(low[n - 1]);
      bool promote = false, skip = router.skip > 0, any = false;
      for (int64_t i : rows) {
        double largest = maximum(b, head, i, low[n]);
        if (largest == -kInfinity)
          continue;
        any = true;
        double mass = std::log(massOf(b, head, i, t, judge));
        promote |= largest >= mass + std::log(router.tau);
        skip &= largest < mass + std::log(router.skip);
      }
      BlockTier tier = BlockTier::Low;
      if (promote && promotions < most)
        tier = BlockTier::High, ++promotions;
      else if (!promote && skip && any)
        tier = BlockTier::Skip;
      past[low[n]] = tier;
      place(low[n]) = static_cast<uint8_t>(tier);
    }
  }

  double maximum(int64_t b, int64_t head, int64_t i, int64_t block) const {
    double largest = -kInfinity;
    for (int64_t j = block * plan.block.kv; j < (block + 1) * plan.block.kv && j < problem.shape.kvLen; ++j)
      if (isVisible(problem.shape, i, j))
        largest = std::max(largest, pairs.logit(false, b, head, i, j));
    return largest;
  }

  /// l e^m + x: seeds exactly, kept blocks low, a promoted block by its largest low logit.
  double massOf(int64_t b, int64_t head, int64_t i, int64_t t, const std::map<int64_t, BlockTier> &judge) const {
    double sum = 0;
    RouteBudget seeds;
    seeds.sink = router.sink;
    seeds.local = router.local;
    ForcedBlocks forced = forcedBlocks(seeds, problem.shape, plan.block, t);
    for (int64_t block = 0; block < plan.block.kvBlocks(problem.shape); ++block) {
      auto past = judge.find(block);
      bool seed = forced.contains(block);
      if (!seed && past == judge.end())
        continue;
      if (!seed && past->second == BlockTier::High)
        sum += std::exp(maximum(b, head, i, block));
      if (!seed && past->second != BlockTier::Low)
        continue;
      for (int64_t j = block * plan.block.kv; j < (block + 1) * plan.block.kv && j < problem.shape.kvLen; ++j)
        if (isVisible(problem.shape, i, j))
          sum += std::exp(pairs.logit(seed, b, head, i, j));
    }
    return sum;
  }

  const AttentionCase &problem;
  const OnlineRouter &router;
  const EmulationPlan &plan;
  Pairs pairs;
};

struct OnlineCase {
  const char *label;
  int64_t qLen, kvLen;
  bool causal;
  OnlineRouter router;
  int64_t keysPerUpdate = 0;
};

EmulationPlan unroundedPlan() {
  EmulationPlan plan;
  plan.block = {32, 32};
  plan.low = *LowPair::parse("nvfp4");
  plan.lowP = plan.highP = EmulationPlan::pRule(PFormat::F32);
  return plan;
}

AttentionCase smallCase(int64_t qLen, int64_t kvLen, bool causal, float amplitude = 1.5f) {
  AttentionCase problem = makeCase({2, 2, 1, qLen, kvLen, 16, 16, causal});
  problem.q.randomize(7, amplitude); // logits far enough apart for all three tiers
  return problem;
}

OnlineRouter routerOf(double tau, double skip = 0, int64_t granule = 16) {
  OnlineRouter router;
  router.tau = tau;
  router.skip = skip;
  router.granule = granule;
  return router;
}

OnlineRouter with(OnlineRouter router, void (*change)(OnlineRouter &)) {
  change(router);
  return router;
}

class Online : public testing::TestWithParam<OnlineCase> {};

} // namespace

TEST_P(Online, DecidesAndAttendsAsTheDefinitionSays) {
  const OnlineCase &c = GetParam();
  AttentionCase problem = smallCase(c.qLen, c.kvLen, c.causal);
  EmulationPlan plan = unroundedPlan();
  plan.keysPerUpdate = c.keysPerUpdate;
  BruteForce brute(problem, c.router, plan);
  Decisions expected = brute.decide();
  Result<OnlineOutput> out =
      emulatedOnline(problem.inputs(), problem.shape, c.router, plan, nullptr, {0, /*withWeight=*/true});
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->decisions.tiers, expected.tiers);
  AttentionOutput attention = brute.attend(expected);
  expectNear(out->attention.o, attention.o, kTight);
  expectNear(out->attention.lse, attention.lse, kTight);
  expectNear(out->attention.weight, attention.weight, kTight);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Online,
    testing::Values(
        OnlineCase{"Causal", 100, 260, true, routerOf(0.2)}, OnlineCase{"NotCausal", 70, 290, false, routerOf(0.2)},
        OnlineCase{"MoreQueries", 200, 100, true, routerOf(0.3)}, OnlineCase{"OneToken", 1, 200, true, routerOf(0.2)},
        OnlineCase{"WholeBlockGranules", 100, 260, true, routerOf(0.2, 0, 32)},
        OnlineCase{"GranulesOfEight", 100, 260, true, routerOf(0.2, 0, 8)},
        OnlineCase{"Skip", 100, 260, true, routerOf(0.4, 0.35)},
        OnlineCase{"SkipNotCausal", 65, 300, false, routerOf(0.5, 0.3, 8)},
        OnlineCase{"MassLags", 100, 260, true, with(routerOf(0.3, 0.2), [](OnlineRouter &r) { r.massLags = true; })},
        OnlineCase{"NoSeeds", 100, 260, true, with(routerOf(0.3, 0.2), [](OnlineRouter &r) { r.sink = r.local = 0; })},
        OnlineCase{"ManySeeds", 60, 300, false, with(routerOf(0.3), [](OnlineRouter &r) { r.sink = r.local = 2; })},
        OnlineCase{"TwoAtMost", 100, 260, true, with(routerOf(0.05), [](OnlineRouter &r) { r.topK = 2; })},
        OnlineCase{"ATenthAtMost", 100, 260, true, with(routerOf(0.05), [](OnlineRouter &r) { r.ppm = 100000; })},
        OnlineCase{"SeveralUpdatesPerBlock", 100, 260, true, routerOf(0.2, 0.15), 16}),
    [](const auto &info) { return info.param.label; });

TEST(OnlineRouter, EveryTierIsTakenInTheCasesAbove) {
  AttentionCase problem = smallCase(100, 260, true);
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, routerOf(0.4, 0.35), unroundedPlan());
  THRIFT_ASSERT_OK(out);
  Result<OnlineOutput> capped = emulatedOnline(
      problem.inputs(), problem.shape, with(routerOf(0.05), [](OnlineRouter &r) { r.topK = 2; }), unroundedPlan());
  THRIFT_ASSERT_OK(capped);
  for (BlockTier tier : {BlockTier::Invisible, BlockTier::Low, BlockTier::High, BlockTier::Skip})
    EXPECT_GT(out->decisions.count(tier), 10) << int(tier);
  EXPECT_EQ(out->refused, 0);
  EXPECT_GT(capped->refused, 10);
}

/// Decisions with `rest` for every visible block that is no seed.
static Decisions seedsAnd(const AttentionShape &shape, const OnlineRouter &router, const RoutingBlock &block,
                          BlockTier rest) {
  Decisions decisions = Decisions::of(shape, block, router.granule);
  RouteBudget seeds;
  seeds.sink = router.sink;
  seeds.local = router.local;
  for (int64_t b = 0; b < decisions.batch; ++b)
    for (int64_t head = 0; head < decisions.heads; ++head)
      for (int64_t t = 0; t < decisions.queryBlocks; ++t)
        for (int64_t g = 0; g < decisions.granules; ++g) {
          IndexRange visible = visibleBlocks(shape, block, t);
          ForcedBlocks forced = forcedBlocks(seeds, shape, block, t);
          for (int64_t j = visible.begin; j < visible.end; ++j)
            decisions.tiers[decisions.index(b, head, t, g, j)] =
                static_cast<uint8_t>(forced.contains(j) ? BlockTier::High : rest);
        }
  return decisions;
}

TEST(OnlineRouter, AHugeTauPromotesNothing) {
  AttentionCase problem = smallCase(96, 260, true);
  OnlineRouter router = routerOf(1e6);
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, router, unroundedPlan());
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->decisions.tiers, seedsAnd(problem.shape, router, unroundedPlan().block, BlockTier::Low).tiers);
}

TEST(OnlineRouter, ATinyTauPromotesEverythingAndIsAllHigh) {
  AttentionCase problem = smallCase(96, 260, false);
  OnlineRouter router = routerOf(1e-30);
  EmulationPlan plan = unroundedPlan();
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, router, plan);
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->decisions.tiers, seedsAnd(problem.shape, router, plan.block, BlockTier::High).tiers);
  Result<AttentionOutput> high =
      emulated(problem.inputs(), problem.shape, Routes::allVisible(problem.shape, plan.block), plan);
  THRIFT_ASSERT_OK(high);
  expectNear(out->attention.o, high->o, kTight);
  expectNear(out->attention.lse, high->lse, kTight);
}

TEST(OnlineRouter, LambdaZeroSkipsNothingAndLambdaOneOnlyWhatIsBelowTheMass) {
  AttentionCase problem = smallCase(96, 260, true);
  Result<OnlineOutput> none = emulatedOnline(problem.inputs(), problem.shape, routerOf(0.2, 0), unroundedPlan());
  Result<OnlineOutput> most = emulatedOnline(problem.inputs(), problem.shape, routerOf(1, 1), unroundedPlan());
  THRIFT_ASSERT_OK(none);
  THRIFT_ASSERT_OK(most);
  EXPECT_EQ(none->decisions.count(BlockTier::Skip), 0);
  // With both thresholds at the mass nothing is left between them but granules past the last row.
  EXPECT_EQ(most->decisions.count(BlockTier::Low), 0);
}

TEST(OnlineRouter, FollowsRecordedDecisionsAndMeasuresHowFarTheyAre) {
  AttentionCase problem = smallCase(64, 260, true);
  EmulationPlan plan = unroundedPlan();
  OnlineRouter router = routerOf(0.2, 0.15);
  Result<OnlineOutput> own = emulatedOnline(problem.inputs(), problem.shape, router, plan);
  THRIFT_ASSERT_OK(own);
  Result<OnlineOutput> again = emulatedOnline(problem.inputs(), problem.shape, router, plan, &own->decisions);
  THRIFT_ASSERT_OK(again);
  EXPECT_EQ(again->attention.o, own->attention.o);
  EXPECT_EQ(again->differing, 0);
  EXPECT_EQ(again->farthest, 0);

  // All low but the seeds: what was promoted differs, by as much as its logit lies above the threshold.
  Decisions low = seedsAnd(problem.shape, router, plan.block, BlockTier::Low);
  Result<OnlineOutput> followed = emulatedOnline(problem.inputs(), problem.shape, router, plan, &low);
  THRIFT_ASSERT_OK(followed);
  EXPECT_EQ(followed->decisions.tiers, low.tiers);
  EXPECT_GT(followed->differing, 10);
  EXPECT_GT(followed->farthest, 0.1);
  EXPECT_LT(followed->farthest, 50);
  BruteForce brute(problem, router, plan);
  expectNear(followed->attention.o, brute.attend(low).o, kTight);

  // A router whose threshold lies a little lower takes decisions that are that near.
  OnlineRouter near = router;
  near.tau *= std::exp(-5e-4);
  Result<OnlineOutput> moved = emulatedOnline(problem.inputs(), problem.shape, near, plan);
  THRIFT_ASSERT_OK(moved);
  Result<OnlineOutput> judged = emulatedOnline(problem.inputs(), problem.shape, router, plan, &moved->decisions);
  THRIFT_ASSERT_OK(judged);
  EXPECT_LE(judged->farthest, 5e-4 * (1 + 1e-9));
}

TEST(OnlineRouter, ASeedThatDidNotRunHighHasNoExcuse) {
  AttentionCase problem = smallCase(64, 260, true);
  OnlineRouter router = routerOf(0.2);
  Decisions recorded = seedsAnd(problem.shape, router, unroundedPlan().block, BlockTier::Low);
  recorded.tiers[recorded.index(0, 0, 0, 0, 0)] = static_cast<uint8_t>(BlockTier::Low);
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, router, unroundedPlan(), &recorded);
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->farthest, kInfinity);
}

TEST(OnlineRouter, PastTheCapNoThresholdExplainsAPromotion) {
  AttentionCase problem = smallCase(64, 260, true);
  OnlineRouter router = routerOf(0.05), capped = router;
  capped.topK = 1;
  Result<OnlineOutput> free = emulatedOnline(problem.inputs(), problem.shape, router, unroundedPlan());
  THRIFT_ASSERT_OK(free);
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, capped, unroundedPlan(), &free->decisions);
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->farthest, kInfinity);
}

TEST(OnlineRouter, ANonFiniteKeyReachesEveryRowThatSeesIt) {
  AttentionCase problem = smallCase(64, 260, true);
  problem.k.set(0, 0, 40, 3, std::numeric_limits<float>::quiet_NaN());
  Result<OnlineOutput> out = emulatedOnline(problem.inputs(), problem.shape, routerOf(0.2, 0.1), unroundedPlan());
  THRIFT_ASSERT_OK(out);
  for (int64_t i = 0; i < 64; ++i)
    EXPECT_FALSE(std::isfinite(out->attention.o[i * 16])) << i; // row 0 sees keys up to 196
}

TEST(OnlineRouter, RefusesWhatMakesNoSense) {
  RoutingBlock block{128, 64};
  auto message = [&](void (*change)(OnlineRouter &)) {
    OnlineRouter router;
    change(router);
    return validate(router, block).message();
  };
  EXPECT_EQ(message([](OnlineRouter &) {}), "");
  EXPECT_EQ(message([](OnlineRouter &r) { r.tau = 0; }), "tau is 0.000000; allowed: above 0, at most 10^6");
  EXPECT_EQ(message([](OnlineRouter &r) { r.tau = std::nan(""); }), "tau is nan; allowed: above 0, at most 10^6");
  EXPECT_EQ(message([](OnlineRouter &r) { r.skip = 0.5; }),
            "skip is 0.500000; allowed: 0 to the smaller one of tau and 1");
  EXPECT_EQ(message([](OnlineRouter &r) { r.granule = 48; }), "granule is 48; allowed: divisors of block_q, 128");
  EXPECT_EQ(message([](OnlineRouter &r) { r.ppm = -1; }), "ppm is -1; allowed: 0 to 1000000");
}

TEST(Decisions, AreRefusedWhereTheyDoNotFitTheProblem) {
  AttentionCase problem = smallCase(64, 260, true);
  RoutingBlock block{32, 32};
  OnlineRouter router = routerOf(0.2);
  Decisions decisions = seedsAnd(problem.shape, router, block, BlockTier::Low);
  EXPECT_TRUE(validate(decisions, problem.shape, block, 16));
  EXPECT_EQ(validate(decisions, problem.shape, block, 8).message(), "decisions.granules is 2; allowed: 4");
  decisions.tiers[0] = 4;
  EXPECT_EQ(validate(decisions, problem.shape, block, 16).message(),
            "decisions.tiers of KV block 0 in list 0 is 4; allowed: 1, 2, 3, since it is visible");
  decisions.tiers[0] = 1;
  decisions.tiers[8] = 1; // query block 0 sees keys up to 227: blocks 0 to 7
  EXPECT_EQ(validate(decisions, problem.shape, block, 16).message(),
            "decisions.tiers of KV block 8 in list 0 is 1; allowed: 0, since it is not visible");
}

TEST(Decisions, AHighSweepVisitsTheUnionOfTheGranules) {
  AttentionCase problem = smallCase(32, 96, false);
  RoutingBlock block{32, 32};
  Decisions decisions = Decisions::of(problem.shape, block, 16);
  for (uint8_t &tier : decisions.tiers)
    tier = static_cast<uint8_t>(BlockTier::Low);
  decisions.tiers[decisions.index(0, 0, 0, 0, 2)] = static_cast<uint8_t>(BlockTier::High);
  decisions.tiers[decisions.index(0, 0, 0, 1, 0)] = static_cast<uint8_t>(BlockTier::High);
  Routes routes = routesOf(decisions, problem.shape, block);
  ASSERT_EQ(routes.counts[0], 2);
  EXPECT_EQ(routes.list(0)[0], 0);
  EXPECT_EQ(routes.list(0)[1], 2);
  EXPECT_EQ(routes.counts[1], 0);
}
