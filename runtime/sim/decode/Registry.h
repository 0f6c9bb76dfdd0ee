//===- Registry.h - from base opcode to decoder -----------------------------===//
//
// Each family in ops/ exports a table of its opcodes; the registry joins them. To add an instruction, add a line to a
// family's table and a decoder function.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_DECODE_REGISTRY_H
#define THRIFTJIT_RUNTIME_SIM_DECODE_REGISTRY_H

#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/ptx/Ast.h"

#include <string_view>

namespace thrift::sim {

class Form;

/// Some bases ("add") are two instructions, told apart by the type.
enum class Domain : uint8_t { Any, Integer, Float, Half };

struct OpcodeEntry {
  std::string_view base;
  Domain domain;
  InstructionClass cls;
  void (*decode)(Form &form);
};
using OpcodeTable = ptx::Span<OpcodeEntry>;

/// The entry for an opcode, by its base and the type it names; null if there is none.
const OpcodeEntry *findOpcode(const ptx::Opcode &opcode);

// One per file of ops/.
OpcodeTable integerOpcodes();
OpcodeTable multiplyOpcodes();
OpcodeTable logicOpcodes();
OpcodeTable bitFieldOpcodes();
OpcodeTable dotProductOpcodes();
OpcodeTable compareOpcodes();
OpcodeTable moveOpcodes();
OpcodeTable floatOpcodes();
OpcodeTable halfOpcodes();
OpcodeTable specialFunctionOpcodes();
OpcodeTable convertOpcodes();
OpcodeTable controlOpcodes();
OpcodeTable barrierOpcodes();
OpcodeTable laneOpcodes();
OpcodeTable loadStoreOpcodes();
OpcodeTable addressOpcodes();
OpcodeTable clusterOpcodes();
OpcodeTable fenceOpcodes();
OpcodeTable launchControlOpcodes();
OpcodeTable mbarrierOpcodes();
OpcodeTable atomicOpcodes();
OpcodeTable asyncOpcodes();
OpcodeTable tensormapOpcodes();
OpcodeTable matrixOpcodes();
OpcodeTable mmaOpcodes();
OpcodeTable wgmmaOpcodes();
OpcodeTable tcgen05Opcodes();

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_DECODE_REGISTRY_H
