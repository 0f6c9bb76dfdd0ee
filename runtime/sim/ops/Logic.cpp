//===- Logic.cpp - logic, shifts, prmt, lop3 --------------------------------===//
//
// PTX ISA "Logic and Shift Instructions". Shifts clamp their amount at the width instead of taking it modulo (only shf
// has a .wrap mode).
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
  const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b),
                 *c = warp.plane<uint32_t>(inst.c);
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

/// d|p with .or or .and: p = (d != 0) combined with q, which stands in list[0]; e is p, flags the operation.
Step runLop3Predicate(Warp &warp, const Inst &inst, uint32_t mask) {
  Lop3::run<false>(warp, inst, mask);
  const uint32_t *d = warp.plane<uint32_t>(inst.d);
  uint32_t nonZero = 0, q = warp.condition(inst.list[0]);
  for (LaneIterator lane(mask); lane; ++lane)
    nonZero |= uint32_t(d[*lane] != 0) << *lane;
  warp.setPredicate(inst.e, mask, inst.flags == 0 ? nonZero | q : nonZero & q);
  return Step::Next;
}

void decodeLop3Predicate(Form &form, int operation) {
  Ty type = form.type();
  const ptx::Operand &destination = form.operand(0);
  if (type != Ty::B32 || destination.kind != ptx::OperandKind::RegisterPair)
    return form.noSuchForm();
  form.inst.e = form.predicateRegister(destination.second);
  ptx::Operand value = destination;
  value.kind = destination.id == ptx::kNone ? ptx::OperandKind::Sink : ptx::OperandKind::Register;
  form.inst.d = form.destination(value, 32);
  form.a(1, Ty::B32), form.b(2, Ty::B32), form.c(3, Ty::B32);
  form.inst.imm = form.immediate(4);
  form.list({form.predicateSource(5)});
  form.inst.flags = static_cast<uint32_t>(operation);
  if (form.inst.imm < 0 || form.inst.imm > 255)
    return form.invalid("the table is not in 0 to 255");
  form.use(&runLop3Predicate);
}

void decodeLop3(Form &form) {
  if (int operation = form.takeOne({"or", "and"}); operation >= 0)
    return decodeLop3Predicate(form, operation);
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
    {"and", Domain::Any, kClass, decodeLogic2<And>}, {"cnot", Domain::Any, kClass, decodeNot<Cnot>},
    {"lop3", Domain::Any, kClass, decodeLop3},       {"not", Domain::Any, kClass, decodeNot<Not>},
    {"or", Domain::Any, kClass, decodeLogic2<Or>},   {"prmt", Domain::Any, kClass, decodePrmt},
    {"shf", Domain::Any, kClass, decodeShf},         {"shl", Domain::Any, kClass, decodeShl},
    {"shr", Domain::Any, kClass, decodeShr},         {"xor", Domain::Any, kClass, decodeLogic2<Xor>},
};

} // namespace

OpcodeTable logicOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
