//===- Router.cpp - the ranked router with block_mean scores ----------------------------------===//

#include "runtime/reference/Router.h"
#include "dialect/formats/Pack.h"
#include "runtime/reference/ParallelFor.h"
#include "runtime/reference/ReadTensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

namespace thrift {

float meanScore(const float *meanQ, const float *meanK, int64_t headDim) {
  constexpr int kLanes = 32;
  std::array<float, kLanes> lanes = {};
  for (int64_t d = 0; d < headDim; ++d)
    lanes[d % kLanes] = std::fmaf(meanQ[d], meanK[d], lanes[d % kLanes]);
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    std::array<float, kLanes> before = lanes;
    for (int lane = 0; lane < kLanes; ++lane)
      lanes[lane] = before[lane] + before[lane ^ distance];
  }
  return lanes[0];
}

std::vector<float> meansOfBlocks(const TensorView &view, int64_t blockTokens) {
  MeansLayout layout{{view.shape[0], view.shape[1], view.shape[2], view.shape[3], blockTokens}};
  return blockMeans(layout, [&](int64_t b, int64_t h, int64_t token, float *row) { readRow(view, b, h, token, row); });
}

Result<std::vector<float>> blockMeanScores(const AttentionInputs &inputs, const AttentionShape &shape,
                                           const RoutingBlock &block, const ReferenceOptions &options) {
  if (Status status = validate(inputs, shape); !status)
    return status;
  if (Status status = validate(block); !status)
    return status;
  int64_t queryBlocks = block.queryBlocks(shape), kvBlocks = block.kvBlocks(shape);
  std::vector<float> meansQ = meansOfBlocks(inputs.q, block.q), meansK = meansOfBlocks(inputs.k, block.kv);
  std::vector<float> scores(static_cast<size_t>(shape.batch * shape.qHeads * queryBlocks * kvBlocks));
  parallelFor(shape.batch * shape.qHeads * queryBlocks, options.threads, [&](int64_t list) {
    int64_t b = list / queryBlocks / shape.qHeads, head = list / queryBlocks % shape.qHeads;
    const float *meanQ = meansQ.data() + list * shape.headDim;
    const float *meanK = meansK.data() + (b * shape.kvHeads + shape.kvHeadOf(head)) * kvBlocks * shape.headDim;
    for (int64_t j = 0; j < kvBlocks; ++j)
      scores[list * kvBlocks + j] = meanScore(meanQ, meanK + j * shape.headDim, shape.headDim);
  });
  return scores;
}

bool ranksBefore(float scoreA, int64_t a, float scoreB, int64_t b) {
  if (std::isnan(scoreA) != std::isnan(scoreB))
    return std::isnan(scoreA);
  if (scoreA > scoreB || scoreA < scoreB)
    return scoreA > scoreB;
  return a < b;
}

Result<Routes> selectRanked(const std::vector<float> &scores, const AttentionShape &shape, const RoutingBlock &block,
                            const RouteBudget &budget, int64_t capacity) {
  if (Status status = validate(shape); !status)
    return status;
  if (Status status = validate(block); !status)
    return status;
  if (Status status = validate(budget, shape); !status)
    return status;
  int64_t queryBlocks = block.queryBlocks(shape), kvBlocks = block.kvBlocks(shape);
  int64_t lists = shape.batch * shape.qHeads * queryBlocks;
  if (static_cast<int64_t>(scores.size()) != lists * kvBlocks)
    return Status::invalid("scores.size", std::to_string(scores.size()), std::to_string(lists * kvBlocks));

  std::vector<std::vector<int32_t>> chosen;
  for (int64_t list = 0; list < lists; ++list) {
    int64_t queryBlock = list % queryBlocks;
    const float *score = scores.data() + list * kvBlocks;
    IndexRange visible = visibleBlocks(shape, block, queryBlock);
    ForcedBlocks forced = forcedBlocks(budget, shape, block, queryBlock);
    std::vector<int32_t> order(static_cast<size_t>(visible.size()));
    std::iota(order.begin(), order.end(), static_cast<int32_t>(visible.begin));
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      if (forced.contains(a) != forced.contains(b))
        return forced.contains(a);
      return ranksBefore(score[a], a, score[b], b);
    });
    int64_t count = promotedCount(budget, shape, block, queryBlock);
    if (capacity > 0 && count > capacity)
      return Status::invalid("capacity", std::to_string(capacity), std::to_string(count) + " or more");
    order.resize(static_cast<size_t>(count));
    std::sort(order.begin(), order.end());
    chosen.push_back(std::move(order));
  }
  return Routes::fromLists(shape, block, chosen, capacity);
}

Result<Routes> routeByBlockMean(const AttentionInputs &inputs, const AttentionShape &shape, const RoutingBlock &block,
                                const RouteBudget &budget, const ReferenceOptions &options) {
  Result<std::vector<float>> scores = blockMeanScores(inputs, shape, block, options);
  if (!scores)
    return scores.status();
  return selectRanked(*scores, shape, block, budget);
}

} // namespace thrift
