//===- RouteShares.cpp - how much was asked to run high, and how much did -----===//

#include "tools/thriftjit/RouteShares.h"

#include <algorithm>
#include <cmath>

using namespace thrift;

RouteBudget thrift::routeBudget(const Spec &spec) {
  RouteBudget budget;
  budget.rule = spec.rule == "published" ? BudgetRule::Published : BudgetRule::PerRow;
  budget.ppm = budgetPpm(spec);
  budget.topK = spec.topK;
  budget.minBlocks = spec.minBlocks;
  budget.sink = spec.sink;
  budget.local = spec.local;
  return budget;
}

namespace {

/// One list's way from the share that was asked for to the count that the rule gives, step by step.
class Steps {
public:
  Steps(const RouteBudget &budget, const AttentionShape &shape, const RoutingBlock &block)
      : budget(budget), shape(shape), block(block) {}

  /// Returns what was asked for the list.
  double add(int64_t queryBlock);
  std::vector<ShareReason> reasons() const;

private:
  double minimum = 0, ceiling = 0, constant = 0, forced = 0, tooFew = 0;

  const RouteBudget &budget;
  const AttentionShape &shape;
  const RoutingBlock &block;
};

} // namespace

double Steps::add(int64_t queryBlock) {
  int64_t visible = visibleBlocks(shape, block, queryBlock).size();
  double asked = budget.topK ? static_cast<double>(*budget.topK)
                             : static_cast<double>(visible) * static_cast<double>(budget.ppm) / RouteBudget::kWhole;
  bool nothing = budget.topK ? *budget.topK == 0 : budget.ppm == 0;
  if (nothing || (!budget.topK && budget.ppm == RouteBudget::kWhole))
    return asked;
  double count = asked;
  auto step = [&](double next, double &reason) {
    reason += next - count;
    count = next;
  };
  if (!budget.topK && budget.rule == BudgetRule::Published) {
    step(static_cast<double>(publishedTopK(block.kvBlocks(shape), budget.ppm, shape.causal)), constant);
  } else if (!budget.topK) {
    step(std::ceil(asked), ceiling);
    step(std::max(count, static_cast<double>(std::min(budget.minBlocks, visible))), minimum);
  }
  step(std::max(count, static_cast<double>(forcedBlocks(budget, shape, block, queryBlock).count())), forced);
  step(std::min(count, static_cast<double>(visible)), tooFew);
  return asked;
}

std::vector<ShareReason> Steps::reasons() const {
  std::vector<ShareReason> all = {
      {"ceil: each query block rounds up to whole blocks", ceiling},
      {"min_blocks: at least " + std::to_string(budget.minBlocks) + " in every query block", minimum},
      {"rule published: one count for all query blocks", constant},
      {"forced: sink and local blocks", forced},
      {"query blocks that see fewer blocks than that", tooFew},
  };
  // What adds up to less than a thousandth of a block is a rounding of this sum.
  all.erase(
      std::remove_if(all.begin(), all.end(), [](const ShareReason &reason) { return std::fabs(reason.blocks) < 1e-3; }),
      all.end());
  return all;
}

Result<RouteShares> thrift::routeShares(const Spec &spec, const AttentionShape &shape, const Routes &routes) {
  RoutingBlock block{spec.blockQ, spec.blockKv};
  Result<NormalizedRoutes> executed = normalize(routes, shape, block);
  if (!executed)
    return executed.status();
  RouteShares shares;
  shares.visible = visibleBlockPairs(shape, block);
  shares.decided = promotedBlocks(routes);
  shares.executed = promotedBlocks(executed->routes);
  RouteBudget budget = routeBudget(spec);
  Steps steps(budget, shape, block);
  for (int64_t list = 0, lists = shape.batch * shape.qHeads; list < lists; ++list)
    for (int64_t queryBlock = 0; queryBlock < block.queryBlocks(shape); ++queryBlock)
      shares.asked += steps.add(queryBlock);
  shares.reasons = steps.reasons();
  return shares;
}
