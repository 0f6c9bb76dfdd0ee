//===- Budget.cpp - how many blocks run high --------------------------------------------------===//

#include "runtime/reference/Budget.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace thrift {

bool operator==(const RouteBudget &a, const RouteBudget &b) {
  return a.rule == b.rule && a.ppm == b.ppm && a.topK == b.topK && a.minBlocks == b.minBlocks && a.sink == b.sink &&
         a.local == b.local;
}

Result<int64_t> RouteBudget::ppmOf(double fraction) {
  if (!(fraction >= 0 && fraction <= 1))
    return Status::invalid("budget", std::to_string(fraction), "0 to 1");
  return static_cast<int64_t>(std::llround(fraction * kWhole));
}

Status validate(const RouteBudget &budget, const AttentionShape &shape) {
  constexpr int64_t kMostBlocks = int64_t(1) << 31;
  if (budget.ppm < 0 || budget.ppm > RouteBudget::kWhole)
    return Status::invalid("ppm", std::to_string(budget.ppm), "0 to 1000000");
  struct Count {
    const char *field;
    int64_t value;
  };
  for (const Count &count : {Count{"top_k", budget.topK.value_or(0)}, Count{"min_blocks", budget.minBlocks},
                             Count{"sink", budget.sink}, Count{"local", budget.local}})
    if (count.value < 0 || count.value > kMostBlocks)
      return Status::invalid(count.field, std::to_string(count.value), "0 to 2^31");
  if (budget.rule == BudgetRule::Published && shape.qLen != shape.kvLen)
    return Status::invalid(
        "rule", "published with q_len " + std::to_string(shape.qLen) + " and kv_len " + std::to_string(shape.kvLen),
        "published where q_len equals kv_len; per_row everywhere");
  return Status::ok();
}

int64_t publishedTopK(int64_t kvBlocks, int64_t ppm, bool causal) {
  double n = static_cast<double>(kvBlocks), f = static_cast<double>(ppm) / RouteBudget::kWhole;
  double k = f * n;
  if (causal)
    k = ((2 * n + 1) - std::sqrt((2 * n + 1) * (2 * n + 1) - 4 * f * n * (n + 1))) / 2;
  auto rounded = static_cast<int64_t>(std::nearbyint(k));
  return std::max<int64_t>(1, std::min(rounded, kvBlocks));
}

static IndexRange intersect(IndexRange a, IndexRange b) {
  IndexRange both{std::max(a.begin, b.begin), std::min(a.end, b.end)};
  return both.empty() ? IndexRange{} : both;
}

int64_t ForcedBlocks::count() const { return sink.size() + local.size() - intersect(sink, local).size(); }

ForcedBlocks forcedBlocks(const RouteBudget &budget, const AttentionShape &shape, const RoutingBlock &block,
                          int64_t queryBlock) {
  IndexRange visible = visibleBlocks(shape, block, queryBlock);
  if (visible.empty())
    return {};
  ForcedBlocks forced;
  forced.sink = intersect({0, budget.sink}, visible);
  if (budget.local > 0) {
    IndexRange rows = block.rows(shape, queryBlock);
    // A row's diagonal key may lie before the first key, never behind the last one.
    auto blockOfDiagonal = [&](int64_t row) { return std::max<int64_t>(row + shape.diagonal(), 0) / block.kv; };
    int64_t begin = blockOfDiagonal(rows.begin) - (budget.local - 1);
    forced.local = intersect({begin, blockOfDiagonal(rows.end - 1) + 1}, visible);
  }
  return forced;
}

int64_t promotedCount(const RouteBudget &budget, const AttentionShape &shape, const RoutingBlock &block,
                      int64_t queryBlock) {
  int64_t visible = visibleBlocks(shape, block, queryBlock).size();
  int64_t forced = forcedBlocks(budget, shape, block, queryBlock).count();
  if (budget.topK)
    return *budget.topK == 0 ? 0 : std::min(visible, std::max(*budget.topK, forced));
  if (budget.ppm == 0)
    return 0;
  if (budget.ppm == RouteBudget::kWhole)
    return visible;
  if (budget.rule == BudgetRule::Published) {
    int64_t k = publishedTopK(block.kvBlocks(shape), budget.ppm, shape.causal);
    return std::min(visible, std::max(k, forced));
  }
  int64_t share = (visible * budget.ppm + RouteBudget::kWhole - 1) / RouteBudget::kWhole;
  return std::min(visible, std::max({budget.minBlocks, forced, share}));
}

} // namespace thrift
