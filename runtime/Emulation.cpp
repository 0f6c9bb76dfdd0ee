//===- Emulation.cpp - what a plan's kernels round ----------------------------===//

#include "runtime/Emulation.h"

#include "runtime/PlanState.h"

#include <cassert>

using namespace thrift;

EmulationPlan thrift::emulationPlan(const Plan &plan) {
  const Spec &spec = plan.spec();
  assert(stateOf(plan).target->lowering == "portable" && "a lowering states what it rounds here");
  Result<EmulationPlan> emulation = EmulationPlan::portable(spec.low, spec.dtype, {spec.blockQ, spec.blockKv});
  assert(emulation && "a plan's dtype is f16 or bf16");
  // The kernel sums the probabilities before they are rounded, as the reference's portable rule has it.
  return *emulation;
}
