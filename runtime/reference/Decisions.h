//===- Decisions.h - what the online router decided -------------------------------------------===//
//
// For each (batch, query head, query block, granule) and KV block one byte: how the granule's rows took the block. The
// same array that a kernel writes where its caller asks for it (AttentionArguments::decisions).
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_DECISIONS_H
#define THRIFTJIT_RUNTIME_REFERENCE_DECISIONS_H

#include "runtime/reference/Routes.h"

namespace thrift {

enum class BlockTier : uint8_t {
  Invisible = 0, ///< the query block does not see the KV block
  Low = 1,
  High = 2, ///< a seed, or promoted
  Skip = 3,
};

struct Decisions {
  int64_t batch = 0, heads = 0, queryBlocks = 0, granules = 0, kvBlocks = 0;
  std::vector<uint8_t> tiers; ///< [batch][heads][queryBlocks][granules][kvBlocks], a BlockTier each

  /// Room for the decisions of a problem, all Invisible. `granule` divides block.q.
  static Decisions of(const AttentionShape &shape, const RoutingBlock &block, int64_t granule);

  size_t index(int64_t b, int64_t head, int64_t queryBlock, int64_t granule, int64_t kvBlock) const {
    return static_cast<size_t>((((b * heads + head) * queryBlocks + queryBlock) * granules + granule) * kvBlocks +
                               kvBlock);
  }
  BlockTier at(int64_t b, int64_t head, int64_t queryBlock, int64_t granule, int64_t kvBlock) const {
    return static_cast<BlockTier>(tiers[index(b, head, queryBlock, granule, kvBlock)]);
  }
  int64_t count(BlockTier tier) const;
};

/// Extents and size fit the problem, and a block is Invisible exactly where the query block does not see it.
Status validate(const Decisions &decisions, const AttentionShape &shape, const RoutingBlock &block, int64_t granule);

/// The blocks that a high sweep visits: those that some granule of the query block takes high.
Routes routesOf(const Decisions &decisions, const AttentionShape &shape, const RoutingBlock &block);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_DECISIONS_H
