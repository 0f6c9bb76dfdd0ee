//===- SpecialFunction.cpp - rcp sqrt rsqrt ex2 lg2 sin cos tanh ------------===//
//
// Approximate forms come from arith/Approx.h; .rn .rz .rm .rp forms are correctly rounded.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Approx.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/Map.h"

#include <cmath>

namespace thrift::sim {

namespace {

Ftz ftzOf(const Inst &inst) { return inst.flags ? Ftz::Yes : Ftz::No; }

template <float (*Function)(float, Ftz)>
Step runScalar(Warp &warp, const Inst &inst, uint32_t mask) {
  float *d = warp.plane<float>(inst.d);
  const float *a = warp.plane<float>(inst.a);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = Function(a[*lane], ftzOf(inst));
  return Step::Next;
}

void putLanes(float *d, const float *values, uint32_t mask) {
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = values[*lane];
}

Step runEx2(Warp &warp, const Inst &inst, uint32_t mask) {
  float values[kWarpSize];
  ex2Approx(warp.plane<float>(inst.a), values, kWarpSize, ftzOf(inst));
  putLanes(warp.plane<float>(inst.d), values, mask);
  return Step::Next;
}
Step runTanh(Warp &warp, const Inst &inst, uint32_t mask) {
  float values[kWarpSize];
  tanhApprox(warp.plane<float>(inst.a), values, kWarpSize);
  putLanes(warp.plane<float>(inst.d), values, mask);
  return Step::Next;
}

/// 16-bit forms; Packed ones hold two values.
template <uint16_t (*Function)(uint16_t), bool Packed>
Step runHalf(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t x = a[*lane];
    d[*lane] = packHalves(Function(lowHalf(x)), Packed ? Function(highHalf(x)) : 0);
  }
  return Step::Next;
}
uint16_t ex2F16(uint16_t x) { return ex2ApproxF16(x, Ftz::No); }

/// Correctly rounded; imm is the mode.
float reciprocal(float a, RoundingMode mode) { return divF32(1.0f, a, mode); }
template <float (*Function)(float, RoundingMode)>
Step runRounded(Warp &warp, const Inst &inst, uint32_t mask) {
  float *d = warp.plane<float>(inst.d);
  const float *a = warp.plane<float>(inst.a);
  auto mode = static_cast<RoundingMode>(inst.imm);
  for (LaneIterator lane(mask); lane; ++lane) {
    float x = inst.flags ? flushSubnormal(a[*lane]) : a[*lane];
    float result = Function(x, mode);
    d[*lane] = inst.flags ? flushSubnormal(result) : result;
  }
  return Step::Next;
}

template <bool Ftz>
struct RcpNear {
  THRIFT_SIM_INLINE static float apply(float a) { return finish<Ftz, false>(1.0f / flush<Ftz>(a)); }
};
template <bool Ftz>
struct SqrtNear {
  THRIFT_SIM_INLINE static float apply(float a) { return finish<Ftz, false>(__builtin_sqrtf(flush<Ftz>(a))); }
};
struct RcpF64 {
  THRIFT_SIM_INLINE static double apply(double a) { return 1.0 / a; }
};
struct SqrtF64 {
  THRIFT_SIM_INLINE static double apply(double a) { return __builtin_sqrt(a); }
};
/// A subnormal f64 becomes a zero of its sign.
THRIFT_SIM_INLINE double flushF64(double x) {
  constexpr uint64_t kExponent = 0x7FF0000000000000ull;
  return (bitsOf(x) & kExponent) == 0 ? floatOf<double>(bitsOf(x) & kSignBit<double>) : x;
}
/// rcp.approx.ftz.f64 reads and writes the upper 32 bits only.
struct RcpApproxF64 {
  THRIFT_SIM_INLINE static double apply(double a) {
    double x = flushF64(floatOf<double>(bitsOf(a) & 0xFFFFFFFF00000000ull));
    if (x != x)
      return floatOf<double>(0x7FFFFFFF00000000ull);
    return floatOf<double>(bitsOf(flushF64(1.0 / x)) & 0xFFFFFFFF00000000ull);
  }
};
/// rsqrt.approx.ftz.f64 too.
struct RsqrtApproxFtzF64 {
  THRIFT_SIM_INLINE static double apply(double a) {
    double x = flushF64(floatOf<double>(bitsOf(a) & 0xFFFFFFFF00000000ull));
    if (x != x || x < 0)
      return floatOf<double>(0x7FFFFFFF00000000ull);
    // Of -0 it is -infinity, as of 1 / sqrt. Results are never subnormal.
    return floatOf<double>((bitsOf(1.0 / __builtin_sqrt(x)) + 0x80000000u) & 0xFFFFFFFF00000000ull);
  }
};
struct RsqrtApproxF64 {
  THRIFT_SIM_INLINE static double apply(double a) { return 1.0 / __builtin_sqrt(a); }
};

void decodeRcpSqrt(Form &form, bool isSqrt) {
  bool approx = form.take("approx"), rounds;
  RoundingMode mode = takeRounding(form, &rounds);
  if (approx == rounds)
    return form.invalid("needs .approx or one rounding mode");
  form.inst.flags = form.take("ftz");
  form.inst.imm = static_cast<int64_t>(mode);
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (type == Ty::F64) {
    if (approx)
      return isSqrt || !form.inst.flags ? form.noSuchForm() : form.use<Map1<RcpApproxF64, double, double>>();
    if (mode != RoundingMode::Nearest || form.inst.flags)
      return form.unsupported("f64 with directed rounding");
    return isSqrt ? form.use<Map1<SqrtF64, double, double>>() : form.use<Map1<RcpF64, double, double>>();
  }
  if (type != Ty::F32)
    return form.noSuchForm();
  if (approx)
    return form.use(isSqrt ? &runScalar<sqrtApprox> : &runScalar<rcpApprox>);
  if (mode != RoundingMode::Nearest)
    return form.use(isSqrt ? &runRounded<sqrtF32> : &runRounded<reciprocal>);
  if (form.inst.flags)
    return isSqrt ? form.use<Map1<SqrtNear<true>, float, float>>() : form.use<Map1<RcpNear<true>, float, float>>();
  isSqrt ? form.use<Map1<SqrtNear<false>, float, float>>() : form.use<Map1<RcpNear<false>, float, float>>();
}
void decodeRcp(Form &form) { decodeRcpSqrt(form, false); }
void decodeSqrt(Form &form) { decodeRcpSqrt(form, true); }

/// These have no other form.
bool takeApprox(Form &form) {
  if (form.take("approx"))
    return true;
  form.invalid(".approx is missing");
  return false;
}

/// lg2 rsqrt sin cos: f32 with an optional .ftz.
template <float (*Function)(float, Ftz)>
void decodeApprox(Form &form) {
  if (!takeApprox(form))
    return;
  form.inst.flags = form.take("ftz");
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  if (type == Ty::F32)
    return form.use(&runScalar<Function>);
  if (type == Ty::F64 && form.opcode().base == "rsqrt")
    form.inst.flags ? form.use<Map1<RsqrtApproxFtzF64, double, double>>()
                    : form.use<Map1<RsqrtApproxF64, double, double>>();
}

void decodeEx2(Form &form) {
  if (!takeApprox(form))
    return;
  bool ftz = form.take("ftz");
  form.inst.flags = ftz;
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  switch (type) {
  case Ty::F32:
    return form.use(&runEx2);
  // f16 never flushes, bf16 always does.
  case Ty::F16:
    return ftz ? form.noSuchForm() : form.use(&runHalf<ex2F16, false>);
  case Ty::F16x2:
    return ftz ? form.noSuchForm() : form.use(&runHalf<ex2F16, true>);
  case Ty::BF16:
    return ftz ? form.use(&runHalf<ex2ApproxBf16, false>) : form.noSuchForm();
  case Ty::BF16x2:
    return ftz ? form.use(&runHalf<ex2ApproxBf16, true>) : form.noSuchForm();
  default:
    return form.noSuchForm();
  }
}

void decodeTanh(Form &form) {
  if (!takeApprox(form))
    return;
  Ty type = form.type();
  form.d(0, bitsOf(type)), form.a(1, type);
  switch (type) {
  case Ty::F32:
    return form.use(&runTanh);
  case Ty::F16:
    return form.use(&runHalf<tanhApproxF16, false>);
  case Ty::F16x2:
    return form.use(&runHalf<tanhApproxF16, true>);
  case Ty::BF16:
    return form.use(&runHalf<tanhApproxBf16, false>);
  case Ty::BF16x2:
    return form.use(&runHalf<tanhApproxBf16, true>);
  default:
    return form.noSuchForm();
  }
}

constexpr InstructionClass kClass = InstructionClass::Special;

constexpr OpcodeEntry kOpcodes[] = {
    {"cos", Domain::Any, kClass, decodeApprox<cosApprox>},
    {"ex2", Domain::Any, kClass, decodeEx2},
    {"lg2", Domain::Any, kClass, decodeApprox<lg2Approx>},
    {"rcp", Domain::Any, kClass, decodeRcp},
    {"rsqrt", Domain::Any, kClass, decodeApprox<rsqrtApprox>},
    {"sin", Domain::Any, kClass, decodeApprox<sinApprox>},
    {"sqrt", Domain::Any, kClass, decodeSqrt},
    {"tanh", Domain::Any, kClass, decodeTanh},
};

} // namespace

OpcodeTable specialFunctionOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
