//===- HeatMapTest.cpp - routes as a picture of characters --------------------===//

#include "tools/thriftjit/HeatMap.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

AttentionShape causalShape(int64_t qLen, int64_t kvLen, int64_t heads = 1, int64_t batch = 1) {
  AttentionShape shape;
  shape.qLen = qLen;
  shape.kvLen = kvLen;
  shape.qHeads = shape.kvHeads = heads;
  shape.batch = batch;
  shape.causal = true;
  return shape;
}

constexpr RoutingBlock kBlock = {64, 64};
using Lines = std::vector<std::string>;

} // namespace

TEST(HeatMap, OneCellPerBlockWhereTheyFit) {
  AttentionShape shape = causalShape(192, 256);
  Routes routes = Routes::fromLists(shape, kBlock, {{0}, {1, 2}, {}});
  EXPECT_EQ(heatMap(routes, shape, kBlock, 0, 0, {64, 8, false}), (Lines{"#.  ", ".## ", "...."}));
}

TEST(HeatMap, BlockCharacters) {
  AttentionShape shape = causalShape(64, 128);
  Routes routes = Routes::fromLists(shape, kBlock, {{1}});
  EXPECT_EQ(heatMap(routes, shape, kBlock, 0, 0, {64, 8, true}), (Lines{"\u00b7\u2588"}));
}

TEST(HeatMap, ShadesAreSharesOfTheVisibleBlocks) {
  // 32 blocks in 2 cells of 16, no mask.
  AttentionShape shape = causalShape(64, 2048);
  shape.causal = false;
  auto cellWith = [&](int high) {
    std::vector<int32_t> list;
    for (int block = 0; block < high; ++block)
      list.push_back(block);
    return heatMap(Routes::fromLists(shape, kBlock, {list}), shape, kBlock, 0, 0, {2, 8, false})[0];
  };
  EXPECT_EQ(cellWith(0), "..");
  EXPECT_EQ(cellWith(1), "-."); // one of 16 is seen
  EXPECT_EQ(cellWith(4), "-.");
  EXPECT_EQ(cellWith(5), "+.");
  EXPECT_EQ(cellWith(8), "+.");
  EXPECT_EQ(cellWith(9), "*.");
  EXPECT_EQ(cellWith(12), "*.");
  EXPECT_EQ(cellWith(13), "#.");
  EXPECT_EQ(cellWith(17), "#-");
}

TEST(HeatMap, InvisibleBlocksDoNotPaleACell) {
  // Query block 0 sees 1 of the 2 blocks of the only cell.
  AttentionShape shape = causalShape(128, 128);
  Routes routes = Routes::fromLists(shape, kBlock, {{0}, {}});
  EXPECT_EQ(heatMap(routes, shape, kBlock, 0, 0, {1, 2, false}), (Lines{"#", "."}));
}

TEST(HeatMap, SmallerThanAsked) {
  AttentionShape shape = causalShape(64 * 100, 64 * 1000);
  Lines lines = heatMap(Routes::none(shape, kBlock), shape, kBlock, 0, 0, {64, 8, false});
  EXPECT_EQ(lines.size(), 8u); // 13 blocks each, the last one 9
  for (const std::string &line : lines)
    EXPECT_EQ(line.size(), 63u); // 16 blocks each
}

TEST(HeatMap, EveryHeadHasItsOwnList) {
  AttentionShape shape = causalShape(64, 128, 2, 2);
  Routes routes = Routes::fromLists(shape, kBlock, {{}, {0}, {1}, {0, 1}});
  HeatMapStyle style{64, 8, false};
  EXPECT_EQ(heatMap(routes, shape, kBlock, 0, 0, style), (Lines{".."}));
  EXPECT_EQ(heatMap(routes, shape, kBlock, 0, 1, style), (Lines{"#."}));
  EXPECT_EQ(heatMap(routes, shape, kBlock, 1, 0, style), (Lines{".#"}));
  EXPECT_EQ(heatMap(routes, shape, kBlock, 1, 1, style), (Lines{"##"}));
}

TEST(HeatMap, FramedWithLegend) {
  AttentionShape shape = causalShape(128, 128, 3);
  Routes routes = Routes::fromLists(shape, kBlock, {{0}, {1}, {}, {0}, {}, {}});
  EXPECT_EQ(heatMaps(routes, shape, kBlock, 2, {64, 8, false}),
            "query blocks down, KV blocks across; a cell is 1 x 1 blocks of 64 x 64; . low, -+*# high\n"
            "head 0 |# |\n"
            "       |.#|\n"
            "head 1 |. |\n"
            "       |#.|\n"
            "1 more heads\n");
}

TEST(HeatMap, BatchesAreNamedWhereThereAreSeveral) {
  AttentionShape shape = causalShape(64, 64, 1, 2);
  std::string text = heatMaps(Routes::none(shape, kBlock), shape, kBlock, 4, {64, 8, false});
  EXPECT_NE(text.find("\nbatch 1, head 0 |.|\n"), std::string::npos) << text;
}
