//===- Emulated.cpp - a mixed-precision kernel with exact arithmetic between its roundings ----===//

#include "runtime/reference/Emulated.h"
#include "runtime/reference/QueryBlock.h"

#include <algorithm>

namespace thrift {

/// The visible blocks of one tier in the order of the sweep.
static std::vector<int64_t> blocksOfTier(const EmulationPlan &plan, IndexRange visible, const int32_t *high,
                                         int32_t highCount, bool wantHigh) {
  std::vector<int64_t> blocks;
  for (int64_t block = visible.begin; block < visible.end; ++block)
    if (std::binary_search(high, high + highCount, block) == wantHigh)
      blocks.push_back(block);
  if (plan.descending)
    std::reverse(blocks.begin(), blocks.end());
  return blocks;
}

static void attendBlock(const AttentionInputs &inputs, const AttentionShape &shape, const Routes &routes,
                        const EmulationPlan &plan, const KvTiles &lowKv, const KvTiles &highKv, int64_t b, int64_t head,
                        int64_t queryBlock, AttentionOutput &out) {
  IndexRange rows = plan.block.rows(shape, queryBlock);
  IndexRange visible = visibleBlocks(shape, plan.block, queryBlock);
  int64_t firstOutput = (b * shape.qHeads + head) * shape.qLen + rows.begin;
  double *o = out.o.data() + firstOutput * shape.valueDim;
  double *weight = out.weight.empty() ? nullptr : out.weight.data() + firstOutput * shape.valueDim;
  int64_t list = routes.listIndex(b, head, queryBlock);

  QueryBlock state(shape, plan, rows, o, weight);
  for (bool high : {plan.highFirst, !plan.highFirst}) {
    std::vector<int64_t> blocks =
        blocksOfTier(plan, visible, routes.list(list), routes.counts[static_cast<size_t>(list)], high);
    if (blocks.empty())
      continue;
    LowFormat format = high ? LowFormat::F16 : plan.low.qk;
    PrecisionTier tier{high ? highKv : lowKv, readQueries(inputs, shape, b, head, rows, format),
                       high ? plan.highP : plan.lowP};
    for (int64_t block : blocks)
      state.addBlock(tier, block);
  }
  state.finish(out.lse.data() + firstOutput);
}

Result<AttentionOutput> emulated(const AttentionInputs &inputs, const AttentionShape &shape, const Routes &routes,
                                 const EmulationPlan &plan, const ReferenceOptions &options) {
  if (Status status = validate(inputs, shape); !status)
    return status;
  if (Status status = validate(plan, shape); !status)
    return status;
  if (Status status = validate(routes, shape, plan.block); !status)
    return status;
  AttentionOutput out = AttentionOutput::zeros(shape, options);
  forQueryBlocks(inputs, shape, plan, options,
                 [&](const KvTiles &lowKv, const KvTiles &highKv, int64_t b, int64_t head, int64_t queryBlock) {
                   attendBlock(inputs, shape, routes, plan, lowKv, highKv, b, head, queryBlock, out);
                 });
  return out;
}

} // namespace thrift
