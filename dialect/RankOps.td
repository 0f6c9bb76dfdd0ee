//===- RankOps.td - summaries, scores, and the choice of blocks -------------===//

#ifndef THRIFTJIT_DIALECT_RANKOPS_TD
#define THRIFTJIT_DIALECT_RANKOPS_TD

include "dialect/SweepOps.td"

def Thrift_SummarizeOp : Thrift_Op<"summarize", [Pure]> {
  let summary = "Average the rows of a tile";
  let description = [{
    mean[d] = (sum_r x[r, d]) * (1 / n) over the n rows that exist: rows [t * extent, (t + 1) * extent) of dimension
    `len`, in ascending order, in f32.

    Constraints:
    - Z1: the result has one row and the source's columns, in f32.

    ```mlir
    %x, %t = "source"() : () -> (!thrift.tile<64 x 128, f16>, i32)
    %m = thrift.summarize %x rows(%t of kv_len) : !thrift.tile<64 x 128, f16> -> !thrift.tile<1 x 128, f32>
    ```
  }];
  let arguments = (ins Thrift_TileType:$source, I32:$tile, StrAttr:$len);
  let results = (outs Thrift_TileType:$mean);
  let assemblyFormat = [{
    $source `rows` `(` $tile `of` custom<BareName>($len) `)` attr-dict `:` type($source) `->` type($mean)
  }];
  let hasVerifier = 1;
}

def Thrift_RankOp : Thrift_Op<"rank", [MemoryEffects<[MemRead, MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Score every KV block that a query tile can see";
  let description = [{
    For each block j visible to query tile i: score = mean_q . mean_k[j] in f32, in the stated order: 32 partial sums, the
    l-th over d = l, l + 32, ..., by fused multiply-adds from zero, then added by an xor butterfly with distances
    16, 8, 4, 2, 1. Scores go to a scratch view, one row per query tile.

    Constraints:
    - N1: mean_q is one row of f32 with the key means' columns.
    - N2: scores are f32 and have one index for each dimension but the last.

    ```mlir
    %q = "source"() : () -> !thrift.tile<1 x 128, f32>
    %k, %s = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_tiles, 128], f32>, !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>)
    %b, %h, %g, %i = "source"() : () -> (i32, i32, i32, i32)
    thrift.rank %q, %k[%b, %g] for(%i) causal blocks(128 x 64) into %s[%b, %h, %i]
      : !thrift.tile<1 x 128, f32>, !thrift.view<[batch, kv_heads, kv_tiles, 128], f32>, !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>
    ```
  }];
  let arguments = (ins Thrift_TileType:$mean_q, Thrift_ViewType:$mean_k, Variadic<I32>:$keyIndices, I32:$i,
                       AnyAttr:$mask, AnyAttr:$block_q, AnyAttr:$block_kv, Thrift_ViewType:$scores,
                       Variadic<I32>:$scoreIndices);
  let assemblyFormat = [{
    $mean_q `,` $mean_k `[` $keyIndices `]` `for` `(` $i `)` custom<Mask>($mask)
    `blocks` `(` custom<Extent>($block_q) `x` custom<Extent>($block_kv) `)` `into` $scores `[` $scoreIndices `]` attr-dict
    `:` type($mean_q) `,` type($mean_k) `,` type($scores)
  }];
  let hasVerifier = 1;
}

def Thrift_SelectOp : Thrift_Op<"select", [MemoryEffects<[MemRead, MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Choose the best blocks exactly and write the routes";
  let description = [{
    n blocks are visible. With top_k > 0, count = min(n, max(top_k, forced)), with top_k = 0 it is 0. Else, with ppm the budget in parts per
    million: 0 for ppm = 0, n for ppm = 10^6, and min(n, max(min_blocks, forced, ceil(n ppm / 10^6))) between.
    Forced are the first `sink` blocks, and with local >= 1 every block that holds some row's diagonal key and the
    local - 1 before them (a row whose diagonal key does not exist stands at the nearest one). The others follow by score: NaN first, then the highest; the lower block index wins ties.
    Ids are written in ascending order.

    Constraints:
    - N2 as for `thrift.rank`.
    - N3: routes have three indices.

    ```mlir
    %s, %r = "source"() : () -> (!thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>, !thrift.routes<[batch, q_heads, q_tiles]>)
    %b, %h, %i, %ppm, %top, %min, %sink, %local = "source"() : () -> (i32, i32, i32, i32, i32, i32, i32, i32)
    thrift.select %s[%b, %h, %i] for(%i) causal blocks(128 x 64) budget(%ppm, %top, %min) forced(%sink, %local) into %r[%b, %h, %i]
      : !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>, !thrift.routes<[batch, q_heads, q_tiles]>
    ```
  }];
  let arguments = (ins Thrift_ViewType:$scores, Variadic<I32>:$scoreIndices, I32:$i, AnyAttr:$mask,
                       AnyAttr:$block_q, AnyAttr:$block_kv, I32:$ppm, I32:$top_k, I32:$min_blocks, I32:$sink, I32:$local,
                       Thrift_RoutesType:$routes, Variadic<I32>:$routeIndices);
  let assemblyFormat = [{
    $scores `[` $scoreIndices `]` `for` `(` $i `)` custom<Mask>($mask)
    `blocks` `(` custom<Extent>($block_q) `x` custom<Extent>($block_kv) `)`
    `budget` `(` $ppm `,` $top_k `,` $min_blocks `)` `forced` `(` $sink `,` $local `)`
    `into` $routes `[` $routeIndices `]` attr-dict `:` type($scores) `,` type($routes)
  }];
  let hasVerifier = 1;
}

#endif // THRIFTJIT_DIALECT_RANKOPS_TD
