//===- RouterTest.cpp - block means, scores and ranking ---------------------------------------===//

#include "runtime/reference/Router.h"
#include "tests/numerics/reference/AttentionCase.h"

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
static constexpr float kInf = std::numeric_limits<float>::infinity();

//===- Scores -----------------------------------------------------------------------------------===//

TEST(MeanScore, LanesTakeEveryThirtySecondChannel) {
  // 2^24 + 1 is not an f32: within a lane the 1 is lost, between lanes of an early butterfly step it survives.
  std::vector<float> ones(64, 1.0f), k(64, 0.0f);
  k[0] = 0x1p24f;
  k[32] = 1.0f; // lane 0 again: 2^24 + 1 rounds to 2^24
  k[1] = -0x1p24f;
  EXPECT_EQ(meanScore(ones.data(), k.data(), 64), 0.0f);
  k[32] = 0.0f;
  k[33] = 1.0f; // lane 1: -2^24 + 1 is exact
  EXPECT_EQ(meanScore(ones.data(), k.data(), 64), 1.0f);
}

TEST(MeanScore, ButterflyStartsAtDistanceSixteen) {
  std::vector<float> ones(32, 1.0f), k(32, 0.0f);
  k[0] = 0x1p24f;
  k[16] = -0x1p24f; // meets lane 0 first
  k[1] = 1.0f;
  EXPECT_EQ(meanScore(ones.data(), k.data(), 32), 1.0f);
  k[16] = 0.0f;
  k[8] = 1.0f;     // lane 0 becomes 2^24 + 1 = 2^24 at distance 8,
  k[1] = -0x1p24f; // and meets lane 1 last
  EXPECT_EQ(meanScore(ones.data(), k.data(), 32), 0.0f);
}

TEST(MeanScore, ProductsAreFused) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24 minus (1 + 2^-11): only a fused product keeps the last term.
  std::vector<float> q(64, 0.0f), k(64, 0.0f);
  q[0] = -1.0f;
  k[0] = 1.0f + 0x1p-11f;
  q[32] = k[32] = 1.0f + 0x1p-12f;
  EXPECT_EQ(meanScore(q.data(), k.data(), 64), 0x1p-24f);
}

TEST(MeanScore, WorksForHeadDimsThatAreNoMultipleOfTheLanes) {
  std::vector<float> q = {1, 2, 3}, k = {4, 5, 6};
  EXPECT_EQ(meanScore(q.data(), k.data(), 3), 32.0f);
}

TEST(MeansOfBlocks, PartialBlocksDivideByWhatExists) {
  HostTensor x(DType::F16, {1, 2, 5, 2}, Layout::TokensFirst);
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t token = 0; token < 5; ++token)
      for (int64_t d = 0; d < 2; ++d)
        x.set(0, h, token, d, static_cast<float>(100 * h + 10 * d + token));
  std::vector<float> expected = {1.5, 11.5, 4, 14, 101.5, 111.5, 104, 114};
  EXPECT_EQ(meansOfBlocks(x.view(), 4), expected);
}

TEST(BlockMeanScores, AreDotProductsOfMeansWithGroupedHeads) {
  AttentionShape shape;
  shape.batch = 2;
  shape.qHeads = 4;
  shape.kvHeads = 2;
  shape.qLen = 100;
  shape.kvLen = 130;
  shape.headDim = 64;
  shape.valueDim = 16;
  AttentionCase problem = makeCase(shape, DType::BF16);
  RoutingBlock block{32, 64};
  Result<std::vector<float>> scores = blockMeanScores(problem.inputs(), problem.shape, block);
  THRIFT_ASSERT_OK(scores);
  ASSERT_EQ(scores->size(), 2u * 4 * 4 * 3);
  size_t index = 0;
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t t = 0; t < 4; ++t)
        for (int64_t j = 0; j < 3; ++j, ++index) {
          double sum = 0;
          int64_t queries = std::min<int64_t>(32, 100 - 32 * t), keys = std::min<int64_t>(64, 130 - 64 * j);
          for (int64_t d = 0; d < 64; ++d) {
            double q = 0, k = 0;
            for (int64_t i = 0; i < queries; ++i)
              q += problem.q.at(b, h, 32 * t + i, d);
            for (int64_t i = 0; i < keys; ++i)
              k += problem.k.at(b, h / 2, 64 * j + i, d);
            sum += q / static_cast<double>(queries) * (k / static_cast<double>(keys));
          }
          EXPECT_NEAR((*scores)[index], sum, 1e-5);
        }
}

