//===- Decisions.cpp - what the online router decided -----------------------------------------===//

#include "runtime/reference/Decisions.h"

#include <algorithm>
#include <string>

namespace thrift {

Decisions Decisions::of(const AttentionShape &shape, const RoutingBlock &block, int64_t granule) {
  Decisions decisions;
  decisions.batch = shape.batch;
  decisions.heads = shape.qHeads;
  decisions.queryBlocks = block.queryBlocks(shape);
  decisions.granules = block.q / granule;
  decisions.kvBlocks = block.kvBlocks(shape);
  decisions.tiers.resize(decisions.index(shape.batch, 0, 0, 0, 0));
  return decisions;
}

int64_t Decisions::count(BlockTier tier) const {
  return std::count(tiers.begin(), tiers.end(), static_cast<uint8_t>(tier));
}

Status validate(const Decisions &decisions, const AttentionShape &shape, const RoutingBlock &block, int64_t granule) {
  struct Extent {
    const char *field;
    int64_t value, expected;
  };
  Decisions expected = Decisions::of(shape, block, granule);
  for (auto [field, value, wanted] : {Extent{"decisions.batch", decisions.batch, expected.batch},
                                      Extent{"decisions.heads", decisions.heads, expected.heads},
                                      Extent{"decisions.query_blocks", decisions.queryBlocks, expected.queryBlocks},
                                      Extent{"decisions.granules", decisions.granules, expected.granules},
                                      Extent{"decisions.kv_blocks", decisions.kvBlocks, expected.kvBlocks},
                                      Extent{"decisions.tiers", static_cast<int64_t>(decisions.tiers.size()),
                                             static_cast<int64_t>(expected.tiers.size())}})
    if (value != wanted)
      return Status::invalid(field, std::to_string(value), std::to_string(wanted));
  for (int64_t list = 0; list < shape.batch * shape.qHeads * decisions.queryBlocks; ++list) {
    IndexRange visible = visibleBlocks(shape, block, list % decisions.queryBlocks);
    for (int64_t granuleIndex = 0; granuleIndex < decisions.granules; ++granuleIndex)
      for (int64_t kvBlock = 0; kvBlock < decisions.kvBlocks; ++kvBlock) {
        uint8_t tier =
            decisions
                .tiers[static_cast<size_t>((list * decisions.granules + granuleIndex) * decisions.kvBlocks + kvBlock)];
        bool fits = visible.contains(kvBlock) ? tier >= 1 && tier <= 3 : tier == 0;
        if (!fits)
          return Status::invalid(
              "decisions.tiers of KV block " + std::to_string(kvBlock) + " in list " + std::to_string(list),
              std::to_string(tier),
              visible.contains(kvBlock) ? "1, 2, 3, since it is visible" : "0, since it is not visible");
      }
  }
  return Status::ok();
}

Routes routesOf(const Decisions &decisions, const AttentionShape &shape, const RoutingBlock &block) {
  std::vector<std::vector<int32_t>> lists;
  for (int64_t b = 0; b < decisions.batch; ++b)
    for (int64_t head = 0; head < decisions.heads; ++head)
      for (int64_t queryBlock = 0; queryBlock < decisions.queryBlocks; ++queryBlock) {
        std::vector<int32_t> &list = lists.emplace_back();
        for (int64_t kvBlock = 0; kvBlock < decisions.kvBlocks; ++kvBlock) {
          bool high = false;
          for (int64_t granule = 0; granule < decisions.granules; ++granule)
            high |= decisions.at(b, head, queryBlock, granule, kvBlock) == BlockTier::High;
          if (high)
            list.push_back(static_cast<int32_t>(kvBlock));
        }
      }
  return Routes::fromLists(shape, block, lists);
}

} // namespace thrift
