//===- OnlineShares.cpp - what the online router decided, in numbers ----------===//

#include "tools/thriftjit/OnlineShares.h"

#include "runtime/reference/Budget.h"

using namespace thrift;

OnlineShares thrift::onlineShares(const Spec &spec, const AttentionShape &shape, int64_t granule,
                                  const Decisions &decisions, const std::vector<int32_t> &counts) {
  RoutingBlock block{spec.blockQ, spec.blockKv};
  RouteBudget forced;
  forced.sink = spec.online.sink;
  forced.local = spec.online.local;
  OnlineShares shares;
  shares.granule = granule;
  shares.blocks = visibleBlockPairs(shape, block);
  shares.visited = promotedBlocks(routesOf(decisions, shape, block));
  size_t next = 0;
  for (int64_t b = 0; b < decisions.batch; ++b)
    for (int64_t head = 0; head < decisions.heads; ++head)
      for (int64_t queryBlock = 0; queryBlock < decisions.queryBlocks; ++queryBlock) {
        IndexRange visible = visibleBlocks(shape, block, queryBlock);
        ForcedBlocks seeds = forcedBlocks(forced, shape, block, queryBlock);
        for (int64_t index = 0; index < decisions.granules; ++index, next += 2) {
          if (queryBlock * block.q + index * granule >= shape.qLen)
            continue; // past the last row
          shares.refused += counts[next + 1];
          shares.visible += visible.size();
          for (int64_t kvBlock = visible.begin; kvBlock < visible.end; ++kvBlock) {
            BlockTier tier = decisions.at(b, head, queryBlock, index, kvBlock);
            bool isSeed = seeds.contains(kvBlock);
            shares.seeds += tier == BlockTier::High && isSeed;
            shares.promoted += tier == BlockTier::High && !isSeed;
            shares.skipped += tier == BlockTier::Skip;
          }
        }
      }
  return shares;
}
