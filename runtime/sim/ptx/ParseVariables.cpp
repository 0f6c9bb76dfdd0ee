//===- ParseVariables.cpp - variables and registers --------------------------===//
//
//   [linkage] .space [.attribute(.managed)] [.align N] [.v2|.v4] .type name[dims] [= initialiser] {, name ...};
//   .reg .type name, %r<100>;
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

#include <algorithm>

namespace thrift::sim::ptx {

constexpr uint64_t kMaxAlignment = 1u << 20;
constexpr size_t kMaxDimensions = 8;

static uint32_t alignUp(uint32_t offset, uint32_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

bool ModuleParser::parseAlignment(uint32_t &alignment) {
  advance();
  const char *at = here();
  uint64_t value = 0;
  if (!parseInteger(value, 1, kMaxAlignment, "alignment"))
    return false;
  if (value & (value - 1))
    return fail(at, "alignment is " + std::to_string(value) + "; allowed: powers of two");
  alignment = static_cast<uint32_t>(value);
  return true;
}

bool ModuleParser::parseVariableHead(VariableHead &head) {
  while (token_.kind == TokenKind::Directive) {
    const char *at = here();
    std::string_view directive = token_.text;
    if (directive == ".align") {
      if (!parseAlignment(head.alignment))
        return false;
      continue;
    }
    if (directive == ".attribute") {
      advance();
      if (!expect('(', "after '.attribute'"))
        return false;
      if (!token_.isDirective(".managed"))
        return unsupported(here(), "attribute " + quote(token_.text) + " is not supported; allowed: .managed");
      head.isManaged = true;
      advance();
      if (!expect(')', "after the attribute"))
        return false;
      continue;
    }
    advance();
    if (directive == ".v2" || directive == ".v4") {
      head.vectorWidth = directive == ".v2" ? 2 : 4;
      continue;
    }
    head.type = typeNamed(directive.substr(1));
    if (head.type == Type::None)
      return unsupported(at, "type " + quote(directive) + " of a variable is not supported");
    if (head.type == Type::Pred)
      return fail(at, "a variable in memory cannot have type '.pred'");
    return true;
  }
  return unexpected("the type of a variable");
}

bool ModuleParser::parseVariables(Space space, Linkage linkage) {
  VariableHead head;
  head.space = space;
  head.linkage = linkage;
  if (!parseVariableHead(head))
    return false;
  do {
    if (!parseVariable(head))
      return false;
  } while (accept(','));
  return expect(';', "after a variable");
}

/// "[4][2]" or "[]"; byteSize becomes the product, isUnsized tells of the empty first dimension.
bool ModuleParser::parseDimensions(Variable &variable, std::vector<uint64_t> &dimensions) {
  bool isInMemoryOfKernel = variable.space != Space::Global && variable.space != Space::Const;
  uint64_t limit = isInMemoryOfKernel ? options_.limits.frameBytes : options_.limits.variableBytes;
  variable.byteSize = uint64_t(sizeOf(variable.type)) * variable.vectorWidth;
  while (token_.is('[')) {
    const char *at = here();
    advance();
    variable.isArray = true;
    if (dimensions.size() == kMaxDimensions)
      return fail(at, "more than " + std::to_string(kMaxDimensions) + " dimensions");
    if (token_.is(']') && dimensions.empty()) {
      variable.isUnsized = true;
      dimensions.push_back(0);
    } else {
      uint64_t count = 0;
      if (!parseInteger(count, 1, UINT64_MAX, "dimension"))
        return false;
      if (count > limit / variable.byteSize)
        return fail(at, "variable " + quote(variable.name) + " has more than " + std::to_string(limit) + " bytes");
      variable.byteSize *= count;
      dimensions.push_back(count);
    }
    if (!expect(']', "after a dimension"))
      return false;
  }
  return true;
}

bool ModuleParser::parseVariable(const VariableHead &head) {
  const char *at = here();
  Variable variable;
  variable.space = head.space;
  variable.linkage = head.linkage;
  variable.type = head.type;
  variable.vectorWidth = head.vectorWidth;
  variable.isManaged = head.isManaged;
  variable.alignment = head.alignment ? head.alignment : sizeOf(head.type) * head.vectorWidth;
  variable.function = functionIndex_;
  variable.line = token_.line;
  std::string_view name;
  std::vector<uint64_t> dimensions;
  if (!parseName(name, "the name of a variable"))
    return false;
  variable.name = name;
  if (!parseDimensions(variable, dimensions))
    return false;
  if (token_.is('=') && !parseInitializer(variable, dimensions))
    return false;
  if (variable.isUnsized) {
    if (variable.linkage != Linkage::Extern)
      return fail(at, "variable " + quote(name) + " has no size; only '.extern' variables may omit it");
    variable.byteSize = 0;
  }
  return addVariable(std::move(variable), at);
}

/// Gives a .local or .param variable its place in the frame.
bool ModuleParser::placeInFrame(Variable &variable, uint32_t &frameBytes, const char *at) {
  uint64_t offset = alignUp(frameBytes, variable.alignment);
  if (offset + variable.byteSize > options_.limits.frameBytes)
    return fail(at, "frame of space ." + std::string(nameOf(variable.space)) + " has more than " +
                        std::to_string(options_.limits.frameBytes) + " bytes");
  variable.offset = static_cast<uint32_t>(offset);
  frameBytes = static_cast<uint32_t>(offset + variable.byteSize);
  return true;
}

bool ModuleParser::addVariable(Variable variable, const char *at) {
  // The key of the table must point into the text, not into the variable.
  std::string_view name(at, variable.name.size());
  auto duplicate = [&] { return fail(at, "name " + quote(name) + " is declared twice"); };

  if (variable.space == Space::Local) {
    if (!placeInFrame(variable, function_.localBytes, at))
      return false;
    function_.localAlignment = std::max(function_.localAlignment, variable.alignment);
    if (!names_.bind(name, NameKind::Local, static_cast<uint32_t>(function_.locals.size())))
      return duplicate();
    function_.locals.push_back(std::move(variable));
    return true;
  }
  if (variable.space == Space::Param) {
    if (!placeInFrame(variable, callParamOffset_, at))
      return false;
    function_.callParamBytes = std::max(function_.callParamBytes, callParamOffset_);
    if (!names_.bind(name, NameKind::CallParam, static_cast<uint32_t>(function_.callParams.size())))
      return duplicate();
    function_.callParams.push_back(std::move(variable));
    return true;
  }

  Name present = names_.find(name);
  if (present && present.depth == names_.depth()) {
    // A declaration of what is defined elsewhere may stand before or after the definition.
    bool isExtern = variable.linkage == Linkage::Extern;
    if (present.kind != NameKind::Variable || module_.variables[present.id].space != variable.space ||
        !(isExtern || module_.variables[present.id].linkage == Linkage::Extern))
      return duplicate();
    if (!isExtern)
      module_.variables[present.id] = std::move(variable);
    return true;
  }
  names_.bind(name, NameKind::Variable, static_cast<uint32_t>(module_.variables.size()));
  module_.variables.push_back(std::move(variable));
  variableMentionedBy_.push_back(kNone);
  return true;
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

bool ModuleParser::parseRegisters() {
  const char *typeAt = here();
  if (token_.kind != TokenKind::Directive)
    return unexpected("the type of a register");
  Type type = typeNamed(token_.text.substr(1));
  if (type == Type::None)
    return unsupported(typeAt, "type " + quote(token_.text) + " of a register is not supported");
  advance();
  do {
    const char *at = here();
    RegisterRange range;
    range.type = type;
    range.line = token_.line;
    range.first = static_cast<uint32_t>(function_.registerTypes.size());
    std::string_view name;
    if (!parseName(name, "the name of a register"))
      return false;
    uint64_t count = 1;
    uint64_t left =
        std::min<uint64_t>(options_.limits.registers - range.first, options_.limits.allRegisters - registerCount_);
    if (accept('<')) {
      range.isNumbered = true;
      if (!parseInteger(count, 0, left, "number of registers") || !expect('>', "after the number of registers"))
        return false;
    } else if (left == 0) {
      return fail(at, "more registers than the allowed " + std::to_string(options_.limits.registers) +
                          " of a function or " + std::to_string(options_.limits.allRegisters) + " of a module");
    }
    if (name == "_")
      return fail(at, "name '_' is the sink and cannot be a register");
    if (count == 0)
      continue;
    range.name = name;
    range.count = static_cast<uint32_t>(count);
    bool isNew = range.isNumbered ? names_.bindNumbered(name, range.first, range.count)
                                  : names_.bind(name, NameKind::Register, range.first);
    if (!isNew)
      return fail(at, "name " + quote(name) + " is declared twice");
    registerCount_ += count;
    function_.registerTypes.resize(range.first + count, type);
    function_.registerRanges.push_back(std::move(range));
  } while (accept(','));
  return expect(';', "after a register");
}

} // namespace thrift::sim::ptx
