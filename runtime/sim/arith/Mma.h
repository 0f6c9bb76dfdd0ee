//===- Mma.h - bit-exact tensor-core matrix products ------------------------===//
//
// D = A B + C as NVIDIA's tensor cores compute it. The hardware does not chain fused multiply-adds: it sums a block of
// products and C at once in a fixed-point window, and it truncates. The recipe for one output and one block of K:
//
//   1. Every product is exact. Its exponent is the sum of the operands' exponents, *not* normalised: the significand is
//      in [1, 4) (below 1 for subnormals, which keep their format's smallest exponent). C is one more term.
//   2. E = the largest exponent of all terms that are not zero (at least kMinAlignmentExponent). Each term is truncated
//      toward zero to a multiple of 2^(E - F); F is MmaModel::fractionBits.
//   3. The truncated terms are added exactly, in no particular order.
//   4. The sum is rounded once to the output: toward zero to f32, toward zero to 13 fraction bits, or to nearest f16.
//
// NaN anywhere, infinity times zero, and infinities of both signs give the canonical NaN 0x7FFFFFFF. A sum of zero is
// +0. A sum beyond the largest finite number is an infinity, in spite of the rounding toward zero.
//
// Sources: MMA-Sim (arXiv 2511.10909) and Khattak and Mikaitis (arXiv 2512.07004), who found this on V100 to B200.
//
// Two layers: dotReference (MmaReference.h) is the recipe in integers, one output at a time; mma() below is
// bit-identical and fast (AVX-512, AVX2 or portable code, chosen at run time). Neither knows lanes, fragments or
// descriptors.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_MMA_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_MMA_H

#include "runtime/sim/arith/Elements.h"

#include <cstddef>
#include <cstdint>

namespace thrift::sim {

/// How a block's exact sum becomes the output.
enum class MmaRounding : uint8_t {
  F32TowardZero,
  E8M13TowardZero, ///< an f32 whose low 10 fraction bits are zero
  F16NearestEven,  ///< C and D are f16, handed over as f32 of the same value
};

/// An accumulation model: what one step of the hardware adds up.
struct MmaModel {
  int blockK;           ///< products per step; a longer K runs in steps of this size, in ascending order
  int fractionBits;     ///< F
  MmaRounding rounding; ///< applied after every step
  int exactGroup = 0;   ///< not 0: products are first summed exactly in groups of this size, then scaled (4-bit kinds)

  bool operator==(const MmaModel &o) const {
    return blockK == o.blockK && fractionBits == o.fractionBits && rounding == o.rounding && exactGroup == o.exactGroup;
  }
};

/// mma.sync, wgmma and tcgen05 on f16 and bf16, Hopper and Blackwell.
inline constexpr MmaModel kMmaF16 = {16, 25, MmaRounding::F32TowardZero};
inline constexpr MmaModel kMmaF16ToF16 = {16, 25, MmaRounding::F16NearestEven};
inline constexpr MmaModel kMmaTf32 = {8, 25, MmaRounding::F32TowardZero};
/// 8-, 6- and 4-bit operands: tcgen05 kind::f8f6f4 and kind::mxf8f6f4, and mma.sync on sm_120. mma.sync on sm_90 and
/// sm_100 is none of these models: there the assembler makes two f16 products of it, k % 4 < 2 first and k % 4 >= 2
/// second, both with kMmaF16, and adds C last, rounded to nearest (ops/Mma.cpp; measured on an H100).
inline constexpr MmaModel kMmaFp8 = {32, 25, MmaRounding::F32TowardZero};
inline constexpr MmaModel kMmaFp8ToF16 = {32, 25, MmaRounding::F16NearestEven};
/// Hopper's wgmma on 8-bit operands keeps only 13 bits.
inline constexpr MmaModel kWgmmaFp8 = {32, 13, MmaRounding::E8M13TowardZero};
inline constexpr MmaModel kWgmmaFp8ToF16 = {32, 13, MmaRounding::F16NearestEven};
/// kind::mxf4 and kind::mxf4nvf4, tcgen05 and sm_120's mma.sync: only mmaScaled takes it.
inline constexpr MmaModel kMmaMxf4 = {64, 35, MmaRounding::F32TowardZero, 16};

/// E never falls below this.
inline constexpr int kMinAlignmentExponent = -133;

/// A matrix of f32 that is read; element (i, j) is data[i * rowStride + j * columnStride]. One stride should be 1.
struct ConstMatrix {
  const float *data;
  ptrdiff_t rowStride;
  ptrdiff_t columnStride = 1;
};

/// A matrix of f32 that is written.
struct Matrix {
  float *data;
  ptrdiff_t rowStride;
  ptrdiff_t columnStride = 1;

