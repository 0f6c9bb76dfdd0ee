//===- DotProduct.cpp - dp4a and dp2a ---------------------------------------===//
//
// PTX ISA "dp4a", "dp2a": d = c + the dot product of four bytes, or of two halfwords and two bytes.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

template <bool Signed>
THRIFT_SIM_INLINE int32_t byteOf(uint32_t word, unsigned index) {
  auto byte = static_cast<uint8_t>(word >> (8 * index));
  return Signed ? static_cast<int8_t>(byte) : byte;
}
template <bool Signed>
THRIFT_SIM_INLINE int32_t halfOf(uint32_t word, unsigned index) {
  auto half = static_cast<uint16_t>(word >> (16 * index));
  return Signed ? static_cast<int16_t>(half) : half;
}

template <bool SignedA, bool SignedB>
struct Dp4a {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0; i < 4; ++i)
      c += static_cast<uint32_t>(byteOf<SignedA>(a, i) * byteOf<SignedB>(b, i));
    return c;
  }
};
/// The two lower or the two upper bytes of b.
template <bool SignedA, bool SignedB, bool Upper>
struct Dp2a {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    for (unsigned i = 0; i < 2; ++i)
      c += static_cast<uint32_t>(halfOf<SignedA>(a, i) * byteOf<SignedB>(b, i + (Upper ? 2 : 0)));
    return c;
  }
};

template <bool SignedA, bool SignedB>
void useDotProduct(Form &form, int half) {
  if (half < 0)
    return form.use<Map3<Dp4a<SignedA, SignedB>, uint32_t, uint32_t>>();
  half == 0 ? form.use<Map3<Dp2a<SignedA, SignedB, false>, uint32_t, uint32_t>>()
            : form.use<Map3<Dp2a<SignedA, SignedB, true>, uint32_t, uint32_t>>();
}

void decodeDotProduct(Form &form) {
  int half = form.opcode().base == "dp2a" ? form.takeOne({"lo", "hi"}) : -1;
  Ty a = form.type(), b = form.type();
  form.d(0, 32), form.a(1, a), form.b(2, b), form.c(3, Ty::B32);
  bool legal = (a == Ty::U32 || a == Ty::S32) && (b == Ty::U32 || b == Ty::S32);
  if (!legal || (form.opcode().base == "dp2a" && half < 0))
    return form.noSuchForm();
  if (a == Ty::S32)
    return b == Ty::S32 ? useDotProduct<true, true>(form, half) : useDotProduct<true, false>(form, half);
  b == Ty::S32 ? useDotProduct<false, true>(form, half) : useDotProduct<false, false>(form, half);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"dp2a", Domain::Any, InstructionClass::Integer, decodeDotProduct},
    {"dp4a", Domain::Any, InstructionClass::Integer, decodeDotProduct},
};

} // namespace

OpcodeTable dotProductOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
