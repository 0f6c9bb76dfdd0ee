//===- Cluster.cpp - barrier.cluster, mapa, getctarank ----------------------===//
//
// PTX ISA "barrier.cluster", "mapa", "getctarank". Every CTA is a cluster of its own: its rank is 0, and an address in
// .shared::cluster is one in .shared::cta.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Cluster.h"

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kAligned = 1, kRelaxed = 2;

Step runArrive(Warp &warp, const Inst &inst, uint32_t mask) {
  if ((inst.flags & kAligned) && mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  std::string misuse = warp.cta.cluster.arrive(warp.cta, warp, mask, (inst.flags & kRelaxed) != 0);
  if (misuse.empty())
    return Step::Next;
  return warp.fault(inst, Check::BarrierMisuse, static_cast<int>(lowestLane(mask)), std::move(misuse));
}

Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  if ((inst.flags & kAligned) && mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  uint32_t pending = 0;
  std::string misuse = warp.cta.cluster.wait(warp.cta, warp, mask, pending);
  if (!misuse.empty())
    return warp.fault(inst, Check::BarrierMisuse, static_cast<int>(lowestLane(mask)), std::move(misuse));
  return pending == 0 ? Step::Next : warp.park(inst, pending, SplitState::WaitsCluster);
}

/// d = a, which is already the address in the one CTA that there is.
template <typename T>
Step runMapa(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *ranks = warp.plane<uint32_t>(inst.b);
  const T *a = warp.plane<T>(inst.a);
  T *d = warp.plane<T>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane) {
    if (ranks[*lane] != 0)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(*lane),
                        "the rank is " + std::to_string(ranks[*lane]) + "; allowed: 0, the cluster has one CTA");
    d[*lane] = a[*lane];
  }
  return Step::Next;
}

/// flags: the address is generic.
Step runGetctarank(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *a = warp.plane<uint64_t>(inst.a);
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane) {
    if (inst.flags && (a[*lane] & kWindowMask) != kSharedWindow)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(*lane),
                        "the generic address is not in shared memory");
    d[*lane] = 0;
  }
  return Step::Next;
}

/// Takes the space and type of an address; true if it is wide, and the flag if it is generic.
bool takeAddressType(Form &form) {
  form.inst.flags = form.take("shared::cluster") ? 0 : 1;
  Ty type = form.type();
  if (type != Ty::U64 && (type != Ty::U32 || form.inst.flags)) // generic addresses have 64 bits
    form.noSuchForm();
  return type == Ty::U64;
}

void decodeMapa(Form &form) {
  form.requireSm(90, "mapa");
  bool wide = takeAddressType(form);
  form.d(0, wide ? 64 : 32), form.a(1, wide ? Ty::U64 : Ty::U32), form.b(2, Ty::U32);
  form.use(wide ? &runMapa<uint64_t> : &runMapa<uint32_t>);
}

void decodeGetctarank(Form &form) {
  form.requireSm(90, "getctarank");
  bool wide = takeAddressType(form);
  form.d(0, 32), form.a(1, wide ? Ty::U64 : Ty::U32);
  form.use(&runGetctarank);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"getctarank", Domain::Any, InstructionClass::Move, decodeGetctarank},
    {"mapa", Domain::Any, InstructionClass::Move, decodeMapa},
};

} // namespace

void decodeClusterBarrier(Form &form) {
  form.requireSm(90, "barrier.cluster");
  bool isWait = form.take("wait");
  if (!isWait && !form.take("arrive"))
    return form.noSuchForm();
  if (isWait)
    form.take("acquire");
  else if (form.takeOne({"release", "relaxed"}) == 1)
    form.inst.flags |= kRelaxed;
  if (form.take("aligned"))
    form.inst.flags |= kAligned;
  form.use(isWait ? &runWait : &runArrive);
}

OpcodeTable clusterOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
