//===- Emulation.cpp - what a plan's kernels round ----------------------------===//

#include "runtime/Emulation.h"

#include "runtime/PlanState.h"

#include <cassert>

using namespace thrift;

EmulationPlan thrift::emulationPlan(const Plan &plan) {
  const Spec &spec = plan.spec();
  RoutingBlock block{spec.blockQ, spec.blockKv};
  Result<EmulationPlan> emulation = multipliesPacked(*stateOf(plan).target)
                                        ? EmulationPlan::sm100(*spec.low, spec.dtype, block)
                                        : EmulationPlan::portable(*spec.low, spec.dtype, block);
  assert(emulation && "a plan's dtype is f16 or bf16");
  return *emulation;
}

OnlineRouter thrift::onlineRouter(const Plan &plan) {
  const Spec &spec = plan.spec();
  OnlineRouter router;
  router.tau = static_cast<float>(spec.online.tau);
  router.skip = static_cast<float>(spec.online.skip);
  router.granule = plan.granule();
  router.sink = spec.online.sink;
  router.local = spec.online.local;
  router.ppm = budgetPpm(spec);
  router.topK = spec.topK;
  return router;
}
