//===- Logic.cpp - logic, shifts and bit manipulation -----------------------===//
//
// PTX ISA "Logic and Shift Instructions" and the bit instructions of "Integer Arithmetic Instructions". Shifts clamp their
// amount at the width instead of taking it modulo (only shf has a .wrap mode).
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

struct And {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return a & b;
  }
};
struct Or {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return a | b;
  }
};
struct Xor {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return a ^ b;
  }
};
struct Not {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return static_cast<T>(~a);
  }
};
struct Cnot {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return a == 0 ? 1 : 0;
  }
};

struct Shl {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, uint32_t amount) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    T shifted = static_cast<T>(a << (amount & (kBits - 1)));
    return amount < kBits ? shifted : T(0);
  }
};
/// Logical for unsigned T, arithmetic for signed T.
struct Shr {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, uint32_t amount) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    return amount < kBits ? static_cast<T>(a >> (amount & (kBits - 1))) : static_cast<T>(a < 0 ? -1 : 0);
  }
};

/// shf: 32 bits out of the pair b:a.
template <bool Left, bool Wrap>
struct FunnelShift {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b, uint32_t amount) {
    uint32_t n = Wrap ? amount & 31 : amount > 32 ? 32 : amount;
    uint64_t pair = uint64_t(b) << 32 | a;
    return Left ? static_cast<uint32_t>(pair << n >> 32) : static_cast<uint32_t>(pair >> n);
  }
};

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

/// Bits [pos, pos + len) of a; the missing ones above are zero, or copies of the last existing bit of the field.
struct Bfe {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, uint32_t b, uint32_t c) {
    using U = std::make_unsigned_t<T>;
    constexpr uint32_t kBits = 8 * sizeof(T);
    uint32_t position = b & 0xFF, length = c & 0xFF;
    if (length == 0)
      return 0;
    U shifted = position < kBits ? static_cast<U>(a) >> position : U(0);
    uint32_t top = position + length - 1 < kBits - 1 ? position + length - 1 : kBits - 1;
    bool sign = std::is_signed_v<T> && (static_cast<U>(a) >> top & 1);
    if (length >= kBits && position == 0)
      return a;
    U fieldMask = length >= kBits ? ~U(0) : (U(1) << length) - 1;
    U field = shifted & fieldMask;
    // The field may reach beyond the top bit: from there on it is all sign.
    uint32_t existing = position >= kBits ? 0 : (kBits - position < length ? kBits - position : length);
    U existingMask = existing >= kBits ? ~U(0) : (U(1) << existing) - 1;
    return static_cast<T>(sign ? field | ~existingMask : field);
  }
};
struct Bfi {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, uint32_t c, uint32_t d) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    uint32_t position = c & 0xFF, length = d & 0xFF;
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
// prmt and lop3
//===----------------------------------------------------------------------===//

/// Byte `selector` of b:a; bit 3 replicates the byte's sign instead.
THRIFT_SIM_INLINE uint32_t selectByte(uint64_t pair, uint32_t selector) {
  auto byte = static_cast<uint32_t>(pair >> (8 * (selector & 7))) & 0xFF;
  return selector & 8 ? (byte & 0x80 ? 0xFF : 0) : byte;
}

struct Prmt {
  THRIFT_SIM_INLINE static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint64_t pair = uint64_t(b) << 32 | a;
    return selectByte(pair, c & 15) | selectByte(pair, c >> 4 & 15) << 8 | selectByte(pair, c >> 8 & 15) << 16 |
           selectByte(pair, c >> 12 & 15) << 24;
  }
};

/// The modes of prmt, tables of the PTX ISA: the four selectors for each value of c & 3, byte 0 in the low digit.
constexpr uint32_t kPrmtModes[6][4] = {
    {0x3210, 0x4321, 0x5432, 0x6543}, // f4e
    {0x5670, 0x6701, 0x7012, 0x0123}, // b4e
    {0x0000, 0x1111, 0x2222, 0x3333}, // rc8
    {0x3210, 0x3211, 0x3222, 0x3333}, // ecl
    {0x0000, 0x1110, 0x2210, 0x3210}, // ecr
    {0x1010, 0x3232, 0x1010, 0x3232}, // rc16
};

