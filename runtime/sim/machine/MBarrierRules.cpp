//===- MBarrierRules.cpp - what must be ordered around an mbarrier ----------===//

#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/machine/MBarriers.h"

#include <algorithm>

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// Its life
//===----------------------------------------------------------------------===//

std::string MBarriers::checkKnown(const Cta &cta, const Warp &warp, const MBarrier &barrier) const {
  if (!cta.races || cta.races->of(warp.index).ordered.covers(barrier.initEpoch))
    return "";
  uint32_t line = cta.program.lines[barrier.initPc];
  return "nothing orders this use of " + at(barrier.offset) + " after its initialisation in line " +
         std::to_string(line) + " (" + cta.program.textOf(line) + ") by warp " + std::to_string(barrier.initWarp);
}

void MBarriers::remember(Cta &cta, const Warp &warp, uint32_t pc, MBarrier &barrier) {
  if (!cta.races)
    return;
  barrier.uses.learn(cta.races->latest(static_cast<AgentId>(warp.index)));
  barrier.usePcs.resize(cta.warps.size());
  barrier.usePcs[warp.index] = pc;
}

std::string MBarriers::use(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, bool async) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (std::string misuse = checkKnown(cta, warp, *barrier); !misuse.empty())
    return misuse;
  if (async && cta.races && cta.launch.options.lints && !cta.races->of(warp.index).proxied.covers(barrier->initEpoch))
    warp.note(cta.program.code[pc], Check::MissingProxyFence, Severity::Warning, -1,
              "neither fence.mbarrier_init nor fence.proxy.async has shown the initialisation of " + at(offset) +
                  " to the async proxy");
  remember(cta, warp, pc, *barrier);
  return "";
}

void MBarriers::fenceInit(Cta &cta, Warp &warp) {
  if (!cta.races)
    return;
  for (const auto &[offset, barrier] : barriers_)
    if (barrier.initWarp == warp.index)
      cta.races->releaseEpoch(warp.index, barrier.initEpoch);
}

