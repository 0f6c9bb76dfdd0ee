//===- Convert.cpp - cvt between integers and floats of 16 to 64 bits -------===//
//
// PTX ISA "cvt". Frequent conversions are vectorised (ConvertFrequent.cpp); all others go lane by lane through an exact
// pair of doubles. Packed and 8-bit formats are in ConvertPacked.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Convert.h"
#include "dialect/formats/Float16.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/ConvertPacked.h"
#include "runtime/sim/ops/ConvertPlan.h"
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
    return {plan.ftz ? flushSubnormal(canonical(x)) : x, 0};
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
    // PTX ISA: zero, unless the source is f64 or the destination has 64 bits; then only the top bit is set. (A signed
    // type is extended to its register, as an H100 does.)
    bool zero = plan.from != Ty::F64 && bitsOf(plan.to) != 64;
    uint64_t top = isSignedInteger(plan.to) ? static_cast<uint64_t>(lowest(plan.to)) : uint64_t(1) << (bitsOf(plan.to) - 1);
    return zero ? 0 : top;
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

/// A NaN of f64 in a half format: sign and the upper payload, made quiet. (Seen on an H100; NaNs of f32 become canonical.)
uint64_t halfNan(double nan, unsigned mantissaBits) {
  uint64_t bits = bitsOf(nan), exponent = (1u << (15 - mantissaBits)) - 1;
  uint64_t mantissa = (bits & 0x000FFFFFFFFFFFFFull) >> (52 - mantissaBits) | 1u << (mantissaBits - 1);
  return bits >> 63 << 15 | exponent << mantissaBits | mantissa;
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
  if (plan.from == Ty::F64 && x.value != x.value && !plan.sat && bitsOf(plan.to) == 16)
    return halfNan(x.value, plan.to == Ty::F16 ? 10 : 7);
  switch (plan.to) {
  case Ty::F64:
    return bitsOf(canonical(f64FromExact(x, plan.mode)));
  case Ty::F32: {
    if (plan.from == Ty::F64 && x.value != x.value && !plan.sat) // keeps sign and payload
      return bitsOf(static_cast<float>(x.value));
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

/// PTX ISA "cvt": where modifiers are needed and where they are allowed. Null if the form exists.
const char *whyIllegal(const ConvertPlan &plan, bool rounds) {
  bool toFloat = isFloat(plan.to), fromFloat = isFloat(plan.from), hasInteger = plan.integer != IntegerRounding::None;
  bool hasF32 = plan.to == Ty::F32 || plan.from == Ty::F32, hasBf16 = plan.to == Ty::BF16 || plan.from == Ty::BF16;
  if (plan.ftz && !hasF32)
    return ".ftz needs an .f32";
  if (plan.sat && hasBf16)
    return ".sat does not exist for .bf16";
  if (plan.relu || plan.satFinite) {
    bool toHalf = plan.to == Ty::F16 || plan.to == Ty::BF16;
    bool nearOrZero = rounds && (plan.mode == RoundingMode::Nearest || plan.mode == RoundingMode::Zero);
    if (!toHalf || plan.from != Ty::F32 || !nearOrZero || plan.ftz || plan.sat || hasInteger)
      return ".relu and .satfinite exist for .f32 to .f16 and .bf16, with .rn or .rz alone";
    return nullptr;
  }
  if (fromFloat && toFloat && plan.to == plan.from)
    return rounds ? "nothing is lost: a rounding mode is not allowed" : nullptr;
  if (fromFloat && toFloat) {
    bool narrows = bitsOf(plan.to) < bitsOf(plan.from);
    // ptxas takes a rounding mode where bf16 is widened, and none between f16 and bf16.
    bool either = (plan.from == Ty::BF16 && !narrows) || bitsOf(plan.to) == bitsOf(plan.from);
    if (hasInteger)
      return "rounding to an integral float keeps the type";
    if (either || rounds == narrows)
      return nullptr;
    return narrows ? "a rounding mode is missing" : "nothing is lost: a rounding mode is not allowed";
  }
  if (fromFloat)
    return hasInteger && !rounds ? nullptr : "an integer rounding mode is missing";
  if (hasInteger)
    return "integer rounding modes are for floats";
  if (toFloat)
    return rounds ? nullptr : "a rounding mode is missing";
  if (rounds)
    return "nothing is rounded: a rounding mode is not allowed";
  bool fits = lowest(plan.to) <= lowest(plan.from) && highest(plan.to) >= highest(plan.from);
  return plan.sat && fits ? "nothing can overflow: .sat is not allowed" : nullptr;
}

void decodeCvt(Form &form) {
  if (isPackedConvert(form.opcode()))
    return decodePackedConvert(form);
  if (form.opcode().has("pack"))
    return decodePackConvert(form);
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
  if (const char *reason = whyIllegal(plan, rounds))
    return form.invalid(reason);
  if (plan.from == Ty::F32 && bitsOf(plan.to) == 16)
    plan.ftz = false; // it flushes nothing: directed rounding of a subnormal f32 gives the smallest f16 (seen on an H100)

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
  if (useFrequentConversion(form, plan))
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
