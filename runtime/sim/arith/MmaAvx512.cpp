//===- MmaAvx512.cpp - one MMA step with AVX-512 ----------------------------===//
//
// The arithmetic of MmaKernels.h, 16 lanes a vector. GCC 12 does not find this code in the plain loops (it is ten times
// slower there), hence the intrinsics. Conversion of an integer sum to f32 toward zero is one instruction here.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/MmaKernels.h"

#if defined(__x86_64__)

#include "runtime/sim/arith/MmaGroups.h"
#include "runtime/sim/arith/MmaTranspose.h"

#include <immintrin.h>

#define THRIFT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")))

namespace thrift::sim {

namespace {
/// What the epilogue needs of 16 lanes of one row.
struct Lanes {
  __m512 scale;     ///< brings a product to units of the window
  __m512 unit;      ///< the weight of such a unit
  __m512i total;    ///< the sum so far, C to begin with
  __m512i overflow; ///< sign bit set: the sum left int32
  __mmask16 slow;
};
} // namespace

THRIFT_AVX512 static inline __m512 powersOfTwo(__m512i exponents) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(exponents, _mm512_set1_epi32(kF32Bias)), 23));
}

/// Chooses the window from the largest exponents of the products (int32) and C.
/// Plain (no scales, f32 toward zero) is the common case and saves its branches.
template <bool Plain>
THRIFT_AVX512 static inline Lanes openWindow(const MmaStep &step, int row, int lane, __m512i products, __m512 c) {
  __m512i magnitude = _mm512_and_epi32(_mm512_castps_si512(c), _mm512_set1_epi32(0x7FFFFFFF));
  __m512i ofC = _mm512_sub_epi32(_mm512_srli_epi32(magnitude, 23), _mm512_set1_epi32(kF32Bias));
  ofC = _mm512_max_epi32(ofC, _mm512_set1_epi32(Plain ? -126 : smallestOfC(step.rounding)));
  ofC = _mm512_mask_mov_epi32(ofC, _mm512_testn_epi32_mask(magnitude, magnitude), _mm512_set1_epi32(kZeroExponent));

  __m512i fractionBits = _mm512_set1_epi32(step.fractionBits);
  __m512i shift = _mm512_setzero_si512();
  if (!Plain && step.rowShifts)
    shift = _mm512_add_epi32(
        _mm512_set1_epi32(step.rowShifts[row]),
        _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(step.laneShifts + lane))));

  __m512i top = _mm512_max_epi32(_mm512_add_epi32(products, shift), ofC);
  __mmask16 empty = _mm512_cmple_epi32_mask(top, _mm512_set1_epi32(kNoTerm));
  __mmask16 slow =
      _mm512_cmpgt_epi32_mask(products, _mm512_set1_epi32(kHighestProduct)) |
      _mm512_cmpgt_epi32_mask(top, _mm512_set1_epi32(kHighestExponent)) |
      _mm512_mask_cmplt_epi32_mask(static_cast<__mmask16>(~empty), top, _mm512_set1_epi32(kLowestExponent));
  top = _mm512_maskz_mov_epi32(static_cast<__mmask16>(~empty), top);

  __m512i toUnits = _mm512_sub_epi32(fractionBits, top);
  __m512i scale = _mm512_add_epi32(toUnits, shift);
  if (!Plain && step.rowShifts)
    scale = _mm512_max_epi32(_mm512_min_epi32(scale, _mm512_set1_epi32(127)), _mm512_set1_epi32(-126));
  Lanes lanes;
  lanes.scale = powersOfTwo(scale);
  lanes.unit = powersOfTwo(_mm512_sub_epi32(top, fractionBits));
  lanes.total = _mm512_cvttps_epi32(_mm512_mul_ps(c, powersOfTwo(toUnits)));
  lanes.overflow = _mm512_setzero_si512();
  lanes.slow = slow;
  return lanes;
}

THRIFT_AVX512 static inline void addRun(Lanes &lanes, __m512i run) {
  __m512i total = _mm512_add_epi32(lanes.total, run);
  // (total ^ new) & (run ^ new): both addends differ in sign from the sum.
  __m512i wrapped = _mm512_and_epi32(_mm512_xor_epi32(lanes.total, total), _mm512_xor_epi32(run, total));
  lanes.overflow = _mm512_or_epi32(lanes.overflow, wrapped);
  lanes.total = total;
}

