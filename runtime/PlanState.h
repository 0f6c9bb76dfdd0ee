//===- PlanState.h - what stands behind a plan ------------------------------===//

#ifndef THRIFTJIT_RUNTIME_PLANSTATE_H
#define THRIFTJIT_RUNTIME_PLANSTATE_H

#include "compiler/KernelSpec.h"
#include "compiler/targets/Target.h"
#include "runtime/Device.h"
#include "runtime/LaunchBinding.h"
#include "runtime/Plan.h"
#include "runtime/Watchdog.h"

#include <optional>

namespace thrift {

class Context;

/// A kernel that a plan launches.
struct PlannedKernel {
  std::shared_ptr<const LoadedKernel> loaded; ///< null in a context without a device
  LaunchBinding binding;
  std::vector<WatchedBarrier> barriers; ///< in its shared memory
};

struct PlanState {
  Spec spec;
  Budget budget = Budget::Mixed;
  int64_t granule = 0; ///< of the online router; 0 without one
  const Target *target = nullptr;
  std::shared_ptr<Context> context; ///< keeps device and modules alive
  std::shared_ptr<Device> device;   ///< may be null
  std::vector<PlanKernel> kernels;  ///< for people

  std::optional<PlannedKernel> quantizeQ, quantizeK, quantizeV, rank, prefill;
};

const PlanState &stateOf(const Plan &plan);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_PLANSTATE_H
