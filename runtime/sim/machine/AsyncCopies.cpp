//===- AsyncCopies.cpp - cp.async of one warp -------------------------------===//

#include "runtime/sim/machine/AsyncCopies.h"

#include "runtime/sim/machine/AddressSpace.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

void AsyncCopies::reset() {
  copies_.clear();
  committed_.fill(0);
  issued_ = 0;
}

void AsyncCopies::issue(AsyncCopy copy, uint8_t *shared, uint8_t *sharedShadow) {
  for (LaneIterator lane(copy.lanes); lane; ++lane) {
    std::memset(shared + copy.destination[*lane], kPoison, copy.bytes);
    std::memset(sharedShadow + copy.destination[*lane], kPending, copy.bytes);
  }
  copy.group = committed_;
  copy.number = issued_++;
  copies_.push_back(copy);
}

void AsyncCopies::commit(uint32_t lanes) {
  for (LaneIterator lane(lanes); lane; ++lane)
    ++committed_[*lane];
}

void AsyncCopies::deliver(const AsyncCopy &copy, uint32_t lanes, uint8_t *shared, uint8_t *sharedShadow) {
  for (LaneIterator it(lanes); it; ++it) {
    unsigned lane = *it;
    uint8_t *destination = shared + copy.destination[lane];
    uint8_t *shadow = sharedShadow + copy.destination[lane];
    uint32_t bytes = copy.sourceBytes[lane];
    std::memcpy(destination, copy.source[lane], bytes);
    std::memset(destination + bytes, 0, copy.bytes - bytes);
    // Bytes that were never written stay so: whoever reads them is told, not the copy.
    if (copy.sourceShadow[lane])
      std::memcpy(shadow, copy.sourceShadow[lane], bytes);
    else
      std::memset(shadow, kWritten, bytes);
    std::memset(shadow + bytes, kWritten, copy.bytes - bytes);
  }
}

/// Delivers the lanes of each copy that `due` gives.
template <typename Due>
void AsyncCopies::deliverSome(Due due, uint8_t *shared, uint8_t *sharedShadow) {
  for (AsyncCopy &copy : copies_) {
    uint32_t lanes = due(copy);
    deliver(copy, lanes, shared, sharedShadow);
    copy.lanes &= ~lanes;
  }
  copies_.erase(std::remove_if(copies_.begin(), copies_.end(), [](const AsyncCopy &copy) { return copy.lanes == 0; }),
                copies_.end());
}

void AsyncCopies::waitGroup(uint32_t lanes, uint32_t pendingGroups, uint8_t *shared, uint8_t *sharedShadow) {
  auto due = [&](const AsyncCopy &copy) {
    uint32_t covered = 0;
    for (LaneIterator lane(copy.lanes & lanes); lane; ++lane)
      if (uint64_t(copy.group[*lane]) + pendingGroups < committed_[*lane])
        covered |= 1u << *lane;
    return covered;
  };
  deliverSome(due, shared, sharedShadow);
}

void AsyncCopies::waitAll(uint32_t lanes, uint8_t *shared, uint8_t *sharedShadow) {
  deliverSome([&](const AsyncCopy &copy) { return copy.lanes & lanes; }, shared, sharedShadow);
}

void AsyncCopies::deliverBefore(uint32_t lanes, uint64_t number, uint8_t *shared, uint8_t *sharedShadow) {
  deliverSome([&](const AsyncCopy &copy) { return copy.number < number ? copy.lanes & lanes : 0u; }, shared,
              sharedShadow);
}

Epoch AsyncCopies::arrivedUpTo(Epoch latest) const {
  Epoch epoch = latest;
  for (const AsyncCopy &copy : copies_)
    epoch = std::min(epoch, copy.epoch - 1);
  return epoch;
}

void AsyncCopies::handOver(uint32_t lanes) {
  for (AsyncCopy &copy : copies_)
    copy.awaited |= lanes;
}

const AsyncCopy *AsyncCopies::pendingOf(uint32_t lanes) const {
  for (const AsyncCopy &copy : copies_)
    if (copy.lanes & lanes & ~copy.awaited)
      return &copy;
  return nullptr;
}

const AsyncCopy *AsyncCopies::pendingAt(uint32_t offset) const {
  for (const AsyncCopy &copy : copies_)
    for (LaneIterator lane(copy.lanes); lane; ++lane)
      if (offset - copy.destination[*lane] < copy.bytes)
        return &copy;
  return nullptr;
}

} // namespace thrift::sim
