// A ring of stages that a producer fills and consumers empty, guarded by two mbarriers a stage; and shared-memory helpers.

#pragma once

#include <cuda/ptx>

#include <cstdint>

namespace ptx = cuda::ptx;

template <int STAGES>
struct Ring {
  uint64_t full[STAGES], empty[STAGES];

  // By one thread; the CTA must synchronise afterwards.
  __device__ void init(uint32_t consumers) {
    for (int i = 0; i < STAGES; ++i) {
      ptx::mbarrier_init(&full[i], 1);
      ptx::mbarrier_init(&empty[i], consumers);
    }
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
  }
  __device__ void waitFull(uint32_t step) { wait(&full[step % STAGES], step / STAGES & 1); }
  // The first round finds every stage empty: the parity of the phase before the first counts as complete.
  __device__ void waitEmpty(uint32_t step) { wait(&empty[step % STAGES], (step / STAGES & 1) ^ 1); }
  __device__ void expect(uint32_t step, uint32_t bytes) {
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &full[step % STAGES], bytes);
  }
  __device__ void release(uint32_t step) { ptx::mbarrier_arrive(&empty[step % STAGES]); }

  __device__ static void wait(uint64_t *barrier, uint32_t parity) {
    while (!ptx::mbarrier_try_wait_parity(barrier, parity)) {
    }
  }
};

__device__ inline uint32_t sharedAddress(const void *pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// Where the dynamic shared memory starts that a swizzle pattern of 1024 bytes needs.
__device__ inline uint8_t *alignedShared(uint8_t *raw) { return raw + (-sharedAddress(raw) & 1023u); }
