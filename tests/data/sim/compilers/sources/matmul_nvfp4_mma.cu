// C[M, N] = (A SA)[M, K] (B SB)[N, K]^T in nvfp4 by mma.sync: a producer warp loads rows of 64 bytes by TMA (64-byte swizzle), four
// warps read them by ldmatrix and their scales, row by row, from global memory. M and N divide by 64, K by 128.

#include "pipeline.cuh"

#include <cuda.h>

constexpr int kStages = 3, kSide = 64, kDepth = 128;

struct Stage {
  uint8_t a[kSide * kDepth / 2], b[kSide * kDepth / 2];
};

__device__ uint32_t place(int row, int chunk) { return row * 64 + (chunk ^ (row / 2 & 3)) * 16; }

__device__ void loadFour(uint32_t (&r)[4], const uint8_t *tile, int row, int chunk) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(tile) + place(row, chunk))
               : "memory");
}

extern "C" __global__ void __launch_bounds__(160)
    matmul_nvfp4_mma(const __grid_constant__ CUtensorMap a, const uint8_t *aScales, const __grid_constant__ CUtensorMap b,
                     const uint8_t *bScales, float *c, int n, int k) {
  __shared__ alignas(1024) Stage stages[kStages];
  __shared__ Ring<kStages> ring;
  if (threadIdx.x == 0)
    ring.init(4);
  __syncthreads();
  int row = static_cast<int>(blockIdx.x) * kSide, column = static_cast<int>(blockIdx.y) * kSide;
  uint32_t steps = static_cast<uint32_t>(k) / kDepth;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (warp == 4) {
    if (lane == 0)
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        uint64_t *full = &ring.full[step % kStages];
        ring.waitEmpty(step);
        ring.expect(step, sizeof(Stage));
        int at = static_cast<int>(step) * kDepth / 2;
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.a, &a, {at, row}, full);
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.b, &b, {at, column}, full);
      }
    return;
  }
  float sum[8][4] = {}; // 16 rows and 64 columns a warp
  int groups = k / 16, group = lane / 4;
  for (uint32_t step = 0; step < steps; ++step) {
    const Stage &stage = stages[step % kStages];
    ring.waitFull(step);
    for (int part = 0; part < 2; ++part) { // 64 elements, 32 bytes, 4 scales
      int word = static_cast<int>(step) * 2 + part;
      uint32_t left[4];
      loadFour(left, stage.a, warp * 16 + lane % 16, part * 2 + lane / 16);
      // Lane 4 g holds the scales of row g, lane 4 g + 1 those of row g + 8.
      uint32_t leftScale = *reinterpret_cast<const uint32_t *>(aScales + static_cast<int64_t>(row + warp * 16 + group + lane % 2 * 8) * groups + word * 4);
      for (int j = 0; j < 8; j += 2) {
        uint32_t right[4];
        loadFour(right, stage.b, j * 8 + lane / 16 * 8 + lane % 8, part * 2 + lane / 8 % 2);
        for (int half = 0; half < 2; ++half) {
          uint32_t rightScale = *reinterpret_cast<const uint32_t *>(bScales + static_cast<int64_t>(column + (j + half) * 8 + group) * groups + word * 4);
          float(&d)[4] = sum[j + half];
          asm volatile("mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::4X.f32.e2m1.e2m1.f32.ue4m3 "
                       "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3}, {%10}, {%11, %12}, {%13}, {%14, %15};"
                       : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                       : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[half * 2]), "r"(right[half * 2 + 1]),
                         "r"(leftScale), "n"(0), "n"(0), "r"(rightScale), "n"(0), "n"(0));
        }
      }
    }
    __syncwarp();
    if (lane == 0)
      ring.release(step);
  }
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < 4; ++i)
      c[static_cast<int64_t>(row + warp * 16 + group + i / 2 * 8) * n + column + j * 8 + lane % 4 * 2 + i % 2] = sum[j][i];
}