bool MBarriers::checkAtExit(Cta &cta) const {
  for (const auto &[offset, barrier] : barriers_) {
    if (barrier.tx == 0)
      continue;
    std::string sentence =
        barrier.tx > 0
            ? "the CTA ends while " + at(offset) + " still expects " + std::to_string(barrier.tx) + " bytes"
            : "the CTA ends after " + at(offset) + " has got " + std::to_string(-barrier.tx) + " bytes too many";
    cta.report(barrier.expectPc, cta.warps[barrier.expectWarp].get(), -1, Severity::Error, Check::MBarrierMisuse,
               sentence + ": expectations and copies disagree");
    return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Its phases
//===----------------------------------------------------------------------===//

void MBarriers::checkNoticed(Cta &cta, Warp &warp, uint32_t pc, const MBarrier &barrier) {
  if (barrier.phase != 0 && !barrier.noticed && cta.launch.options.lints)
    warp.note(cta.program.code[pc], Check::MBarrierMisuse, Severity::Warning, -1,
              at(barrier.offset) + " is in phase " + std::to_string(barrier.phase) +
                  ", and no wait has noticed that phase " + std::to_string(barrier.phase - 1) + " is complete");
}

/// `lanes` wait no longer. A thread that was suspended in a wait cannot mean a later phase; one that polled can.
std::string MBarriers::resume(const Warp &warp, MBarrier &barrier, uint32_t lanes) {
  std::string misuse;
  for (MBarrierWaiter &waiter : barrier.waiters) {
    if (waiter.warp != warp.index || !(waiter.lanes & lanes))
      continue;
    if (waiter.suspended && barrier.phase > waiter.phase + 1)
      misuse = "the thread has waited for phase " + std::to_string(waiter.phase) + " of " + at(barrier.offset) +
               ", and phase " + std::to_string(barrier.phase - 1) +
               " was complete before it could notice: nothing keeps the barrier from running ahead, and a parity "
               "does not tell the two apart";
    waiter.lanes &= ~lanes;
  }
  barrier.waiters.erase(std::remove_if(barrier.waiters.begin(), barrier.waiters.end(),
                                       [](const MBarrierWaiter &waiter) { return waiter.lanes == 0; }),
                        barrier.waiters.end());
  return misuse;
}

std::string MBarriers::await(const Warp &warp, MBarrier &barrier, uint32_t lanes, bool suspends) {
  std::string misuse = resume(warp, barrier, lanes);
  barrier.waiters.push_back({warp.index, lanes, barrier.phase, suspends});
  return misuse;
}

std::string MBarriers::acquire(Cta &cta, Warp &warp, uint32_t pc, MBarrier &barrier, uint32_t lanes, bool byParity,
                               bool relaxed) {
  if (std::string misuse = resume(warp, barrier, lanes); !misuse.empty())
    return misuse;
  barrier.noticed = true;
  if (!cta.races)
    return "";
  HappensBefore &races = *cta.races;
  Clock &known = races.of(warp.index).ordered;
  // An asynchronous operation may have told the warp by coming after that phase, which no clock says: a lint.
  if (byParity && cta.launch.options.lints && !known.covers(barrier.previous))
    warp.note(cta.program.code[pc], Check::MBarrierMisuse, Severity::Warning, -1,
              "the wait is satisfied by phase " + std::to_string(barrier.phase - 1) + " of " + at(barrier.offset) +
                  ", but the warp does not know that phase " + std::to_string(barrier.phase - 2) +
                  " is complete: earlier it would have been satisfied by the phase before that");
  known.learn(barrier.latest);
  if (relaxed)
    races.acquireRelaxed(warp.index, barrier.completed);
  else
    races.acquire(warp.index, barrier.completed);
  return "";
}

static bool isSuspendedOn(const Cta &cta, uint32_t offset) {
  for (const auto &warp : cta.warps)
    for (const Split &split : warp->others)
      if (split.state == SplitState::WaitsMBarrier && split.waitsFor == offset)
        return true;
  return false;
}

bool MBarriers::isAwaited(const Cta &cta, uint32_t offset) {
  const MBarrier *barrier = find(offset);
  return (barrier && barrier->polled) || isSuspendedOn(cta, offset);
}

bool MBarriers::isAwaitedByOthers(const Cta &cta, const Warp &warp, const MBarrier &barrier) {
  bool polled = std::any_of(barrier.waiters.begin(), barrier.waiters.end(), [&](const MBarrierWaiter &waiter) {
    return waiter.warp != warp.index && waiter.phase == barrier.phase;
  });
  return polled || isSuspendedOn(cta, barrier.offset);
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

static std::string missingText(const MBarrier &barrier) {
  std::string text;
  if (barrier.pending != 0)
    text = std::to_string(barrier.pending) + " of " + std::to_string(barrier.expected) + " arrivals";
  if (barrier.tx > 0)
    text += (text.empty() ? "" : " and ") + std::to_string(barrier.tx) + " bytes";
  if (!text.empty())
    text += " are missing";
  if (barrier.tx < 0)
    text += (text.empty() ? "" : ", ") + std::to_string(-barrier.tx) + " bytes came that nobody has expected";
  return text;
}

std::string MBarriers::describe(uint32_t offset) {
  const MBarrier *barrier = find(offset);
  if (!barrier)
    return at(offset) + ", which is not initialised";
  return at(offset) + " (phase " + std::to_string(barrier->phase) + "; " + missingText(*barrier) + ")";
}

std::string MBarriers::describeDeadlock(const Cta &cta, uint32_t offset) {
  const MBarrier *barrier = find(offset);
  if (!barrier)
    return at(offset) + ", which is not initialised";
  std::string text = "phase " + std::to_string(barrier->phase) + " (parity " + std::to_string(barrier->phase & 1) +
                     ") of " + at(offset) + ", initialised in line " +
                     std::to_string(cta.program.lines[barrier->initPc]) + ": " + missingText(*barrier);
  std::string flying;
  cta.async.find([&](const AsyncOperation &operation) {
    if (operation.barrier == offset)
      flying += (flying.empty() ? "" : ", ") + operation.describe(cta);
    return false;
  });
  text += flying.empty() ? ", nothing that signals it is in flight" : ", in flight is " + flying;
  if (barrier->phase != 0 && !barrier->noticed)
    text += ", and no wait has noticed that phase " + std::to_string(barrier->phase - 1) +
            " is complete (is the parity right?)";
  return text;
}

std::string MBarriers::describePolled(const Cta &cta, const Warp &warp, uint32_t lanes) {
  for (const auto &[offset, barrier] : barriers_)
    for (const MBarrierWaiter &waiter : barrier.waiters)
      if (waiter.warp == warp.index && waiter.phase == barrier.phase && waiter.lanes & lanes)
        return describeDeadlock(cta, offset);
  return "";
}

} // namespace thrift::sim
