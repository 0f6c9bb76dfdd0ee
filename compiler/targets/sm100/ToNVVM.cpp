//===- ToNVVM.cpp - scheduled kernels to the NVVM dialect -------------------===//

#include "compiler/targets/Lowering.h"
#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

static LogicalResult convertTile(TileType tile, SmallVectorImpl<Type> &types) {
  Type i32 = IntegerType::get(tile.getContext(), 32);
  switch (tile.tileLayout().value_or(TileLayout::Accumulator)) {
  case TileLayout::Swizzled:
  case TileLayout::Tensor:
    types.push_back(i32);
    return success();
  case TileLayout::Rows:
    if (tile.elementFormat() == ElementFormat::F32) {
      types.append(tile.columns(), Float32Type::get(tile.getContext()));
      return success();
    }
    types.append(tile.columns() * bitsOf(tile.elementFormat()) / 32, i32);
    if (hasGroupScales(tile.elementFormat()))
      types.append(tile.columns() / kPanelColumns, i32);
    return success();
  default:
    return failure();
  }
}

namespace {
class Sm100TypeConverter : public TypeConverter {
public:
  explicit Sm100TypeConverter(MLIRContext *context) {
    addConversion([](Type type) { return type; });
    addConversion([](TileType tile, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      return convertTile(tile, types);
    });
    addConversion([](SoftmaxType state, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      types.append(3, Float32Type::get(state.getContext()));
      return success();
    });
    addConversion([](ViewType view, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      Type pointer = LLVM::LLVMPointerType::get(view.getContext(), portable::kGlobalSpace);
      bool scales = hasScales(cast<ElementFormatAttr>(view.getFormat()).getValue());
      types.push_back(view.boxAttr() ? Type(LLVM::LLVMPointerType::get(view.getContext())) : pointer);
      if (scales)
        types.push_back(pointer);
      else if (!view.boxAttr())
        types.append(view.getShape().size() - 1, IntegerType::get(view.getContext(), 64));
      return success();
    });
    addConversion([](RoutesType routes, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      Type pointer = LLVM::LLVMPointerType::get(routes.getContext(), portable::kGlobalSpace);
      types.append({pointer, pointer, IntegerType::get(routes.getContext(), 32)});
      return success();
    });
    addConversion([](DecisionsType decisions, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      types.append(3, LLVM::LLVMPointerType::get(decisions.getContext(), portable::kGlobalSpace));
      return success();
    });
    addConversion([](RouterType router, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
      portable::RouterParts::appendTypes(router.getContext(), types);
      return success();
    });
    addConversion([](RingType ring) -> Type { return IntegerType::get(ring.getContext(), 32); });
    addConversion([](MBarriersType ring) -> Type { return IntegerType::get(ring.getContext(), 32); });
  }
};
} // namespace

LogicalResult sm100::convertToNVVM(ModuleOp module, const ConversionChoices &options) {
  WalkResult roles = module.walk([](RoleOp) { return WalkResult::interrupt(); });
  if (!roles.wasInterrupted()) // nothing of this target's own: Schedule.cpp
    return portable::convertToNVVM(module, options);
  MLIRContext *context = module.getContext();
  Sm100TypeConverter converter(context);
  RewritePatternSet patterns(context);
  portable::populateKernelPatterns(converter, patterns);
  portable::populateListPatterns(converter, patterns);
  portable::populateRouterPatterns(converter, patterns);
  populatePipelinePatterns(converter, patterns);
  populateFetchPatterns(converter, patterns);
  populateTensorPatterns(converter, patterns);
  populateMultiplyPatterns(converter, patterns);
  populateRowPatterns(converter, patterns);
  populateProbabilityPatterns(converter, patterns);
  return portable::convert(module, converter, std::move(patterns), /*sharedAlignment=*/1024);
}
