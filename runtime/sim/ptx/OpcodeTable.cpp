//===- OpcodeTable.cpp - one record per spelling of an opcode ----------------===//
//
// The list of bases is Opcodes.def.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/OpcodeTable.h"

#include <algorithm>
#include <iterator>

namespace thrift::sim::ptx {

constexpr std::string_view kBases[] = {
#define PTX_OPCODE(base) #base,
#include "runtime/sim/ptx/Opcodes.def"
#undef PTX_OPCODE
};

static OpcodeShape shapeOf(const Opcode &opcode) {
  if (opcode.base == "call")
    return OpcodeShape::Call;
  if (opcode.base == "bra")
    return OpcodeShape::Branch;
  if (opcode.base == "brx")
    return OpcodeShape::IndexedBranch;
  return OpcodeShape::Plain;
}

const OpcodeTable::Entry *OpcodeTable::find(std::string_view text) const {
  auto found = entries_.find(text);
  return found == entries_.end() ? nullptr : &found->second;
}

const OpcodeTable::Entry *OpcodeTable::add(std::string_view text) {
  if (const Entry *known = find(text))
    return known;
  size_t dot = std::min(text.find('.'), text.size());
  std::string_view base = text.substr(0, dot);
  if (!std::binary_search(std::begin(kBases), std::end(kBases), base))
    return nullptr;

  Opcode opcode;
  opcode.text = text;
  opcode.base = base;
  while (dot < text.size()) {
    size_t next = std::min(text.find('.', dot + 1), text.size());
    opcode.modifiers.emplace_back(text.substr(dot + 1, next - dot - 1));
    dot = next;
  }
  Entry entry{static_cast<uint32_t>(opcodes_.size()), shapeOf(opcode)};
  opcodes_.push_back(std::move(opcode));
  return &entries_.emplace(text, entry).first->second;
}

} // namespace thrift::sim::ptx
