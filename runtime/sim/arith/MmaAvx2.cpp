//===- MmaAvx2.cpp - one MMA step with AVX2 ---------------------------------===//
//
// The arithmetic of MmaKernels.h, 8 lanes a vector and two vectors at a time. AVX2 converts integers to f32 to nearest
// only; the epilogue converts the magnitude and takes one ulp back where it was rounded up.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/MmaKernels.h"

#if defined(__x86_64__)

#include "runtime/sim/arith/MmaGroups.h"
#include "runtime/sim/arith/MmaTranspose.h"

#include <immintrin.h>

#define THRIFT_AVX2 __attribute__((target("avx2,f16c")))

namespace thrift::sim {

namespace {
/// What the epilogue needs of 8 lanes of one row.
struct Lanes {
  __m256 scale;  ///< brings a product to units of the window
  __m256 unit;   ///< the weight of such a unit
  __m256i total; ///< the sum so far, C to begin with
  __m256i slow;  ///< sign bit set: left to dotReference
};
} // namespace

THRIFT_AVX2 static inline __m256 powersOfTwo(__m256i exponents) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponents, _mm256_set1_epi32(kF32Bias)), 23));
}

/// Chooses the window from the largest exponents of the products (int32) and C.
/// Plain (no scales, f32 toward zero) is the common case and saves its branches.
template <bool Plain>
THRIFT_AVX2 static inline Lanes openWindow(const MmaStep &step, int row, int lane, __m256i products, __m256 c) {
  __m256i magnitude = _mm256_and_si256(_mm256_castps_si256(c), _mm256_set1_epi32(0x7FFFFFFF));
  __m256i ofC = _mm256_sub_epi32(_mm256_srli_epi32(magnitude, 23), _mm256_set1_epi32(kF32Bias));
  ofC = _mm256_max_epi32(ofC, _mm256_set1_epi32(Plain ? -126 : smallestOfC(step.rounding)));
  __m256i zeroC = _mm256_cmpeq_epi32(magnitude, _mm256_setzero_si256());
  ofC = _mm256_blendv_epi8(ofC, _mm256_set1_epi32(kZeroExponent), zeroC);

  __m256i fractionBits = _mm256_set1_epi32(step.fractionBits);
  __m256i shift = _mm256_setzero_si256();
  if (!Plain && step.rowShifts)
    shift = _mm256_add_epi32(
        _mm256_set1_epi32(step.rowShifts[row]),
        _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(step.laneShifts + lane))));

  __m256i top = _mm256_max_epi32(_mm256_add_epi32(products, shift), ofC);
  __m256i filled = _mm256_cmpgt_epi32(top, _mm256_set1_epi32(kNoTerm));
  __m256i tooLow = _mm256_and_si256(filled, _mm256_cmpgt_epi32(_mm256_set1_epi32(kLowestExponent), top));
  __m256i tooHigh = _mm256_or_si256(_mm256_cmpgt_epi32(products, _mm256_set1_epi32(kHighestProduct)),
                                    _mm256_cmpgt_epi32(top, _mm256_set1_epi32(kHighestExponent)));
  top = _mm256_and_si256(top, filled);

  __m256i toUnits = _mm256_sub_epi32(fractionBits, top);
  __m256i scale = _mm256_add_epi32(toUnits, shift);
  if (!Plain && step.rowShifts)
    scale = _mm256_max_epi32(_mm256_min_epi32(scale, _mm256_set1_epi32(127)), _mm256_set1_epi32(-126));
  Lanes lanes;
  lanes.scale = powersOfTwo(scale);
  lanes.unit = powersOfTwo(_mm256_sub_epi32(top, fractionBits));
  lanes.total = _mm256_cvttps_epi32(_mm256_mul_ps(c, powersOfTwo(toUnits)));
  lanes.slow = _mm256_or_si256(tooLow, tooHigh);
  return lanes;
}

