//===- Emulated.cpp - a mixed-precision kernel with exact arithmetic between its roundings ----===//

#include "runtime/reference/Emulated.h"
#include "runtime/reference/Operands.h"
#include "runtime/reference/ParallelFor.h"
#include "runtime/reference/TileProduct.h"

#include <algorithm>

namespace thrift {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kLog2E = 1.4426950408889634074;
static constexpr double kLn2 = 0.69314718055994530942;

namespace {

/// One precision: its operands for the query block at hand, and what it does to P.
struct Tier {
  const KvTiles &kv;
  std::vector<double> queries; ///< [rows][headDim]
  const PRule &pRule;
};

/// The softmax state of one query block, and how a tile of keys enters it.
class QueryBlock {
public:
  QueryBlock(const AttentionShape &shape, const EmulationPlan &plan, IndexRange rows, double *o, double *weight)
      : shape(shape), plan(plan), rows(rows), o(o), weight(weight), maximum(rows.size(), -kInfinity),
        sum(rows.size(), 0), p(rows.size() * plan.updateKeys()) {}

  void addBlock(const Tier &tier, int64_t block) {
    int64_t tilesPerBlock = plan.block.kv / plan.updateKeys();
    for (int64_t i = 0; i < tilesPerBlock; ++i)
      addTile(tier, block * tilesPerBlock + (plan.descending ? tilesPerBlock - 1 - i : i));
  }

  /// Divides and writes the log-sum-exp.
  void finish(double *lse) {
    for (int64_t r = 0; r < rows.size(); ++r) {
      if (visibleKeys(shape, rows.begin + r).empty()) {
        lse[r] = -kInfinity;
        continue;
      }
      lse[r] = kLn2 * maximum[r] + std::log(sum[r]);
      scaleRow(r, 1 / sum[r]);
    }
  }

private:
  void addTile(const Tier &tier, int64_t tile) {
    int64_t keys = plan.updateKeys();
    std::fill(p.begin(), p.end(), 0.0);
    addProduct({tier.queries.data(), shape.headDim}, {tier.kv.tileOfKeys(tile), keys}, p.data(), keys, rows.size(),
               keys, shape.headDim);
    for (int64_t r = 0; r < rows.size(); ++r)
      updateRow(tier.pRule, r, visibleKeys(shape, rows.begin + r), tile * keys);
    addValues(tier.kv, tile, shape, rows, p.data(), keys, o, weight);
  }

  /// Turns the products of one row into P and brings the row's state up to the new maximum.
  void updateRow(const PRule &rule, int64_t r, IndexRange visible, int64_t firstKey) {
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

  double rowSum(const double *row) const {
    double total = 0;
    for (int64_t j = 0; j < plan.updateKeys(); ++j)
      total += row[j];
    return total;
  }

  void scaleRow(int64_t r, double factor) {
    for (double *values : {o, weight})
      if (values)
        for (int64_t d = 0; d < shape.valueDim; ++d)
          values[r * shape.valueDim + d] *= factor;
  }

  const AttentionShape &shape;
  const EmulationPlan &plan;
  IndexRange rows;
  double *o, *weight;               ///< the accumulators are the output itself
  std::vector<double> maximum, sum; ///< of each row, the maximum in the log2 domain
  std::vector<double> p;            ///< [rows][updateKeys]: S, then x, then P
};

} // namespace

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
    Tier tier{high ? highKv : lowKv, readQueries(inputs, shape, b, head, rows, format), high ? plan.highP : plan.lowP};
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
  AttentionOutput out;
  auto rowCount = static_cast<size_t>(shape.batch * shape.qHeads * shape.qLen);
  out.lse.resize(rowCount);
  out.o.resize(rowCount * static_cast<size_t>(shape.valueDim));
  if (options.withWeight)
    out.weight.resize(out.o.size());

  constexpr LowPair kInputs{LowFormat::F16, LowFormat::F16};
  int64_t group = shape.qHeads / shape.kvHeads, queryBlocks = plan.block.queryBlocks(shape);
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t kvHead = 0; kvHead < shape.kvHeads; ++kvHead) {
      KvTiles lowKv =
          readKvTiles(inputs, shape, b, kvHead, plan.low, plan.block.kv, plan.updateKeys(), options.threads);
      KvTiles highKv =
          readKvTiles(inputs, shape, b, kvHead, kInputs, plan.block.kv, plan.updateKeys(), options.threads);
      parallelFor(group * queryBlocks, options.threads, [&](int64_t task) {
        // The last blocks of a causal problem see the most: begin with them.
        int64_t queryBlock = queryBlocks - 1 - task % queryBlocks;
        attendBlock(inputs, shape, routes, plan, lowKv, highKv, b, kvHead * group + task / queryBlocks, queryBlock,
                    out);
      });
    }
  return out;
}

} // namespace thrift
