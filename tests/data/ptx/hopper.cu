// Inline assembly as kernels for sm_80 to sm_90 write it: cp.async, ldmatrix, mma.sync, mbarrier loops with labels and
// registers of their own, elect.sync, TMA and wgmma.
// nvcc -ptx -arch=sm_90a

#include <cstdint>

__device__ inline uint32_t sharedAddress(const void *pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

__device__ inline void waitFor(uint32_t barrier, uint32_t parity) {
  asm volatile("{\n"
               ".reg .pred P1;\n"
               "LAB_WAIT:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 P1, [%0], %1;\n"
               "@P1 bra DONE;\n"
               "bra     LAB_WAIT;\n"
               "DONE:\n"
               "}" ::"r"(barrier), "r"(parity));
}

__device__ inline bool electOne() {
  uint32_t elected = 0;
  asm volatile("{\n"
               ".reg .b32 %%rx;\n"
               ".reg .pred %%px;\n"
               "     elect.sync %%rx|%%px, %1;\n"
               "@%%px mov.s32 %0, 1;\n"
               "}\n"
               : "+r"(elected)
               : "r"(0xFFFFFFFF));
  return elected != 0;
}

struct alignas(64) TensorMap {
  uint64_t opaque[16];
};

__global__ void hopper(const __grid_constant__ TensorMap map, const uint4 *in, float *out, uint64_t descriptor) {
  __shared__ alignas(1024) uint4 tile[256];
  __shared__ uint64_t barrier;
  uint32_t address = sharedAddress(&tile[threadIdx.x]);
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(address), "l"(in + threadIdx.x));
  asm volatile("cp.async.commit_group;\ncp.async.wait_group %0;" ::"n"(0));
  __syncthreads();

  uint32_t a[4], b[2];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
               : "r"(address));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2+512];"
               : "=r"(b[0]), "=r"(b[1])
               : "r"(address));
  float c[4] = {0, 0, 0, 0};
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));

  uint32_t ready = sharedAddress(&barrier);
  if (threadIdx.x < 32 && electOne()) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(ready), "r"(1));
    asm volatile("fence.mbarrier_init.release.cluster;");
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(ready), "r"(4096));
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint"
                 " [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(address),
                 "l"(&map), "r"(ready), "r"(0), "r"(16), "l"(0x1000000000000000ull)
                 : "memory");
  }
  __syncthreads();
  waitFor(ready, 0);
  waitFor(ready, 1);

  asm volatile("wgmma.fence.sync.aligned;");
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %5, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 "
               "{%0, %1, %2, %3}, %4, %4, p, 1, -1, 0, 0;\n"
               "}\n"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "l"(descriptor), "r"(1));
  asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;");
  out[threadIdx.x] = c[0] + c[1] + c[2] + c[3];
}
