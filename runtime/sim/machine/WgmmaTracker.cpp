//===- WgmmaTracker.cpp - registers and groups of a warp's wgmmas -----------===//

#include "runtime/sim/machine/WgmmaTracker.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>

namespace thrift::sim {

/// What owns the accumulators, or the registers of A, of pending wgmmas. It outlives the operation if that is performed
/// before the warp's own wait. Wgmmas in a row on the same accumulators share one.
class WgmmaTracker::Hold final : public AsyncOperation {
public:
  Hold(Warp &warp, const Inst &inst, const uint32_t *places, uint32_t count, uint32_t use)
      : AsyncOperation(AsyncKind::Wgmma, warp, inst, -1), places(places), count(count), use(use) {}
  bool perform(Cta &) override { return true; } // never in a queue

  const uint32_t *places;
  uint32_t count, use;
  uint32_t number = 0, fences = 0; ///< of the latest wgmma
  bool isWhole = true;             ///< nobody has taken over some of the registers
};

class WgmmaTracker::TripWire final : public AsyncOperation {
public:
  TripWire(WgmmaTracker &owner, Warp &warp, const Inst &inst)
      : AsyncOperation(AsyncKind::Wgmma, warp, inst, -1), owner_(owner) {}
  bool perform(Cta &) override { return true; } // never in a queue
  Step onTouch(Warp &, const Inst &inst) override {
    owner_.touched(inst);
    return Step::Next;
  }

private:
  WgmmaTracker &owner_;
};

WgmmaTracker::WgmmaTracker(Warp &warp, const Inst &inst)
    : warp_(warp), wire_(std::make_unique<TripWire>(*this, warp, inst)),
      accesses_(warp.program.registerBytes / kPlaneBytes), sprung_(warp.program.wgmmaRegisters) {}

WgmmaTracker::~WgmmaTracker() = default;

WgmmaTracker::Access &WgmmaTracker::accessTo(uint32_t place) { return accesses_[place / kPlaneBytes]; }

void WgmmaTracker::touched(const Inst &inst) {
  uint32_t pc = warp_.indexOf(inst);
  const Program &program = warp_.program;
  for (uint32_t i = program.touchedFrom[pc]; i < program.touchedFrom[pc + 1]; ++i) {
    uint32_t place = program.touched[i];
    if (warp_.lockOf(place) != wire_.get())
      continue;
    accessTo(place) = {fences_, kOrdinary, pc};
    warp_.unlock(place, *wire_);
    sprung_.push_back(place);
  }
}

void WgmmaTracker::fence() {
  ++fences_;
  issuedSinceFence_ = false;
  for (uint32_t place : sprung_)
    if (!warp_.lockOf(place))
      warp_.lock(place, *wire_);
  sprung_.clear();
}

/// Whether a wgmma may use a register in this way now.
Step WgmmaTracker::checkRegister(const Inst &inst, const char *operand, uint32_t index, uint32_t place, uint32_t use) {
  const Access &last = accessTo(place);
  if (last.use == use)
    return Step::Next;
  AsyncOperation *holder = warp_.lockOf(place);
  std::string name = "register " + std::to_string(index + 1) + " of " + operand;
  if (holder && holder != wire_.get())
    return warp_.fault(inst, Check::RegisterInFlight, -1,
                       name + " still belongs to " + holder->describe(warp_.cta) +
                           ": without a wait only wgmmas of the same shape may go on with its accumulators");
  if (last.fences < fences_)
    return Step::Next;
  std::string message = name + " needs a wgmma.fence before this instruction";
  if (last.pc != kNowhere)
    message += " and after line " + std::to_string(warp_.program.lines[last.pc]) + " (" +
               warp_.program.textOf(warp_.program.lines[last.pc]) + ")";
  // A fence stands before this stage, only not behind the access: assemblers put up with that.
  bool isLint = fences_ != 0 && !issuedSinceFence_;
  if (!isLint)
    return warp_.fault(inst, Check::RegisterInFlight, -1, std::move(message));
  if (warp_.cta.launch.options.lints)
    warp_.note(inst, Check::RegisterInFlight, Severity::Warning, -1, std::move(message));
  return Step::Next;
}

/// The hold on the same accumulators by pending wgmmas of the same shape, or null.
WgmmaTracker::Hold *WgmmaTracker::findChain(const WgmmaRegisters &registers) const {
  for (const auto &hold : holds_)
    if (hold->use == registers.shape && hold->isWhole && hold->count == registers.accumulatorCount &&
        std::equal(hold->places, hold->places + hold->count, registers.accumulators))
      return hold.get();
  return nullptr;
}

void WgmmaTracker::hold(const Inst &inst, const uint32_t *places, uint32_t count, uint32_t use) {
  auto made = std::make_unique<Hold>(warp_, inst, places, count, use);
  made->number = issued_;
  made->fences = fences_;
  for (uint32_t i = 0; i < count; ++i) {
    if (AsyncOperation *holder = warp_.lockOf(places[i]); holder && holder != wire_.get())
      static_cast<Hold *>(holder)->isWhole = false;
    accessTo(places[i]) = {fences_, use, made->pc};
    warp_.lock(places[i], *made);
  }
  holds_.push_back(std::move(made));
}

Step WgmmaTracker::issue(const Inst &inst, const WgmmaRegisters &registers, Epoch epoch) {
  Hold *chain = findChain(registers);
  if (!chain)
    for (uint32_t i = 0; i < registers.accumulatorCount; ++i)
      if (Step step = checkRegister(inst, "D", i, registers.accumulators[i], registers.shape); step != Step::Next)
        return step;
  for (uint32_t i = 0; i < registers.fragmentCount; ++i)
    if (Step step = checkRegister(inst, "A", i, registers.fragments[i], kFragment); step != Step::Next)
      return step;

  pending_.push_back({++issued_, committed_, epoch});
  issuedSinceFence_ = true;
  if (chain) {
    chain->number = issued_;
    chain->fences = fences_;
    chain->pc = warp_.indexOf(inst);
  } else {
    hold(inst, registers.accumulators, registers.accumulatorCount, registers.shape);
  }
  if (registers.fragmentCount != 0)
    hold(inst, registers.fragments, registers.fragmentCount, kFragment);
  return Step::Next;
}

uint32_t WgmmaTracker::coveredBy(uint32_t groups) const {
  uint32_t number = 0;
  for (const Issued &pending : pending_)
    if (uint64_t(pending.group) + groups < committed_)
      number = pending.number;
  return number;
}

void WgmmaTracker::release(const Hold &done) {
  for (uint32_t i = 0; i < done.count; ++i) {
    uint32_t place = done.places[i];
    if (warp_.lockOf(place) != &done)
      continue;
    accessTo(place) = {done.fences, done.use, done.pc};
    warp_.lock(place, *wire_);
  }
}

Epoch WgmmaTracker::complete(uint32_t number) {
  Epoch epoch = kNoEpoch;
  for (; !pending_.empty() && pending_.front().number <= number; pending_.pop_front())
    epoch = pending_.front().epoch;
  auto isDone = [&](const std::unique_ptr<Hold> &hold) { return hold->number <= number; };
  for (const auto &hold : holds_)
    if (isDone(hold))
      release(*hold);
  holds_.erase(std::remove_if(holds_.begin(), holds_.end(), isDone), holds_.end());
  return epoch;
}

} // namespace thrift::sim
