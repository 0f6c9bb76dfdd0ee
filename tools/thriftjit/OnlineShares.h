//===- OnlineShares.h - what the online router decided, in numbers ------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_ONLINESHARES_H
#define THRIFTJIT_TOOLS_THRIFTJIT_ONLINESHARES_H

#include "runtime/Spec.h"
#include "runtime/reference/Decisions.h"

namespace thrift {

/// Counts of pairs: a granule of query rows that exist, and a KV block that its query block sees.
struct OnlineShares {
  int64_t granule = 0;             ///< rows
  int64_t visible = 0;             ///< all pairs
  int64_t seeds = 0, promoted = 0; ///< that ran high
  int64_t skipped = 0;
  int64_t refused = 0;             ///< wanted high past the cap, and stayed low
  int64_t blocks = 0, visited = 0; ///< of whole query blocks: visible, and those that some granule took high

  double share(int64_t pairs) const { return visible ? static_cast<double>(pairs) / static_cast<double>(visible) : 0; }
};

/// `counts` are those of DecisionBuffers.
OnlineShares onlineShares(const Spec &spec, const AttentionShape &shape, int64_t granule, const Decisions &decisions,
                          const std::vector<int32_t> &counts);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_ONLINESHARES_H
