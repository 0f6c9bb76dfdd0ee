//===- Print.cpp - the tree as PTX text --------------------------------------===//
//
// Two ways to name things: as in the source, or by their index in the tree ("%g17_3", "c5", "$42"), which is unique.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/Print.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace thrift::sim::ptx {

static std::string hexadecimal(const char *prefix, uint64_t bits, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%s%0*llX", prefix, digits, static_cast<unsigned long long>(bits));
  return text;
}

static std::string withOffset(std::string base, int64_t offset) {
  return offset == 0 ? base : base + "+" + std::to_string(offset);
}

//===----------------------------------------------------------------------===//
// Operands and instructions
//===----------------------------------------------------------------------===//

namespace {

class InstructionPrinter {
public:
  InstructionPrinter(const Module &module, const Function &function, bool uniqueNames)
      : module_(module), function_(function), uniqueNames_(uniqueNames) {}

  std::string instruction(const Instruction &instruction) const;
  std::string registerName(uint32_t id) const;
  std::string symbolName(SymbolKind kind, uint32_t id) const;
  std::string prototypeName(uint32_t id) const {
    return uniqueNames_ ? "prototype" + std::to_string(id) : function_.prototypes[id].name;
  }

private:
  std::string operand(const Operand &operand) const;
  std::string elements(const Operand &operand, const char *open, const char *close) const;
  std::string registerOrSink(uint32_t id) const { return id == kNone ? "_" : registerName(id); }
  std::string call(const Instruction &instruction) const;

  const Module &module_;
  const Function &function_;
  bool uniqueNames_;
};

} // namespace

std::string InstructionPrinter::registerName(uint32_t id) const {
  if (!uniqueNames_)
    return function_.registerName(id);
  auto after = std::upper_bound(function_.registerRanges.begin(), function_.registerRanges.end(), id,
                                [](uint32_t id, const RegisterRange &range) { return id < range.first; });
  const RegisterRange &range = *std::prev(after);
  std::string name = "%g" + std::to_string(range.first);
  return range.isNumbered ? name + "_" + std::to_string(id - range.first) : name;
}

std::string InstructionPrinter::symbolName(SymbolKind kind, uint32_t id) const {
  switch (kind) {
  case SymbolKind::Variable:
    if (uniqueNames_ && module_.variables[id].function != kNone)
      return "v" + std::to_string(id);
    return module_.variables[id].name;
  case SymbolKind::Local:
    return uniqueNames_ ? "l" + std::to_string(id) : function_.locals[id].name;
  case SymbolKind::Param:
    return function_.params[id].name;
  case SymbolKind::Result:
    return function_.results[id].name;
  case SymbolKind::CallParam:
    return uniqueNames_ ? "c" + std::to_string(id) : function_.callParams[id].name;
  case SymbolKind::Function:
    return module_.functions[id].name;
  }
  return "<no symbol>";
}

std::string InstructionPrinter::elements(const Operand &list, const char *open, const char *close) const {
  std::string text = open;
  const char *separator = "";
  for (const Operand &element : function_.elementsOf(list)) {
    text += separator + operand(element);
    separator = ", ";
  }
  return text + close;
}

std::string InstructionPrinter::operand(const Operand &operand) const {
  switch (operand.kind) {
  case OperandKind::Register:
    return (operand.negated ? "!" : "") + registerName(operand.id);
  case OperandKind::RegisterPair:
    return registerOrSink(operand.id) + "|" + registerOrSink(operand.second);
  case OperandKind::Immediate:
    if (operand.immediate == ImmediateKind::F32)
      return hexadecimal("0f", operand.value, 8);
    if (operand.immediate == ImmediateKind::F64)
      return hexadecimal("0d", operand.value, 16);
    return operand.isUnsigned ? std::to_string(operand.value) + "U" : std::to_string(operand.offset());
  case OperandKind::Special:
    return std::string(nameOf(static_cast<SpecialRegister>(operand.id)));
  case OperandKind::Address: {
    std::string base = operand.base == AddressBase::Register ? registerName(operand.id)
                       : operand.base == AddressBase::Symbol ? symbolName(operand.symbol, operand.id)
                                                             : std::to_string(operand.value);
    std::string text = "[" + (operand.base == AddressBase::Absolute ? base : withOffset(base, operand.offset()));
    return operand.elementCount == 0 ? text + "]" : text + elements(operand, ", ", "]");
  }
  case OperandKind::Vector:
    return elements(operand, "{", "}");
  case OperandKind::Sink:
    return "_";
  case OperandKind::Label:
    return "$" + std::to_string(operand.id);
  case OperandKind::Symbol:
    return withOffset(symbolName(operand.symbol, operand.id), operand.offset());
  case OperandKind::List:
    return elements(operand, "(", ")");
  case OperandKind::BranchTable:
    return "$table" + std::to_string(operand.id);
  case OperandKind::Prototype:
    return prototypeName(operand.id);
  }
  return "<no operand>";
}

