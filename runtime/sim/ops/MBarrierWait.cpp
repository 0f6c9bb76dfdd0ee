//===- MBarrierWait.cpp - waiting for a phase of an mbarrier ----------------===//
//
// PTX ISA "mbarrier.test_wait", "mbarrier.try_wait". try_wait may suspend the thread until the phase completes or a
// time limit is over: here it suspends until the phase completes, and under random delivery the time is over now and
// then.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrier.h"
#include "runtime/sim/ops/MBarrierForm.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kByParity = 1u << 8; ///< b is a parity, not a state
constexpr uint32_t kMayBlock = 1u << 9;
constexpr uint32_t kRelaxed = 1u << 10;

// Under random delivery one in so many waits that would suspend gives up instead.
constexpr unsigned kGiveUp = 4;

/// The lanes of `lanes` whose phase has completed; `misuse` says what is wrong.
uint32_t completedLanes(Warp &warp, const Inst &inst, const MBarrier &barrier, uint32_t lanes, std::string &misuse) {
  uint32_t completed = 0;
  for (LaneIterator lane(lanes); lane; ++lane) {
    bool done;
    if (inst.flags & kByParity) {
      uint32_t parity = warp.plane<uint32_t>(inst.b)[*lane];
      if (parity > 1) {
        misuse = "the parity of a phase is " + std::to_string(parity) + "; allowed: 0 and 1";
        return 0;
      }
      done = MBarriers::isComplete(barrier, parity);
    } else {
      done = MBarriers::isStateComplete(barrier, warp.plane<uint64_t>(inst.b)[*lane]);
    }
    completed |= uint32_t(done) << *lane;
  }
  return completed;
}

/// d tells each lane whether its phase has completed.
Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  struct Wait {
    uint32_t offset, lanes;
  } waits[kWarpSize];
  unsigned waitCount = 0;
  uint32_t completed = 0;
  bool good = forEachMBarrier(warp, inst, mask, [&](uint32_t offset, uint32_t lanes) {
    MBarrier *barrier = cta.mbarriers.find(offset);
    if (!barrier)
      return mbarrierOk(warp, inst, lanes, cta.mbarriers.missing(cta, offset));
    std::string misuse;
    uint32_t done = completedLanes(warp, inst, *barrier, lanes, misuse);
    if (!misuse.empty())
      return mbarrierOk(warp, inst, lanes, std::move(misuse));
    if (done != 0 && !(inst.flags & kRelaxed))
      cta.mbarriers.acquire(cta, warp, *barrier);
    completed |= done;
    if (done != lanes)
      waits[waitCount++] = {offset, lanes & ~done};
    return true;
  });
  if (!good)
    return Step::Fault;
  if (waitCount == 0) {
    warp.setPredicate(inst.d, mask, kFullMask);
    return Step::Next;
  }
  bool blocks = (inst.flags & kMayBlock) != 0;
  if (blocks && cta.async.delivery() == Delivery::Random && cta.async.random()() % kGiveUp == 0)
    blocks = false;
  if (blocks) {
    warp.setPredicate(inst.d, completed, kFullMask);
    for (unsigned i = 0; i < waitCount; ++i)
      warp.park(inst, waits[i].lanes, SplitState::WaitsMBarrier, waits[i].offset);
    return Step::Switch;
  }
  warp.setPredicate(inst.d, mask, completed);
  for (unsigned i = 0; i < waitCount; ++i)
    cta.mbarriers.find(waits[i].offset)->polled = true;
  warp.polled = true;
  warp.stepAside();
  return Step::Yield;
}

} // namespace

void decodeMBarrierWait(Form &form, bool mayBlock) {
  if (mayBlock)
    requireSm(form, 90, "mbarrier.try_wait");
  bool byParity = form.take("parity");
  bool relaxed = takeMBarrierOrder(form, "acquire");
  if (takeMBarrier(form, 1))
    return form.invalid("a thread can only wait for an mbarrier of its own CTA");
  takeMBarrierType(form);
  form.inst.d = form.predicateDestination(0);
  form.b(2, byParity ? Ty::U32 : Ty::B64);
  if (mayBlock && form.operandCount() > 3)
    form.source(3, Ty::U32); // the time limit: there is no time here
  form.inst.flags |= (byParity ? kByParity : 0) | (mayBlock ? kMayBlock : 0) | (relaxed ? kRelaxed : 0);
  form.use(&runWait);
}

} // namespace thrift::sim
