//===- Convert.cpp - cvt between integers and floats of 16 to 64 bits -------===//
//
// PTX ISA "cvt". The frequent conversions are vectorised; all others go lane by lane through an exact pair of doubles.
// Packed and 8-bit formats are in ConvertPacked.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Convert.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/ConvertPacked.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/HalfMath.h"
#include "runtime/sim/ops/Map.h"

#include <limits>

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// Integer to integer: cut to the source type, cut to the destination type, extend to the register
//===----------------------------------------------------------------------===//

template <typename L, bool Signed>
THRIFT_SIM_INLINE L extend(L x, uint32_t shift) {
  if constexpr (Signed)
    return static_cast<L>(static_cast<std::make_signed_t<L>>(x << shift) >> shift);
  else
    return x << shift >> shift;
}

/// e: how far to shift in the source lane, flags: in the destination lane; imm: bits that the destination register has.
template <typename S, typename D, bool SourceSigned, bool DestinationSigned>
struct Resize {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    D *d = warp.plane<D>(inst.d);
    const S *a = warp.plane<S>(inst.a);
    auto keep = static_cast<D>(inst.imm);
    uint32_t sourceShift = inst.e, destinationShift = inst.flags;
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      S value = extend<S, SourceSigned>(a[lane], sourceShift);
      D wide;
      if constexpr (SourceSigned)
        wide = static_cast<D>(static_cast<std::make_signed_t<S>>(value));
      else
        wide = static_cast<D>(value);
      storeLane<Full>(d, lane, mask, static_cast<D>(extend<D, DestinationSigned>(wide, destinationShift) & keep));
    }
    return Step::Next;
  }
};

template <typename S, typename D>
void useResize(Form &form, bool sourceSigned, bool destinationSigned) {
  if (sourceSigned)
    return destinationSigned ? form.use<Resize<S, D, true, true>>() : form.use<Resize<S, D, true, false>>();
  destinationSigned ? form.use<Resize<S, D, false, true>>() : form.use<Resize<S, D, false, false>>();
}

//===----------------------------------------------------------------------===//
// The general case
//===----------------------------------------------------------------------===//

enum class IntegerRounding : uint8_t { None, Nearest, Zero, Down, Up };

struct ConvertPlan {
  Ty to = Ty::None, from = Ty::None;
  RoundingMode mode = RoundingMode::Nearest;
  IntegerRounding integer = IntegerRounding::None;
  bool ftz = false, sat = false, relu = false, satFinite = false;
  uint8_t registerBits = 32; ///< of the destination
  bool wideSource = false;   ///< the source plane has 64-bit lanes
};

bool isFloat(Ty type) { return type == Ty::F16 || type == Ty::BF16 || type == Ty::F32 || type == Ty::F64; }

/// A source value, exactly: value + residual (which only 64-bit integers need).
struct Exact {
  double value = 0, residual = 0;
};

__int128 integerOf(uint64_t bits, Ty type) {
  switch (type) {
  case Ty::U8:
    return static_cast<uint8_t>(bits);
  case Ty::U16:
    return static_cast<uint16_t>(bits);
  case Ty::U32:
    return static_cast<uint32_t>(bits);
  case Ty::S8:
    return static_cast<int8_t>(bits);
  case Ty::S16:
    return static_cast<int16_t>(bits);
  case Ty::S32:
    return static_cast<int32_t>(bits);
  case Ty::S64:
    return static_cast<int64_t>(bits);
  default:
    return bits;
  }
}

Exact exactOf(uint64_t bits, const ConvertPlan &plan) {
  switch (plan.from) {
  case Ty::F16:
    return {f32FromF16(static_cast<uint16_t>(bits)), 0};
  case Ty::BF16:
    return {f32FromBf16(static_cast<uint16_t>(bits)), 0};
  case Ty::F32: {
    float x = floatOf<float>(static_cast<uint32_t>(bits));
    return {plan.ftz ? flushSubnormal(x) : x, 0};
  }
  case Ty::F64:
    return {floatOf<double>(bits), 0};
  default: {
    __int128 integer = integerOf(bits, plan.from);
    auto value = static_cast<double>(integer);
    return {value, static_cast<double>(integer - static_cast<__int128>(value))};
  }
  }
}

