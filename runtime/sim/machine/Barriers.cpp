//===- Barriers.cpp - the sixteen barriers of a CTA -------------------------===//

#include "runtime/sim/machine/Barriers.h"

#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

void Barriers::reset(unsigned warps) {
  for (Barrier &barrier : barriers_) {
    barrier = Barrier();
    barrier.arrived.assign(warps, 0);
  }
}

std::string Barriers::enter(Cta &cta, Warp &warp, uint32_t lanes, uint32_t barrier, uint32_t threads,
                            Reduction reduction, bool waits) {
  if (barrier >= kNumBarriers)
    return "barrier is " + std::to_string(barrier) + "; allowed: 0 to 15";
  if (threads % kWarpSize != 0)
    return "thread count of barrier " + std::to_string(barrier) + " is " + std::to_string(threads) +
           "; allowed: multiples of 32";
  Barrier &state = barriers_[barrier];
  if (!state.used) {
    state.used = true;
    state.threads = threads;
    state.reduction = reduction;
  }
  if (state.threads != threads)
    return "barrier " + std::to_string(barrier) + " is used with " + std::to_string(threads) +
           " threads while others wait for " + std::to_string(state.threads);
  // An arrival without a wait has no part in a reduction and may join any kind.
  if (waits && state.reduction != reduction && !state.waiters.empty())
    return "barrier " + std::to_string(barrier) + " mixes sync and red, or different reductions";
  if (waits)
    state.reduction = reduction;
  if (state.arrived[warp.index] & lanes)
    return "warp " + std::to_string(warp.index) + " arrives twice at barrier " + std::to_string(barrier) +
           " before it completes";
  state.arrived[warp.index] |= lanes;
  if (threads != 0 && countOf(cta, state) > threads)
    return "more than " + std::to_string(threads) + " threads arrive at barrier " + std::to_string(barrier);
  if (cta.races)
    cta.races->release(warp.index, state.known);
  return "";
}

std::string Barriers::sync(Cta &cta, Warp &warp, const Inst &inst, uint32_t lanes, uint32_t barrier, uint32_t threads,
                           Reduction reduction, uint32_t bits) {
  std::string misuse = enter(cta, warp, lanes, barrier, threads, reduction, true);
  if (!misuse.empty())
    return misuse;
  Barrier &state = barriers_[barrier];
  state.waiters.push_back({&warp, &inst, lanes});
  state.popc += static_cast<uint32_t>(__builtin_popcount(bits & lanes));
  state.all = state.all && (bits & lanes) == lanes;
  state.any = state.any || (bits & lanes) != 0;
  return "";
}

std::string Barriers::arrive(Cta &cta, Warp &warp, uint32_t lanes, uint32_t barrier, uint32_t threads) {
  return enter(cta, warp, lanes, barrier, threads, Reduction::None, false);
}

uint64_t Barriers::countOf(const Cta &cta, const Barrier &barrier) const {
  uint64_t count = 0;
  for (const auto &warp : cta.warps) {
    uint32_t arrived = barrier.arrived[warp->index];
    if (arrived != 0)
      count += (warp->live & ~arrived) == 0 ? kWarpSize : static_cast<unsigned>(__builtin_popcount(arrived));
  }
  return count;
}

bool Barriers::isComplete(const Cta &cta, const Barrier &barrier) const {
  if (!barrier.used)
    return false;
  if (barrier.threads != 0)
    return countOf(cta, barrier) >= barrier.threads;
  for (const auto &warp : cta.warps)
    if (warp->live & ~barrier.arrived[warp->index])
      return false;
  return true;
}

void Barriers::complete(Cta &cta, uint32_t index) {
  Barrier &barrier = barriers_[index];
  uint32_t value = barrier.reduction == Reduction::Popc  ? barrier.popc
                   : barrier.reduction == Reduction::And ? (barrier.all ? kFullMask : 0)
                                                         : (barrier.any ? kFullMask : 0);
  for (const Waiter &waiter : barrier.waiters) {
    if (cta.races)
      cta.races->acquire(waiter.warp->index, barrier.known);
    if (barrier.reduction == Reduction::Popc) {
      uint32_t *destination = waiter.warp->plane<uint32_t>(waiter.inst->d);
      for (LaneIterator lane(waiter.lanes); lane; ++lane)
        destination[*lane] = value;
    } else if (barrier.reduction != Reduction::None) {
      waiter.warp->setPredicate(waiter.inst->d, waiter.lanes, value);
    }
  }
  if (barrier.threads == 0 && !barrier.waiters.empty())
    for (const auto &warp : cta.warps)
      if (warp->born & ~warp->live & ~barrier.arrived[warp->index]) {
        const Waiter &waiter = barrier.waiters.front();
        waiter.warp->note(*waiter.inst, Check::BarrierMisuse, Severity::Warning, -1,
                          "barrier " + std::to_string(index) + " completes though threads of warp " +
                              std::to_string(warp->index) + " have exited without arriving");
        break;
      }
  for (const auto &warp : cta.warps)
    warp->release(index);
  std::vector<uint32_t> arrived = std::move(barrier.arrived);
  std::fill(arrived.begin(), arrived.end(), 0);
  barrier = Barrier();
  barrier.arrived = std::move(arrived);
}

void Barriers::settle(Cta &cta) {
  for (uint32_t index = 0; index < kNumBarriers; ++index)
    if (isComplete(cta, barriers_[index]))
      complete(cta, index);
}

std::string Barriers::describe(const Cta &cta, uint32_t index) const {
  const Barrier &barrier = barriers_[index];
  uint64_t threads = barrier.threads;
  if (threads == 0)
    for (const auto &warp : cta.warps)
      threads += (warp->live | barrier.arrived[warp->index]) ? kWarpSize : 0;
  return "barrier " + std::to_string(index) + " (" + std::to_string(countOf(cta, barrier)) + " of " +
         std::to_string(threads) + " threads have arrived)";
}

} // namespace thrift::sim
