//===- ParseInitializers.cpp - initial values of variables -------------------===//
//
//   = 7    = {1, 2}    = {{1}, {2, 3}}    = 0f3F800000    = generic(name)+8    = {0xFF(name), 0xFF00(name)}
//
// Values become little-endian bytes at once; whatever depends on an address is zero and gets a relocation.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/ParserImpl.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace thrift::sim::ptx {

static bool isFloat(Type type) {
  switch (type) {
  case Type::F16:
  case Type::F16x2:
  case Type::BF16:
  case Type::BF16x2:
  case Type::F32:
  case Type::F32x2:
  case Type::F64:
    return true;
  default:
    return false;
  }
}

bool ModuleParser::parseInitializer(Variable &variable, std::vector<uint64_t> &dimensions) {
  const char *at = here();
  advance();
  if (variable.space != Space::Global && variable.space != Space::Const)
    return fail(at, "a variable in space ." + std::string(nameOf(variable.space)) + " cannot have an initial value");
  if (variable.linkage == Linkage::Extern)
    return fail(at, "an '.extern' variable cannot have an initial value");
  if (sizeOf(variable.type) > 8)
    return unsupported(at, "initial value of type ." + std::string(nameOf(variable.type)) + " is not supported");
  variable.isInitialized = true;
  if (variable.vectorWidth > 1)
    dimensions.push_back(variable.vectorWidth);
  if (dimensions.empty())
    return parseInitializerElement(variable, 0);
  return parseInitializerLevel(variable, dimensions, 0, 0);
}

/// "{ element, element }", where elements of all but the last dimension are such lists themselves.
bool ModuleParser::parseInitializerLevel(Variable &variable, std::vector<uint64_t> &dimensions, size_t level,
                                         uint64_t offset) {
  uint64_t stride = sizeOf(variable.type);
  for (size_t inner = level + 1; inner < dimensions.size(); ++inner)
    stride *= dimensions[inner];
  bool countsElements = level == 0 && variable.isUnsized;
  if (!expect('{', "before initial values"))
    return false;
  uint64_t count = 0;
  do {
    if (!countsElements && count == dimensions[level])
      return fail(here(), "more initial values than the " + std::to_string(dimensions[level]) + " elements of " +
                              quote(variable.name));
    uint64_t place = offset + count * stride;
    bool parsed = level + 1 == dimensions.size() ? parseInitializerElement(variable, place)
                                                 : parseInitializerLevel(variable, dimensions, level + 1, place);
    if (!parsed)
      return false;
    ++count;
  } while (accept(','));
  if (countsElements) {
    variable.byteSize = count * stride;
    variable.isUnsized = false;
  }
  return expect('}', "after initial values");
}

bool ModuleParser::storeElement(Variable &variable, uint64_t offset, uint64_t bits, const char *at) {
  size_t size = sizeOf(variable.type);
  uint64_t grown = offset + size - variable.data.size();
  initializerBytes_ += grown;
  if (initializerBytes_ > options_.limits.initializerBytes)
    return fail(at, "initial values have more than " + std::to_string(options_.limits.initializerBytes) + " bytes");
  variable.data.resize(offset + size);
  for (size_t index = 0; index < size; ++index)
    variable.data[offset + index] = static_cast<uint8_t>(bits >> (8 * index));
  return true;
}

bool ModuleParser::parseInitializerElement(Variable &variable, uint64_t offset) {
  if (token_.kind != TokenKind::Identifier)
    return parseNumberElement(variable, offset);
  const char *at = here();
  if (sizeOf(variable.type) != 8 || isFloat(variable.type))
    return unsupported(at, "address in an initial value of type ." + std::string(nameOf(variable.type)) +
                               " is not supported; allowed: 64-bit integers, or a byte mask like 0xFF(name)");
  Relocation relocation;
  relocation.offset = offset;
  return storeElement(variable, offset, 0, at) && parseAddressElement(variable, relocation);
}

/// "name", "name+8", "generic(name)", "generic(name)+8" and "generic(name+8)".
bool ModuleParser::parseAddressElement(Variable &variable, Relocation relocation) {
  const char *at = here();
  std::string_view name;
  if (!parseName(name, "a symbol"))
    return false;
  uint64_t addend = 0;
  if (name == "generic" && accept('(')) {
    relocation.isGeneric = true;
    at = here();
    if (!parseName(name, "a symbol") || !parseOffset(addend) || !expect(')', "after the symbol"))
      return false;
  }
  if (!parseOffset(addend))
    return false;
  Name symbol = names_.find(name);
  if (symbol.kind == NameKind::Function) {
    relocation.symbol = SymbolKind::Function;
    initializerFunctions_.push_back({symbol.id, at});
  } else if (symbol.kind != NameKind::Variable) {
    return fail(at, quote(name) + " in an initial value is not a variable or function declared above");
  }
  relocation.id = symbol.id;
  relocation.addend = static_cast<int64_t>(addend);
  variable.relocations.push_back(relocation);
  return true;
}

bool ModuleParser::parseNumberElement(Variable &variable, uint64_t offset) {
  const char *at = here();
  bool negative = accept('-');
  if (!negative)
    accept('+');
  Token number = token_;
  Type type = variable.type;
  auto mismatch = [&] {
    return fail(at, "initial value " + quote(number.text) + " does not fit type ." + std::string(nameOf(type)));
  };
  switch (number.kind) {
  case TokenKind::Integer: {
    advance();
    if (!negative && token_.is('(')) {
      // LLVM splits an address that is not aligned into bytes: 0xFF(name), 0xFF00(name), ...
      unsigned shift = 0;
      while (shift < 64 && number.value != uint64_t(0xFF) << shift)
        shift += 8;
      if (shift == 64 || sizeOf(type) != 1)
        return unsupported(at, "mask " + quote(number.text) + " is not supported; allowed: one byte of an address");
      Relocation relocation;
      relocation.offset = offset;
      relocation.byteSize = 1;
      relocation.shift = static_cast<uint8_t>(shift);
      advance();
      return storeElement(variable, offset, 0, at) && parseAddressElement(variable, relocation) &&
             expect(')', "after the symbol");
    }
    if (isFloat(type))
      return mismatch();
    unsigned bits = 8 * sizeOf(type);
    uint64_t largest = negative ? uint64_t(1) << (bits - 1) : UINT64_MAX >> (64 - bits);
    if (number.value > largest)
      return mismatch();
    return storeElement(variable, offset, negative ? 0 - number.value : number.value, at);
  }
  case TokenKind::Float32:
    advance();
    if (negative || (type != Type::F32 && type != Type::B32))
      return mismatch();
    return storeElement(variable, offset, number.value, at);
  case TokenKind::Float64: {
    advance();
    if (negative && !number.isFraction)
      return mismatch();
    uint64_t bits = number.value ^ (negative ? uint64_t(1) << 63 : 0);
    if (type == Type::F32 && number.isFraction) {
      double exact = 0;
      std::memcpy(&exact, &bits, sizeof exact);
      if (std::abs(exact) > std::numeric_limits<float>::max())
        return mismatch();
      float rounded = static_cast<float>(exact);
      uint32_t roundedBits = 0;
      std::memcpy(&roundedBits, &rounded, sizeof rounded);
      return storeElement(variable, offset, roundedBits, at);
    }
    if (type != Type::F64 && (type != Type::B64 || number.isFraction))
      return mismatch();
    return storeElement(variable, offset, bits, at);
  }
  default:
    return unexpected("an initial value");
  }
}

} // namespace thrift::sim::ptx
