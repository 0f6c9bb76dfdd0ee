//===- RegisterPool.h - who owns how many registers -------------------------===//
//
// setmaxnreg moves registers between the warps of a CTA (PTX ISA, "setmaxnreg"). A CTA gets its registers at launch;
// what warps give back goes to a pool, and others take from it. Only the accounting is done here: a register keeps its
// value.
//
// How many registers a thread has at launch is for ptxas to decide. A kernel that uses setmaxnreg must bound it, and
// ptxas then takes all that the bound leaves: .maxnreg, or 65536 registers over .minnctapersm (1 if it is absent) CTAs
// of the launched size, in multiples of 8, at most 256.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_REGISTERPOOL_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_REGISTERPOOL_H

#include "runtime/sim/machine/HappensBefore.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thrift::sim {

class Cta;
class Warp;
struct Inst;

constexpr uint32_t kRegistersPerSm = 65536;
constexpr uint32_t kRegisterGranule = 8;
constexpr uint32_t kMinRegisters = 24, kMaxRegisters = 256; ///< of setmaxnreg
constexpr unsigned kWarpgroup = 4;

class RegisterPool {
public:
  void reset(const Cta &cta);

  /// A warp asks for `registers` per thread. `granted` is false if the pool has too few: ask again once it has more.
  /// Misuse is returned as a sentence; `lint` becomes what the ISA forbids and Triton's kernels do, on GPUs as well.
  std::string resize(Cta &cta, const Warp &warp, uint32_t pc, uint32_t registers, bool increases, bool &granted,
                     std::string &lint);
  /// A warp of a warpgroup that has not executed what the others have: a sentence, and the others' instruction.
  std::string atExit(uint32_t &pc, unsigned &warp) const;
  /// What a warp waits for that wants `registers` per thread.
  std::string describe(const Warp &warp, uint32_t registers) const;

private:
  struct Owner {
    uint32_t registers = 0; ///< per thread
    struct Step {
      uint32_t pc, registers;
    };
    std::vector<Step> history; ///< the setmaxnreg that it executed
    Epoch latest = kNoEpoch;   ///< when it executed the last one
  };
  std::string checkGroup(const Cta &cta, const Warp &warp, uint32_t pc, uint32_t registers, std::string &lint) const;

  std::vector<Owner> owners_; ///< by warp
  uint32_t atLaunch_ = 0;     ///< per thread
  uint32_t free_ = 0;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_REGISTERPOOL_H
