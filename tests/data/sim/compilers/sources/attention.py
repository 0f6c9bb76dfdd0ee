"""Attention in Triton, forward: one program per block of queries and head, online softmax over blocks of keys.

q, k, v, o are [heads * tokens, D]; `scale` includes log2(e).
"""

import triton
import triton.language as tl


@triton.jit
def over_keys(q, k, v, sum, total, largest, first, last, base, query, scale, BLOCK_N: tl.constexpr,
              MASKED: tl.constexpr, WARP_SPECIALIZE: tl.constexpr):
    key = tl.arange(0, BLOCK_N)
    for start in tl.range(first, last, BLOCK_N, warp_specialize=WARP_SPECIALIZE):
        score = tl.dot(q, k.load([base + start, 0]).T) * scale
        if MASKED:
            score = tl.where(query[:, None] >= start + key[None, :], score, -float("inf"))
        new_largest = tl.maximum(largest, tl.max(score, axis=1))
        correction = tl.exp2(largest - new_largest)
        p = tl.exp2(score - new_largest[:, None])
        total = total * correction + tl.sum(p, axis=1)
        largest = new_largest
        sum = tl.dot(p.to(q.dtype), v.load([base + start, 0]), sum * correction[:, None])
    return sum, total, largest


@triton.jit
def attention(q, k, v, o, lse, tokens, scale, D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
              CAUSAL: tl.constexpr, WARP_SPECIALIZE: tl.constexpr):
    start = tl.program_id(0) * BLOCK_M
    base = tl.program_id(1) * tokens
    query = start + tl.arange(0, BLOCK_M)
    q_block = q.load([base + start, 0])
    sum = tl.zeros((BLOCK_M, D), dtype=tl.float32)
    total = tl.zeros((BLOCK_M,), dtype=tl.float32)
    largest = tl.full((BLOCK_M,), -float("inf"), dtype=tl.float32)
    if CAUSAL:
        sum, total, largest = over_keys(q_block, k, v, sum, total, largest, 0, start, base, query, scale, BLOCK_N,
                                        False, WARP_SPECIALIZE)
        sum, total, largest = over_keys(q_block, k, v, sum, total, largest, start, start + BLOCK_M, base, query, scale,
                                        BLOCK_N, True, WARP_SPECIALIZE)
    else:
        sum, total, largest = over_keys(q_block, k, v, sum, total, largest, 0, tokens, base, query, scale, BLOCK_N,
                                        False, WARP_SPECIALIZE)
    o.store([base + start, 0], (sum / total[:, None]).to(o.dtype))
    tl.store(lse + base + query, largest + tl.log2(total))
