//===- Barrier.cpp - bar, barrier and bar.warp.sync -------------------------===//
//
// PTX ISA "bar{.cta}, barrier{.cta}", "bar.warp.sync". `bar` is `barrier.aligned`: all live lanes of the warp must be
// there.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/ops/Cluster.h"
#include "runtime/sim/ops/Members.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kAligned = 1, kHasCount = 2;
constexpr unsigned kReductionShift = 8;

/// Operands: a barrier, b thread count, c predicate of a reduction, d its result.
bool barrierOperands(Warp &warp, const Inst &inst, uint32_t mask, uint32_t &barrier, uint32_t &threads) {
  const uint32_t *ids = warp.plane<uint32_t>(inst.a), *counts = warp.plane<uint32_t>(inst.b);
  unsigned lead = lowestLane(mask);
  barrier = ids[lead];
  threads = inst.flags & kHasCount ? counts[lead] : 0;
  for (LaneIterator lane(mask); lane; ++lane)
    if (ids[*lane] != barrier || (inst.flags & kHasCount && counts[*lane] != threads)) {
      warp.fault(inst, Check::BarrierMisuse, static_cast<int>(*lane),
                 "lanes of a warp disagree about the barrier or its thread count");
      return false;
    }
  if (inst.flags & kHasCount && threads == 0) {
    warp.fault(inst, Check::BarrierMisuse, static_cast<int>(lead), "thread count is 0; allowed: multiples of 32");
    return false;
  }
  return true;
}

Step runSync(Warp &warp, const Inst &inst, uint32_t mask) {
  if ((inst.flags & kAligned) && mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  uint32_t barrier, threads;
  if (!barrierOperands(warp, inst, mask, barrier, threads))
    return Step::Fault;
  Cta &cta = warp.cta;
  auto reduction = static_cast<Reduction>(inst.flags >> kReductionShift);
  uint32_t bits = reduction != Reduction::None ? warp.condition(inst.c) : 0;
  std::string misuse = cta.barriers.sync(cta, warp, inst, mask, barrier, threads, reduction, bits);
  if (!misuse.empty())
    return warp.fault(inst, Check::BarrierMisuse, static_cast<int>(lowestLane(mask)), std::move(misuse));
  Step step = warp.arrive(inst, mask, barrier);
  cta.barriers.settle(cta);
  return step;
}

Step runArrive(Warp &warp, const Inst &inst, uint32_t mask) {
  if ((inst.flags & kAligned) && mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  uint32_t barrier, threads;
  if (!barrierOperands(warp, inst, mask, barrier, threads))
    return Step::Fault;
  Cta &cta = warp.cta;
  std::string misuse = cta.barriers.arrive(cta, warp, mask, barrier, threads);
  if (!misuse.empty())
    return warp.fault(inst, Check::BarrierMisuse, static_cast<int>(lowestLane(mask)), std::move(misuse));
  cta.barriers.settle(cta);
  return Step::Next;
}

/// The lanes of a member mask may arrive at different instructions.
Step runWarpSync(Warp &warp, const Inst &inst, uint32_t mask) {
  if (inst.flags & kConstantMembers && static_cast<uint32_t>(inst.imm) == mask)
    return Step::Next;
  const uint32_t *members = warp.plane<uint32_t>(inst.a);
  for (uint32_t rest = mask; rest != 0;) {
    uint32_t value = members[lowestLane(rest)], group = 0;
    for (LaneIterator lane(rest); lane; ++lane)
      group |= uint32_t(members[*lane] == value) << *lane;
    rest &= ~group;
    if (group & ~value)
      return warp.fault(inst, Check::BadMask, static_cast<int>(lowestLane(group & ~value)),
                        "the lane is not in its own member mask");
    uint32_t arrived = group;
    for (const Split &split : warp.others)
      if (split.state == SplitState::WaitsWarp && split.waitsFor == value)
        arrived |= split.mask;
    if (arrived != (value & warp.live)) {
      Split split; // wherever the others arrive, this one goes on behind this instruction
      split.pc = warp.indexOf(inst);
      split.mask = group;
      split.frame = warp.frame;
      split.state = SplitState::WaitsWarp;
      split.waitsFor = value;
      warp.others.push_back(split);
      warp.mask &= ~group;
      --warp.cta.counts[split.pc];
      continue;
    }
    for (Split &split : warp.others)
      if (split.state == SplitState::WaitsWarp && split.waitsFor == value) {
        split.state = SplitState::Ready;
        ++split.pc;
      }
  }
  return warp.mask != 0 ? Step::Next : Step::Switch;
}

void takeCount(Form &form, size_t index) {
  form.inst.flags |= kHasCount;
  form.b(index, Ty::B32);
}

/// bar.red: `d, a {, b}, c`.
void decodeReduction(Form &form) {
  int operation = form.takeOne({"popc", "and", "or"});
  if (operation < 0)
    return form.noSuchForm();
  Ty type = form.type();
  if (operation == 0 && type == Ty::U32)
    form.d(0, 32);
  else if (operation != 0 && type == Ty::Pred)
    form.inst.d = form.predicateDestination(0);
  else
    return form.noSuchForm();
  form.inst.flags |= static_cast<uint32_t>(operation + 1) << kReductionShift;
  form.a(1, Ty::B32);
  if (form.operandCount() == 4)
    takeCount(form, 2);
  form.inst.c = form.predicateSource(form.operandCount() - 1);
  form.use(&runSync);
}

void decodeBarrier(Form &form, bool isBar) {
  if (isBar && form.take("warp")) {
    form.take("sync");
    takeMembers(form, 0, form.inst.a);
    return form.use(&runWarpSync);
  }
  if (!isBar && form.take("cluster"))
    return decodeClusterBarrier(form);
  form.take("cta");
  if (form.take("aligned") || isBar)
    form.inst.flags |= kAligned;
  switch (form.takeOne({"sync", "arrive", "red"})) {
  case 0:
    form.a(0, Ty::B32);
    if (form.operandCount() > 1)
      takeCount(form, 1);
    return form.use(&runSync);
  case 1:
    form.a(0, Ty::B32);
    takeCount(form, 1);
    return form.use(&runArrive);
  case 2:
    return decodeReduction(form);
  default:
    return form.noSuchForm();
  }
}
void decodeBar(Form &form) { decodeBarrier(form, true); }
void decodeLongBarrier(Form &form) { decodeBarrier(form, false); }

constexpr OpcodeEntry kOpcodes[] = {
    {"bar", Domain::Any, InstructionClass::Barrier, decodeBar},
    {"barrier", Domain::Any, InstructionClass::Barrier, decodeLongBarrier},
};

} // namespace

OpcodeTable barrierOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
