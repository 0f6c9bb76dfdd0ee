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
// With Options::checkRaces the rules are checked for other schedules than this one as well: whoever uses a barrier must
// know of its initialisation, and whoever ends it of all its uses.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H

#include "runtime/sim/machine/HappensBefore.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace thrift::sim {

class Cta;
class Warp;

constexpr uint32_t kMaxMBarrierCount = (1u << 20) - 1;
constexpr uint32_t kMBarrierBytes = 8;

/// Lanes that wait for a phase.
struct MBarrierWaiter {
  unsigned warp = 0;
  uint32_t lanes = 0;
  uint64_t phase = 0;
  bool suspended = false; ///< until it completes; else they poll, or did
};

/// Bytes that the current phase expects, while no arrival is known to come later: the phase could complete without.
struct OpenExpectation {
  Epoch epoch = kNoEpoch;
  uint32_t pc = 0;
};

struct MBarrier {
  uint32_t offset = 0;
  uint32_t initPc = 0;
  unsigned initWarp = 0;
  uint32_t expected = 0; ///< arrivals of the next phase
  uint32_t pending = 0;
  int64_t tx = 0;
  uint64_t phase = 0;
  bool polled = false;  ///< a test_wait failed since the last change: somebody spins on it
  bool noticed = false; ///< a wait for the latest completed phase was successful
  uint32_t expectPc = 0;
  unsigned expectWarp = 0; ///< who expected bytes last; the initialisation if nobody did
  std::vector<MBarrierWaiter> waiters;

  // With Options::checkRaces only.
  Knowledge arriving;           ///< of the current phase
  Knowledge completed;          ///< of the latest completed phase
  AgentId agent = 0;            ///< the copies that it counts, and its initialisation
  Epoch initEpoch = kNoEpoch;   ///< of `agent`
  AgentId phases = 0;           ///< the completions of its phases
  Epoch latest = kNoEpoch;      ///< of `phases`: the latest completed phase
  Epoch previous = kNoEpoch;    ///< and the one before
  Clock uses;                   ///< the latest use by each warp
  std::vector<uint32_t> usePcs; ///< by warp
  std::vector<OpenExpectation> open;
};

class MBarriers {
public:
  void reset() { barriers_.clear(); }

  std::string init(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count);
  std::string invalidate(Cta &cta, Warp &warp, uint32_t offset);
  /// `count` arrivals of the warp; those who wait learn what it knows, unless they are relaxed.
  std::string arrive(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count, bool relaxed);
  /// Arrivals that also lower the expected count of all later phases.
  std::string arriveDrop(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t count, bool relaxed);
  std::string expectTx(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, uint32_t bytes);
  /// Bytes have arrived; those who wait learn of the operation `done` (kNoEpoch: nothing).
  std::string completeTx(Cta &cta, uint32_t offset, uint32_t bytes, Epoch done);
  /// An arrival by an asynchronous operation: of a commit, or of cp.async.mbarrier.arrive.
  /// Those who wait learn of `done`, and of what came before it in the eyes of who issued it.
  std::string arriveAsync(Cta &cta, uint32_t offset, uint32_t count, Epoch done, const Knowledge *before = nullptr);
  /// cp.async.mbarrier.arrive without .noinc: `count` arrivals more are awaited in this phase.
  std::string addPending(Cta &cta, uint32_t offset, uint32_t count);

  /// The instruction `pc` of the warp is about to use the barrier at `offset`, or to issue an operation that will
  /// signal it (`async`): there must be one, and its initialisation must be ordered before.
  std::string use(Cta &cta, Warp &warp, uint32_t pc, uint32_t offset, bool async = false);
  /// fence.mbarrier_init: a relaxed arrival at the cluster barrier publishes the warp's initialisations.
  void fenceInit(Cta &cta, Warp &warp);

  /// The barrier at `offset`, or null where none is initialised.
  MBarrier *find(uint32_t offset);
  /// The sentence that says why there is none.
  std::string missing(const Cta &cta, uint32_t offset) const;
  /// Whether the phase of this parity (0 or 1) has completed.
  static bool isComplete(const MBarrier &barrier, uint32_t parity) { return (barrier.phase & 1) != parity; }

  /// The token that an arrival returns, of the time before it: phase, place of the barrier, pending arrivals.
  static uint64_t stateOf(const MBarrier &barrier);
  static uint32_t pendingOf(uint64_t state) { return static_cast<uint32_t>(state) & kMaxMBarrierCount; }
  /// Whether the phase in which `state` was taken has completed. A sentence if it is not one of this barrier, current
  /// or of the phase before.
  static std::string isStateComplete(const MBarrier &barrier, uint64_t state, bool &complete);

  /// The wait of `lanes` for the latest completed phase was successful. The warp learns what the phase knew unless the
  /// wait is relaxed. `byParity`: an older phase could have satisfied it as well.
  std::string acquire(Cta &cta, Warp &warp, uint32_t pc, MBarrier &barrier, uint32_t lanes, bool byParity,
                      bool relaxed);
  /// The current phase is the one that `lanes` ask for; `suspends`: they are suspended until it completes. A sentence
  /// if they were suspended for an earlier one.
  std::string await(const Warp &warp, MBarrier &barrier, uint32_t lanes, bool suspends);

  /// Whether a lane waits for this barrier or polls it.
  bool isAwaited(const Cta &cta, uint32_t offset);
  /// The same, but a thread of `warp` that has polled it and went on does not wait.
  static bool isAwaitedByOthers(const Cta &cta, const Warp &warp, const MBarrier &barrier);
  /// Reports barriers that still expect bytes when all threads have exited; false if there are any.
  bool checkAtExit(Cta &cta) const;
  /// "the mbarrier at shared byte 64 (phase 3; 1 of 2 arrivals and 4096 bytes are missing)"
  std::string describe(uint32_t offset);
  /// The same for those who wait for it in vain: what should have come, and what is on its way.
  std::string describeDeadlock(const Cta &cta, uint32_t offset);
  /// What lanes poll that may run, and cannot get on; "" if it is no mbarrier.
  std::string describePolled(const Cta &cta, const Warp &warp, uint32_t lanes);
  const std::map<uint32_t, MBarrier> &all() const { return barriers_; }

private:
  /// "the mbarrier at shared byte 64"
  static std::string at(uint32_t offset);
  std::string checkKnown(const Cta &cta, const Warp &warp, const MBarrier &barrier) const;
  std::string resume(const Warp &warp, MBarrier &barrier, uint32_t lanes);
  void remember(Cta &cta, const Warp &warp, uint32_t pc, MBarrier &barrier);
  void checkNoticed(Cta &cta, Warp &warp, uint32_t pc, const MBarrier &barrier);
  std::string arrived(Cta &cta, MBarrier &barrier, uint32_t count);
  void settle(Cta &cta, MBarrier &barrier);

  std::map<uint32_t, MBarrier> barriers_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_MBARRIERS_H