//===- Ranking ----------------------------------------------------------------------------------===//

namespace {

/// One query block that sees `scores.size()` blocks of one key each.
AttentionShape rowOf(size_t blocks) {
  AttentionShape shape;
  shape.qLen = 1;
  shape.kvLen = static_cast<int64_t>(blocks);
  return shape;
}

std::vector<int32_t> choose(const std::vector<float> &scores, RouteBudget budget) {
  Result<Routes> routes = selectRanked(scores, rowOf(scores.size()), RoutingBlock{1, 1}, budget);
  EXPECT_TRUE(static_cast<bool>(routes)) << routes.status().message();
  return routes ? routes->ids : std::vector<int32_t>();
}

std::vector<int32_t> chooseTop(const std::vector<float> &scores, int64_t k) {
  RouteBudget budget;
  budget.topK = k;
  return choose(scores, budget);
}

using Ids = std::vector<int32_t>;

} // namespace

TEST(SelectRanked, TakesTheHighestInAscendingOrder) {
  EXPECT_EQ(chooseTop({1, 5, -2, 4, 3}, 3), (Ids{1, 3, 4}));
  EXPECT_EQ(chooseTop({1, 5, -2, 4, 3}, 1), (Ids{1}));
}

TEST(SelectRanked, TiesGoToTheLowerIndex) {
  EXPECT_EQ(chooseTop({7, 7, 7, 7, 7}, 2), (Ids{0, 1}));
  EXPECT_EQ(chooseTop({1, 2, 1, 2, 1}, 3), (Ids{0, 1, 3}));
  EXPECT_EQ(chooseTop({-1, 0.0f, -0.0f, 0.0f}, 2), (Ids{1, 2})); // -0 equals +0
}

TEST(SelectRanked, NanRanksAboveInfinity) {
  EXPECT_EQ(chooseTop({kInf, 1, kNan, 2}, 1), (Ids{2}));
  EXPECT_EQ(chooseTop({kInf, 1, kNan, 2}, 2), (Ids{0, 2}));
  EXPECT_EQ(chooseTop({0, -kNan, kInf, kNan, kNan}, 2), (Ids{1, 3}));
  EXPECT_EQ(chooseTop({-kInf, 1, -kInf, 2}, 3), (Ids{0, 1, 3}));
}

TEST(SelectRanked, IsAStrictTotalOrder) {
  std::vector<float> values = {kNan, kInf, 1, 0.0f, -0.0f, -1, -kInf, kNan, 1};
  for (int64_t a = 0; a < 9; ++a)
    for (int64_t b = 0; b < 9; ++b) {
      EXPECT_EQ(ranksBefore(values[a], a, values[b], b) + ranksBefore(values[b], b, values[a], a), a != b);
      for (int64_t c = 0; c < 9; ++c)
        if (ranksBefore(values[a], a, values[b], b) && ranksBefore(values[b], b, values[c], c)) {
          EXPECT_TRUE(ranksBefore(values[a], a, values[c], c));
        }
    }
}

TEST(SelectRanked, ForcedBlocksComeFirst) {
  RouteBudget budget;
  budget.topK = 3;
  budget.sink = 1;
  budget.local = 1; // the only row stands on the last key
  EXPECT_EQ(choose({-9, 1, kNan, 3, 4, -9}, budget), (Ids{0, 2, 5}));
  budget.topK = 1;
  EXPECT_EQ(choose({-9, 1, kNan, 3, 4, -9}, budget), (Ids{0, 5}));
}

TEST(SelectRanked, FewerVisibleThanTheMinimum) {
  RouteBudget budget;
  EXPECT_EQ(choose({1, 2}, budget), (Ids{0, 1}));
}

TEST(SelectRanked, NeverTakesInvisibleBlocks) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 4;
  shape.causal = true;
  RouteBudget budget;
  budget.topK = 1;
  std::vector<float> scores(16);
  for (size_t i = 0; i < scores.size(); ++i)
    scores[i] = static_cast<float>(i % 4); // the last block would always win
  Result<Routes> routes = selectRanked(scores, shape, RoutingBlock{1, 1}, budget);
  THRIFT_ASSERT_OK(routes);
  EXPECT_EQ(routes->ids, (Ids{0, 1, 2, 3}));
}

