//===- EmulatedOnline.cpp - `emulated` under the online router --------------------------------===//

#include "runtime/reference/EmulatedOnline.h"
#include "runtime/reference/QueryBlock.h"

#include <algorithm>
#include <mutex>
#include <string>

namespace thrift {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kLn2 = 0.69314718055994530942;

Status validate(const OnlineRouter &router, const RoutingBlock &block) {
  if (!(router.tau > 0 && router.tau <= 1e6))
    return Status::invalid("tau", std::to_string(router.tau), "above 0, at most 10^6");
  if (!(router.skip >= 0 && router.skip <= std::min(router.tau, 1.0)))
    return Status::invalid("skip", std::to_string(router.skip), "0 to the smaller one of tau and 1");
  if (router.granule < 1 || block.q % router.granule != 0)
    return Status::invalid("granule", std::to_string(router.granule),
                           "divisors of block_q, " + std::to_string(block.q));
  if (router.ppm < 0 || router.ppm > RouteBudget::kWhole)
    return Status::invalid("ppm", std::to_string(router.ppm), "0 to 1000000");
  return Status::ok();
}

/// log2(2^a + 2^b).
static double log2Add(double a, double b) {
  double high = std::max(a, b), low = std::min(a, b);
  return std::isnan(a) || std::isnan(b) || high == -kInfinity ? a + b : high + std::log2(1 + std::exp2(low - high));
}

namespace {

/// How far the rows of a granule lie from both thresholds in one block, in the natural-log domain.
struct Margins {
  double promote = -kInfinity; ///< of the highest row: promoted from 0 on
  double skip = -kInfinity;    ///< of the highest row: skipped below 0
  bool anyRow = false;         ///< some row sees a key and can be compared
  bool anyNaN = false;         ///< some row cannot
};

/// One query block under one router, from the end of its seeds on: its state, its granules' promotions, its decisions.
class OnlineBlock {
public:
  OnlineBlock(const OnlineRouter &router, const EmulationPlan &plan, IndexRange rows, QueryBlock &state, int64_t most)
      : router(router), rows(rows), state(state), most(most), granules(plan.block.q / router.granule),
        promotedMass(rows.size(), -kInfinity), lagged(rows.size()), promotions(granules, 0) {
    for (int64_t r = 0; r < rows.size(); ++r) // the first block has none before it
      lagged[r] = mass(r);
  }

  /// Decides about a block and takes its low part. `tiers` has one entry for each granule, at this distance: followed
  /// if `follow`, else written.
  void sweepLow(const PrecisionTier &low, int64_t block, uint8_t *tiers, int64_t distance, bool follow);

  int64_t refused = 0, differing = 0;
  double farthest = 0;

private:
  IndexRange rowsOf(int64_t granule) const {
    return {std::min(granule * router.granule, rows.size()), std::min((granule + 1) * router.granule, rows.size())};
  }
  double mass(int64_t row) const { return log2Add(state.log2Mass(row), promotedMass[row]); }
  Margins marginsOf(int64_t granule, const std::vector<double> &maxima) const;
  BlockTier decide(int64_t granule, const Margins &margins);
  void compare(BlockTier recorded, BlockTier own, const Margins &margins);

