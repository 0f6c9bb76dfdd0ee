"""Matrix products in Triton: C[M, N] = A[M, K] B[K, N], rows contiguous, f32 accumulation."""

import triton
import triton.language as tl


@triton.jit
def matmul(a, b, c, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    """Plain pointers; any M, and N and K that the blocks do not divide."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    a_block = a + m[:, None] * K + k[None, :]
    b_block = b + k[:, None] * N + n[None, :]
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        left = tl.load(a_block, mask=(m[:, None] < M) & (k[None, :] < K - start), other=0.0)
        right = tl.load(b_block, mask=(k[:, None] < K - start) & (n[None, :] < N), other=0.0)
        sum = tl.dot(left, right, sum)
        a_block += BLOCK_K
        b_block += BLOCK_K * N
    tl.store(c + m[:, None] * N + n[None, :], sum.to(c.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def matmul_descriptor(a, b, c, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    """Descriptors made by the host; what is outside the tensors reads as zero and is not written."""
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        sum = tl.dot(a.load([m, k]), b.load([k, n]), sum)
    c.store([m, n], sum.to(c.dtype))


@triton.jit
def matmul_transposed(a, b, c, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    """As matmul_descriptor, but B is [N, K]: what 8-bit operands need."""
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        sum = tl.dot(a.load([m, k]), b.load([n, k]).T, sum)
    c.store([m, n], sum.to(c.dtype))


@triton.jit
def matmul_device_descriptor(a, b, c, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    """Descriptors that the kernel itself makes in global memory."""
    a_tensor = tl.make_tensor_descriptor(a, shape=[M, K], strides=[K, 1], block_shape=[BLOCK_M, BLOCK_K])
    b_tensor = tl.make_tensor_descriptor(b, shape=[K, N], strides=[N, 1], block_shape=[BLOCK_K, BLOCK_N])
    c_tensor = tl.make_tensor_descriptor(c, shape=[M, N], strides=[N, 1], block_shape=[BLOCK_M, BLOCK_N])
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K, BLOCK_K):
        sum = tl.dot(a_tensor.load([m, k]), b_tensor.load([k, n]), sum)
    c_tensor.store([m, n], sum.to(c.dtype.element_ty))


@triton.jit
def matmul_persistent(a, b, c, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
                      PROGRAMS: tl.constexpr):
    """Each program takes every PROGRAMS-th block; copies, products and stores by warps of their own."""
    across = tl.cdiv(N, BLOCK_N)
    blocks = tl.cdiv(M, BLOCK_M) * across
    for block in tl.range(tl.program_id(0), blocks, PROGRAMS, flatten=True, warp_specialize=True):
        m = block // across * BLOCK_M
        n = block % across * BLOCK_N
        sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
        for k in range(tl.cdiv(K, BLOCK_K)):
            sum = tl.dot(a.load([m, k * BLOCK_K]), b.load([n, k * BLOCK_K]).T, sum)
        c.store([m, n], sum.to(c.dtype))
