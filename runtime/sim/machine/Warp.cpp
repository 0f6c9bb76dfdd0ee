//===- Warp.cpp - running a warp: dispatch, divergence, merging -------------===//

#include "runtime/sim/machine/Warp.h"

#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/machine/Program.h"
#include "runtime/sim/machine/WgmmaTracker.h"
#include "runtime/sim/ops/Access.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace thrift::sim {

// Backward branches that a split may take while others of its warp could run.
static constexpr uint32_t kBackwardBranches = 64;

void Warp::FreeAligned::operator()(uint8_t *pointer) const { std::free(pointer); }

Warp::Warp(Cta &cta, const Program &program, unsigned index)
    : cta(cta), program(program), code(program.code.data()), access(accessFunctions()), index(index) {
  size_t bytes = std::max<size_t>(program.registerBytes, kPlaneBytes);
  registers_.reset(static_cast<uint8_t *>(std::aligned_alloc(kPlaneBytes, (bytes + kPlaneBytes - 1) & ~size_t(127))));
  std::memset(registers_.get(), 0, bytes);
  for (const ConstantPlane &constant : program.constants)
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      if (constant.wide)
        plane<uint64_t>(constant.place)[lane] = constant.value;
      else
        plane<uint32_t>(constant.place)[lane] = static_cast<uint32_t>(constant.value);
    }
  predicates_.resize(program.predicates);
}

Warp::~Warp() = default;

void Warp::start(uint32_t lanes) {
  std::fill(plane<uint32_t>(program.firstRegisterPlane), plane<uint32_t>(program.endRegisterPlane), kRegisterCanary);
  std::fill(predicates_.begin(), predicates_.end(), 0);
  predicates_[kPredTrue] = kFullMask;
  frames_.assign(1, Frame());
  others.clear();
  copies.reset();
  bulkGroups.reset();
  wgmma.reset();
  std::fill(locks_.begin(), locks_.end(), nullptr);
  locked_ = 0;
  polled = false;
  sincePoll = ~uint64_t(0) / 2;
  hint = nullptr;
  backwardBranches_ = 0;
  live = born = mask = lanes;
  pc = program.entryPc;
  frame = 0;
}

Warp::Outcome Warp::run(uint64_t &quantum) {
  uint64_t *counts = cta.counts.data();
  uint64_t left = quantum;
  Outcome outcome = Outcome::Ready;
  while (true) {
    if (mask == 0 && !pick()) {
      outcome = live ? Outcome::Blocked : Outcome::Done;
      break;
    }
    Step step = Step::Next;
    while (left != 0) {
      const Inst &inst = code[pc];
      ++counts[pc];
      ++pc;
      --left;
      uint32_t lanes = mask & condition(inst.guard);
      if (locked_ != 0 && lanes != 0)
        if (step = checkLocks(inst); step != Step::Next)
          break;
      if (lanes == kFullMask)
        step = inst.full(*this, inst, lanes);
      else if (lanes != 0)
        step = inst.masked(*this, inst, lanes);
      if (step != Step::Next)
        break;
      if (!others.empty())
        reconverge();
    }
    if (step == Step::Fault) {
      outcome = Outcome::Fault;
      break;
    }
    if (left == 0 || step == Step::Yield) {
      outcome = live ? Outcome::Ready : Outcome::Done;
      break;
    }
  }
  cta.clock += quantum - left;
  quantum = left;
  return outcome;
}

/// Makes the ready split with the lowest pc the running one; those that yielded come last.
bool Warp::pick() {
  auto better = [](const Split &a, const Split &b) { return a.yielded != b.yielded ? !a.yielded : a.pc < b.pc; };
  Split *best = nullptr;
  for (Split &split : others)
    if (split.state == SplitState::Ready && (!best || better(split, *best)))
      best = &split;
  if (!best)
    return false;
  if (best->yielded) // everybody had a turn
    for (Split &split : others)
      split.yielded = false;
  pc = best->pc;
  mask = best->mask;
  frame = best->frame;
  backwardBranches_ = 0;
  others.erase(others.begin() + (best - others.data()));
  reconverge();
  return true;
}

/// Merges the running split with those at its pc, and gives way to one that is behind.
void Warp::reconverge() {
  for (size_t i = 0; i < others.size();) {
    Split &other = others[i];
    if (other.state == SplitState::Ready && mask != 0) {
      if (other.pc == pc && other.frame == frame) {
        mask |= other.mask;
        others.erase(others.begin() + i);
        continue;
      }
      if (other.pc < pc && !other.yielded) {
        std::swap(other.pc, pc);
        std::swap(other.mask, mask);
        std::swap(other.frame, frame);
        backwardBranches_ = 0;
        i = 0;
        continue;
      }
    }
    ++i;
  }
}

