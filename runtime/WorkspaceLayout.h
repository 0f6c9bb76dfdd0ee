//===- WorkspaceLayout.h - where intermediate results lie -------------------===//
//
// Sizes and offsets of everything that a launch needs beside the caller's tensors, computed from extents alone, so that
// a caller can allocate once for the largest case. Every part starts at a multiple of 256 bytes.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_WORKSPACELAYOUT_H
#define THRIFTJIT_RUNTIME_WORKSPACELAYOUT_H

#include "runtime/PlanState.h"

namespace thrift {

struct WorkspaceLayout {
  /// Offsets in bytes; meaningful only for the parts that the plan needs.
  size_t queryElements = 0, queryScales = 0, queryMeans = 0;
  size_t packed = 0; ///< a PackedKV
  size_t scores = 0, routeCounts = 0, routeIds = 0;
  size_t decisionSets = 0, decisionCounts = 0; ///< of the online router
  size_t end = 0;
  int64_t routeCapacity = 0;
};

/// Extents are positive, heads divide, and everything fits the 32-bit dimensions of the kernels.
Status validateExtents(const Extents &extents, const Spec &spec);

/// Most blocks that the router may choose for one query block.
int64_t routeCapacity(const Spec &spec, Budget budget, const Extents &extents);

/// In the packed layout of the plan's target.
PackedKV packedLayout(const PlanState &plan, const Extents &extents);

WorkspaceLayout workspaceLayout(const PlanState &plan, const Extents &extents, bool packed);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_WORKSPACELAYOUT_H
