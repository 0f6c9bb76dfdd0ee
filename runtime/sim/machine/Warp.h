//===- Warp.h - 32 lanes, their registers and their splits ------------------===//
//
// A warp runs one split at a time: the lanes that share a pc and a call stack. Nearly always there is one. Divergent
// branches make more; the split with the lowest pc runs, and splits that meet at a pc merge. A split that takes many
// backward branches steps aside for the others, as independent thread scheduling demands.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_WARP_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_WARP_H

#include "runtime/sim/machine/AsyncCopies.h"
#include "runtime/sim/machine/BulkGroups.h"
#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/machine/Lanes.h"

#include <memory>
#include <string>
#include <vector>

namespace thrift::sim {

struct AccessFunctions;
class AsyncOperation;
class Cta;
class WgmmaTracker;
struct Program;
struct Region;

/// A register that nobody wrote reads as this pattern: a NaN as f32, an address that is nobody's.
constexpr uint32_t kRegisterCanary = 0x7FF5DEADu;

enum class SplitState : uint8_t {
  Ready,
  WaitsAligned,   ///< at an .aligned instruction, for the other lanes of the warp
  WaitsMask,      ///< at a .sync instruction, for the other lanes of its member mask
  WaitsWarp,      ///< at bar.warp.sync, for the other lanes of its member mask, wherever they arrive
  WaitsBarrier,   ///< at a barrier of the CTA, arrival counted
  WaitsMBarrier,  ///< for a phase of the mbarrier at shared offset waitsFor
  WaitsCluster,   ///< at the barrier of the cluster
  WaitsRegisters, ///< for registers that other warps give back
  WaitsTmem,      ///< for waitsFor columns of TMEM
  WaitsAsync,     ///< for warps or operations that make an asynchronous operation ready; woken when any is
};

struct Split {
  uint32_t pc = 0;
  uint32_t mask = 0;
  uint32_t frame = 0; ///< index into the call frames of the warp; 0 is the kernel itself
  SplitState state = SplitState::Ready;
  bool yielded = false;  ///< has had its turn; others first
  uint32_t waitsFor = 0; ///< member mask or barrier
};

class Warp {
public:
  Warp(Cta &cta, const Program &program, unsigned index);
  ~Warp();

  /// Makes `lanes` live at the entry; registers hold the canary, constants and special registers their values.
  void start(uint32_t lanes);

  enum class Outcome { Ready, Blocked, Done, Fault };
  /// Runs for at most `quantum` instructions and subtracts from it what was executed.
  Outcome run(uint64_t &quantum);

  // The running split. pc is that of the next instruction while a handler runs.
  uint32_t pc = 0, mask = 0, frame = 0;
  uint32_t live = 0; ///< lanes that have not exited
  uint32_t born = 0; ///< lanes that ever existed
  Cta &cta;
  const Program &program;
  const Inst *code;
  const AccessFunctions &access;
  unsigned index;
  const Region *hint = nullptr;                     ///< global region touched last
  AsyncCopies copies;                               ///< cp.async of this warp
  BulkGroups bulkGroups;                            ///< of cp.async.bulk to global memory
  std::unique_ptr<WgmmaTracker> wgmma;              ///< null until its first wgmma instruction
  std::vector<Split> others;                        ///< splits that are not running
  bool polled = false;                              ///< asked for a phase in this turn that has not come
  uint64_t sincePoll = 0;                           ///< instructions in later turns
  uint8_t *local = nullptr, *localShadow = nullptr; ///< 32 times localBytes

  template <typename T>
  T *plane(uint32_t place) const {
    return reinterpret_cast<T *>(registers_.get() + place);
  }
  uint32_t &predicate(uint32_t predicate) { return predicates_[predicate]; }
  /// Value of an operand (index << 1 | negated).
  uint32_t condition(uint32_t operand) const { return predicates_[operand >> 1] ^ (0u - (operand & 1u)); }
  void setPredicate(uint32_t predicate, uint32_t lanes, uint32_t bits) {
    predicates_[predicate] = (predicates_[predicate] & ~lanes) | (bits & lanes);
  }

  uint32_t indexOf(const Inst &inst) const { return static_cast<uint32_t>(&inst - code); }

  /// Records an error; the launch stops.
  Step fault(const Inst &inst, Check check, int lane, std::string message);
  /// Records a note or a warning, once per instruction.
  void note(const Inst &inst, Check check, Severity severity, int lane, std::string message);

  /// The lanes `taken` of the running split go to `target`, the others to the next instruction.
  void branch(uint32_t taken, uint32_t target, uint32_t targetFrame);
  /// A taken branch to `target` at or before `from`: steps aside after many of them if other splits could run.
  Step backward();
  /// The running split lets the others of its warp run first. False if there are none that could.
  bool stepAside();
  /// The lanes `waiting` of the running split wait at `inst`, which will be executed again; the others go on.
  Step park(const Inst &inst, uint32_t waiting, SplitState state, uint32_t waitsFor = 0);
  /// The same, after an arrival that was counted: whoever completes the barrier calls release.
  Step arrive(const Inst &inst, uint32_t waiting, uint32_t barrier);
  /// All lanes that wait at `barrier` go on behind it.
  void release(uint32_t barrier);
  /// Splits that wait in this way for `waitsFor` execute their instruction again.
  void wake(SplitState state, uint32_t waitsFor);
  void exit(uint32_t lanes);

  /// Until `operation` is performed no instruction may touch the register at `place`; see AsyncOperation::onTouch.
  void lock(uint32_t place, AsyncOperation &operation);
  /// Gives up the locks of an operation; those that another one has taken since stay.
  void unlock(uint32_t place, const AsyncOperation &operation);
  /// The operation that has locked `place`, or null.
  AsyncOperation *lockOf(uint32_t place) const { return locks_.empty() ? nullptr : locks_[place / kPlaneBytes]; }

  uint32_t pushFrame(uint32_t returnPc);
  uint32_t returnPcOf(uint32_t frame) const { return frames_[frame].returnPc; }
  uint32_t parentOf(uint32_t frame) const { return frames_[frame].parent; }

private:
  struct Frame {
    uint32_t parent = 0, returnPc = 0;
  };

  bool pick();
  Step checkLocks(const Inst &inst);
  void reconverge();

  struct FreeAligned {
    void operator()(uint8_t *pointer) const;
  };
  std::unique_ptr<uint8_t, FreeAligned> registers_;
  std::vector<uint32_t> predicates_;
  std::vector<Frame> frames_;
  std::vector<AsyncOperation *> locks_; ///< by plane; empty until the first lock
  uint32_t locked_ = 0;                 ///< planes that are locked
  uint32_t backwardBranches_ = 0;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_WARP_H