TEST(SelectRanked, RowsThatSeeNothingGetEmptyLists) {
  AttentionShape shape;
  shape.qLen = 4;
  shape.kvLen = 2;
  shape.causal = true;
  Result<Routes> routes = selectRanked(std::vector<float>(8), shape, RoutingBlock{1, 1}, {});
  THRIFT_ASSERT_OK(routes);
  EXPECT_EQ(routes->counts, (Ids{0, 0, 1, 2}));
}

TEST(SelectRanked, CapacityIsKeptOrRefused) {
  RouteBudget budget;
  budget.topK = 2;
  std::vector<float> scores = {3, 1, 2};
  Result<Routes> routes = selectRanked(scores, rowOf(3), RoutingBlock{1, 1}, budget, 5);
  THRIFT_ASSERT_OK(routes);
  EXPECT_EQ(routes->ids, (Ids{0, 2, kNoBlock, kNoBlock, kNoBlock}));
  Status status = selectRanked(scores, rowOf(3), RoutingBlock{1, 1}, budget, 1).status();
  EXPECT_EQ(status.field(), "capacity");
  EXPECT_EQ(status.allowed(), "2 or more");
}

TEST(SelectRanked, WrongNumberOfScoresIsRefused) {
  EXPECT_EQ(selectRanked({1, 2}, rowOf(3), RoutingBlock{1, 1}, {}).status().field(), "scores.size");
}

TEST(RouteByBlockMean, PromotesThePlantedBlock) {
  AttentionShape shape;
  shape.qLen = 128;
  shape.kvLen = 1024;
  shape.headDim = shape.valueDim = 64;
  AttentionCase problem = makeCase(shape);
  for (int64_t d = 0; d < 64; ++d) {
    for (int64_t i = 0; i < 128; ++i)
      problem.q.set(0, 0, i, d, 0.5f + 0.1f * problem.q.at(0, 0, i, d));
    for (int64_t j = 0; j < 64; ++j) // block 11 points along the queries
      problem.k.set(0, 0, 11 * 64 + j, d, 1 + 0.1f * problem.k.at(0, 0, 11 * 64 + j, d));
  }
  RouteBudget budget;
  budget.topK = 1;
  Result<Routes> routes = routeByBlockMean(problem.inputs(), problem.shape, RoutingBlock{64, 64}, budget);
  THRIFT_ASSERT_OK(routes);
  EXPECT_EQ(routes->ids, (Ids{11, 11}));
}

TEST(RouteByBlockMean, ABlockWithNanIsPromotedFirst) {
  AttentionShape shape;
  shape.qLen = 64;
  shape.kvLen = 640;
  shape.headDim = shape.valueDim = 64;
  AttentionCase problem = makeCase(shape);
  problem.k.set(0, 0, 300, 5, kNan); // block 4
  RouteBudget budget;
  budget.topK = 1;
  Result<Routes> routes = routeByBlockMean(problem.inputs(), problem.shape, RoutingBlock{64, 64}, budget);
  THRIFT_ASSERT_OK(routes);
  EXPECT_EQ(routes->ids, (Ids{4}));
}

TEST(RouteByBlockMean, DoesNotDependOnLayoutOrThreads) {
  AttentionShape shape;
  shape.batch = 3;
  shape.qHeads = 4;
  shape.kvHeads = 1;
  shape.qLen = 300;
  shape.kvLen = 700;
  shape.causal = true;
  AttentionCase heads = makeCase(shape, DType::F16, Layout::HeadsFirst);
  AttentionCase tokens = makeCase(shape, DType::F16, Layout::TokensFirst);
  ReferenceOptions one, many;
  one.threads = 1;
  many.threads = 7;
  Result<Routes> a = routeByBlockMean(heads.inputs(), heads.shape, RoutingBlock{}, {}, one);
  Result<Routes> b = routeByBlockMean(tokens.inputs(), tokens.shape, RoutingBlock{}, {}, many);
  THRIFT_ASSERT_OK(a);
  THRIFT_ASSERT_OK(b);
  EXPECT_EQ(*a, *b);
  EXPECT_EQ(promotedBlocks(*a), 3 * 4 * 3 * 3);
}
