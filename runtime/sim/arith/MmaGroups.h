//===- MmaGroups.h - one step of the 4-bit kinds ----------------------------===//
//
// Internal: kind::mxf4 and mxf4nvf4, where groups of products are summed exactly before they meet their scales. A
// group's sum of E2M1 products is a multiple of 1/4 below 2^10, its two significands have 4 bits each: the product is
// an exact f32. In units of the window (35 bits) it is below 2^47, so all the rest is exact in f64. Plain loops over
// kLaneGroup lanes: compilers vectorise them for the caller's instruction set, into which this is inlined.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_MMAGROUPS_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_MMAGROUPS_H

#include "runtime/sim/arith/MmaKernels.h"

#include <cmath>
#include <cstring>

namespace thrift::sim {

__attribute__((always_inline)) inline double powerOfTwoF64(int exponent) {
  int64_t bits = static_cast<int64_t>(exponent + 1023) * (int64_t(1) << 52);
  double power;
  std::memcpy(&power, &bits, sizeof power);
  return power;
}

/// One row and kLaneGroup lanes.
__attribute__((always_inline)) inline void exactGroupLanes(const MmaStep &step, int row, int firstLane, int groups) {
  constexpr int kLanes = kLaneGroup;
  const float *rowValues = step.rowValues + row * step.rowStride;
  const float *laneValues = step.laneValues + firstLane;
  const int16_t *laneShifts = step.laneShifts + firstLane;
  const float *laneFactors = step.laneFactors + firstLane;
  float *sums = step.sums + row * step.sumStride + firstLane;

  int top[kLanes];
  for (int l = 0; l < kLanes; ++l)
    top[l] = alignmentExponent(sums[l], smallestOfC(step.rounding));
  for (int g = 0; g < groups; ++g) {
    int rowShift = step.rowShifts[row * groups + g];
    for (int l = 0; l < kLanes; ++l) {
      int shift = rowShift + laneShifts[g * step.exponentStride + l];
      top[l] = top[l] < shift ? shift : top[l];
    }
  }
  int slow = 0;
  for (int l = 0; l < kLanes; ++l) {
    slow |= (top[l] > kHighestExponent) | ((top[l] < kLowestGroupExponent) & (top[l] > kNoTerm));
    top[l] = top[l] <= kNoTerm ? 0 : top[l];
  }
  if (slow) {
    for (int l = 0; l < kLanes; ++l)
      sums[l] = redoLane(step, row, firstLane + l, sums[l]);
    return;
  }

  double total[kLanes];
  for (int l = 0; l < kLanes; ++l)
    total[l] = std::trunc(static_cast<double>(sums[l]) * powerOfTwoF64(step.fractionBits - top[l]));
  for (int g = 0; g < groups; ++g) {
    float dot[kLanes] = {};
    int end = (g + 1) * step.exactGroup < step.k ? (g + 1) * step.exactGroup : step.k;
    for (int i = g * step.exactGroup; i < end; ++i) {
      float rowValue = rowValues[i];
      for (int l = 0; l < kLanes; ++l)
        dot[l] += rowValue * laneValues[i * step.laneStride + l];
    }
    int rowShift = step.rowShifts[row * groups + g];
    float rowFactor = step.rowFactors[row * groups + g];
    for (int l = 0; l < kLanes; ++l) {
      float term = dot[l] * rowFactor * laneFactors[g * step.exponentStride + l];
      // Scales of zero have a shift far below; their term is zero, the exponent must only stay within f64.
      int exponent = step.fractionBits - top[l] + rowShift + laneShifts[g * step.exponentStride + l];
      exponent = exponent < -1022 ? -1022 : exponent;
      total[l] += std::trunc(static_cast<double>(term) * powerOfTwoF64(exponent));
    }
  }
  for (int l = 0; l < kLanes; ++l) {
    // Cut to the 24 bits of an f32, which is normal by the choice of kLowestGroupExponent.
    int64_t bits;
    std::memcpy(&bits, &total[l], sizeof bits);
    bits &= ~((int64_t(1) << 29) - 1);
    std::memcpy(&total[l], &bits, sizeof bits);
    sums[l] = static_cast<float>(total[l] * powerOfTwoF64(top[l] - step.fractionBits));
  }
}

__attribute__((always_inline)) inline void exactGroupStep(const MmaStep &step) {
  int groups = (step.k + step.exactGroup - 1) / step.exactGroup;
  for (int row = 0; row < step.rows; ++row)
    for (int lane = 0; lane < step.lanes; lane += kLaneGroup)
      exactGroupLanes(step, row, lane, groups);
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_MMAGROUPS_H
