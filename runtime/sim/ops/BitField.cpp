//===- BitField.cpp - counting, finding, extracting and inserting bits ------===//
//
// PTX ISA "Integer Arithmetic Instructions": popc clz bfind brev bfe bfi bmsk szext.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

struct Popc {
  template <typename T>
  THRIFT_SIM_INLINE static uint32_t apply(T a) {
    return static_cast<uint32_t>(__builtin_popcountll(a));
  }
};
struct Clz {
  template <typename T>
  THRIFT_SIM_INLINE static uint32_t apply(T a) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    return a == 0 ? kBits : static_cast<uint32_t>(__builtin_clzll(a)) - (64 - kBits);
  }
};
struct Brev {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a) {
    a = (a >> 1 & 0x55555555u) | (a & 0x55555555u) << 1;
    a = (a >> 2 & 0x33333333u) | (a & 0x33333333u) << 2;
    a = (a >> 4 & 0x0F0F0F0Fu) | (a & 0x0F0F0F0Fu) << 4;
    return __builtin_bswap32(a);
  }
  THRIFT_SIM_INLINE static uint64_t apply(uint64_t a) {
    return uint64_t(apply(static_cast<uint32_t>(a))) << 32 | apply(static_cast<uint32_t>(a >> 32));
  }
};

/// Position of the highest bit that differs from the sign, 0xFFFFFFFF if there is none.
template <bool ShiftAmount>
struct Bfind {
  template <typename T>
  THRIFT_SIM_INLINE static uint32_t apply(T a) {
    using U = std::make_unsigned_t<T>;
    constexpr uint32_t kBits = 8 * sizeof(T);
    U bits = static_cast<U>(a < 0 ? ~a : a);
    if (bits == 0)
      return 0xFFFFFFFFu;
    uint32_t position = 63 - static_cast<uint32_t>(__builtin_clzll(bits));
    return ShiftAmount ? kBits - 1 - position : position;
  }
};

/// A position or length operand. The ISA takes its low 8 bits; in the 64-bit forms an H100 takes all of it.
template <typename T>
THRIFT_SIM_INLINE uint64_t fieldOperand(uint32_t x) {
  return sizeof(T) == 8 ? x : x & 0xFF;
}

/// Bits [position, position + length) of a; the missing ones above are zero, or copies of the last existing bit of the
/// field.
struct Bfe {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, uint32_t b, uint32_t c) {
    using U = std::make_unsigned_t<T>;
    constexpr uint64_t kBits = 8 * sizeof(T);
    uint64_t position = fieldOperand<T>(b), length = fieldOperand<T>(c);
    if (length == 0)
      return 0;
    uint64_t top = position + length - 1 < kBits - 1 ? position + length - 1 : kBits - 1;
    bool sign = std::is_signed_v<T> && (static_cast<U>(a) >> top & 1);
    uint64_t existing = position >= kBits ? 0 : kBits - position < length ? kBits - position : length;
    U mask = existing >= kBits ? ~U(0) : (U(1) << existing) - 1;
    U field = position < kBits ? static_cast<U>(a) >> position & mask : U(0);
    return static_cast<T>(sign ? field | ~mask : field);
  }
};
struct Bfi {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, uint32_t c, uint32_t d) {
    constexpr uint64_t kBits = 8 * sizeof(T);
    uint64_t position = fieldOperand<T>(c), length = fieldOperand<T>(d);
    if (length == 0 || position >= kBits)
      return b;
    T mask = (length >= kBits ? ~T(0) : (T(1) << length) - 1) << position;
    return (b & ~mask) | ((a << position) & mask);
  }
};

/// A mask of `width` ones from bit `position`.
template <bool Wrap>
struct Bmsk {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t position, uint32_t width) {
    uint32_t p = Wrap ? position & 31 : position, w = Wrap ? width & 31 : width;
    if (p >= 32)
      return 0;
    uint32_t ones = w >= 32 ? ~0u : (1u << w) - 1;
    return ones << p;
  }
};

/// szext: the low `bits` bits, sign- or zero-extended.
template <bool Signed, bool Wrap>
struct Szext {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t bits) {
    uint32_t n = Wrap ? bits & 31 : bits;
    if (n == 0)
      return 0;
    if (n >= 32)
      return a;
    uint32_t shifted = a << (32 - n);
    return Signed ? static_cast<uint32_t>(static_cast<int32_t>(shifted) >> (32 - n)) : shifted >> (32 - n);
  }
};

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// popc and clz: the result is u32 in any case.
template <typename Op>
void decodeCount(Form &form) {
  Ty type = form.type();
  form.d(0, 32), form.a(1, type);
  if (type == Ty::B32)
    return form.use<Map1<Op, uint32_t, uint32_t>>();
  if (type == Ty::B64)
    form.use<Map1<Op, uint32_t, uint64_t>>();
}

