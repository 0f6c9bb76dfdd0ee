//===- Cta.h - a thread block: warps, shared memory, barriers ---------------===//
//
// One host thread runs a CTA; nothing in it is locked. A Cta object is reused for many CTAs of a launch. What it needs
// from the launch is in LaunchContext.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_CTA_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_CTA_H

#include "runtime/sim/machine/AddressSpace.h"
#include "runtime/sim/machine/AsyncQueue.h"
#include "runtime/sim/machine/Barriers.h"
#include "runtime/sim/machine/ClusterBarrier.h"
#include "runtime/sim/machine/HappensBefore.h"
#include "runtime/sim/machine/MBarriers.h"
#include "runtime/sim/machine/Program.h"
#include "runtime/sim/machine/RegisterPool.h"
#include "runtime/sim/machine/Tmem.h"
#include "runtime/sim/machine/Warp.h"

#include <memory>
#include <string>
#include <vector>

namespace thrift::sim {

/// What all CTAs of a launch share; read-only while it runs.
struct LaunchContext {
  const Program *program = nullptr;
  LaunchConfig config;
  Options options;
  RegionMap regions;
  uint64_t parameters = 0;  ///< host address of the parameter block
  uint32_t sharedBytes = 0; ///< static and dynamic
};

/// A finding before it is put into words: where it happened.
struct LocatedFinding {
  uint32_t pc = 0;
  Finding finding;
};

class Cta {
public:
  explicit Cta(const LaunchContext &launch);
  Cta(const Cta &) = delete;
  Cta &operator=(const Cta &) = delete;

  /// Prepares CTA number `linear` of the grid.
  void start(uint64_t linear);

  enum class Outcome { Running, Done, Fault };
  /// Lets the warps take turns for about `quantum` instructions, and subtracts from it what was executed.
  Outcome run(uint64_t &quantum);

  const LaunchContext &launch;
  const Program &program;
  uint64_t linear = 0;
  Dim3 id;
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<uint8_t> sharedStorage, sharedShadowStorage, localStorage, localShadowStorage;
  uint8_t *shared = nullptr, *sharedShadow = nullptr;
  uint32_t sharedBytes = 0;
  Barriers barriers;
  MBarriers mbarriers;
  ClusterBarrier cluster;
  RegisterPool registers;
  AsyncQueue async;
  std::unique_ptr<HappensBefore> races; ///< null unless Options::checkRaces
  std::unique_ptr<Tmem> tmem;           ///< null until it is used for the first time

  Statistics stats;                     ///< of all CTAs this object ran
  std::vector<uint64_t> counts;         ///< executions per instruction, of all CTAs this object ran
  std::vector<LocatedFinding> findings; ///< of the current CTA
  std::string printed;                  ///< of the current CTA
  uint64_t clock = 0;                   ///< instructions executed, the simulated time

  void report(uint32_t pc, const Warp *warp, int lane, Severity severity, Check check, std::string message);
  /// TMEM, created if there was none yet.
  Tmem &tensorMemory();
  /// A warp lost lanes: barriers that waited for them may be complete.
  void lanesExited();
  /// Reports two accesses that are not ordered; `what` is the later one: "the read", "the wgmma.mma_async of line 3".
  /// Step::Next if that is a lint.
  Step reportConflict(uint32_t pc, const Warp *warp, int lane, const Conflict &conflict, const std::string &memory,
                      const std::string &what);
  /// An access to shared memory, with races: reports it if it is not ordered after earlier ones.
  Step orderShared(const Actor &actor, const Warp &warp, int lane, SharedRange range, bool isStore, const char *what);

private:
  bool finish();
  Outcome whenIdle(bool polling);
  void reportDeadlock();
  std::string describeWait(const Warp &warp, const Split &split);
  void fillSpecials(Warp &warp);
  uint64_t specialOf(ptx::SpecialRegister reg, const Warp &warp, unsigned lane) const;

  std::vector<unsigned> order_; ///< in which warps take turns
  unsigned next_ = 0;
  uint32_t idleRounds_ = 0; ///< rounds in which all that could run was polling
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_CTA_H
