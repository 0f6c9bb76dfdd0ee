// A small kernel with full debug information: locations, labels for them, and DWARF sections.
// nvcc -ptx -G -arch=sm_90a

__device__ int half(int x) { return x / 2; }

__global__ void debug(int *values) {
  int index = threadIdx.x;
  values[index] = half(values[index]);
}
