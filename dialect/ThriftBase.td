//===- ThriftBase.td - the dialect and what its definitions share -----------===//

#ifndef THRIFTJIT_DIALECT_BASE_TD
#define THRIFTJIT_DIALECT_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Thrift_Dialect : Dialect {
  let name = "thrift";
  let cppNamespace = "::thrift";
  let summary = "Tiled attention whose KV blocks run in different precisions";
  let description = [{
    The dialect describes attention at the level at which it is drawn on a whiteboard: tiles are loaded, multiplied,
    masked, fed to an online softmax and accumulated. Its heart is `thrift.route`, which holds two ways of visiting one
    KV block, a high-precision and a low-precision one; the merge is order-free, so the compiler may turn a sweep over
    routed blocks into one clean sweep per precision.

    A kernel is *parametric*: extents, number formats, the mask and the budget class may be names, which
    `thrift-specialize` binds. Two kinds of names exist. A *parameter* stands between `<` and `>` behind the kernel's
    name and is bound when the kernel is compiled; a *dimension* stands in `dims(...)` and is known only at launch.

    The ops come in two families. The *algorithm* family says what is computed and is the same for every target. The
    *schedule* family (rings in shared memory, asynchronous copies, waits) appears after `thrift-schedule` and says how
    one target does it.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
}

class Thrift_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Thrift_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class Thrift_Type<string name, string typeMnemonic, list<Trait> traits = []> : TypeDef<Thrift_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

class Thrift_Op<string mnemonic, list<Trait> traits = []> : Op<Thrift_Dialect, mnemonic, traits>;

#endif // THRIFTJIT_DIALECT_BASE_TD
