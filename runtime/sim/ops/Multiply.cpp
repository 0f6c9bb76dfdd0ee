//===- Multiply.cpp - integer products --------------------------------------===//
//
// PTX ISA "Integer Arithmetic Instructions": mul mad (lo, hi, wide), mul24 mad24.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Carry.h"
#include "runtime/sim/ops/IntegerForm.h"

namespace thrift::sim {

namespace {

/// A product of twice the width. 128 bits only where the operands have 64.
template <typename T>
struct Double {
  using Type =
      std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
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

/// mad.hi.sat.s32 clamps the sum.
THRIFT_SIM_INLINE int32_t clampToS32(int64_t x) {
  x = x > INT32_MAX ? INT32_MAX : x;
  return static_cast<int32_t>(x < INT32_MIN ? INT32_MIN : x);
}
struct MadHiSat {
  THRIFT_SIM_INLINE static int32_t apply(int32_t a, int32_t b, int32_t c) {
    return clampToS32((int64_t(a) * b >> 32) + c);
  }
};

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

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
  int half = form.takeOne({"lo", "hi"});
  bool high = half == 1;
  Ty type = form.type();
  operands2(form, type);
  if (half < 0)
    return form.invalid(".lo or .hi is missing");
  if (type == Ty::U32)
    return high ? form.use<Map2<Mul24<false, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Mul24<false, false>, uint32_t, uint32_t>>();
  if (type == Ty::S32)
    return high ? form.use<Map2<Mul24<true, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Mul24<true, false>, uint32_t, uint32_t>>();
}

void decodeMad24(Form &form) {
  int half = form.takeOne({"lo", "hi"});
  bool high = half == 1;
  Ty type = form.type();
  operands3(form, type);
  if (half < 0)
    return form.invalid(".lo or .hi is missing");
  if (type == Ty::U32)
    return high ? form.use<Map3<Mad24<false, true>, uint32_t, uint32_t>>()
                : form.use<Map3<Mad24<false, false>, uint32_t, uint32_t>>();
  if (type == Ty::S32)
    return high ? form.use<Map3<Mad24<true, true>, uint32_t, uint32_t>>()
                : form.use<Map3<Mad24<true, false>, uint32_t, uint32_t>>();
}

constexpr InstructionClass kClass = InstructionClass::Integer;

constexpr OpcodeEntry kOpcodes[] = {
    {"mad", Domain::Integer, kClass, decodeMad},
    {"mad24", Domain::Integer, kClass, decodeMad24},
    {"mul", Domain::Integer, kClass, decodeMul},
    {"mul24", Domain::Integer, kClass, decodeMul24},
};

} // namespace

OpcodeTable multiplyOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
