//===- Budget.h - how many blocks run high ----------------------------------------------------===//
//
// The size of a ranked router's choice for one query block that sees `visible` KV blocks, `forced` of which it must
// take. Integers throughout, so that host and device agree.
//
//   per row     0                                                          if ppm = 0
//               visible                                                    if ppm = 10^6
//               min(visible, max(minBlocks, forced, ceil(visible * ppm / 10^6)))   otherwise
//   top-k       min(visible, max(k, forced)), but 0 if k = 0; wins over ppm
//   published   min(visible, max(k, forced)) with one k for all rows (publishedTopK), but 0 and visible as per row
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_BUDGET_H
#define THRIFTJIT_RUNTIME_REFERENCE_BUDGET_H

#include "runtime/reference/Visibility.h"

#include <optional>

namespace thrift {

enum class BudgetRule { PerRow, Published };

struct RouteBudget {
  static constexpr int64_t kWhole = 1000000;

  BudgetRule rule = BudgetRule::PerRow;
  int64_t ppm = 50000;              ///< share of the visible blocks, in millionths
  std::optional<int64_t> topK = {}; ///< blocks per row instead of a share
  int64_t minBlocks = 3;            ///< per-row rule only
  int64_t sink = 0;                 ///< forced: the first blocks of the keys
  int64_t local = 0;                ///< forced: each block with a diagonal key of the query block, and local - 1 before

  /// round(10^6 f), where f lies in [0, 1].
  static Result<int64_t> ppmOf(double fraction);
};

bool operator==(const RouteBudget &a, const RouteBudget &b);
inline bool operator!=(const RouteBudget &a, const RouteBudget &b) { return !(a == b); }

/// Ranges, and that the published rule has the qLen = kvLen that its derivation assumes.
Status validate(const RouteBudget &budget, const AttentionShape &shape);

/// The k of the published rule for n KV blocks. Causal: the smaller root of k^2 - (2n+1) k + f n (n+1) = 0, which makes
/// sum_i min(i, k) the share f of n (n+1) / 2; otherwise f n. Rounded, ties to even, and clamped to [1, n].
/// (ThriftAttention, arXiv 2605.23081, and its code, resolve_top_k.)
int64_t publishedTopK(int64_t kvBlocks, int64_t ppm, bool causal);

/// The visible blocks among the forced ones: [begin, end) of `sink` and of `local`, which may overlap. A query whose
/// diagonal key does not exist counts as standing at the nearest key.
struct ForcedBlocks {
  IndexRange sink, local;

  bool contains(int64_t kvBlock) const { return sink.contains(kvBlock) || local.contains(kvBlock); }
  int64_t count() const;
};
ForcedBlocks forcedBlocks(const RouteBudget &budget, const AttentionShape &shape, const RoutingBlock &block,
                          int64_t queryBlock);

/// How many blocks of `queryBlock` run high: the formulas above, of valid arguments.
int64_t promotedCount(const RouteBudget &budget, const AttentionShape &shape, const RoutingBlock &block,
                      int64_t queryBlock);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_BUDGET_H
