//===- ParseDebug.cpp - source locations, debug sections, pragmas ------------===//
//
// Locations are kept for diagnostics. Sections (DWARF as lists of numbers) are checked for their grammar and dropped:
// nothing in them changes what a kernel does. Pragmas are hints and kept as text.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

namespace thrift::sim::ptx {

/// ".file 1 "kernel.cu" [, timestamp, size]"
bool ModuleParser::parseFile() {
  uint64_t number = 0;
  if (!parseInteger(number, 0, UINT32_MAX, "file number"))
    return false;
  if (token_.kind != TokenKind::String)
    return unexpected("a path in quotes");
  SourceFile file;
  file.number = static_cast<uint32_t>(number);
  file.path = token_.text;
  module_.files.push_back(std::move(file));
  advance();
  for (const char *what : {"time stamp of a file", "size of a file"}) {
    uint64_t ignored = 0;
    if (accept(',') && !parseInteger(ignored, 0, UINT64_MAX, what))
      return false;
  }
  return true;
}

bool ModuleParser::parseLocationTriple(uint32_t (&triple)[3]) {
  constexpr const char *kParts[3] = {"file number", "line number", "column number"};
  for (size_t index = 0; index < 3; ++index) {
    uint64_t value = 0;
    if (!parseInteger(value, 0, UINT32_MAX, kParts[index]))
      return false;
    triple[index] = static_cast<uint32_t>(value);
  }
  return true;
}

/// ".loc 1 20 5 [, function_name label[+offset], inlined_at 1 30 7]"
bool ModuleParser::parseLocation() {
  const char *at = here();
  uint32_t place[3] = {};
  if (!parseLocationTriple(place))
    return false;
  Location location;
  if (accept(',')) {
    uint64_t offset = 0;
    std::string_view name;
    if (!parseName(name, "'function_name'") || name != "function_name")
      return fail(at, "expected 'function_name' in '.loc'");
    if (!parseName(name, "the label of a function name") || !parseOffset(offset) || !expect(',', "before 'inlined_at'"))
      return false;
    if (!parseName(name, "'inlined_at'") || name != "inlined_at")
      return fail(at, "expected 'inlined_at' in '.loc'");
    const char *siteAt = here();
    uint32_t site[3] = {};
    if (!parseLocationTriple(site))
      return false;
    auto known = locationIndex_.find({site[0], site[1], site[2]});
    if (known == locationIndex_.end())
      return fail(siteAt, "'inlined_at' names a place that no '.loc' above declares");
    location.inlinedAt = known->second;
  }
  location_ = static_cast<uint32_t>(module_.locations.size());
  location.file = place[0];
  location.line = place[1];
  location.column = place[2];
  locationIndex_[{place[0], place[1], place[2]}] = location_;
  module_.locations.push_back(location);
  locationAt_.push_back(at);
  return true;
}

/// One value of a section: a number, a label, or the name of another section, with an offset or minus another label.
bool ModuleParser::parseSectionValue() {
  accept('-');
  if (token_.kind != TokenKind::Integer && token_.kind != TokenKind::Identifier && token_.kind != TokenKind::Directive)
    return unexpected("a number, a label or a section");
  advance();
  while (token_.is('+') || token_.is('-')) {
    advance();
    if (token_.kind != TokenKind::Integer && token_.kind != TokenKind::Identifier)
      return unexpected("a number or a label");
    advance();
  }
  return true;
}

/// ".section .debug_str { label: .b8 1, 2 ... }"
bool ModuleParser::parseSection() {
  if (token_.kind != TokenKind::Directive || token_.text.substr(0, 7) != ".debug_")
    return unexpected("the name of a debug section");
  advance();
  if (!expect('{', "before the contents of a section"))
    return false;
  while (!accept('}')) {
    if (token_.kind == TokenKind::Identifier) {
      advance();
      if (!expect(':', "after a label in a section"))
        return false;
      continue;
    }
    if (token_.kind != TokenKind::Directive)
      return unexpected("data, a label or '}' in a section");
    Type type = typeNamed(token_.text.substr(1));
    if (type != Type::B8 && type != Type::B16 && type != Type::B32 && type != Type::B64)
      return unsupported(here(), "directive " + quote(token_.text) + " in a section is not supported");
    advance();
    do {
      if (!parseSectionValue())
        return false;
    } while (accept(','));
  }
  return true;
}

/// ".pragma "nounroll", "...";"
bool ModuleParser::parsePragma(std::vector<Pragma> &pragmas) {
  do {
    if (token_.kind != TokenKind::String)
      return unexpected("a string after '.pragma'");
    Pragma pragma;
    pragma.text = token_.text;
    pragma.line = token_.line;
    pragmas.push_back(std::move(pragma));
    advance();
  } while (accept(','));
  return expect(';', "after '.pragma'");
}

} // namespace thrift::sim::ptx
