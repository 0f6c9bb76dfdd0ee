//===- MmaKernels.h - what the vector implementations of mma() share --------===//
//
// Internal to the folder. mma() cuts a product into steps; a kernel does one step of one tile. The roles are named by
// the loops, not by the operands: one operand supplies `rows` (one broadcast value per step of k), the other `lanes`
// (vectors). Multiplication commutes, so either of A and B can be either.
//
// The arithmetic of a lane, with F fraction bits, all of it exact except the wanted truncations:
//   E     = max of the exponents of C and of the products (sums of 16-bit exponents, computed beforehand)
//   sum  += int(row * lane * 2^(F - E))   float to int conversion truncates toward zero; |sum| < 2^31 for 16 products
//   D     = roundTowardZero(sum) * 2^(E - F)
// row * lane is exact in f32 while it is a normal number. If it is below 2^-126 and E >= kLowestExponent, then it is
// below the window anyway, and its rounding does not matter. Lanes with infinities, NaN, or E beyond the limits below
// go to dotReference.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_MMAKERNELS_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_MMAKERNELS_H

#include "dialect/formats/FloatBits.h"
#include "runtime/sim/arith/Mma.h"

namespace thrift::sim {

/// Exponents are int16. Zero and special (infinity, NaN) stay apart from every ordinary sum (at most 512 in magnitude)
/// even after they are added with saturation: zero + special is still above every limit.
inline constexpr int kZeroExponent = -8192;
inline constexpr int kSpecialExponent = 16384;
inline constexpr int kNoTerm = -4096; ///< a maximum below this means that all products are zero
/// Exponent of a scale that is NaN: above every limit, even beside two zeros.
inline constexpr int kNanShift = 30000;

/// Limits within which the vector arithmetic is exact.
inline constexpr int kHighestProduct = 125; ///< row * lane < 2^127
inline constexpr int kHighestExponent = 127;
inline constexpr int kLowestExponent = -100;
inline constexpr int kLowestGroupExponent = -90; ///< of exact groups, whose window is wider

/// Lanes come in multiples of this, and sums of products in runs of this length at most (int32).
inline constexpr int kLaneGroup = 16;
inline constexpr int kSumRun = 16;

/// One step of one tile.
struct MmaStep {
  int rows, lanes, k;     ///< lanes is a multiple of kLaneGroup
  const float *rowValues; ///< [rows][rowStride], k contiguous
  ptrdiff_t rowStride;
  const uint32_t *rowExponents; ///< [rows][k], the int16 twice in a word, ready for a broadcast
  const float *laneValues;      ///< [k][laneStride]
  ptrdiff_t laneStride;
  const int16_t *laneExponents; ///< [k][exponentStride]
  ptrdiff_t exponentStride;
  float *sums; ///< [rows][sumStride], C on entry, D on return
  ptrdiff_t sumStride;
  int fractionBits;
  MmaRounding rounding;
  MmaElement rowElement, laneElement;

  // Block scales; null without. One group per step for plain products, k / exactGroup of them for exact groups.
  int exactGroup;                          ///< as in the model
  const int16_t *rowShifts;                ///< [rows][groups] exponents of the scales
  const int16_t *laneShifts;               ///< [groups][exponentStride]
  const float *rowFactors;                 ///< [rows][groups] significands of the scales, in [0, 2); exact groups only
  const float *laneFactors;                ///< [groups][exponentStride]
  const MmaScales *rowScales, *laneScales; ///< the codes of the whole operands, for redoLane
  int firstRow, firstLane, firstK;         ///< where this step lies in them
};

/// One implementation.
struct MmaKernels {
  const char *name;
  void (*step)(const MmaStep &step);      ///< exactGroup = 0
  void (*groupStep)(const MmaStep &step); ///< exactGroup > 0; exponents of elements are not needed
  /// Exponents of count values; `smallest` is the format's.
  void (*laneExponents)(const float *values, int16_t *exponents, int count, int smallest);
  void (*rowExponents)(const float *values, uint32_t *exponents, int count, int smallest);
  /// values[k][lanes] from a source whose k is contiguous: source[lane * stride + i], k a multiple of 8, lanes of 8.
  void (*transpose)(const float *source, ptrdiff_t stride, float *values, ptrdiff_t laneStride, int lanes, int k);
};

/// All implementations that this machine can run, the best last; the first is the portable one.
struct MmaKernelList {
  const MmaKernels *kernels[3];
  int count;
};
MmaKernelList availableMmaKernels();

const MmaKernels *portableMmaKernels();
const MmaKernels *avx2MmaKernels();   ///< null if not built for x86-64 or not supported by this machine
const MmaKernels *avx512MmaKernels(); ///< the same

/// mma() and mmaScaled() with a given implementation; the tests compare all of them.
void mmaWith(const MmaKernels &kernels, const MmaModel &model, MmaShape shape, MmaOperand a, MmaOperand b,
             ConstMatrix c, Matrix d);
void mmaScaledWith(const MmaKernels &kernels, const MmaModel &model, MmaShape shape, MmaOperand a, MmaScales aScales,
                   MmaOperand b, MmaScales bScales, ConstMatrix c, Matrix d);

/// Redoes one lane of a step in integers. `c` is the value that `sums` held.
float redoLane(const MmaStep &step, int row, int lane, float c);

/// Before a loop over a few registers: indexed by variables, they would live in memory.
#define THRIFT_UNROLL _Pragma("GCC unroll 8")

/// The exponent of one value as the alignment sees it. Inlined into each implementation, whose compiler flags differ.
__attribute__((always_inline)) inline int alignmentExponent(float value, int smallest) {
  uint32_t magnitude = bitsOfF32(value) & ~kF32SignMask;
  int exponent = static_cast<int>(magnitude >> 23) - kF32Bias;
  exponent = exponent < smallest ? smallest : exponent;
  exponent = magnitude == 0 ? kZeroExponent : exponent;
  return magnitude >= kF32InfBits ? kSpecialExponent : exponent;
}

/// The exponent that C brings to a step.
inline int smallestOfC(MmaRounding rounding) { return rounding == MmaRounding::F16NearestEven ? -14 : -126; }

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_MMAKERNELS_H
