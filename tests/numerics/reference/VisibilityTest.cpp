//===- VisibilityTest.cpp - the ranges of the mask against its definition ---------------------===//

#include "runtime/reference/Visibility.h"
#include "tests/numerics/reference/AttentionCase.h"

using namespace thrift;

/// The range of keys that satisfy `visible`; also checks that they are consecutive.
template <typename Predicate>
static IndexRange rangeOf(int64_t count, Predicate visible) {
  IndexRange range;
  int64_t members = 0;
  for (int64_t j = 0; j < count; ++j) {
    if (!visible(j))
      continue;
    range = members++ == 0 ? IndexRange{j, j + 1} : IndexRange{range.begin, j + 1};
  }
  EXPECT_EQ(range.size(), members);
  return range;
}

static void expectSameRange(IndexRange actual, IndexRange expected, const std::string &where) {
  EXPECT_EQ(actual.begin, expected.begin) << where;
  EXPECT_EQ(actual.end, expected.end) << where;
}

TEST(Visibility, RangesMatchTheDefinitionForEveryMaskAndLength) {
  for (int64_t qLen : {1, 5, 8, 13})
    for (int64_t kvLen : {0, 1, 4, 8, 13, 29})
      for (bool causal : {false, true})
        for (int64_t window : {0, 1, 3, 100})
          for (RoutingBlock block : {RoutingBlock{4, 4}, RoutingBlock{5, 3}, RoutingBlock{64, 16}}) {
            AttentionShape shape;
            shape.qLen = qLen;
            shape.kvLen = kvLen;
            shape.causal = causal;
            shape.window = window;
            std::string where = std::to_string(qLen) + " queries, " + std::to_string(kvLen) + " keys, causal " +
                                std::to_string(causal) + ", window " + std::to_string(window);
            for (int64_t i = 0; i < qLen; ++i)
              expectSameRange(visibleKeys(shape, i), rangeOf(kvLen, [&](int64_t j) { return isVisible(shape, i, j); }),
                              where);
            for (int64_t t = 0; t < block.queryBlocks(shape); ++t) {
              IndexRange rows = block.rows(shape, t);
              auto someRowSees = [&](int64_t j) {
                for (int64_t i = rows.begin; i < rows.end; ++i)
                  if (isVisible(shape, i, j))
                    return true;
                return false;
              };
              expectSameRange(visibleKeys(shape, rows.begin, rows.end), rangeOf(kvLen, someRowSees), where);
              auto someKeyIsSeen = [&](int64_t kvBlock) {
                for (int64_t j = kvBlock * block.kv; j < std::min((kvBlock + 1) * block.kv, kvLen); ++j)
                  if (someRowSees(j))
                    return true;
                return false;
              };
              expectSameRange(visibleBlocks(shape, block, t), rangeOf(block.kvBlocks(shape), someKeyIsSeen), where);
            }
          }
}

TEST(Visibility, PartialBlocksCount) {
  AttentionShape shape;
  shape.qLen = 129;
  shape.kvLen = 65;
  RoutingBlock block;
  EXPECT_EQ(block.queryBlocks(shape), 2);
  EXPECT_EQ(block.kvBlocks(shape), 2);
  EXPECT_EQ(block.rows(shape, 1).size(), 1);
}

TEST(Visibility, BlockSizesAreChecked) {
  EXPECT_EQ(validate(RoutingBlock{0, 64}).field(), "block_q");
  EXPECT_EQ(validate(RoutingBlock{64, -1}).field(), "block_kv");
  EXPECT_TRUE(validate(RoutingBlock{64, 64}));
}
