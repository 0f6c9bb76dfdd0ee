"""Softmax over the rows of a matrix, in Triton: one program per row, a row in one block."""

import triton
import triton.language as tl


@triton.jit
def softmax(x, y, stride, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    column = tl.arange(0, BLOCK)
    inside = column < columns
    values = tl.load(x + row * stride + column, mask=inside, other=-float("inf")).to(tl.float32)
    exponentials = tl.exp(values - tl.max(values, axis=0))
    tl.store(y + row * stride + column, (exponentials / tl.sum(exponentials, axis=0)).to(y.dtype.element_ty), mask=inside)
