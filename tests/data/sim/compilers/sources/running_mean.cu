// y[i] = mean of x[i - 8 .. i + 8] within each block's row, the row brought in by cuda::memcpy_async in chunks that a cuda::barrier
// guards: libcu++'s own choice of instructions.

#include <cuda/barrier>
#include <cooperative_groups.h>

constexpr int kChunk = 256, kReach = 8, kChunks = 4;

using Barrier = cuda::barrier<cuda::thread_scope_block>;

extern "C" __global__ void __launch_bounds__(128) running_mean(const float *x, float *y) {
  __shared__ alignas(16) float row[kChunks * kChunk];
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ Barrier arrived[kChunks];
  auto block = cooperative_groups::this_thread_block();
  if (block.thread_rank() < kChunks)
    init(&arrived[block.thread_rank()], block.size());
  block.sync();
  x += blockIdx.x * kChunks * kChunk;
  y += blockIdx.x * kChunks * kChunk;
  for (int chunk = 0; chunk < kChunks; ++chunk)
    cuda::memcpy_async(block, row + chunk * kChunk, x + chunk * kChunk, cuda::aligned_size_t<16>(kChunk * 4), arrived[chunk]);
  arrived[0].arrive_and_wait();
  for (int chunk = 0; chunk < kChunks; ++chunk) {
    if (chunk + 1 < kChunks)
      arrived[chunk + 1].arrive_and_wait();
    for (int i = chunk * kChunk + threadIdx.x; i < (chunk + 1) * kChunk; i += 128) {
      float sum = 0;
      int count = 0;
      for (int j = i - kReach; j <= i + kReach; ++j)
        if (j >= 0 && j < kChunks * kChunk)
          sum += row[j], ++count;
      y[i] = sum / static_cast<float>(count);
    }
  }
}
