//===- HalfFloat.cpp - arithmetic on f16 and bf16 ---------------------------===//
//
// PTX ISA "Half Precision Floating-Point Instructions" and "Mixed Precision Floating-Point Instructions": add sub mul
// fma neg abs min max on f16, f16x2, bf16, bf16x2, and fma add sub with one f32 operand. One rounding each, to nearest
// even.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Convert.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/HalfMath.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kFtz = 1, kSat = 2, kRelu = 4, kPropagateNan = 8, kXorSign = 16;
constexpr uint16_t kSign16 = 0x8000;

template <typename H>
bool isNan(H x) {
  return x.value() != x.value();
}
template <typename H>
H flushHalf(H x, uint32_t flags) {
  constexpr uint16_t kExponent = 0x7FFF & ~((1u << H::kFractionBits) - 1);
  return flags & kFtz && (x.bits & kExponent) == 0 ? H{static_cast<uint16_t>(x.bits & kSign16)} : x;
}

/// An exact result, or one rounded to odd, on its way to the register.
template <typename H>
H finishHalf(double exact, uint32_t flags) {
  if (exact != exact)
    return flags & kSat ? H{0} : H{kCanonicalNan16};
  if (flags & kSat)
    exact = exact > 0 ? (exact < 1 ? exact : 1) : 0;
  if (flags & kRelu && !(exact > 0))
    exact = 0;
  return flushHalf(H::round(roundToOddF32(exact)), flags);
}

struct Add {
  template <typename H>
  static H apply(H a, H b, uint32_t flags) {
    return finishHalf<H>(fmaToOdd(a.value(), 1.0, b.value()), flags);
  }
};
struct Sub {
  template <typename H>
  static H apply(H a, H b, uint32_t flags) {
    return finishHalf<H>(fmaToOdd(a.value(), 1.0, -double(b.value())), flags);
  }
};
struct Mul {
  template <typename H>
  static H apply(H a, H b, uint32_t flags) {
    return finishHalf<H>(double(a.value()) * b.value(), flags);
  }
};
struct Fma {
  template <typename H>
  static H apply(H a, H b, H c, uint32_t flags) {
    return finishHalf<H>(fmaToOdd(a.value(), b.value(), c.value()), flags);
  }
};

template <typename Which>
struct Extremum {
  template <typename H>
  static H apply(H a, H b, uint32_t flags) {
    auto sign = static_cast<uint16_t>((a.bits ^ b.bits) & kSign16);
    if (flags & kXorSign)
      a.bits &= 0x7FFF, b.bits &= 0x7FFF;
    H result = pick(a, b, flags);
    if (flags & kXorSign && !isNan(result))
      result.bits |= sign;
    return result;
  }

private:
  template <typename H>
  static H pick(H a, H b, uint32_t flags) {
    bool propagate = flags & kPropagateNan;
    if (isNan(a) || isNan(b)) {
      if (propagate || (isNan(a) && isNan(b)))
        return H{kCanonicalNan16};
      return isNan(a) ? b : a;
    }
    // Widening is exact, so the winner is one of the operands.
    return Which::ofNumbers(a.value(), b.value()) == a.value() && !isOtherZero(a, b) ? a : b;
  }
  template <typename H>
  static bool isOtherZero(H a, H b) {
    return a.value() == b.value() && a.bits != b.bits &&
           bitsOf(Which::ofNumbers(a.value(), b.value())) != bitsOf(a.value());
  }
};

struct Neg {
  template <typename H>
  static H apply(H a) {
    return isNan(a) ? H{kCanonicalNan16} : H{static_cast<uint16_t>(a.bits ^ kSign16)};
  }
};
struct Abs {
  template <typename H>
  static H apply(H a) {
    return isNan(a) ? H{kCanonicalNan16} : H{static_cast<uint16_t>(a.bits & 0x7FFF)};
  }
};

/// Runs `f` on one half, or on both.
template <bool Packed, typename F>
uint32_t onHalves(F f) {
  uint32_t low = f(0u);
  return Packed ? low | uint32_t(f(16u)) << 16 : low;
}

template <typename H, typename Op, bool Packed>
Step run1(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t x = a[*lane];
    d[*lane] = onHalves<Packed>(
        [&](unsigned at) { return Op::apply(flushHalf(H{static_cast<uint16_t>(x >> at)}, inst.flags)).bits; });
  }
  return Step::Next;
}
template <typename H, typename Op, bool Packed>
Step run2(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t x = a[*lane], y = b[*lane];
    d[*lane] = onHalves<Packed>([&](unsigned at) {
      return Op::apply(flushHalf(H{static_cast<uint16_t>(x >> at)}, inst.flags),
                       flushHalf(H{static_cast<uint16_t>(y >> at)}, inst.flags), inst.flags)
          .bits;
    });
  }
  return Step::Next;
}
template <typename H, typename Op, bool Packed>
Step run3(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b),
                 *c = warp.plane<uint32_t>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t x = a[*lane], y = b[*lane], z = c[*lane];
    d[*lane] = onHalves<Packed>([&](unsigned at) {
      return Op::apply(flushHalf(H{static_cast<uint16_t>(x >> at)}, inst.flags),
                       flushHalf(H{static_cast<uint16_t>(y >> at)}, inst.flags),
                       flushHalf(H{static_cast<uint16_t>(z >> at)}, inst.flags), inst.flags)
          .bits;
    });
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Mixed precision: d = a * b + c and d = a +- c with f16 or bf16 factors, all else f32
//===----------------------------------------------------------------------===//

