//===- Exact.cpp - plain attention in float64 -------------------------------------------------===//

#include "runtime/reference/Exact.h"
#include "runtime/reference/Operands.h"
#include "runtime/reference/ParallelFor.h"
#include "runtime/reference/TileProduct.h"

#include <algorithm>

namespace thrift {

/// Sizes of the work, not of the answer: keys of a cache-sized tile, and rows whose logits are in memory at a time.
static constexpr int64_t kTileKeys = 64;
static constexpr int64_t kRowsPerTask = 32;

/// Turns the logits' products, one column for each key from `firstKey` on, into exp(x - max), zero where masked.
/// Returns the log-sum-exp and, in `sum`, the divisor.
static double softmaxRow(const AttentionShape &shape, IndexRange keys, int64_t firstKey, int64_t columns, double *row,
                         double &sum) {
  double maximum = -std::numeric_limits<double>::infinity();
  for (int64_t j = keys.begin; j < keys.end; ++j) {
    double &x = row[j - firstKey];
    x = logit(shape, x);
    if (x > maximum)
      maximum = x;
  }
  sum = 0;
  for (int64_t c = 0; c < columns; ++c) {
    row[c] = keys.contains(firstKey + c) ? std::exp(row[c] - maximum) : 0;
    sum += row[c];
  }
  return maximum + std::log(sum);
}

static void attendRows(const AttentionInputs &inputs, const AttentionShape &shape, const KvTiles &kv, int64_t b,
                       int64_t head, IndexRange rows, AttentionOutput &out) {
  IndexRange keys = visibleKeys(shape, rows.begin, rows.end);
  int64_t firstOutput = (b * shape.qHeads + head) * shape.qLen + rows.begin;
  double *o = out.o.data() + firstOutput * shape.valueDim;
  double *lse = out.lse.data() + firstOutput;
  double *weight = out.weight.empty() ? nullptr : out.weight.data() + firstOutput * shape.valueDim;
  if (keys.empty()) {
    std::fill_n(lse, rows.size(), -std::numeric_limits<double>::infinity());
    return;
  }

  IndexRange tiles{keys.begin / kTileKeys, (keys.end - 1) / kTileKeys + 1};
  int64_t firstKey = tiles.begin * kTileKeys, columns = tiles.size() * kTileKeys;
  std::vector<double> q = readQueries(inputs, shape, b, head, rows, LowFormat::F16);
  std::vector<double> p(static_cast<size_t>(rows.size() * columns));
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile)
    addProduct({q.data(), shape.headDim}, {kv.tileOfKeys(tile), kTileKeys}, p.data() + tile * kTileKeys - firstKey,
               columns, rows.size(), kTileKeys, shape.headDim);

  std::vector<double> sums(static_cast<size_t>(rows.size()));
  for (int64_t r = 0; r < rows.size(); ++r)
    lse[r] = softmaxRow(shape, visibleKeys(shape, rows.begin + r), firstKey, columns, p.data() + r * columns, sums[r]);
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile)
    addValues(kv, tile, shape, rows, p.data() + tile * kTileKeys - firstKey, columns, o, weight);
  for (int64_t r = 0; r < rows.size(); ++r) {
    if (visibleKeys(shape, rows.begin + r).empty())
      continue;
    for (int64_t d = 0; d < shape.valueDim; ++d) {
      o[r * shape.valueDim + d] /= sums[r];
      if (weight)
        weight[r * shape.valueDim + d] /= sums[r];
    }
  }
}

Result<AttentionOutput> exact(const AttentionInputs &inputs, const AttentionShape &shape,
                              const ReferenceOptions &options) {
  if (Status status = validate(inputs, shape); !status)
    return status;
  AttentionOutput out;
  auto rowCount = static_cast<size_t>(shape.batch * shape.qHeads * shape.qLen);
  out.lse.resize(rowCount);
  out.o.resize(rowCount * static_cast<size_t>(shape.valueDim));
  if (options.withWeight)
    out.weight.resize(out.o.size());

  int64_t group = shape.qHeads / shape.kvHeads;
  int64_t tasksPerHead = (shape.qLen + kRowsPerTask - 1) / kRowsPerTask;
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; ++kvHead) {
      KvTiles kv = readKvTiles(inputs, shape, b, kvHead, {LowFormat::F16, LowFormat::F16}, kTileKeys, kTileKeys,
                               options.threads);
      parallelFor(group * tasksPerHead, options.threads, [&](int64_t task) {
        int64_t head = kvHead * group + task / tasksPerHead;
        // The last rows of a causal problem are the longest: begin with them.
        int64_t begin = (tasksPerHead - 1 - task % tasksPerHead) * kRowsPerTask;
        attendRows(inputs, shape, kv, b, head, {begin, std::min(begin + kRowsPerTask, shape.qLen)}, out);
      });
    }
  return out;
}

} // namespace thrift
