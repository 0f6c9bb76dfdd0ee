//===- OpcodeTable.h - one record per spelling of an opcode ------------------===//
//
// Splits "ld.global.v4.b32" into its parts the first time it is seen and hands out the same index ever after.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_OPCODETABLE_H
#define THRIFTJIT_RUNTIME_SIM_PTX_OPCODETABLE_H

#include "runtime/sim/ptx/Ast.h"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace thrift::sim::ptx {

/// Opcodes that the grammar itself must know.
enum class OpcodeShape : uint8_t { Plain, Branch, IndexedBranch, Call };

class OpcodeTable {
public:
  struct Entry {
    uint32_t id;
    OpcodeShape shape;
  };

  /// The record of this spelling, or nullptr if its base is not an opcode of PTX. `text` must outlive the table, or be
  /// known already.
  const Entry *find(std::string_view text) const;
  const Entry *add(std::string_view text);

  std::vector<Opcode> take() { return std::move(opcodes_); }
  const Opcode &operator[](uint32_t id) const { return opcodes_[id]; }

private:
  std::unordered_map<std::string_view, Entry> entries_;
  std::vector<Opcode> opcodes_;
};

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_OPCODETABLE_H
