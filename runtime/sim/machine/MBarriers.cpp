//===- MBarriers.cpp - the mbarrier objects of a CTA ------------------------===//
//
// How they change. What must be ordered, and words, are in MBarrierRules.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/machine/MBarriers.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

std::string MBarriers::at(uint32_t offset) { return "the mbarrier at shared byte " + std::to_string(offset); }

// A token is phase << 38 | (offset / 8) << 20 | pending.
static constexpr unsigned kPlaceShift = 20, kPhaseShift = 38;
static constexpr uint64_t kPlaceMask = (1u << (kPhaseShift - kPlaceShift)) - 1, kPhaseMask = (1u << 26) - 1;

uint64_t MBarriers::stateOf(const MBarrier &barrier) {
  return (barrier.phase & kPhaseMask) << kPhaseShift | (barrier.offset / kMBarrierBytes & kPlaceMask) << kPlaceShift |
         barrier.pending;
}

std::string MBarriers::isStateComplete(const MBarrier &barrier, uint64_t state, bool &complete) {
  if ((state >> kPlaceShift & kPlaceMask) != (barrier.offset / kMBarrierBytes & kPlaceMask))
    return "the state is not one that an arrival at " + at(barrier.offset) + " returned";
  uint64_t phasesAgo = (barrier.phase - (state >> kPhaseShift)) & kPhaseMask;
  complete = phasesAgo == 1;
  if (phasesAgo <= 1)
    return "";
  return "the state is of phase " + std::to_string(state >> kPhaseShift) + " of " + at(barrier.offset) +
         ", which is in phase " + std::to_string(barrier.phase) + "; allowed: this phase and the one before";
}

MBarrier *MBarriers::find(uint32_t offset) {
  auto it = barriers_.find(offset);
  return it == barriers_.end() ? nullptr : &it->second;
}

/// Why there can be no mbarrier at `offset`; "" if there can.
static std::string misplaced(const Cta &cta, uint32_t offset) {
  if (offset % kMBarrierBytes != 0)
    return "the address of an mbarrier is shared byte " + std::to_string(offset) + "; allowed: multiples of 8";
  if (offset >= cta.sharedBytes || cta.sharedBytes - offset < kMBarrierBytes)
    return "the address of an mbarrier is shared byte " + std::to_string(offset) + ", shared memory has " +
           std::to_string(cta.sharedBytes) + " bytes";
  return "";
}

std::string MBarriers::missing(const Cta &cta, uint32_t offset) const {
  std::string misuse = misplaced(cta, offset);
  return !misuse.empty() ? misuse : "no mbarrier is initialised at shared byte " + std::to_string(offset);
}

std::string MBarriers::init(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count) {
  if (std::string misuse = misplaced(cta, offset); !misuse.empty())
    return misuse;
  if (count == 0 || count > kMaxMBarrierCount)
    return "the count of " + at(offset) + " is " + std::to_string(count) + "; allowed: 1 to " +
           std::to_string(kMaxMBarrierCount);
  if (const MBarrier *barrier = find(offset))
    return at(offset) + " is initialised already, in line " + std::to_string(cta.program.lines[barrier->initPc]) +
           ", and was not invalidated since";
  if (std::memchr(cta.sharedShadow + offset, kPending, kMBarrierBytes))
    return at(offset) + " is initialised where an asynchronous copy is still going to write";
  MBarrier &barrier = barriers_[offset];
  barrier.offset = offset;
  barrier.initPc = barrier.expectPc = pc;
  barrier.initWarp = barrier.expectWarp = warp.index;
  barrier.expected = barrier.pending = count;
  if (cta.races) {
    barrier.agent = cta.races->barrierAgent(offset);
    barrier.phases = cta.races->phaseAgent(offset);
    barrier.initEpoch = cta.races->begin(barrier.agent);
    cta.races->of(warp.index).ordered.learn(barrier.initEpoch);
  }
  std::memset(cta.shared + offset, 0xFF, kMBarrierBytes);
  std::memset(cta.sharedShadow + offset, kBarrierObject, kMBarrierBytes);
  return "";
}

std::string MBarriers::invalidate(Cta &cta, Warp &warp, uint32_t offset) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (std::string misuse = checkKnown(cta, warp, *barrier); !misuse.empty())
    return misuse;
  if (isAwaitedByOthers(cta, warp, *barrier))
    return at(offset) + " is invalidated while threads wait for it";
  if (const AsyncOperation *operation =
          cta.async.find([&](const AsyncOperation &each) { return each.barrier == offset; }))
    return at(offset) + " is invalidated before " + operation->describe(cta) + " has signalled it";
  if (barrier->tx != 0)
    return "an mbarrier is invalidated whose bytes have not come: " + describe(offset);
  for (const auto &other : cta.warps)
    if (cta.races && !cta.races->of(warp.index)
                          .ordered.covers(makeEpoch(static_cast<AgentId>(other->index), barrier->uses[other->index]))) {
      uint32_t line = cta.program.lines[barrier->usePcs[other->index]];
      return at(offset) + " is invalidated while nothing orders its use in line " + std::to_string(line) + " (" +
             cta.program.textOf(line) + ") by warp " + std::to_string(other->index) + " before";
    }
  std::memset(cta.sharedShadow + offset, kUnwritten, kMBarrierBytes);
  barriers_.erase(offset);
  return "";
}

