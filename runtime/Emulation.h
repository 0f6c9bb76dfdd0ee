//===- Emulation.h - what a plan's kernels round ------------------------------===//
//
// The bridge from a plan to the float64 reference that its output is compared with:
//
//   Result<AttentionOutput> expected = emulated(inputs, shape, routes, emulationPlan(plan));
//   Result<OnlineOutput> expected = emulatedOnline(inputs, shape, onlineRouter(plan), emulationPlan(plan), &decisions);
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_EMULATION_H
#define THRIFTJIT_RUNTIME_EMULATION_H

#include "runtime/Plan.h"
#include "runtime/reference/EmulatedOnline.h"

namespace thrift {

/// Formats, order of blocks and denominator of the plan's prefill kernel.
EmulationPlan emulationPlan(const Plan &plan);

/// The online router of a plan that has one (Plan::granule), with thresholds in the f32 that its kernel gets.
OnlineRouter onlineRouter(const Plan &plan);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_EMULATION_H
