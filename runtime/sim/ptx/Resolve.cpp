//===- Resolve.cpp - what only the whole module can tell ---------------------===//
//
// After the last line: file numbers become indices, aliases give way to what they stand for, everything that is used
// must be defined, and each kernel learns which shared variables it needs and where they lie.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

#include <algorithm>

namespace thrift::sim::ptx {

void ModuleParser::mentionVariable(uint32_t id, const char *at) {
  if (variableMentionedBy_[id] == functionIndex_)
    return;
  variableMentionedBy_[id] = functionIndex_;
  usedVariables_[functionIndex_].push_back({id, at});
}

void ModuleParser::mentionFunction(uint32_t id, const char *at) {
  if (functionMentionedBy_[id] == functionIndex_)
    return;
  functionMentionedBy_[id] = functionIndex_;
  usedFunctions_[functionIndex_].push_back({id, at});
}

bool ModuleParser::resolve() { return resolveFiles() && resolveAliases() && rejectUndefined() && layoutShared(); }

bool ModuleParser::resolveFiles() {
  std::unordered_map<uint32_t, uint32_t> indexOf;
  for (size_t index = 0; index < module_.files.size(); ++index)
    indexOf.emplace(module_.files[index].number, static_cast<uint32_t>(index));
  for (size_t index = 0; index < module_.locations.size(); ++index) {
    Location &location = module_.locations[index];
    auto found = indexOf.find(location.file);
    if (found == indexOf.end())
      return fail(locationAt_[index], "file number " + std::to_string(location.file) + " has no '.file'");
    location.file = found->second;
  }
  return true;
}

/// Replaces each mention of an alias by the function behind it.
bool ModuleParser::resolveAliases() {
  if (aliases_.empty())
    return true;
  for (const auto &[alias, target] : aliases_) {
    if (module_.functions[alias].isDefined)
      return fail(target.at, "alias " + quote(module_.functions[alias].name) + " has a body of its own");
    if (!module_.functions[target.id].isDefined)
      return fail(target.at, "alias stands for " + quote(module_.functions[target.id].name) + ", which has no body");
    module_.functions[alias].aliasOf = target.id;
  }
  auto replace = [&](uint32_t &id) {
    auto found = aliases_.find(id);
    if (found != aliases_.end())
      id = found->second.id;
  };
  for (Function &function : module_.functions) {
    for (Operand &operand : function.operands)
      if ((operand.kind == OperandKind::Symbol || operand.kind == OperandKind::Address) &&
          operand.symbol == SymbolKind::Function)
        replace(operand.id);
    for (Prototype &prototype : function.prototypes)
      for (uint32_t &target : prototype.targets)
        replace(target);
  }
  for (Variable &variable : module_.variables)
    for (Relocation &relocation : variable.relocations)
      if (relocation.symbol == SymbolKind::Function)
        replace(relocation.id);
  for (std::vector<Mention> &mentions : usedFunctions_)
    for (Mention &mention : mentions)
      replace(mention.id);
  for (Mention &mention : initializerFunctions_)
    replace(mention.id);
  return true;
}

bool ModuleParser::rejectUndefined() {
  const std::vector<std::string> &builtins = options_.builtins;
  auto isKnown = [&](const Mention &mention) {
    const Function &function = module_.functions[mention.id];
    return function.isDefined || std::find(builtins.begin(), builtins.end(), function.name) != builtins.end();
  };
  auto reject = [&](const Mention &mention) {
    return fail(mention.at, "function " + quote(module_.functions[mention.id].name) +
                                " is used but has no body in this module, and the simulator does not provide it");
  };
  for (const std::vector<Mention> &mentions : usedFunctions_)
    for (const Mention &mention : mentions)
      if (!isKnown(mention))
        return reject(mention);
  for (const Mention &mention : initializerFunctions_)
    if (!isKnown(mention))
      return reject(mention);
  for (const std::vector<Mention> &mentions : usedVariables_)
    for (const Mention &mention : mentions) {
      const Variable &variable = module_.variables[mention.id];
      if (variable.linkage == Linkage::Extern && !(variable.space == Space::Shared && variable.isUnsized))
        return fail(mention.at, "variable " + quote(variable.name) + " is used but not defined in this module");
    }
  return true;
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

bool ModuleParser::layoutShared() {
  // Stamped with the kernel that last reached them, so that each kernel costs only what it reaches.
  std::vector<uint32_t> functionSeen(module_.functions.size(), kNone);
  std::vector<uint32_t> variableSeen(module_.variables.size(), kNone);
  for (uint32_t index = 0; index < module_.functions.size(); ++index)
    if (module_.functions[index].isEntry && module_.functions[index].isDefined &&
        !layoutSharedOf(index, functionSeen, variableSeen))
      return false;
  return true;
}

/// Follows calls, taken addresses and initialisers from one kernel.
bool ModuleParser::layoutSharedOf(uint32_t entry, std::vector<uint32_t> &functionSeen,
                                  std::vector<uint32_t> &variableSeen) {
  Function &kernel = module_.functions[entry];
  const char *at = functionAt_[entry];
  std::vector<uint32_t> functions{entry}, variables;
  functionSeen[entry] = entry;
  auto reachFunction = [&](uint32_t id) {
    if (functionSeen[id] == entry)
      return;
    functionSeen[id] = entry;
    functions.push_back(id);
  };
  auto reachVariable = [&](uint32_t id) {
    if (variableSeen[id] == entry)
      return;
    variableSeen[id] = entry;
    variables.push_back(id);
  };
  for (size_t nextFunction = 0, nextVariable = 0; nextFunction < functions.size() || nextVariable < variables.size();) {
    if (nextFunction < functions.size()) {
      uint32_t id = functions[nextFunction++];
      reachedCount_ += 1 + usedFunctions_[id].size() + usedVariables_[id].size();
      for (const Mention &mention : usedFunctions_[id])
        reachFunction(mention.id);
      for (const Mention &mention : usedVariables_[id])
        reachVariable(mention.id);
    } else {
      const Variable &variable = module_.variables[variables[nextVariable++]];
      reachedCount_ += 1 + variable.relocations.size();
      for (const Relocation &relocation : variable.relocations)
        relocation.symbol == SymbolKind::Function ? reachFunction(relocation.id) : reachVariable(relocation.id);
    }
    if (reachedCount_ > options_.limits.reachable)
      return fail(at, "kernels reach more than " + std::to_string(options_.limits.reachable) +
                          " functions and variables in total");
  }
  kernel.callees.assign(functions.begin() + 1, functions.end());
  std::sort(variables.begin(), variables.end());

  uint64_t bytes = 0, dynamicAlignment = 1;
  for (uint32_t id : variables) {
    const Variable &variable = module_.variables[id];
    if (variable.space != Space::Shared)
      continue;
    kernel.sharedAlignment = std::max(kernel.sharedAlignment, variable.alignment);
    if (variable.isUnsized) {
      kernel.dynamicShared.push_back(id);
      dynamicAlignment = std::max<uint64_t>(dynamicAlignment, variable.alignment);
      continue;
    }
    bytes = (bytes + variable.alignment - 1) / variable.alignment * variable.alignment;
    kernel.shared.push_back({id, static_cast<uint32_t>(bytes)});
    bytes += variable.byteSize;
    if (bytes > options_.limits.frameBytes)
      return fail(at, "shared memory of kernel " + quote(kernel.name) + " has more than " +
                          std::to_string(options_.limits.frameBytes) + " bytes");
  }
  kernel.sharedBytes = static_cast<uint32_t>(bytes);
  kernel.dynamicSharedOffset =
      static_cast<uint32_t>((bytes + dynamicAlignment - 1) / dynamicAlignment * dynamicAlignment);
  return true;
}

} // namespace thrift::sim::ptx
