//===- ThriftTypes.td - views, tiles, softmax states, routes, rings ---------===//

#ifndef THRIFTJIT_DIALECT_TYPES_TD
#define THRIFTJIT_DIALECT_TYPES_TD

include "dialect/ThriftAttrs.td"

// An extent is an integer or a name; a format is a format or a name.
def Thrift_Extents : ArrayRefParameter<"::mlir::Attribute", "extents, outermost first: integers or names">;

def Thrift_ViewType : Thrift_Type<"View", "view"> {
  let summary = "A tensor in global memory";
  let description = [{
    The last dimension is contiguous; the strides of the others are known at launch. Formats with scales are stored as
    `dialect/formats/PACKED_LAYOUT.md` says and have no strides. A `box` (set by a schedule) says that the kernel gets a tensor map
    of the view, by which TMA copies one box at a time.

    ```mlir
    %k = "source"() : () -> !thrift.view<[batch, kv_heads, kv_len, 128], f16>
    %q = "source"() : () -> !thrift.view<[batch, q_heads, q_len, 128], f16, box(64 x 128, 128)>
    ```
  }];
  let parameters = (ins Thrift_Extents:$shape, "::mlir::Attribute":$format, "::mlir::Attribute":$box);
  let builders = [TypeBuilder<(ins "::llvm::ArrayRef<::mlir::Attribute>":$shape, "::mlir::Attribute":$format), [{
    return $_get($_ctxt, shape, format, ::mlir::Attribute());
  }]>];
  let extraClassDeclaration = [{
    /// The box, or null.
    BoxAttr boxAttr() const { return ::llvm::cast_or_null<BoxAttr>(getBox()); }
    ViewType withBox(BoxAttr box) const { return get(getContext(), getShape(), getFormat(), box); }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Thrift_TileType : Thrift_Type<"Tile", "tile"> {
  let summary = "A piece of a tensor, rows by columns, that one program works on";
  let description = [{
    ```mlir
    %x = "source"() : () -> !thrift.tile<128 x 64, f32>
    %p = "source"() : () -> !thrift.tile<block_q x block_kv, high, operand_a>
    ```
  }];
  let parameters = (ins Thrift_Extents:$shape, "::mlir::Attribute":$format, "::mlir::Attribute":$layout);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::mlir::Attribute getRows() const { return getShape()[0]; }
    ::mlir::Attribute getColumns() const { return getShape()[1]; }
    /// Extents of a specialised tile; asserts that they are bound.
    int64_t rows() const;
    int64_t columns() const;
    /// The bound format; asserts that it is bound.
    ElementFormat elementFormat() const;
    /// The layout, or none before scheduling.
    std::optional<TileLayout> tileLayout() const;
    TileType withLayout(TileLayout layout) const;
  }];
}

def Thrift_SoftmaxType : Thrift_Type<"Softmax", "softmax"> {
  let summary = "The state of an online softmax";
  let description = [{
    For each row: the running maximum m of the scaled base-2 logits, the running sum l of exp2(x - m), and the accumulator
    O, the sum of exp2(x - m) v. Rows by value_dim, all f32.

    ```mlir
    %s = "source"() : () -> !thrift.softmax<block_q x value_dim>
    ```
  }];
  let parameters = (ins Thrift_Extents:$shape);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t rows() const;
    int64_t valueDim() const;
  }];
}

def Thrift_RoutesType : Thrift_Type<"Routes", "routes"> {
  let summary = "For each query tile, the set of KV blocks that run high";
  let description = [{
    Counts i32 [batch, q_heads, q_tiles] and ids i32 [batch, q_heads, q_tiles, capacity]: sorted, no id twice, every id
    visible. The capacity is known at launch.

    ```mlir
    %r = "source"() : () -> !thrift.routes<[batch, q_heads, q_tiles]>
    ```
  }];
  let parameters = (ins Thrift_Extents:$shape);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Thrift_DecisionsType : Thrift_Type<"Decisions", "decisions"> {
  let summary = "What the online router decides, for each granule of each query tile";
  let description = [{
    A *granule* is a run of consecutive query rows that decide together. In global memory, for batch, query head, query
    tile and granule: the set of the KV blocks that it promoted, one bit each in ceil(kv_tiles / 32) words of 32 bits; two
    counts, i32, of promotions and of refusals past the cap; and, where the caller wants them, one byte for each KV block:
    0 not visible, 1 low, 2 high, 3 skipped.

    Sets are bits, not lists, so that the union over granules, in order, costs a few words, and no length is too long.

    ```mlir
    %d = "source"() : () -> !thrift.decisions<[batch, q_heads, q_tiles] by 16>
    ```
  }];
  let parameters = (ins Thrift_Extents:$shape, "::mlir::Attribute":$granule);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Thrift_RouterType : Thrift_Type<"Router", "router"> {
  let summary = "The online router at work on one query tile";
  let description = [{
    Rows by granule: where the tile's decisions lie, its seeds, the thresholds, how much each granule may still promote,
    and the promoted mass of each row. The ops that take it read and change it.

    ```mlir
    %r = "source"() : () -> !thrift.router<block_q by granule>
    ```
  }];
  let parameters = (ins "::mlir::Attribute":$rows, "::mlir::Attribute":$granule);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

// What defines a list of KV blocks, beside the mask.
def Thrift_ListSource : AnyTypeOf<[Thrift_RoutesType, Thrift_RouterType], "routes or a router">;

def Thrift_RingType : Thrift_Type<"Ring", "ring"> {
  let summary = "A ring of equal tiles in shared memory";
  let description = [{
    Slot n mod stages holds tile n of a sweep.

    ```mlir
    %r = "source"() : () -> !thrift.ring<2 x !thrift.tile<64 x 128, f16>>
    ```
  }];
  let parameters = (ins "int64_t":$stages, "::thrift::TileType":$tile);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` $stages `x` qualified($tile) `>`";
}

def Thrift_MBarriersType : Thrift_Type<"MBarriers", "mbarriers"> {
  let summary = "A ring of mbarriers";
  let description = [{
    mbarrier n mod stages belongs to event n of a pipeline.

    ```mlir
    %b = "source"() : () -> !thrift.mbarriers<2>
    ```
  }];
  let parameters = (ins "int64_t":$stages);
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` $stages `>`";
}

#endif // THRIFTJIT_DIALECT_TYPES_TD
