//===- KernelOps.td - kernels, program ids, loads, stores -------------------===//

#ifndef THRIFTJIT_DIALECT_KERNELOPS_TD
#define THRIFTJIT_DIALECT_KERNELOPS_TD

include "dialect/ThriftTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

defvar indexRule = [{
    The indices name, outermost first, every dimension of the view but those that the tile holds whole. The last index
    counts tiles: along the one dimension of the last two whose extent is not the tile's, tile t covers the elements
    [t * extent, (t + 1) * extent).
}];

def Thrift_KernelOp : Thrift_Op<"kernel", [IsolatedFromAbove, SingleBlock, NoTerminator, Symbol,
                                           DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Define one parametric kernel";
  let description = [{
    The names behind the kernel's own are its parameters, bound (`block_q = 128`) or open (`block_q`). `dims` lists the
    dimensions that are known only at launch; masks refer to those called `q_len` and `kv_len`, grouped heads to
    `q_heads` and `kv_heads`. Arguments are views, routes, decisions and scalars (i32, f32).

    Constraints:
    - K1: every name used inside is a parameter or a dimension.
    - K2: no name is declared twice, be it a parameter, a dimension or an argument, and no parameter is called like a format,
      a mask or a budget class.
    - K3: an argument is a view, routes, decisions, i32 or f32.
    - K4: every argument has a name: letters, digits and `_`.
    - K5: a parameter is open or bound to a positive number, a format, a mask or a budget class.
    - K6: dimensions, which are known only at launch, stand in the extents of views, routes and decisions and nowhere else.
    - K7: an op that computes with a launch dimension finds it: `q_heads` and `kv_heads` for `kv_head`, `kv_len` and, where the
      mask or the diagonal needs it, `q_len` for masks, sweeps and the router, the named one for `summarize`.

    ```mlir
    thrift.kernel @copy<rows, head_dim = 64>
        dims(heads, len, tiles)
        (%x : !thrift.view<[heads, len, head_dim], f16>,
         %y : !thrift.view<[heads, len, head_dim], f16>) {
      %h, %t = thrift.program_id(heads, tiles)
      %tile = thrift.load %x[%h, %t] : !thrift.view<[heads, len, head_dim], f16> -> !thrift.tile<rows x head_dim, f16>
      thrift.store %tile, %y[%h, %t] : !thrift.tile<rows x head_dim, f16>, !thrift.view<[heads, len, head_dim], f16>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       DictionaryAttr:$params,   // name -> bound value, or unit while it is open
                       StrArrayAttr:$dims,       // names
                       StrArrayAttr:$arg_names,  // names of the block arguments: the launch ABI is spelled with them
                       OptionalAttr<ConfinedAttr<I32Attr, [IntPositive]>>:$threads,          // per CTA; set by a schedule
                       OptionalAttr<ConfinedAttr<I32Attr, [IntNonNegative]>>:$shared_bytes); // dynamic shared memory; set by a schedule
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The bound value of a parameter, or null while it is open or where no such parameter exists.
    ::mlir::Attribute binding(::llvm::StringRef name);
    /// True when no parameter is open.
    bool isSpecialized();
    bool hasDim(::llvm::StringRef name);
    ::mlir::Block *getBodyBlock() { return &getBody().front(); }
  }];
}

def Thrift_ProgramIdOp : Thrift_Op<"program_id", [Pure, ParentOneOf<["KernelOp", "::mlir::LLVM::LLVMFuncOp"]>]> {
  let summary = "Give this program's place in the grid";
  let description = [{
    The grid has one program for each combination of the named dimensions, the last one varying fastest.

    Constraints:
    - P1: one to three names, as many as results.
    - P2: each names a dimension of the kernel.

    ```mlir
    thrift.kernel @k dims(batch, q_heads, q_tiles) () {
      %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$names);
  let results = (outs Variadic<I32>:$ids);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Thrift_KvHeadOp : Thrift_Op<"kv_head", [Pure]> {
  let hasVerifier = 1;
  let summary = "Give the KV head that a query head shares";
  let description = [{
    `q_head / (q_heads / kv_heads)`: grouped-query attention.

    ```mlir
    %h = "source"() : () -> i32
    %g = thrift.kv_head %h
    ```
  }];
  let arguments = (ins I32:$q_head);
  let results = (outs I32:$kv_head);
  let assemblyFormat = "$q_head attr-dict";
}

def Thrift_LoadOp : Thrift_Op<"load", [MemoryEffects<[MemRead]>]> {
  let summary = "Load one tile of a view";
  let description = indexRule # [{
    Rows past the end of the view are zero in value tiles; packed views are padded with zeros where they are written.

    Constraints:
    - L1: the view has at least two dimensions, and one index for each but those that the tile holds whole.
    - L2: at most one of the last two dimensions is tiled.
    - L3: tile and view have the same format.

    `alignment` (set by a schedule) is what the rows of the view are aligned to, in bytes: 16, or 2.

    ```mlir
    %k, %b, %g, %j = "source"() : () -> (!thrift.view<[batch, kv_heads, kv_len, 128], f16>, i32, i32, i32)
    %k_j = thrift.load %k[%b, %g, %j] : !thrift.view<[batch, kv_heads, kv_len, 128], f16> -> !thrift.tile<64 x 128, f16>
    ```
  }];
  let arguments = (ins Thrift_ViewType:$view, Variadic<I32>:$indices, DefaultValuedAttr<I32Attr, "16">:$alignment);
  let results = (outs Thrift_TileType:$tile);
  let assemblyFormat = "$view `[` $indices `]` attr-dict `:` type($view) `->` type($tile)";
  let hasVerifier = 1;
}

def Thrift_StoreOp : Thrift_Op<"store", [MemoryEffects<[MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Store one tile to a view";
  let description = indexRule # [{
    Rows past the end of the view are not written. Values are rounded to the view's format, to nearest, ties to even.

    Constraints:
    - L1, L2 as for `thrift.load`.
    - S3: the view has scales exactly when the tile has them, and then the same format.
    - S4: a slice, which starts at row `from` of a whole tile, says which tile that is.

    `alignment` as for `thrift.load`.

    ```mlir
    %o, %b, %h, %i = "source"() : () -> (!thrift.view<[batch, q_heads, q_len, 128], f16>, i32, i32, i32)
    %o_i = "source"() : () -> !thrift.tile<128 x 128, f32>
    thrift.store %o_i, %o[%b, %h, %i] : !thrift.tile<128 x 128, f32>, !thrift.view<[batch, q_heads, q_len, 128], f16>
    ```
  }];
  let arguments = (ins Thrift_TileType:$tile, Thrift_ViewType:$view, Variadic<I32>:$indices,
                       Optional<I32>:$first, OptionalAttr<TypeAttrOf<Thrift_TileType>>:$whole,
                       DefaultValuedAttr<I32Attr, "16">:$alignment);
  let assemblyFormat = [{
    $tile `,` $view `[` $indices `]` (`from` $first^ `of` $whole)? attr-dict `:` type($tile) `,` type($view)
  }];
  let hasVerifier = 1;
}

#endif // THRIFTJIT_DIALECT_KERNELOPS_TD
