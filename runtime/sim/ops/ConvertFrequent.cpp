//===- ConvertFrequent.cpp - the conversions of inner loops -----------------===//

#include "runtime/sim/ops/ConvertPlan.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

template <typename R>
struct Cast {
  template <typename A>
  THRIFT_SIM_INLINE static R apply(A a) {
    return static_cast<R>(a);
  }
};
// A NaN of f16 becomes the canonical one, of bf16 it keeps its bits.
struct Widen {
  THRIFT_SIM_INLINE static float apply(F16 a) { return canonical(a.value()); }
  THRIFT_SIM_INLINE static float apply(BF16 a) { return a.value(); }
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

} // namespace

bool useFrequentConversion(Form &form, const ConvertPlan &plan) {
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

} // namespace thrift::sim
