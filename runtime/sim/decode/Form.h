//===- Form.h - one instruction while it is being decoded -------------------===//
//
// A decoder asks a Form for modifiers and operands and sets the handler. Every modifier must be taken and every operand
// asked for: what is left over makes the instruction unsupported, so nothing is ever ignored by accident. The first
// failure is kept and later calls return harmless values, so decoders need no error handling of their own.
//
//   void decodeAdd(Form &form) {
//     Ty type = form.type();                 // takes "s32"
//     form.dst(0, 32), form.srcA(1, type), form.srcB(2, type);
//     form.use<Map2<Add<uint32_t>>>();
//   }
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_DECODE_FORM_H
#define THRIFTJIT_RUNTIME_SIM_DECODE_FORM_H

#include "runtime/sim/decode/Compiled.h"
#include "runtime/sim/decode/FunctionDecoder.h"
#include "runtime/sim/decode/Types.h"
#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/ptx/Ast.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace thrift::sim {

class Form {
public:
  Form(FunctionDecoder &owner, const ptx::Instruction &instruction);

  Inst inst; ///< what is being built

  //===--------------------------------------------------------------------===//
  // Modifiers
  //===--------------------------------------------------------------------===//

  /// Takes the modifier if it is there.
  bool take(std::string_view modifier);
  /// Takes the one of `choices` that is there and returns its index, or -1. Order in the opcode does not matter.
  int takeOne(std::initializer_list<std::string_view> choices);
  /// Takes the next type in the order of the opcode; a failure if there is none.
  Ty type();
  /// The same, but None without a failure.
  Ty optionalType();
  /// Takes any modifier that starts with one of the prefixes; for hints that do not matter to a functional model.
  void takeHints(std::initializer_list<std::string_view> prefixes);

  //===--------------------------------------------------------------------===//
  // Operands. Indices are those of the text; places are what Inst's fields hold.
  //===--------------------------------------------------------------------===//

  size_t operandCount() const { return operands_.size(); }
  const ptx::Operand &operand(size_t index);
  ptx::Span<ptx::Operand> elementsOf(const ptx::Operand &operand) const;

  /// A register that is written, `bits` wide (8 to 128); the sink `_` is fine.
  uint32_t destination(size_t index, unsigned bits) { return destination(operand(index), bits); }
  uint32_t destination(const ptx::Operand &operand, unsigned bits);
  /// A register or immediate that is read as `type`.
  uint32_t source(size_t index, Ty type) { return source(operand(index), type); }
  uint32_t source(const ptx::Operand &operand, Ty type);
  /// Predicates: an index, and (index << 1 | negated).
  uint32_t predicateDestination(size_t index) { return predicateDestination(operand(index)); }
  uint32_t predicateDestination(const ptx::Operand &operand);
  uint32_t predicateRegister(uint32_t registerId);
  uint32_t predicateSource(size_t index) { return predicateSource(operand(index)); }
  uint32_t predicateSource(const ptx::Operand &operand);
  /// The value of an operand that must be an immediate.
  int64_t immediate(size_t index);
  bool isImmediate(size_t index) const { return operands_[index].kind == ptx::OperandKind::Immediate; }

  /// Bits of the register named by an operand: 0 if it is none, else the size of its type.
  unsigned registerBits(const ptx::Operand &operand) const;
  /// A register of any width; `wide` says whether its plane has 64-bit lanes.
  uint32_t anyRegister(const ptx::Operand &operand, bool &wide);

  /// A plane that always holds `value`.
  uint32_t constant(uint64_t value, bool wide) { return owner_.constantPlane(value, wide); }
  uint32_t sinkPlane() { return owner_.sinkPlane(); }
  /// Operands beyond those of Inst; sets inst.list and inst.count.
  void list(std::vector<uint32_t> places);

  // Short forms for the usual fields.
  void d(size_t index, unsigned bits) { inst.d = destination(index, bits); }
  void a(size_t index, Ty type) { inst.a = source(index, type); }
  void b(size_t index, Ty type) { inst.b = source(index, type); }
  void c(size_t index, Ty type) { inst.c = source(index, type); }

  //===--------------------------------------------------------------------===//
  // Handlers
  //===--------------------------------------------------------------------===//

  /// Kernel has `template <bool Full> static Step run(Warp &, const Inst &, uint32_t mask)`, always inlined.
  template <typename Kernel>
  void use() {
    inst.full = pickFull<Kernel>(owner_.vectorUnit());
    inst.masked = pickMasked<Kernel>(owner_.vectorUnit());
  }
  /// The same for kernels that gain nothing from vector units.
  template <typename Kernel>
  void usePlain() {
    inst.full = &Kernel::template run<true>;
    inst.masked = &Kernel::template run<false>;
  }
  /// A handler that treats all masks alike and gains nothing from vector units.
  void use(Handler handler) { inst.full = inst.masked = handler; }

  //===--------------------------------------------------------------------===//
  // Failures
  //===--------------------------------------------------------------------===//

  /// The instruction is not supported, because `reason`. The first reason is kept.
  void unsupported(std::string reason);
  /// The instruction is not valid PTX.
  void invalid(std::string reason);
  /// No handler exists for this combination of modifiers and types.
  void noSuchForm() { unsupported("this combination of modifiers and types is not supported"); }
  /// `what` is invalid on architectures before sm_`version`.
  void requireSm(unsigned version, const char *what);
  bool failed() const { return !status_.isOk(); }
  const Status &status() const { return status_; }

  /// Complains about modifiers and operands that nobody asked for.
  void finish();

  /// An instruction of the decoder's own that stands right behind this one.
  void follow(const Inst &next) { followers_.push_back(next); }
  const std::vector<Inst> &followers() const { return followers_; }

  FunctionDecoder &owner() { return owner_; }
  const ptx::Opcode &opcode() const { return opcode_; }
  const ptx::Instruction &instruction() const { return instruction_; }

private:
  void fail(StatusCode code, std::string reason);

  FunctionDecoder &owner_;
  const ptx::Instruction &instruction_;
  const ptx::Opcode &opcode_;
  ptx::Span<ptx::Operand> operands_;
  std::vector<bool> taken_;
  std::vector<bool> used_;
  std::vector<Inst> followers_;
  Status status_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_DECODE_FORM_H
