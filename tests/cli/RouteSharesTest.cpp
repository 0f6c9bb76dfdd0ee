//===- RouteSharesTest.cpp - asked and promoted shares ------------------------===//

#include "tools/thriftjit/RouteShares.h"

#include "runtime/reference/Router.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

AttentionShape shapeOf(int64_t qLen, int64_t kvLen, bool causal = true) {
  AttentionShape shape;
  shape.qLen = qLen;
  shape.kvLen = kvLen;
  shape.causal = causal;
  return shape;
}

/// The reference router's choice among equal scores, and its shares.
RouteShares sharesOf(const Spec &spec, const AttentionShape &shape) {
  RoutingBlock block{spec.blockQ, spec.blockKv};
  std::vector<float> scores(
      static_cast<size_t>(shape.batch * shape.qHeads * block.queryBlocks(shape) * block.kvBlocks(shape)), 0.0f);
  Result<Routes> routes = selectRanked(scores, shape, block, routeBudget(spec));
  EXPECT_TRUE(routes) << routes.status().message();
  Result<RouteShares> shares = routeShares(spec, shape, *routes);
  EXPECT_TRUE(shares) << shares.status().message();
  return *shares;
}

std::vector<std::string> reasonsOf(const RouteShares &shares) {
  std::vector<std::string> words;
  for (const ShareReason &reason : shares.reasons)
    words.push_back(reason.what.substr(0, reason.what.find(':')));
  return words;
}

} // namespace

TEST(RouteShares, RoundingUp) {
  Spec spec;
  RouteShares shares = sharesOf(spec, shapeOf(128, 64 * 128)); // 128 visible blocks, 6.4 asked, 7 taken
  EXPECT_EQ(shares.visible, 128);
  EXPECT_NEAR(shares.asked, 6.4, 1e-9);
  EXPECT_EQ(shares.decided, 7);
  EXPECT_EQ(shares.executed, 7);
  ASSERT_EQ(reasonsOf(shares), (std::vector<std::string>{"ceil"}));
  EXPECT_NEAR(shares.reasons[0].blocks, 0.6, 1e-9);
}

TEST(RouteShares, MinimumOfBlocks) {
  Spec spec;
  RouteShares shares = sharesOf(spec, shapeOf(128, 64 * 10)); // 0.5 asked, 3 taken
  EXPECT_EQ(shares.decided, 3);
  ASSERT_EQ(reasonsOf(shares), (std::vector<std::string>{"ceil", "min_blocks"}));
  EXPECT_NEAR(shares.reasons[0].blocks, 0.5, 1e-9);
  EXPECT_NEAR(shares.reasons[1].blocks, 2, 1e-9);
}

TEST(RouteShares, ForcedBlocks) {
  Spec spec;
  spec.sink = 2;
  spec.local = 3;                                             // four blocks, since two hold the diagonal
  RouteShares shares = sharesOf(spec, shapeOf(128, 64 * 20)); // 1 asked, 6 forced
  EXPECT_EQ(shares.decided, 6);
  ASSERT_EQ(reasonsOf(shares), (std::vector<std::string>{"min_blocks", "forced"}));
  EXPECT_NEAR(shares.reasons[0].blocks, 2, 1e-9);
  EXPECT_NEAR(shares.reasons[1].blocks, 3, 1e-9);
}

TEST(RouteShares, FewerVisibleThanTopK) {
  Spec spec;
  spec.topK = 5;
  RouteShares shares = sharesOf(spec, shapeOf(256, 256)); // 2 and 4 visible
  EXPECT_EQ(shares.asked, 10);
  EXPECT_EQ(shares.decided, 6);
  ASSERT_EQ(reasonsOf(shares), (std::vector<std::string>{"query blocks that see fewer blocks than that"}));
  EXPECT_EQ(shares.reasons[0].blocks, -4);
}

TEST(RouteShares, NothingAndEverythingNeedNoReason) {
  for (double budget : {0.0, 1.0}) {
    Spec spec;
    spec.budget = budget;
    RouteShares shares = sharesOf(spec, shapeOf(512, 512));
    EXPECT_EQ(shares.asked, budget * static_cast<double>(shares.visible));
    EXPECT_EQ(shares.decided, shares.asked);
    EXPECT_TRUE(shares.reasons.empty());
  }
}

TEST(RouteShares, InvisibleAndRepeatedBlocksAreNotExecuted) {
  Spec spec;
  AttentionShape shape = shapeOf(256, 256); // query block 0 sees blocks 0 and 1
  Routes routes = Routes::fromLists(shape, {128, 64}, {{0, 3}, {1, 2}});
  Result<RouteShares> shares = routeShares(spec, shape, routes);
  ASSERT_TRUE(shares);
  EXPECT_EQ(shares->decided, 4);
  EXPECT_EQ(shares->executed, 3);
}

TEST(RouteShares, ReasonsAddUp) {
  for (int64_t kvLen : {1, 64, 65, 1000, 4096})
    for (int64_t qLen : {1, 129, 1000})
      for (bool causal : {false, true})
        for (double budget : {0.0, 0.05, 0.3, 0.999, 1.0})
          for (int64_t minBlocks : {0, 3, 50})
            for (int64_t forced : {0, 2})
              for (int kind = 0; kind < 3; ++kind) {
                if (kind == 2 && qLen != kvLen)
                  continue; // the published rule
                Spec spec;
                spec.budget = budget;
                spec.minBlocks = minBlocks;
                spec.sink = spec.local = forced;
                if (kind == 1)
                  spec.topK = minBlocks;
                if (kind == 2)
                  spec.rule = "published";
                RouteShares shares = sharesOf(spec, shapeOf(qLen, kvLen, causal));
                double sum = shares.asked;
                for (const ShareReason &reason : shares.reasons)
                  sum += reason.blocks;
                EXPECT_NEAR(sum, static_cast<double>(shares.decided), 5e-3)
                    << print(spec) << " q_len " << qLen << " kv_len " << kvLen;
              }
}
