//===- TensorOps.td - tensor memory and what multiplies into it -------------===//
//
// Blackwell's matrix unit works between shared memory and tensor memory (TMEM): 128 lanes by 512 columns of 32 bits for each
// SM. One thread starts a multiplication and goes on; warps move rows between tensor memory and registers.

#ifndef THRIFTJIT_DIALECT_TENSOROPS_TD
#define THRIFTJIT_DIALECT_TENSOROPS_TD

include "dialect/PipelineOps.td"

def Thrift_TensorAllocOp : Thrift_Op<"tensor_alloc", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Take columns of tensor memory";
  let description = [{
    One warp asks, and the address of the columns is written to shared memory at `offset`, from where everybody may read it after
    a `thrift.barrier`. Waits until so many columns are free.

    Constraints:
    - M1: 32, 64, 128, 256 or 512 columns.

    ```mlir
    %m = thrift.tensor_alloc 256 at 1024 by 5
    ```
  }];
  let arguments = (ins I32Attr:$columns, ConfinedAttr<I32Attr, [IntNonNegative]>:$offset,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$warp);
  let results = (outs I32:$memory);
  let assemblyFormat = "$columns `at` $offset `by` $warp attr-dict";
  let hasVerifier = 1;
}

def Thrift_TensorFreeOp : Thrift_Op<"tensor_free", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Give columns of tensor memory back";
  let description = [{
    By the warp that took them, when nobody uses them any more.

    Constraints:
    - M2: the operand is a `thrift.tensor_alloc`.

    ```mlir
    %m = thrift.tensor_alloc 256 at 1024 by 5
    thrift.tensor_free %m
    ```
  }];
  let arguments = (ins I32:$memory);
  let assemblyFormat = "$memory attr-dict";
  let hasVerifier = 1;
}

def Thrift_TensorOp : Thrift_Op<"tensor", [MemoryEffects<[MemRead]>]> {
  let summary = "Name a tile in tensor memory";
  let description = [{
    Row r of the tile is lane r. 32-bit elements take a column each, smaller ones share one: column 0 is `column`, counted from
    the first that was taken.

    Constraints:
    - M2 as for `thrift.tensor_free`.
    - M3: the tile lies in tensor memory, has at most 128 rows, and ends before the columns do.

    ```mlir
    %m = thrift.tensor_alloc 256 at 1024 by 5
    %s = thrift.tensor %m at 128 : !thrift.tile<128 x 64, f32, tensor>
    ```
  }];
  let arguments = (ins I32:$memory, ConfinedAttr<I32Attr, [IntNonNegative]>:$column);
  let results = (outs Thrift_TileType:$tile);
  let assemblyFormat = "$memory `at` $column attr-dict `:` type($tile)";
  let hasVerifier = 1;
}

def Thrift_MultiplyOp : Thrift_Op<"multiply", [MemoryEffects<[MemRead, MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Start a matrix product into tensor memory";
  let description = [{
    `d = a b^T`, or `d + a b^T` where `adding` holds; with `transposed`, `a b`. Asynchronous: the thread starts the
    instructions, which run in the order in which they were started. a lies swizzled in shared memory or in tensor memory, b
    swizzled in shared memory, d in tensor memory, in f32.

    Formats with a scale per group have both operands' scales in tensor memory: `scales` names the columns of a's, then b's.
    b's come from behind its elements in shared memory; a's from there as well or, where a lies in tensor memory, from
    `scaled`, a tile in shared memory of which only the scales count. `block` is the index of b's tile, which says where in
    its atom of 128 rows the scales of a smaller tile lie.

    Constraints:
    - M4: extents agree: with a `M x K` and d `M x N`, b is `N x K`, or `K x N` with `transposed`.
    - M5: a and b have formats that one instruction takes.
    - M6: `scales` stand exactly where formats have a scale per group.
    - E4 as for `thrift.fetch`.

    ```mlir
    %m = thrift.tensor_alloc 256 at 65536 by 5
    %p = thrift.tensor %m at 64 : !thrift.tile<128 x 64, f16, tensor>
    %o = thrift.tensor %m at 128 : !thrift.tile<128 x 128, f32, tensor>
    %v, %more = "source"() : () -> (!thrift.tile<64 x 128, f16, swizzled>, i1)
    thrift.multiply %p, %v transposed into %o adding(%more)
      : !thrift.tile<128 x 64, f16, tensor>, !thrift.tile<64 x 128, f16, swizzled>, !thrift.tile<128 x 128, f32, tensor>
    ```
  }];
  let arguments = (ins Thrift_TileType:$a, Thrift_TileType:$b, UnitAttr:$transposed, Thrift_TileType:$d,
                       Optional<I1>:$adding, Optional<Thrift_TileType>:$scales, Optional<Thrift_TileType>:$scaled,
                       Optional<I32>:$block);
  let assemblyFormat = [{
    $a `,` $b (`transposed` $transposed^)? `into` $d (`adding` `(` $adding^ `)`)?
    (`scales` `(` $scales^ `:` type($scales) `)`)? (`scaled` `(` $scaled^ `:` type($scaled) `)`)? (`block` `(` $block^ `)`)?
    attr-dict `:` type($a) `,` type($b) `,` type($d)
  }];
  let hasVerifier = 1;
}

def Thrift_CompleteOp : Thrift_Op<"complete", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Signal an event when all multiplications so far are done";
  let description = [{
    Those that this thread has started. Then their operands may be overwritten and their results read.

    Constraints:
    - E4 as for `thrift.fetch`.

    ```mlir
    %n = "source"() : () -> i32
    %done = thrift.mbarriers at 1024 arrivals 1 : !thrift.mbarriers<2>
    thrift.complete %done[%n] : !thrift.mbarriers<2>
    ```
  }];
  let arguments = (ins Thrift_MBarriersType:$barriers, I32:$number);
  let assemblyFormat = "$barriers `[` $number `]` attr-dict `:` type($barriers)";
  let hasVerifier = 1;
}

