//===- Float.cpp - arithmetic on f32 and f64 --------------------------------===//
//
// PTX ISA "Floating-Point Instructions": add sub mul fma mad div neg abs min max copysign. Round to nearest is the
// host's own arithmetic; directed rounding of f32 is in arith/, of f64 done by the host's rounding mode.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Approx.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Map.h"

#include <cfenv>
#include <cmath>

namespace thrift::sim {

RoundingMode takeRounding(Form &form, bool *given) {
  int mode = form.takeOne({"rn", "rz", "rm", "rp"});
  if (given)
    *given = mode >= 0;
  return mode <= 0 ? RoundingMode::Nearest : static_cast<RoundingMode>(mode);
}

namespace {

// Which of several NaNs of f64 an operation gives was seen on an H100: the last of two operands, of div the first, of fma
// the second, then the third.
struct Add {
  template <typename T>
  THRIFT_SIM_INLINE static T compute(T a, T b) {
    return chooseNan(a + b, b, a);
  }
  static float rounded(float a, float b, RoundingMode mode) { return addF32(a, b, mode); }
};
struct Sub {
  template <typename T>
  THRIFT_SIM_INLINE static T compute(T a, T b) {
    return chooseNan(a - b, b, a);
  }
  static float rounded(float a, float b, RoundingMode mode) {
    return addF32(a, floatOf<float>(bitsOf(b) ^ kSignBit<float>), mode);
  }
};
struct Mul {
  template <typename T>
  THRIFT_SIM_INLINE static T compute(T a, T b) {
    return chooseNan(a * b, b, a);
  }
  static float rounded(float a, float b, RoundingMode mode) { return mulF32(a, b, mode); }
};
struct Div {
  template <typename T>
  THRIFT_SIM_INLINE static T compute(T a, T b) {
    return chooseNan(a / b, a, b);
  }
  static float rounded(float a, float b, RoundingMode mode) { return divF32(a, b, mode); }
};
struct Fma {
  THRIFT_SIM_INLINE static float compute(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  THRIFT_SIM_INLINE static double compute(double a, double b, double c) {
    return chooseNan(__builtin_fma(a, b, c), b, c, a);
  }
  static float rounded(float a, float b, float c, RoundingMode mode) { return fmaF32(a, b, c, mode); }
};

template <typename Op, bool Ftz, bool Sat>
struct Near {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return finish<Ftz, Sat>(Op::compute(flush<Ftz>(a), flush<Ftz>(b)));
  }
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, T c) {
    return finish<Ftz, Sat>(Op::compute(flush<Ftz>(a), flush<Ftz>(b), flush<Ftz>(c)));
  }
};

constexpr uint32_t kFtz = 1, kSat = 2;

float inF32(float x, uint32_t flags) { return flags & kFtz ? flushSubnormal(x) : x; }
float outF32(float x, uint32_t flags) {
  float flushed = inF32(x, flags);
  return flags & kSat ? saturate(flushed) : flushed;
}

/// Directed rounding of f32: imm is the mode, flags are kFtz and kSat.
template <typename Op>
Step runDirected2(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  float *d = warp.plane<float>(inst.d);
  const float *a = warp.plane<float>(inst.a), *b = warp.plane<float>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = outF32(Op::rounded(inF32(a[*lane], inst.flags), inF32(b[*lane], inst.flags), mode), inst.flags);
  return Step::Next;
}
template <typename Op>
Step runDirected3(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  float *d = warp.plane<float>(inst.d);
  const float *a = warp.plane<float>(inst.a), *b = warp.plane<float>(inst.b), *c = warp.plane<float>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] =
        outF32(Op::rounded(inF32(a[*lane], inst.flags), inF32(b[*lane], inst.flags), inF32(c[*lane], inst.flags), mode),
               inst.flags);
  return Step::Next;
}

