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

/// A value as parseValue reads it.
static std::string spellValue(Attribute value) {
  if (auto number = dyn_cast<IntegerAttr>(value))
    return std::to_string(number.getInt());
  if (auto format = dyn_cast<ElementFormatAttr>(value))
    return stringifyElementFormat(format.getValue()).str();
  if (auto mask = dyn_cast<MaskKindAttr>(value))
    return stringifyMaskKind(mask.getValue()).str();
  return stringifyBudgetClass(cast<BudgetClassAttr>(value).getValue()).str();
}

/// What `type` itself requires of its parts; types inside it are visited on their own.
static LogicalResult verifyType(function_ref<InFlightDiagnostic()> emit, Type type) {
  if (auto tile = dyn_cast<TileType>(type))
    return TileType::verify(emit, tile.getShape(), tile.getFormat(), tile.getLayout());
  if (auto view = dyn_cast<ViewType>(type))
    return ViewType::verify(emit, view.getShape(), view.getFormat(), view.getBox());
  if (auto state = dyn_cast<SoftmaxType>(type))
    return SoftmaxType::verify(emit, state.getShape());
  if (auto routes = dyn_cast<RoutesType>(type))
    return RoutesType::verify(emit, routes.getShape());
  if (auto decisions = dyn_cast<DecisionsType>(type))
    return DecisionsType::verify(emit, decisions.getShape(), decisions.getGranule());
  if (auto router = dyn_cast<RouterType>(type))
    return RouterType::verify(emit, router.getRows(), router.getGranule());
  return success();
}

/// Binding a format where an extent stands makes a type that its own verifier refuses. Nothing verifies a type after it
/// has been made, so this looks at all of them: of results, of the arguments of regions, and inside attributes.
static LogicalResult verifyTypes(KernelOp kernel) {
  WalkResult result = kernel->walk<WalkOrder::PreOrder>([](Operation *op) {
    AttrTypeWalker walker;
    walker.addWalk([op](Type type) {
      // At the place only: a note that prints the op would spell the type that is wrong.
      auto emit = [op] { return emitError(op->getLoc()) << "after binding: "; };
      return failed(verifyType(emit, type)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    auto fails = [&](auto element) { return walker.walk(element).wasInterrupted(); };
    if (fails(op->getAttrDictionary()) || llvm::any_of(op->getResultTypes(), fails))
      return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (llvm::any_of(block.getArgumentTypes(), fails))
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
    // Bound parameters are in the kernel's types already: another value would change the list and nothing else.
    Attribute bound = kernel.binding(param.getName().getValue());
    if (bound && bound != value->second)
      return kernel.emitError("parameter ")
             << param.getName().getValue() << " of kernel @" << kernel.getSymName() << " is bound to "
             << spellValue(bound) << " and cannot become " << spellValue(value->second);
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
      auto [earlier, isNew] = values.try_emplace(name, value);
      if (!isNew && earlier->second != value) {
        getOperation().emitError("parameter ")
            << name << " is bound twice, to " << spellValue(earlier->second) << " and to " << spellValue(value);
        return signalPassFailure();
      }
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
