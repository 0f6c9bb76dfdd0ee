//===- Fence.cpp - membar, fence and the proxies ----------------------------===//
//
// PTX ISA "membar/fence". One host thread runs a CTA in program order and host memory is coherent, so that a fence has
// nothing to do but to tell the happens-before checker.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/TensorMap.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

Step runNothing(Warp &, const Inst &, uint32_t) { return Step::Next; }

constexpr uint32_t kReleases = 1, kAcquires = 2;

/// A fence matters where arrivals or waits are relaxed; all others order by themselves.
Step runFence(Warp &warp, const Inst &inst, uint32_t) {
  HappensBefore *races = warp.cta.races.get();
  if (races && inst.flags & kAcquires)
    races->acquireFence(warp.index);
  if (races && inst.flags & kReleases)
    races->releaseFence(warp.index);
  return Step::Next;
}

Step runInitFence(Warp &warp, const Inst &, uint32_t) {
  warp.cta.mbarriers.fenceInit(warp.cta, warp);
  return Step::Next;
}

/// What the warp knows of shared memory, the async proxy sees from here on.
Step runProxyFence(Warp &warp, const Inst &, uint32_t) {
  if (warp.cta.races)
    warp.cta.races->fenceProxy(warp.index);
  return Step::Next;
}

/// A tensor map that was written through the generic proxy is about to be used: `[addr], 128`.
Step runTensorMapAcquire(Warp &warp, const Inst &inst, uint32_t mask) {
  Places places;
  Step step = resolve(Window::Generic, warp, inst, mask, kTensorMapBytes, 1, false, places);
  if (step == Step::Next && places.isShared)
    return warp.fault(inst, Check::BadOperand, static_cast<int>(lowestLane(mask)),
                      "the address of a tensor map is in shared memory; allowed: global memory");
  return step;
}

void takeScope(Form &form) {
  if (form.takeOne({"cta", "cluster", "gpu", "sys"}) < 0)
    form.invalid("a scope is missing");
}

/// `.release.sync_restrict::shared::cta.cluster` or `.acquire.sync_restrict::shared::cluster.cluster`: the direction.
uint32_t takeRestricted(Form &form) {
  bool releases = form.take("sync_restrict::shared::cta");
  if (!releases && !form.take("sync_restrict::shared::cluster"))
    form.noSuchForm();
  if (!form.take(releases ? "release" : "acquire") || !form.take("cluster"))
    form.noSuchForm();
  return releases ? kReleases : kAcquires;
}

void decodeTensorMapFence(Form &form) {
  int order = form.takeOne({"release", "acquire"});
  takeScope(form);
  if (order == 0)
    return form.use(&runNothing);
  if (order < 0)
    return form.noSuchForm();
  takeAddress(form, 0);
  if (int64_t size = form.immediate(1); size != int64_t(kTensorMapBytes))
    return form.invalid("the size is " + std::to_string(size) + "; allowed: 128");
  form.use(&runTensorMapAcquire);
}

/// After `.proxy`.
void decodeProxyFence(Form &form) {
  switch (form.takeOne({"alias", "async", "async::generic", "tensormap::generic"})) {
  case 0:
    return form.use(&runNothing);
  case 1:
    form.requireSm(90, "fence.proxy.async");
    if (form.take("global")) // no clocks are kept for global memory
      return form.use(&runNothing);
    form.takeOne({"shared::cta", "shared::cluster"});
    return form.use(&runProxyFence);
  case 2:
    // One half of a pair: prior generic accesses here, later asynchronous ones there. Either half is enough here.
    form.requireSm(90, "fence.proxy.async");
    takeRestricted(form);
    return form.use(&runProxyFence);
  case 3:
    form.requireSm(90, "fence.proxy.tensormap");
    return decodeTensorMapFence(form);
  default:
    return form.noSuchForm();
  }
}

void decodeFence(Form &form) {
  if (form.take("proxy"))
    return decodeProxyFence(form);
  if (form.take("mbarrier_init")) {
    form.requireSm(90, "fence.mbarrier_init");
    if (!form.take("release") || !form.take("cluster"))
      return form.noSuchForm();
    return form.use(&runInitFence);
  }
  if (form.opcode().has("sync_restrict::shared::cta") || form.opcode().has("sync_restrict::shared::cluster")) {
    form.requireSm(90, "sync_restrict");
    form.inst.flags = takeRestricted(form);
    return form.use(&runFence);
  }
  int order = form.takeOne({"sc", "acq_rel", "acquire", "release"});
  if (order > 1)
    form.requireSm(90, "a fence in one direction");
  takeScope(form);
  form.inst.flags = order == 2 ? kAcquires : order == 3 ? kReleases : kAcquires | kReleases;
  form.use(&runFence);
}

/// fence.sc under its old name.
void decodeMembar(Form &form) {
  if (form.take("proxy"))
    return decodeProxyFence(form);
  if (form.takeOne({"cta", "gl", "sys"}) < 0)
    return form.noSuchForm();
  form.inst.flags = kAcquires | kReleases;
  form.use(&runFence);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"fence", Domain::Any, InstructionClass::Barrier, decodeFence},
    {"membar", Domain::Any, InstructionClass::Barrier, decodeMembar},
};

} // namespace

OpcodeTable fenceOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
