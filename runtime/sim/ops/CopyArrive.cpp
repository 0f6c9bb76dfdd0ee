//===- CopyArrive.cpp - cp.async.mbarrier.arrive ----------------------------===//
//
// PTX ISA "cp.async.mbarrier.arrive": an arrival that the system makes for the thread once all its earlier cp.async are
// complete. Without .noinc the current phase waits for one arrival more, so that its count stays what it was.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrier.h"
#include "runtime/sim/ops/MBarrierForm.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kNoIncrement = 1u << 8;

/// The arrivals of some lanes of one warp at one barrier.
class CopyArrival : public AsyncOperation {
public:
  CopyArrival(Warp &warp, const Inst &inst, uint32_t lanes, uint32_t offset)
      : AsyncOperation(AsyncKind::CopyArrive, warp, inst, static_cast<int>(lowestLane(lanes))), lanes_(lanes),
        number_(warp.copies.nextNumber()) {
    barrier = offset;
    if (const HappensBefore *races = warp.cta.races.get())
      copies_ = races->latest(races->streamOf(warp.index, Stream::CopyAsync));
  }

  bool perform(Cta &cta) override {
    warp->copies.deliverBefore(lanes_, number_, cta.shared, cta.sharedShadow);
    auto count = static_cast<uint32_t>(__builtin_popcount(lanes_));
    std::string misuse = cta.mbarriers.arriveAsync(cta, barrier, count, copies_);
    if (!misuse.empty())
      cta.report(pc, warp, lane, Severity::Error, Check::MBarrierMisuse, std::move(misuse));
    return misuse.empty();
  }

private:
  uint32_t lanes_;
  uint64_t number_; ///< of the first cp.async that it does not cover
  /// The latest cp.async of the warp. Those of lanes that are not among lanes_ need not be complete, but lanes of a
  /// warp are not told apart.
  Epoch copies_ = kNoEpoch;
};

Step runCopyArrive(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  bool good = forEachMBarrier(warp, inst, mask, [&](uint32_t offset, uint32_t lanes) {
    if (!mbarrierOk(warp, inst, lanes, cta.mbarriers.use(cta, warp, warp.indexOf(inst), offset)))
      return false;
    warp.copies.handOver(lanes);
    auto count = static_cast<uint32_t>(__builtin_popcount(lanes));
    if (!(inst.flags & kNoIncrement) && !mbarrierOk(warp, inst, lanes, cta.mbarriers.addPending(cta, offset, count)))
      return false;
    return cta.async.issue(cta, std::make_unique<CopyArrival>(warp, inst, lanes, offset));
  });
  return good ? Step::Next : Step::Fault;
}

} // namespace

void decodeCopyArrive(Form &form) {
  form.take("mbarrier");
  if (!form.take("arrive"))
    return form.noSuchForm();
  if (form.take("noinc"))
    form.inst.flags |= kNoIncrement;
  if (takeMBarrier(form, 0))
    return form.invalid("cp.async.mbarrier.arrive needs an mbarrier of its own CTA");
  takeMBarrierType(form);
  form.use(&runCopyArrive);
}

} // namespace thrift::sim
