//===- FloatMath.h - lane arithmetic on f32 and f64 -------------------------===//
//
// What the float families share: flushing, saturation, canonical NaNs, the minimum and maximum rules of PTX.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_FLOATMATH_H
#define THRIFTJIT_RUNTIME_SIM_OPS_FLOATMATH_H

#include "runtime/sim/arith/Rounding.h"
#include "runtime/sim/decode/Form.h"
#include "runtime/sim/machine/Lanes.h"

namespace thrift::sim {

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
template <typename T>
THRIFT_SIM_INLINE BitsOf<T> bitsOf(T x) {
  return __builtin_bit_cast(BitsOf<T>, x);
}
template <typename T>
THRIFT_SIM_INLINE T floatOf(BitsOf<T> bits) {
  return __builtin_bit_cast(T, bits);
}
template <typename T>
constexpr BitsOf<T> kSignBit = BitsOf<T>(1) << (8 * sizeof(T) - 1);

/// f32 results have one NaN, 0x7FFFFFFF. f64 keeps sign and payload and only makes a NaN quiet, like the host.
THRIFT_SIM_INLINE float canonical(float x) { return x != x ? floatOf<float>(kCanonicalNan) : x; }
THRIFT_SIM_INLINE double canonical(double x) { return x != x ? floatOf<double>(bitsOf(x) | 0x0008000000000000ull) : x; }

/// An f64 operation on NaNs gives the first of them in the order of the arguments here, made quiet. f32 has one NaN only,
/// so for it the result stays as it is.
THRIFT_SIM_INLINE double chooseNan(double result) { return result; }
template <typename... Others>
THRIFT_SIM_INLINE double chooseNan(double result, double first, Others... others) {
  return first != first ? canonical(first) : chooseNan(result, others...);
}
template <typename... Operands>
THRIFT_SIM_INLINE float chooseNan(float result, Operands...) {
  return result;
}

template <bool Flush, typename T>
THRIFT_SIM_INLINE T flush(T x) {
  if constexpr (Flush && sizeof(T) == 4) {
    uint32_t bits = bitsOf(x);
    return floatOf<float>((bits & 0x7F800000u) == 0 ? bits & 0x80000000u : bits);
  } else {
    return x;
  }
}

/// .sat: clamped to [0, 1], NaN becomes +0.
template <typename T>
THRIFT_SIM_INLINE T clampToUnit(T x) {
  T low = x > T(0) ? x : T(0);
  return low < T(1) ? low : T(1);
}

/// A result on its way to the register.
template <bool Flush, bool Saturate, typename T>
THRIFT_SIM_INLINE T finish(T x) {
  T result = flush<Flush>(canonical(x));
  return Saturate ? clampToUnit(result) : result;
}

struct Minimum {
  template <typename T>
  THRIFT_SIM_INLINE static T ofNumbers(T a, T b) {
    // Of two zeros, -0 is less than +0.
    return a == b ? floatOf<T>(bitsOf(a) | bitsOf(b)) : a < b ? a : b;
  }
};
struct Maximum {
  template <typename T>
  THRIFT_SIM_INLINE static T ofNumbers(T a, T b) {
    return a == b ? floatOf<T>(bitsOf(a) & bitsOf(b)) : a > b ? a : b;
  }
};

/// min and max: a NaN loses against a number, unless .NaN makes it win.
template <typename Which, bool PropagateNan, typename T>
THRIFT_SIM_INLINE T extremum(T a, T b) {
  bool aIsNan = a != a, bIsNan = b != b;
  T value = Which::ofNumbers(a, b);
  if constexpr (PropagateNan)
    value = aIsNan ? a : bIsNan ? b : value;
  else
    value = aIsNan ? b : bIsNan ? a : value; // of two NaNs the second
  return canonical(value);
}

/// .xorsign.abs: the extremum of the magnitudes, with the product of the signs.
template <typename Which, bool PropagateNan, typename T>
THRIFT_SIM_INLINE T extremumXorSign(T a, T b) {
  BitsOf<T> sign = (bitsOf(a) ^ bitsOf(b)) & kSignBit<T>;
  T value = extremum<Which, PropagateNan>(floatOf<T>(bitsOf(a) & ~kSignBit<T>), floatOf<T>(bitsOf(b) & ~kSignBit<T>));
  return value != value ? value : floatOf<T>(bitsOf(value) | sign);
}

/// Takes .rn .rz .rm .rp; Nearest if there is none. `given` says whether there was one.
RoundingMode takeRounding(Form &form, bool *given = nullptr);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_FLOATMATH_H
