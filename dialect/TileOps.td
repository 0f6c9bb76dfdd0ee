//===- TileOps.td - arithmetic on tiles and softmax states ------------------===//

#ifndef THRIFTJIT_DIALECT_TILEOPS_TD
#define THRIFTJIT_DIALECT_TILEOPS_TD

include "dialect/KernelOps.td"

def Thrift_DotOp : Thrift_Op<"dot", [Pure]> {
  let summary = "Multiply a query tile by the transpose of a key tile";
  let description = [{
    `x[r, c] = sum_d lhs[r, d] * rhs[c, d]`, accumulated in f32.

    `poison` makes a logit that is not finite a NaN. Only inputs that are not finite produce such a logit; minus infinity
    would otherwise vanish in the softmax and hide them. Formats with scales need no `poison`: their scales are NaN.

    `scale_log2 = n` (set by a schedule) says that the result is the dot product times 2^-n, because the target widens
    packed operands with a power of two.

    Constraints:
    - D1: contracted extents agree.
    - D2: the result has the rows of lhs and one column for each row of rhs.
    - D3: the result is f32.
    - D4: both operands have one format.

    ```mlir
    %q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>)
    %x = thrift.dot %q, %k poison : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<128 x 32, f32>
    ```
  }];
  let arguments = (ins Thrift_TileType:$lhs, Thrift_TileType:$rhs, UnitAttr:$poison,
                       DefaultValuedAttr<I32Attr, "0">:$scale_log2);
  let results = (outs Thrift_TileType:$logits);
  let assemblyFormat = [{
    $lhs `,` $rhs (`poison` $poison^)? attr-dict `:` type($lhs) `,` type($rhs) `->` type($logits)
  }];
  let hasVerifier = 1;
}

def Thrift_MaskOp : Thrift_Op<"mask", [Pure, AllTypesMatch<["logits", "masked"]>]> {
  let summary = "Hide the keys that a query must not see";
  let description = [{
    Sets the logits of invisible pairs to minus infinity. The tile stands at query tile `i` and KV block `j`.

    ```mlir
    %x, %i, %j = "source"() : () -> (!thrift.tile<128 x 64, f32>, i32, i32)
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<128 x 64, f32>
    ```
  }];
  let arguments = (ins Thrift_TileType:$logits, I32:$i, I32:$j, AnyAttr:$mask);
  let results = (outs Thrift_TileType:$masked);
  let assemblyFormat = "$logits `at` `(` $i `,` $j `)` custom<Mask>($mask) attr-dict `:` type($logits)";
  let hasVerifier = 1;
}

def Thrift_EmptySoftmaxOp : Thrift_Op<"empty_softmax", [Pure]> {
  let summary = "Start an online softmax that has seen nothing";
  let description = [{
    m = -inf, l = 0, O = 0.

    ```mlir
    %s = thrift.empty_softmax : !thrift.softmax<128 x 128>
    ```
  }];
  let results = (outs Thrift_SoftmaxType:$state);
  let assemblyFormat = "attr-dict `:` type($state)";
}

def Thrift_OnlineSoftmaxOp : Thrift_Op<"online_softmax", [Pure, AllTypesMatch<["state", "next"]>,
                                                          AllTypesMatch<["logits", "probabilities"]>]> {
  let summary = "Take one block of logits into the running maximum";
  let description = [{
    With y = logits * scale * log2(e): m' = max(m, max_c y), p = exp2(y - m'), and the state is rescaled to m':
    l' = l exp2(m - m'), O' = O exp2(m - m'). A row that has seen no key keeps m = -inf and gives p = 0.

    `logit_scale_log2 = n` undoes a dot product's 2^-n. `guard` (set by a schedule) says that a row may have seen no key.
    `exp2` chooses how exponentials are taken: `approx` (ex2.approx) or `poly` (a polynomial on the FMA pipes, bit-equal on
    every machine).

    Constraints:
    - O1: logits and state have the same rows.
    - O2: logits are f32; probabilities have the logits' type.

    ```mlir
    %x, %s, %c = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 128>, f32)
    %p, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 128>
    ```
  }];
  let arguments = (ins Thrift_TileType:$logits, Thrift_SoftmaxType:$state, F32:$scale,
                       DefaultValuedAttr<I32Attr, "0">:$logit_scale_log2, UnitAttr:$guard,
                       DefaultValuedStrAttr<StrAttr, "approx">:$exp2);
  let results = (outs Thrift_TileType:$probabilities, Thrift_SoftmaxType:$next);
  let assemblyFormat = [{
    $logits `,` $state `scale` `(` $scale `)` attr-dict `:` type($logits) `,` type($state)
  }];
  let hasVerifier = 1;
}