/// Rounds and stores; returns the lanes that it left alone.
template <bool Plain>
THRIFT_AVX512 static inline __mmask16 closeWindow(const Lanes &lanes, MmaRounding rounding, float *sums) {
  __m512 cut = _mm512_cvt_roundepi32_ps(lanes.total, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  if (!Plain && rounding == MmaRounding::E8M13TowardZero)
    cut = _mm512_castsi512_ps(_mm512_and_epi32(_mm512_castps_si512(cut), _mm512_set1_epi32(~0x3FF)));
  if (!Plain && rounding == MmaRounding::F16NearestEven) {
    // Rounded to odd, so that the second rounding, to f16, does not err.
    __mmask16 inexact = _mm512_cmpneq_epi32_mask(_mm512_cvttps_epi32(cut), lanes.total);
    __m512i bits = _mm512_castps_si512(cut);
    cut = _mm512_castsi512_ps(_mm512_mask_or_epi32(bits, inexact, bits, _mm512_set1_epi32(1)));
  }
  __m512 result = _mm512_mul_ps(cut, lanes.unit);
  if (!Plain && rounding == MmaRounding::F16NearestEven)
    result = _mm512_cvtph_ps(_mm512_cvtps_ph(result, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  __mmask16 slow = lanes.slow | _mm512_movepi32_mask(lanes.overflow);
  _mm512_mask_storeu_ps(sums, static_cast<__mmask16>(~slow), result);
  return slow;
}

static void redoLanes(const MmaStep &step, int row, int firstLane, unsigned mask) {
  for (int l = 0; mask; ++l, mask >>= 1)
    if (mask & 1) {
      float &sum = step.sums[row * step.sumStride + firstLane + l];
      sum = redoLane(step, row, firstLane + l, sum);
    }
}

/// The largest exponents of the products of Rows x (Vectors * 16) outputs.
template <int Rows, int Vectors>
THRIFT_AVX512 static inline void productExponents(const MmaStep &step, int row, int lane, __m512i products[][Vectors]) {
  const uint32_t *rowExponents = step.rowExponents + ptrdiff_t(row) * step.k;
  const int16_t *laneExponents = step.laneExponents + lane;
  if constexpr (Vectors == 2) {
    __m512i top[Rows];
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r)
      top[r] = _mm512_set1_epi16(2 * kZeroExponent);
    for (int i = 0; i < step.k; ++i) {
      __m512i lanes = _mm512_loadu_si512(laneExponents + i * step.exponentStride);
      THRIFT_UNROLL
      for (int r = 0; r < Rows; ++r) {
        __m512i rowExponent = _mm512_set1_epi32(static_cast<int>(rowExponents[r * step.k + i]));
        top[r] = _mm512_max_epi16(top[r], _mm512_adds_epi16(rowExponent, lanes));
      }
    }
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r) {
      products[r][0] = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(top[r]));
      products[r][1] = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(top[r], 1));
    }
  } else {
    __m256i top[Rows];
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r)
      top[r] = _mm256_set1_epi16(2 * kZeroExponent);
    for (int i = 0; i < step.k; ++i) {
      __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(laneExponents + i * step.exponentStride));
      THRIFT_UNROLL
      for (int r = 0; r < Rows; ++r) {
        __m256i rowExponent = _mm256_set1_epi32(static_cast<int>(rowExponents[r * step.k + i]));
        top[r] = _mm256_max_epi16(top[r], _mm256_adds_epi16(rowExponent, lanes));
      }
    }
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r)
      products[r][0] = _mm512_cvtepi16_epi32(top[r]);
  }
}

