//===- MmaTranspose.h - an 8 x 8 transpose of f32 with AVX -------------------===//
//
// Internal: turns an operand whose k is contiguous into lanes. x86-64 only.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_MMATRANSPOSE_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_MMATRANSPOSE_H

#include <cstddef>
#include <immintrin.h>

namespace thrift::sim {

/// target[j * targetStride + i] = source[i * sourceStride + j] for i, j < 8.
__attribute__((target("avx"))) inline void transpose8x8(const float *source, ptrdiff_t sourceStride, float *target,
                                                        ptrdiff_t targetStride) {
  __m256 row[8], pair[8], quad[8];
  for (int i = 0; i < 8; ++i)
    row[i] = _mm256_loadu_ps(source + i * sourceStride);
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; ++j) {
      quad[i + 2 * j] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], _MM_SHUFFLE(1, 0, 1, 0));
      quad[i + 2 * j + 1] = _mm256_shuffle_ps(pair[i + j], pair[i + j + 2], _MM_SHUFFLE(3, 2, 3, 2));
    }
  for (int j = 0; j < 4; ++j) {
    _mm256_storeu_ps(target + j * targetStride, _mm256_permute2f128_ps(quad[j], quad[j + 4], 0x20));
    _mm256_storeu_ps(target + (j + 4) * targetStride, _mm256_permute2f128_ps(quad[j], quad[j + 4], 0x31));
  }
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_MMATRANSPOSE_H
