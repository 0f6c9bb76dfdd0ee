//===- BudgetTest.cpp - how many blocks run high ----------------------------------------------===//

#include "runtime/reference/Budget.h"

#include <gtest/gtest.h>

using namespace thrift;

/// A non-causal problem in which the only query block sees `visible` blocks of 64 keys.
static int64_t countFor(const RouteBudget &budget, int64_t visible) {
  AttentionShape shape;
  shape.qLen = 1;
  shape.kvLen = 64 * visible;
  return promotedCount(budget, shape, RoutingBlock{128, 64}, 0);
}

struct PerRowCase {
  int64_t visible, ppm, minBlocks, expected;
};

class PerRow : public testing::TestWithParam<PerRowCase> {};

TEST_P(PerRow, Count) {
  RouteBudget budget;
  budget.ppm = GetParam().ppm;
  budget.minBlocks = GetParam().minBlocks;
  EXPECT_EQ(countFor(budget, GetParam().visible), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, PerRow,
                         testing::Values(PerRowCase{100, 0, 3, 0},                   // 0 means none, minimum or not
                                         PerRowCase{100, 1000000, 3, 100},           // 1 means all
                                         PerRowCase{100, 50000, 3, 5},               // exactly 5
                                         PerRowCase{101, 50000, 3, 6},               // 5.05 rounds up
                                         PerRowCase{100, 50001, 3, 6},               // and so does one millionth more
                                         PerRowCase{20, 50000, 3, 3},                // the minimum
                                         PerRowCase{20, 50000, 0, 1},                // no minimum
                                         PerRowCase{2, 50000, 3, 2},                 // fewer visible than the minimum
                                         PerRowCase{0, 50000, 3, 0},                 // nothing to promote
                                         PerRowCase{100, 1, 0, 1},                   // any share above 0 is a block
                                         PerRowCase{100, 999999, 3, 100},            // 99.9999 rounds up
                                         PerRowCase{30000000, 333333, 3, 9999990})); // no overflow, no f32

TEST(Budget, ForcedBlocksRaiseTheCount) {
  RouteBudget budget;
  budget.sink = 5;
  EXPECT_EQ(countFor(budget, 20), 5);
  EXPECT_EQ(countFor(budget, 4), 4);
  budget.ppm = 0;
  EXPECT_EQ(countFor(budget, 20), 0);
}

TEST(Budget, TopKWinsOverTheShare) {
  RouteBudget budget;
  budget.topK = 7;
  EXPECT_EQ(countFor(budget, 100), 7);
  EXPECT_EQ(countFor(budget, 6), 6);
  budget.topK = 1; // below the minimum of the share
  EXPECT_EQ(countFor(budget, 100), 1);
  budget.sink = 4;
  EXPECT_EQ(countFor(budget, 100), 4);
  budget.topK = 0;
  EXPECT_EQ(countFor(budget, 100), 0);
}

TEST(Budget, PublishedConstants) {
  struct Case {
    int64_t blocks, ppm, causal, full;
  };
  for (const Case &c :
       {Case{64, 50000, 2, 3}, Case{128, 50000, 3, 6}, Case{256, 50000, 6, 13}, Case{512, 50000, 13, 26},
        Case{1024, 50000, 26, 51}, Case{2048, 50000, 52, 102}, Case{2048, 10000, 10, 20}, Case{2048, 100000, 105, 205},
        Case{2048, 250000, 274, 512}, Case{10, 1000000, 10, 10}, Case{10, 1, 1, 1}}) {
    EXPECT_EQ(publishedTopK(c.blocks, c.ppm, true), c.causal) << c.blocks << " blocks, " << c.ppm;
    EXPECT_EQ(publishedTopK(c.blocks, c.ppm, false), c.full) << c.blocks << " blocks, " << c.ppm;
  }
}

TEST(Budget, PublishedRuleGivesEveryRowTheSameCount) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 64 * 128;
  shape.causal = true;
  RouteBudget budget;
  budget.rule = BudgetRule::Published;
  RoutingBlock block{64, 64};
  EXPECT_EQ(promotedCount(budget, shape, block, 0), 1); // sees one block
  EXPECT_EQ(promotedCount(budget, shape, block, 1), 2);
  for (int64_t t = 2; t < 128; ++t)
    EXPECT_EQ(promotedCount(budget, shape, block, t), 3);
}