THRIFT_AVX2 static inline void addRun(Lanes &lanes, __m256i run) {
  __m256i total = _mm256_add_epi32(lanes.total, run);
  // (total ^ new) & (run ^ new): both addends differ in sign from the sum.
  __m256i wrapped = _mm256_and_si256(_mm256_xor_si256(lanes.total, total), _mm256_xor_si256(run, total));
  lanes.slow = _mm256_or_si256(lanes.slow, wrapped);
  lanes.total = total;
}

/// Rounds and stores; returns the lanes that it left alone.
template <bool Plain>
THRIFT_AVX2 static inline unsigned closeWindow(Lanes lanes, MmaRounding rounding, float *sums) {
  __m256i magnitude = _mm256_abs_epi32(lanes.total);
  __m256 nearest = _mm256_cvtepi32_ps(magnitude);
  __m256i back = _mm256_cvttps_epi32(nearest);
  __m256i bits = _mm256_castps_si256(nearest);
  bits = _mm256_add_epi32(bits, _mm256_cmpgt_epi32(back, magnitude)); // -1 where rounded up
  // Within half an ulp of 2^31 the way back would wrap; -2^31 has no magnitude (its abs is negative).
  __m256i huge = _mm256_or_si256(_mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7FFFFF00)), magnitude);
  __m256i slow = _mm256_or_si256(lanes.slow, huge);

  if (!Plain && rounding == MmaRounding::E8M13TowardZero)
    bits = _mm256_and_si256(bits, _mm256_set1_epi32(~0x3FF));
  if (!Plain && rounding == MmaRounding::F16NearestEven) {
    // Rounded to odd, so that the second rounding, to f16, does not err.
    __m256i exact = _mm256_cmpeq_epi32(back, magnitude);
    bits = _mm256_or_si256(bits, _mm256_andnot_si256(exact, _mm256_set1_epi32(1)));
  }
  __m256 result = _mm256_mul_ps(_mm256_castsi256_ps(bits), lanes.unit);
  if (!Plain && rounding == MmaRounding::F16NearestEven)
    result = _mm256_cvtph_ps(_mm256_cvtps_ph(result, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  __m256 sign = _mm256_and_ps(_mm256_castsi256_ps(lanes.total), _mm256_set1_ps(-0.0f));
  result = _mm256_or_ps(result, sign);

  unsigned mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(slow)));
  if (__builtin_expect(mask != 0, 0))
    result = _mm256_blendv_ps(result, _mm256_loadu_ps(sums), _mm256_castsi256_ps(slow));
  _mm256_storeu_ps(sums, result);
  return mask;
}

static void redoLanes(const MmaStep &step, int row, int firstLane, unsigned mask) {
  for (int l = 0; mask; ++l, mask >>= 1)
    if (mask & 1) {
      float &sum = step.sums[row * step.sumStride + firstLane + l];
      sum = redoLane(step, row, firstLane + l, sum);
    }
}

/// The largest exponents of the products of Rows x 16 outputs.
template <int Rows>
THRIFT_AVX2 static inline void productExponents(const MmaStep &step, int row, int lane, __m256i products[][2]) {
  const uint32_t *rowExponents = step.rowExponents + ptrdiff_t(row) * step.k;
  const int16_t *laneExponents = step.laneExponents + lane;
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
  for (int r = 0; r < Rows; ++r) {
    products[r][0] = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(top[r]));
    products[r][1] = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(top[r], 1));
  }
}

