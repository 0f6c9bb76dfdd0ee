//===- Compare.cpp - comparisons and selections -----------------------------===//
//
// PTX ISA "Comparison and Selection Instructions": set setp selp slct, and testp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Compare.h"

#include "runtime/sim/arith/Rounding.h"
#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/Map.h"

#include <cmath>

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// Comparisons. The u forms are true if an operand is NaN; the integer forms never see one.
//===----------------------------------------------------------------------===//

// Written without short circuits: these vectorise.
template <typename T>
THRIFT_SIM_INLINE bool unordered(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return (a != a) | (b != b);
  else
    return false;
}

#define COMPARISON(name, expression)                                                                                   \
  struct name {                                                                                                        \
    template <typename T>                                                                                              \
    THRIFT_SIM_INLINE static bool apply(T a, T b) {                                                                    \
      return expression;                                                                                               \
    }                                                                                                                  \
  };
COMPARISON(Eq, a == b)
COMPARISON(Ne, (a != b) & !unordered(a, b))
COMPARISON(Lt, a < b)
COMPARISON(Le, a <= b)
COMPARISON(Gt, a > b)
COMPARISON(Ge, a >= b)
COMPARISON(Equ, (a == b) | unordered(a, b))
COMPARISON(Neu, a != b)
COMPARISON(Ltu, (a < b) | unordered(a, b))
COMPARISON(Leu, (a <= b) | unordered(a, b))
COMPARISON(Gtu, (a > b) | unordered(a, b))
COMPARISON(Geu, (a >= b) | unordered(a, b))
COMPARISON(Num, !unordered(a, b))
COMPARISON(Nan, unordered(a, b))
#undef COMPARISON

/// What is compared: the value of a lane, 16-bit floats widened, subnormals flushed.
template <typename T, bool Ftz>
struct Comparand {
  THRIFT_SIM_INLINE static auto of(T x) {
    if constexpr (std::is_same_v<T, float> && Ftz)
      return flushSubnormal(x);
    else if constexpr (std::is_same_v<T, F16> || std::is_same_v<T, BF16>)
      return x.value();
    else
      return x;
  }
};

template <typename Comparison, typename T, bool Ftz>
struct CompareLanes {
  THRIFT_SIM_INLINE static bool apply(T a, T b) {
    return Comparison::apply(Comparand<T, Ftz>::of(a), Comparand<T, Ftz>::of(b));
  }
};

/// setp: d = a op b combined with c, e = !(a op b) combined with c.
template <typename Comparison, typename T, bool Ftz>
struct Setp {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint32_t bits =
        lanesWhere<CompareLanes<Comparison, T, Ftz>, T>(warp.plane<LaneOf<T>>(inst.a), warp.plane<LaneOf<T>>(inst.b));
    auto how = static_cast<Combine>(inst.flags);
    uint32_t other = warp.condition(inst.c);
    warp.setPredicate(inst.d, mask, combine(how, bits, other));
    if (inst.e != kPredSink)
      warp.setPredicate(inst.e, mask, combine(how, ~bits, other));
    return Step::Next;
  }
};

/// set: all ones or 1.0f. The value for true stands in inst.imm.
template <typename Comparison, typename T, bool Ftz>
struct Set {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint32_t bits =
        lanesWhere<CompareLanes<Comparison, T, Ftz>, T>(warp.plane<LaneOf<T>>(inst.a), warp.plane<LaneOf<T>>(inst.b));
    bits = combine(static_cast<Combine>(inst.flags), bits, warp.condition(inst.c));
    auto *d = warp.plane<uint32_t>(inst.d);
    auto value = static_cast<uint32_t>(inst.imm);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, value & (0u - (bits >> lane & 1)));
    return Step::Next;
  }
};

