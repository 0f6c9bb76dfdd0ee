//===- Program.h - a kernel, decoded ----------------------------------------===//
//
// The flat code of an entry and of the functions it calls, and how to prepare a warp to run it. Immutable once decoded.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_PROGRAM_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_PROGRAM_H

#include "runtime/sim/machine/AddressSpace.h"
#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/ptx/Ast.h"

#include <deque>
#include <string>
#include <vector>

namespace thrift::sim {

/// A value that a plane of every warp holds from the start: an immediate or an address.
struct ConstantPlane {
  uint32_t place = 0; ///< byte offset into the register file
  bool wide = false;  ///< 64-bit lanes
  uint64_t value = 0;
};

/// A special register that the code reads; filled when a CTA starts.
struct SpecialPlane {
  uint32_t place = 0;
  bool wide = false;
  ptx::SpecialRegister reg{};
};

struct Program {
  KernelInfo info;
  std::vector<Inst> code;
  std::vector<uint32_t> lines;             ///< of the PTX text, per instruction
  std::deque<std::vector<uint32_t>> lists; ///< what Inst::list points to
  /// The register planes that instruction pc names: touched[touchedFrom[pc]] up to touched[touchedFrom[pc + 1]].
  std::vector<uint32_t> touched, touchedFrom;
  std::vector<uint32_t> wgmmaRegisters; ///< planes of all accumulators and fragments of wgmma
  uint32_t entryPc = 0;

  uint32_t registerBytes = 0; ///< of one warp, all planes
  uint32_t predicates = kFirstPredicate;
  std::vector<ConstantPlane> constants;
  std::vector<SpecialPlane> specials;
  uint32_t firstRegisterPlane = 0; ///< [first, end) are registers: reset when a CTA starts
  uint32_t endRegisterPlane = 0;

  uint32_t dynamicSharedOffset = 0;
  ptx::LaunchBounds bounds; ///< of the entry
  uint32_t parameterBytes = 0;
  std::vector<Region> variables; ///< module-scope .global and .const, with their permissions

  /// Line `line` of the PTX text, without surrounding white space; "" if there is none.
  std::string textOf(uint32_t line) const;
  const std::string *ptx = nullptr; ///< owned by the module
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_PROGRAM_H