void decodeBrev(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (type == Ty::B32)
    return form.use<Map1<Brev, uint32_t, uint32_t>>();
  if (type == Ty::B64)
    form.use<Map1<Brev, uint64_t, uint64_t>>();
}

template <bool ShiftAmount>
void useBfind(Form &form, Ty type) {
  using Op = Bfind<ShiftAmount>;
  switch (type) {
  case Ty::U32:
    return form.use<Map1<Op, uint32_t, uint32_t>>();
  case Ty::S32:
    return form.use<Map1<Op, uint32_t, int32_t>>();
  case Ty::U64:
    return form.use<Map1<Op, uint32_t, uint64_t>>();
  case Ty::S64:
    return form.use<Map1<Op, uint32_t, int64_t>>();
  default:
    return form.noSuchForm();
  }
}
void decodeBfind(Form &form) {
  bool shiftAmount = form.take("shiftamt");
  Ty type = form.type();
  form.d(0, 32), form.a(1, type);
  shiftAmount ? useBfind<true>(form, type) : useBfind<false>(form, type);
}

void decodeBfe(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, Ty::U32), form.c(3, Ty::U32);
  switch (type) {
  case Ty::U32:
    return form.use<Map3<Bfe, uint32_t, uint32_t>>();
  case Ty::S32:
    return form.use<Map3<Bfe, int32_t, int32_t, uint32_t>>();
  case Ty::U64:
    return form.use<Map3<Bfe, uint64_t, uint64_t, uint32_t>>();
  case Ty::S64:
    return form.use<Map3<Bfe, int64_t, int64_t, uint32_t>>();
  default:
    return form.noSuchForm();
  }
}

template <typename T>
Step runBfi(Warp &warp, const Inst &inst, uint32_t mask) {
  T *d = warp.plane<T>(inst.d);
  const T *a = warp.plane<T>(inst.a), *b = warp.plane<T>(inst.b);
  const uint32_t *position = warp.plane<uint32_t>(inst.c), *length = warp.plane<uint32_t>(inst.e);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = Bfi::apply<T>(a[*lane], b[*lane], position[*lane], length[*lane]);
  return Step::Next;
}
void decodeBfi(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type), form.c(3, Ty::U32);
  form.inst.e = form.source(4, Ty::U32);
  if (type == Ty::B32)
    return form.use(&runBfi<uint32_t>);
  if (type == Ty::B64)
    form.use(&runBfi<uint64_t>);
}

void decodeBmsk(Form &form) {
  int mode = form.takeOne({"clamp", "wrap"});
  Ty type = form.type();
  form.d(0, 32), form.a(1, Ty::U32), form.b(2, Ty::U32);
  if (type != Ty::B32 || mode < 0)
    return form.noSuchForm();
  mode == 0 ? form.use<Map2<Bmsk<false>, uint32_t, uint32_t>>() : form.use<Map2<Bmsk<true>, uint32_t, uint32_t>>();
}

void decodeSzext(Form &form) {
  int mode = form.takeOne({"clamp", "wrap"});
  bool wrap = mode == 1;
  Ty type = form.type();
  form.d(0, 32), form.a(1, type), form.b(2, Ty::U32);
  if (mode < 0)
    return form.invalid(".clamp or .wrap is missing");
  if (type == Ty::S32)
    return wrap ? form.use<Map2<Szext<true, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Szext<true, false>, uint32_t, uint32_t>>();
  if (type == Ty::U32)
    return wrap ? form.use<Map2<Szext<false, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Szext<false, false>, uint32_t, uint32_t>>();
}

constexpr InstructionClass kClass = InstructionClass::Integer;

constexpr OpcodeEntry kOpcodes[] = {
    {"bfe", Domain::Any, kClass, decodeBfe},          {"bfi", Domain::Any, kClass, decodeBfi},
    {"bfind", Domain::Any, kClass, decodeBfind},      {"bmsk", Domain::Any, kClass, decodeBmsk},
    {"brev", Domain::Any, kClass, decodeBrev},        {"clz", Domain::Any, kClass, decodeCount<Clz>},
    {"popc", Domain::Any, kClass, decodeCount<Popc>}, {"szext", Domain::Any, kClass, decodeSzext},
};

} // namespace

OpcodeTable bitFieldOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
