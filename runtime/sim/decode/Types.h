//===- Types.h - the types that instructions name ---------------------------===//
//
// The type modifiers of opcodes ("f16x2", "e4m3x2") with their width; ptx::Type only has those that registers can have.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_DECODE_TYPES_H
#define THRIFTJIT_RUNTIME_SIM_DECODE_TYPES_H

#include <cstdint>
#include <string_view>

namespace thrift::sim {

enum class Ty : uint8_t {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  F32,
  F32x2,
  F64,
  TF32,
  E4M3,
  E5M2,
  E3M2,
  E2M3,
  E2M1,
  UE8M0,
  UE4M3,
  E4M3x2,
  E5M2x2,
  E2M1x2,
  E2M3x2,
  E3M2x2,
  UE8M0x2,
};

/// The type with this spelling, None if it is not one.
Ty typeNamed(std::string_view name);
std::string_view nameOf(Ty type);
/// Bits of a value; 0 for Pred and None.
unsigned bitsOf(Ty type);

constexpr bool isSignedInteger(Ty type) { return type >= Ty::S8 && type <= Ty::S64; }
constexpr bool isInteger(Ty type) { return type >= Ty::U8 && type <= Ty::S64; }
constexpr bool isBits(Ty type) { return type >= Ty::B8 && type <= Ty::B128; }

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_DECODE_TYPES_H