/// Rows x (Vectors * 16) outputs, whose sums stay in registers.
template <int Rows, int Vectors, bool Plain>
THRIFT_AVX512 static inline void stepTile(const MmaStep &step, int row, int lane) {
  __m512i products[Rows][Vectors];
  productExponents<Rows, Vectors>(step, row, lane, products);
  Lanes lanes[Rows][Vectors];
  THRIFT_UNROLL
  for (int r = 0; r < Rows; ++r) {
    THRIFT_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      int first = lane + 16 * v;
      __m512 c = _mm512_loadu_ps(step.sums + (row + r) * step.sumStride + first);
      lanes[r][v] = openWindow<Plain>(step, row + r, first, products[r][v], c);
    }
  }

  const float *rowValues = step.rowValues + row * step.rowStride;
  for (int begin = 0; begin < step.k; begin += kSumRun) {
    int end = begin + kSumRun < step.k ? begin + kSumRun : step.k;
    __m512i run[Rows][Vectors];
    __m512 scale[Rows][Vectors];
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r) {
      THRIFT_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        run[r][v] = _mm512_setzero_si512();
        scale[r][v] = lanes[r][v].scale;
      }
    }
    for (int i = begin; i < end; ++i) {
      __m512 laneValue[Vectors];
      THRIFT_UNROLL
      for (int v = 0; v < Vectors; ++v)
        laneValue[v] = _mm512_loadu_ps(step.laneValues + i * step.laneStride + lane + 16 * v);
      THRIFT_UNROLL
      for (int r = 0; r < Rows; ++r) {
        __m512 rowValue = _mm512_set1_ps(rowValues[r * step.rowStride + i]);
        THRIFT_UNROLL
        for (int v = 0; v < Vectors; ++v) {
          __m512 product = _mm512_mul_ps(_mm512_mul_ps(rowValue, laneValue[v]), scale[r][v]);
          run[r][v] = _mm512_add_epi32(run[r][v], _mm512_cvttps_epi32(product));
        }
      }
    }
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r) {
      THRIFT_UNROLL
      for (int v = 0; v < Vectors; ++v)
        addRun(lanes[r][v], run[r][v]);
    }
  }

  THRIFT_UNROLL
  for (int r = 0; r < Rows; ++r) {
    THRIFT_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      int first = lane + 16 * v;
      __mmask16 slow = closeWindow<Plain>(lanes[r][v], step.rounding, step.sums + (row + r) * step.sumStride + first);
      if (__builtin_expect(slow != 0, 0))
        redoLanes(step, row + r, first, slow);
    }
  }
}

template <int Vectors, bool Plain>
THRIFT_AVX512 static inline void stepColumn(const MmaStep &step, int lane) {
  int row = 0;
  if constexpr (Vectors == 1)
    for (; row + 8 <= step.rows; row += 8)
      stepTile<8, Vectors, Plain>(step, row, lane);
  for (; row + 4 <= step.rows; row += 4)
    stepTile<4, Vectors, Plain>(step, row, lane);
  for (; row < step.rows; ++row)
    stepTile<1, Vectors, Plain>(step, row, lane);
}

template <bool Plain>
THRIFT_AVX512 static void stepColumns(const MmaStep &step) {
  int lane = 0;
  for (; lane + 32 <= step.lanes; lane += 32)
    stepColumn<2, Plain>(step, lane);
  if (lane < step.lanes)
    stepColumn<1, Plain>(step, lane);
}

THRIFT_AVX512 static void stepAvx512(const MmaStep &step) {
  if (!step.rowShifts && step.rounding == MmaRounding::F32TowardZero)
    return stepColumns<true>(step);
  stepColumns<false>(step);
}

THRIFT_AVX512 static void groupStepAvx512(const MmaStep &step) { exactGroupStep(step); }

THRIFT_AVX512 static void laneExponentsAvx512(const float *values, int16_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = static_cast<int16_t>(alignmentExponent(values[i], smallest));
}

THRIFT_AVX512 static void rowExponentsAvx512(const float *values, uint32_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = (static_cast<uint32_t>(alignmentExponent(values[i], smallest)) & 0xFFFFu) * 0x10001u;
}

THRIFT_AVX512 static void transposeAvx512(const float *source, ptrdiff_t stride, float *values, ptrdiff_t laneStride,
                                          int lanes, int k) {
  for (int lane = 0; lane < lanes; lane += 8)
    for (int i = 0; i < k; i += 8)
      transpose8x8(source + lane * stride + i, stride, values + i * laneStride + lane, laneStride);
}

const MmaKernels *avx512MmaKernels() {
  static constexpr MmaKernels kKernels = {"avx512",           stepAvx512,     groupStepAvx512, laneExponentsAvx512,
                                          rowExponentsAvx512, transposeAvx512};
  bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return supported ? &kKernels : nullptr;
}

} // namespace thrift::sim

#else

namespace thrift::sim {
const MmaKernels *avx512MmaKernels() { return nullptr; }
} // namespace thrift::sim

#endif
