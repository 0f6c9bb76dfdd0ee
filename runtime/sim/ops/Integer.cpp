//===- Integer.cpp - integer arithmetic -------------------------------------===//
//
// PTX ISA "Integer Arithmetic Instructions": add sub mul mad (carry forms in Carry.cpp), div rem, min max, abs neg, sad,
// mul24 mad24. All arithmetic is done on unsigned types, for signed overflow wraps in PTX.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Carry.h"
#include "runtime/sim/ops/Map.h"

#include <limits>

namespace thrift::sim {

namespace {

template <typename T>
using Unsigned = std::make_unsigned_t<T>;

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
struct MadHiSat {
  THRIFT_SIM_INLINE static int32_t apply(int32_t a, int32_t b, int32_t c) {
    return AddSat::clamp((int64_t(a) * b >> 32) + c);
  }
};

/// A product of twice the width. 128 bits only where the operands have 64.
template <typename T>
struct Double {
  using Type = std::conditional_t<
      sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
      std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                         std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;
};

struct MulLo {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return static_cast<T>(a * b);
  }
};
// 16-bit operands would be promoted to int and overflow.
struct MulLo16 {
  THRIFT_SIM_INLINE static uint16_t apply(uint16_t a, uint16_t b) { return static_cast<uint16_t>(uint32_t(a) * b); }
};
struct MulHi {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    using Wide = typename Double<T>::Type;
    return static_cast<T>((static_cast<Wide>(a) * static_cast<Wide>(b)) >> (8 * sizeof(T)));
  }
};
struct MulWide {
  template <typename T>
  THRIFT_SIM_INLINE static typename Double<T>::Type apply(T a, T b) {
    using Wide = typename Double<T>::Type;
    return static_cast<Wide>(a) * static_cast<Wide>(b);
  }
};
struct MadLo {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, T c) {
    return static_cast<T>(a * b + c);
  }
};
struct MadLo16 {
  THRIFT_SIM_INLINE static uint16_t apply(uint16_t a, uint16_t b, uint16_t c) {
    return static_cast<uint16_t>(uint32_t(a) * b + c);
  }
};
struct MadHi {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, T c) {
    return static_cast<T>(static_cast<Unsigned<T>>(MulHi::apply(a, b)) + static_cast<Unsigned<T>>(c));
  }
};
struct MadWide {
  template <typename T, typename W>
  THRIFT_SIM_INLINE static W apply(T a, T b, W c) {
    return static_cast<W>(static_cast<Unsigned<W>>(MulWide::apply(a, b)) + static_cast<Unsigned<W>>(c));
  }
};

/// mul24 and mad24: the product of the low 24 bits, of which lo or hi gives the bits 0-31 or 16-47.
template <bool Signed, bool High>
struct Mul24 {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b) {
    uint64_t product = Signed ? static_cast<uint64_t>(int64_t(int32_t(a << 8) >> 8) * (int32_t(b << 8) >> 8))
                              : uint64_t(a & 0xFFFFFFu) * (b & 0xFFFFFFu);
    return static_cast<uint32_t>(High ? product >> 16 : product);
  }
};
template <bool Signed, bool High>
struct Mad24 {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    return Mul24<Signed, High>::apply(a, b) + c;
  }
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

/// x / 0 is all ones and x % 0 is x, as the hardware gives; noted, for the ISA leaves it unspecified.
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
      return a;
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

/// d, a, b of one type.
void operands2(Form &form, Ty type) {
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
}
void operands3(Form &form, Ty type) { operands2(form, type), form.c(3, type); }

/// Wrapping arithmetic is the same for signed and unsigned.
template <typename Op>
void useUnsigned2(Form &form, Ty type) {
  switch (bitsOf(type)) {
  case 16:
    return form.use<Map2<Op, uint16_t, uint16_t>>();
  case 32:
    return form.use<Map2<Op, uint32_t, uint32_t>>();
  case 64:
    return form.use<Map2<Op, uint64_t, uint64_t>>();
  default:
    return form.noSuchForm();
  }
}

/// Calls `visit` with a value of the C++ type of an integer type of 16 to 64 bits.
template <typename Visit>
void withInteger(Form &form, Ty type, Visit visit) {
  switch (type) {
  case Ty::U16:
    return visit(uint16_t());
  case Ty::U32:
    return visit(uint32_t());
  case Ty::U64:
    return visit(uint64_t());
  case Ty::S16:
    return visit(int16_t());
  case Ty::S32:
    return visit(int32_t());
  case Ty::S64:
    return visit(int64_t());
  default:
    return form.noSuchForm();
  }
}

/// The types "u16x2" and "s16x2", which only this family has.
Ty packedType(Form &form) {
  int packed = form.takeOne({"u16x2", "s16x2"});
  return packed < 0 ? Ty::None : packed == 0 ? Ty::U16 : Ty::S16;
}
void packedOperands(Form &form) { operands2(form, Ty::B32); }

