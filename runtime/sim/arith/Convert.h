//===- Convert.h - cvt from f32 to the narrower formats ---------------------===//
//
// The rounding modes and saturation rules of PTX cvt that the formats library does not need: dialect/formats rounds to
// nearest even only. All functions are exact: one rounding from the f32.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_CONVERT_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_CONVERT_H

#include "runtime/sim/arith/Rounding.h"

#include <cstdint>

namespace thrift::sim {

/// What happens to a finite value that is too large, and to infinities.
enum class Overflow : uint8_t {
  Ieee,      ///< infinity or the largest finite number, as the rounding mode says
  SatFinite, ///< .satfinite: the largest finite number
};

/// NaN gives 0x7FFF in both.
uint16_t cvtF16(float x, RoundingMode mode, Overflow overflow = Overflow::Ieee);
uint16_t cvtBf16(float x, RoundingMode mode, Overflow overflow = Overflow::Ieee);

/// .rs: the random bits are added to the cut-off bits of the significand, and a carry rounds away from zero. f16 takes
/// 13 of them, bf16 16, which is what it cuts off from a normal number. Of the longer tail that a subnormal result cuts
/// off only the topmost 13 take part (our assumption, as is: overflow gives an infinity). NaN gives 0x7FFF.
uint16_t cvtF16Stochastic(float x, uint32_t randomBits, Overflow overflow = Overflow::Ieee);
uint16_t cvtBf16Stochastic(float x, uint32_t randomBits, Overflow overflow = Overflow::Ieee);

/// cvt to tf32: f32 bits whose low 13 bits are zero. NaN gives 0x7FFFFFFF.
uint32_t cvtTf32(float x, RoundingMode mode, Overflow overflow = Overflow::Ieee);
/// .rna: to nearest, ties away from zero.
uint32_t cvtTf32NearestAway(float x, Overflow overflow = Overflow::Ieee);

/// Always .satfinite. NaN gives 0x7F. `mode` is Nearest in PTX; the others serve models and experiments.
uint8_t cvtE4m3(float x, RoundingMode mode = RoundingMode::Nearest);
uint8_t cvtE5m2(float x, RoundingMode mode = RoundingMode::Nearest);
/// 6- and 4-bit codes in the low bits. These formats have no NaN: NaN gives the largest positive value.
uint8_t cvtE3m2(float x, RoundingMode mode = RoundingMode::Nearest);
uint8_t cvtE2m3(float x, RoundingMode mode = RoundingMode::Nearest);
uint8_t cvtE2m1(float x, RoundingMode mode = RoundingMode::Nearest);
/// Powers of two, .rz or .rp (Zero or Up). The sign is dropped; zero and small values give 2^-127; values beyond 2^127
/// and infinities give 2^127 with SatFinite and NaN otherwise; NaN gives 0xFF.
uint8_t cvtUe8m0(float x, RoundingMode mode, Overflow overflow = Overflow::SatFinite);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_CONVERT_H
