//===- Plan.h - compiled attention, ready to launch -------------------------===//
//
//   Result<Plan> plan = context->plan(spec);
//   Result<size_t> bytes = plan->workspaceBytes(extents);      // exact, for extents up to these
//   Status s = plan->launch(arguments, workspace, stream);
//
// A launch allocates nothing, takes no lock, and does not wait: it can be captured in a CUDA graph. It starts
//
//   budget 0           quantize Q, K, V; prefill                   4 kernels
//   budget between     quantize Q, K, V; rank; prefill             5 kernels
//   budget 1           prefill                                     1 kernel
//   online router      quantize Q, K, V; prefill                   4 kernels
//
// and two fewer with a PackedKV; a V that is not lowered (`--low nvfp4:f16`) is not quantised. Plans are cheap to copy
// and may be used from any thread.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_PLAN_H
#define THRIFTJIT_RUNTIME_PLAN_H

#include "runtime/Arguments.h"
#include "runtime/PackedKV.h"
#include "runtime/Spec.h"
#include "runtime/Status.h"
#include "runtime/Watchdog.h"

#include <memory>
#include <string>
#include <vector>

namespace thrift {

struct PlanState;

/// A caller's CUstream, by value; the default is CUDA's legacy default stream. The simulator ignores it.
using NativeStream = void *;

/// One kernel of a plan, for people: what was compiled and from where it came.
struct PlanKernel {
  std::string name;   ///< "prefill"
  std::string origin; ///< "compiled" or "cache"
  double milliseconds = 0;
  std::string ptx;
};

class Plan {
public:
  const Spec &spec() const;
  /// The target's name, such as "sm_80".
  std::string target() const;
  /// "portable; FP4 is storage only, no speed-up".
  std::string lowering() const;
  /// What the user should know about the target asked for, or empty.
  std::string notice() const;
  const std::vector<PlanKernel> &kernels() const;
  /// Kernels that one launch starts.
  int launches(bool packed = false) const;

  /// Query rows that decide together in a plan with the online router; 0 in others.
  int64_t granule() const;

  /// Ids per query block that routes need at most, for extents up to these; 0 where the plan does not rank.
  int64_t routeCapacity(const Extents &extents) const;
  /// Exact for these extents, and enough for smaller ones. InvalidArgument where extents are out of range.
  Result<size_t> workspaceBytes(const Extents &extents, bool packed = false) const;
  /// Sizes and offsets of a packed cache of K and V. `data` is null.
  Result<PackedKV> packedLayout(const Extents &extents) const;

  /// Size of AttentionArguments::watchdog: 0 unless the spec asks for a watchdog and the kernels have waits that may
  /// hang.
  size_t watchdogBytes() const;
  /// What a launch has recorded there, from a copy of `watchdogBytes()` bytes in host memory.
  WatchdogReport readWatchdog(const void *records) const;

  /// Packs K and V: two kernels, one where V is not lowered.
  Status quantize(const TensorView &k, const TensorView &v, const PackedKV &packed,
                  NativeStream stream = nullptr) const;
  /// Attention. DeviceUnavailable for a plan of a context without a device.
  Status launch(const AttentionArguments &arguments, Workspace workspace, NativeStream stream = nullptr) const;
  /// The steps of a launch one by one, for timing them: "quantize", "rank", "prefill".
  Status launchStep(const std::string &step, const AttentionArguments &arguments, Workspace workspace,
                    NativeStream stream = nullptr) const;

private:
  friend class Context;
  friend const PlanState &stateOf(const Plan &plan);
  explicit Plan(std::shared_ptr<const PlanState> state) : state_(std::move(state)) {}
  std::shared_ptr<const PlanState> state_;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_PLAN_H
