//===- Tcgen05Sync.cpp - wait, fence and commit -------------------------------===//
//
// PTX ISA "tcgen05.wait", "tcgen05.fence", "tcgen05.commit". A wait is of a warp and for its own loads or stores. A
// commit is of a thread: the mbarrier gets one arrival when all mma and cp are complete that this very thread has
// issued before.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrierForm.h"
#include "runtime/sim/ops/MemoryForm.h"
#include "runtime/sim/ops/Tcgen05.h"

namespace thrift::sim {

namespace {

template <bool IsLoad>
Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Cta &cta = warp.cta;
  constexpr AsyncKind kKind = IsLoad ? AsyncKind::TmemLoad : AsyncKind::TmemStore;
  if (!cta.async.performAll(cta, [&](const AsyncOperation &each) { return each.kind == kKind && each.warp == &warp; }))
    return Step::Fault;
  if (IsLoad && cta.tmem)
    cta.tmem->dropLoaded(warp);
  if (cta.races) {
    AgentId stream = cta.races->streamOf(warp.index, IsLoad ? Stream::TmemLoad : Stream::TmemStore);
    cta.races->learn(warp.index, cta.races->latest(stream));
  }
  return Step::Next;
}

template <bool IsBefore>
Step runFence(Warp &warp, const Inst &, uint32_t) {
  if (HappensBefore *races = warp.cta.races.get())
    IsBefore ? races->fenceBeforeSync(warp.index) : races->fenceAfterSync(warp.index);
  return Step::Next;
}

class TmemCommit : public TmemOperation {
public:
  TmemCommit(Warp &warp, const Inst &inst, int lane, uint32_t offset)
      : TmemOperation(AsyncKind::TmemCommit, warp, inst, lane) {
    barrier = offset;
  }

  bool perform(Cta &cta) override {
    std::string error = cta.mbarriers.arriveAsync(cta, barrier, 1, epoch, &before);
    if (error.empty())
      return true;
    cta.report(pc, warp, lane, Severity::Error, Check::MBarrierMisuse, std::move(error));
    return false;
  }

  Knowledge before; ///< what the operations that it tracks came after

  /// An arrival that nobody waits for does no harm; what it tracks might.
  bool mayOutliveCta() const override {
    return !warp->cta.async.find(
        [&](const AsyncOperation &each) { return isTrackedKind(each.kind) && each.warp == warp && each.lane == lane; });
  }
};

/// The shared offset of the mbarrier that a lane names.
Step takeBarrier(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint32_t &offset) {
  std::string misuse = mbarrierOffset(warp.cta, windowOf(inst), address, offset);
  if (misuse.empty())
    misuse = warp.cta.mbarriers.use(warp.cta, warp, warp.indexOf(inst), offset);
  if (misuse.empty())
    return Step::Next;
  return warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(lane), std::move(misuse));
}

/// Whether a commit of this lane tracks anything.
Step checkTracks(Warp &warp, const Inst &inst, unsigned lane) {
  Tmem &tmem = warp.cta.tensorMemory();
  if (tmem.thread(warp, lane).uncommitted != 0)
    return Step::Next;
  for (unsigned other = 0; other < kWarpSize; ++other)
    if (uint32_t count = tmem.thread(warp, other).uncommitted)
      return warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(lane),
                        "the commit tracks nothing: a thread commits what it issued itself, and the last " +
                            std::to_string(count) + " operations of the warp are of lane " + std::to_string(other));
  if (warp.cta.launch.options.lints && !tmem.thread(warp, lane).hasCommitted)
    warp.note(inst, Check::MBarrierMisuse, Severity::Warning, static_cast<int>(lane),
              "the commit tracks nothing: the thread has issued no mma and no cp");
  return Step::Next;
}

/// Barrier a + imm, CTA mask b.
constexpr uint32_t kMulticast = 4;

Step runCommit(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  Tmem &tmem = cta.tensorMemory();
  alignas(64) uint64_t addresses[kWarpSize];
  laneAddresses(warp, inst, mask, addresses);
  for (LaneIterator lane(mask); lane; ++lane) {
    if (inst.flags & kMulticast)
      if (uint32_t ctas = warp.plane<uint32_t>(inst.b)[*lane]; ctas != 1)
        return warp.fault(inst, Check::BadOperand, static_cast<int>(*lane),
                          "the mask of CTAs is " + std::to_string(ctas) + "; allowed: 1, for a cluster has one CTA");
    uint32_t offset = 0;
    if (Step step = takeBarrier(warp, inst, *lane, addresses[*lane], offset); step != Step::Next)
      return step;
    if (Step step = checkTracks(warp, inst, *lane); step != Step::Next)
      return step;
    Tmem::Thread &thread = tmem.thread(warp, *lane);
    thread.hasCommitted |= thread.uncommitted != 0;
    thread.uncommitted = 0;
    auto commit = std::make_unique<TmemCommit>(warp, inst, static_cast<int>(*lane), offset);
    if (cta.races) {
      commit->epoch = cta.races->latest(cta.races->streamOf(warp.index, Stream::Tcgen05));
      commit->before = cta.races->learntBy(warp.index);
    }
    if (!cta.async.issue(cta, std::move(commit)))
      return Step::Fault;
  }
  return Step::Next;
}

} // namespace

void decodeTcgen05Wait(Form &form, bool isLoad) {
  takeAligned(form);
  form.use(isLoad ? &runWait<true> : &runWait<false>);
}

void decodeTcgen05Fence(Form &form, bool isBefore) { form.use(isBefore ? &runFence<true> : &runFence<false>); }

void decodeTcgen05Commit(Form &form) {
  takeCtaGroup(form);
  if (!form.take("mbarrier::arrive::one"))
    return form.invalid("the modifier .mbarrier::arrive::one is missing");
  takeType(form, "b64");
  takeSharedWindow(form, "shared::cluster", 0);
  takeAddress(form, 0);
  if (form.take("multicast::cluster")) {
    form.inst.flags |= kMulticast;
    form.inst.b = form.source(1, Ty::B16);
  }
  form.use(&runCommit);
}

} // namespace thrift::sim
