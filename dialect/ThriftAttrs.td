//===- ThriftAttrs.td - parameters, formats, masks, layouts -----------------===//

#ifndef THRIFTJIT_DIALECT_ATTRS_TD
#define THRIFTJIT_DIALECT_ATTRS_TD

include "dialect/ThriftBase.td"

class Thrift_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::thrift";
  let genSpecializedAttr = 0;
}

class Thrift_EnumAttr<I32EnumAttr enum, string mnemonic> : EnumAttr<Thrift_Dialect, enum, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Names that a kernel leaves open
//===----------------------------------------------------------------------===//

def Thrift_ParamAttr : Thrift_Attr<"Param", "param"> {
  let summary = "A name that stands for a value bound later";
  let description = [{
    Stands wherever an extent, a format, a mask or a budget class may stand. Inside the dialect's own syntax it is
    written bare: `!thrift.tile<block_q x head_dim, high>` has three of them.

    ```mlir
    "use"() {extent = #thrift.param<block_q>} : () -> ()
    ```
  }];
  let parameters = (ins StringRefParameter<"the parameter's or dimension's name">:$name);
  let hasCustomAssemblyFormat = 1;
}

//===----------------------------------------------------------------------===//
// Number formats
//===----------------------------------------------------------------------===//

def Thrift_Format : Thrift_Enum<"ElementFormat", "number format of a tensor or tile", [
    I32EnumAttrCase<"F32", 0, "f32">, I32EnumAttrCase<"F16", 1, "f16">, I32EnumAttrCase<"BF16", 2, "bf16">,
    I32EnumAttrCase<"NVFP4", 3, "nvfp4">, I32EnumAttrCase<"MXFP4", 4, "mxfp4">, I32EnumAttrCase<"FP8", 5, "fp8">]>;

def Thrift_FormatAttr : Thrift_EnumAttr<Thrift_Format, "format"> {
  let summary = "A number format";
  let description = [{
    `f32`, `f16` and `bf16` have one value per element. `nvfp4` (E2M1, one E4M3 scale per 16), `mxfp4` (E2M1, one UE8M0
    scale per 32) and `fp8` (E4M3, one f32 scale per block) group their elements along the last dimension, which is the
    one that a dot product contracts; their scales are part of the format and never appear as operands.

    ```mlir
    "use"() {format = #thrift.format<nvfp4>} : () -> ()
    ```
  }];
}

//===----------------------------------------------------------------------===//
// What decides which blocks are visited, and how
//===----------------------------------------------------------------------===//

def Thrift_Mask : Thrift_Enum<"MaskKind", "which keys a query may see", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Causal", 1, "causal">]>;

def Thrift_MaskAttr : Thrift_EnumAttr<Thrift_Mask, "mask"> {
  let summary = "Which keys a query may see";
  let description = [{
    `none`: every key that exists. `causal`: key j is visible to query i iff j <= i + kv_len - q_len (aligned at the
    bottom right). Keys at or past `kv_len` are never visible.

    ```mlir
    "use"() {mask = #thrift.mask<causal>} : () -> ()
    ```
  }];
}

def Thrift_Budget : Thrift_Enum<"BudgetClass", "which precisions a kernel holds", [
    I32EnumAttrCase<"Mixed", 0, "mixed">, I32EnumAttrCase<"AllLow", 1, "all_low">,
    I32EnumAttrCase<"AllHigh", 2, "all_high">]>;

def Thrift_BudgetAttr : Thrift_EnumAttr<Thrift_Budget, "budget"> {
  let summary = "Which precisions a kernel holds";
  let description = [{
    `mixed` kernels hold both ways of visiting a block and read routes. `all_low` kernels hold no high loop and no high
    operands; `all_high` kernels hold no low loop, and nothing has to be quantised for them.

    ```mlir
    "use"() {budget = #thrift.budget<mixed>} : () -> ()
    ```
  }];
}

def Thrift_List : Thrift_Enum<"BlockList", "which KV blocks a sweep visits", [
    I32EnumAttrCase<"Visible", 0, "visible">, I32EnumAttrCase<"Low", 1, "low">, I32EnumAttrCase<"High", 2, "high">,
    I32EnumAttrCase<"Seeds", 3, "seeds">, I32EnumAttrCase<"Rest", 4, "rest">, I32EnumAttrCase<"Promoted", 5, "promoted">]>;