TEST(Budget, PublishedRuleNeedsEqualLengths) {
  AttentionShape shape;
  shape.qLen = 128;
  shape.kvLen = 256;
  RouteBudget budget;
  budget.rule = BudgetRule::Published;
  Status status = validate(budget, shape);
  EXPECT_EQ(status.field(), "rule");
  EXPECT_NE(status.allowed().find("per_row"), std::string::npos);
  shape.kvLen = 128;
  EXPECT_TRUE(validate(budget, shape));
}

TEST(Budget, LocalForcesEveryDiagonalBlockAndTheOnesBefore) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 1024;
  shape.causal = true;
  RoutingBlock block{128, 64};
  RouteBudget budget;
  budget.local = 1; // rows 512..639 stand on blocks 8 and 9
  ForcedBlocks forced = forcedBlocks(budget, shape, block, 4);
  EXPECT_EQ(forced.local.begin, 8);
  EXPECT_EQ(forced.local.end, 10);
  budget.local = 3;
  EXPECT_EQ(forcedBlocks(budget, shape, block, 4).local.begin, 6);
  EXPECT_EQ(forcedBlocks(budget, shape, block, 0).local.begin, 0);
}

TEST(Budget, LocalFollowsTheBottomRightDiagonal) {
  AttentionShape shape;
  shape.qLen = 64;
  shape.kvLen = 1000;
  shape.causal = true;
  RouteBudget budget;
  budget.local = 1; // keys 936..999
  ForcedBlocks forced = forcedBlocks(budget, shape, RoutingBlock{64, 64}, 0);
  EXPECT_EQ(forced.local.begin, 14);
  EXPECT_EQ(forced.local.end, 16);
}

TEST(Budget, DiagonalsBeforeTheFirstKeyAreClamped) {
  AttentionShape shape;
  shape.qLen = 256;
  shape.kvLen = 128;
  RouteBudget budget;
  budget.local = 1;
  ForcedBlocks forced = forcedBlocks(budget, shape, RoutingBlock{64, 64}, 0); // keys -128..-65
  EXPECT_EQ(forced.local.begin, 0);
  EXPECT_EQ(forced.local.end, 1);
  shape.causal = true; // those rows see nothing
  EXPECT_EQ(forcedBlocks(budget, shape, RoutingBlock{64, 64}, 0).count(), 0);
}

TEST(Budget, SinkAndLocalOverlapIsCountedOnce) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 256;
  shape.causal = true;
  RouteBudget budget;
  budget.sink = 2;
  budget.local = 2;
  RoutingBlock block{64, 64};
  EXPECT_EQ(forcedBlocks(budget, shape, block, 0).count(), 1);
  EXPECT_EQ(forcedBlocks(budget, shape, block, 1).count(), 2);
  EXPECT_EQ(forcedBlocks(budget, shape, block, 2).count(), 3);
  EXPECT_EQ(forcedBlocks(budget, shape, block, 3).count(), 4);
}

TEST(Budget, ForcedBlocksOutsideTheWindowAreIgnored) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 1024;
  shape.causal = true;
  shape.window = 64;
  RouteBudget budget;
  budget.sink = 1;
  budget.local = 16;
  ForcedBlocks forced = forcedBlocks(budget, shape, RoutingBlock{64, 64}, 8); // sees blocks 7 and 8
  EXPECT_EQ(forced.sink.size(), 0);
  EXPECT_EQ(forced.local.begin, 7);
  EXPECT_EQ(forced.local.end, 9);
}

TEST(Budget, FractionsBecomeMillionths) {
  EXPECT_EQ(*RouteBudget::ppmOf(0.05), 50000);
  EXPECT_EQ(*RouteBudget::ppmOf(0), 0);
  EXPECT_EQ(*RouteBudget::ppmOf(1), 1000000);
  EXPECT_EQ(*RouteBudget::ppmOf(1e-6 / 3), 0);
  for (double bad : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(RouteBudget::ppmOf(bad).status().field(), "budget");
}

TEST(Budget, OutOfRangeValuesAreRefused) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 64;
  auto fieldOf = [&](auto spoil) {
    RouteBudget budget;
    spoil(budget);
    return validate(budget, shape).field();
  };
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.ppm = 1000001; }), "ppm");
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.ppm = -1; }), "ppm");
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.topK = -1; }), "top_k");
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.minBlocks = -1; }), "min_blocks");
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.sink = -1; }), "sink");
  EXPECT_EQ(fieldOf([](RouteBudget &b) { b.local = -1; }), "local");
  EXPECT_EQ(fieldOf([](RouteBudget &) {}), "");
}