template <template <typename, typename, bool> class Kernel, typename T, bool Ftz>
void useComparison(Form &form, int comparison) {
  switch (comparison) {
  case 0:
    return form.use<Kernel<Eq, T, Ftz>>();
  case 1:
    return form.use<Kernel<Ne, T, Ftz>>();
  case 2:
    return form.use<Kernel<Lt, T, Ftz>>();
  case 3:
    return form.use<Kernel<Le, T, Ftz>>();
  case 4:
    return form.use<Kernel<Gt, T, Ftz>>();
  case 5:
    return form.use<Kernel<Ge, T, Ftz>>();
  default:
    break;
  }
  if constexpr (!std::is_integral_v<T>) {
    switch (comparison) {
    case 6:
      return form.use<Kernel<Equ, T, Ftz>>();
    case 7:
      return form.use<Kernel<Neu, T, Ftz>>();
    case 8:
      return form.use<Kernel<Ltu, T, Ftz>>();
    case 9:
      return form.use<Kernel<Leu, T, Ftz>>();
    case 10:
      return form.use<Kernel<Gtu, T, Ftz>>();
    case 11:
      return form.use<Kernel<Geu, T, Ftz>>();
    case 12:
      return form.use<Kernel<Num, T, Ftz>>();
    case 13:
      return form.use<Kernel<Nan, T, Ftz>>();
    default:
      break;
    }
  }
  form.noSuchForm();
}

template <template <typename, typename, bool> class Kernel>
void useTyped(Form &form, Ty type, int comparison, bool ftz) {
  bool isUnsigned = isInteger(type) && !isSignedInteger(type);
  if (comparison >= kFirstUnsigned) { // lo ls hi hs are lt le gt ge of unsigned integers
    if (!isUnsigned)
      return form.noSuchForm();
    comparison = comparison - kFirstUnsigned + 2;
  }
  if (isBits(type) && comparison > 1)
    return form.noSuchForm();
  if (ftz && type != Ty::F32)
    return form.noSuchForm();
  switch (type) {
  case Ty::B16:
  case Ty::U16:
    return useComparison<Kernel, uint16_t, false>(form, comparison);
  case Ty::S16:
    return useComparison<Kernel, int16_t, false>(form, comparison);
  case Ty::B32:
  case Ty::U32:
    return useComparison<Kernel, uint32_t, false>(form, comparison);
  case Ty::S32:
    return useComparison<Kernel, int32_t, false>(form, comparison);
  case Ty::B64:
  case Ty::U64:
    return useComparison<Kernel, uint64_t, false>(form, comparison);
  case Ty::S64:
    return useComparison<Kernel, int64_t, false>(form, comparison);
  case Ty::F32:
    return ftz ? useComparison<Kernel, float, true>(form, comparison)
               : useComparison<Kernel, float, false>(form, comparison);
  case Ty::F64:
    return useComparison<Kernel, double, false>(form, comparison);
  case Ty::F16:
    return useComparison<Kernel, F16, false>(form, comparison);
  case Ty::BF16:
    return useComparison<Kernel, BF16, false>(form, comparison);
  default:
    return form.noSuchForm();
  }
}

/// Modifiers that set and setp share; the boolean operand is `boolean` if one is asked for.
int takeComparison(Form &form, bool &ftz) {
  int comparison = form.takeOne({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
                                 "nan", "lo", "ls", "hi", "hs"});
  int boolean = form.takeOne({"and", "or", "xor"});
  form.inst.flags = static_cast<uint32_t>(boolean + 1);
  if (boolean >= 0)
    form.inst.c = form.predicateSource(3);
  ftz = form.take("ftz");
  if (comparison < 0)
    form.invalid("a comparison is missing");
  return comparison;
}

void decodeSetp(Form &form) {
  bool ftz;
  int comparison = takeComparison(form, ftz);
  Ty type = form.type();
  const ptx::Operand &destination = form.operand(0);
  bool isPair = destination.kind == ptx::OperandKind::RegisterPair;
  bool isHalf = type == Ty::F16 || type == Ty::BF16;
  if (type == Ty::F16x2 || type == Ty::BF16x2 || (isHalf && (ftz || isPair)))
    return decodeHalfSetp(form, comparison, ftz, type);
  form.inst.e = kPredSink;
  if (isPair) {
    form.inst.d = form.predicateRegister(destination.id);
    form.inst.e = form.predicateRegister(destination.second);
  } else {
    form.inst.d = form.predicateDestination(destination);
  }
  form.a(1, type), form.b(2, type);
  useTyped<Setp>(form, type, comparison, ftz);
}

bool isHalfOrPair(Ty type) { return type == Ty::F16 || type == Ty::BF16 || type == Ty::F16x2 || type == Ty::BF16x2; }

