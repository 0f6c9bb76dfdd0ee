//===- WgmmaTracker.cpp - registers and groups of a warp's wgmmas -----------===//

#include "runtime/sim/machine/WgmmaTracker.h"

#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

/// Holds the registers of a wgmma until the warp's own wait, even if the operation was performed earlier.
class WgmmaTracker::Pending final : public AsyncOperation {
public:
  Pending(Warp &warp, const Inst &inst, const WgmmaRegisters &registers)
      : AsyncOperation(AsyncKind::Wgmma, warp, inst, -1), registers(registers) {}
  bool perform(Cta &) override { return true; } // never in a queue

  WgmmaRegisters registers;
  uint32_t number = 0, group = 0;
  Epoch epoch = kNoEpoch;
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

Step WgmmaTracker::issue(const Inst &inst, const WgmmaRegisters &registers, Epoch epoch) {
  for (uint32_t i = 0; i < registers.accumulatorCount; ++i)
    if (Step step = checkRegister(inst, "D", i, registers.accumulators[i], registers.shape); step != Step::Next)
      return step;
  for (uint32_t i = 0; i < registers.fragmentCount; ++i)
    if (Step step = checkRegister(inst, "A", i, registers.fragments[i], kFragment); step != Step::Next)
      return step;

  auto pending = std::make_unique<Pending>(warp_, inst, registers);
  pending->number = ++issued_;
  pending->group = committed_;
  pending->epoch = epoch;
  auto take = [&](const uint32_t *places, uint32_t count, uint32_t use) {
    for (uint32_t i = 0; i < count; ++i) {
      accessTo(places[i]) = {fences_, use, pending->pc};
      warp_.lock(places[i], *pending);
    }
  };
  take(registers.accumulators, registers.accumulatorCount, registers.shape);
  take(registers.fragments, registers.fragmentCount, kFragment);
  pending_.push_back(std::move(pending));
  issuedSinceFence_ = true;
  return Step::Next;
}

uint32_t WgmmaTracker::coveredBy(uint32_t groups) const {
  uint32_t number = 0;
  for (const auto &pending : pending_)
    if (uint64_t(pending->group) + groups < committed_)
      number = pending->number;
  return number;
}

Epoch WgmmaTracker::complete(uint32_t number) {
  Epoch epoch = kNoEpoch;
  while (!pending_.empty() && pending_.front()->number <= number) {
    const Pending &done = *pending_.front();
    epoch = done.epoch;
    auto release = [&](const uint32_t *places, uint32_t count) {
      for (uint32_t i = 0; i < count; ++i)
        if (warp_.lockOf(places[i]) == &done)
          warp_.lock(places[i], *wire_);
    };
    release(done.registers.accumulators, done.registers.accumulatorCount);
    release(done.registers.fragments, done.registers.fragmentCount);
    pending_.pop_front();
  }
  return epoch;
}

} // namespace thrift::sim
