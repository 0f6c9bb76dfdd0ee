//===- Arguments.h - what one launch works on -------------------------------===//
//
// All pointers are addresses on the plan's device, all sizes host values. A launch copies what it needs before it
// returns.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_ARGUMENTS_H
#define THRIFTJIT_RUNTIME_ARGUMENTS_H

#include "runtime/TensorView.h"

#include <cstdint>
#include <optional>

namespace thrift {

struct PackedKV;

/// The extents of one call, or the largest of all calls that a workspace must serve.
struct Extents {
  int64_t batch = 1, qHeads = 1, kvHeads = 1, qLen = 1, kvLen = 1;
};

/// Memory for intermediate results: address aligned to 256 bytes, of at least Plan::workspaceBytes(extents) bytes.
struct Workspace {
  void *data = nullptr;
  size_t bytes = 0;
};

/// The routes of one call, in the caller's memory. Counts i32 [batch, qHeads, ceil(qLen / blockQ)], ids i32
/// [batch, qHeads, ceil(qLen / blockQ), capacity], ascending; what lies past a count is undefined.
struct RouteBuffers {
  void *counts = nullptr;
  void *ids = nullptr;
  int64_t capacity = 0; ///< at least Plan::routeCapacity(extents)
};

/// What the online router decided, in the caller's memory.
struct DecisionBuffers {
  /// u8 [batch, qHeads, ceil(qLen / blockQ), blockQ / Plan::granule(), ceil(kvLen / blockKv)]: 0 not visible to the
  /// query block, 1 low, 2 high (a seed, or promoted), 3 skipped. Absent: not written.
  void *tiers = nullptr;
  /// i32 [batch, qHeads, ceil(qLen / blockQ), blockQ / Plan::granule(), 2]: promotions, seeds not counted, and how
  /// often a granule wanted one past its cap. Absent: into the workspace.
  void *counts = nullptr;
};

/// Rows of Q, K and V start at multiples of Spec::alignment bytes, those of O (and of Q at budget 1) of 4 bytes or
/// less; those that a kernel copies by tensor maps at multiples of 16, or the launch is refused.
struct AttentionArguments {
  TensorView q;                  ///< [batch, qHeads, qLen, headDim], any strides with the last dim contiguous
  TensorView k;                  ///< [batch, kvHeads, kvLen, headDim]
  TensorView v;                  ///< [batch, kvHeads, kvLen, valueDim]
  TensorView o;                  ///< [batch, qHeads, qLen, valueDim]; written
  std::optional<TensorView> lse; ///< [batch, qHeads, qLen] f32; written; natural log
  std::optional<float> scale;    ///< of the logits; 1 / sqrt(headDim) if absent

  /// K and V as Plan::quantize packed them before; absent: they are packed in the workspace on the way.
  const PackedKV *packed = nullptr;
  /// Where the routes go, for whoever wants to see them; absent: into the workspace.
  std::optional<RouteBuffers> routes;
  /// The same for a plan with the online router.
  std::optional<DecisionBuffers> decisions;
  /// Plan::watchdogBytes() bytes, aligned to 16 and zero, into which waits that give up are recorded; null where that
  /// is 0.
  void *watchdog = nullptr;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_ARGUMENTS_H
