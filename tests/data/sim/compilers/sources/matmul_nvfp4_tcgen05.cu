// C[M, N] = (A SA)[M, K] (B SB)[N, K]^T in nvfp4: e2m1 pairs, a ue4m3 scale for each 16, packed in global memory as tensor memory wants
// them ([rows/128][K/64][32][4][4]). One warp copies, one thread multiplies, four warps read the sums. M and N divide by 128, K by 256.

#include "pipeline.cuh"

#include <cuda.h>

constexpr int kStages = 2, kSide = 128, kDepth = 256, kScaleBytes = kSide * kDepth / 16;

struct Stage {
  uint8_t a[kSide * kDepth / 2], b[kSide * kDepth / 2], aScales[kScaleBytes], bScales[kScaleBytes];
};

__device__ uint64_t descriptor(const void *tile) {
  return (sharedAddress(tile) & 0x3FFFFull) >> 4 | 1ull << 16 | (1024ull >> 4) << 32 | 1ull << 46 | 2ull << 61;
}

// No swizzle: 32 rows of 16 bytes, groups of 8 rows 128 bytes apart.
__device__ uint64_t scaleDescriptor(const void *scales) {
  return (sharedAddress(scales) & 0x3FFFFull) >> 4 | (128ull >> 4) << 32 | 1ull << 46;
}

extern "C" __global__ void __launch_bounds__(192)
    matmul_nvfp4_tcgen05(const __grid_constant__ CUtensorMap a, const uint8_t *aScales, const __grid_constant__ CUtensorMap b,
                         const uint8_t *bScales, float *c, int n, int k) {
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
    ptx::tcgen05_alloc(ptx::cta_group_1, &allocated, 256);
    ptx::tcgen05_relinquish_alloc_permit(ptx::cta_group_1);
  }
  ptx::tcgen05_fence_before_thread_sync();
  __syncthreads();
  ptx::tcgen05_fence_after_thread_sync();
  uint32_t sums = allocated, leftScales = sums + 128, rightScales = sums + 144;
  uint32_t steps = static_cast<uint32_t>(k) / kDepth;
  if (warp == 0) {
    if (lane == 0)
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        uint64_t *full = &ring.full[step % kStages];
        ring.waitEmpty(step);
        ring.expect(step, sizeof(Stage));
        int at = static_cast<int>(step) * kDepth / 2, row = static_cast<int>(blockIdx.x) * kSide,
            column = static_cast<int>(blockIdx.y) * kSide;
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.a, &a, {at, row}, full);
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.b, &b, {at, column}, full);
        ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, stage.aScales,
                           aScales + (blockIdx.x * steps + step) * kScaleBytes, kScaleBytes, full);
        ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, stage.bScales,
                           bScales + (blockIdx.y * steps + step) * kScaleBytes, kScaleBytes, full);
      }
  } else if (warp == 1) {
    // e2m1 operands, both K-major, ue4m3 scales, scale ids 0.
    constexpr uint32_t kShape = 1u << 7 | 1u << 10 | kSide / 8 << 17 | kSide / 128 << 27;
    if (lane == 0) {
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        ring.waitFull(step);
        ptx::tcgen05_fence_after_thread_sync();
        // Four groups of 64 columns, 4 columns of scales each. Copies and products of one thread stay in order.
        for (int i = 0; i < 4; ++i) {
          ptx::tcgen05_cp_32x128b_warpx4(ptx::cta_group_1, leftScales + 4 * i, scaleDescriptor(stage.aScales + 512 * i));
          ptx::tcgen05_cp_32x128b_warpx4(ptx::cta_group_1, rightScales + 4 * i, scaleDescriptor(stage.bScales + 512 * i));
        }
        for (int i = 0; i < 4; ++i)
          ptx::tcgen05_mma_block_scale_vec_4x(ptx::kind_mxf4nvf4, ptx::cta_group_1, sums, descriptor(stage.a) + 2 * i,
                                              descriptor(stage.b) + 2 * i, kShape, leftScales + 4 * i, rightScales + 4 * i,
                                              step + i > 0);
        ptx::tcgen05_commit(ptx::cta_group_1, &ring.empty[step % kStages]);
      }
      ptx::tcgen05_commit(ptx::cta_group_1, &done);
    }
  } else {
    Ring<1>::wait(&done, 0);
    ptx::tcgen05_fence_after_thread_sync();
    uint32_t part = warp % 4 * 32, y = blockIdx.x * kSide + part + lane;
    for (uint32_t first = 0; first < kSide; first += 32) {
      uint32_t values[32];
      ptx::tcgen05_ld_32x32b(values, sums + (part << 16) + first);
      ptx::tcgen05_wait_ld();
      for (uint32_t i = 0; i < 32; ++i)
        c[y * n + blockIdx.y * kSide + first + i] = __uint_as_float(values[i]);
    }
    ptx::tcgen05_fence_before_thread_sync();
  }
  __syncthreads();
  if (warp == 1) {
    ptx::tcgen05_fence_after_thread_sync();
    ptx::tcgen05_dealloc(ptx::cta_group_1, sums, 256);
  }
}
