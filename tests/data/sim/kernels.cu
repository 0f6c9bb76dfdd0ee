// Small CUDA kernels for the simulator's tests. kernels-sm80.ptx is what nvcc makes of them; see README.md.

#include <cassert>
#include <cstdint>
#include <cstdio>
#include <cuda_fp16.h>

// Sum of n floats per CTA slice: strided loads, shuffles, one atomic per CTA.
extern "C" __global__ void reduction(const float *in, float *out, int n) {
  __shared__ float partial[32];
  float sum = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += in[i];
  for (int offset = 16; offset > 0; offset /= 2)
    sum += __shfl_down_sync(0xFFFFFFFFu, sum, offset);
  if (threadIdx.x % 32 == 0)
    partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0.0f;
    for (int offset = 16; offset > 0; offset /= 2)
      sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    if (threadIdx.x == 0)
      atomicAdd(out, sum);
  }
}

// Softmax of rows, one CTA per row.
extern "C" __global__ void softmax(const float *in, float *out, int columns) {
  extern __shared__ float row[];
  __shared__ float scratch[32];
  const float *source = in + size_t(blockIdx.x) * columns;
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    row[i] = source[i];
    largest = fmaxf(largest, row[i]);
  }
  for (int offset = 16; offset > 0; offset /= 2)
    largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, offset));
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = largest;
  __syncthreads();
  for (int i = 0; i < blockDim.x / 32; ++i)
    largest = fmaxf(largest, scratch[i]);
  __syncthreads();
  float sum = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    row[i] = __expf(row[i] - largest);
    sum += row[i];
  }
  for (int offset = 16; offset > 0; offset /= 2)
    sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = sum;
  __syncthreads();
  sum = 0.0f;
  for (int i = 0; i < blockDim.x / 32; ++i)
    sum += scratch[i];
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[size_t(blockIdx.x) * columns + i] = row[i] / sum;
}

// C = A B with 16x16 tiles in shared memory; any sizes.
extern "C" __global__ void matmulTiled(const float *a, const float *b, float *c, int m, int n, int k) {
  __shared__ float tileA[16][17], tileB[16][17];
  int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0.0f;
  for (int first = 0; first < k; first += 16) {
    int ka = first + threadIdx.x, kb = first + threadIdx.y;
    tileA[threadIdx.y][threadIdx.x] = row < m && ka < k ? a[row * k + ka] : 0.0f;
    tileB[threadIdx.y][threadIdx.x] = kb < k && column < n ? b[kb * n + column] : 0.0f;
    __syncthreads();
    for (int i = 0; i < 16; ++i)
      sum = fmaf(tileA[threadIdx.y][i], tileB[i][threadIdx.x], sum);
    __syncthreads();
  }
  if (row < m && column < n)
    c[row * n + column] = sum;
}

static __device__ uint32_t sharedAddress(const void *pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// C[m][n] = A[m][k] B[k][n], f16 in, f32 out: 64x64 tiles, two stages of cp.async, ldmatrix, mma.sync. Sizes are multiples
// of 64 (m, n) and 32 (k). 128 threads: warp w has rows 16w..16w+15.
extern "C" __global__ void matmulMma(const half *a, const half *b, float *c, int m, int n, int k) {
  __shared__ __align__(16) half tileA[2][64][40], tileB[2][32][72];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const half *blockA = a + size_t(blockIdx.y) * 64 * k, *blockB = b + blockIdx.x * 64;
  auto fetch = [&](int stage, int first) {
    for (int i = threadIdx.x; i < 64 * 4; i += 128)
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(sharedAddress(&tileA[stage][i / 4][i % 4 * 8])),
                   "l"(blockA + size_t(i / 4) * k + first + i % 4 * 8));
    for (int i = threadIdx.x; i < 32 * 8; i += 128)
      asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(&tileB[stage][i / 8][i % 8 * 8])),
                   "l"(blockB + size_t(first + i / 8) * n + i % 8 * 8), "r"(16));
    asm volatile("cp.async.commit_group;");
  };
  float acc[8][4] = {};
  fetch(0, 0);
  for (int first = 0, stage = 0; first < k; first += 32, stage ^= 1) {
    if (first + 32 < k) {
      fetch(stage ^ 1, first + 32);
      asm volatile("cp.async.wait_group 1;");
    } else {
      asm volatile("cp.async.wait_group 0;");
    }
    __syncthreads();
    for (int kk = 0; kk < 32; kk += 16) {
      uint32_t fragA[4];
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(fragA[0]), "=r"(fragA[1]), "=r"(fragA[2]), "=r"(fragA[3])
                   : "r"(sharedAddress(&tileA[stage][warp * 16 + lane % 16][kk + lane / 16 * 8])));
      for (int tile = 0; tile < 8; ++tile) {
        uint32_t fragB[2];
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                     : "=r"(fragB[0]), "=r"(fragB[1])
                     : "r"(sharedAddress(&tileB[stage][kk + lane % 16][tile * 8])));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                     "{%0,%1,%2,%3};"
                     : "+f"(acc[tile][0]), "+f"(acc[tile][1]), "+f"(acc[tile][2]), "+f"(acc[tile][3])
                     : "r"(fragA[0]), "r"(fragA[1]), "r"(fragA[2]), "r"(fragA[3]), "r"(fragB[0]), "r"(fragB[1]));
      }
    }
    __syncthreads();
  }
  int row = blockIdx.y * 64 + warp * 16 + lane / 4, column = blockIdx.x * 64 + lane % 4 * 2;
  for (int tile = 0; tile < 8; ++tile) {
    float2 *low = reinterpret_cast<float2 *>(c + size_t(row) * n + column + tile * 8);
    float2 *high = reinterpret_cast<float2 *>(c + size_t(row + 8) * n + column + tile * 8);
    *low = make_float2(acc[tile][0], acc[tile][1]);
    *high = make_float2(acc[tile][2], acc[tile][3]);
  }
}

