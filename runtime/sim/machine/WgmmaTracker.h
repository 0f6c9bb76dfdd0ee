//===- WgmmaTracker.h - registers and groups of a warp's wgmmas -------------===//
//
// What one warp must do so that its wgmmas and its other instructions agree about registers (PTX ISA "wgmma.fence",
// "wgmma.wait_group"):
//
//   - From its issue to a wait_group that covers it, a wgmma owns its accumulators and the registers of A. Nobody else
//     may touch them but a wgmma of the same shape that goes on with the same accumulators, or reads the same A.
//   - A register that was accessed since the last wgmma.fence must not be given to a wgmma, with the same exceptions.
//
// The first rule is a lock on the register (Warp::lock). So is the second: between its wgmmas a register carries a trip
// wire, which notes the first ordinary instruction that touches it and costs nothing afterwards, until the next fence
// lays it again.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_WGMMATRACKER_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_WGMMATRACKER_H

#include "runtime/sim/machine/AsyncQueue.h"
#include "runtime/sim/machine/HappensBefore.h"

#include <deque>
#include <vector>

namespace thrift::sim {

/// The registers of a wgmma of one warp.
struct WgmmaRegisters {
  const uint32_t *accumulators, *fragments; ///< places
  uint32_t accumulatorCount, fragmentCount;
  uint32_t shape; ///< wgmmas of the same shape may share accumulators; greater than 1
};

class WgmmaTracker {
public:
  /// `inst` is the warp's first instruction of the family.
  WgmmaTracker(Warp &warp, const Inst &inst);
  ~WgmmaTracker();

  /// The number that the next wgmma of this warp has. The wgmmas of equal number in the four warps are one operation.
  uint32_t nextNumber() const { return issued_ + 1; }
  void fence();
  /// Checks the registers of the next wgmma and gives them to it.
  Step issue(const Inst &inst, const WgmmaRegisters &registers, Epoch epoch);
  void commit() { ++committed_; }
  /// The number of the latest wgmma that wait_group `groups` waits for; 0 if there is none.
  uint32_t coveredBy(uint32_t groups) const;
  /// The wgmmas up to `number` are complete, and the warp waited for them. Returns the epoch of the last one.
  Epoch complete(uint32_t number);

private:
  class Hold;
  class TripWire;
  static constexpr uint32_t kOrdinary = 0, kFragment = 1, kNowhere = 0xFFFFFFFFu;
  /// The last access to a register.
  struct Access {
    uint32_t fences = 0; ///< executed before it
    uint32_t use = 0;    ///< kOrdinary, kFragment, or the shape of a wgmma that has it as accumulator
    uint32_t pc = kNowhere;
  };
  /// A wgmma that was not waited for.
  struct Issued {
    uint32_t number, group;
    Epoch epoch;
  };

  Access &accessTo(uint32_t place);
  void touched(const Inst &inst);
  Step checkRegister(const Inst &inst, const char *operand, uint32_t index, uint32_t place, uint32_t use);
  Hold *findChain(const WgmmaRegisters &registers) const;
  void hold(const Inst &inst, const uint32_t *places, uint32_t count, uint32_t use);
  void release(const Hold &done);

  Warp &warp_;
  std::unique_ptr<TripWire> wire_;
  std::deque<Issued> pending_;
  std::vector<std::unique_ptr<Hold>> holds_;
  std::vector<Access> accesses_; ///< by plane
  std::vector<uint32_t> sprung_; ///< registers without a wire
  uint32_t fences_ = 0, issued_ = 0, committed_ = 0;
  bool issuedSinceFence_ = false;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_WGMMATRACKER_H
