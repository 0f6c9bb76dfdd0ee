//===- CtaFindings.cpp - what a thread block has to report ------------------===//

#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

void Cta::report(uint32_t pc, const Warp *warp, int lane, Severity severity, Check check, std::string message) {
  LocatedFinding located;
  located.pc = pc;
  Finding &finding = located.finding;
  finding.severity = severity;
  finding.check = check;
  finding.message = std::move(message);
  finding.line = program.lines[pc];
  finding.text = program.textOf(finding.line);
  finding.cta = id;
  finding.warp = warp ? warp->index : 0;
  finding.lane = lane;
  findings.push_back(std::move(located));
}

Step Cta::reportConflict(uint32_t pc, const Warp *warp, int lane, const Conflict &conflict, const std::string &memory,
                         const std::string &what) {
  AgentId agent = agentOf(conflict.earlier);
  uint32_t line = program.lines[conflict.earlierPc];
  std::string earlier = std::string(conflict.earlierWrites ? "the write" : "the read") + " of line " +
                        std::to_string(line) + " (" + program.textOf(line) + ")";
  if (!races->isStream(agent))
    earlier += " by warp " + std::to_string(agent);
  if (conflict.proxyOnly)
    report(pc, warp, lane, conflict.lintOnly ? Severity::Warning : Severity::Error, Check::MissingProxyFence,
           what + " of " + memory + " through the async proxy needs a fence.proxy.async after " + earlier);
  else
    report(pc, warp, lane, Severity::Error, Check::Race, what + " of " + memory + " is not ordered after " + earlier);
  return conflict.lintOnly ? Step::Next : Step::Fault;
}

Step Cta::orderShared(const Actor &actor, const Warp &warp, int lane, SharedRange range, bool isStore,
                      const char *what) {
  if (range.bytes == 0)
    return Step::Next;
  uint32_t first = range.offset / 4, words = (range.offset + range.bytes - 1) / 4 - first + 1;
  Conflict conflict;
  if (isStore ? races->shared.write(actor, first, words, conflict) : races->shared.read(actor, first, words, conflict))
    return Step::Next;
  return reportConflict(actor.pc, &warp, lane, conflict, "shared byte " + std::to_string(4 * conflict.cell), what);
}

static std::string maskText(uint32_t mask) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x00000000";
  for (int digit = 0; digit < 8; ++digit)
    text[9 - digit] = kDigits[mask >> (4 * digit) & 15];
  return text;
}

/// Whether other lanes of the warp, or of other warps, must come; not what an mbarrier or the pool brings.
static bool waitsForLanes(SplitState state) {
  return state == SplitState::WaitsAligned || state == SplitState::WaitsMask || state == SplitState::WaitsWarp ||
         state == SplitState::WaitsBarrier;
}

/// Nothing can run any more. A warp whose lanes stand at different aligned instructions is the cause if there is one;
/// otherwise everybody and what they wait for is listed.
void Cta::reportDeadlock() {
  for (auto &warp : warps) {
    const Split *aligned = nullptr, *other = nullptr;
    for (const Split &split : warp->others)
      if (split.state == SplitState::WaitsAligned && !aligned)
        aligned = &split;
      else if (waitsForLanes(split.state))
        other = &split;
    if (!aligned || !other)
      continue;
    uint32_t line = program.lines[aligned->pc], otherLine = program.lines[other->pc];
    report(aligned->pc, warp.get(), static_cast<int>(lowestLane(aligned->mask)), Severity::Error,
           Check::DivergentAligned,
           "aligned instruction in divergent code: lanes " + maskText(aligned->mask) + " are at line " +
               std::to_string(line) + " (" + program.textOf(line) + "), lanes " + maskText(other->mask) + " at line " +
               std::to_string(otherLine) + " (" + program.textOf(otherLine) + ")");
    return;
  }
  std::string message = "deadlock: no warp of the CTA can run";
  const Warp *first = nullptr;
  uint32_t firstPc = 0;
  auto tell = [&](const Warp &warp, const Split &split) {
    if (!first) {
      first = &warp;
      firstPc = split.pc;
    }
    uint32_t line = program.lines[split.pc];
    message += "; warp " + std::to_string(warp.index) + " lanes " + maskText(split.mask) + " at line " +
               std::to_string(line) + " (" + program.textOf(line) + ") " + describeWait(warp, split);
  };
  for (auto &warp : warps) {
    if (warp->mask != 0) { // it has yielded
      Split running;
      running.pc = warp->pc;
      running.mask = warp->mask;
      tell(*warp, running);
    }
    for (const Split &split : warp->others)
      tell(*warp, split);
  }
  report(firstPc, first, -1, Severity::Error, Check::Deadlock, std::move(message));
}

std::string Cta::describeWait(const Warp &warp, const Split &split) {
  switch (split.state) {
  case SplitState::WaitsBarrier:
    return "waits for " + barriers.describe(*this, split.waitsFor);
  case SplitState::WaitsMask:
  case SplitState::WaitsWarp:
    return "waits for lanes " + maskText(split.waitsFor & warp.live & ~split.mask) + " of its member mask " +
           maskText(split.waitsFor);
  case SplitState::WaitsAligned:
    return "waits for the other lanes of its warp";
  case SplitState::WaitsMBarrier:
    return "waits for " + mbarriers.describeDeadlock(*this, split.waitsFor);
  case SplitState::WaitsCluster:
    return "waits for " + cluster.describe(*this);
  case SplitState::WaitsRegisters:
    return "waits for " + registers.describe(warp, static_cast<uint32_t>(program.code[split.pc].imm));
  case SplitState::WaitsAsync:
    return "waits for other warps of its warpgroup";
  case SplitState::WaitsTmem:
    return "waits for " + std::to_string(split.waitsFor) + " columns of TMEM; " +
           std::to_string(tmem ? tmem->freeColumns() : kTmemColumns) + " are free";
  case SplitState::Ready:
    break;
  }
  std::string polled = mbarriers.describePolled(*this, warp, split.mask);
  return polled.empty() ? "waits for nothing" : "polls " + polled;
}

} // namespace thrift::sim