// Counts bytes: shared atomics first, then global ones.
extern "C" __global__ void histogram(const uint8_t *in, unsigned *counts, int n) {
  __shared__ unsigned local[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    local[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[in[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    if (local[i] != 0)
      atomicAdd(&counts[i], local[i]);
}

// Inclusive prefix sum of each CTA's slice, with shuffles whose lanes diverge.
extern "C" __global__ void scan(const int *in, int *out) {
  __shared__ int sums[32];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, i = blockIdx.x * blockDim.x + threadIdx.x;
  int value = in[i];
  for (int offset = 1; offset < 32; offset *= 2) {
    int other = __shfl_up_sync(0xFFFFFFFFu, value, offset);
    if (lane >= offset)
      value += other;
  }
  if (lane == 31)
    sums[warp] = value;
  __syncthreads();
  if (warp == 0) {
    int sum = lane < blockDim.x / 32 ? sums[lane] : 0;
    for (int offset = 1; offset < 32; offset *= 2) {
      int other = __shfl_up_sync(0xFFFFFFFFu, sum, offset);
      if (lane >= offset)
        sum += other;
    }
    sums[lane] = sum;
  }
  __syncthreads();
  out[i] = value + (warp > 0 ? sums[warp - 1] : 0);
}

struct Pair {
  int quotient, remainder;
};

// A real call: a struct comes back, a struct goes in by value.
__device__ __noinline__ Pair divide(int a, int b) { return {a / b, a % b}; }
__device__ __noinline__ int horner(int x, const int (&coefficients)[5]) {
  int result = 0;
  for (int coefficient : coefficients)
    result = result * x + coefficient;
  return result;
}
__device__ __noinline__ int weigh(Pair pair, int weight) { return pair.quotient * weight + pair.remainder; }

extern "C" __global__ void calls(const int *in, int *out, int divisor) {
  int i = threadIdx.x;
  int result = 0;
  if (in[i] % 3 != 0) { // lanes differ
    Pair pair = divide(in[i], divisor);
    result = weigh(pair, i);
  } else {
    int coefficients[5] = {1, i, 2, in[i], 3};
    result = horner(in[i] & 7, coefficients);
  }
  out[i] = result;
}

extern "C" __global__ void switches(const int *in, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  int x = in[i];
  switch (x % 11) {
  case 0: x = x * 3 + 1; break;
  case 1: x = x ^ 0x55; break;
  case 2: for (int j = 0; j < (x & 15); ++j) x += j * x; break;
  case 3: x = -x; break;
  case 4: x = x << 3; break;
  case 5: x = x / 7; break;
  case 6: x = __popc(x); break;
  case 7: x = __clz(x); break;
  case 8: x = x * x; break;
  case 9: x = x - 1000; break;
  default: x = 42; break;
  }
  out[i] = x;
}

// Each lane walks its own Collatz path: loops with different trip counts.
extern "C" __global__ void collatz(int *steps) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  unsigned long long x = i + 1;
  int count = 0;
  while (x != 1) {
    x = x % 2 == 0 ? x / 2 : 3 * x + 1;
    ++count;
  }
  steps[i] = count;
}

// Double precision, 64-bit integers and math functions with slow paths.
extern "C" __global__ void mathFunctions(const float *in, float *out, int n) {
  int i = threadIdx.x;
  if (i >= n)
    return;
  float x = in[i];
  out[0 * n + i] = expf(x);
  out[1 * n + i] = logf(fabsf(x));
  out[2 * n + i] = sinf(x);
  out[3 * n + i] = tanhf(x);
  out[4 * n + i] = sqrtf(fabsf(x));
  out[5 * n + i] = static_cast<float>(exp(static_cast<double>(x)));
  out[6 * n + i] = powf(fabsf(x), 1.25f);
  out[7 * n + i] = rintf(x) + floorf(x) * 0.5f + truncf(x) * 0.25f;
  out[8 * n + i] = erff(x);
  out[9 * n + i] = fmodf(x, 0.75f);
}

// Every CTA waits for all others: they must be resident together.
extern "C" __global__ void gridBarrier(unsigned *arrived, unsigned *out) {
  if (threadIdx.x == 0) {
    atomicAdd(arrived, 1u);
    while (atomicAdd(arrived, 0u) < gridDim.x) {
    }
  }
  __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = blockIdx.x;
}

// A lock that the lanes of a warp fight for: needs independent thread scheduling.
extern "C" __global__ void laneLock(int *lock, int *counter) {
  bool done = false;
  while (!done) {
    if (atomicCAS(lock, 0, 1) == 0) {
      *static_cast<volatile int *>(counter) = *static_cast<volatile int *>(counter) + 1;
      __threadfence();
      atomicExch(lock, 0);
      done = true;
    }
  }
}

extern "C" __global__ void prints(int value) {
  if (threadIdx.x < 2)
    printf("cta %d thread %d: %d %.2f %s\n", int(blockIdx.x), int(threadIdx.x), value, value * 0.5, "text");
}

extern "C" __global__ void asserts(int limit) {
  assert(int(threadIdx.x) < limit);
}