/// Rows x 16 outputs, whose sums stay in registers.
template <int Rows, bool Plain>
THRIFT_AVX2 static inline void stepTile(const MmaStep &step, int row, int lane) {
  __m256i products[Rows][2];
  productExponents<Rows>(step, row, lane, products);
  Lanes lanes[Rows][2];
  THRIFT_UNROLL
  for (int r = 0; r < Rows; ++r) {
    THRIFT_UNROLL
    for (int v = 0; v < 2; ++v) {
      int first = lane + 8 * v;
      __m256 c = _mm256_loadu_ps(step.sums + (row + r) * step.sumStride + first);
      lanes[r][v] = openWindow<Plain>(step, row + r, first, products[r][v], c);
    }
  }

  const float *rowValues = step.rowValues + row * step.rowStride;
  for (int begin = 0; begin < step.k; begin += kSumRun) {
    int end = begin + kSumRun < step.k ? begin + kSumRun : step.k;
    __m256i run[Rows][2];
    __m256 scale[Rows][2];
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r) {
      THRIFT_UNROLL
      for (int v = 0; v < 2; ++v) {
        run[r][v] = _mm256_setzero_si256();
        scale[r][v] = lanes[r][v].scale;
      }
    }
    for (int i = begin; i < end; ++i) {
      __m256 laneValue[2];
      THRIFT_UNROLL
      for (int v = 0; v < 2; ++v)
        laneValue[v] = _mm256_loadu_ps(step.laneValues + i * step.laneStride + lane + 8 * v);
      THRIFT_UNROLL
      for (int r = 0; r < Rows; ++r) {
        __m256 rowValue = _mm256_set1_ps(rowValues[r * step.rowStride + i]);
        THRIFT_UNROLL
        for (int v = 0; v < 2; ++v) {
          __m256 product = _mm256_mul_ps(_mm256_mul_ps(rowValue, laneValue[v]), scale[r][v]);
          run[r][v] = _mm256_add_epi32(run[r][v], _mm256_cvttps_epi32(product));
        }
      }
    }
    THRIFT_UNROLL
    for (int r = 0; r < Rows; ++r) {
      THRIFT_UNROLL
      for (int v = 0; v < 2; ++v)
        addRun(lanes[r][v], run[r][v]);
    }
  }

  THRIFT_UNROLL
  for (int r = 0; r < Rows; ++r) {
    THRIFT_UNROLL
    for (int v = 0; v < 2; ++v) {
      int first = lane + 8 * v;
      unsigned slow = closeWindow<Plain>(lanes[r][v], step.rounding, step.sums + (row + r) * step.sumStride + first);
      if (__builtin_expect(slow != 0, 0))
        redoLanes(step, row + r, first, slow);
    }
  }
}

template <bool Plain>
THRIFT_AVX2 static void stepColumns(const MmaStep &step) {
  for (int lane = 0; lane < step.lanes; lane += kLaneGroup) {
    int row = 0;
    for (; row + 2 <= step.rows; row += 2)
      stepTile<2, Plain>(step, row, lane);
    if (row < step.rows)
      stepTile<1, Plain>(step, row, lane);
  }
}

THRIFT_AVX2 static void stepAvx2(const MmaStep &step) {
  if (!step.rowShifts && step.rounding == MmaRounding::F32TowardZero)
    return stepColumns<true>(step);
  stepColumns<false>(step);
}

THRIFT_AVX2 static void groupStepAvx2(const MmaStep &step) { exactGroupStep(step); }

THRIFT_AVX2 static void laneExponentsAvx2(const float *values, int16_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = static_cast<int16_t>(alignmentExponent(values[i], smallest));
}

THRIFT_AVX2 static void rowExponentsAvx2(const float *values, uint32_t *exponents, int count, int smallest) {
  for (int i = 0; i < count; ++i)
    exponents[i] = (static_cast<uint32_t>(alignmentExponent(values[i], smallest)) & 0xFFFFu) * 0x10001u;
}

THRIFT_AVX2 static void transposeAvx2(const float *source, ptrdiff_t stride, float *values, ptrdiff_t laneStride,
                                      int lanes, int k) {
  for (int lane = 0; lane < lanes; lane += 8)
    for (int i = 0; i < k; i += 8)
      transpose8x8(source + lane * stride + i, stride, values + i * laneStride + lane, laneStride);
}

const MmaKernels *avx2MmaKernels() {
  static constexpr MmaKernels kKernels = {"avx2",           stepAvx2,     groupStepAvx2, laneExponentsAvx2,
                                          rowExponentsAvx2, transposeAvx2};
  return __builtin_cpu_supports("avx2") ? &kKernels : nullptr; // every CPU with AVX2 has F16C
}

} // namespace thrift::sim

#else

namespace thrift::sim {
const MmaKernels *avx2MmaKernels() { return nullptr; }
} // namespace thrift::sim

#endif
