// C[M, N] = A[M, K] B[K, N], bf16 with f32 sums: cp.async into a ring of stages, ldmatrix, mma.sync. With BARRIERS the stages are
// guarded by mbarriers that the copies arrive on, without by cp.async groups and bar.sync. N and K divide by 8; M is free.

#include <cuda/ptx>
#include <cuda_bf16.h>

#include <cstdint>

namespace ptx = cuda::ptx;

constexpr int kStages = 3, kRows = 64, kColumns = 64, kDepth = 32, kThreads = 128;

struct Stage {
  __nv_bfloat16 a[kRows * kDepth], b[kDepth * kColumns];
};

__device__ uint32_t sharedAddress(const void *pointer) { return static_cast<uint32_t>(__cvta_generic_to_shared(pointer)); }

// Chunks of 8 elements change places so that the rows of ldmatrix fall into different banks.
__device__ int placeA(int row, int chunk) { return row * kDepth + (chunk ^ (row / 2 & 3)) * 8; }
__device__ int placeB(int row, int chunk) { return row * kColumns + (chunk ^ (row & 7)) * 8; }

// 16 bytes, or zeros where `inside` is false.
__device__ void copy(__nv_bfloat16 *target, const __nv_bfloat16 *source, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(target)), "l"(source), "r"(inside ? 16 : 0)
               : "memory");
}

extern "C" __global__ void __launch_bounds__(kThreads)
    matmul_mma(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int m, int n, int k) {
  __shared__ alignas(128) Stage stages[kStages];
  int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  int row = static_cast<int>(blockIdx.x) * kRows, column = static_cast<int>(blockIdx.y) * kColumns;
  int steps = (k + kDepth - 1) / kDepth;
#ifdef BARRIERS
  __shared__ uint64_t full[kStages];
  if (thread == 0)
    for (uint64_t &barrier : full)
      ptx::mbarrier_init(&barrier, kThreads);
  __syncthreads();
#endif

  auto load = [&](int step) {
    Stage &stage = stages[step % kStages];
    for (int i = thread; i < kRows * kDepth / 8; i += kThreads) {
      int y = i / (kDepth / 8), chunk = i % (kDepth / 8), at = step * kDepth + chunk * 8;
      bool inside = row + y < m && at < k;
      copy(stage.a + placeA(y, chunk), inside ? a + static_cast<int64_t>(row + y) * k + at : a, inside);
    }
    for (int i = thread; i < kDepth * kColumns / 8; i += kThreads) {
      int y = i / (kColumns / 8), chunk = i % (kColumns / 8), at = column + chunk * 8;
      bool inside = step * kDepth + y < k && at < n;
      copy(stage.b + placeB(y, chunk), inside ? b + static_cast<int64_t>(step * kDepth + y) * n + at : b, inside);
    }
#ifdef BARRIERS
    asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(sharedAddress(&full[step % kStages])) : "memory");
#endif
  };
  auto loadNext = [&](int step) {
    if (step < steps)
      load(step);
#ifndef BARRIERS
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
  };

  float sum[2][4][4] = {}; // a warp has 32 rows and 32 columns
  int warpRow = warp / 2 * 32, warpColumn = warp % 2 * 32;
  for (int step = 0; step < kStages - 1; ++step)
    loadNext(step);
  for (int step = 0; step < steps; ++step) {
#ifdef BARRIERS
    while (!ptx::mbarrier_test_wait_parity(&full[step % kStages], step / kStages & 1)) {
    }
#else
    asm volatile("cp.async.wait_group %0;" ::"n"(kStages - 2) : "memory");
#endif
    __syncthreads(); // also: everybody is done with the stage that is filled next
    loadNext(step + kStages - 1);
    const Stage &stage = stages[step % kStages];
    for (int depth = 0; depth < kDepth; depth += 16) {
      uint32_t left[2][4], right[2][4];
      for (int i = 0; i < 2; ++i) {
        const __nv_bfloat16 *from = stage.a + placeA(warpRow + i * 16 + lane % 16, depth / 8 + lane / 16);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(left[i][0]), "=r"(left[i][1]), "=r"(left[i][2]), "=r"(left[i][3])
                     : "r"(sharedAddress(from))
                     : "memory");
        from = stage.b + placeB(depth + lane % 16, (warpColumn + i * 16) / 8 + lane / 16);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(right[i][0]), "=r"(right[i][1]), "=r"(right[i][2]), "=r"(right[i][3])
                     : "r"(sharedAddress(from))
                     : "memory");
      }
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
          asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                       "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                       : "+f"(sum[i][j][0]), "+f"(sum[i][j][1]), "+f"(sum[i][j][2]), "+f"(sum[i][j][3])
                       : "r"(left[i][0]), "r"(left[i][1]), "r"(left[i][2]), "r"(left[i][3]),
                         "r"(right[j / 2][j % 2 * 2]), "r"(right[j / 2][j % 2 * 2 + 1]));
    }
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j)
      for (int part = 0; part < 4; ++part) {
        int y = row + warpRow + i * 16 + lane / 4 + part / 2 * 8, x = column + warpColumn + j * 8 + lane % 4 * 2 + part % 2;
        if (y < m && x < n)
          c[static_cast<int64_t>(y) * n + x] = sum[i][j][part];
      }
}
