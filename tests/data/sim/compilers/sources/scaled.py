"""Products of block-scaled operands in Triton: C[M, N] = (A SA)[M, K] (B SB)[N, K]^T.

Four-bit elements are packed two to a byte along K, the first in the lower half. One scale for each GROUP elements of a row.
"""

import triton
import triton.language as tl


@triton.jit
def matmul_scaled(a, a_scale, b, b_scale, c, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                  BLOCK_K: tl.constexpr, GROUP: tl.constexpr, FORMAT: tl.constexpr):
    PACK: tl.constexpr = 2 if FORMAT == "e2m1" else 1
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K // PACK)
    s = tl.arange(0, BLOCK_K // GROUP)
    a_block = a + m[:, None] * (K // PACK) + k[None, :]
    b_block = b + n[None, :] * (K // PACK) + k[:, None]
    a_scales = a_scale + m[:, None] * (K // GROUP) + s[None, :]
    b_scales = b_scale + n[:, None] * (K // GROUP) + s[None, :]
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        left = tl.load(a_block)
        right = tl.load(b_block)
        sum = tl.dot_scaled(left, tl.load(a_scales), FORMAT, right, tl.load(b_scales), FORMAT, sum)
        a_block += BLOCK_K // PACK
        b_block += BLOCK_K // PACK
        a_scales += BLOCK_K // GROUP
        b_scales += BLOCK_K // GROUP
    tl.store(c + m[:, None] * N + n[None, :], sum, mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def matmul_scaled_descriptor(a, a_scale, b, b_scale, c, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
                             BLOCK_K: tl.constexpr, GROUP: tl.constexpr, FORMAT: tl.constexpr):
    """Elements through descriptors. Scales packed as hardware wants them: [rows/128, K/GROUP/4, 32, 4, 4]."""
    PACK: tl.constexpr = 2 if FORMAT == "e2m1" else 1
    m = tl.program_id(0) * BLOCK_M
    n = tl.program_id(1) * BLOCK_N
    ROWS_A: tl.constexpr = BLOCK_M // 128
    ROWS_B: tl.constexpr = BLOCK_N // 128
    WORDS: tl.constexpr = BLOCK_K // GROUP // 4
    sum = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, K // BLOCK_K):
        left = a.load([m, k * (BLOCK_K // PACK)])
        right = b.load([n, k * (BLOCK_K // PACK)])
        left_scale = a_scale.load([0, m // 128, k * WORDS, 0, 0])
        right_scale = b_scale.load([0, n // 128, k * WORDS, 0, 0])
        left_scale = left_scale.reshape(ROWS_A, WORDS, 32, 4, 4).trans(0, 3, 2, 1, 4).reshape(BLOCK_M, BLOCK_K // GROUP)
        right_scale = right_scale.reshape(ROWS_B, WORDS, 32, 4, 4).trans(0, 3, 2, 1, 4).reshape(BLOCK_N, BLOCK_K // GROUP)
        sum = tl.dot_scaled(left, left_scale, FORMAT, right.T, right_scale, FORMAT, sum)
    c.store([m, n], sum)
