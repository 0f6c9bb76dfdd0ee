// C[M, N] = A[M, K] B[N, K]^T, f16 with f32 sums in tensor memory: warp 0 loads by TMA (128-byte swizzle), one thread of warp 1
// multiplies, four more warps read the sums.

#include "pipeline.cuh"

#include <cuda.h>
#include <cuda_fp16.h>

constexpr int kStages = 3, kRows = 128, kColumns = 64, kDepth = 64;

struct Stage {
  __half a[kRows * kDepth], b[kColumns * kDepth];
};

// K-major, 128-byte swizzle: groups of 8 rows are 1024 bytes apart.
__device__ uint64_t descriptor(const void *tile) {
  return (sharedAddress(tile) & 0x3FFFFull) >> 4 | 1ull << 16 | (1024ull >> 4) << 32 | 1ull << 46 | 2ull << 61;
}

extern "C" __global__ void __launch_bounds__(192)
    matmul_tcgen05(const __grid_constant__ CUtensorMap a, const __grid_constant__ CUtensorMap b, float *c, int m, int n, int k) {
  extern __shared__ uint8_t raw[];
  Stage *stages = reinterpret_cast<Stage *>(alignedShared(raw));
  __shared__ Ring<kStages> ring;
  __shared__ uint64_t done;
  __shared__ uint32_t allocated;
  uint32_t warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&done, 1);
    ring.init(1);
  }
  if (warp == 1) {
    ptx::tcgen05_alloc(ptx::cta_group_1, &allocated, +kColumns);
    ptx::tcgen05_relinquish_alloc_permit(ptx::cta_group_1);
  }
  ptx::tcgen05_fence_before_thread_sync();
  __syncthreads();
  ptx::tcgen05_fence_after_thread_sync();
  uint32_t sums = allocated;
  int row = static_cast<int>(blockIdx.x) * kRows, column = static_cast<int>(blockIdx.y) * kColumns;
  uint32_t steps = static_cast<uint32_t>(k + kDepth - 1) / kDepth;
  if (warp == 0) {
    if (lane == 0)
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        uint64_t *full = &ring.full[step % kStages];
        ring.waitEmpty(step);
        ring.expect(step, sizeof(Stage));
        int at = static_cast<int>(step) * kDepth;
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.a, &a, {at, row}, full);
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.b, &b, {at, column}, full);
      }
  } else if (warp == 1) {
    // f32 sums, f16 operands, both K-major.
    constexpr uint32_t kShape = 1u << 4 | kColumns / 8 << 17 | kRows / 16 << 24;
    if (lane == 0) {
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        ring.waitFull(step);
        ptx::tcgen05_fence_after_thread_sync();
        uint64_t left = descriptor(stage.a), right = descriptor(stage.b);
        for (int i = 0; i < kDepth / 16; ++i)
          ptx::tcgen05_mma(ptx::kind_f16, ptx::cta_group_1, sums, left + 2 * i, right + 2 * i, kShape, step + i > 0);
        ptx::tcgen05_commit(ptx::cta_group_1, &ring.empty[step % kStages]);
      }
      ptx::tcgen05_commit(ptx::cta_group_1, &done);
    }
  } else {
    Ring<1>::wait(&done, 0);
    ptx::tcgen05_fence_after_thread_sync();
    // A warp reaches the 32 lanes of its number modulo 4 only.
    int part = static_cast<int>(warp % 4) * 32, y = row + part + static_cast<int>(lane);
    for (int half = 0; half < kColumns; half += 32) {
      uint32_t values[32];
      ptx::tcgen05_ld_32x32b(values, sums + (part << 16) + half);
      ptx::tcgen05_wait_ld();
      for (int i = 0; i < 32; ++i)
        if (y < m && column + half + i < n)
          c[y * n + column + half + i] = __uint_as_float(values[i]);
    }
    ptx::tcgen05_fence_before_thread_sync();
  }
  __syncthreads();
  if (warp == 1) {
    ptx::tcgen05_fence_after_thread_sync();
    ptx::tcgen05_dealloc(ptx::cta_group_1, sums, +kColumns);
  }
}
