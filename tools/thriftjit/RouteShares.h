//===- RouteShares.h - how much was asked to run high, and how much did -------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_ROUTESHARES_H
#define THRIFTJIT_TOOLS_THRIFTJIT_ROUTESHARES_H

#include "runtime/Spec.h"
#include "runtime/reference/Budget.h"
#include "runtime/reference/Routes.h"

#include <string>
#include <vector>

namespace thrift {

/// Why a router takes more or fewer blocks than asked: a reason in words, and by how many blocks (fractions of a block
/// included) over all lists.
struct ShareReason {
  std::string what;
  double blocks = 0;
};

/// Pairs of query block and KV block, over all batches and query heads.
struct RouteShares {
  int64_t visible = 0;              ///< pairs that hold an unmasked (query, key)
  double asked = 0;                 ///< the budget's share of them, or top-k of every list; not rounded
  int64_t decided = 0;              ///< in the router's lists
  int64_t executed = 0;             ///< of these, the ones that a kernel runs high: visible, and counted once
  std::vector<ShareReason> reasons; ///< they add up to decided - asked

  double share(double blocks) const { return visible ? blocks / static_cast<double>(visible) : 0; }
};

/// The router's part of `spec`.
RouteBudget routeBudget(const Spec &spec);

Result<RouteShares> routeShares(const Spec &spec, const AttentionShape &shape, const Routes &routes);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_ROUTESHARES_H
