//===- MBarrierWait.cpp - waiting for a phase of an mbarrier ----------------===//
//
// PTX ISA "mbarrier.test_wait", "mbarrier.try_wait". try_wait may suspend the thread until the phase completes or a
// time limit is over: here it suspends until the phase completes. Its time is over now and then under random delivery,
// and where the instruction states a limit and nothing else in the CTA can happen.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrier.h"
#include "runtime/sim/ops/MBarrierForm.h"

#include <algorithm>
#include <array>

namespace thrift::sim {

namespace {

constexpr uint32_t kByParity = 1u << 8; ///< b is a parity, not a state
constexpr uint32_t kMaySuspend = 1u << 9;
constexpr uint32_t kRelaxed = 1u << 10;
constexpr uint32_t kHasLimit = 1u << 11; ///< c is a time in nanoseconds

// Under random delivery one in so many waits that would suspend gives up instead.
constexpr unsigned kGiveUp = 4;

/// The lanes of `lanes` whose phase has completed; `misuse` says what is wrong.
uint32_t completedLanes(Warp &warp, const Inst &inst, const MBarrier &barrier, uint32_t lanes, std::string &misuse) {
  uint32_t completed = 0;
  for (LaneIterator lane(lanes); lane && misuse.empty(); ++lane) {
    bool done = false;
    if (inst.flags & kByParity) {
      uint32_t parity = warp.plane<uint32_t>(inst.b)[*lane];
      // An H100 looks at the lowest bit, and Triton passes a negated flag with all its 32 bits.
      if (parity > 1 && warp.cta.launch.options.lints)
        warp.note(inst, Check::MBarrierMisuse, Severity::Warning, static_cast<int>(*lane),
                  "the parity of a phase is " + std::to_string(parity) + "; the ISA allows 0 and 1");
      done = MBarriers::isComplete(barrier, parity & 1);
    } else {
      misuse = MBarriers::isStateComplete(barrier, warp.plane<uint64_t>(inst.b)[*lane], done);
    }
    completed |= uint32_t(done) << *lane;
  }
  return completed;
}

/// Lanes whose phase has not completed.
struct Incomplete {
  MBarrier *barrier = nullptr;
  uint32_t lanes = 0;
};

/// d tells each lane whether its phase has completed.
Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  uint32_t pc = warp.indexOf(inst), completed = 0;
  std::array<Incomplete, kWarpSize> incomplete;
  size_t incompletes = 0;
  bool good = forEachMBarrier(warp, inst, mask, [&](uint32_t offset, uint32_t lanes) {
    std::string misuse = cta.mbarriers.use(cta, warp, pc, offset);
    if (!misuse.empty())
      return mbarrierOk(warp, inst, lanes, std::move(misuse));
    MBarrier *barrier = cta.mbarriers.find(offset);
    uint32_t done = completedLanes(warp, inst, *barrier, lanes, misuse);
    if (misuse.empty() && done != 0)
      misuse = cta.mbarriers.acquire(cta, warp, pc, *barrier, done, (inst.flags & kByParity) != 0,
                                     (inst.flags & kRelaxed) != 0);
    completed |= done;
    if (done != lanes)
      incomplete[incompletes++] = {barrier, lanes & ~done};
    return mbarrierOk(warp, inst, lanes, std::move(misuse));
  });
  if (!good)
    return Step::Fault;
  if (incompletes == 0) {
    warp.setPredicate(inst.d, mask, kFullMask);
    return Step::Next;
  }
  bool suspends = (inst.flags & kMaySuspend) != 0;
  if (suspends && cta.async.delivery() == Delivery::Random)
    suspends = cta.async.random()() % kGiveUp != 0;
  for (size_t i = 0; i < incompletes; ++i) {
    auto [barrier, lanes] = incomplete[i];
    if (!mbarrierOk(warp, inst, lanes, cta.mbarriers.await(warp, *barrier, lanes, suspends)))
      return Step::Fault;
    if (suspends)
      warp.park(inst, lanes, SplitState::WaitsMBarrier, barrier->offset);
    else
      barrier->polled = true;
  }
  if (suspends) {
    // A wait that ends with its time is one round of polling: a loop of them gets nowhere.
    warp.polled |= (inst.flags & kHasLimit) != 0;
    warp.setPredicate(inst.d, completed, kFullMask);
    return Step::Switch;
  }
  warp.setPredicate(inst.d, mask, completed);
  warp.polled = true;
  warp.stepAside();
  return Step::Yield;
}

/// The wait in which `split` is suspended gives up: its threads go on behind it, and count as threads that have polled.
void giveUp(Warp &warp, Split &split) {
  const Inst &inst = warp.code[split.pc];
  warp.setPredicate(inst.d, split.mask, 0);
  ++warp.cta.counts[split.pc++];
  MBarrier &barrier = *warp.cta.mbarriers.find(split.waitsFor);
  barrier.polled = true;
  for (MBarrierWaiter &waiter : barrier.waiters)
    if (waiter.warp == warp.index && waiter.lanes & split.mask)
      waiter.suspended = false;
  split.state = SplitState::Ready;
}

} // namespace

bool passTimeLimits(Cta &cta) {
  uint64_t shortest = 0; // the clock goes by no more than one of the limits
  bool any = false;
  for (const auto &warp : cta.warps)
    for (Split &split : warp->others) {
      if (split.state != SplitState::WaitsMBarrier || !(warp->code[split.pc].flags & kHasLimit))
        continue;
      uint32_t limit = warp->plane<uint32_t>(warp->code[split.pc].c)[lowestLane(split.mask)];
      shortest = any ? std::min<uint64_t>(shortest, limit) : limit;
      any = true;
      giveUp(*warp, split);
    }
  cta.clock += shortest;
  return any;
}

void decodeMBarrierWait(Form &form, bool maySuspend) {
  if (maySuspend)
    form.requireSm(90, "mbarrier.try_wait");
  bool byParity = form.take("parity");
  bool relaxed = takeMBarrierOrder(form, "acquire");
  if (takeMBarrier(form, 1))
    return form.invalid("a thread can only wait for an mbarrier of its own CTA");
  takeMBarrierType(form);
  form.inst.d = form.predicateDestination(0);
  form.b(2, byParity ? Ty::U32 : Ty::B64);
  if (maySuspend && form.operandCount() > 3)
    form.c(3, Ty::U32);
  form.inst.flags |= (byParity ? kByParity : 0) | (maySuspend ? kMaySuspend : 0) |
                     (maySuspend && form.operandCount() > 3 ? kHasLimit : 0) | (relaxed ? kRelaxed : 0);
  form.use(&runWait);
}

} // namespace thrift::sim