  const OnlineRouter &router;
  IndexRange rows;
  QueryBlock &state;
  int64_t most, granules;
  std::vector<double> promotedMass; ///< log2(x) of each row
  std::vector<double> lagged;       ///< mass before the block before, for massLags
  std::vector<int64_t> promotions;  ///< of each granule so far
};

} // namespace

Margins OnlineBlock::marginsOf(int64_t granule, const std::vector<double> &maxima) const {
  Margins margins;
  IndexRange range = rowsOf(granule);
  for (int64_t r = range.begin; r < range.end; ++r) {
    if (maxima[r] == -kInfinity)
      continue;
    double above = kLn2 * (maxima[r] - (router.massLags ? lagged[r] : mass(r)));
    if (std::isnan(above)) {
      margins.anyNaN = true;
      continue;
    }
    margins.anyRow = true;
    margins.promote = std::max(margins.promote, above - std::log(router.tau));
    margins.skip = std::max(margins.skip, router.skip > 0 ? above - std::log(router.skip) : kInfinity);
  }
  return margins;
}

BlockTier OnlineBlock::decide(int64_t granule, const Margins &margins) {
  if (margins.anyRow && margins.promote >= 0) {
    if (promotions[granule] < most)
      return BlockTier::High;
    ++refused;
    return BlockTier::Low;
  }
  return margins.anyRow && !margins.anyNaN && margins.skip < 0 ? BlockTier::Skip : BlockTier::Low;
}

void OnlineBlock::compare(BlockTier recorded, BlockTier own, const Margins &margins) {
  if (recorded == own)
    return;
  ++differing;
  auto involves = [&](BlockTier tier) { return recorded == tier || own == tier; };
  double distance = 0;
  if (involves(BlockTier::High))
    distance = std::max(distance, std::fabs(margins.promote));
  if (involves(BlockTier::Skip))
    distance = std::max(distance, std::fabs(margins.skip));
  // Past the cap, and without a row that could decide, no threshold stands between the two.
  bool explained = margins.anyRow && !(recorded == BlockTier::High && margins.promote >= 0) &&
                   !(recorded == BlockTier::Skip && margins.anyNaN);
  farthest = std::max(farthest, explained ? distance : kInfinity);
}

void OnlineBlock::sweepLow(const PrecisionTier &low, int64_t block, uint8_t *tiers, int64_t distance, bool follow) {
  std::vector<double> maxima = state.blockMaxima(low, block);
  std::vector<double> before(static_cast<size_t>(rows.size()));
  for (int64_t r = 0; r < rows.size(); ++r)
    before[r] = mass(r);
  std::vector<uint8_t> takes(static_cast<size_t>(rows.size()), 0);
  for (int64_t granule = 0; granule < granules; ++granule) {
    Margins margins = marginsOf(granule, maxima);
    BlockTier own = decide(granule, margins), tier = own;
    uint8_t &place = tiers[granule * distance];
    if (follow) {
      tier = static_cast<BlockTier>(place);
      compare(tier, own, margins);
    }
    place = static_cast<uint8_t>(tier);
    promotions[granule] += tier == BlockTier::High;
    IndexRange range = rowsOf(granule);
    for (int64_t r = range.begin; r < range.end; ++r) {
      takes[r] = tier == BlockTier::Low;
      if (tier == BlockTier::High)
        promotedMass[r] = log2Add(promotedMass[r], maxima[r]);
    }
  }
  state.addBlock(low, block, &takes);
  lagged = before;
}

namespace {

/// What all query blocks of one KV head share.
struct HeadProblem {
  const AttentionInputs &inputs;
  const AttentionShape &shape;
  const OnlineRouter &router;
  const EmulationPlan &plan;
  const KvTiles &lowKv, &highKv;
  bool follow;
};

} // namespace

static int64_t mostPromotions(const OnlineRouter &router, int64_t visible) {
  return router.topK ? *router.topK : (visible * router.ppm + RouteBudget::kWhole - 1) / RouteBudget::kWhole;
}

static void attendBlock(const HeadProblem &head, int64_t b, int64_t qHead, int64_t queryBlock, OnlineOutput &out,
                        std::mutex &mutex) {
  const AttentionShape &shape = head.shape;
  const EmulationPlan &plan = head.plan;
  IndexRange rows = plan.block.rows(shape, queryBlock), visible = visibleBlocks(shape, plan.block, queryBlock);
  int64_t firstOutput = (b * shape.qHeads + qHead) * shape.qLen + rows.begin;
  AttentionOutput &attention = out.attention;
  double *o = attention.o.data() + firstOutput * shape.valueDim;
  double *weight = attention.weight.empty() ? nullptr : attention.weight.data() + firstOutput * shape.valueDim;
  PrecisionTier high{head.highKv, readQueries(head.inputs, shape, b, qHead, rows, LowFormat::F16), plan.highP};
  PrecisionTier low{head.lowKv, readQueries(head.inputs, shape, b, qHead, rows, plan.low.qk), plan.lowP};

  RouteBudget seeds;
  seeds.sink = head.router.sink;
  seeds.local = head.router.local;
  ForcedBlocks forced = forcedBlocks(seeds, shape, plan.block, queryBlock);
  Decisions &decisions = out.decisions;
  auto tier = [&](int64_t granule, int64_t block) -> uint8_t & {
    return decisions.tiers[decisions.index(b, qHead, queryBlock, granule, block)];
  };

  QueryBlock state(shape, plan, rows, o, weight);
  for (int64_t block = visible.begin; block < visible.end; ++block) {
    if (!forced.contains(block))
      continue;
    for (int64_t granule = 0; granule < decisions.granules; ++granule)
      tier(granule, block) = static_cast<uint8_t>(BlockTier::High);
    state.addBlock(high, block);
  }
  OnlineBlock online(head.router, plan, rows, state, mostPromotions(head.router, visible.size()));
  for (int64_t block = visible.end - 1; block >= visible.begin; --block)
    if (!forced.contains(block))
      online.sweepLow(low, block, &tier(0, block), decisions.kvBlocks, head.follow);
  std::vector<uint8_t> takes(static_cast<size_t>(rows.size()));
  for (int64_t block = visible.end - 1; block >= visible.begin; --block) {
    if (forced.contains(block))
      continue;
    for (int64_t r = 0; r < rows.size(); ++r)
      takes[r] = tier(r / head.router.granule, block) == static_cast<uint8_t>(BlockTier::High);
    if (std::find(takes.begin(), takes.end(), 1) != takes.end())
      state.addBlock(high, block, &takes);
  }
  state.finish(attention.lse.data() + firstOutput);

  std::lock_guard<std::mutex> lock(mutex);
  out.refused += online.refused;
  out.differing += online.differing;
  out.farthest = std::max(out.farthest, online.farthest);
}

/// A seed runs high for every granule, whatever was recorded: such a difference has no threshold.
static void compareSeeds(const Decisions &recorded, OnlineOutput &out) {
  for (size_t n = 0; n < recorded.tiers.size(); ++n)
    if (recorded.tiers[n] != out.decisions.tiers[n]) {
      ++out.differing;
      out.farthest = kInfinity;
    }
}

Result<OnlineOutput> emulatedOnline(const AttentionInputs &inputs, const AttentionShape &shape,
                                    const OnlineRouter &router, const EmulationPlan &plan, const Decisions *recorded,
                                    const ReferenceOptions &options) {
  if (Status status = validate(inputs, shape); !status)
    return status;
  if (Status status = validate(plan, shape); !status)
    return status;
  if (Status status = validate(router, plan.block); !status)
    return status;
  if (recorded)
    if (Status status = validate(*recorded, shape, plan.block, router.granule); !status)
      return status;
  OnlineOutput out;
  out.decisions = recorded ? *recorded : Decisions::of(shape, plan.block, router.granule);
  out.attention = AttentionOutput::zeros(shape, options);
  std::mutex mutex;
  forQueryBlocks(inputs, shape, plan, options,
                 [&](const KvTiles &lowKv, const KvTiles &highKv, int64_t b, int64_t qHead, int64_t queryBlock) {
                   HeadProblem head{inputs, shape, router, plan, lowKv, highKv, recorded != nullptr};
                   attendBlock(head, b, qHead, queryBlock, out, mutex);
                 });
  if (recorded)
    compareSeeds(*recorded, out);
  return out;
}

} // namespace thrift