Step runPrmtMode(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b), *c = warp.plane<uint32_t>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = Prmt::apply(a[*lane], b[*lane], kPrmtModes[inst.flags][c[*lane] & 3]);
  return Step::Next;
}

/// inst.imm is the table: bit (4a + 2b + c) is the result for those input bits. Written as a sum of minterms that are
/// spread to masks, which vectorises.
struct Lop3 {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint32_t *d = warp.plane<uint32_t>(inst.d);
    const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b),
                   *c = warp.plane<uint32_t>(inst.c);
    uint32_t t[8];
    for (int i = 0; i < 8; ++i)
      t[i] = 0u - static_cast<uint32_t>(inst.imm >> i & 1);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      uint32_t x = a[lane], y = b[lane], z = c[lane];
      uint32_t withZ = (~x & ~y & t[1]) | (~x & y & t[3]) | (x & ~y & t[5]) | (x & y & t[7]);
      uint32_t withoutZ = (~x & ~y & t[0]) | (~x & y & t[2]) | (x & ~y & t[4]) | (x & y & t[6]);
      storeLane<Full>(d, lane, mask, (withZ & z) | (withoutZ & ~z));
    }
    return Step::Next;
  }
};

//===----------------------------------------------------------------------===//
// Logic on predicates
//===----------------------------------------------------------------------===//

template <typename Op>
Step runPredicate2(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.setPredicate(inst.d, mask, Op::apply(warp.condition(inst.a), warp.condition(inst.b)));
  return Step::Next;
}
Step runPredicateNot(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.setPredicate(inst.d, mask, ~warp.condition(inst.a));
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

template <typename Op>
void decodeLogic2(Form &form) {
  Ty type = form.type();
  if (type == Ty::Pred) {
    form.inst.d = form.predicateDestination(0);
    form.inst.a = form.predicateSource(1), form.inst.b = form.predicateSource(2);
    return form.use(&runPredicate2<Op>);
  }
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  if (!isBits(type))
    return form.noSuchForm();
  if (bitsOf(type) == 64)
    return form.use<Map2<Op, uint64_t, uint64_t>>();
  if (bitsOf(type) == 32 || bitsOf(type) == 16)
    form.use<Map2<Op, uint32_t, uint32_t>>(); // planes are zero-extended, and stay so
}

template <typename Op>
void decodeNot(Form &form) {
  Ty type = form.type();
  if (type == Ty::Pred && std::is_same_v<Op, Not>) {
    form.inst.d = form.predicateDestination(0);
    form.inst.a = form.predicateSource(1);
    return form.use(&runPredicateNot);
  }
  form.d(0, bitsOf(type)), form.a(1, type);
  if (type == Ty::B16)
    return form.use<Map1<Op, uint16_t, uint16_t>>();
  if (type == Ty::B32)
    return form.use<Map1<Op, uint32_t, uint32_t>>();
  if (type == Ty::B64)
    form.use<Map1<Op, uint64_t, uint64_t>>();
}

void decodeShl(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, Ty::U32);
  if (type == Ty::B16)
    return form.use<Map2<Shl, uint16_t, uint16_t, uint32_t>>();
  if (type == Ty::B32)
    return form.use<Map2<Shl, uint32_t, uint32_t>>();
  if (type == Ty::B64)
    form.use<Map2<Shl, uint64_t, uint64_t, uint32_t>>();
}

void decodeShr(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, Ty::U32);
  switch (type) {
  case Ty::B16:
  case Ty::U16:
    return form.use<Map2<Shr, uint16_t, uint16_t, uint32_t>>();
  case Ty::B32:
  case Ty::U32:
    return form.use<Map2<Shr, uint32_t, uint32_t>>();
  case Ty::B64:
  case Ty::U64:
    return form.use<Map2<Shr, uint64_t, uint64_t, uint32_t>>();
  case Ty::S16:
    return form.use<Map2<Shr, int16_t, int16_t, uint32_t>>();
  case Ty::S32:
    return form.use<Map2<Shr, int32_t, int32_t, uint32_t>>();
  case Ty::S64:
    return form.use<Map2<Shr, int64_t, int64_t, uint32_t>>();
  default:
    return form.noSuchForm();
  }
}

