//===- MmaPortable.cpp - one MMA step in plain C++ --------------------------===//
//
// The arithmetic of MmaKernels.h for machines without an implementation of their own. The loops over kLaneGroup lanes
// are written so that a compiler can turn each into a few vector instructions.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/MmaGroups.h"
#include "runtime/sim/arith/MmaKernels.h"
#include "runtime/sim/arith/MmaReference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace thrift::sim {

float redoLane(const MmaStep &step, int row, int lane, float c) {
  MmaModel model = {step.k, step.fractionBits, step.rounding};
  DotOperand a = {step.rowElement, step.rowValues + row * step.rowStride};
  DotOperand b = {step.laneElement, step.laneValues + lane, step.laneStride};
  if (!step.rowScales)
    return dotReference(model, step.k, a, b, c);
  model.exactGroup = step.exactGroup;
  auto scalesAt = [&](const MmaScales &scales, int outer) -> DotScales {
    ptrdiff_t first = outer * scales.outerStride + step.firstK / scales.width * scales.blockStride;
    return {scales.format, scales.width, scales.codes + first, scales.blockStride};
  };
  return dotReferenceScaled(model, step.k, a, scalesAt(*step.rowScales, step.firstRow + row), b,
                            scalesAt(*step.laneScales, step.firstLane + lane), c);
}

static float powerOfTwo(int exponent) {
  return f32OfBits(static_cast<uint32_t>(exponent + kF32Bias) << kF32MantissaBits);
}

/// An exact sum, |sum| < 2^34, times 2^exponent, rounded; the result is a normal number, zero, or overflows.
static float roundSum(int64_t sum, int exponent, MmaRounding rounding) {
  double exact = static_cast<double>(sum);
  uint64_t bits;
  std::memcpy(&bits, &exact, sizeof bits);
  int precision = rounding == MmaRounding::E8M13TowardZero ? 14 : 24;
  uint64_t dropped = bits & ((uint64_t(1) << (53 - precision)) - 1);
  bits -= dropped;
  if (rounding == MmaRounding::F16NearestEven && dropped) // rounded to odd, fit to be rounded again
    bits |= uint64_t(1) << 29;
  double cut;
  std::memcpy(&cut, &bits, sizeof cut);
  return static_cast<float>(cut) * powerOfTwo(exponent);
}

static float nearestF16(float x) {
  // Adding and subtracting a number whose last bit weighs as much as the last bit of the f16 rounds to it.
  float magnitude = std::fabs(x);
  if (magnitude >= 65520.0f)
    return std::copysign(HUGE_VALF, x);
  float smallest = std::max(magnitude, 0x1p-14f);
  float anchor = f32OfBits((bitsOfF32(smallest) & kF32InfBits) + (13u << kF32MantissaBits));
  return std::copysign((magnitude + anchor) - anchor, x);
}

/// One row and kLaneGroup lanes.
static void stepGroup(const MmaStep &step, int row, int firstLane) {
  constexpr int kLanes = kLaneGroup;
  const float *rowValues = step.rowValues + row * step.rowStride;
  const uint32_t *rowExponents = step.rowExponents + ptrdiff_t(row) * step.k;
  const float *laneValues = step.laneValues + firstLane;
  const int16_t *laneExponents = step.laneExponents + firstLane;
  float *sums = step.sums + row * step.sumStride + firstLane;

  int products[kLanes];
  for (int &exponent : products)
    exponent = 2 * kZeroExponent;
  for (int i = 0; i < step.k; ++i) {
    int rowExponent = static_cast<int16_t>(rowExponents[i]);
    for (int l = 0; l < kLanes; ++l)
      products[l] = std::max(products[l], rowExponent + laneExponents[i * step.exponentStride + l]);
  }

  int top[kLanes];
  float scale[kLanes];
  bool slow = false;
  for (int l = 0; l < kLanes; ++l) {
    int shift = step.rowShifts ? step.rowShifts[row] + step.laneShifts[firstLane + l] : 0;
    int highest = std::max(products[l] + shift, alignmentExponent(sums[l], smallestOfC(step.rounding)));
    slow |=
        products[l] > kHighestProduct || highest > kHighestExponent || (highest < kLowestExponent && highest > kNoTerm);
    top[l] = highest <= kNoTerm ? 0 : highest;
    scale[l] = powerOfTwo(std::min(std::max(step.fractionBits - top[l] + shift, -126), 127));
  }
  if (slow) {
    for (int l = 0; l < kLanes; ++l)
      sums[l] = redoLane(step, row, firstLane + l, sums[l]);
    return;
  }

  int64_t total[kLanes];
  for (int l = 0; l < kLanes; ++l)
    total[l] = static_cast<int32_t>(sums[l] * powerOfTwo(step.fractionBits - top[l]));
  for (int first = 0; first < step.k; first += kSumRun) {
    int32_t run[kLanes] = {};
    for (int i = first; i < std::min(first + kSumRun, step.k); ++i) {
      float rowValue = rowValues[i];
      for (int l = 0; l < kLanes; ++l)
        run[l] += static_cast<int32_t>(rowValue * laneValues[i * step.laneStride + l] * scale[l]);
    }
    for (int l = 0; l < kLanes; ++l)
      total[l] += run[l];
  }
  for (int l = 0; l < kLanes; ++l) {
    float value = roundSum(total[l], top[l] - step.fractionBits, step.rounding);
    sums[l] = step.rounding == MmaRounding::F16NearestEven ? nearestF16(value) : value;
  }
}

static void stepPortable(const MmaStep &step) {
  for (int row = 0; row < step.rows; ++row)
    for (int lane = 0; lane < step.lanes; lane += kLaneGroup)
      stepGroup(step, row, lane);
}

static void groupStepPortable(const MmaStep &step) { exactGroupStep(step); }

static void laneExponentsPortable(const float *values, int16_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = static_cast<int16_t>(alignmentExponent(values[i], smallest));
}

static void rowExponentsPortable(const float *values, uint32_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = (static_cast<uint32_t>(alignmentExponent(values[i], smallest)) & 0xFFFFu) * 0x10001u;
}

static void transposePortable(const float *source, ptrdiff_t stride, float *values, ptrdiff_t laneStride, int lanes,
                              int k) {
  for (int lane = 0; lane < lanes; ++lane)
    for (int i = 0; i < k; ++i)
      values[i * laneStride + lane] = source[lane * stride + i];
}

const MmaKernels *portableMmaKernels() {
  static constexpr MmaKernels kKernels = {
      "portable", stepPortable, groupStepPortable, laneExponentsPortable, rowExponentsPortable, transposePortable};
  return &kKernels;
}

} // namespace thrift::sim
