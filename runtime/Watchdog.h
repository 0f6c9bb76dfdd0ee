//===- Watchdog.h - which waits of a kernel gave up -------------------------===//
//
// A plan whose spec has `watchdog` bounds every wait of its kernels for an mbarrier. A wait that gives up is recorded,
// the kernel goes on with what is there and ends: a synchronisation error becomes a report instead of a hung GPU.
//
//   device.fill(records.address(), 0, plan.watchdogBytes(), stream);
//   arguments.watchdog = records.address();
//   ... launch, synchronise, copy the records out ...
//   WatchdogReport report = plan.readWatchdog(copy);   // "warp 5 of CTA [0, 0, 0] waited in vain for event 0 of
//   p_full"
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_WATCHDOG_H
#define THRIFTJIT_RUNTIME_WATCHDOG_H

#include <cstdint>
#include <string>
#include <vector>

namespace thrift {

/// A ring of mbarriers in a kernel's shared memory.
struct WatchedBarrier {
  std::string name;   ///< as `thriftjit emit --stage scheduled` calls it: "k_full"
  int64_t offset = 0; ///< of the first one, in bytes
  int64_t stages = 0;
};

/// A wait that gave up.
struct WatchdogEntry {
  std::string barrier; ///< "k_full", or "mbarrier at byte 1024" where none is known there
  int64_t event = 0;   ///< of the pipeline: the block, counted as the schedule counts it
  bool free = false;   ///< the wait was for the slot that the event will fill, not for the event itself
  int warp = 0;
  int64_t cta[3] = {0, 0, 0};
  int64_t nanoseconds = 0; ///< that it waited

  /// "warp 5 of CTA [0, 0, 0] waited in vain for event 0 of p_full".
  std::string describe() const;
};

/// Who waited longest began first, and is what went wrong; others wait for it, or for nothing that is missing.
struct WatchdogReport {
  int64_t waits = 0;                  ///< that gave up, one for each warp
  std::vector<WatchdogEntry> entries; ///< of the first ones, the longest wait first

  bool hung() const { return waits != 0; }
};

/// Reads what kernels wrote into `records`, the bytes of compiler/WatchdogLayout.h.
WatchdogReport readWatchdog(const void *records, const std::vector<WatchedBarrier> &barriers);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_WATCHDOG_H