void Warp::branch(uint32_t taken, uint32_t target, uint32_t targetFrame) {
  uint32_t rest = mask & ~taken;
  if (rest != 0) {
    Split other;
    other.pc = pc;
    other.mask = rest;
    other.frame = frame;
    others.push_back(other);
    ++cta.stats.divergentBranches;
  }
  mask = taken;
  pc = target;
  frame = targetFrame;
}

Step Warp::backward() {
  if (others.empty() || ++backwardBranches_ < kBackwardBranches)
    return Step::Next;
  return stepAside() ? Step::Switch : Step::Next;
}

bool Warp::stepAside() {
  if (std::none_of(others.begin(), others.end(), [](const Split &split) { return split.state == SplitState::Ready; }))
    return false;
  Split self;
  self.pc = pc;
  self.mask = mask;
  self.frame = frame;
  self.yielded = true;
  others.push_back(self);
  mask = 0;
  return true;
}

Step Warp::park(const Inst &inst, uint32_t waiting, SplitState state, uint32_t waitsFor) {
  uint32_t at = indexOf(inst);
  --cta.counts[at]; // it will execute again
  mask &= ~waiting;
  for (Split &other : others)
    if (other.pc == at && other.frame == frame && other.state == state && other.waitsFor == waitsFor) {
      other.mask |= waiting;
      other.state = SplitState::Ready;
      return Step::Switch;
    }
  Split split;
  split.pc = at;
  split.mask = waiting;
  split.frame = frame;
  split.state = state;
  split.waitsFor = waitsFor;
  others.push_back(split);
  return Step::Switch;
}

Step Warp::arrive(const Inst &inst, uint32_t waiting, uint32_t barrier) {
  Split split;
  split.pc = indexOf(inst);
  split.mask = waiting;
  split.frame = frame;
  split.state = SplitState::WaitsBarrier;
  split.waitsFor = barrier;
  mask &= ~waiting;
  others.push_back(split);
  return Step::Switch;
}

void Warp::release(uint32_t barrier) {
  for (Split &split : others)
    if (split.state == SplitState::WaitsBarrier && split.waitsFor == barrier) {
      split.state = SplitState::Ready;
      ++split.pc;
    }
}

void Warp::wake(SplitState state, uint32_t waitsFor) {
  for (Split &split : others)
    if (split.state == state && split.waitsFor == waitsFor)
      split.state = SplitState::Ready;
}

void Warp::lock(uint32_t place, AsyncOperation &operation) {
  if (locks_.empty())
    locks_.resize(program.registerBytes / kPlaneBytes + 1);
  AsyncOperation *&lock = locks_[place / kPlaneBytes];
  locked_ += lock == nullptr;
  lock = &operation;
}

void Warp::unlock(uint32_t place, const AsyncOperation &operation) {
  if (lockOf(place) != &operation)
    return;
  locks_[place / kPlaneBytes] = nullptr;
  --locked_;
}

/// Whether the registers that an instruction names are free. A load that is on its way may be performed here.
Step Warp::checkLocks(const Inst &inst) {
  uint32_t at = indexOf(inst);
  for (uint32_t i = program.touchedFrom[at]; i < program.touchedFrom[at + 1]; ++i)
    if (AsyncOperation *operation = locks_[program.touched[i] / kPlaneBytes])
      if (Step step = operation->onTouch(*this, inst); step != Step::Next)
        return step;
  return Step::Next;
}

void Warp::exit(uint32_t lanes) {
  live &= ~lanes;
  mask &= ~lanes;
  // Whoever waits for the rest of the warp has to count again.
  for (Split &split : others)
    if (split.state != SplitState::WaitsBarrier && split.state != SplitState::WaitsMBarrier)
      split.state = SplitState::Ready;
}

uint32_t Warp::pushFrame(uint32_t returnPc) {
  for (uint32_t i = 1; i < frames_.size(); ++i)
    if (frames_[i].parent == frame && frames_[i].returnPc == returnPc)
      return i;
  frames_.push_back({frame, returnPc});
  return static_cast<uint32_t>(frames_.size() - 1);
}

Step Warp::fault(const Inst &inst, Check check, int lane, std::string message) {
  cta.report(indexOf(inst), this, lane, Severity::Error, check, std::move(message));
  return Step::Fault;
}

void Warp::note(const Inst &inst, Check check, Severity severity, int lane, std::string message) {
  uint32_t at = indexOf(inst);
  for (const LocatedFinding &known : cta.findings)
    if (known.pc == at && known.finding.check == check)
      return;
  cta.report(at, this, lane, severity, check, std::move(message));
}

} // namespace thrift::sim
