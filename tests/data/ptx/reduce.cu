// Loops, shared memory, atomics, shuffles, votes, a constant table and a struct passed by value.
// nvcc -ptx -lineinfo -arch=sm_90a

struct Window {
  float scale[5];
  double bias;
  const int *offsets;
};

__constant__ float weights[8] = {1.0f, 0.5f, 0.25f, 0.125f, -1.0f, -0.5f, -0.25f, -0.125f};
__device__ unsigned long long finished = 7;
__device__ short corners[3][2] = {{1, 2}, {-3, 4}};
__device__ unsigned long long *const places[2] = {&finished, nullptr};
extern __shared__ float staged[];

__global__ void __launch_bounds__(256, 2) reduce(float *out, const float *in, Window window, int count) {
  __shared__ float partial[32];
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    staged[threadIdx.x] = in[i + window.offsets[i % 5]];
    sum += staged[threadIdx.x] * weights[i & 7] + window.scale[i % 5];
  }
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    sum += __shfl_xor_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0)
    partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    unsigned live = __ballot_sync(~0u, threadIdx.x < blockDim.x / 32);
    sum = live >> threadIdx.x & 1 ? partial[threadIdx.x] : 0.0f;
    for (int step = 1; step < 32; step *= 2)
      sum += __shfl_down_sync(~0u, sum, step);
    if (threadIdx.x == 0) {
      atomicAdd(out, sum + static_cast<float>(window.bias));
      atomicAdd(places[0], corners[1][0] + 4ull);
    }
  }
}
