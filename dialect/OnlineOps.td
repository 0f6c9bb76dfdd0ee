//===- OnlineOps.td - the online router: the low logits decide --------------===//

#ifndef THRIFTJIT_DIALECT_ONLINEOPS_TD
#define THRIFTJIT_DIALECT_ONLINEOPS_TD

include "dialect/RankOps.td"

def Thrift_StartRouterOp : Thrift_Op<"start_router", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Start the online router for one query tile";
  let description = [{
    Forgets all promotions of the query tile that the indices name, fixes its *seeds* and holds the router's numbers.

    Seeds are the first `sink` blocks and, with local >= 1, every block that holds some row's diagonal key and the
    local - 1 before them, as far as they are visible; a row whose diagonal key does not exist stands at the nearest one.
    They run high for every row.

    A granule may promote `top_k` blocks or, with top_k < 0, ceil(n ppm / 10^6) of the n that its query tile sees; seeds
    do not count. `tau` and `lambda` are the thresholds of `thrift.promote`, `scale` the softmax's.

    Every byte of the tile's tiers is written, where the caller wants them: 2 for a seed, 1 for another visible block,
    0 for the rest.

    Constraints:
    - U1: decisions have three indices, the last of which counts query tiles.
    - U2: the router has the decisions' granule.
    - U3: the router has block_q rows.

    ```mlir
    %d = "source"() : () -> !thrift.decisions<[batch, q_heads, q_tiles] by 16>
    %b, %h, %i, %sink, %local, %ppm, %top = "source"() : () -> (i32, i32, i32, i32, i32, i32, i32)
    %tau, %lambda, %c = "source"() : () -> (f32, f32, f32)
    %r = thrift.start_router %d[%b, %h, %i] causal blocks(128 x 64) seeds(%sink, %local) cap(%ppm, %top) thresholds(%tau, %lambda) scale(%c)
       : !thrift.decisions<[batch, q_heads, q_tiles] by 16> -> !thrift.router<128 by 16>
    ```
  }];
  let arguments = (ins Thrift_DecisionsType:$decisions, Variadic<I32>:$indices, AnyAttr:$mask, AnyAttr:$block_q,
                       AnyAttr:$block_kv, I32:$sink, I32:$local, I32:$ppm, I32:$top_k, F32:$tau, F32:$lambda,
                       F32:$scale);
  let results = (outs Thrift_RouterType:$router);
  let assemblyFormat = [{
    $decisions `[` $indices `]` custom<Mask>($mask) `blocks` `(` custom<Extent>($block_q) `x` custom<Extent>($block_kv) `)`
    `seeds` `(` $sink `,` $local `)` `cap` `(` $ppm `,` $top_k `)` `thresholds` `(` $tau `,` $lambda `)`
    `scale` `(` $scale `)` attr-dict `:` type($decisions) `->` type($router)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getQueryTile() { return getIndices().back(); }
  }];
}

def Thrift_PromoteOp : Thrift_Op<"promote", [MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["logits", "kept"]>]> {
  let summary = "Decide from a block's low logits who takes it low";
  let description = [{
    The largest logit of each row, y = max_c x * scale * log2(e), is compared with what the row has seen:

        mass = log2(l 2^m + p)     m, l: the state;  p: the sum of 2^y over the blocks that this row's granule promoted

    A row without a visible key in the block has y = -inf and no say, and so has a row past the end of the queries. Of
    the others, in one granule:

    - *promoted*: some row has y >= mass + log2(tau), and the granule's cap is not used up. Block j enters the granule's
      set, and p grows by 2^y in each of its rows.
    - *skipped*: no row has, and every row has y < mass + log2(lambda).
    - *low*: otherwise.

    The result is the logits, with minus infinity in the rows that do not take the block low: there P is zero, and
    m, l and O stay as they are. A row that has seen nothing has mass = -inf and promotes whatever it sees; a NaN promotes
    nothing and is never skipped.

    The tier goes to the caller's tiers where it is not low: 2 for promoted, 3 for skipped. A granule that wanted a block
    past its cap is counted.

    `logit_scale_log2` and `exp2` as for `thrift.online_softmax`. `times` (set by a schedule) is what the logits lack: the
    scales of whole tiles in fp8, which no instruction has applied.

    Constraints:
    - U4: logits are f32 and have the rows of state and router.

    ```mlir
    %x, %s = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>)
    %r, %j = "source"() : () -> (!thrift.router<128 by 16>, i32)
    %y = thrift.promote %x, %s at(%j) by %r : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>
    ```
  }];
  let arguments = (ins Thrift_TileType:$logits, Thrift_SoftmaxType:$state, I32:$j, Thrift_RouterType:$router,
                       Optional<F32>:$times, DefaultValuedAttr<I32Attr, "0">:$logit_scale_log2,
                       DefaultValuedStrAttr<StrAttr, "approx">:$exp2);
  let results = (outs Thrift_TileType:$kept);
  let assemblyFormat = [{
    $logits `,` $state `at` `(` $j `)` `by` $router (`times` `(` $times^ `)`)? attr-dict
    `:` type($logits) `,` type($state) `,` type($router)
  }];
  let hasVerifier = 1;
}

def Thrift_KeepPromotedOp : Thrift_Op<"keep_promoted", [MemoryEffects<[MemRead]>, AllTypesMatch<["logits", "kept"]>]> {
  let summary = "Hide a block from the granules that did not promote it";
  let description = [{
    The closing sweep visits every block that some granule of the query tile promoted. The others took it low already, or
    skipped it: their logits become minus infinity.

    Constraints:
    - U4: logits are f32 and have the router's rows.

    ```mlir
    %x, %r, %j = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.router<128 by 16>, i32)
    %y = thrift.keep_promoted %x at(%j) by %r : !thrift.tile<128 x 64, f32>, !thrift.router<128 by 16>
    ```
  }];
  let arguments = (ins Thrift_TileType:$logits, I32:$j, Thrift_RouterType:$router);
  let results = (outs Thrift_TileType:$kept);
  let assemblyFormat = "$logits `at` `(` $j `)` `by` $router attr-dict `:` type($logits) `,` type($router)";
  let hasVerifier = 1;
}

#endif // THRIFTJIT_DIALECT_ONLINEOPS_TD
