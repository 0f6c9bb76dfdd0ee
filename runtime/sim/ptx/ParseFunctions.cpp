//===- ParseFunctions.cpp - signatures and launch bounds ---------------------===//
//
//   [linkage] .entry name [(params)] bounds... { body }
//   [linkage] .func [(results)] name [(params)] [.noreturn] { body }      or ';' in place of the body
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

namespace thrift::sim::ptx {

bool haveSameLayout(const std::vector<Param> &a, const std::vector<Param> &b) {
  if (a.size() != b.size())
    return false;
  for (size_t index = 0; index < a.size(); ++index)
    if (a[index].byteSize != b[index].byteSize || a[index].offset != b[index].offset)
      return false;
  return true;
}

/// LLVM prints intrinsics that it does not know as external functions, dots included.
bool ModuleParser::rejectDottedName(std::string_view name) {
  if (token_.kind != TokenKind::Directive || token_.text.data() != name.data() + name.size())
    return true;
  const char *end = token_.text.data() + token_.text.size();
  while (lexer_.dotFollows()) {
    advance();
    end = token_.text.data() + token_.text.size();
  }
  std::string_view whole(name.data(), static_cast<size_t>(end - name.data()));
  return fail(name.data(), "name " + quote(whole) +
                               " contains '.'; LLVM writes such a function for an intrinsic that " +
                               "does not exist or is misspelt");
}

bool ModuleParser::declareFunction(std::string_view name, const char *at, uint32_t &index) {
  Name present = names_.find(name);
  if (present && present.depth == 0) {
    if (present.kind != NameKind::Function)
      return fail(at, "name " + quote(name) + " is declared twice");
    index = present.id;
    return true;
  }
  index = static_cast<uint32_t>(module_.functions.size());
  if (index == options_.limits.functions)
    return fail(at, "module has more than " + std::to_string(options_.limits.functions) + " functions");
  names_.bind(name, NameKind::Function, index);
  module_.functions.emplace_back();
  functionAt_.push_back(at);
  usedVariables_.emplace_back();
  usedFunctions_.emplace_back();
  functionMentionedBy_.push_back(kNone);
  return true;
}

bool ModuleParser::bindParams(const std::vector<std::string_view> &names, NameKind kind) {
  for (uint32_t index = 0; index < names.size(); ++index)
    if (!names_.bind(names[index], kind, index))
      return fail(names[index].data(), "name " + quote(names[index]) + " is declared twice");
  return true;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// ".ptr .global .align 16", where both attributes are optional.
bool ModuleParser::parsePointerAttributes(Param &param) {
  advance();
  param.isPointer = true;
  constexpr Space kPointerSpaces[] = {Space::Global, Space::Const, Space::Shared, Space::Local, Space::Param};
  for (Space space : kPointerSpaces) {
    if (token_.kind == TokenKind::Directive && token_.text.substr(1) == nameOf(space)) {
      param.pointerSpace = space;
      advance();
      break;
    }
  }
  return !token_.isDirective(".align") || parseAlignment(param.pointerAlignment);
}

/// ".param .u64 .ptr .global .align 16 name" or ".param .align 8 .b8 name[40]".
bool ModuleParser::parseParam(Param &param, std::string_view &name) {
  if (token_.isDirective(".reg"))
    return unsupported(here(), "parameter in a register is not supported; allowed: .param");
  if (!token_.isDirective(".param"))
    return unexpected("'.param'");
  param.line = token_.line;
  advance();
  uint32_t alignment = 0;
  if (token_.isDirective(".align") && !parseAlignment(alignment))
    return false;
  const char *typeAt = here();
  if (token_.kind != TokenKind::Directive)
    return unexpected("the type of a parameter");
  param.type = typeNamed(token_.text.substr(1));
  if (sizeOf(param.type) == 0)
    return unsupported(typeAt, "type " + quote(token_.text) + " of a parameter is not supported");
  advance();
  if (token_.isDirective(".ptr")) {
    if (sizeOf(param.type) != 8)
      return fail(typeAt,
                  "a '.ptr' parameter has type ." + std::string(nameOf(param.type)) + "; allowed: 64-bit types");
    if (!parsePointerAttributes(param))
      return false;
  }
  if (!parseName(name, "the name of a parameter") || !rejectDottedName(name))
    return false;
  param.name = name;
  param.alignment = alignment ? alignment : sizeOf(param.type);
  uint64_t byteSize = sizeOf(param.type);
  if (accept('[')) {
    param.isArray = true;
    if (token_.is(']'))
      return unsupported(here(), "parameter " + quote(name) + " without a size is not supported");
    uint64_t count = 0;
    if (!parseInteger(count, 1, options_.limits.frameBytes / byteSize, "size of a parameter") ||
        !expect(']', "after the size of a parameter"))
      return false;
    byteSize *= count;
  }
  param.byteSize = static_cast<uint32_t>(byteSize);
  return true;
}

/// "(param, param)", placed one behind the other in their block. `names` receives views into the text.
bool ModuleParser::parseParams(std::vector<Param> &params, uint32_t &blockBytes, std::vector<std::string_view> &names) {
  if (!expect('(', "before parameters"))
    return false;
  if (accept(')'))
    return true;
  do {
    const char *at = here();
    Param param;
    std::string_view name;
    if (!parseParam(param, name))
      return false;
    uint64_t offset = (uint64_t(blockBytes) + param.alignment - 1) / param.alignment * param.alignment;
    if (offset + param.byteSize > options_.limits.frameBytes)
      return fail(at, "parameters have more than " + std::to_string(options_.limits.frameBytes) + " bytes");
    param.offset = static_cast<uint32_t>(offset);
    blockBytes = static_cast<uint32_t>(offset + param.byteSize);
    params.push_back(std::move(param));
    names.push_back(name);
  } while (accept(','));
  return expect(')', "after parameters");
}

//===----------------------------------------------------------------------===//
// Launch bounds
//===----------------------------------------------------------------------===//

/// "128, 2, 1"; what is left out is 1.
bool ModuleParser::parseThreeDimensions(std::array<uint32_t, 3> &dimensions, const char *what) {
  dimensions = {1, 1, 1};
  for (size_t index = 0; index < 3; ++index) {
    uint64_t value = 0;
    if (index > 0 && !accept(','))
      return true;
    if (!parseInteger(value, 1, INT32_MAX, what))
      return false;
    dimensions[index] = static_cast<uint32_t>(value);
  }
  return true;
}

bool ModuleParser::parseLaunchBounds() {
  LaunchBounds &bounds = function_.bounds;
  while (token_.kind == TokenKind::Directive) {
    const char *at = here();
    std::string_view directive = token_.text;
    advance();
    auto count = [&](uint32_t &field, const char *what) {
      uint64_t value = 0;
      if (!parseInteger(value, 1, INT32_MAX, what))
        return false;
      field = static_cast<uint32_t>(value);
      return true;
    };
    bool parsed = true;
    if (directive == ".noreturn") {
      function_.isNoReturn = true;
      continue;
    }
    if (directive == ".pragma") {
      if (!parsePragma(function_.pragmas))
        return false;
      continue;
    }
    if (directive == ".maxntid")
      parsed = parseThreeDimensions(bounds.maxThreads, "dimension of .maxntid");
    else if (directive == ".reqntid")
      parsed = parseThreeDimensions(bounds.requiredThreads, "dimension of .reqntid");
    else if (directive == ".reqnctapercluster")
      parsed = parseThreeDimensions(bounds.requiredCluster, "dimension of .reqnctapercluster");
    else if (directive == ".minnctapersm")
      parsed = count(bounds.minBlocksPerSm, "number of .minnctapersm");
    else if (directive == ".maxnctapersm")
      parsed = count(bounds.maxBlocksPerSm, "number of .maxnctapersm");
    else if (directive == ".maxnreg")
      parsed = count(bounds.maxRegisters, "number of .maxnreg");
    else if (directive == ".maxclusterrank")
      parsed = count(bounds.maxClusterRank, "number of .maxclusterrank");
    else if (directive == ".explicitcluster")
      bounds.explicitCluster = true;
    else if (directive == ".blocksareclusters")
      bounds.blocksAreClusters = true;
    else
      return unsupported(at, "directive " + quote(directive) + " of a function is not supported");
    if (!parsed)
      return false;
    if (!function_.isEntry)
      return fail(at, "directive " + quote(directive) + " belongs to '.entry', not to '.func'");
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

bool ModuleParser::parseFunction(Linkage linkage, bool isEntry) {
  function_ = Function();
  function_.isEntry = isEntry;
  function_.linkage = linkage;
  function_.line = token_.line;
  if (token_.kind == TokenKind::Directive)
    return unsupported(here(), "directive " + quote(token_.text) + " of a function is not supported");

  std::vector<std::string_view> resultNames, paramNames;
  const char *at = here();
  if (token_.is('(')) {
    if (isEntry)
      return fail(at, "an '.entry' has no results");
    if (!parseParams(function_.results, function_.resultBytes, resultNames))
      return false;
  }
  at = here();
  std::string_view name;
  if (!parseName(name, "the name of a function") || !rejectDottedName(name))
    return false;
  function_.name = name;
  if (!declareFunction(name, at, functionIndex_))
    return false;

  names_.openScope();
  if (token_.is('(') && !parseParams(function_.params, function_.paramBytes, paramNames))
    return false;
  if (!bindParams(resultNames, NameKind::Result) || !bindParams(paramNames, NameKind::Param) || !parseLaunchBounds())
    return false;

  // The signature must be in place before the body: a function may call itself.
  Function &known = module_.functions[functionIndex_];
  bool isFirst = known.name.empty();
  if (!isFirst && (known.isEntry != isEntry || !haveSameLayout(known.params, function_.params) ||
                   !haveSameLayout(known.results, function_.results)))
    return fail(at, "function " + quote(name) + " differs from its declaration in line " + std::to_string(known.line));
  bool hasBody = !token_.is(';');
  if (hasBody && known.isDefined)
    return fail(at, "function " + quote(name) + " has a body already, in line " + std::to_string(known.line));
  if (hasBody && linkage == Linkage::Extern)
    return fail(at, "'.extern' function " + quote(name) + " cannot have a body");
  if (isFirst || hasBody)
    known = function_;
  if (!hasBody)
    advance();
  else if (!parseBody())
    return false;
  names_.closeScope();
  if (hasBody) {
    function_.isDefined = true;
    module_.functions[functionIndex_] = std::move(function_);
  }
  functionIndex_ = kNone;
  return true;
}

} // namespace thrift::sim::ptx