/// Directed rounding of f64 uses the host's rounding mode. The volatile operands keep the compiler from moving the
/// operation across the change of mode.
class HostRounding {
public:
  explicit HostRounding(RoundingMode mode) {
    static constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    std::fesetround(kModes[static_cast<size_t>(mode)]);
  }
  ~HostRounding() { std::fesetround(FE_TONEAREST); }
};
template <typename Op>
Step runDirectedF64(Warp &warp, const Inst &inst, uint32_t mask) {
  HostRounding rounding(static_cast<RoundingMode>(inst.imm));
  double *d = warp.plane<double>(inst.d);
  const double *a = warp.plane<double>(inst.a), *b = warp.plane<double>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane) {
    volatile double x = a[*lane], y = b[*lane];
    volatile double result = Op::compute(static_cast<double>(x), static_cast<double>(y));
    d[*lane] = result;
  }
  return Step::Next;
}
Step runDirectedFmaF64(Warp &warp, const Inst &inst, uint32_t mask) {
  HostRounding rounding(static_cast<RoundingMode>(inst.imm));
  double *d = warp.plane<double>(inst.d);
  const double *a = warp.plane<double>(inst.a), *b = warp.plane<double>(inst.b), *c = warp.plane<double>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane) {
    volatile double x = a[*lane], y = b[*lane], z = c[*lane];
    volatile double result = Fma::compute(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z));
    d[*lane] = result;
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// f32x2: two f32 in a 64-bit register
//===----------------------------------------------------------------------===//

/// Applies `f` to the lower and to the upper numbers.
template <typename F, typename... Pairs>
THRIFT_SIM_INLINE uint64_t onPairs(F f, Pairs... pairs) {
  uint32_t low = bitsOf(f(floatOf<float>(static_cast<uint32_t>(pairs))...));
  uint32_t high = bitsOf(f(floatOf<float>(static_cast<uint32_t>(pairs >> 32))...));
  return low | uint64_t(high) << 32;
}

template <typename Op>
struct OnPairs {
  THRIFT_SIM_INLINE static uint64_t apply(uint64_t a, uint64_t b) {
    return onPairs([](float x, float y) { return Op::apply(x, y); }, a, b);
  }
  THRIFT_SIM_INLINE static uint64_t apply(uint64_t a, uint64_t b, uint64_t c) {
    return onPairs([](float x, float y, float z) { return Op::apply(x, y, z); }, a, b, c);
  }
};

