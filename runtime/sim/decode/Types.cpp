//===- Types.cpp - the types that instructions name -------------------------===//

#include "runtime/sim/decode/Types.h"

#include <cstddef>

namespace thrift::sim {

struct TypeFacts {
  std::string_view name;
  unsigned bits;
};

// In the order of Ty.
static constexpr TypeFacts kTypes[] = {
    {"", 0},        {"pred", 0},    {"b8", 8},     {"b16", 16},    {"b32", 32},    {"b64", 64},
    {"b128", 128},  {"u8", 8},      {"u16", 16},   {"u32", 32},    {"u64", 64},    {"s8", 8},
    {"s16", 16},    {"s32", 32},    {"s64", 64},   {"f16", 16},    {"f16x2", 32},  {"bf16", 16},
    {"bf16x2", 32}, {"f32", 32},    {"f32x2", 64}, {"f64", 64},    {"tf32", 32},   {"e4m3", 8},
    {"e5m2", 8},    {"e3m2", 6},    {"e2m3", 6},   {"e2m1", 4},    {"ue8m0", 8},   {"ue4m3", 8},
    {"e4m3x2", 16}, {"e5m2x2", 16}, {"e2m1x2", 8}, {"e2m3x2", 16}, {"e3m2x2", 16}, {"ue8m0x2", 16},
};

Ty typeNamed(std::string_view name) {
  for (size_t i = 1; i < sizeof kTypes / sizeof kTypes[0]; ++i)
    if (kTypes[i].name == name)
      return static_cast<Ty>(i);
  return Ty::None;
}

std::string_view nameOf(Ty type) { return kTypes[static_cast<size_t>(type)].name; }
unsigned bitsOf(Ty type) { return kTypes[static_cast<size_t>(type)].bits; }

} // namespace thrift::sim
