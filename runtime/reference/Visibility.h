//===- Visibility.h - which keys and blocks a query sees --------------------------------------===//
//
// The mask as ranges. Under every mask that exists (none, causal, sliding window) the keys of one query, and those of a
// run of queries, are consecutive.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_VISIBILITY_H
#define THRIFTJIT_RUNTIME_REFERENCE_VISIBILITY_H

#include "runtime/reference/AttentionProblem.h"

namespace thrift {

/// [begin, end); both 0 when empty.
struct IndexRange {
  int64_t begin = 0, end = 0;

  bool empty() const { return begin >= end; }
  int64_t size() const { return end - begin; }
  bool contains(int64_t index) const { return index >= begin && index < end; }
};

/// Keys that query `row` sees.
IndexRange visibleKeys(const AttentionShape &shape, int64_t row);
/// Keys that some query of [rowBegin, rowEnd) sees.
IndexRange visibleKeys(const AttentionShape &shape, int64_t rowBegin, int64_t rowEnd);

/// A routing block is q x kv tokens; the last ones may be partial.
struct RoutingBlock {
  int64_t q = 128, kv = 64;

  int64_t queryBlocks(const AttentionShape &shape) const { return (shape.qLen + q - 1) / q; }
  int64_t kvBlocks(const AttentionShape &shape) const { return (shape.kvLen + kv - 1) / kv; }
  /// Rows of a query block that exist.
  IndexRange rows(const AttentionShape &shape, int64_t queryBlock) const;
};

inline bool operator==(const RoutingBlock &a, const RoutingBlock &b) { return a.q == b.q && a.kv == b.kv; }
inline bool operator!=(const RoutingBlock &a, const RoutingBlock &b) { return !(a == b); }

Status validate(const RoutingBlock &block);

/// KV blocks that hold a key which some query of the query block sees.
IndexRange visibleBlocks(const AttentionShape &shape, const RoutingBlock &block, int64_t queryBlock);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_VISIBILITY_H