void decodeSet(Form &form) {
  bool ftz;
  int comparison = takeComparison(form, ftz);
  Ty result = form.type(), type = form.type();
  if (isHalfOrPair(result) || isHalfOrPair(type))
    return decodeHalfSet(form, comparison, ftz, result, type);
  form.d(0, 32), form.a(1, type), form.b(2, type);
  constexpr uint32_t kOne = 0x3F800000u;
  if (result == Ty::F32)
    form.inst.imm = kOne;
  else if (result == Ty::U32 || result == Ty::S32)
    form.inst.imm = 0xFFFFFFFFu;
  else
    return form.noSuchForm();
  useTyped<Set>(form, type, comparison, ftz);
}

//===----------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------===//

template <typename L>
struct Selp {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    L *d = warp.plane<L>(inst.d);
    const L *a = warp.plane<L>(inst.a), *b = warp.plane<L>(inst.b);
    uint32_t which = warp.condition(inst.c);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, blendLane(which, lane, a[lane], b[lane]));
    return Step::Next;
  }
};

void decodeSelp(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  form.inst.c = form.predicateSource(3);
  if (isHalfOrPair(type))
    return form.noSuchForm();
  if (bitsOf(type) == 64)
    return form.use<Selp<uint64_t>>();
  if (bitsOf(type) == 16 || bitsOf(type) == 32)
    form.use<Selp<uint32_t>>();
}

/// slct: a where c >= 0, else b. As an f32, -0 counts as 0 and NaN as negative.
template <typename C>
struct Slct {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, C c) {
    return c >= 0 ? a : b;
  }
};

struct SlctFtz {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, float c) {
    return flush<true>(c) >= 0 ? a : b;
  }
};

void decodeSlct(Form &form) {
  bool ftz = form.take("ftz");
  Ty type = form.type(), condition = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type), form.c(3, condition);
  bool wide = bitsOf(type) == 64;
  if (bitsOf(type) < 16 || isHalfOrPair(type) || (ftz && condition != Ty::F32))
    return form.noSuchForm();
  // A flushed subnormal is a zero, which counts as positive.
  if (ftz)
    return wide ? form.use<Map3<SlctFtz, uint64_t, uint64_t, uint64_t, float>>()
                : form.use<Map3<SlctFtz, uint32_t, uint32_t, uint32_t, float>>();
  if (condition == Ty::S32)
    return wide ? form.use<Map3<Slct<int32_t>, uint64_t, uint64_t, uint64_t, int32_t>>()
                : form.use<Map3<Slct<int32_t>, uint32_t, uint32_t, uint32_t, int32_t>>();
  if (condition == Ty::F32)
    return wide ? form.use<Map3<Slct<float>, uint64_t, uint64_t, uint64_t, float>>()
                : form.use<Map3<Slct<float>, uint32_t, uint32_t, uint32_t, float>>();
}

//===----------------------------------------------------------------------===//
// testp
//===----------------------------------------------------------------------===//

template <typename T>
bool testProperty(T x, uint32_t property) {
  switch (property) {
  case 0:
    return std::isfinite(x);
  case 1:
    return std::isinf(x);
  case 2:
    return !std::isnan(x);
  case 3:
    return std::isnan(x);
  case 4: // zeros count as normal numbers
    return std::isnormal(x) || x == 0;
  default:
    return std::fpclassify(x) == FP_SUBNORMAL;
  }
}

template <typename T>
Step runTestp(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *a = warp.plane<LaneOf<T>>(inst.a);
  uint32_t bits = 0;
  for (LaneIterator lane(mask); lane; ++lane)
    bits |= uint32_t(testProperty(fromLane<T>(a[*lane]), inst.flags)) << *lane;
  warp.setPredicate(inst.d, mask, bits);
  return Step::Next;
}

void decodeTestp(Form &form) {
  int property = form.takeOne({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Ty type = form.type();
  form.inst.d = form.predicateDestination(0);
  form.a(1, type);
  form.inst.flags = static_cast<uint32_t>(property);
  if (property < 0)
    return form.noSuchForm();
  if (type == Ty::F32)
    return form.use(&runTestp<float>);
  if (type == Ty::F64)
    form.use(&runTestp<double>);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"selp", Domain::Any, InstructionClass::Move, decodeSelp},
    {"set", Domain::Any, InstructionClass::Compare, decodeSet},
    {"setp", Domain::Any, InstructionClass::Compare, decodeSetp},
    {"slct", Domain::Any, InstructionClass::Move, decodeSlct},
    {"testp", Domain::Any, InstructionClass::Compare, decodeTestp},
};

} // namespace

OpcodeTable compareOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
