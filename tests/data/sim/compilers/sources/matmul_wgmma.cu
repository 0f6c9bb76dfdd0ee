// C[M, N] = A[M, K] B[N, K]^T, f16 with f32 sums: a producer warpgroup loads tiles of 64 columns by TMA (128-byte swizzle), two
// consumer warpgroups multiply 64 rows each by wgmma.

#include "pipeline.cuh"

#include <cuda.h>
#include <cuda_fp16.h>

constexpr int kStages = 3, kRows = 128, kColumns = 64, kDepth = 64;

struct Stage {
  __half a[kRows * kDepth], b[kColumns * kDepth];
};

// K-major, 128-byte swizzle: groups of 8 rows are 1024 bytes apart.
__device__ uint64_t descriptor(const void *tile) {
  return (sharedAddress(tile) & 0x3FFFFull) >> 4 | 1ull << 16 | (1024ull >> 4) << 32 | 1ull << 62;
}

__device__ void multiply(float (&d)[32], uint64_t a, uint64_t b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 "
               "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
               "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, %32, %33, 1, 1, 1, 0, 0;"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
                 "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
                 "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
                 "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
               : "l"(a), "l"(b));
}

extern "C" __global__ void __launch_bounds__(384, 1)
    matmul_wgmma(const __grid_constant__ CUtensorMap a, const __grid_constant__ CUtensorMap b, float *c, int m, int n, int k) {
  extern __shared__ uint8_t raw[];
  Stage *stages = reinterpret_cast<Stage *>(alignedShared(raw));
  __shared__ Ring<kStages> ring;
  if (threadIdx.x == 0)
    ring.init(2);
  __syncthreads();
  int row = static_cast<int>(blockIdx.x) * kRows, column = static_cast<int>(blockIdx.y) * kColumns;
  uint32_t steps = static_cast<uint32_t>(k + kDepth - 1) / kDepth, group = threadIdx.x / 128;
  if (group == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x == 0)
      for (uint32_t step = 0; step < steps; ++step) {
        Stage &stage = stages[step % kStages];
        uint64_t *full = &ring.full[step % kStages];
        ring.waitEmpty(step);
        ring.expect(step, sizeof(Stage));
        int at = static_cast<int>(step) * kDepth;
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.a, &a, {at, row}, full);
        ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, stage.b, &b, {at, column}, full);
      }
    return;
  }
  asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
  float sum[32] = {};
  for (uint32_t step = 0; step < steps; ++step) {
    Stage &stage = stages[step % kStages];
    ring.waitFull(step);
    uint64_t left = descriptor(stage.a + (group - 1) * 64 * kDepth), right = descriptor(stage.b);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    for (int i = 0; i < kDepth / 16; ++i) // 16 columns are 32 bytes
      multiply(sum, left + 2 * i, right + 2 * i);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    // One step stays in flight; the step before it is done with its stage.
    asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
    if (step > 0 && threadIdx.x % 128 == 0)
      ring.release(step - 1);
  }
  asm volatile("wgmma.wait_group.sync.aligned 0;"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3]), "+f"(sum[4]), "+f"(sum[5]), "+f"(sum[6]), "+f"(sum[7]),
                 "+f"(sum[8]), "+f"(sum[9]), "+f"(sum[10]), "+f"(sum[11]), "+f"(sum[12]), "+f"(sum[13]), "+f"(sum[14]),
                 "+f"(sum[15]), "+f"(sum[16]), "+f"(sum[17]), "+f"(sum[18]), "+f"(sum[19]), "+f"(sum[20]), "+f"(sum[21]),
                 "+f"(sum[22]), "+f"(sum[23]), "+f"(sum[24]), "+f"(sum[25]), "+f"(sum[26]), "+f"(sum[27]), "+f"(sum[28]),
                 "+f"(sum[29]), "+f"(sum[30]), "+f"(sum[31])
               :
               : "memory");
  int lane = threadIdx.x % 32, first = row + static_cast<int>(group - 1) * 64 + threadIdx.x % 128 / 32 * 16 + lane / 4;
  for (int i = 0; i < 32; ++i) {
    int y = first + i / 2 % 2 * 8, x = column + i / 4 * 8 + lane % 4 * 2 + i % 2;
    if (y < m && x < n)
      c[y * n + x] = sum[i];
  }
}
