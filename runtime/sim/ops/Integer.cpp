//===- Integer.cpp - integer arithmetic -------------------------------------===//
//
// PTX ISA "Integer Arithmetic Instructions": add sub div rem min max abs neg sad. Products are in Multiply.cpp, carry
// forms in Carry.cpp. All arithmetic is done on unsigned types, for signed overflow wraps in PTX.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Carry.h"
#include "runtime/sim/ops/IntegerForm.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

struct Add {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return static_cast<T>(a + b);
  }
};
struct Sub {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return static_cast<T>(a - b);
  }
};

// add.sat.s32 and sub.sat.s32 clamp instead of wrapping.
struct AddSat {
  THRIFT_SIM_INLINE static int32_t clamp(int64_t x) {
    x = x > INT32_MAX ? INT32_MAX : x;
    return static_cast<int32_t>(x < INT32_MIN ? INT32_MIN : x);
  }
  THRIFT_SIM_INLINE static int32_t apply(int32_t a, int32_t b) { return clamp(int64_t(a) + b); }
};
struct SubSat {
  THRIFT_SIM_INLINE static int32_t apply(int32_t a, int32_t b) { return AddSat::clamp(int64_t(a) - b); }
};
struct Min {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return a < b ? a : b;
  }
};
struct Max {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return a > b ? a : b;
  }
};
// min.relu and max.relu (s32, s16x2) clamp a negative result to 0.
template <typename Base>
struct Relu {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    T value = Base::apply(a, b);
    return value < 0 ? T(0) : value;
  }
};
/// Two 16-bit halves at once.
template <typename Op, typename T>
struct Halves {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b) {
    auto low = static_cast<uint16_t>(Op::apply(static_cast<T>(a), static_cast<T>(b)));
    auto high = static_cast<uint16_t>(Op::apply(static_cast<T>(a >> 16), static_cast<T>(b >> 16)));
    return low | uint32_t(high) << 16;
  }
};

struct Neg {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return static_cast<T>(Unsigned<T>(0) - static_cast<Unsigned<T>>(a));
  }
};
struct Abs {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return a < 0 ? Neg::apply(a) : a;
  }
};
struct Sad {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, T c) {
    using U = Unsigned<T>;
    return static_cast<T>(U(c) + (a < b ? U(U(b) - U(a)) : U(U(a) - U(b))));
  }
};

//===----------------------------------------------------------------------===//
// Division: the one integer operation with undefined inputs
//===----------------------------------------------------------------------===//

/// x / 0 and x % 0 are all ones, as an H100 gives; noted, for the ISA leaves it unspecified.
struct Div {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return static_cast<T>(-1);
    if (std::is_signed_v<T> && b == static_cast<T>(-1))
      return Neg::apply(a);
    return static_cast<T>(a / b);
  }
};
struct Rem {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return static_cast<T>(-1);
    if (std::is_signed_v<T> && b == static_cast<T>(-1))
      return 0;
    return static_cast<T>(a % b);
  }
};

template <typename Op, typename T>
Step divide(Warp &warp, const Inst &inst, uint32_t mask) {
  auto *d = warp.plane<LaneOf<T>>(inst.d);
  const auto *a = warp.plane<LaneOf<T>>(inst.a);
  const auto *b = warp.plane<LaneOf<T>>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane) {
    T divisor = fromLane<T>(b[*lane]);
    if (divisor == 0)
      warp.note(inst, Check::DivisionByZero, Severity::Note, static_cast<int>(*lane), "integer division by zero");
    d[*lane] = toLane<T>(Op::apply(fromLane<T>(a[*lane]), divisor));
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// The types "u16x2" and "s16x2", which only this family has.
Ty packedType(Form &form) {
  int packed = form.takeOne({"u16x2", "s16x2"});
  return packed < 0 ? Ty::None : packed == 0 ? Ty::U16 : Ty::S16;
}
void packedOperands(Form &form) { operands2(form, Ty::B32); }

template <typename Plain, typename Saturating>
void decodeAddSub(Form &form) {
  if (packedType(form) != Ty::None) {
    if (form.opcode().base == "sub")
      return form.noSuchForm();
    packedOperands(form);
    return form.use<Map2<Halves<Plain, uint16_t>, uint32_t, uint32_t>>();
  }
  if (form.take("cc"))
    return decodeCarry(form);
  bool saturate = form.take("sat");
  Ty type = form.type();
  operands2(form, type);
  if (!saturate)
    return isInteger(type) ? useUnsigned2<Plain>(form, type) : form.noSuchForm();
  if (type == Ty::S32)
    form.use<Map2<Saturating, int32_t, int32_t>>();
}

template <typename Op>
void decodeMinMax(Form &form) {
  bool relu = form.take("relu");
  if (Ty packed = packedType(form); packed != Ty::None) {
    packedOperands(form);
    if (packed == Ty::U16)
      return relu ? form.noSuchForm() : form.use<Map2<Halves<Op, uint16_t>, uint32_t, uint32_t>>();
    return relu ? form.use<Map2<Halves<Relu<Op>, int16_t>, uint32_t, uint32_t>>()
                : form.use<Map2<Halves<Op, int16_t>, uint32_t, uint32_t>>();
  }
  Ty type = form.type();
  operands2(form, type);
  if (relu) {
    if (type == Ty::S32)
      form.use<Map2<Relu<Op>, int32_t, int32_t>>();
    return;
  }
  withInteger(form, type, [&](auto zero) { form.use<Map2<Op, decltype(zero), decltype(zero)>>(); });
}

template <typename Op>
void decodeUnary(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (!isSignedInteger(type))
    return form.noSuchForm();
  withInteger(form, type, [&](auto zero) { form.use<Map1<Op, decltype(zero), decltype(zero)>>(); });
}

template <typename Op>
void decodeDivide(Form &form) {
  Ty type = form.type();
  operands2(form, type);
  withInteger(form, type, [&](auto zero) { form.use(&divide<Op, decltype(zero)>); });
}

void decodeSad(Form &form) {
  Ty type = form.type();
  operands3(form, type);
  withInteger(form, type, [&](auto zero) { form.use<Map3<Sad, decltype(zero), decltype(zero)>>(); });
}

constexpr OpcodeEntry kOpcodes[] = {
    {"abs", Domain::Integer, InstructionClass::Integer, decodeUnary<Abs>},
    {"add", Domain::Integer, InstructionClass::Integer, decodeAddSub<Add, AddSat>},
    {"addc", Domain::Integer, InstructionClass::Integer, decodeCarry},
    {"div", Domain::Integer, InstructionClass::Integer, decodeDivide<Div>},
    {"madc", Domain::Integer, InstructionClass::Integer, decodeCarry},
    {"max", Domain::Integer, InstructionClass::Integer, decodeMinMax<Max>},
    {"min", Domain::Integer, InstructionClass::Integer, decodeMinMax<Min>},
    {"neg", Domain::Integer, InstructionClass::Integer, decodeUnary<Neg>},
    {"rem", Domain::Integer, InstructionClass::Integer, decodeDivide<Rem>},
    {"sad", Domain::Integer, InstructionClass::Integer, decodeSad},
    {"sub", Domain::Integer, InstructionClass::Integer, decodeAddSub<Sub, SubSat>},
    {"subc", Domain::Integer, InstructionClass::Integer, decodeCarry},
};

} // namespace

OpcodeTable integerOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
