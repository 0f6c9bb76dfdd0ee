//===- Registry.cpp - from base opcode to decoder ---------------------------===//

#include "runtime/sim/decode/Registry.h"

#include "runtime/sim/decode/Types.h"

#include <unordered_map>

namespace thrift::sim {

using OpcodeMap = std::unordered_multimap<std::string_view, OpcodeEntry>;

// One per family of instructions, each in a file of ops/.
static constexpr OpcodeTable (*kFamilies[])() = {
    integerOpcodes,
    multiplyOpcodes,
    logicOpcodes,
    bitFieldOpcodes,
    dotProductOpcodes,
    compareOpcodes,
    moveOpcodes,
    floatOpcodes,
    halfOpcodes,
    specialFunctionOpcodes,
    convertOpcodes,
    controlOpcodes,
    barrierOpcodes,
    laneOpcodes,
    loadStoreOpcodes,
    addressOpcodes,
    clusterOpcodes,
    fenceOpcodes,
    launchControlOpcodes,
    mbarrierOpcodes,
    atomicOpcodes,
    asyncOpcodes,
    tensormapOpcodes,
    matrixOpcodes,
    mmaOpcodes,
    wgmmaOpcodes,
    tcgen05Opcodes,
};

static OpcodeMap joinTables() {
  OpcodeMap all;
  for (OpcodeTable (*family)() : kFamilies)
    for (const OpcodeEntry &entry : family())
      all.emplace(entry.base, entry);
  return all;
}

static Domain domainOf(const ptx::Opcode &opcode) {
  Domain domain = Domain::Integer;
  for (const std::string &modifier : opcode.modifiers)
    switch (typeNamed(modifier)) {
    case Ty::F32:
    case Ty::F32x2:
    case Ty::F64:
      domain = Domain::Float;
      break;
    // A mixed form (fma.rn.f32.f16) counts as one on 16 bits: that family knows both.
    case Ty::F16:
    case Ty::F16x2:
    case Ty::BF16:
    case Ty::BF16x2:
      return Domain::Half;
    default:
      break;
    }
  return domain;
}

const OpcodeEntry *findOpcode(const ptx::Opcode &opcode) {
  static const OpcodeMap kAll = joinTables();
  auto [first, last] = kAll.equal_range(opcode.base);
  Domain domain = domainOf(opcode);
  for (auto it = first; it != last; ++it)
    if (it->second.domain == Domain::Any || it->second.domain == domain)
      return &it->second;
  return nullptr;
}

} // namespace thrift::sim
