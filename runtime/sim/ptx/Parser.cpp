//===- Parser.cpp - tokens, errors and module scope --------------------------===//
//
// The entry point, what all other parts share, and the directives that stand outside of functions.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/Parser.h"
#include "runtime/sim/ptx/ParserImpl.h"

#include <algorithm>

namespace thrift::sim::ptx {

constexpr size_t kQuotedBytes = 60;
constexpr size_t kContextBytes = 120;

static std::string printable(std::string_view text, size_t limit) {
  std::string result(text.substr(0, limit));
  for (char &c : result) {
    if (c == '\t')
      c = ' ';
    if (c < ' ' || c > '~')
      c = '?';
  }
  if (text.size() > limit)
    result += "...";
  return result;
}

std::string quote(std::string_view text) { return "'" + printable(text, kQuotedBytes) + "'"; }

Result<Module> parse(std::string_view text, const ParseOptions &options, Diagnostic *diagnostic) {
  ModuleParser parser(text, options);
  if (parser.run())
    return parser.takeModule();
  const Diagnostic &found = parser.diagnostic();
  if (diagnostic)
    *diagnostic = found;
  std::string message =
      "line " + std::to_string(found.line) + ", column " + std::to_string(found.column) + ": " + found.message;
  if (!found.text.empty())
    message += ": `" + found.text + "`";
  return Status(found.code, std::move(message));
}

ModuleParser::ModuleParser(std::string_view text, const ParseOptions &options)
    : text_(text), options_(options), lexer_(text) {
  for (size_t id = 0; id < specialRegisterCount(); ++id)
    names_.bind(nameOf(static_cast<SpecialRegister>(id)), NameKind::Special, static_cast<uint32_t>(id));
}

bool ModuleParser::run() {
  if (text_.size() > options_.limits.textBytes)
    return fail(text_.data(), "text has " + std::to_string(text_.size()) + " bytes; allowed: up to " +
                                  std::to_string(options_.limits.textBytes));
  advance();
  if (!parseHeader())
    return false;
  while (token_.kind != TokenKind::End)
    if (!parseTopLevel())
      return false;
  module_.opcodes = opcodes_.take();
  return resolve();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool ModuleParser::report(StatusCode code, const char *at, std::string message) {
  const char *begin = text_.data(), *end = begin + text_.size();
  const char *lineBegin = at, *lineEnd = at;
  while (lineBegin != begin && lineBegin[-1] != '\n')
    --lineBegin;
  while (lineEnd != end && *lineEnd != '\n')
    ++lineEnd;
  diagnostic_.code = code;
  diagnostic_.message = std::move(message);
  diagnostic_.line = static_cast<uint32_t>(1 + std::count(begin, lineBegin, '\n'));
  diagnostic_.column = static_cast<uint32_t>(1 + (at - lineBegin));
  // Very long lines exist (initialisers): show the neighbourhood.
  constexpr std::ptrdiff_t kBefore = kContextBytes / 2;
  if (at - lineBegin > kBefore && lineEnd - lineBegin > static_cast<std::ptrdiff_t>(kContextBytes))
    lineBegin = at - kBefore;
  while (lineBegin != lineEnd && (*lineBegin == ' ' || *lineBegin == '\t'))
    ++lineBegin;
  diagnostic_.text = printable({lineBegin, static_cast<size_t>(lineEnd - lineBegin)}, kContextBytes);
  return false;
}

bool ModuleParser::unexpected(const std::string &expected) {
  switch (token_.kind) {
  case TokenKind::Invalid:
    return fail(here(), std::string(lexer_.error()) + ": " + quote(token_.text));
  case TokenKind::End:
    return fail(here(), "expected " + expected + ", got the end of the text");
  default:
    return fail(here(), "expected " + expected + ", got " + quote(token_.text));
  }
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

bool ModuleParser::accept(char punctuation) {
  if (!token_.is(punctuation))
    return false;
  advance();
  return true;
}

bool ModuleParser::expect(char punctuation, const char *where) {
  if (accept(punctuation))
    return true;
  return unexpected("'" + std::string(1, punctuation) + "' " + where);
}

bool ModuleParser::parseName(std::string_view &name, const char *what) {
  if (token_.kind != TokenKind::Identifier)
    return unexpected(what);
  name = token_.text;
  advance();
  return true;
}

bool ModuleParser::parseInteger(uint64_t &value, uint64_t minimum, uint64_t maximum, const char *what) {
  if (token_.kind != TokenKind::Integer)
    return unexpected(what);
  if (token_.value < minimum || token_.value > maximum) {
    std::string allowed = std::to_string(minimum);
    if (maximum != minimum)
      allowed += " to " + std::to_string(maximum);
    return fail(here(), std::string(what) + " is " + printable(token_.text, kQuotedBytes) + "; allowed: " + allowed);
  }
  value = token_.value;
  advance();
  return true;
}

//===----------------------------------------------------------------------===//
// Module scope
//===----------------------------------------------------------------------===//

/// ".version 9.0 .target sm_90a, debug .address_size 64"
bool ModuleParser::parseHeader() {
  if (!token_.isDirective(".version"))
    return unexpected("'.version'");
  advance();
  std::string_view version = token_.text;
  size_t dot = version.find('.');
  auto isNumber = [](std::string_view digits) {
    return !digits.empty() && digits.size() <= 4 && digits.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!token_.isFraction || !isNumber(version.substr(0, dot)) || !isNumber(version.substr(dot + 1)))
    return unexpected("a version like 9.0");
  module_.versionMajor = static_cast<uint32_t>(std::stoul(std::string(version.substr(0, dot))));
  module_.versionMinor = static_cast<uint32_t>(std::stoul(std::string(version.substr(dot + 1))));
  advance();

  if (!token_.isDirective(".target"))
    return unexpected("'.target'");
  advance();
  std::string_view name;
  if (!parseName(name, "a target like sm_90a"))
    return false;
  module_.target = name;
  while (accept(',')) {
    if (!parseName(name, "a target option"))
      return false;
    module_.targetOptions.emplace_back(name);
  }

  if (!token_.isDirective(".address_size"))
    return unexpected("'.address_size 64'");
  advance();
  if (token_.kind == TokenKind::Integer && token_.value == 32)
    return unsupported(here(), "address size is 32; allowed: 64");
  uint64_t bits = 0;
  if (!parseInteger(bits, 64, 64, "address size"))
    return false;
  module_.addressSize = static_cast<uint32_t>(bits);
  return true;
}

bool ModuleParser::parseLinkage(Linkage &linkage) {
  if (token_.isDirective(".visible"))
    linkage = Linkage::Visible;
  else if (token_.isDirective(".extern"))
    linkage = Linkage::Extern;
  else if (token_.isDirective(".weak"))
    linkage = Linkage::Weak;
  else if (token_.isDirective(".common"))
    linkage = Linkage::Common;
  else
    return false;
  advance();
  return true;
}

bool ModuleParser::parseTopLevel() {
  if (token_.kind != TokenKind::Directive)
    return unexpected("a directive");
  Linkage linkage = Linkage::Internal;
  bool hasLinkage = parseLinkage(linkage);
  if (token_.kind != TokenKind::Directive)
    return unexpected("a variable or a function");

  const char *at = here();
  std::string_view directive = token_.text;
  auto is = [&](std::string_view spelling) {
    if (directive != spelling)
      return false;
    advance();
    return true;
  };
  if (is(".func"))
    return parseFunction(linkage, /*isEntry=*/false);
  if (is(".entry"))
    return parseFunction(linkage, /*isEntry=*/true);
  if (is(".global"))
    return parseVariables(Space::Global, linkage);
  if (is(".const"))
    return parseVariables(Space::Const, linkage);
  if (is(".shared"))
    return parseVariables(Space::Shared, linkage);
  if (hasLinkage)
    return unexpected("a variable or a function");
  if (is(".file"))
    return parseFile();
  if (is(".loc"))
    return parseLocation();
  if (is(".section"))
    return parseSection();
  if (is(".pragma"))
    return parsePragma(module_.pragmas);
  if (is(".alias"))
    return parseAlias();
  if (directive == ".version" || directive == ".target" || directive == ".address_size")
    return fail(at, "second " + quote(directive) + " in one module");
  return unsupported(at, "directive " + quote(directive) + " at module scope is not supported");
}

/// ".alias name, target;": both functions are declared above.
bool ModuleParser::parseAlias() {
  const char *at = here();
  std::string_view alias, target;
  if (!parseName(alias, "the name of an alias") || !expect(',', "after the name of an alias"))
    return false;
  const char *targetAt = here();
  if (!parseName(target, "the function that an alias stands for") || !expect(';', "after '.alias'"))
    return false;
  Name aliasName = names_.find(alias), targetName = names_.find(target);
  if (aliasName.kind != NameKind::Function)
    return fail(at, "alias " + quote(alias) + " was not declared as a function");
  if (targetName.kind != NameKind::Function)
    return fail(targetAt, quote(target) + " is not a function; allowed: a function declared above");
  if (!aliases_.emplace(aliasName.id, Mention{targetName.id, targetAt}).second)
    return fail(at, "alias " + quote(alias) + " is defined twice");
  return true;
}

} // namespace thrift::sim::ptx