std::string InstructionPrinter::call(const Instruction &instruction) const {
  Span<Operand> operands = function_.operandsOf(instruction);
  std::string text;
  if (operands[Instruction::kCallResults].elementCount > 0)
    text += operand(operands[Instruction::kCallResults]) + ", ";
  text += operand(operands[Instruction::kCallCallee]);
  if (operands[Instruction::kCallArguments].elementCount > 0 || operands.size() > Instruction::kCallPrototype)
    text += ", " + operand(operands[Instruction::kCallArguments]);
  if (operands.size() > Instruction::kCallPrototype)
    text += ", " + operand(operands[Instruction::kCallPrototype]);
  return text;
}

std::string InstructionPrinter::instruction(const Instruction &instruction) const {
  std::string text;
  if (instruction.guard != kNone)
    text = std::string(instruction.guardNegated ? "@!" : "@") + registerName(instruction.guard) + " ";
  const Opcode &opcode = module_.opcodes[instruction.opcode];
  text += opcode.text;
  if (opcode.base == "call")
    return text + " " + call(instruction);
  const char *separator = " ";
  for (const Operand &part : function_.operandsOf(instruction)) {
    text += separator + operand(part);
    separator = ", ";
  }
  return text;
}

std::string print(const Module &module, const Function &function, const Instruction &instruction) {
  return InstructionPrinter(module, function, /*uniqueNames=*/false).instruction(instruction);
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static std::string printLinkage(Linkage linkage) {
  constexpr const char *kNames[] = {"", ".visible ", ".extern ", ".weak ", ".common "};
  return kNames[static_cast<size_t>(linkage)];
}

/// "{1, 2, generic(name)+8}" in units of the type for plain numbers, of 8 or 1 bytes where addresses occur.
static std::string printInitializer(const Module &module, const Variable &variable, uint32_t unit) {
  std::string text;
  const char *separator = "";
  size_t next = 0;
  for (size_t offset = 0; offset < variable.data.size(); offset += unit, separator = ", ") {
    text += separator;
    if (next < variable.relocations.size() && variable.relocations[next].offset == offset) {
      const Relocation &relocation = variable.relocations[next++];
      const std::string &name = relocation.symbol == SymbolKind::Function ? module.functions[relocation.id].name
                                                                          : module.variables[relocation.id].name;
      std::string address = withOffset(name, relocation.addend);
      if (relocation.isGeneric)
        address = withOffset("generic(" + name + ")", relocation.addend);
      text += relocation.byteSize == 1 ? hexadecimal("0x", uint64_t(0xFF) << relocation.shift, 2) + "(" + address + ")"
                                       : address;
      continue;
    }
    uint64_t bits = 0;
    for (size_t byte = 0; byte < unit && offset + byte < variable.data.size(); ++byte)
      bits |= uint64_t(variable.data[offset + byte]) << (8 * byte);
    text += std::to_string(bits);
  }
  return text;
}

static std::string printVariable(const Module &module, const Variable &variable, const std::string &name) {
  std::string text = printLinkage(variable.linkage) + "." + std::string(nameOf(variable.space)) + " ";
  if (variable.isManaged)
    text += ".attribute(.managed) ";
  text += ".align " + std::to_string(variable.alignment) + " ";
  bool hasAddresses = !variable.relocations.empty();
  uint32_t unit = hasAddresses ? variable.relocations.front().byteSize : 1;
  // Initialisers are printed as bytes, or as words where an address needs one.
  bool asBytes = variable.isInitialized || variable.isArray || variable.vectorWidth > 1;
  if (asBytes && !variable.isUnsized)
    return text + (unit == 8 ? ".u64 " : ".u8 ") + name + "[" + std::to_string(variable.byteSize / unit) + "]" +
           (variable.isInitialized ? " = {" + printInitializer(module, variable, unit) + "}" : "") + ";\n";
  text += "." + std::string(nameOf(variable.type)) + " " + name;
  return text + (variable.isUnsized ? "[];\n" : ";\n");
}

static std::string printParams(const std::vector<Param> &params) {
  std::string text = "(";
  const char *separator = "";
  for (const Param &param : params) {
    text += separator;
    separator = ", ";
    text += ".param ";
    if (param.isArray)
      text += ".align " + std::to_string(param.alignment) + " ";
    text += "." + std::string(nameOf(param.type)) + " ";
    if (param.isPointer) {
      text += ".ptr ";
      if (param.pointerSpace != Space::Generic)
        text += "." + std::string(nameOf(param.pointerSpace)) + " ";
      if (param.pointerAlignment)
        text += ".align " + std::to_string(param.pointerAlignment) + " ";
    }
    text += param.name;
    if (param.isArray)
      text += "[" + std::to_string(param.byteSize / sizeOf(param.type)) + "]";
  }
  return text + ")";
}

static std::string printSignature(const Function &function) {
  std::string text = function.isEntry ? ".entry " : ".func ";
  if (!function.results.empty())
    text += printParams(function.results) + " ";
  return text + function.name + printParams(function.params) + (function.isNoReturn ? " .noreturn" : "");
}

static std::string printBounds(const LaunchBounds &bounds) {
  std::string text;
  auto three = [&](const char *name, const std::array<uint32_t, 3> &value) {
    if (value[0])
      text += std::string(name) + " " + std::to_string(value[0]) + ", " + std::to_string(value[1]) + ", " +
              std::to_string(value[2]) + "\n";
  };
  auto one = [&](const char *name, uint32_t value) {
    if (value)
      text += std::string(name) + " " + std::to_string(value) + "\n";
  };
  three(".maxntid", bounds.maxThreads);
  three(".reqntid", bounds.requiredThreads);
  three(".reqnctapercluster", bounds.requiredCluster);
  one(".minnctapersm", bounds.minBlocksPerSm);
  one(".maxnctapersm", bounds.maxBlocksPerSm);
  one(".maxnreg", bounds.maxRegisters);
  one(".maxclusterrank", bounds.maxClusterRank);
  if (bounds.explicitCluster)
    text += ".explicitcluster\n";
  if (bounds.blocksAreClusters)
    text += ".blocksareclusters\n";
  return text;
}

static std::string printPrototype(const Module &module, const Prototype &prototype, const std::string &name) {
  if (!prototype.isTargetList)
    return name + ": .callprototype " + printParams(prototype.results) + " _ " + printParams(prototype.params) + ";\n";
  std::string text = name + ": .calltargets ";
  const char *separator = "";
  for (uint32_t target : prototype.targets) {
    text += separator + module.functions[target].name;
    separator = ", ";
  }
  return text + ";\n";
}

static std::string printBody(const Module &module, uint32_t index) {
  const Function &function = module.functions[index];
  InstructionPrinter printer(module, function, /*uniqueNames=*/true);
  std::string text = "{\n";
  for (const RegisterRange &range : function.registerRanges)
    text += ".reg ." + std::string(nameOf(range.type)) + " %g" + std::to_string(range.first) +
            (range.isNumbered ? "_<" + std::to_string(range.count) + ">;\n" : ";\n");
  for (uint32_t id = 0; id < function.locals.size(); ++id)
    text += printVariable(module, function.locals[id], printer.symbolName(SymbolKind::Local, id));
  for (uint32_t id = 0; id < function.callParams.size(); ++id)
    text += printVariable(module, function.callParams[id], printer.symbolName(SymbolKind::CallParam, id));
  for (uint32_t id = 0; id < module.variables.size(); ++id)
    if (module.variables[id].function == index)
      text += printVariable(module, module.variables[id], printer.symbolName(SymbolKind::Variable, id));
  for (uint32_t id = 0; id < function.prototypes.size(); ++id)
    text += printPrototype(module, function.prototypes[id], printer.prototypeName(id));
  for (uint32_t id = 0; id < function.branchTables.size(); ++id) {
    text += "$table" + std::to_string(id) + ": .branchtargets ";
    const char *separator = "$";
    for (uint32_t target : function.branchTables[id]) {
      text += separator + std::to_string(target);
      separator = ", $";
    }
    text += ";\n";
  }
  auto label = function.labels.begin();
  auto pragma = function.pragmas.begin();
  for (uint32_t id = 0; id <= function.instructions.size(); ++id) {
    if (label != function.labels.end() && *label == id) {
      text += "$" + std::to_string(id) + ":\n";
      ++label;
    }
    for (; pragma != function.pragmas.end() && (pragma->instruction == id || pragma->instruction == kNone); ++pragma)
      text += ".pragma \"" + pragma->text + "\";\n";
    if (id < function.instructions.size())
      text += printer.instruction(function.instructions[id]) + ";\n";
  }
  return text + "}\n";
}

std::string print(const Module &module) {
  std::string text = ".version " + std::to_string(module.versionMajor) + "." + std::to_string(module.versionMinor) +
                     "\n.target " + module.target + "\n.address_size " + std::to_string(module.addressSize) + "\n";
  for (const Function &function : module.functions)
    if (!function.isEntry && function.aliasOf == kNone)
      text += printLinkage(function.linkage) + printSignature(function) + ";\n";
  for (const Variable &variable : module.variables)
    if (variable.function == kNone)
      text += printVariable(module, variable, variable.name);
  for (uint32_t index = 0; index < module.functions.size(); ++index) {
    const Function &function = module.functions[index];
    if (function.isDefined)
      text += printLinkage(function.linkage) + printSignature(function) + "\n" + printBounds(function.bounds) +
              printBody(module, index);
  }
  return text;
}

} // namespace thrift::sim::ptx