void decodeShf(Form &form) {
  int side = form.takeOne({"l", "r"});
  int mode = form.takeOne({"clamp", "wrap"});
  Ty type = form.type();
  form.d(0, 32), form.a(1, type), form.b(2, type), form.c(3, Ty::U32);
  if (type != Ty::B32 || side < 0 || mode < 0)
    return form.noSuchForm();
  if (side == 0)
    return mode == 0 ? form.use<Map3<FunnelShift<true, false>, uint32_t, uint32_t>>()
                     : form.use<Map3<FunnelShift<true, true>, uint32_t, uint32_t>>();
  return mode == 0 ? form.use<Map3<FunnelShift<false, false>, uint32_t, uint32_t>>()
                   : form.use<Map3<FunnelShift<false, true>, uint32_t, uint32_t>>();
}

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
  bool wrap = form.takeOne({"clamp", "wrap"}) == 1;
  Ty type = form.type();
  form.d(0, 32), form.a(1, type), form.b(2, Ty::U32);
  if (type == Ty::S32)
    return wrap ? form.use<Map2<Szext<true, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Szext<true, false>, uint32_t, uint32_t>>();
  if (type == Ty::U32)
    return wrap ? form.use<Map2<Szext<false, true>, uint32_t, uint32_t>>()
                : form.use<Map2<Szext<false, false>, uint32_t, uint32_t>>();
}

void decodePrmt(Form &form) {
  Ty type = form.type();
  int mode = form.takeOne({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  form.d(0, 32), form.a(1, Ty::B32), form.b(2, Ty::B32), form.c(3, Ty::B32);
  if (type != Ty::B32)
    return form.noSuchForm();
  if (mode < 0)
    return form.use<Map3<Prmt, uint32_t, uint32_t>>();
  form.inst.flags = static_cast<uint32_t>(mode);
  form.use(&runPrmtMode);
}

void decodeLop3(Form &form) {
  Ty type = form.type();
  form.d(0, 32), form.a(1, Ty::B32), form.b(2, Ty::B32), form.c(3, Ty::B32);
  form.inst.imm = form.immediate(4);
  if (type != Ty::B32)
    return form.noSuchForm();
  if (form.inst.imm < 0 || form.inst.imm > 255)
    return form.invalid("the table is not in 0 to 255");
  form.use<Lop3>();
}

constexpr InstructionClass kClass = InstructionClass::Integer;

constexpr OpcodeEntry kOpcodes[] = {
    {"and", Domain::Any, kClass, decodeLogic2<And>},   {"bfe", Domain::Any, kClass, decodeBfe},
    {"bfi", Domain::Any, kClass, decodeBfi},           {"bfind", Domain::Any, kClass, decodeBfind},
    {"bmsk", Domain::Any, kClass, decodeBmsk},         {"brev", Domain::Any, kClass, decodeBrev},
    {"clz", Domain::Any, kClass, decodeCount<Clz>},    {"cnot", Domain::Any, kClass, decodeNot<Cnot>},
    {"lop3", Domain::Any, kClass, decodeLop3},         {"not", Domain::Any, kClass, decodeNot<Not>},
    {"or", Domain::Any, kClass, decodeLogic2<Or>},     {"popc", Domain::Any, kClass, decodeCount<Popc>},
    {"prmt", Domain::Any, kClass, decodePrmt},         {"shf", Domain::Any, kClass, decodeShf},
    {"shl", Domain::Any, kClass, decodeShl},           {"shr", Domain::Any, kClass, decodeShr},
    {"szext", Domain::Any, kClass, decodeSzext},       {"xor", Domain::Any, kClass, decodeLogic2<Xor>},
};

} // namespace

OpcodeTable logicOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