  operator ConstMatrix() const { return {data, rowStride, columnStride}; }
};

/// An operand, widened to f32 (Elements.h). Every value must be one that `element` can hold.
struct MmaOperand {
  MmaElement element;
  ConstMatrix values;
};

struct MmaShape {
  int m, n, k;
};

/// D[m][n] = A[m][k] B[k][n] + C[m][n]. Any m, n, k >= 0; k = 0 copies C. D may be C.
/// Whole vectors are 16 wide, and run over n or over m, whichever wastes less; fastest where that dimension is
/// contiguous in its operand (B with columnStride 1, A with rowStride 1) and in D. Thread-safe, allocates nothing.
void mma(const MmaModel &model, MmaShape shape, MmaOperand a, MmaOperand b, ConstMatrix c, Matrix d);

/// The same for encoded f16 operands: a[m * lda + k], b[k * ldb + n], c[m * ldc + n], d[m * ldd + n].
void mmaF16(const MmaModel &model, MmaShape shape, const uint16_t *a, ptrdiff_t lda, const uint16_t *b, ptrdiff_t ldb,
            const float *c, ptrdiff_t ldc, float *d, ptrdiff_t ldd);

/// One m16n8k16 tile with f32 accumulators, the shape of mma.sync, at the least overhead. All arrays dense:
///   a[m][k], 16 x 16 codes;  bt[n][k], 8 x 16 codes;  ct[n][m] and dt[n][m], 8 x 16 f32 (transposed!).
/// The two k of one fragment register are neighbours in a and in bt, so a caller moves 32-bit words. dt may be ct.
/// Model kMmaF16. (The order of k is free, as long as a and bt agree.)
void mmaM16N8K16F16(const uint16_t *a, const uint16_t *bt, const float *ct, float *dt);
/// The same for bf16 codes.
void mmaM16N8K16Bf16(const uint16_t *a, const uint16_t *bt, const float *ct, float *dt);

/// A scale format of the block-scaled kinds.
enum class MmaScaleFormat : uint8_t { UE8M0, UE4M3 };

/// Scale factors of one operand: that of row m of A (or column n of B) and block j of `width` consecutive k is
/// codes[outer * outerStride + j * blockStride]. The sign bit of UE4M3 is ignored. NaN: 0xFF (UE8M0), 0x7F (UE4M3).
struct MmaScales {
  MmaScaleFormat format;
  int width; ///< 16 or 32 (64 for scale_vec::1X over k = 64)
  const uint8_t *codes;
  ptrdiff_t outerStride;
  ptrdiff_t blockStride = 1;
};

/// D = (A scaled) (B scaled) + C. A NaN scale makes the output NaN.
///   kMmaFp8 (mxf8f6f4): UE8M0 scales of width 32 join the exponents of the products.
///   kMmaMxf4 (mxf4, mxf4nvf4): E2M1 elements only. Each group of 16 products is summed exactly and multiplied exactly
///   by the significands of its two scales; its exponent is the sum of the two scales' exponents, whatever the size of
///   the sum; a group with a scale of zero is a zero term.
void mmaScaled(const MmaModel &model, MmaShape shape, MmaOperand a, MmaScales aScales, MmaOperand b, MmaScales bScales,
               ConstMatrix c, Matrix d);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_MMA_H