def Thrift_ReadOp : Thrift_Op<"read", [MemoryEffects<[MemRead]>]> {
  let summary = "Read a tile of tensor memory into registers";
  let description = [{
    Thread r of the four warps that call it gets row r. Zeros where `if` is false. `poison` as for `thrift.dot`.

    Constraints:
    - M7: from `tensor` to `rows` or back, in one format and shape.

    ```mlir
    %s, %any = "source"() : () -> (!thrift.tile<128 x 64, f32, tensor>, i1)
    %x = thrift.read %s poison : !thrift.tile<128 x 64, f32, tensor> -> !thrift.tile<128 x 64, f32, rows>
    %y = thrift.read %s if(%any) : !thrift.tile<128 x 64, f32, tensor> -> !thrift.tile<128 x 64, f32, rows>
    ```
  }];
  let arguments = (ins Thrift_TileType:$source, UnitAttr:$poison, Optional<I1>:$condition);
  let results = (outs Thrift_TileType:$tile);
  let assemblyFormat = [{
    $source (`poison` $poison^)? (`if` `(` $condition^ `)`)? attr-dict `:` type($source) `->` type($tile)
  }];
  let hasVerifier = 1;
}

def Thrift_WriteOp : Thrift_Op<"write", [MemoryEffects<[MemWrite]>]> {
  let summary = "Write a tile from registers to tensor memory";
  let description = [{
    The scales of a format that has one per group go to `scales`, a tile in shared memory, behind its elements.

    Constraints:
    - M7 as for `thrift.read`.
    - M8: `scales` stand exactly where the format has a scale per group.

    ```mlir
    %x, %p = "source"() : () -> (!thrift.tile<128 x 64, f16, rows>, !thrift.tile<128 x 64, f16, tensor>)
    thrift.write %x to %p : !thrift.tile<128 x 64, f16, rows>, !thrift.tile<128 x 64, f16, tensor>
    ```
  }];
  let arguments = (ins Thrift_TileType:$tile, Thrift_TileType:$target, Optional<Thrift_TileType>:$scales);
  let assemblyFormat = [{
    $tile `to` $target (`scales` `(` $scales^ `:` type($scales) `)`)? attr-dict `:` type($tile) `,` type($target)
  }];
  let hasVerifier = 1;
}

