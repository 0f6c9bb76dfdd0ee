//===- Inst.h - one decoded instruction -------------------------------------===//
//
// Everything that can be known before execution is decided at decode time: the handler is specialised for opcode,
// types, rounding and operand kinds, operands are places in the warp's register file, labels are indices into the code.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_INST_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_INST_H

#include "runtime/sim/Simulator.h"

#include <cstdint>

namespace thrift::sim {

class Warp;
struct Inst;

/// What the warp does after an instruction.
enum class Step : uint32_t {
  Next,   ///< go on at Warp::pc
  Switch, ///< the running split may have changed, waits or is gone: choose again
  Yield,  ///< let other warps run first
  Fault,  ///< a finding of Severity::Error was recorded
};

/// Executes `inst` for the lanes in `mask` (never 0). Warp::pc already points to the next instruction.
using Handler = Step (*)(Warp &warp, const Inst &inst, uint32_t mask);

/// A cache line. The meaning of a..e is the handler's: planes are byte offsets into the register file, predicates
/// indices into the predicate file; an operand that may be negated is (index << 1 | negated).
struct alignas(64) Inst {
  Handler full = nullptr;   ///< for all 32 lanes
  Handler masked = nullptr; ///< for some lanes
  uint32_t d = 0, a = 0, b = 0, c = 0, e = 0;
  uint32_t guard = 0; ///< predicate << 1 | negated; 0 is "always", for predicate 0 is true
  int64_t imm = 0;
  const uint32_t *list = nullptr; ///< operands that do not fit, owned by the Program
  uint32_t flags = 0;
  uint16_t count = 0;
  InstructionClass cls = InstructionClass::Other;
};
static_assert(sizeof(Inst) == 64, "one instruction is one cache line");

/// Predicates that every warp has; those of the kernel follow.
constexpr uint32_t kPredTrue = 0, kPredFalse = 1, kPredSink = 2;
constexpr uint32_t kPredCarry = 3; ///< the flag CC.CF of each lane
constexpr uint32_t kFirstPredicate = 4;

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_INST_H
