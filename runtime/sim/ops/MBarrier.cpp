//===- MBarrier.cpp - mbarrier: objects and transactions --------------------===//
//
// PTX ISA "mbarrier": init, inval, expect_tx, complete_tx, pending_count. Arrivals are in MBarrierArrive.cpp, waits in
// MBarrierWait.cpp, the rules in machine/MBarriers.h.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrier.h"

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/MBarrierForm.h"

namespace thrift::sim {

namespace {

/// The bytes of an mbarrier begin or end a life: a write, for those who use them as memory before or after.
bool ownBytes(Warp &warp, const Inst &inst, unsigned lane, uint32_t offset) {
  Cta &cta = warp.cta;
  if (!cta.races)
    return true;
  Actor actor = cta.races->warpActor(warp.index, warp.indexOf(inst));
  return cta.orderShared(actor, warp, static_cast<int>(lane), {offset, kMBarrierBytes}, true, "the write") ==
         Step::Next;
}

/// Each lane changes the barrier that it names, one after the other; `change(offset, lane)` returns what is wrong.
template <bool kOwnsBytes, typename Change>
Step forEachChange(Warp &warp, const Inst &inst, uint32_t mask, Change change) {
  bool good = forEachMBarrier(warp, inst, mask, [&](uint32_t offset, uint32_t lanes) {
    for (LaneIterator lane(lanes); lane; ++lane)
      if (!mbarrierOk(warp, inst, 1u << *lane, change(offset, *lane)) ||
          (kOwnsBytes && !ownBytes(warp, inst, *lane, offset)))
        return false;
    return true;
  });
  return good ? Step::Next : Step::Fault;
}

/// A second lane that initialises the same barrier is told so.
Step runInit(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *counts = warp.plane<uint32_t>(inst.b);
  return forEachChange<true>(warp, inst, mask, [&](uint32_t offset, unsigned lane) {
    return warp.cta.mbarriers.init(warp.cta, warp, warp.indexOf(inst), offset, counts[lane]);
  });
}

Step runInval(Warp &warp, const Inst &inst, uint32_t mask) {
  return forEachChange<true>(warp, inst, mask, [&](uint32_t offset, unsigned) {
    return warp.cta.mbarriers.invalidate(warp.cta, warp, offset);
  });
}

Step runExpect(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *bytes = warp.plane<uint32_t>(inst.b);
  return forEachChange<false>(warp, inst, mask, [&](uint32_t offset, unsigned lane) {
    return warp.cta.mbarriers.expectTx(warp.cta, warp, warp.indexOf(inst), offset, bytes[lane]);
  });
}

/// What a copy does when it is complete, but for the copy.
Step runComplete(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *bytes = warp.plane<uint32_t>(inst.b);
  return forEachChange<false>(warp, inst, mask, [&](uint32_t offset, unsigned lane) {
    return warp.cta.mbarriers.completeTx(warp.cta, offset, bytes[lane], kNoEpoch);
  });
}

Step runPendingCount(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *states = warp.plane<uint64_t>(inst.a);
  uint32_t *counts = warp.plane<uint32_t>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane)
    counts[*lane] = MBarriers::pendingOf(states[*lane]);
  return Step::Next;
}

void decodeObject(Form &form, Handler handler) {
  if (takeMBarrier(form, 0))
    return form.invalid("only an mbarrier of the own CTA can be initialised or invalidated");
  takeMBarrierType(form);
  form.use(handler);
}

void decodeTransaction(Form &form, Handler handler) {
  form.requireSm(90, "a transaction count");
  takeMBarrierOrder(form, "relaxed"); // the only order there is
  takeMBarrier(form, 0);
  takeMBarrierType(form);
  form.b(1, Ty::U32);
  form.use(handler);
}

void decodeMBarrier(Form &form) {
  form.requireSm(80, "mbarrier");
  switch (form.takeOne({"init", "inval", "arrive", "arrive_drop", "expect_tx", "complete_tx", "pending_count",
                        "test_wait", "try_wait"})) {
  case 0:
    decodeObject(form, &runInit);
    return form.b(1, Ty::U32);
  case 1:
    return decodeObject(form, &runInval);
  case 2:
    return decodeMBarrierArrive(form, false);
  case 3:
    return decodeMBarrierArrive(form, true);
  case 4:
    return decodeTransaction(form, &runExpect);
  case 5:
    return decodeTransaction(form, &runComplete);
  case 6:
    takeMBarrierType(form);
    form.d(0, 32), form.a(1, Ty::B64);
    return form.use(&runPendingCount);
  case 7:
    return decodeMBarrierWait(form, false);
  case 8:
    return decodeMBarrierWait(form, true);
  default:
    return form.noSuchForm();
  }
}

constexpr OpcodeEntry kOpcodes[] = {
    {"mbarrier", Domain::Any, InstructionClass::Barrier, decodeMBarrier},
};

} // namespace

OpcodeTable mbarrierOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
