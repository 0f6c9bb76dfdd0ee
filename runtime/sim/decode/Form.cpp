//===- Form.cpp - one instruction while it is being decoded -----------------===//

#include "runtime/sim/decode/Form.h"

#include <cstring>

namespace thrift::sim {

VectorUnit detectVectorUnit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt"))
    return VectorUnit::Avx2;
#endif
  return VectorUnit::Baseline;
}

Form::Form(FunctionDecoder &owner, const ptx::Instruction &instruction)
    : owner_(owner), instruction_(instruction), opcode_(owner.module().opcodes[instruction.opcode]),
      operands_(owner.function().operandsOf(instruction)), taken_(opcode_.modifiers.size()), used_(operands_.size()) {
  if (instruction.guard == ptx::kNone)
    return;
  inst.guard = predicateRegister(instruction.guard) << 1 | (instruction.guardNegated ? 1u : 0u);
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

void Form::fail(StatusCode code, std::string reason) {
  if (failed())
    return;
  std::string message = "line " + std::to_string(instruction_.line) + ": " + opcode_.text + ": " + std::move(reason);
  status_ = Status(code, std::move(message));
}

void Form::unsupported(std::string reason) { fail(StatusCode::Unsupported, std::move(reason)); }
void Form::invalid(std::string reason) { fail(StatusCode::InvalidArgument, std::move(reason)); }

void Form::requireSm(unsigned version, const char *what) {
  if (owner_.smVersion() < version)
    invalid(std::string(what) + " needs sm_" + std::to_string(version) + " or higher");
}

void Form::finish() {
  for (size_t i = 0; i < taken_.size(); ++i)
    if (!taken_[i])
      unsupported("modifier ." + opcode_.modifiers[i] + " is not supported here");
  for (size_t i = 0; i < used_.size(); ++i)
    if (!used_[i])
      unsupported("operand " + std::to_string(i + 1) + " is not supported here");
  if (!failed() && !inst.full)
    noSuchForm();
}

//===----------------------------------------------------------------------===//
// Modifiers
//===----------------------------------------------------------------------===//

bool Form::take(std::string_view modifier) {
  for (size_t i = 0; i < taken_.size(); ++i)
    if (!taken_[i] && opcode_.modifiers[i] == modifier) {
      taken_[i] = true;
      return true;
    }
  return false;
}

int Form::takeOne(std::initializer_list<std::string_view> choices) {
  int index = 0;
  for (std::string_view choice : choices) {
    if (take(choice))
      return index;
    ++index;
  }
  return -1;
}

Ty Form::optionalType() {
  for (size_t i = 0; i < taken_.size(); ++i)
    if (!taken_[i])
      if (Ty type = typeNamed(opcode_.modifiers[i]); type != Ty::None) {
        taken_[i] = true;
        return type;
      }
  return Ty::None;
}

Ty Form::type() {
  Ty type = optionalType();
  if (type == Ty::None)
    invalid("a type is missing");
  return type;
}

void Form::takeHints(std::initializer_list<std::string_view> prefixes) {
  for (size_t i = 0; i < taken_.size(); ++i)
    for (std::string_view prefix : prefixes)
      if (opcode_.modifiers[i].compare(0, prefix.size(), prefix) == 0)
        taken_[i] = true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

const ptx::Operand &Form::operand(size_t index) {
  static const ptx::Operand kMissing;
  if (index >= operands_.size()) {
    invalid("operand " + std::to_string(index + 1) + " is missing");
    return kMissing;
  }
  used_[index] = true;
  return operands_[index];
}

ptx::Span<ptx::Operand> Form::elementsOf(const ptx::Operand &operand) const {
  return owner_.function().elementsOf(operand);
}

unsigned Form::registerBits(const ptx::Operand &operand) const {
  if (operand.kind != ptx::OperandKind::Register)
    return 0;
  return 8 * ptx::sizeOf(owner_.function().registerTypes[operand.id]);
}

uint32_t Form::destination(const ptx::Operand &operand, unsigned bits) {
  if (operand.kind == ptx::OperandKind::Sink)
    return owner_.sinkPlane();
  if (operand.kind != ptx::OperandKind::Register) {
    invalid("the destination is not a register");
    return 0;
  }
  if (registerBits(operand) != bits) {
    invalid(owner_.function().registerName(operand.id) + " has " + std::to_string(registerBits(operand)) +
            " bits, the instruction writes " + std::to_string(bits));
    return 0;
  }
  return owner_.place(operand.id);
}

/// The bits of an immediate as a value of `type`.
static bool immediateBits(const ptx::Operand &operand, Ty type, uint64_t &bits) {
  bits = operand.value;
  switch (operand.immediate) {
  case ptx::ImmediateKind::Integer:
    return type != Ty::F32 && type != Ty::F64;
  case ptx::ImmediateKind::F32:
    return bitsOf(type) == 32;
  case ptx::ImmediateKind::F64:
    if (type == Ty::F32) { // a decimal fraction
      double value;
      std::memcpy(&value, &operand.value, sizeof value);
      float narrow = static_cast<float>(value);
      uint32_t narrowBits;
      std::memcpy(&narrowBits, &narrow, sizeof narrowBits);
      bits = narrowBits;
      return true;
    }
    return bitsOf(type) == 64;
  }
  return false;
}

uint32_t Form::source(const ptx::Operand &operand, Ty type) {
  unsigned bits = bitsOf(type);
  bool wide = bits == 64;
  switch (operand.kind) {
  case ptx::OperandKind::Register:
    if (registerBits(operand) != bits) {
      invalid(owner_.function().registerName(operand.id) + " has " + std::to_string(registerBits(operand)) +
              " bits, the instruction reads " + std::to_string(bits));
      return 0;
    }
    return owner_.place(operand.id);
  case ptx::OperandKind::Immediate: {
    uint64_t value;
    if (bits == 0 || bits > 64 || !immediateBits(operand, type, value)) {
      invalid("an immediate of another kind than the type");
      return 0;
    }
    return owner_.constantPlane(bits < 64 ? value & ((uint64_t(1) << bits) - 1) : value, wide);
  }
  case ptx::OperandKind::Special: {
    auto reg = static_cast<ptx::SpecialRegister>(operand.id);
    if (ptx::typeOf(reg) == ptx::Type::Pred || bits == 0 || bits > 64) {
      unsupported("special register as operand");
      return 0;
    }
    return owner_.specialPlane(reg, wide);
  }
  case ptx::OperandKind::Symbol: {
    if (bits != 32 && bits != 64) {
      invalid("an address needs 32 or 64 bits");
      return 0;
    }
    SymbolAddress symbol = owner_.addressOf(operand.symbol, operand.id);
    uint64_t address = symbol.address + operand.value;
    return owner_.constantPlane(wide ? address : address & 0xFFFFFFFFu, wide);
  }
  default:
    unsupported("this kind of source operand");
    return 0;
  }
}

uint32_t Form::predicateRegister(uint32_t registerId) {
  if (registerId == ptx::kNone)
    return kPredSink;
  if (owner_.function().registerTypes[registerId] != ptx::Type::Pred) {
    invalid(owner_.function().registerName(registerId) + " is not a predicate");
    return kPredSink;
  }
  return owner_.place(registerId);
}

uint32_t Form::predicateDestination(const ptx::Operand &operand) {
  if (operand.kind == ptx::OperandKind::Sink)
    return kPredSink;
  if (operand.kind != ptx::OperandKind::Register) {
    invalid("the destination is not a predicate");
    return kPredSink;
  }
  return predicateRegister(operand.id);
}

uint32_t Form::predicateSource(const ptx::Operand &operand) {
  uint32_t negated = operand.negated ? 1 : 0;
  if (operand.kind == ptx::OperandKind::Immediate)
    return ((operand.value != 0 ? kPredTrue : kPredFalse) << 1) ^ negated;
  if (operand.kind != ptx::OperandKind::Register || owner_.function().registerTypes[operand.id] != ptx::Type::Pred) {
    invalid("a source is not a predicate");
    return 0;
  }
  return owner_.place(operand.id) << 1 | negated;
}

int64_t Form::immediate(size_t index) {
  const ptx::Operand &value = operand(index);
  if (value.kind != ptx::OperandKind::Immediate || value.immediate != ptx::ImmediateKind::Integer) {
    unsupported("operand " + std::to_string(index + 1) + " is not an integer immediate");
    return 0;
  }
  return static_cast<int64_t>(value.value);
}

uint32_t Form::anyRegister(const ptx::Operand &operand, bool &wide) {
  unsigned bits = registerBits(operand);
  if (bits == 0 || bits > 64) {
    invalid("an operand is not a register of up to 64 bits");
    return 0;
  }
  wide = bits == 64;
  return owner_.place(operand.id);
}

void Form::list(std::vector<uint32_t> places) {
  inst.count = static_cast<uint16_t>(places.size());
  inst.list = owner_.keepList(std::move(places));
}

} // namespace thrift::sim
