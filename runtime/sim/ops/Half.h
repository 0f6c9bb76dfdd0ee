//===- Half.h - 16-bit floats as lane types ---------------------------------===//
//
// f16 and bf16 in a plane are bit patterns; arithmetic on them is done on f32 or f64 values and rounded once.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_HALF_H
#define THRIFTJIT_RUNTIME_SIM_OPS_HALF_H

#include "dialect/formats/Float16.h"
#include "runtime/sim/machine/Lanes.h"

namespace thrift::sim {

struct F16 {
  uint16_t bits;
  static constexpr int kFractionBits = 10, kBias = 15;

  THRIFT_SIM_INLINE float value() const { return f32FromF16(bits); }
  THRIFT_SIM_INLINE static F16 round(float x) { return {f16FromF32(x)}; }
};

struct BF16 {
  uint16_t bits;
  static constexpr int kFractionBits = 7, kBias = 127;

  THRIFT_SIM_INLINE float value() const { return f32FromBf16(bits); }
  THRIFT_SIM_INLINE static BF16 round(float x) { return {bf16FromF32(x)}; }
};

THRIFT_SIM_INLINE uint32_t packHalves(uint16_t low, uint16_t high) { return low | uint32_t(high) << 16; }
THRIFT_SIM_INLINE uint16_t lowHalf(uint32_t x) { return static_cast<uint16_t>(x); }
THRIFT_SIM_INLINE uint16_t highHalf(uint32_t x) { return static_cast<uint16_t>(x >> 16); }

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_HALF_H
