//===- ParseBody.cpp - statements, blocks and labels -------------------------===//
//
// Blocks nest and may declare registers, variables and labels of their own. A branch may name a label of its block or
// of one around it, before or after it is declared: what is still unknown when a block closes is passed on outwards.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

namespace thrift::sim::ptx {

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

bool ModuleParser::openBlock() {
  if (blocks_.size() == options_.limits.nesting)
    return fail(here(), "more than " + std::to_string(options_.limits.nesting) + " nested blocks");
  advance();
  // The outermost block shares its scope with the parameters.
  if (!blocks_.empty())
    names_.openScope();
  labels_.openScope();
  blocks_.push_back({pendingLabels_.size(), callParamOffset_});
  return true;
}

bool ModuleParser::closeBlock() {
  Block block = blocks_.back();
  size_t kept = block.firstPending;
  for (size_t index = block.firstPending; index < pendingLabels_.size(); ++index) {
    PendingLabel pending = pendingLabels_[index];
    Name label = labels_.find(pending.name);
    if (!label || label.depth != labels_.depth()) {
      pendingLabels_[kept++] = pending;
      continue;
    }
    if (pending.table != kNone)
      function_.branchTables[pending.table][pending.index] = label.id;
    else
      function_.operands[pending.index].id = label.id;
  }
  pendingLabels_.resize(kept);
  blocks_.pop_back();
  labels_.closeScope();
  if (blocks_.empty()) {
    if (!pendingLabels_.empty())
      return fail(pendingLabels_.front().name.data(),
                  "label " + quote(pendingLabels_.front().name) + " is not declared in this block or one around it");
  } else {
    names_.closeScope();
    callParamOffset_ = block.callParamOffset;
  }
  advance();
  return true;
}

bool ModuleParser::parseBody() {
  callParamOffset_ = 0;
  if (!token_.is('{'))
    return unexpected("'{' or ';' after the head of a function");
  if (!openBlock())
    return false;
  while (!blocks_.empty()) {
    bool parsed = token_.is('{') ? openBlock() : token_.is('}') ? closeBlock() : parseStatement();
    if (!parsed)
      return false;
  }
  location_ = kNone;
  return true;
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

bool ModuleParser::parseLabel(const Token &name) {
  const char *at = name.text.data();
  if (name.text.find('.') != std::string_view::npos)
    return fail(at, "label " + quote(name.text) + " contains '.'");
  if (token_.isDirective(".branchtargets"))
    return parseBranchTargets(name.text);
  if (token_.isDirective(".callprototype"))
    return parseCallPrototype(name.text);
  if (token_.isDirective(".calltargets"))
    return parseCallTargets(name.text);
  uint32_t target = static_cast<uint32_t>(function_.instructions.size());
  if (!labels_.bind(name.text, NameKind::Label, target))
    return fail(at, "label " + quote(name.text) + " is declared twice in one block");
  if (function_.labels.empty() || function_.labels.back() != target)
    function_.labels.push_back(target);
  return true;
}

/// Remembers that an operand, or an element of a branch table, is this label.
void ModuleParser::nameLabel(std::string_view name, uint32_t table, uint32_t index) {
  pendingLabels_.push_back({name, table, index});
}

/// "table: .branchtargets label, label;"
bool ModuleParser::parseBranchTargets(std::string_view name) {
  advance();
  uint32_t table = static_cast<uint32_t>(function_.branchTables.size());
  function_.branchTables.emplace_back();
  do {
    std::string_view label;
    if (!parseName(label, "a label"))
      return false;
    nameLabel(label, table, static_cast<uint32_t>(function_.branchTables[table].size()));
    function_.branchTables[table].push_back(kNone);
  } while (accept(','));
  if (!names_.bind(name, NameKind::BranchTable, table))
    return fail(name.data(), "name " + quote(name) + " is declared twice");
  return expect(';', "after '.branchtargets'");
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

bool ModuleParser::parseBodyDirective() {
  const char *at = here();
  std::string_view directive = token_.text;
  advance();
  Linkage linkage = Linkage::Internal;
  if (directive == ".extern") {
    if (!token_.isDirective(".shared"))
      return unexpected("'.shared' after '.extern' in a body");
    directive = token_.text;
    linkage = Linkage::Extern;
    advance();
  }
  if (directive == ".reg")
    return parseRegisters();
  if (directive == ".loc")
    return parseLocation();
  if (directive == ".param")
    return parseVariables(Space::Param, linkage);
  if (directive == ".local")
    return parseVariables(Space::Local, linkage);
  if (directive == ".shared")
    return parseVariables(Space::Shared, linkage);
  if (directive == ".global")
    return parseVariables(Space::Global, linkage);
  if (directive == ".const")
    return parseVariables(Space::Const, linkage);
  if (directive == ".pragma") {
    size_t known = function_.pragmas.size();
    if (!parsePragma(function_.pragmas))
      return false;
    for (; known < function_.pragmas.size(); ++known)
      function_.pragmas[known].instruction = static_cast<uint32_t>(function_.instructions.size());
    return true;
  }
  return unsupported(at, "directive " + quote(directive) + " in a body is not supported");
}

/// "@%p" or "@!%p"
bool ModuleParser::parseGuard(uint32_t &guard, bool &negated) {
  advance();
  negated = accept('!');
  Token name = token_;
  if (name.kind != TokenKind::Identifier)
    return unexpected("a predicate after '@'");
  Name found = names_.find(name.text);
  if (!found)
    return unknownName(name);
  if (found.kind != NameKind::Register || !isPredicate(found.id))
    return fail(here(), "guard " + quote(name.text) + " is not a register of type .pred");
  guard = found.id;
  advance();
  return true;
}

bool ModuleParser::parseStatement() {
  if (token_.kind == TokenKind::Directive)
    return parseBodyDirective();
  uint32_t line = token_.line;
  uint32_t guard = kNone;
  bool negated = false;
  bool hasGuard = token_.is('@');
  if (hasGuard && !parseGuard(guard, negated))
    return false;
  if (token_.kind != TokenKind::Identifier)
    return unexpected(hasGuard ? "an instruction after the guard" : "an instruction, a label, a directive or '}'");
  Token head = token_;
  if (lexer_.dotFollows())
    lexer_.extendToOpcode(head);
  advance();
  if (!hasGuard && accept(':'))
    return parseLabel(head);
  return parseInstruction(head, guard, negated, line);
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// The opcode that begins with `head`, which was read already; white space may follow before more modifiers.
const OpcodeTable::Entry *ModuleParser::parseOpcode(const Token &head) {
  std::string_view text = head.text;
  const char *at = text.data();
  if (token_.kind == TokenKind::Directive) {
    std::string composed(text);
    while (token_.kind == TokenKind::Directive && composed.size() <= options_.limits.opcodeBytes) {
      composed += token_.text;
      advance();
    }
    if (const OpcodeTable::Entry *known = opcodes_.find(composed))
      return known;
    composedOpcodes_.push_back(std::move(composed));
    text = composedOpcodes_.back();
  }
  if (text.size() > options_.limits.opcodeBytes) {
    fail(at, "opcode has more than " + std::to_string(options_.limits.opcodeBytes) + " characters");
    return nullptr;
  }
  const OpcodeTable::Entry *entry = opcodes_.add(text);
  if (!entry)
    fail(at, quote(text.substr(0, text.find('.'))) + " is not an opcode of PTX");
  return entry;
}

bool ModuleParser::parseInstruction(const Token &head, uint32_t guard, bool guardNegated, uint32_t line) {
  const OpcodeTable::Entry *opcode = parseOpcode(head);
  if (!opcode)
    return false;
  Instruction instruction;
  instruction.opcode = opcode->id;
  instruction.guard = guard;
  instruction.guardNegated = guardNegated;
  instruction.line = line;
  instruction.location = location_;

  stack_.clear();
  operandsLeft_ = options_.limits.operands;
  bool parsed = false;
  switch (opcode->shape) {
  case OpcodeShape::Plain:
    parsed = parseOperands();
    break;
  case OpcodeShape::Branch:
    parsed = parseBranch();
    break;
  case OpcodeShape::IndexedBranch:
    parsed = parseIndexedBranch();
    break;
  case OpcodeShape::Call:
    parsed = parseCall();
    break;
  }
  if (!parsed)
    return false;
  if (!token_.is(';'))
    return unexpected(stack_.empty() ? "an operand or ';'" : "',' or ';' after an operand");
  advance();

  instruction.firstOperand = static_cast<uint32_t>(function_.operands.size());
  instruction.operandCount = static_cast<uint16_t>(stack_.size());
  function_.operands.insert(function_.operands.end(), stack_.begin(), stack_.end());
  function_.instructions.push_back(instruction);
  return true;
}

} // namespace thrift::sim::ptx
