//===- ParseOperands.cpp - operands of instructions --------------------------===//
//
// Top-level operands gather on stack_; elements of vectors and addresses go to Function::operands as soon as they are
// complete, so that every slice is consecutive.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

namespace thrift::sim::ptx {

constexpr uint64_t kWarpSize = 32;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The kind of symbol behind a name, if it is one that has an address.
bool ModuleParser::toSymbol(const Name &name, SymbolKind &kind) {
  switch (name.kind) {
  case NameKind::Variable:
    kind = SymbolKind::Variable;
    return true;
  case NameKind::Local:
    kind = SymbolKind::Local;
    return true;
  case NameKind::Param:
    kind = SymbolKind::Param;
    return true;
  case NameKind::Result:
    kind = SymbolKind::Result;
    return true;
  case NameKind::CallParam:
    kind = SymbolKind::CallParam;
    return true;
  case NameKind::Function:
    kind = SymbolKind::Function;
    return true;
  default:
    return false;
  }
}

/// An error for a name that no declaration explains.
bool ModuleParser::unknownName(const Token &name) {
  constexpr std::string_view kUnsupportedSpecials[] = {
      "%envreg", "%pm",        "%tid",        "%ntid",          "%ctaid",
      "%nctaid", "%clusterid", "%nclusterid", "%cluster_ctaid", "%cluster_nctaid"};
  for (std::string_view special : kUnsupportedSpecials)
    if (name.text.substr(0, special.size()) == special)
      return unsupported(name.text.data(), "special register " + quote(name.text) + " is not supported");
  return fail(name.text.data(), "name " + quote(name.text) + " is not declared");
}

bool ModuleParser::parseNamedOperand(Operand &operand) {
  if (token_.text.front() == '%' && lexer_.dotFollows())
    lexer_.extendToComponent(token_);
  Token name = token_;
  if (name.text == "_") {
    operand.kind = OperandKind::Sink;
    advance();
    return true;
  }
  Name found = names_.find(name.text);
  if (found.kind == NameKind::Register) {
    operand.kind = OperandKind::Register;
    operand.id = found.id;
    advance();
    return true;
  }
  if (found.kind == NameKind::Special) {
    operand.kind = OperandKind::Special;
    operand.id = found.id;
    advance();
    return true;
  }
  if (toSymbol(found, operand.symbol)) {
    operand.kind = OperandKind::Symbol;
    operand.id = found.id;
    if (found.kind == NameKind::Variable)
      mentionVariable(found.id, here());
    if (found.kind == NameKind::Function)
      mentionFunction(found.id, here());
    advance();
    return parseOffset(operand.value);
  }
  if (found)
    return fail(here(), quote(name.text) + " is a table of labels or a prototype, which no operand here can be");
  if (name.text == "WARP_SZ") {
    operand.kind = OperandKind::Immediate;
    operand.value = kWarpSize;
    advance();
    return true;
  }
  return unknownName(name);
}

/// "+8", "+-16", "+4+4": added to value. Anything else, and nothing at all, leaves the token.
bool ModuleParser::parseOffset(uint64_t &value) {
  int64_t sum = static_cast<int64_t>(value);
  while (accept('+')) {
    bool negative = accept('-');
    const char *at = here();
    uint64_t part = 0;
    if (!parseInteger(part, 0, INT64_MAX, "offset"))
      return false;
    int64_t step = negative ? -static_cast<int64_t>(part) : static_cast<int64_t>(part);
    if (__builtin_add_overflow(sum, step, &sum))
      return fail(at, "offset does not fit 64 bits");
  }
  value = static_cast<uint64_t>(sum);
  return true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool ModuleParser::pushOperand(const Operand &operand) {
  if (operandsLeft_ == 0)
    return fail(here(), "an instruction has more than " + std::to_string(options_.limits.operands) + " operands");
  --operandsLeft_;
  stack_.push_back(operand);
  return true;
}

/// Turns what lies on the stack above `firstOnStack` into the elements of the operand.
bool ModuleParser::moveElements(Operand &operand, size_t firstOnStack) {
  auto first = stack_.begin() + static_cast<std::ptrdiff_t>(firstOnStack);
  operand.firstElement = static_cast<uint32_t>(function_.operands.size());
  operand.elementCount = static_cast<uint16_t>(stack_.size() - firstOnStack);
  function_.operands.insert(function_.operands.end(), first, stack_.end());
  stack_.resize(firstOnStack);
  return true;
}

bool ModuleParser::parseOperands() {
  if (token_.is(';'))
    return true;
  do {
    Operand operand;
    if (!parseOperand(operand) || !pushOperand(operand))
      return false;
  } while (accept(','));
  return true;
}

/// The part of "p|q" behind the bar.
bool ModuleParser::parsePairSecond(Operand &operand) {
  const char *at = here();
  advance();
  Operand second;
  if (token_.kind != TokenKind::Identifier)
    return unexpected("a predicate or '_' after '|'");
  const char *secondAt = here();
  if (!parseNamedOperand(second))
    return false;
  bool firstFits = operand.kind == OperandKind::Register || operand.kind == OperandKind::Sink;
  if (!firstFits)
    return fail(at, "'|' joins registers or '_' only");
  if (second.kind == OperandKind::Register ? !isPredicate(second.id) : second.kind != OperandKind::Sink)
    return fail(secondAt, "the second of a pair is not a register of type .pred or '_'");
  operand.kind = OperandKind::RegisterPair;
  operand.second = second.id;
  return true;
}

bool ModuleParser::parseOperand(Operand &operand) {
  switch (token_.kind) {
  case TokenKind::Identifier:
    if (!parseNamedOperand(operand))
      return false;
    return !token_.is('|') || parsePairSecond(operand);
  case TokenKind::Integer:
  case TokenKind::Float32:
  case TokenKind::Float64:
    return parseImmediate(operand);
  case TokenKind::Punctuation:
    break;
  default:
    return unexpected("an operand");
  }
  switch (token_.punctuation) {
  case '[':
    return parseAddress(operand);
  case '{':
    return parseVector(operand);
  case '-':
  case '+':
    return parseImmediate(operand);
  case '!': {
    advance();
    const char *at = here();
    if (token_.kind != TokenKind::Identifier)
      return unexpected("a predicate after '!'");
    if (!parseNamedOperand(operand))
      return false;
    if (operand.kind != OperandKind::Register || !isPredicate(operand.id))
      return fail(at, "'!' before something that is not a register of type .pred");
    operand.negated = true;
    return true;
  }
  case '(':
  case '~':
    return unsupported(here(), "constant expressions are not supported");
  default:
    return unexpected("an operand");
  }
}

bool ModuleParser::parseImmediate(Operand &operand) {
  const char *at = here();
  bool negative = accept('-');
  if (!negative)
    accept('+');
  operand.kind = OperandKind::Immediate;
  operand.value = token_.value;
  operand.isUnsigned = token_.isUnsigned;
  switch (token_.kind) {
  case TokenKind::Integer:
    operand.immediate = ImmediateKind::Integer;
    if (negative && token_.value > uint64_t(1) << 63)
      return fail(at, "integer wider than 64 bits");
    if (negative)
      operand.value = 0 - operand.value;
    break;
  case TokenKind::Float32:
    operand.immediate = ImmediateKind::F32;
    if (negative)
      return fail(at, "sign before the bits of a float");
    break;
  case TokenKind::Float64:
    operand.immediate = ImmediateKind::F64;
    if (negative && !token_.isFraction)
      return fail(at, "sign before the bits of a float");
    if (negative)
      operand.value ^= uint64_t(1) << 63;
    break;
  default:
    return unexpected("a number");
  }
  advance();
  return true;
}

/// "{a, b, _, 3}"
bool ModuleParser::parseVector(Operand &operand) {
  advance();
  size_t first = stack_.size();
  do {
    if (token_.is('{') || token_.is('['))
      return unexpected("a register, a number or '_' in a vector");
    Operand element;
    if (!parseOperand(element) || !pushOperand(element))
      return false;
    if (element.kind == OperandKind::RegisterPair)
      return fail(here(), "a vector cannot contain a pair 'p|q'");
  } while (accept(','));
  if (!expect('}', "after a vector"))
    return false;
  operand.kind = OperandKind::Vector;
  return moveElements(operand, first);
}

/// "[%rd1+16]", "[name+4]", "[16]", "[%rd1, {%r1, %r2}]"
bool ModuleParser::parseAddress(Operand &operand) {
  advance();
  Operand base;
  if (token_.kind == TokenKind::Identifier) {
    const char *at = here();
    if (!parseNamedOperand(base))
      return false;
    if (base.kind == OperandKind::Register) {
      operand.base = AddressBase::Register;
      if (isPredicate(base.id))
        return fail(at, "an address in a register of type .pred");
    } else if (base.kind == OperandKind::Symbol) {
      operand.base = AddressBase::Symbol;
      operand.symbol = base.symbol;
      operand.value = base.value;
    } else {
      return fail(at, "an address begins with a register, a symbol or a number");
    }
    operand.id = base.id;
  } else if (token_.kind == TokenKind::Integer) {
    operand.base = AddressBase::Absolute;
    operand.value = token_.value;
    advance();
  } else {
    return unexpected("a register, a symbol or a number in an address");
  }
  if (!parseOffset(operand.value))
    return false;

  size_t first = stack_.size();
  while (accept(',')) {
    if (token_.is('['))
      return unexpected("a register, a number or a vector in an address");
    Operand element;
    if (!parseOperand(element) || !pushOperand(element))
      return false;
  }
  if (!expect(']', "after an address"))
    return false;
  operand.kind = OperandKind::Address;
  return moveElements(operand, first);
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

bool ModuleParser::parseBranch() {
  std::string_view label;
  if (!parseName(label, "a label"))
    return false;
  nameLabel(label, kNone, static_cast<uint32_t>(function_.operands.size()));
  Operand operand;
  operand.kind = OperandKind::Label;
  return pushOperand(operand);
}

/// "brx.idx %r1, table"
bool ModuleParser::parseIndexedBranch() {
  Operand index, table;
  if (!parseOperand(index) || !pushOperand(index) || !expect(',', "after the index of a branch"))
    return false;
  const char *at = here();
  std::string_view name;
  if (!parseName(name, "a table of labels"))
    return false;
  Name found = names_.find(name);
  if (found.kind != NameKind::BranchTable)
    return fail(at, quote(name) + " is not a '.branchtargets' table declared above");
  table.kind = OperandKind::BranchTable;
  table.id = found.id;
  return pushOperand(table);
}

} // namespace thrift::sim::ptx
