//===- QueryBlock.cpp - the softmax state of one query block ----------------------------------===//

#include "runtime/reference/QueryBlock.h"
#include "runtime/reference/ParallelFor.h"
#include "runtime/reference/TileProduct.h"

#include <algorithm>

namespace thrift {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kLog2E = 1.4426950408889634074;
static constexpr double kLn2 = 0.69314718055994530942;

QueryBlock::QueryBlock(const AttentionShape &shape, const EmulationPlan &plan, IndexRange rows, double *o,
                       double *weight)
    : shape(shape), plan(plan), rows(rows), o(o), weight(weight), maximum(rows.size(), -kInfinity), sum(rows.size(), 0),
      p(rows.size() * plan.updateKeys()) {}

void QueryBlock::addBlock(const PrecisionTier &tier, int64_t block, const std::vector<uint8_t> *takes) {
  int64_t tilesPerBlock = plan.block.kv / plan.updateKeys();
  for (int64_t i = 0; i < tilesPerBlock; ++i)
    addTile(tier, block * tilesPerBlock + (plan.descending ? tilesPerBlock - 1 - i : i), takes);
}

std::vector<double> QueryBlock::blockMaxima(const PrecisionTier &tier, int64_t block) const {
  int64_t keys = plan.updateKeys(), tilesPerBlock = plan.block.kv / keys;
  std::vector<double> maxima(rows.size(), -kInfinity), products(rows.size() * keys);
  for (int64_t tile = block * tilesPerBlock; tile < (block + 1) * tilesPerBlock; ++tile) {
    std::fill(products.begin(), products.end(), 0.0);
    addProduct({tier.queries.data(), shape.headDim}, {tier.kv.tileOfKeys(tile), keys}, products.data(), keys,
               rows.size(), keys, shape.headDim);
    for (int64_t r = 0; r < rows.size(); ++r) {
      IndexRange visible = visibleKeys(shape, rows.begin + r);
      int64_t begin = std::clamp<int64_t>(visible.begin - tile * keys, 0, keys);
      int64_t end = std::clamp<int64_t>(visible.end - tile * keys, begin, keys);
      for (int64_t j = begin; j < end; ++j) {
        double x = kLog2E * logit(shape, products[r * keys + j]);
        if (std::isnan(x) || x > maxima[r]) // a NaN stays: nothing is larger
          maxima[r] = x;
      }
    }
  }
  return maxima;
}

double QueryBlock::log2Mass(int64_t row) const { return maximum[row] + std::log2(sum[row]); }

void QueryBlock::finish(double *lse) {
  for (int64_t r = 0; r < rows.size(); ++r) {
    if (maximum[r] == -kInfinity && sum[r] == 0) {
      lse[r] = -kInfinity;
      continue;
    }
    lse[r] = kLn2 * maximum[r] + std::log(sum[r]);
    scaleRow(r, 1 / sum[r]);
  }
}

void QueryBlock::addTile(const PrecisionTier &tier, int64_t tile, const std::vector<uint8_t> *takes) {
  int64_t keys = plan.updateKeys();
  std::fill(p.begin(), p.end(), 0.0);
  addProduct({tier.queries.data(), shape.headDim}, {tier.kv.tileOfKeys(tile), keys}, p.data(), keys, rows.size(), keys,
             shape.headDim);
  for (int64_t r = 0; r < rows.size(); ++r) {
    bool taken = !takes || (*takes)[r];
    updateRow(tier.pRule, r, taken ? visibleKeys(shape, rows.begin + r) : IndexRange{}, tile * keys);
  }
  addValues(tier.kv, tile, shape, rows, p.data(), keys, o, weight);
}

/// Turns the products of one row into P and brings the row's state up to the new maximum.
void QueryBlock::updateRow(const PRule &rule, int64_t r, IndexRange visible, int64_t firstKey) {
  int64_t keys = plan.updateKeys();
  double *row = p.data() + r * keys;
  int64_t begin = std::clamp<int64_t>(visible.begin - firstKey, 0, keys);
  int64_t end = std::clamp<int64_t>(visible.end - firstKey, begin, keys);
  double tileMaximum = -kInfinity;
  for (int64_t j = begin; j < end; ++j) {
    row[j] = kLog2E * logit(shape, row[j]);
    if (row[j] > tileMaximum)
      tileMaximum = row[j];
  }
  std::fill(row, row + begin, 0.0);
  std::fill(row + end, row + keys, 0.0);
  if (begin == end)
    return;
  if (tileMaximum > maximum[r] + plan.headroomBits) {
    double decay = std::exp2(maximum[r] - tileMaximum);
    maximum[r] = tileMaximum;
    sum[r] *= decay;
    scaleRow(r, decay);
  }
  for (int64_t j = begin; j < end; ++j)
    row[j] = std::exp2(row[j] - maximum[r]);
  double unrounded = rowSum(row);
  roundP(rule, plan.headroomBits, row, keys);
  sum[r] += rule.denominator == Denominator::Rounded ? rowSum(row) : unrounded;
}

double QueryBlock::rowSum(const double *values) const {
  double total = 0;
  for (int64_t j = 0; j < plan.updateKeys(); ++j)
    total += values[j];
  return total;
}

void QueryBlock::scaleRow(int64_t r, double factor) {
  for (double *values : {o, weight})
    if (values)
      for (int64_t d = 0; d < shape.valueDim; ++d)
        values[r * shape.valueDim + d] *= factor;
}

void forQueryBlocks(const AttentionInputs &inputs, const AttentionShape &shape, const EmulationPlan &plan,
                    const ReferenceOptions &options,
                    const std::function<void(const KvTiles &lowKv, const KvTiles &highKv, int64_t b, int64_t head,
                                             int64_t queryBlock)> &attend) {
  constexpr LowPair kInputs{LowFormat::F16, LowFormat::F16};
  int64_t group = shape.qHeads / shape.kvHeads, queryBlocks = plan.block.queryBlocks(shape);
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; ++kvHead) {
      auto read = [&](LowPair formats) {
        return readKvTiles(inputs, shape, b, kvHead, formats, plan.block.kv, plan.updateKeys(), options.threads);
      };
      KvTiles lowKv = read(plan.low), highKv = read(kInputs);
      // The last blocks of a causal problem see the most: begin with them.
      parallelFor(group * queryBlocks, options.threads, [&](int64_t task) {
        attend(lowKv, highKv, b, kvHead * group + task / queryBlocks, queryBlocks - 1 - task % queryBlocks);
      });
    }
}

} // namespace thrift