template <typename Plain, typename Saturating>
void decodeAddSub(Form &form) {
  if (packedType(form) != Ty::None) {
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

void decodeMul(Form &form) {
  int half = form.takeOne({"lo", "hi", "wide"});
  Ty type = form.type();
  if (half == 2) {
    form.d(0, 2 * bitsOf(type)), form.a(1, type), form.b(2, type);
    if (bitsOf(type) > 32)
      return form.noSuchForm();
    return withInteger(form, type, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (sizeof(T) <= 4)
        form.use<Map2<MulWide, typename Double<T>::Type, T>>();
    });
  }
  operands2(form, type);
  if (half == 1)
    return withInteger(form, type, [&](auto zero) { form.use<Map2<MulHi, decltype(zero), decltype(zero)>>(); });
  if (half != 0 || !isInteger(type))
    return form.noSuchForm();
  if (bitsOf(type) == 16)
    return form.use<Map2<MulLo16, uint16_t, uint16_t>>();
  useUnsigned2<MulLo>(form, type);
}

void decodeMad(Form &form) {
  if (form.take("cc"))
    return decodeCarry(form);
  int half = form.takeOne({"lo", "hi", "wide"});
  bool saturate = form.take("sat");
  Ty type = form.type();
  if (half == 2 && !saturate) {
    unsigned wide = 2 * bitsOf(type);
    form.d(0, wide), form.a(1, type), form.b(2, type), form.c(3, wide == 64 ? Ty::B64 : Ty::B32);
    if (wide > 64)
      return form.noSuchForm();
    return withInteger(form, type, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (sizeof(T) <= 4)
        form.use<Map3<MadWide, typename Double<T>::Type, T, T, typename Double<T>::Type>>();
    });
  }
  operands3(form, type);
  if (saturate) {
    if (half == 1 && type == Ty::S32)
      form.use<Map3<MadHiSat, int32_t, int32_t>>();
    return;
  }
  if (half == 1)
    return withInteger(form, type, [&](auto zero) { form.use<Map3<MadHi, decltype(zero), decltype(zero)>>(); });
  if (half != 0 || !isInteger(type))
    return form.noSuchForm();
  if (bitsOf(type) == 16)
    return form.use<Map3<MadLo16, uint16_t, uint16_t>>();
  if (bitsOf(type) == 32)
    return form.use<Map3<MadLo, uint32_t, uint32_t>>();
  form.use<Map3<MadLo, uint64_t, uint64_t>>();
}

void decodeMul24(Form &form) {
  bool high = form.takeOne({"lo", "hi"}) == 1;
  Ty type = form.type();
  operands2(form, type);
  if (type == Ty::U32)
    return high ? form.use<Map2<Mul24<false, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Mul24<false, false>, uint32_t, uint32_t>>();
  if (type == Ty::S32)
    return high ? form.use<Map2<Mul24<true, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Mul24<true, false>, uint32_t, uint32_t>>();
}

void decodeMad24(Form &form) {
  bool high = form.takeOne({"lo", "hi"}) == 1;
  Ty type = form.type();
  operands3(form, type);
  if (type == Ty::U32)
    return high ? form.use<Map3<Mad24<false, true>, uint32_t, uint32_t>>()
                : form.use<Map3<Mad24<false, false>, uint32_t, uint32_t>>();
  if (type == Ty::S32)
    return high ? form.use<Map3<Mad24<true, true>, uint32_t, uint32_t>>()
                : form.use<Map3<Mad24<true, false>, uint32_t, uint32_t>>();
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
    {"mad", Domain::Integer, InstructionClass::Integer, decodeMad},
    {"mad24", Domain::Integer, InstructionClass::Integer, decodeMad24},
    {"madc", Domain::Integer, InstructionClass::Integer, decodeCarry},
    {"max", Domain::Integer, InstructionClass::Integer, decodeMinMax<Max>},
    {"min", Domain::Integer, InstructionClass::Integer, decodeMinMax<Min>},
    {"mul", Domain::Integer, InstructionClass::Integer, decodeMul},
    {"mul24", Domain::Integer, InstructionClass::Integer, decodeMul24},
    {"neg", Domain::Integer, InstructionClass::Integer, decodeUnary<Neg>},
    {"rem", Domain::Integer, InstructionClass::Integer, decodeDivide<Rem>},
    {"sad", Domain::Integer, InstructionClass::Integer, decodeSad},
    {"sub", Domain::Integer, InstructionClass::Integer, decodeAddSub<Sub, SubSat>},
    {"subc", Domain::Integer, InstructionClass::Integer, decodeCarry},
};

} // namespace

OpcodeTable integerOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
