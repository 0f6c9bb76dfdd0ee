//===- Routes.h - which blocks run high -------------------------------------------------------===//
//
// For each (batch, query head, query block) the set of KV blocks that run high; the visible rest runs low. The same
// arrays that the kernels read and write.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_ROUTES_H
#define THRIFTJIT_RUNTIME_REFERENCE_ROUTES_H

#include "runtime/reference/Visibility.h"

#include <vector>

namespace thrift {

/// Written past the end of a list, up to the capacity.
constexpr int32_t kNoBlock = -1;

struct Routes {
  int64_t batch = 0, heads = 0, queryBlocks = 0;
  int64_t capacity = 0;        ///< ids per list
  std::vector<int32_t> counts; ///< [batch][heads][queryBlocks]
  std::vector<int32_t> ids;    ///< [batch][heads][queryBlocks][capacity], ascending, then kNoBlock

  int64_t listIndex(int64_t b, int64_t head, int64_t queryBlock) const {
    return (b * heads + head) * queryBlocks + queryBlock;
  }
  const int32_t *list(int64_t index) const { return ids.data() + index * capacity; }

  /// Lays out one list per (batch, query head, query block) of `shape`, in that order. Ids must be ascending. A
  /// capacity of 0 means the longest list.
  static Routes fromLists(const AttentionShape &shape, const RoutingBlock &block,
                          const std::vector<std::vector<int32_t>> &lists, int64_t capacity = 0);
  /// Everything low, everything high.
  static Routes none(const AttentionShape &shape, const RoutingBlock &block);
  static Routes allVisible(const AttentionShape &shape, const RoutingBlock &block);
};

bool operator==(const Routes &a, const Routes &b);
inline bool operator!=(const Routes &a, const Routes &b) { return !(a == b); }

/// Extents and array sizes fit the problem, and counts lie in [0, capacity]. Says nothing about the ids.
Status validateLayout(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block);
/// The above, and each list is strictly ascending and visible: what normalize returns and the kernels expect.
Status validate(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block);

struct NormalizedRoutes {
  Routes routes;          ///< sorted, without duplicates, visible only; the capacity is kept
  int64_t invisible = 0;  ///< ids dropped because their query block does not see them or they do not exist
  int64_t duplicates = 0; ///< further mentions of a visible block in the same list
};

/// Cleans routes that a caller made; fails only where validateLayout does.
Result<NormalizedRoutes> normalize(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block);

/// Sum of all counts.
int64_t promotedBlocks(const Routes &routes);
/// Visible (query block, KV block) pairs over all batches and query heads.
int64_t visibleBlockPairs(const AttentionShape &shape, const RoutingBlock &block);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_ROUTES_H
