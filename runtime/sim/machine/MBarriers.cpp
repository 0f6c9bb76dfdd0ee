//===- MBarriers.cpp - the mbarrier objects of a CTA ------------------------===//

#include "runtime/sim/machine/MBarriers.h"

#include "runtime/sim/machine/Cta.h"

#include <cstring>

namespace thrift::sim {

static std::string at(uint32_t offset) { return "the mbarrier at shared byte " + std::to_string(offset); }

MBarrier *MBarriers::find(uint32_t offset) {
  auto it = barriers_.find(offset);
  return it == barriers_.end() ? nullptr : &it->second;
}

std::string MBarriers::missing(const Cta &cta, uint32_t offset) const {
  if (offset % kMBarrierBytes != 0)
    return "the address of an mbarrier is shared byte " + std::to_string(offset) + "; allowed: multiples of 8";
  if (offset >= cta.sharedBytes)
    return "the address of an mbarrier is shared byte " + std::to_string(offset) + ", shared memory has " +
           std::to_string(cta.sharedBytes) + " bytes";
  return "no mbarrier is initialised at shared byte " + std::to_string(offset);
}

std::string MBarriers::init(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count) {
  if (offset % kMBarrierBytes != 0 || offset >= cta.sharedBytes || cta.sharedBytes - offset < kMBarrierBytes)
    return missing(cta, offset);
  if (count == 0 || count > kMaxMBarrierCount)
    return "the count of " + at(offset) + " is " + std::to_string(count) + "; allowed: 1 to " +
           std::to_string(kMaxMBarrierCount);
  if (find(offset))
    return at(offset) + " is initialised already, and was not invalidated since";
  MBarrier &barrier = barriers_[offset];
  barrier.offset = offset;
  barrier.initPc = pc;
  barrier.expected = barrier.pending = count;
  if (cta.races) {
    barrier.agent = cta.races->barrierAgent(offset);
    cta.races->release(warp.index, barrier.completed); // who waits for it must know that it exists
  }
  std::memset(cta.shared + offset, 0xFF, kMBarrierBytes);
  std::memset(cta.sharedShadow + offset, kBarrierObject, kMBarrierBytes);
  return "";
}

std::string MBarriers::invalidate(Cta &cta, uint32_t offset) {
  if (!find(offset))
    return missing(cta, offset);
  if (isAwaited(cta, offset))
    return at(offset) + " is invalidated while threads wait for it";
  if (const AsyncOperation *operation =
          cta.async.find([&](const AsyncOperation &each) { return each.barrier == offset; }))
    return at(offset) + " is invalidated before " + operation->describe(cta) + " has signalled it";
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

std::string MBarriers::arrive(Cta &cta, Warp &warp, uint32_t offset, uint32_t count, bool relaxed) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (count == 0 || count > kMaxMBarrierCount)
    return "the count of an arrival is " + std::to_string(count) + "; allowed: 1 to " +
           std::to_string(kMaxMBarrierCount);
  if (cta.races && !relaxed)
    cta.races->release(warp.index, barrier->arriving);
  return arrived(cta, *barrier, count);
}

std::string MBarriers::arriveDrop(Cta &cta, Warp &warp, uint32_t offset, uint32_t count, bool relaxed) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  if (count > barrier->expected)
    return std::to_string(count) + " arrivals leave " + at(offset) + ", which expects " +
           std::to_string(barrier->expected);
  barrier->expected -= count;
  return arrive(cta, warp, offset, count, relaxed);
}

std::string MBarriers::expectTx(Cta &cta, uint32_t offset, uint32_t bytes) {
  MBarrier *barrier = find(offset);
  if (!barrier)
    return missing(cta, offset);
  barrier->tx += bytes;
  if (barrier->tx > kMaxMBarrierCount)
    return at(offset) + " expects " + std::to_string(barrier->tx) + " bytes; allowed: up to " +
           std::to_string(kMaxMBarrierCount);
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
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.polled = false;
  std::swap(barrier.completed, barrier.arriving);
  barrier.arriving.clear();
  for (const auto &warp : cta.warps)
    warp->wake(SplitState::WaitsMBarrier, barrier.offset);
}

void MBarriers::acquire(Cta &cta, Warp &warp, const MBarrier &barrier) {
  if (cta.races)
    cta.races->acquire(warp.index, barrier.completed);
}

bool MBarriers::isAwaited(const Cta &cta, uint32_t offset) {
  const MBarrier *barrier = find(offset);
  if (barrier && barrier->polled)
    return true;
  for (const auto &warp : cta.warps)
    for (const Split &split : warp->others)
      if (split.state == SplitState::WaitsMBarrier && split.waitsFor == offset)
        return true;
  return false;
}

std::string MBarriers::describe(uint32_t offset) {
  const MBarrier *barrier = find(offset);
  if (!barrier)
    return at(offset) + ", which is not initialised";
  std::string text = at(offset) + " (phase " + std::to_string(barrier->phase) + "; " +
                     std::to_string(barrier->pending) + " of " + std::to_string(barrier->expected) + " arrivals";
  if (barrier->tx != 0)
    text += " and " + std::to_string(barrier->tx) + " bytes";
  return text + " are missing)";
}

} // namespace thrift::sim
