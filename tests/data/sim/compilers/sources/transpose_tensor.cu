// out[b][j][i] = in[b][i][j] by tensor copies of square tiles, SWIZZLE bytes wide (128, 64, 32, or 0: no swizzle, 64 bytes wide). The
// kernel undoes and applies the swizzle itself. What is outside the tensors reads as zero and is not written.

#include "pipeline.cuh"

#include <cuda.h>

constexpr uint32_t kWidth = (SWIZZLE ? SWIZZLE : 64) / 4, kTileBytes = kWidth * kWidth * 4;

// Chunks of 16 bytes change places within SWIZZLE bytes by the number of the 128-byte line.
__device__ uint32_t place(uint32_t row, uint32_t column) {
  uint32_t offset = (row * kWidth + column) * 4, mask = SWIZZLE ? SWIZZLE / 16 - 1 : 0;
  return (offset ^ (offset >> 7 & mask) << 4) / 4;
}

extern "C" __global__ void __launch_bounds__(128)
    transpose_tensor(const __grid_constant__ CUtensorMap in, const __grid_constant__ CUtensorMap out, int batches) {
  __shared__ alignas(1024) float source[2][kTileBytes / 4], target[2][kTileBytes / 4];
  __shared__ uint64_t full[2];
  int column = static_cast<int>(blockIdx.x * kWidth), row = static_cast<int>(blockIdx.y * kWidth);
  auto load = [&](int batch) {
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &full[batch % 2], +kTileBytes);
    ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, source[batch % 2], &in, {column, row, batch},
                              &full[batch % 2]);
  };
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&full[0], 1);
    ptx::mbarrier_init(&full[1], 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    load(0);
    if (batches > 1)
      load(1);
  }
  __syncthreads();
  for (int batch = 0; batch < batches; ++batch) {
    Ring<1>::wait(&full[batch % 2], batch / 2 & 1);
    if (threadIdx.x == 0) // the store of two rounds ago must have read its tile
      ptx::cp_async_bulk_wait_group_read(ptx::n32_t<1>());
    __syncthreads();
    for (uint32_t i = threadIdx.x; i < kWidth * kWidth; i += 128)
      target[batch % 2][place(i % kWidth, i / kWidth)] = source[batch % 2][place(i / kWidth, i % kWidth)];
    ptx::fence_proxy_async(ptx::space_shared);
    __syncthreads();
    if (threadIdx.x == 0) {
      ptx::cp_async_bulk_tensor(ptx::space_global, ptx::space_shared, &out, {row, column, batch}, target[batch % 2]);
      ptx::cp_async_bulk_commit_group();
      if (batch + 2 < batches)
        load(batch + 2);
    }
  }
  if (threadIdx.x == 0)
    ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
}
