//===- DeviceRun.h - runs a plan on tensors in host memory --------------------===//
//
// Copies Q, K and V to a device once, then runs plans on them:
//
//   Result<DeviceTensors> tensors = DeviceTensors::copy(device, input.tensors);
//   Result<PlanRun> run = runPlan(plan, *tensors, scale);
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_DEVICERUN_H
#define THRIFTJIT_TOOLS_THRIFTJIT_DEVICERUN_H

#include "runtime/Device.h"
#include "runtime/Plan.h"
#include "runtime/reference/AttentionProblem.h"
#include "runtime/reference/Decisions.h"

#include <optional>
#include <vector>

namespace thrift {

class DeviceTensors {
public:
  /// `inputs` are row-major.
  static Result<DeviceTensors> copy(std::shared_ptr<Device> device, const AttentionInputs &inputs);

  const AttentionInputs &views() const { return views_; }
  Device &device() const { return *device_; }
  Stream stream() const { return stream_; }

private:
  std::shared_ptr<Device> device_;
  OwnedStream stream_;
  Buffer q_, k_, v_;
  AttentionInputs views_; ///< on the device
};

/// Microseconds of one launch of each step, by the device's events: device time on a GPU, where a launch before it
/// warmed caches and clocks up; wall time on the simulator. Empty where the plan has no such step.
struct StepTimes {
  std::optional<double> quantize, rank, attention;
};

struct PlanRun {
  std::vector<uint16_t> o; ///< [batch, qHeads, qLen, valueDim] in the inputs' type
  std::vector<float> lse;  ///< [batch, qHeads, qLen]
  Routes routes;       ///< what the rank kernel wrote; none or all visible where the plan does not rank; online: the
                       ///< union of the decisions of each query block's granules
  Decisions decisions; ///< online only, and the two counts of each granule
  std::vector<int32_t> decisionCounts;
  StepTimes times;
};

/// Outputs and routes are filled with NaN and -1 first, so that nothing which a kernel leaves out passes unseen.
/// DeviceError for routes that are no routes, for decisions that are none, and where waits gave up, of which `hung`
/// gets the watchdog's report, also where the device reports an error of its own.
Result<PlanRun> runPlan(const Plan &plan, const DeviceTensors &tensors, const AttentionShape &shape,
                        WatchdogReport *hung = nullptr);

/// Whether the plan ranks blocks, decides about them online, or runs them all in one precision.
enum class PlanKind { AllLow, Ranked, Online, AllHigh };
PlanKind kindOf(const Plan &plan);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_DEVICERUN_H