template <typename Op>
Step runDirectedPair(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  uint64_t *d = warp.plane<uint64_t>(inst.d);
  const uint64_t *a = warp.plane<uint64_t>(inst.a), *b = warp.plane<uint64_t>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = onPairs(
        [&](float x, float y) {
          return outF32(Op::rounded(inF32(x, inst.flags), inF32(y, inst.flags), mode), inst.flags);
        },
        a[*lane], b[*lane]);
  return Step::Next;
}
Step runDirectedFmaPair(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  uint64_t *d = warp.plane<uint64_t>(inst.d);
  const uint64_t *a = warp.plane<uint64_t>(inst.a), *b = warp.plane<uint64_t>(inst.b),
                 *c = warp.plane<uint64_t>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = onPairs(
        [&](float x, float y, float z) {
          float product = Fma::rounded(inF32(x, inst.flags), inF32(y, inst.flags), inF32(z, inst.flags), mode);
          return outF32(product, inst.flags);
        },
        a[*lane], b[*lane], c[*lane]);
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// add sub mul fma mad
//===----------------------------------------------------------------------===//

template <typename Op>
void decode2(Form &form) {
  constexpr bool kIsDiv = std::is_same_v<Op, Div>;
  bool rounds;
  RoundingMode mode = takeRounding(form, &rounds);
  bool ftz = form.take("ftz"), sat = !kIsDiv && form.take("sat");
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  if (kIsDiv && !rounds)
    return form.invalid("a rounding mode is missing");
  form.inst.imm = static_cast<int64_t>(mode);
  form.inst.flags = (ftz ? kFtz : 0) | (sat ? kSat : 0);
  if (type == Ty::F64 && !ftz && !sat)
    return mode == RoundingMode::Nearest ? form.use<Map2<Near<Op, false, false>, double, double>>()
                                         : form.use(&runDirectedF64<Op>);
  if (type == Ty::F32x2 && !sat && !kIsDiv) {
    if (mode != RoundingMode::Nearest)
      return form.use(&runDirectedPair<Op>);
    return ftz ? form.use<Map2<OnPairs<Near<Op, true, false>>, uint64_t, uint64_t>>()
               : form.use<Map2<OnPairs<Near<Op, false, false>>, uint64_t, uint64_t>>();
  }
  if (type != Ty::F32)
    return form.noSuchForm();
  if (mode != RoundingMode::Nearest)
    return form.use(&runDirected2<Op>);
  if (ftz)
    return sat ? form.use<Map2<Near<Op, true, true>, float, float>>()
               : form.use<Map2<Near<Op, true, false>, float, float>>();
  sat ? form.use<Map2<Near<Op, false, true>, float, float>>() : form.use<Map2<Near<Op, false, false>, float, float>>();
}

void decodeFma(Form &form) {
  bool rounds;
  RoundingMode mode = takeRounding(form, &rounds);
  if (!rounds)
    return form.invalid("a rounding mode is missing");
  bool ftz = form.take("ftz"), sat = form.take("sat");
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type), form.c(3, type);
  form.inst.imm = static_cast<int64_t>(mode);
  form.inst.flags = (ftz ? kFtz : 0) | (sat ? kSat : 0);
  if (type == Ty::F64 && !ftz && !sat)
    return mode == RoundingMode::Nearest ? form.use<Map3<Near<Fma, false, false>, double, double>>()
                                         : form.use(&runDirectedFmaF64);
  if (type == Ty::F32x2 && !sat && form.opcode().base == "fma") {
    if (mode != RoundingMode::Nearest)
      return form.use(&runDirectedFmaPair);
    return ftz ? form.use<Map3<OnPairs<Near<Fma, true, false>>, uint64_t, uint64_t>>()
               : form.use<Map3<OnPairs<Near<Fma, false, false>>, uint64_t, uint64_t>>();
  }
  if (type != Ty::F32)
    return form.noSuchForm();
  if (mode != RoundingMode::Nearest)
    return form.use(&runDirected3<Fma>);
  if (ftz)
    return sat ? form.use<Map3<Near<Fma, true, true>, float, float>>()
               : form.use<Map3<Near<Fma, true, false>, float, float>>();
  sat ? form.use<Map3<Near<Fma, false, true>, float, float>>()
      : form.use<Map3<Near<Fma, false, false>, float, float>>();
}

//===----------------------------------------------------------------------===//
// div
//===----------------------------------------------------------------------===//

template <float (*Divide)(float, float, Ftz)>
Step runFastDivide(Warp &warp, const Inst &inst, uint32_t mask) {
  float *d = warp.plane<float>(inst.d);
  const float *a = warp.plane<float>(inst.a), *b = warp.plane<float>(inst.b);
  Ftz ftz = inst.flags & kFtz ? Ftz::Yes : Ftz::No;
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = Divide(a[*lane], b[*lane], ftz);
  return Step::Next;
}

void decodeDiv(Form &form) {
  int fast = form.takeOne({"approx", "full"});
  if (fast < 0)
    return decode2<Div>(form);
  form.inst.flags = form.take("ftz") ? kFtz : 0;
  Ty type = form.type();
  form.d(0, 32), form.a(1, type), form.b(2, type);
  if (type != Ty::F32)
    return form.noSuchForm();
  form.use(fast == 0 ? &runFastDivide<divApprox> : &runFastDivide<divFull>);
}

//===----------------------------------------------------------------------===//
// neg abs copysign min max
//===----------------------------------------------------------------------===//

// neg and abs are arithmetic: a NaN stays as it is, or becomes the canonical one in f32. (Seen on an H100.)
template <typename T>
THRIFT_SIM_INLINE T unlessNan(T a, T result) {
  return a != a ? canonical(a) : result;
}

template <bool Ftz>
struct Neg {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return unlessNan(a, floatOf<T>(bitsOf(flush<Ftz>(a)) ^ kSignBit<T>));
  }
};
template <bool Ftz>
struct Abs {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return unlessNan(a, floatOf<T>(bitsOf(flush<Ftz>(a)) & ~kSignBit<T>));
  }
};
/// copysign d, a, b: the sign of a on the value of b.
struct CopySign {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    return floatOf<T>((bitsOf(a) & kSignBit<T>) | (bitsOf(b) & ~kSignBit<T>));
  }
};

