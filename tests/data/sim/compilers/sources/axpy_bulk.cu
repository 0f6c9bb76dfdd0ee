// y = a x + y through shared memory: a producer warp fills a ring by one-dimensional bulk copies, four warps compute in place, and
// one of their threads writes back by bulk copies. The last tile is short.

#include "pipeline.cuh"

constexpr int kTile = 512, kStages = 3;

extern "C" __global__ void __launch_bounds__(160) axpy_bulk(const float *x, float *y, float a, uint32_t n) {
  __shared__ alignas(128) float xs[kStages][kTile], ys[kStages][kTile];
  __shared__ Ring<kStages> ring;
  if (threadIdx.x == 0)
    ring.init(1);
  __syncthreads();
  uint32_t tiles = (n + kTile - 1) / kTile;
  if (threadIdx.x >= 128) {
    if (threadIdx.x % 32 == 0)
      for (uint32_t tile = blockIdx.x, step = 0; tile < tiles; tile += gridDim.x, ++step) {
        uint32_t first = tile * kTile, bytes = min(n - first, kTile) * 4, stage = step % kStages;
        ring.waitEmpty(step);
        ring.expect(step, 2 * bytes);
        ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, xs[stage], x + first, bytes, &ring.full[stage]);
        ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, ys[stage], y + first, bytes, &ring.full[stage]);
      }
    return;
  }
  for (uint32_t tile = blockIdx.x, step = 0; tile < tiles; tile += gridDim.x, ++step) {
    uint32_t first = tile * kTile, count = min(n - first, kTile), stage = step % kStages;
    ring.waitFull(step);
    for (uint32_t i = threadIdx.x; i < count; i += 128)
      ys[stage][i] = fmaf(a, xs[stage][i], ys[stage][i]);
    ptx::fence_proxy_async(ptx::space_shared);
    asm volatile("bar.sync 1, 128;" ::: "memory");
    if (threadIdx.x == 0) {
      ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, y + first, ys[stage], count * 4);
      ptx::cp_async_bulk_commit_group();
      // The tile before this one has been read by its copy: its stage may be filled again.
      ptx::cp_async_bulk_wait_group_read(ptx::n32_t<1>());
      if (step > 0)
        ring.release(step - 1);
    }
  }
  if (threadIdx.x == 0)
    ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
}