double roundToInteger(double x, IntegerRounding how) {
  switch (how) {
  case IntegerRounding::Nearest:
    return std::nearbyint(x);
  case IntegerRounding::Zero:
    return std::trunc(x);
  case IntegerRounding::Down:
    return std::floor(x);
  case IntegerRounding::Up:
    return std::ceil(x);
  case IntegerRounding::None:
    break;
  }
  return x;
}

/// The range of an integer type.
__int128 lowest(Ty type) { return isSignedInteger(type) ? -(__int128(1) << (bitsOf(type) - 1)) : 0; }
__int128 highest(Ty type) { return (__int128(1) << (bitsOf(type) - (isSignedInteger(type) ? 1 : 0))) - 1; }

uint64_t integerFromFloat(double x, const ConvertPlan &plan) {
  if (x != x) {
    // PTX ISA: zero, unless the source is f64 or the destination has 64 bits; then only the top bit is set.
    bool zero = plan.from != Ty::F64 && bitsOf(plan.to) != 64;
    return zero ? 0 : uint64_t(1) << (bitsOf(plan.to) - 1);
  }
  double rounded = roundToInteger(x, plan.integer);
  if (rounded <= static_cast<double>(lowest(plan.to)))
    return static_cast<uint64_t>(lowest(plan.to));
  if (rounded >= static_cast<double>(highest(plan.to)))
    return static_cast<uint64_t>(highest(plan.to));
  return static_cast<uint64_t>(static_cast<__int128>(rounded));
}

uint64_t integerFromInteger(uint64_t bits, const ConvertPlan &plan) {
  __int128 value = integerOf(bits, plan.from);
  if (plan.sat) {
    if (value < lowest(plan.to))
      value = lowest(plan.to);
    if (value > highest(plan.to))
      value = highest(plan.to);
  }
  return static_cast<uint64_t>(integerOf(static_cast<uint64_t>(value), plan.to));
}

/// f64 from an exact integer, in any mode.
double f64FromExact(Exact x, RoundingMode mode) {
  if (x.residual == 0 || mode == RoundingMode::Nearest)
    return x.value;
  double infinity = std::numeric_limits<double>::infinity();
  bool towardZero = (x.residual > 0) != (x.value > 0);
  if (mode == RoundingMode::Zero)
    return towardZero ? std::nextafter(x.value, 0.0) : x.value;
  if (mode == RoundingMode::Up)
    return x.residual > 0 ? std::nextafter(x.value, infinity) : x.value;
  return x.residual < 0 ? std::nextafter(x.value, -infinity) : x.value;
}

uint64_t floatFromExact(Exact x, const ConvertPlan &plan) {
  if (plan.integer != IntegerRounding::None)
    x.value = roundToInteger(x.value, plan.integer);
  if (plan.relu && x.value <= 0)
    x = {};
  if (plan.sat) {
    x.value = x.value > 0 ? (x.value < 1 ? x.value : 1) : 0;
    x.residual = 0;
  }
  Overflow overflow = plan.satFinite ? Overflow::SatFinite : Overflow::Ieee;
  switch (plan.to) {
  case Ty::F64:
    return bitsOf(f64FromExact(x, plan.mode));
  case Ty::F32: {
    float result = canonical(roundToF32(x.value, x.residual, plan.mode));
    return bitsOf(plan.ftz ? flushSubnormal(result) : result);
  }
  case Ty::F16:
    return cvtF16(roundToOddF32(roundToOdd(x.value, x.residual)), plan.mode, overflow);
  default:
    return cvtBf16(roundToOddF32(roundToOdd(x.value, x.residual)), plan.mode, overflow);
  }
}

