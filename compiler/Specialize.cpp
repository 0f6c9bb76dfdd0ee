//===- Specialize.cpp - thrift-specialize: binds parameters -----------------===//

#include "compiler/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_SPECIALIZE
#include "compiler/Passes.h.inc"
} // namespace thrift

/// A value as the command line spells it: an integer, a format, a mask or a budget class; null if it is none of them.
static Attribute parseValue(MLIRContext *context, StringRef text) {
  int64_t number = 0;
  if (!text.getAsInteger(10, number))
    return number > 0 ? IntegerAttr::get(IntegerType::get(context, 64), number) : Attribute();
  if (auto format = symbolizeElementFormat(text))
    return ElementFormatAttr::get(context, *format);
  if (auto mask = symbolizeMaskKind(text))
    return MaskKindAttr::get(context, *mask);
  if (auto budget = symbolizeBudgetClass(text))
    return BudgetClassAttr::get(context, *budget);
  return {};
}

/// Binding a format where an extent stands makes a type that its own verifier refuses; say so instead of building on it.
static LogicalResult verifyTypes(KernelOp kernel) {
  auto verify = [&](Operation *op, Type type) {
    auto emit = [&] { return op->emitError("after binding: "); };
    if (auto tile = dyn_cast<TileType>(type))
      return TileType::verify(emit, tile.getShape(), tile.getFormat(), tile.getLayout());
    if (auto view = dyn_cast<ViewType>(type))
      return ViewType::verify(emit, view.getShape(), view.getFormat());
    if (auto state = dyn_cast<SoftmaxType>(type))
      return SoftmaxType::verify(emit, state.getShape());
    return success();
  };
  for (BlockArgument argument : kernel.getBody().getArguments())
    if (failed(verify(kernel, argument.getType())))
      return failure();
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (failed(verify(op, type)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static LogicalResult specialize(KernelOp kernel, const llvm::StringMap<Attribute> &values) {
  NamedAttrList params(kernel.getParams());
  for (NamedAttribute param : kernel.getParams()) {
    auto value = values.find(param.getName().getValue());
    if (value == values.end()) {
      if (!kernel.binding(param.getName().getValue()))
        return kernel.emitError("parameter ") << param.getName().getValue() << " of kernel @" << kernel.getSymName()
                                              << " is not bound";
      continue;
    }
    params.set(param.getName(), value->second);
  }
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](ParamAttr param) -> std::optional<Attribute> {
    Attribute bound = params.get(param.getName());
    return bound ? std::optional<Attribute>(bound) : std::nullopt;
  });
  replacer.recursivelyReplaceElementsIn(kernel, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  kernel.setParamsAttr(params.getDictionary(kernel.getContext()));
  return verifyTypes(kernel);
}

namespace {
struct Specialize : thrift::impl::SpecializeBase<Specialize> {
  using SpecializeBase::SpecializeBase;

  void runOnOperation() override {
    llvm::StringMap<Attribute> values;
    for (const std::string &pair : bind) {
      auto [name, text] = StringRef(pair).split('=');
      Attribute value = parseValue(&getContext(), text);
      if (!value) {
        getOperation().emitError("cannot bind ") << name << " to \"" << text
                                                 << "\"; allowed: a positive integer, a format, a mask, a budget class";
        return signalPassFailure();
      }
      values[name] = value;
    }
    llvm::StringSet<> declared;
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      for (NamedAttribute param : kernel.getParams())
        declared.insert(param.getName().getValue());
    for (auto &value : values)
      if (!declared.contains(value.getKey())) {
        getOperation().emitError("no kernel has a parameter called ") << value.getKey();
        return signalPassFailure();
      }
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (failed(specialize(kernel, values)))
        return signalPassFailure();
  }
};
} // namespace
