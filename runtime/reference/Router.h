//===- Router.h - the ranked router with block_mean scores ------------------------------------===//
//
// Scores are bit-equal with the `rank` kernel, so routes are equal, not close:
//
//   mean_x[d]   the f32 sum over the block's existing tokens in ascending order, times 1 / count   (PackedLayout:
//   means) lane l of 32 starts from +0 and adds mean_q[d] * mean_k[d] with one fused rounding each, for d = l, l + 32,
//   l + 64, ... then for the distances 16, 8, 4, 2, 1 every lane becomes the f32 sum of itself and its partner, lane
//   xor distance; all lanes hold the same score
//
// No scale and no soft-cap: they would not change the order. From the highest score down; NaN ranks above every number;
// ties, which include -0 and +0, go to the lower block index. Forced blocks come before all others.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_ROUTER_H
#define THRIFTJIT_RUNTIME_REFERENCE_ROUTER_H

#include "runtime/reference/Budget.h"
#include "runtime/reference/Routes.h"

namespace thrift {

/// mean_q . mean_k in the order above.
float meanScore(const float *meanQ, const float *meanK, int64_t headDim);

/// Means of the blocks of a valid f16, bf16 or f32 view of rank 4: [batch][heads][blocks][channels].
std::vector<float> meansOfBlocks(const TensorView &view, int64_t blockTokens);

/// Scores of all pairs, visible or not: [batch][qHeads][queryBlocks][kvBlocks].
Result<std::vector<float>> blockMeanScores(const AttentionInputs &inputs, const AttentionShape &shape,
                                           const RoutingBlock &block, const ReferenceOptions &options = {});

/// Whether block a with `scoreA` is taken before block b: a strict total order.
bool ranksBefore(float scoreA, int64_t a, float scoreB, int64_t b);

/// The promotedCount best visible blocks of every query block, from any scores of the extents above. A capacity of 0
/// means the longest list; a smaller one than that is refused.
Result<Routes> selectRanked(const std::vector<float> &scores, const AttentionShape &shape, const RoutingBlock &block,
                            const RouteBudget &budget, int64_t capacity = 0);

/// blockMeanScores, then selectRanked.
Result<Routes> routeByBlockMean(const AttentionInputs &inputs, const AttentionShape &shape, const RoutingBlock &block,
                                const RouteBudget &budget, const ReferenceOptions &options = {});

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_ROUTER_H