def Thrift_UnitOp : Thrift_Op<"unit", [Pure, AllTypesMatch<["state", "next"]>]> {
  let summary = "Choose the unit in which an accumulator in tensor memory is kept";
  let description = [{
    The accumulator holds O times the state's unit u, so that P may carry a factor: the product adds `factor p (v / scale)`, with
    factor = u scale. By P's format:

    - f16, bf16, mxfp4: u = 1.
    - nvfp4: u = 2688, the product of the largest element and the largest scale; the quantiser applies it by itself, factor = 1.
    - fp8: factor lies between 2^6 and 2^8, so that e4m3(factor p) neither saturates nor loses what counts. u stays where it keeps the
      factor there, else u = 2^8 / scale. `scale` is V's, a power of two.

    `thrift.rescale` brings the accumulator from one unit to another, and `thrift.finish` takes it out.

    Constraints:
    - M9: `scale` stands exactly where P is fp8.

    ```mlir
    %s, %v_scale = "source"() : () -> (!thrift.softmax<128 x 64>, f32)
    %t, %c = thrift.unit %s of fp8 scale(%v_scale) : !thrift.softmax<128 x 64>
    %u, %one = thrift.unit %t of f16 : !thrift.softmax<128 x 64>
    ```
  }];
  let arguments = (ins Thrift_SoftmaxType:$state, AnyAttr:$format, Optional<F32>:$scale);
  let results = (outs Thrift_SoftmaxType:$next, F32:$factor);
  let assemblyFormat = "$state `of` custom<Format>($format) (`scale` `(` $scale^ `)`)? attr-dict `:` type($state)";
  let hasVerifier = 1;
}

def Thrift_LoadScaleOp : Thrift_Op<"load_scale", [MemoryEffects<[MemRead]>]> {
  let hasVerifier = 1;
  let summary = "Load the scale that a whole tile shares";
  let description = [{
    Of a view in fp8: one f32 for each block of tokens. Indices as for `thrift.load`.

    Constraints:
    - M10: the view is fp8, with all three indices.

    ```mlir
    %k, %b, %g, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], fp8>, i32, i32, i32)
    %c = thrift.load_scale %k[%b, %g, %j] of 64 : !thrift.view<[batch, kv_heads, kv_len, 128], fp8>
    ```
  }];
  let arguments = (ins Thrift_ViewType:$view, Variadic<I32>:$indices, ConfinedAttr<I32Attr, [IntPositive]>:$tokens);
  let results = (outs F32:$scale);
  let assemblyFormat = "$view `[` $indices `]` `of` $tokens attr-dict `:` type($view)";
}

def Thrift_RescaleOp : Thrift_Op<"rescale", [MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["from", "to"]>]> {
  let summary = "Rescale an accumulator in tensor memory to a new maximum";
  let description = [{
    `O = O exp2(m_from - m_to) u_to / u_from`, row by row: what `thrift.online_softmax` does to the accumulator of a state in
    registers, and the step from one unit to another. Does nothing where `if` is false, and may leave out rows that do not
    change. `exp2` as for
    `thrift.online_softmax`.

    ```mlir
    %s, %t, %some = "source"() : () -> (!thrift.softmax<128 x 64>, !thrift.softmax<128 x 64>, i1)
    %o = "source"() : () -> !thrift.tile<128 x 64, f32, tensor>
    thrift.rescale %o from %s to %t if(%some) : !thrift.tile<128 x 64, f32, tensor>, !thrift.softmax<128 x 64>
    ```
  }];
  let arguments = (ins Thrift_TileType:$accumulator, Thrift_SoftmaxType:$from, Thrift_SoftmaxType:$to, I1:$condition,
                       DefaultValuedStrAttr<StrAttr, "approx">:$exp2);
  let assemblyFormat = [{
    $accumulator `from` $from `to` $to `if` `(` $condition `)` attr-dict `:` type($accumulator) `,` type($from)
  }];
}

def Thrift_AddSumsOp : Thrift_Op<"add_sums", [Pure, AllTypesMatch<["state", "next"]>]> {
  let summary = "Add one block's row sums to a state";
  let description = [{
    The part of `thrift.accumulate` that stays in registers where the accumulator lies in tensor memory: l' = l + the row sums of w.
    w is what multiplied V where that has a scale per group, divided by the unit.

    ```mlir
    %w, %s = "source"() : () -> (!thrift.tile<128 x 64, f32, rows>, !thrift.softmax<128 x 64>)
    %t = thrift.add_sums %w, %s : !thrift.tile<128 x 64, f32, rows>, !thrift.softmax<128 x 64>
    ```
  }];
  let arguments = (ins Thrift_TileType:$w, Thrift_SoftmaxType:$state);
  let results = (outs Thrift_SoftmaxType:$next);
  let assemblyFormat = "$w `,` $state attr-dict `:` type($w) `,` type($state)";
}

#endif // THRIFTJIT_DIALECT_TENSOROPS_TD
