//===- MBarriers.h - the mbarrier objects of a CTA --------------------------===//
//
// An mbarrier is eight bytes of shared memory that count arrivals and bytes. Its state lives here, keyed by its offset;
// the bytes themselves are fenced off, so that no load or store touches them (PTX ISA, "mbarrier").
//
//   phase     how often it has completed; a wait for parity p is satisfied if the latest completed phase has parity p,
//             so on a fresh barrier parity 1 is
//   pending   arrivals that the current phase still waits for
//   tx        bytes that it still waits for; may be negative while copies complete before they are expected
//
// A phase completes when pending and tx are both zero. Misuse is returned as a sentence; "" is good.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H

#include "runtime/sim/machine/HappensBefore.h"

#include <cstdint>
#include <map>
#include <string>

namespace thrift::sim {

class Cta;
class Warp;

constexpr uint32_t kMaxMBarrierCount = (1u << 20) - 1;
constexpr uint32_t kMBarrierBytes = 8;

struct MBarrier {
  uint32_t offset = 0;
  uint32_t initPc = 0;
  uint32_t expected = 0; ///< arrivals of the next phase
  uint32_t pending = 0;
  int64_t tx = 0;
  uint64_t phase = 0;
  bool polled = false; ///< a test_wait failed since the last change: somebody spins on it
  Knowledge arriving;  ///< of the current phase
  Knowledge completed; ///< of the latest completed phase
  AgentId agent = 0;   ///< the copies that it counts
};

class MBarriers {
public:
  void reset() { barriers_.clear(); }

  std::string init(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count);
  std::string invalidate(Cta &cta, uint32_t offset);
  /// `count` arrivals of the warp; those who wait learn what it knows, unless they are relaxed.
  std::string arrive(Cta &cta, Warp &warp, uint32_t offset, uint32_t count, bool relaxed);
  /// Arrivals that also lower the expected count of all later phases.
  std::string arriveDrop(Cta &cta, Warp &warp, uint32_t offset, uint32_t count, bool relaxed);
  std::string expectTx(Cta &cta, uint32_t offset, uint32_t bytes);
  /// Bytes have arrived; those who wait learn of the operation `done` (kNoEpoch: nothing).
  std::string completeTx(Cta &cta, uint32_t offset, uint32_t bytes, Epoch done);
  /// An arrival by an asynchronous operation: of a commit, or of cp.async.mbarrier.arrive.
  /// Those who wait learn of `done`, and of what came before it in the eyes of who issued it.
  std::string arriveAsync(Cta &cta, uint32_t offset, uint32_t count, Epoch done, const Knowledge *before = nullptr);
  /// cp.async.mbarrier.arrive without .noinc: `count` arrivals more are awaited in this phase.
  std::string addPending(Cta &cta, uint32_t offset, uint32_t count);

  /// The barrier at `offset`, or null where none is initialised.
  MBarrier *find(uint32_t offset);
  /// The sentence that says why there is none.
  std::string missing(const Cta &cta, uint32_t offset) const;
  /// Whether the phase of this parity (0 or 1) has completed.
  static bool isComplete(const MBarrier &barrier, uint32_t parity) { return (barrier.phase & 1) != parity; }
  /// The token that an arrival returns: of the time before it.
  static uint64_t stateOf(const MBarrier &barrier) { return barrier.phase << 20 | barrier.pending; }
  static uint32_t pendingOf(uint64_t state) { return static_cast<uint32_t>(state) & kMaxMBarrierCount; }
  /// Whether the phase in which `state` was taken has completed.
  static bool isStateComplete(const MBarrier &barrier, uint64_t state) { return barrier.phase != state >> 20; }
  /// The wait of `warp` was successful: it knows what the phase knew.
  void acquire(Cta &cta, Warp &warp, const MBarrier &barrier);

  /// Whether a lane waits for this barrier or polls it.
  bool isAwaited(const Cta &cta, uint32_t offset);
  /// "the mbarrier at shared byte 64 (phase 3; 1 of 2 arrivals and 4096 bytes are missing)"
  std::string describe(uint32_t offset);
  const std::map<uint32_t, MBarrier> &all() const { return barriers_; }

private:
  std::string arrived(Cta &cta, MBarrier &barrier, uint32_t count);
  void settle(Cta &cta, MBarrier &barrier);

  std::map<uint32_t, MBarrier> barriers_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H
