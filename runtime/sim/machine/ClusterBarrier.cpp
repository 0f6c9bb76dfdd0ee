//===- ClusterBarrier.cpp - the barrier of a cluster ------------------------===//

#include "runtime/sim/machine/ClusterBarrier.h"

#include "runtime/sim/machine/Cta.h"

#include <algorithm>

namespace thrift::sim {

void ClusterBarrier::reset(unsigned warps) {
  arrived_.assign(warps, 0);
  owed_.assign(warps, 0);
  used_ = false;
  arriving_.clear();
  completed_.clear();
}

std::string ClusterBarrier::arrive(Cta &cta, Warp &warp, uint32_t lanes, bool relaxed) {
  if (uint32_t again = arrived_[warp.index] & lanes)
    return "lane " + std::to_string(lowestLane(again)) + " of warp " + std::to_string(warp.index) +
           " arrives twice at the cluster barrier before it completes";
  arrived_[warp.index] |= lanes;
  owed_[warp.index] |= lanes;
  used_ = true;
  if (cta.races)
    relaxed ? cta.races->releaseRelaxed(warp.index, arriving_) : cta.races->release(warp.index, arriving_);
  settle(cta);
  return "";
}

std::string ClusterBarrier::wait(Cta &cta, Warp &warp, uint32_t lanes, uint32_t &pending) {
  if (uint32_t early = lanes & ~owed_[warp.index])
    return "lane " + std::to_string(lowestLane(early)) + " of warp " + std::to_string(warp.index) +
           " waits at the cluster barrier without having arrived";
  pending = lanes & arrived_[warp.index];
  owed_[warp.index] &= ~(lanes & ~pending);
  if (cta.races && pending != lanes)
    cta.races->acquire(warp.index, completed_);
  return "";
}

void ClusterBarrier::settle(Cta &cta) {
  if (!used_)
    return;
  for (const auto &warp : cta.warps)
    if (warp->live & ~arrived_[warp->index])
      return;
  std::fill(arrived_.begin(), arrived_.end(), 0);
  used_ = false;
  std::swap(completed_, arriving_);
  arriving_.clear();
  for (const auto &warp : cta.warps)
    warp->wake(SplitState::WaitsCluster, 0);
}

std::string ClusterBarrier::describe(const Cta &cta) const {
  unsigned arrived = 0, threads = 0;
  for (const auto &warp : cta.warps) {
    arrived += static_cast<unsigned>(__builtin_popcount(arrived_[warp->index] & warp->live));
    threads += static_cast<unsigned>(__builtin_popcount(warp->live));
  }
  return "the cluster barrier (" + std::to_string(arrived) + " of " + std::to_string(threads) +
         " threads have arrived)";
}

} // namespace thrift::sim
