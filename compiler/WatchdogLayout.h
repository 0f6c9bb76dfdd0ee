//===- WatchdogLayout.h - where waits that gave up are recorded -------------===//
//
// Memory of one launch, zero at its start, that kernels built with a watchdog write and the runtime reads:
//
//   byte 0     how many waits gave up; may exceed the entries that there is room for
//   byte 32    entries of 8 words (u32), as they came:
//              offset of the mbarrier in shared memory, event, warp, 1 where the wait was for a free slot,
//              the CTA's x, y, z, nanoseconds waited
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_WATCHDOGLAYOUT_H
#define THRIFTJIT_COMPILER_WATCHDOGLAYOUT_H

#include <cstdint>

namespace thrift::watchdog {

constexpr int64_t kHeaderBytes = 32, kEntryBytes = 32, kEntries = 15;
constexpr int64_t kBytes = kHeaderBytes + kEntries * kEntryBytes;

/// A kernel of this project waits microseconds for anything; what takes so long does not come.
constexpr int64_t kPatienceNanoseconds = 2'000'000'000;
/// The longest that one try suspends the thread.
constexpr int64_t kSuspendNanoseconds = 10'000'000;

} // namespace thrift::watchdog

#endif // THRIFTJIT_COMPILER_WATCHDOGLAYOUT_H