def Thrift_ListAttr : Thrift_EnumAttr<Thrift_List, "list"> {
  let summary = "Which KV blocks a sweep visits";
  let description = [{
    `visible`: all that the mask leaves. `high`: those that the routes name. `low`: the visible ones that they do not
    name; this list is the gaps of the high one and is never stored.

    The online router has three lists: `seeds`, ascending; `rest`, the other visible ones, descending; and `promoted`,
    descending, those that some granule of the query tile has promoted by the time the list is read.

    ```mlir
    "use"() {list = #thrift.list<low>} : () -> ()
    ```
  }];
}

def Thrift_Part : Thrift_Enum<"SweepPart", "which part of a list a sweep visits", [
    I32EnumAttrCase<"All", 0, "all">, I32EnumAttrCase<"Interior", 1, "interior">,
    I32EnumAttrCase<"Boundary", 2, "boundary">]>;
def Thrift_PartAttr : Thrift_EnumAttr<Thrift_Part, "part"> {
  let summary = "Which part of a list a sweep visits";
  let description = [{
    `interior` blocks are visible to every row of the query tile and need no mask; `boundary` blocks are cut by the mask
    or by the end of the keys; `all` is both.

    ```mlir
    "use"() {part = #thrift.part<interior>} : () -> ()
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Where a tile lives, once it has been scheduled
//===----------------------------------------------------------------------===//

def Thrift_Layout : Thrift_Enum<"TileLayout", "where a tile lives", [
    I32EnumAttrCase<"Shared", 1, "shared">, I32EnumAttrCase<"Accumulator", 2, "accumulator">,
    I32EnumAttrCase<"OperandA", 3, "operand_a">, I32EnumAttrCase<"OperandAWidened", 4, "operand_a_widened">,
    I32EnumAttrCase<"Groups", 5, "groups">, I32EnumAttrCase<"Columns", 6, "columns">,
    I32EnumAttrCase<"Lanes", 7, "lanes">, I32EnumAttrCase<"Swizzled", 8, "swizzled">,
    I32EnumAttrCase<"Tensor", 9, "tensor">, I32EnumAttrCase<"Rows", 10, "rows">]>;
def Thrift_LayoutAttr : Thrift_EnumAttr<Thrift_Layout, "layout"> {
  let summary = "Where a tile lives, and how its elements spread over threads";
  let description = [{
    Absent until a target schedules the tile. `shared`: shared memory. The others are registers: `accumulator` is the
    C fragment of mma.sync m16n8k16 (16 rows per warp), `operand_a` its A fragment, `operand_a_widened` the A fragment in
    the order in which packed FP4 values leave a register, `groups` one quantisation group per thread, `columns` one
    column per thread, `lanes` columns l, l + 32, ... in lane l of every warp. The pictures stand in `compiler/targets/portable/README.md`.

    `swizzled` is shared memory as TMA writes it and a matrix descriptor describes it, `tensor` is tensor memory, `rows` one row
    per thread; `compiler/targets/sm100/README.md` draws them.

    ```mlir
    "use"() {layout = #thrift.layout<accumulator>} : () -> ()
    ```
  }];
}

def Thrift_BoxAttr : Thrift_Attr<"Box", "box"> {
  let summary = "What one copy by TMA takes out of a view";
  let description = [{
    `rows` rows of `columns` elements, which lie in shared memory with their 16-byte chunks exchanged within rows of `swizzle`
    bytes: 128, 64, 32, or 0 for none. Formats with scales count bytes instead of elements. Inside a view's type it is written
    `box(64 x 128, 128)`.

    ```mlir
    "use"() {box = #thrift.box<64 x 128, 128>} : () -> ()
    ```
  }];
  let parameters = (ins "int64_t":$columns, "int64_t":$rows, "int64_t":$swizzle);
  let assemblyFormat = "`<` $columns `x` $rows `,` $swizzle `>`";
  let genVerifyDecl = 1;
}

#endif // THRIFTJIT_DIALECT_ATTRS_TD