std::string MBarriers::arrived(Cta &cta, MBarrier &barrier, uint32_t count) {
  if (count > barrier.pending)
    return std::to_string(count) + " arrivals at " + at(barrier.offset) + " while its phase waits for " +
           std::to_string(barrier.pending) + " of " + std::to_string(barrier.expected) +
           (barrier.pending == 0 && barrier.tx != 0
                ? ": the phase before is not over, " + std::to_string(barrier.tx) + " bytes are missing"
                : "");
  barrier.pending -= count;
  settle(cta, barrier);
  return "";
}

std::string MBarriers::arrive(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count, bool relaxed) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (count == 0 || count > kMaxMBarrierCount)
    return "the count of an arrival is " + std::to_string(count) + "; allowed: 1 to " +
           std::to_string(kMaxMBarrierCount);
  if (std::string misuse = checkKnown(cta, warp, *barrier); !misuse.empty())
    return misuse;
  checkNoticed(cta, warp, pc, *barrier);
  if (cta.races) {
    const Clock &known = cta.races->of(warp.index).ordered;
    barrier->open.erase(std::remove_if(barrier->open.begin(), barrier->open.end(),
                                       [&](const OpenExpectation &each) { return known.covers(each.epoch); }),
                        barrier->open.end());
    // That a relaxed arrival came is known by what it completes, though nothing else of its warp is.
    if (!relaxed)
      remember(cta, warp, pc, *barrier);
    relaxed ? cta.races->releaseRelaxed(warp.index, barrier->arriving)
            : cta.races->release(warp.index, barrier->arriving);
  }
  return arrived(cta, *barrier, count);
}

std::string MBarriers::arriveDrop(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count, bool relaxed) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (count > barrier->expected)
    return std::to_string(count) + " arrivals leave " + at(offset) + ", which expects " +
           std::to_string(barrier->expected);
  barrier->expected -= count;
  return arrive(cta, warp, pc, offset, count, relaxed);
}

std::string MBarriers::expectTx(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t bytes) {
  if (std::string misuse = use(cta, warp, pc, offset); !misuse.empty())
    return misuse;
  MBarrier *barrier = find(offset);
  checkNoticed(cta, warp, pc, *barrier);
  barrier->tx += bytes;
  barrier->expectPc = pc;
  barrier->expectWarp = warp.index;
  if (barrier->tx > kMaxMBarrierCount)
    return at(offset) + " expects " + std::to_string(barrier->tx) + " bytes; allowed: up to " +
           std::to_string(kMaxMBarrierCount);
  if (cta.races && cta.launch.options.lints && bytes != 0)
    barrier->open.push_back({cta.races->latest(static_cast<AgentId>(warp.index)), pc});
  settle(cta, *barrier);
  return "";
}

std::string MBarriers::completeTx(Cta &cta, uint32_t offset, uint32_t bytes, Epoch done) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  barrier->tx -= bytes;
  if (barrier->tx < -int64_t(kMaxMBarrierCount))
    return at(offset) + " is " + std::to_string(-barrier->tx) + " bytes ahead of what it expects; allowed: up to " +
           std::to_string(kMaxMBarrierCount);
  barrier->arriving.learn(done);
  settle(cta, *barrier);
  return "";
}

std::string MBarriers::arriveAsync(Cta &cta, uint32_t offset, uint32_t count, Epoch done, const Knowledge *before) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  barrier->arriving.learn(done);
  barrier->open.clear(); // whatever it waits for may come after any expectation
  if (before)
    barrier->arriving.join(*before);
  return arrived(cta, *barrier, count);
}

std::string MBarriers::addPending(Cta &cta, uint32_t offset, uint32_t count) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (count > kMaxMBarrierCount - barrier->pending)
    return at(offset) + " would wait for " + std::to_string(barrier->pending + count) + " arrivals; allowed: up to " +
           std::to_string(kMaxMBarrierCount);
  barrier->pending += count;
  return "";
}

void MBarriers::settle(Cta &cta, MBarrier &barrier) {
  if (barrier.pending != 0 || barrier.tx != 0)
    return;
  for (const OpenExpectation &each : barrier.open)
    cta.warps[agentOf(each.epoch)]->note(cta.program.code[each.pc], Check::MBarrierMisuse, Severity::Warning, -1,
                                         "no arrival comes after this expectation of bytes: a phase of " +
                                             at(barrier.offset) + " may complete without it");
  barrier.open.clear();
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.polled = barrier.noticed = false;
  std::swap(barrier.completed, barrier.arriving);
  barrier.arriving.clear();
  if (cta.races) {
    barrier.previous = barrier.latest;
    barrier.latest = cta.races->begin(barrier.phases);
  }
  for (const auto &warp : cta.warps)
    warp->wake(SplitState::WaitsMBarrier, barrier.offset);
}

} // namespace thrift::sim
