//===- ParseCalls.cpp - calls and what they call -----------------------------===//
//
//   call[.uni] [(results),] callee [, (arguments)] [, prototype];
//   prototype: .callprototype (results) _ (params);
//   targets:   .calltargets function, function;
//
// The number and the sizes of results and arguments are checked here against what the callee declares.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

namespace thrift::sim::ptx {

/// "(param0, param1)", each a .param variable of a block around the call.
bool ModuleParser::parseCallList(Operand &list) {
  list.kind = OperandKind::List;
  size_t first = stack_.size();
  if (!expect('(', "before the operands of a call"))
    return false;
  if (!accept(')')) {
    do {
      if (token_.kind != TokenKind::Identifier)
        return unsupported(here(), "operand " + quote(token_.text) + " of a call; allowed: .param variables");
      Name found = names_.find(token_.text);
      if (!found)
        return unknownName(token_);
      if (found.kind != NameKind::CallParam)
        return unsupported(here(), "operand " + quote(token_.text) +
                                       " of a call; allowed: .param variables declared in the body");
      Operand operand;
      operand.kind = OperandKind::Symbol;
      operand.symbol = SymbolKind::CallParam;
      operand.id = found.id;
      if (!pushOperand(operand))
        return false;
      advance();
    } while (accept(','));
    if (!expect(')', "after the operands of a call"))
      return false;
  }
  return moveElements(list, first);
}

bool ModuleParser::checkCallList(const Operand &list, const std::vector<Param> &declared, const char *what,
                                 const char *at) {
  Span<Operand> given = function_.elementsOf(list);
  if (given.size() != declared.size())
    return fail(at, "call has " + std::to_string(given.size()) + " " + what + "; the callee declares " +
                        std::to_string(declared.size()));
  for (size_t index = 0; index < declared.size(); ++index) {
    uint64_t bytes = function_.callParams[given[index].id].byteSize;
    if (bytes != declared[index].byteSize)
      return fail(at, "number " + std::to_string(index) + " of the " + what + " of a call has " +
                          std::to_string(bytes) + " bytes; the callee declares " +
                          std::to_string(declared[index].byteSize));
  }
  return true;
}

bool ModuleParser::parseCall() {
  const char *at = here();
  Operand results, callee, arguments, prototype;
  results.kind = arguments.kind = OperandKind::List;
  if (token_.is('(') && (!parseCallList(results) || !expect(',', "after the results of a call")))
    return false;

  const char *calleeAt = here();
  std::string_view name;
  if (!parseName(name, "the function to call") || !rejectDottedName(name))
    return false;
  Name found = names_.find(name);
  if (found.kind == NameKind::Function) {
    callee.kind = OperandKind::Symbol;
    callee.symbol = SymbolKind::Function;
    mentionFunction(found.id, calleeAt);
    if (module_.functions[found.id].isEntry)
      return unsupported(calleeAt, "call of the kernel " + quote(name) + " is not supported");
  } else if (found.kind == NameKind::Register) {
    callee.kind = OperandKind::Register;
  } else {
    return fail(calleeAt, "call of " + quote(name) + ", which no declaration above makes a function");
  }
  callee.id = found.id;

  const Function *signature = found.kind == NameKind::Function ? &module_.functions[found.id] : nullptr;
  const std::vector<Param> *declaredResults = signature ? &signature->results : nullptr;
  const std::vector<Param> *declaredParams = signature ? &signature->params : nullptr;
  if (accept(',')) {
    bool hasArguments = token_.is('(');
    if (hasArguments && !parseCallList(arguments))
      return false;
    if (!signature && (!hasArguments || accept(','))) {
      const char *prototypeAt = here();
      if (!parseName(name, "a prototype"))
        return false;
      found = names_.find(name);
      if (found.kind != NameKind::Prototype)
        return fail(prototypeAt, quote(name) + " is not a '.callprototype' or '.calltargets' declared above");
      prototype.kind = OperandKind::Prototype;
      prototype.id = found.id;
      declaredResults = &function_.prototypes[found.id].results;
      declaredParams = &function_.prototypes[found.id].params;
    }
  }
  if (!declaredParams)
    return fail(calleeAt, "call through a register needs a '.callprototype' or '.calltargets'");
  if (!checkCallList(results, *declaredResults, "results", at) ||
      !checkCallList(arguments, *declaredParams, "arguments", at))
    return false;
  return pushOperand(results) && pushOperand(callee) && pushOperand(arguments) && (signature || pushOperand(prototype));
}

/// "(results) _ (params)", both lists optional
bool ModuleParser::parseCallPrototype(std::string_view name) {
  advance();
  Prototype prototype;
  prototype.name = name;
  uint32_t resultBytes = 0, paramBytes = 0;
  std::vector<std::string_view> names;
  if (token_.is('(') && !parseParams(prototype.results, resultBytes, names))
    return false;
  std::string_view placeholder;
  if (!parseName(placeholder, "'_' in a prototype"))
    return false;
  if (token_.is('(') && !parseParams(prototype.params, paramBytes, names))
    return false;
  if (token_.isDirective(".noreturn"))
    advance();
  if (!names_.bind(name, NameKind::Prototype, static_cast<uint32_t>(function_.prototypes.size())))
    return fail(name.data(), "name " + quote(name) + " is declared twice");
  function_.prototypes.push_back(std::move(prototype));
  return expect(';', "after '.callprototype'");
}

/// "function, function": all of one signature
bool ModuleParser::parseCallTargets(std::string_view name) {
  advance();
  Prototype prototype;
  prototype.name = name;
  prototype.isTargetList = true;
  do {
    const char *at = here();
    std::string_view target;
    if (!parseName(target, "a function"))
      return false;
    Name found = names_.find(target);
    if (found.kind != NameKind::Function)
      return fail(at, quote(target) + " is not a function declared above");
    mentionFunction(found.id, at);
    const Function &function = module_.functions[found.id];
    if (prototype.targets.empty()) {
      prototype.params = function.params;
      prototype.results = function.results;
    } else if (!haveSameLayout(prototype.params, function.params) ||
               !haveSameLayout(prototype.results, function.results)) {
      return fail(at, "function " + quote(target) + " has other parameters or results than the targets before it");
    }
    prototype.targets.push_back(found.id);
  } while (accept(','));
  if (!names_.bind(name, NameKind::Prototype, static_cast<uint32_t>(function_.prototypes.size())))
    return fail(name.data(), "name " + quote(name) + " is declared twice");
  function_.prototypes.push_back(std::move(prototype));
  return expect(';', "after '.calltargets'");
}

} // namespace thrift::sim::ptx
