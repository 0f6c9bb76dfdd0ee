//===- RoutesTest.cpp - routes: layout, validation, normalisation -----------------------------===//

#include "runtime/reference/Routes.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

/// 3 query blocks of 4 rows over 3 KV blocks of 4 keys, causal: they see 1, 2 and 3 blocks.
AttentionShape triangle() {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 12;
  shape.causal = true;
  return shape;
}

constexpr RoutingBlock kBlock{4, 4};

Routes given(std::vector<int32_t> counts, std::vector<int32_t> ids, int64_t capacity) {
  return {1, 1, 3, capacity, std::move(counts), std::move(ids)};
}

} // namespace

TEST(Routes, AllVisibleAndNone) {
  Routes all = Routes::allVisible(triangle(), kBlock);
  EXPECT_EQ(all, given({1, 2, 3}, {0, kNoBlock, kNoBlock, 0, 1, kNoBlock, 0, 1, 2}, 3));
  EXPECT_EQ(promotedBlocks(all), 6);
  EXPECT_EQ(visibleBlockPairs(triangle(), kBlock), 6);
  Routes none = Routes::none(triangle(), kBlock);
  EXPECT_EQ(none, given({0, 0, 0}, {}, 0));
  EXPECT_TRUE(validate(all, triangle(), kBlock));
  EXPECT_TRUE(validate(none, triangle(), kBlock));
}

TEST(Routes, EveryBatchAndHeadHasItsLists) {
  AttentionShape shape = triangle();
  shape.batch = 2;
  shape.qHeads = 6;
  shape.kvHeads = 3;
  Routes all = Routes::allVisible(shape, kBlock);
  EXPECT_EQ(promotedBlocks(all), 2 * 6 * 6);
  EXPECT_EQ(visibleBlockPairs(shape, kBlock), 2 * 6 * 6);
  EXPECT_EQ(all.listIndex(1, 4, 2), 32);
  EXPECT_EQ(all.counts[32], 3);
}

TEST(Routes, NormalizeSortsDeduplicatesAndDrops) {
  Routes routes = given({2, 4, 4},
                        {1, 0, 9, 9,   // block 1 is not visible to the first query block
                         1, 1, 0, 1,   // mentioned three times
                         2, -7, 3, 1}, // ids that do not exist
                        4);
  Result<NormalizedRoutes> result = normalize(routes, triangle(), kBlock);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->routes, given({1, 2, 2}, {0, -1, -1, -1, 0, 1, -1, -1, 1, 2, -1, -1}, 4));
  EXPECT_EQ(result->invisible, 3);
  EXPECT_EQ(result->duplicates, 2);
  EXPECT_TRUE(validate(result->routes, triangle(), kBlock));
}

TEST(Routes, NormalizeKeepsCleanRoutes) {
  Routes all = Routes::allVisible(triangle(), kBlock);
  Result<NormalizedRoutes> result = normalize(all, triangle(), kBlock);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->routes, all);
  EXPECT_EQ(result->invisible + result->duplicates, 0);
}

TEST(Routes, BadLayoutsAreRefused) {
  auto fieldOf = [](const Routes &routes) {
    Status status = validateLayout(routes, triangle(), kBlock);
    EXPECT_EQ(normalize(routes, triangle(), kBlock).status().field(), status.field());
    return status.field();
  };
  EXPECT_EQ(fieldOf(given({1, 0, 2}, {0, 0, 0}, 1)), "routes.counts[2]");
  EXPECT_EQ(fieldOf(given({1, -1, 0}, {0, 0, 0}, 1)), "routes.counts[1]");
  EXPECT_EQ(fieldOf(given({1, 1}, {0, 0, 0}, 1)), "routes.counts.size");
  EXPECT_EQ(fieldOf(given({1, 1, 1}, {0, 0}, 1)), "routes.ids.size");
  EXPECT_EQ(fieldOf(given({0, 0, 0}, {}, -1)), "routes.capacity");
  EXPECT_EQ(fieldOf({1, 2, 3, 1, {0, 0, 0}, {0, 0, 0}}), "routes.heads");
  EXPECT_EQ(fieldOf({2, 1, 3, 1, {0, 0, 0}, {0, 0, 0}}), "routes.batch");
  EXPECT_EQ(fieldOf({1, 1, 2, 1, {0, 0, 0}, {0, 0, 0}}), "routes.query_blocks");
}

TEST(Routes, UnsortedAndInvisibleListsAreInvalid) {
  Status invisible = validate(given({1, 0, 0}, {1, -1, -1, -1, -1, -1}, 2), triangle(), kBlock);
  EXPECT_EQ(invisible.field(), "routes.ids[0][0]");
  EXPECT_EQ(invisible.value(), "1");
  Status unsorted = validate(given({0, 2, 0}, {-1, -1, 1, 0, -1, -1}, 2), triangle(), kBlock);
  EXPECT_EQ(unsorted.field(), "routes.ids[1][1]");
  Status repeated = validate(given({0, 2, 0}, {-1, -1, 1, 1, -1, -1}, 2), triangle(), kBlock);
  EXPECT_EQ(repeated.field(), "routes.ids[1][1]");
}
