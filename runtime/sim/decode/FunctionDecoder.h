//===- FunctionDecoder.h - a function into flat code ------------------------===//
//
// ProgramDecoder lays out an entry with all functions it may call; FunctionDecoder decodes the instructions of one of
// them and knows where its registers, variables and labels are.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_DECODE_FUNCTIONDECODER_H
#define THRIFTJIT_RUNTIME_SIM_DECODE_FUNCTIONDECODER_H

#include "runtime/Status.h"
#include "runtime/sim/decode/Compiled.h"
#include "runtime/sim/machine/Program.h"
#include "runtime/sim/ptx/Ast.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace thrift::sim {

/// Where a function keeps what belongs to it. Offsets are in the thread's local memory: device functions and calls have
/// their parameters there, and a kernel its own in the parameter block instead.
struct FunctionLayout {
  uint32_t locals = 0, params = 0, results = 0, callParams = 0;
  uint32_t entryPc = 0;
  std::vector<uint32_t> places; ///< by register id: plane, or predicate index
};

/// An address in one of the memory spaces.
struct SymbolAddress {
  ptx::Space space = ptx::Space::Generic;
  uint64_t address = 0;
  bool isKernelParameter = false; ///< Param space of the entry; all other .param is local memory
};

class ProgramDecoder {
public:
  ProgramDecoder(const ptx::Module &module, const std::string &text, const std::vector<uint64_t> &variableAddresses);

  /// The program of function `entry`, or why it cannot run.
  Result<std::unique_ptr<Program>> decode(uint32_t entry);

private:
  friend class FunctionDecoder;
  Status layOut(uint32_t entry);
  Status orderFunctions(uint32_t function, std::vector<uint8_t> &state, size_t depth);
  void assignRegisters(uint32_t function);
  void describe(uint32_t entry);
  uint32_t newPlane(uint32_t bytes);

  const ptx::Module &module_;
  const std::string &text_;
  const std::vector<uint64_t> &variableAddresses_; ///< of .global and .const, by index
  std::unique_ptr<Program> program_;
  uint32_t entry_ = 0;
  std::vector<uint32_t> order_; ///< functions in the code, callees first
  std::unordered_map<uint32_t, FunctionLayout> layouts_;
  std::unordered_map<uint64_t, uint32_t> narrowConstants_, wideConstants_;
  std::unordered_map<uint32_t, uint32_t> specials_; ///< register and width to plane
  uint32_t localBytes_ = 0;
  uint32_t sink_ = 0;
  VectorUnit unit_;
};

class FunctionDecoder {
public:
  FunctionDecoder(ProgramDecoder &program, uint32_t function);
  Status run();

  const ptx::Module &module() const { return program_.module_; }
  const ptx::Function &function() const { return function_; }
  const FunctionLayout &layout() const { return layout_; }
  const FunctionLayout *layoutOf(uint32_t function) const;
  bool isEntry() const { return function_.isEntry; }
  VectorUnit vectorUnit() const { return program_.unit_; }
  unsigned smVersion() const { return program_.program_->info.smVersion; }

  /// Where a register is. The instruction being decoded counts as touching it.
  uint32_t place(uint32_t registerId) {
    if (function_.registerTypes[registerId] != ptx::Type::Pred)
      touched_.push_back(layout_.places[registerId]);
    return layout_.places[registerId];
  }
  /// The instruction being decoded looks after pending registers itself (Warp::lock).
  void touchesNothing() { touched_.clear(); }
  /// A register of wgmma: accesses to it are ordered by wgmma.fence.
  void isWgmmaRegister(uint32_t place) { program_.program_->wgmmaRegisters.push_back(place); }
  uint32_t constantPlane(uint64_t value, bool wide);
  uint32_t specialPlane(ptx::SpecialRegister reg, bool wide);
  uint32_t sinkPlane() const { return program_.sink_; }
  SymbolAddress addressOf(ptx::SymbolKind kind, uint32_t id) const;
  const uint32_t *keepList(std::vector<uint32_t> places);

  /// The instruction being emitted jumps to label `index` of this function: its imm becomes the pc.
  void jumpsTo(uint32_t index) { jumps_.push_back({nextPc(), index, nullptr}); }
  /// Element `slot` of a kept list becomes the pc of label `index`.
  void listJumpsTo(const uint32_t *slot, uint32_t index) { jumps_.push_back({0, index, const_cast<uint32_t *>(slot)}); }
  uint32_t nextPc() const { return static_cast<uint32_t>(program_.program_->code.size()); }
  /// Appends an instruction that belongs to PTX line `line`.
  void append(const Inst &inst, uint32_t line);

private:
  struct Jump {
    uint32_t pc = 0;
    uint32_t target = 0;
    uint32_t *slot = nullptr;
  };

  Status decodeOne(const ptx::Instruction &instruction);

  ProgramDecoder &program_;
  const ptx::Function &function_;
  FunctionLayout &layout_;
  std::vector<uint32_t> touched_; ///< by the instruction being decoded
  std::vector<uint32_t> pcs_;     ///< by instruction index, and one for the end
  std::vector<Jump> jumps_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_DECODE_FUNCTIONDECODER_H