def Thrift_QuantizeOp : Thrift_Op<"quantize", [Pure, AttrSizedOperandSegments]> {
  let summary = "Round a tile to another format";
  let description = [{
    Formats with scales are quantised in groups as `dialect/formats/Quantize.h` says, bit for bit: along the columns, or
    along the rows with `transposed`, which also transposes the tile. `f16` and `bf16` round to nearest, ties to even.

    `scale_log2 = n` and `times` (set by a schedule) multiply by 2^n or by a value first; the reader divides it out. `by` (set by a
    schedule) is the scale of the whole block, of which the source is a slice; only fp8 has one. Tiles in `rows`, which are
    probabilities, follow P's rules of `Quantize.h`.

    Constraints:
    - Q1: the result has the source's shape, transposed if `transposed` is set.
    - Q2: only fp8 is quantised by a scale from outside.

    ```mlir
    %v = "source"() : () -> !thrift.tile<64 x 128, f16>
    %v_low = thrift.quantize %v transposed : !thrift.tile<64 x 128, f16> -> !thrift.tile<128 x 64, nvfp4>
    ```
  }];
  let arguments = (ins Thrift_TileType:$source, UnitAttr:$transposed, Optional<F32>:$block_scale, Optional<F32>:$times,
                       DefaultValuedAttr<I32Attr, "0">:$scale_log2);
  let results = (outs Thrift_TileType:$result);
  let assemblyFormat = [{
    $source (`transposed` $transposed^)? (`by` $block_scale^)? (`times` `(` $times^ `)`)? attr-dict
    `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Thrift_AccumulateOp : Thrift_Op<"accumulate", [Pure, AllTypesMatch<["state", "next"]>]> {
  let summary = "Add one block's row sums and P V to the state";
  let description = [{
    O' = O + p V, and l' = l + the row sums: of p itself where p's format has scales, because the denominator must hold the
    very values that multiply V; else of w, the probabilities before they were rounded to p. V has one row per key, or one
    column per key with `transposed`.

    Constraints:
    - A1: p has one column per key of V.
    - A2: the state has the rows of p and the value dim of V.
    - A3: w has the shape of p and is f32.

    ```mlir
    %p, %v = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>)
    %w, %s = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 32>)
    %t = thrift.accumulate %p, %v, %s sum(%w)
       : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<128 x 32>, !thrift.tile<128 x 64, f32>
    ```
  }];
  let arguments = (ins Thrift_TileType:$p, Thrift_TileType:$v, Thrift_SoftmaxType:$state, Thrift_TileType:$w,
                       UnitAttr:$transposed);
  let results = (outs Thrift_SoftmaxType:$next);
  let assemblyFormat = [{
    $p `,` $v (`transposed` $transposed^)? `,` $state `sum` `(` $w `)` attr-dict
    `:` type($p) `,` type($v) `,` type($state) `,` type($w)
  }];
  let hasVerifier = 1;
}

def Thrift_FinishOp : Thrift_Op<"finish", [Pure]> {
  let summary = "Turn a state into the output and its log-sum-exp";
  let description = [{
    o = O / l, divided once and rounded to nearest; lse = ln(2) (m + log2 l), natural log: the log of the very denominator
    that divided O. A row that saw no key gives o = 0 and lse = -inf; a row whose maximum is not finite gives NaN.

    Constraints:
    - F1: o has the state's rows and value dim; lse has the state's rows and one column; both are f32.

    `accumulator` (set by a schedule) is O where it does not live in the state's registers.

    ```mlir
    %s = "source"() : () -> !thrift.softmax<128 x 64>
    %o, %lse = thrift.finish %s : !thrift.softmax<128 x 64> -> !thrift.tile<128 x 64, f32>, !thrift.tile<128 x 1, f32>
    ```
  }];
  let arguments = (ins Thrift_SoftmaxType:$state, Optional<Thrift_TileType>:$accumulator);
  let results = (outs Thrift_TileType:$o, Thrift_TileType:$lse);
  let assemblyFormat = [{
    $state (`accumulator` `(` $accumulator^ `:` type($accumulator) `)`)? attr-dict
    `:` type($state) `->` type($o) `,` type($lse)
  }];
  let hasVerifier = 1;
}

def Thrift_MergeOp : Thrift_Op<"merge", [Pure, Commutative, SameOperandsAndResultType]> {
  let summary = "Merge two softmax states over disjoint keys";
  let description = [{
    m' = max(m1, m2); l and O are rescaled to m' and added. An empty state is neutral.

    ```mlir
    %a, %b = "source"() : () -> (!thrift.softmax<128 x 64>, !thrift.softmax<128 x 64>)
    %c = thrift.merge %a, %b : !thrift.softmax<128 x 64>
    ```
  }];
  let arguments = (ins Thrift_SoftmaxType:$lhs, Thrift_SoftmaxType:$rhs);
  let results = (outs Thrift_SoftmaxType:$merged);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($merged)";
}

#endif // THRIFTJIT_DIALECT_TILEOPS_TD
