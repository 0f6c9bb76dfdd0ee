//===- SweepOps.td - loops over KV blocks and the choice of precision -------===//

#ifndef THRIFTJIT_DIALECT_SWEEPOPS_TD
#define THRIFTJIT_DIALECT_SWEEPOPS_TD

include "dialect/TileOps.td"

def Thrift_SweepOp : Thrift_Op<"sweep", [SingleBlock, AllTypesMatch<["initial", "final"]>, AttrSizedOperandSegments]> {
  let summary = "Visit KV blocks, carrying a softmax state";
  let description = [{
    The body's arguments are the block's index j and the state; it yields the next state. Blocks come in ascending order,
    those of `rest` and `promoted` in descending order; since the merge is order-free, a pass may split one sweep into
    several.

    `list` is the set of blocks: `visible(%i)` is all that the mask leaves to query tile i, `low` and `high` are the
    parts of it that the routes do not name and name, and `seeds`, `rest` and `promoted` are those of the online router.
    `part` restricts the list to blocks that need no mask (`interior`)
    or may need one (`boundary`).

    Constraints:
    - W1: `low` and `high` have routes with their indices, `seeds`, `rest` and `promoted` a router, `visible` nothing.
    - W2: the body takes (i32, state) and yields a state of the same type.
    - W3: a mask in the body is the sweep's, at its query tile and block.
    - W4: `seeds` and `promoted` are short and have no parts.

    ```mlir
    %i, %s0 = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
    %s = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<128 x 64> {
    ^bb0(%j: i32, %s1: !thrift.softmax<128 x 64>):
      thrift.yield %s1 : !thrift.softmax<128 x 64>
    }
    ```
  }];
  let arguments = (ins Thrift_ListAttr:$list, Thrift_PartAttr:$part, AnyAttr:$mask, I32:$i, Thrift_SoftmaxType:$initial,
                       Optional<Thrift_ListSource>:$routes, Variadic<I32>:$routeIndices);
  let results = (outs Thrift_SoftmaxType:$final);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::BlockArgument getBlockIndex() { return getBody().getArgument(0); }
    ::mlir::BlockArgument getState() { return getBody().getArgument(1); }
  }];
}

def Thrift_RouteOp : Thrift_Op<"route", [AttrSizedOperandSegments, SingleBlock]> {
  let summary = "Visit one KV block in the precision that it deserves";
  let description = [{
    Two ways of taking KV block j into a state, and the choice between them.

    *By list*: `route by %routes[%b, %h, %i], %j` runs `high` if the routes name j for this query tile, else `low`.

    *By promotion* (the online router): `route promote(%x, %s) at(%j) by %router` looks at the block's low logits x, which
    the sweep has anyway: a granule of rows in which the largest of them reaches the router's threshold (`thrift.promote`
    has the formulas) promotes the block: it leaves the state untouched now and runs `high` in a closing sweep. Otherwise
    `low` runs. Blocks that the router names as seeds run `high` before all others, without a look at x.

    The budget class says which of the two a compiled kernel holds at all.

    Constraints:
    - R1: either routes, their three indices and j, or logits, state, j and a router.
    - R2: both regions have no arguments and yield one state of the result's type.
    - R3: the budget is a class or a parameter.

    ```mlir
    %r, %b, %h, %i, %j = "source"() : () -> (!thrift.routes<[batch, q_heads, q_tiles]>, i32, i32, i32, i32)
    %s = "source"() : () -> !thrift.softmax<128 x 64>
    %t = thrift.route by %r[%b, %h, %i], %j budget(mixed) : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<128 x 64>
    high {
      %u = "exact"(%s) : (!thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
      thrift.yield %u : !thrift.softmax<128 x 64>
    } low {
      %u = "packed"(%s) : (!thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
      thrift.yield %u : !thrift.softmax<128 x 64>
    }
    ```

    ```mlir
    %x, %s = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>)
    %r, %j = "source"() : () -> (!thrift.router<128 by 16>, i32)
    %t = thrift.route promote(%x, %s) at(%j) by %r budget(mixed)
       : !thrift.tile<128 x 64, f32>, !thrift.router<128 by 16> -> !thrift.softmax<128 x 64>
    high {
      thrift.yield %s : !thrift.softmax<128 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<128 x 64>
    }
    ```
  }];
  let arguments = (ins Optional<Thrift_RoutesType>:$routes, Variadic<I32>:$indices, Optional<I32>:$j,
                       Optional<Thrift_TileType>:$logits, Optional<Thrift_SoftmaxType>:$state,
                       Optional<Thrift_RouterType>:$router,
                       AnyAttr:$budget);
  let results = (outs Thrift_SoftmaxType:$next);
  let regions = (region SizedRegion<1>:$high, SizedRegion<1>:$low);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// True for the form that decides from the low logits.
    bool isPromotion() { return static_cast<bool>(getLogits()); }
  }];
}

def Thrift_YieldOp : Thrift_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["SweepOp", "RouteOp"]>]> {
  let summary = "Hand the next state to the enclosing op";
  let description = [{
    ```mlir
    %i, %s0 = "source"() : () -> (i32, !thrift.softmax<128 x 64>)
    %s = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<128 x 64> {
    ^bb0(%j: i32, %s1: !thrift.softmax<128 x 64>):
      thrift.yield %s1 : !thrift.softmax<128 x 64>
    }
    ```
  }];
  let arguments = (ins Thrift_SoftmaxType:$state);
  let assemblyFormat = "$state attr-dict `:` type($state)";
}

#endif // THRIFTJIT_DIALECT_SWEEPOPS_TD
