// printf, assert, malloc, device functions, a table of function pointers, a switch and a function that does not return.
// nvcc -ptx -arch=sm_90a

#include <cassert>
#include <cstdio>

struct Pair {
  double value;
  int index;
};

using Step = int (*)(int);

__device__ __noinline__ int twice(int x) { return 2 * x; }
__device__ __noinline__ int square(int x) { return x * x; }
__device__ Step steps[2] = {twice, square};
__device__ const char *title = "calls";

__device__ __noinline__ int choose(int x, int y) {
  switch (x) {
  case 0: return y + 5;
  case 1: return y * 19;
  case 2: return y ^ 12;
  case 3: return y - 100;
  case 4: return y / 3;
  case 5: return y << 3;
  case 6: return -y;
  case 7: return __popc(y);
  default: return 0;
  }
}

__device__ __noinline__ Pair larger(Pair a, Pair b) { return a.value > b.value ? a : b; }

__device__ __noinline__ int factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1) + choose(n, n); }

__device__ __noinline__ void finish() { asm volatile("exit;"); }

__global__ void calls(Pair *pairs, int *out, int count) {
  assert(count > 0);
  Pair best = larger(pairs[threadIdx.x], pairs[threadIdx.x + 1]);
  out[threadIdx.x] = steps[best.index & 1](count) + choose(best.index, count) + factorial(count & 7);
  int scratch[16];
  for (int i = 0; i < 16; ++i)
    scratch[i] = i * count;
  char *copy = static_cast<char *>(malloc(16));
  copy[0] = title[count & 3];
  printf("%s: %d %f %c\n", title, scratch[count & 15], best.value, copy[0]);
  free(copy);
  if (count == 3)
    finish();
  out[0] = scratch[best.index & 15];
}