template <template <bool> class Op>
void decodeUnary(Form &form) {
  bool ftz = form.take("ftz");
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (type == Ty::F32)
    return ftz ? form.use<Map1<Op<true>, float, float>>() : form.use<Map1<Op<false>, float, float>>();
  if (type == Ty::F64 && !ftz)
    form.use<Map1<Op<false>, double, double>>();
}

void decodeCopysign(Form &form) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  if (type == Ty::F32)
    return form.use<Map2<CopySign, float, float>>();
  if (type == Ty::F64)
    form.use<Map2<CopySign, double, double>>();
}

/// What min and max look at: the numbers, their magnitudes, or magnitudes with the product of the signs.
enum class Signs : uint8_t { Kept, Dropped, Multiplied };

template <typename Which, bool Ftz, bool Nan, Signs How>
struct Extremum {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b) {
    a = operand(a), b = operand(b);
    if constexpr (How == Signs::Multiplied)
      return extremumXorSign<Which, Nan>(a, b);
    else
      return extremum<Which, Nan>(a, b);
  }
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a, T b, T c) {
    return apply(apply(a, b), c);
  }

private:
  template <typename T>
  THRIFT_SIM_INLINE static T operand(T x) {
    x = flush<Ftz>(x);
    return How == Signs::Dropped ? floatOf<T>(bitsOf(x) & ~kSignBit<T>) : x;
  }
};

template <typename Which, bool Ftz, bool Nan>
void useExtremum(Form &form, Signs signs, bool three) {
  if (three)
    return signs == Signs::Dropped ? form.use<Map3<Extremum<Which, Ftz, Nan, Signs::Dropped>, float, float>>()
                                   : form.use<Map3<Extremum<Which, Ftz, Nan, Signs::Kept>, float, float>>();
  signs == Signs::Multiplied ? form.use<Map2<Extremum<Which, Ftz, Nan, Signs::Multiplied>, float, float>>()
                             : form.use<Map2<Extremum<Which, Ftz, Nan, Signs::Kept>, float, float>>();
}

/// Two numbers: {.xorsign.abs}; three: {.abs}.
template <typename Which>
void decodeMinMax(Form &form) {
  bool ftz = form.take("ftz"), nan = form.take("NaN"), xorSign = form.take("xorsign"), abs = form.take("abs");
  Ty type = form.type();
  bool three = form.operandCount() == 4;
  form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type);
  if (three)
    form.c(3, type);
  if (three ? xorSign : xorSign != abs)
    return form.noSuchForm();
  Signs signs = xorSign ? Signs::Multiplied : abs ? Signs::Dropped : Signs::Kept;
  if (type == Ty::F32 && ftz)
    return nan ? useExtremum<Which, true, true>(form, signs, three)
               : useExtremum<Which, true, false>(form, signs, three);
  if (type == Ty::F32)
    return nan ? useExtremum<Which, false, true>(form, signs, three)
               : useExtremum<Which, false, false>(form, signs, three);
  if (type == Ty::F64 && !ftz && !nan && !abs && !three)
    form.use<Map2<Extremum<Which, false, false, Signs::Kept>, double, double>>();
}

constexpr InstructionClass kClass = InstructionClass::Float;

constexpr OpcodeEntry kOpcodes[] = {
    {"abs", Domain::Float, kClass, decodeUnary<Abs>},
    {"add", Domain::Float, kClass, decode2<Add>},
    {"copysign", Domain::Float, kClass, decodeCopysign},
    {"div", Domain::Float, kClass, decodeDiv},
    {"fma", Domain::Float, kClass, decodeFma},
    {"mad", Domain::Float, kClass, decodeFma},
    {"max", Domain::Float, kClass, decodeMinMax<Maximum>},
    {"min", Domain::Float, kClass, decodeMinMax<Minimum>},
    {"mul", Domain::Float, kClass, decode2<Mul>},
    {"neg", Domain::Float, kClass, decodeUnary<Neg>},
    {"sub", Domain::Float, kClass, decode2<Sub>},
};

} // namespace

OpcodeTable floatOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
