//===- ScheduleOps.td - what a schedule adds: rings, copies, waits ----------===//
//
// These ops appear after thrift-schedule and say how one target runs an algorithm. They are ordinary IR: a schedule can be
// printed, read, tested and edited.

#ifndef THRIFTJIT_DIALECT_SCHEDULEOPS_TD
#define THRIFTJIT_DIALECT_SCHEDULEOPS_TD

include "dialect/OnlineOps.td"

def Thrift_AllocOp : Thrift_Op<"alloc", [Pure]> {
  let summary = "Reserve a ring in shared memory";
  let description = [{
    `offset` is its first byte in the CTA's dynamic shared memory; rings of sweeps that never run at the same time may
    overlap.

    ```mlir
    %r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$offset);
  let results = (outs Thrift_RingType:$ring);
  let assemblyFormat = "`at` $offset attr-dict `:` type($ring)";
}

def Thrift_CopyOp : Thrift_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let hasVerifier = 1;
  let summary = "Start copying one tile of a view into a ring";
  let description = [{
    Asynchronous: the tile is there once a `thrift.wait` covers the group into which the next `thrift.commit` puts the
    copy, and other threads see it after a `thrift.barrier`. Rows past the end of the view become zero. Does nothing
    where `if` is false. Indices and `alignment` as for `thrift.load`.

    Constraints:
    - L1, L2, L3 as for `thrift.load`.

    ```mlir
    %k, %b, %g, %j, %n, %more = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], f16>, i32, i32, i32, i32, i1)
    %r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
    thrift.copy %k[%b, %g, %j] to %r[%n] if(%more) : !thrift.view<[batch, kv_heads, kv_len, 128], f16>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
    ```
  }];
  let arguments = (ins Thrift_ViewType:$view, Variadic<I32>:$indices, Thrift_RingType:$ring, I32:$number, I1:$condition,
                       DefaultValuedAttr<I32Attr, "16">:$alignment);
  let assemblyFormat = [{
    $view `[` $indices `]` `to` $ring `[` $number `]` `if` `(` $condition `)` attr-dict `:` type($view) `,` type($ring)
  }];
}

def Thrift_CommitOp : Thrift_Op<"commit", [MemoryEffects<[MemWrite]>]> {
  let summary = "Close a group of copies";
  let description = [{
    ```mlir
    thrift.commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Thrift_WaitOp : Thrift_Op<"wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Wait until at most `pending` groups of copies are under way";
  let description = [{
    ```mlir
    thrift.wait 1
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "$pending attr-dict";
}

def Thrift_BarrierOp : Thrift_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Wait for every thread of the CTA";
  let description = [{
    ```mlir
    thrift.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Thrift_SlotOp : Thrift_Op<"slot", [Pure]> {
  let summary = "Name the tile in a ring's slot";
  let description = [{
    Tile number n of a sweep lies in slot n mod stages.

    Constraints:
    - G1: the tile is the ring's.

    ```mlir
    %r, %n = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>, i32)
    %k = thrift.slot %r[%n] : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>> -> !thrift.tile<64 x 128, f16, shared>
    ```
  }];
  let arguments = (ins Thrift_RingType:$ring, I32:$number);
  let results = (outs Thrift_TileType:$tile);
  let assemblyFormat = "$ring `[` $number `]` attr-dict `:` type($ring) `->` type($tile)";
  let hasVerifier = 1;
}

def Thrift_SliceOp : Thrift_Op<"slice", [Pure]> {
  let summary = "Take some rows, or some columns, of a shared tile into registers";
  let description = [{
    Rows [first, first + n) of the tile, or its columns with `columns`.

    Constraints:
    - X1: the slice has the source's other extent and its format.

    ```mlir
    %x, %r = "source"() : () -> (!thrift.tile<64 x 128, f16, shared>, i32)
    %y = thrift.slice %x from %r : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<16 x 128, f16, groups>
    ```
  }];
  let arguments = (ins Thrift_TileType:$source, I32:$first, UnitAttr:$columns);
  let results = (outs Thrift_TileType:$slice);
  let assemblyFormat = "$source (`columns` $columns^)? `from` $first attr-dict `:` type($source) `->` type($slice)";
  let hasVerifier = 1;
}

def Thrift_BlockScaleOp : Thrift_Op<"block_scale", [Pure]> {
  let summary = "Find the fp8 scale of a shared tile";
  let description = [{
    The f32 that all values of the tile share as a scale: amax / 448, rounded up to a power of two with `power_of_two`, as
    `dialect/formats/Quantize.h` says for K and V, bit for bit.

    Constraints:
    - B1: the source is f16 or bf16.

    ```mlir
    %x = "source"() : () -> !thrift.tile<64 x 128, f16, shared>
    %s = thrift.block_scale %x power_of_two : !thrift.tile<64 x 128, f16, shared>
    ```
  }];
  let arguments = (ins Thrift_TileType:$source, UnitAttr:$power_of_two);
  let results = (outs F32:$scale);
  let assemblyFormat = "$source (`power_of_two` $power_of_two^)? attr-dict `:` type($source)";
  let hasVerifier = 1;
}

defvar listRule = [{
    A place in a list is a pair (j, cursor): the block and, for lists that routes define, how many routed ids lie before
    it; a router's lists need no cursor.
}];

def Thrift_SeekOp : Thrift_Op<"seek", [MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let hasVerifier = 1;
  let summary = "Find the first block of a list and count its blocks";
  let description = listRule # [{
    Looks at the part of the list that query tile i can see. j is meaningless where the count is zero.

    Constraints:
    - W1, W4 as for `thrift.sweep`.

    ```mlir
    %i = "source"() : () -> i32
    %n, %j, %c = thrift.seek visible(%i) causal interior blocks(128 x 64)
    ```

    ```mlir
    %i, %b, %h, %r = "source"() : () -> (i32, i32, i32, !thrift.routes<[batch, q_heads, q_tiles]>)
    %n, %j, %c = thrift.seek low(%i) causal boundary blocks(128 x 64) by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]>
    ```
  }];
  let arguments = (ins Thrift_ListAttr:$list, Thrift_PartAttr:$part, AnyAttr:$mask,
                       ConfinedAttr<I32Attr, [IntPositive]>:$block_q, ConfinedAttr<I32Attr, [IntPositive]>:$block_kv,
                       I32:$i, Optional<Thrift_ListSource>:$routes, Variadic<I32>:$routeIndices);
  let results = (outs I32:$count, I32:$j, I32:$cursor);
  let assemblyFormat = [{
    custom<List>($list) `(` $i `)` custom<Mask>($mask) custom<Part>($part) `blocks` `(` $block_q `x` $block_kv `)`
    (`by` $routes^ (`[` $routeIndices^ `]`)? `:` type($routes))? attr-dict
  }];
}

def Thrift_NextOp : Thrift_Op<"next", [MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let hasVerifier = 1;
  let summary = "Step to the next block of a list";
  let description = listRule # [{
    Past the end j is meaningless.

    Constraints:
    - W1 as for `thrift.sweep`.

    ```mlir
    %j, %c = "source"() : () -> (i32, i32)
    %k, %d = thrift.next visible after(%j, %c)
    ```

    ```mlir
    %r, %j, %c = "source"() : () -> (!thrift.router<128 by 16>, i32, i32)
    %k, %d = thrift.next promoted after(%j, %c) by %r : !thrift.router<128 by 16>
    ```
  }];
  let arguments = (ins Thrift_ListAttr:$list, I32:$after, I32:$cursor, Optional<Thrift_ListSource>:$routes,
                       Variadic<I32>:$routeIndices);
  let results = (outs I32:$j, I32:$next_cursor);
  let assemblyFormat = [{
    custom<List>($list) `after` `(` $after `,` $cursor `)` (`by` $routes^ (`[` $routeIndices^ `]`)? `:` type($routes))? attr-dict
  }];
}

#endif // THRIFTJIT_DIALECT_SCHEDULEOPS_TD
