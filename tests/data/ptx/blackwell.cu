// Inline assembly as kernels for sm_100a write it: opcodes that touch their operands, long register lists, sinks,
// packed FP4 conversions and block-scaled tensor instructions.
// nvcc -ptx -arch=sm_100a

#include <cstdint>

__global__ void blackwell(uint32_t *out, uint64_t a, uint64_t b, uint32_t instruction, float x, float y) {
  __shared__ uint32_t slot;
  __shared__ uint64_t barrier;
  uint32_t slotAddress = static_cast<uint32_t>(__cvta_generic_to_shared(&slot));
  uint32_t barrierAddress = static_cast<uint32_t>(__cvta_generic_to_shared(&barrier));
  asm volatile("tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%0], %1;" ::"r"(slotAddress), "r"(64));
  __syncthreads();
  uint32_t tensor = slot;
  asm volatile("{\n"
               ".reg .pred p;\n"
               "setp.ne.b32 p, %4, 0;\n"
               "tcgen05.mma.cta_group::1.kind::f16 [%0], %1, %2, %3, {%5, %5, %5, %5}, p;\n"
               "tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale.block16 [%0], %1, %2, %3, [%0], [%4], p;\n"
               "}\n" ::"r"(tensor),
               "l"(a), "l"(b), "r"(instruction), "r"(tensor + 32), "r"(0));
  asm volatile("tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%0];" ::"r"(barrierAddress));
  uint32_t r[8];
  asm volatile("tcgen05.ld.sync.aligned.32x32b.x8.b32"
               "{%0, %1, %2, %3, %4, %5, %6, %7},"
               "[%8];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]), "=r"(r[4]), "=r"(r[5]), "=r"(r[6]), "=r"(r[7])
               : "r"(tensor));
  asm volatile("tcgen05.wait::ld.sync.aligned;");
  asm volatile("tcgen05.st.sync.aligned.32x32b.x2.b32[%0],{%1, %2};" ::"r"(tensor), "r"(r[0]), "r"(r[1]));
  uint16_t packed;
  asm volatile("{\n"
               ".reg .b8 low, high;\n"
               "cvt.rn.satfinite.e2m1x2.f32 low, %1, %2;\n"
               "cvt.rn.satfinite.e2m1x2.f32 high, %2, %1;\n"
               "mov.b16 %0, {low, high};\n"
               "}\n"
               : "=h"(packed)
               : "f"(x), "f"(y));
  uint32_t kept;
  asm volatile("ld.global.v8.b32 {_, _, %0, _, _, _, _, _}, [%1+32];" : "=r"(kept) : "l"(out));
  asm volatile("tcgen05.dealloc.cta_group::1.sync.aligned.b32 %0, %1;" ::"r"(tensor), "r"(64));
  out[threadIdx.x] = r[0] + r[7] + packed + kept;
}