/// The plan is in inst.list, as raw words.
Step runGeneral(Warp &warp, const Inst &inst, uint32_t mask) {
  ConvertPlan plan;
  std::memcpy(static_cast<void *>(&plan), inst.list, sizeof plan);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint64_t bits = plan.wideSource ? warp.plane<uint64_t>(inst.a)[*lane] : warp.plane<uint32_t>(inst.a)[*lane];
    uint64_t result;
    if (!isFloat(plan.to))
      result = isFloat(plan.from) ? integerFromFloat(exactOf(bits, plan).value, plan) : integerFromInteger(bits, plan);
    else
      result = floatFromExact(exactOf(bits, plan), plan);
    if (plan.registerBits == 64)
      warp.plane<uint64_t>(inst.d)[*lane] = result;
    else
      warp.plane<uint32_t>(inst.d)[*lane] =
          static_cast<uint32_t>(plan.registerBits == 32 ? result : result & ((1u << plan.registerBits) - 1));
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Frequent conversions, vectorised
//===----------------------------------------------------------------------===//

template <typename R>
struct Cast {
  template <typename A>
  THRIFT_SIM_INLINE static R apply(A a) {
    return static_cast<R>(a);
  }
};
struct Widen {
  template <typename H>
  THRIFT_SIM_INLINE static float apply(H a) {
    return canonical(a.value());
  }
};
template <typename H>
struct Narrow {
  THRIFT_SIM_INLINE static H apply(float a) { return H::round(a); }
};

/// f32 to s32 toward zero: saturates, NaN gives 0.
struct TruncateS32 {
  THRIFT_SIM_INLINE static int32_t apply(float a) {
    float clamped = a >= -0x1p31f ? a : -0x1p31f;
    bool high = clamped >= 0x1p31f;
    auto value = static_cast<int32_t>(high ? 0.0f : clamped);
    value = high ? INT32_MAX : value;
    return a != a ? 0 : value;
  }
};

/// f32 rounded to an integral f32. Numbers of 2^23 and more are integral already.
template <bool Ftz, IntegerRounding How>
struct RoundF32 {
  THRIFT_SIM_INLINE static float apply(float a) {
    float x = flush<Ftz>(a);
    float magnitude = floatOf<float>(bitsOf(x) & 0x7FFFFFFFu);
    uint32_t sign = bitsOf(x) & 0x80000000u;
    float near = magnitude + 0x1p23f - 0x1p23f; // ties to even
    float result = near;
    if constexpr (How == IntegerRounding::Zero)
      result = near > magnitude ? near - 1.0f : near;
    if constexpr (How == IntegerRounding::Down)
      result = sign ? (near < magnitude ? near + 1.0f : near) : (near > magnitude ? near - 1.0f : near);
    if constexpr (How == IntegerRounding::Up)
      result = sign ? (near > magnitude ? near - 1.0f : near) : (near < magnitude ? near + 1.0f : near);
    result = magnitude < 0x1p23f ? result : magnitude;
    return canonical(floatOf<float>(bitsOf(result) | sign));
  }
};

/// Picks a vectorised kernel if there is one for the plan.
bool useFrequent(Form &form, const ConvertPlan &plan) {
  bool plain = plan.mode == RoundingMode::Nearest && !plan.sat && !plan.relu && !plan.satFinite;
  if (!plain || plan.wideSource != (bitsOf(plan.from) == 64) || plan.registerBits != std::max(bitsOf(plan.to), 16u))
    return false;
  Ty to = plan.to, from = plan.from;
  if (plan.integer == IntegerRounding::None) {
    if (to == Ty::F32 && from == Ty::S32)
      form.use<Map1<Cast<float>, float, int32_t>>();
    else if (to == Ty::F32 && from == Ty::U32)
      form.use<Map1<Cast<float>, float, uint32_t>>();
    else if (to == Ty::F64 && from == Ty::S32)
      form.use<Map1<Cast<double>, double, int32_t>>();
    else if (to == Ty::F64 && from == Ty::F32 && !plan.ftz)
      form.use<Map1<Cast<double>, double, float>>();
    else if (to == Ty::F32 && from == Ty::F16)
      form.use<Map1<Widen, float, F16>>();
    else if (to == Ty::F32 && from == Ty::BF16)
      form.use<Map1<Widen, float, BF16>>();
    else if (to == Ty::F16 && from == Ty::F32 && !plan.ftz)
      form.use<Map1<Narrow<F16>, F16, float>>();
    else if (to == Ty::BF16 && from == Ty::F32 && !plan.ftz)
      form.use<Map1<Narrow<BF16>, BF16, float>>();
    else
      return false;
    return true;
  }
  if (to == Ty::S32 && from == Ty::F32 && plan.integer == IntegerRounding::Zero) {
    form.use<Map1<TruncateS32, int32_t, float>>(); // a subnormal becomes 0 with and without .ftz
    return true;
  }
  if (to == Ty::F32 && from == Ty::F32) {
    switch (plan.integer) {
    case IntegerRounding::Nearest:
      plan.ftz ? form.use<Map1<RoundF32<true, IntegerRounding::Nearest>, float, float>>()
               : form.use<Map1<RoundF32<false, IntegerRounding::Nearest>, float, float>>();
      return true;
    case IntegerRounding::Zero:
      plan.ftz ? form.use<Map1<RoundF32<true, IntegerRounding::Zero>, float, float>>()
               : form.use<Map1<RoundF32<false, IntegerRounding::Zero>, float, float>>();
      return true;
    case IntegerRounding::Down:
      plan.ftz ? form.use<Map1<RoundF32<true, IntegerRounding::Down>, float, float>>()
               : form.use<Map1<RoundF32<false, IntegerRounding::Down>, float, float>>();
      return true;
    case IntegerRounding::Up:
      plan.ftz ? form.use<Map1<RoundF32<true, IntegerRounding::Up>, float, float>>()
               : form.use<Map1<RoundF32<false, IntegerRounding::Up>, float, float>>();
      return true;
    case IntegerRounding::None:
      break;
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Decoder
//===----------------------------------------------------------------------===//

void decodeResize(Form &form, const ConvertPlan &plan) {
  bool wideDestination = plan.registerBits == 64;
  form.inst.e = (plan.wideSource ? 64 : 32) - bitsOf(plan.from);
  form.inst.flags = (wideDestination ? 64 : 32) - bitsOf(plan.to);
  form.inst.imm = plan.registerBits < 32 ? (1 << plan.registerBits) - 1 : -1;
  bool sourceSigned = isSignedInteger(plan.from), destinationSigned = isSignedInteger(plan.to);
  if (plan.wideSource)
    return wideDestination ? useResize<uint64_t, uint64_t>(form, sourceSigned, destinationSigned)
                           : useResize<uint64_t, uint32_t>(form, sourceSigned, destinationSigned);
  wideDestination ? useResize<uint32_t, uint64_t>(form, sourceSigned, destinationSigned)
                  : useResize<uint32_t, uint32_t>(form, sourceSigned, destinationSigned);
}

void decodeCvt(Form &form) {
  if (isPackedConvert(form.opcode()))
    return decodePackedConvert(form);
  ConvertPlan plan;
  int integer = form.takeOne({"rni", "rzi", "rmi", "rpi"});
  plan.integer = static_cast<IntegerRounding>(integer + 1);
  bool rounds;
  plan.mode = takeRounding(form, &rounds);
  plan.ftz = form.take("ftz"), plan.sat = form.take("sat"), plan.relu = form.take("relu");
  plan.satFinite = form.take("satfinite");
  plan.to = form.type(), plan.from = form.type();
  bool toFloat = isFloat(plan.to), fromFloat = isFloat(plan.from);
  if ((!toFloat && !isInteger(plan.to)) || (!fromFloat && !isInteger(plan.from)))
    return form.noSuchForm();
  bool toHalf = plan.to == Ty::F16 || plan.to == Ty::BF16;
  if ((plan.relu || plan.satFinite) && !(toHalf && plan.from == Ty::F32))
    return form.noSuchForm();
  if (fromFloat && !toFloat && integer < 0)
    return form.invalid("an integer rounding mode is missing");
  if (!fromFloat && !toFloat && (integer >= 0 || rounds || plan.ftz))
    return form.noSuchForm();
  if (!fromFloat && toFloat && integer >= 0)
    return form.noSuchForm();

  // Registers may be wider than the types of integers.
  const ptx::Operand &destination = form.operand(0), &source = form.operand(1);
  unsigned destinationBits = form.registerBits(destination), sourceBits = form.registerBits(source);
  if (destination.kind == ptx::OperandKind::Register && destinationBits >= bitsOf(plan.to) && !toFloat)
    form.d(0, destinationBits);
  else
    form.d(0, destinationBits = bitsOf(plan.to));
  if (source.kind == ptx::OperandKind::Register && sourceBits >= bitsOf(plan.from) && sourceBits <= 64 && !fromFloat) {
    bool wide;
    form.inst.a = form.anyRegister(source, wide);
    plan.wideSource = wide;
  } else {
    form.inst.a = form.source(source, plan.from);
    plan.wideSource = bitsOf(plan.from) == 64;
  }
  plan.registerBits = static_cast<uint8_t>(destinationBits);
  if (!fromFloat && !toFloat && !plan.sat)
    return decodeResize(form, plan);
  if (useFrequent(form, plan))
    return;
  std::vector<uint32_t> words((sizeof plan + 3) / 4);
  std::memcpy(words.data(), &plan, sizeof plan);
  form.list(std::move(words));
  form.use(&runGeneral);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"cvt", Domain::Any, InstructionClass::Convert, decodeCvt},
};

} // namespace

OpcodeTable convertOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
