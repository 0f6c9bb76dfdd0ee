//===- Watchdog.cpp - which waits of a kernel gave up -----------------------===//

#include "runtime/Watchdog.h"

#include "compiler/WatchdogLayout.h"

#include <algorithm>
#include <cstring>

using namespace thrift;

static constexpr int64_t kMBarrierBytes = 8;

static std::string nameOf(int64_t offset, const std::vector<WatchedBarrier> &barriers) {
  for (const WatchedBarrier &barrier : barriers)
    if (offset >= barrier.offset && offset < barrier.offset + barrier.stages * kMBarrierBytes)
      return barrier.name;
  return "mbarrier at byte " + std::to_string(offset);
}

WatchdogReport thrift::readWatchdog(const void *records, const std::vector<WatchedBarrier> &barriers) {
  const char *bytes = static_cast<const char *>(records);
  uint32_t count;
  std::memcpy(&count, bytes, sizeof count);
  WatchdogReport report;
  report.waits = count;
  for (int64_t n = 0; n < std::min<int64_t>(count, watchdog::kEntries); ++n) {
    uint32_t words[watchdog::kEntryBytes / sizeof(uint32_t)];
    std::memcpy(words, bytes + watchdog::kHeaderBytes + n * watchdog::kEntryBytes, sizeof words);
    WatchdogEntry entry;
    entry.barrier = nameOf(words[0], barriers);
    entry.event = words[1];
    entry.warp = static_cast<int>(words[2]);
    entry.free = words[3] != 0;
    std::copy(words + 4, words + 7, entry.cta);
    entry.nanoseconds = words[7];
    report.entries.push_back(std::move(entry));
  }
  std::stable_sort(report.entries.begin(), report.entries.end(),
                   [](const WatchdogEntry &a, const WatchdogEntry &b) { return a.nanoseconds > b.nanoseconds; });
  return report;
}

std::string WatchdogEntry::describe() const {
  std::string place = std::to_string(cta[0]) + ", " + std::to_string(cta[1]) + ", " + std::to_string(cta[2]);
  return "warp " + std::to_string(warp) + " of CTA [" + place + "] waited in vain for " +
         (free ? "the slot of event " : "event ") + std::to_string(event) + " of " + barrier;
}
