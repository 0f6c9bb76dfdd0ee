//===- AsyncCopies.h - cp.async of one warp ---------------------------------===//
//
// Copies from global to shared memory that were issued and have not appeared yet. Each lane has groups of its own: an
// operation belongs to the group that its lane commits next. Under lazy delivery a copy happens at the wait that covers
// it, reading its source only then; until then its destination is poisoned.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCCOPIES_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCCOPIES_H

#include "runtime/sim/machine/HappensBefore.h"
#include "runtime/sim/machine/Lanes.h"

#include <array>
#include <vector>

namespace thrift::sim {

/// One executed cp.async.
struct AsyncCopy {
  uint32_t pc = 0;      ///< of the instruction, for reports
  uint32_t lanes = 0;   ///< still to be delivered
  uint32_t bytes = 0;   ///< 4, 8 or 16
  uint32_t awaited = 0; ///< lanes whose copy an mbarrier counts: they may exit
  Epoch epoch = kNoEpoch;
  uint64_t number = 0; ///< in the order of issue
  std::array<const uint8_t *, kWarpSize> source;
  std::array<const uint8_t *, kWarpSize> sourceShadow; ///< null: written
  std::array<uint32_t, kWarpSize> sourceBytes;         ///< the rest up to `bytes` becomes zero
  std::array<uint32_t, kWarpSize> destination;         ///< offset in shared memory
  std::array<uint32_t, kWarpSize> group;
};

class AsyncCopies {
public:
  void reset();
  /// Remembers a copy and poisons its destination.
  void issue(AsyncCopy copy, uint8_t *shared, uint8_t *sharedShadow);
  /// Closes the current group of each lane.
  void commit(uint32_t lanes);
  /// Delivers what must have arrived once at most `pendingGroups` of the latest groups are incomplete.
  void waitGroup(uint32_t lanes, uint32_t pendingGroups, uint8_t *shared, uint8_t *sharedShadow);
  /// Delivers everything, committed or not.
  void waitAll(uint32_t lanes, uint8_t *shared, uint8_t *sharedShadow);
  /// Delivers what these lanes issued before the copy that will get this number.
  void deliverBefore(uint32_t lanes, uint64_t number, uint8_t *shared, uint8_t *sharedShadow);
  /// The number that the next copy will get.
  uint64_t nextNumber() const { return issued_; }
  /// The epoch before that of the oldest copy that is pending, or `latest` if none is: all up to it have arrived.
  Epoch arrivedUpTo(Epoch latest) const;
  /// An mbarrier counts all that these lanes have issued: others wait for it.
  void handOver(uint32_t lanes);
  /// A copy of one of these lanes that is pending and nobody else's to wait for, or null.
  const AsyncCopy *pendingOf(uint32_t lanes) const;
  /// The pending copy whose destination holds shared byte `offset`, or null.
  const AsyncCopy *pendingAt(uint32_t offset) const;
  bool empty() const { return copies_.empty(); }

  /// Performs the copy for `lanes`.
  static void deliver(const AsyncCopy &copy, uint32_t lanes, uint8_t *shared, uint8_t *sharedShadow);

private:
  template <typename Due>
  void deliverSome(Due due, uint8_t *shared, uint8_t *sharedShadow);

  std::vector<AsyncCopy> copies_; ///< in order of issue
  std::array<uint32_t, kWarpSize> committed_{};
  uint64_t issued_ = 0;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_ASYNCCOPIES_H
