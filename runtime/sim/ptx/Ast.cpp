//===- Ast.cpp - names and sizes of what the tree holds ----------------------===//
//
// Spellings of types, spaces and special registers, and look-ups by name.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ptx/Ast.h"

#include <algorithm>
#include <iterator>

namespace thrift::sim::ptx {

namespace {

struct TypeInfo {
  std::string_view name;
  uint32_t bytes;
};

/// In the order of Type.
// clang-format off
constexpr TypeInfo kTypes[] = {
    {"none", 0}, {"pred", 0},
    {"b8", 1},   {"b16", 2},   {"b32", 4},  {"b64", 8},    {"b128", 16},
    {"u8", 1},   {"u16", 2},   {"u32", 4},  {"u64", 8},
    {"s8", 1},   {"s16", 2},   {"s32", 4},  {"s64", 8},
    {"f16", 2},  {"f16x2", 4}, {"bf16", 2}, {"bf16x2", 4}, {"f32", 4}, {"f32x2", 8}, {"f64", 8},
};
// clang-format on
static_assert(std::size(kTypes) == static_cast<size_t>(Type::F64) + 1, "one row per type");

constexpr std::string_view kSpaces[] = {"generic", "global", "const", "shared", "local", "param"};

struct SpecialInfo {
  std::string_view name;
  Type type;
};

constexpr SpecialInfo kSpecials[] = {
#define PTX_SPECIAL(id, spelling, type) {spelling, Type::type},
#include "runtime/sim/ptx/SpecialRegisters.def"
#undef PTX_SPECIAL
};

} // namespace

uint32_t sizeOf(Type type) { return kTypes[static_cast<size_t>(type)].bytes; }
std::string_view nameOf(Type type) { return kTypes[static_cast<size_t>(type)].name; }

Type typeNamed(std::string_view name) {
  for (size_t index = 1; index < std::size(kTypes); ++index)
    if (kTypes[index].name == name)
      return static_cast<Type>(index);
  return Type::None;
}

std::string_view nameOf(Space space) { return kSpaces[static_cast<size_t>(space)]; }

std::string_view nameOf(SpecialRegister reg) { return kSpecials[static_cast<size_t>(reg)].name; }
Type typeOf(SpecialRegister reg) { return kSpecials[static_cast<size_t>(reg)].type; }
size_t specialRegisterCount() { return std::size(kSpecials); }

bool Opcode::has(std::string_view modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

std::string Function::registerName(uint32_t id) const {
  auto after = std::upper_bound(registerRanges.begin(), registerRanges.end(), id,
                                [](uint32_t id, const RegisterRange &range) { return id < range.first; });
  if (after == registerRanges.begin())
    return "<no register>";
  const RegisterRange &range = *std::prev(after);
  if (id - range.first >= range.count)
    return "<no register>";
  return range.isNumbered ? range.name + std::to_string(id - range.first) : range.name;
}

template <typename T>
static uint32_t indexNamed(const std::vector<T> &items, std::string_view name) {
  for (size_t index = 0; index < items.size(); ++index)
    if (items[index].name == name)
      return static_cast<uint32_t>(index);
  return kNone;
}

uint32_t Module::findFunction(std::string_view name) const { return indexNamed(functions, name); }

uint32_t Module::findVariable(std::string_view name) const {
  for (size_t index = 0; index < variables.size(); ++index)
    if (variables[index].function == kNone && variables[index].name == name)
      return static_cast<uint32_t>(index);
  return kNone;
}

} // namespace thrift::sim::ptx