template <typename H>
Step runMixedFma(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  float *d = warp.plane<float>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a), *b = warp.plane<uint32_t>(inst.b);
  const float *c = warp.plane<float>(inst.c);
  for (LaneIterator lane(mask); lane; ++lane) {
    float x = H{static_cast<uint16_t>(a[*lane])}.value(), y = H{static_cast<uint16_t>(b[*lane])}.value();
    float result = fmaF32(x, y, c[*lane], mode);
    d[*lane] = inst.flags & kSat ? saturate(result) : result;
  }
  return Step::Next;
}
template <typename H>
Step runMixedAdd(Warp &warp, const Inst &inst, uint32_t mask) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  float *d = warp.plane<float>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a);
  const float *c = warp.plane<float>(inst.c);
  float sign = inst.e ? -1.0f : 1.0f;
  for (LaneIterator lane(mask); lane; ++lane) {
    float result = addF32(H{static_cast<uint16_t>(a[*lane])}.value(), sign * c[*lane], mode);
    d[*lane] = inst.flags & kSat ? saturate(result) : result;
  }
  return Step::Next;
}

void decodeMixed(Form &form, bool isFma, bool isSub) {
  bool rounds;
  form.inst.imm = static_cast<int64_t>(takeRounding(form, &rounds));
  if (isFma && !rounds)
    return form.invalid("a rounding mode is missing");
  if (form.take("sat"))
    form.inst.flags |= kSat;
  Ty result = form.type(), type = form.type();
  bool isF16 = type == Ty::F16;
  if (result != Ty::F32 || (!isF16 && type != Ty::BF16))
    return form.noSuchForm();
  form.d(0, 32), form.a(1, type);
  if (isFma)
    form.b(2, type);
  form.c(isFma ? 3 : 2, Ty::F32);
  form.inst.e = isSub;
  if (isFma)
    return form.use(isF16 ? &runMixedFma<F16> : &runMixedFma<BF16>);
  form.use(isF16 ? &runMixedAdd<F16> : &runMixedAdd<BF16>);
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// Takes the type and the operands; picks among the handlers for f16, f16x2, bf16, bf16x2.
void finishForm(Form &form, int sources, Handler f16, Handler f16x2, Handler bf16, Handler bf16x2) {
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (sources > 1)
    form.b(2, type);
  if (sources > 2)
    form.c(3, type);
  bool isBf16 = type == Ty::BF16 || type == Ty::BF16x2;
  if (isBf16 && form.inst.flags & (kFtz | kSat))
    return form.noSuchForm();
  if (type == Ty::F16 || type == Ty::F16x2 || isBf16)
    form.use(type == Ty::F16 ? f16 : type == Ty::F16x2 ? f16x2 : type == Ty::BF16 ? bf16 : bf16x2);
}

void takeFlags(Form &form) { form.inst.flags = (form.take("ftz") ? kFtz : 0) | (form.take("sat") ? kSat : 0); }
bool isMixed(const Form &form) { return form.opcode().has("f32"); }

template <typename Op>
void decode2(Form &form) {
  if (isMixed(form) && !std::is_same_v<Op, Mul>)
    return decodeMixed(form, false, std::is_same_v<Op, Sub>);
  form.take("rn");
  takeFlags(form);
  finishForm(form, 2, &run2<F16, Op, false>, &run2<F16, Op, true>, &run2<BF16, Op, false>, &run2<BF16, Op, true>);
}

void decodeFma(Form &form) {
  if (isMixed(form))
    return decodeMixed(form, true, false);
  if (!form.take("rn"))
    return form.unsupported("a rounding other than .rn");
  takeFlags(form);
  if (form.take("relu"))
    form.inst.flags |= kRelu;
  if (form.inst.flags & kRelu && form.inst.flags & kSat)
    return form.noSuchForm();
  finishForm(form, 3, &run3<F16, Fma, false>, &run3<F16, Fma, true>, &run3<BF16, Fma, false>, &run3<BF16, Fma, true>);
}

template <typename Which>
void decodeMinMax(Form &form) {
  using Op = Extremum<Which>;
  form.inst.flags = (form.take("ftz") ? kFtz : 0) | (form.take("NaN") ? kPropagateNan : 0);
  bool xorSign = form.take("xorsign");
  if (xorSign != form.take("abs"))
    return form.noSuchForm();
  if (xorSign)
    form.inst.flags |= kXorSign;
  finishForm(form, 2, &run2<F16, Op, false>, &run2<F16, Op, true>, &run2<BF16, Op, false>, &run2<BF16, Op, true>);
}

template <typename Op>
void decodeUnary(Form &form) {
  form.inst.flags = form.take("ftz") ? kFtz : 0;
  finishForm(form, 1, &run1<F16, Op, false>, &run1<F16, Op, true>, &run1<BF16, Op, false>, &run1<BF16, Op, true>);
}

constexpr InstructionClass kClass = InstructionClass::Float;

constexpr OpcodeEntry kOpcodes[] = {
    {"abs", Domain::Half, kClass, decodeUnary<Abs>},
    {"add", Domain::Half, kClass, decode2<Add>},
    {"fma", Domain::Half, kClass, decodeFma},
    {"max", Domain::Half, kClass, decodeMinMax<Maximum>},
    {"min", Domain::Half, kClass, decodeMinMax<Minimum>},
    {"mul", Domain::Half, kClass, decode2<Mul>},
    {"neg", Domain::Half, kClass, decodeUnary<Neg>},
    {"sub", Domain::Half, kClass, decode2<Sub>},
};

} // namespace

OpcodeTable halfOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
