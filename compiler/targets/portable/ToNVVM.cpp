//===- ToNVVM.cpp - drives the portable conversion --------------------------===//

#include "compiler/targets/Lowering.h"
#include "compiler/targets/portable/Conversion.h"

#include "mlir/Dialect/SCF/Transforms/Patterns.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

Type portable::operandType(ElementFormat format, MLIRContext *context) {
  if (format == ElementFormat::BF16 || (hasScales(format) && widenedFormat(format) == ElementFormat::BF16))
    return IntegerType::get(context, 32);
  return VectorType::get(2, Float16Type::get(context)); // f16, and what is widened to it
}

/// How many values of which type stand for a tile, by layout.
static LogicalResult convertTile(TileType tile, SmallVectorImpl<Type> &types) {
  auto layout = tile.tileLayout();
  if (!layout)
    return failure(); // not scheduled
  MLIRContext *context = tile.getContext();
  Type i32 = IntegerType::get(context, 32), f32 = Float32Type::get(context);
  switch (*layout) {
  case TileLayout::Shared:
    types.push_back(LLVM::LLVMPointerType::get(context, kSharedSpace));
    return success();
  case TileLayout::Accumulator:
    types.append(tile.columns() == 1 ? 2 : tile.columns() / 8 * 4, f32);
    return success();
  case TileLayout::OperandA:
  case TileLayout::OperandAWidened:
    types.append(tile.columns() / 16 * 4, operandType(tile.elementFormat(), context));
    if (tile.elementFormat() == ElementFormat::FP8)
      types.push_back(f32);
    return success();
  case TileLayout::Groups:
    if (hasScales(tile.elementFormat()))
      types.append(kThreadGroup * elementBits(tile.elementFormat()) / 32 + 1, i32);
    else
      types.append(kThreadGroup, f32);
    return success();
  case TileLayout::Columns:
    types.push_back(f32);
    return success();
  case TileLayout::Lanes:
    types.append(tile.columns() / 32, f32);
    return success();
  default: // other targets' layouts
    return failure();
  }
}

PortableTypeConverter::PortableTypeConverter(MLIRContext *context) {
  addConversion([](Type type) { return type; });
  addConversion([](TileType tile, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    return convertTile(tile, types);
  });
  addConversion([](SoftmaxType state, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    types.append(4 + state.valueDim() / 8 * 4, Float32Type::get(state.getContext()));
    return success();
  });
  addConversion([](ViewType view, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    Type pointer = LLVM::LLVMPointerType::get(view.getContext(), kGlobalSpace);
    types.push_back(pointer);
    if (hasScales(cast<ElementFormatAttr>(view.getFormat()).getValue()))
      types.push_back(pointer);
    else
      types.append(view.getShape().size() - 1, IntegerType::get(view.getContext(), 64));
    return success();
  });
  addConversion([](RoutesType routes, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    Type pointer = LLVM::LLVMPointerType::get(routes.getContext(), kGlobalSpace);
    types.append({pointer, pointer, IntegerType::get(routes.getContext(), 32)});
    return success();
  });
  addConversion([](DecisionsType decisions, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    types.append(3, LLVM::LLVMPointerType::get(decisions.getContext(), kGlobalSpace));
    return success();
  });
  addConversion([](RouterType router, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    RouterParts::appendTypes(router.getContext(), types);
    return success();
  });
  addConversion([](RingType ring, SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
    types.push_back(LLVM::LLVMPointerType::get(ring.getContext(), kSharedSpace));
    return success();
  });
}

/// mma.sync takes packed operands as layout `portable` has them.
static LogicalResult checkPackedReads(KernelOp kernel, PackedLayout layout) {
  if (layout == PackedLayout::Portable)
    return success();
  auto isPacked = [](ViewType view) { return hasScales(cast<ElementFormatAttr>(view.getFormat()).getValue()); };
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    auto load = dyn_cast<LoadOp>(op);
    auto copy = dyn_cast<CopyOp>(op);
    if (!(load && isPacked(load.getView().getType())) && !(copy && isPacked(copy.getView().getType())))
      return WalkResult::advance();
    op->emitOpError("the portable target reads packed tensors in layout portable, got ") << std::string(name(layout));
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult portable::convert(ModuleOp module, const TypeConverter &converter, RewritePatternSet patterns,
                                int64_t sharedAlignment) {
  MLIRContext *context = module.getContext();
  ConversionTarget target(*context);
  target.addLegalDialect<arith::ArithDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  target.addLegalOp<ModuleOp>();
  target.addIllegalDialect<ThriftDialect>();
  scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);

  if (module.getOps<KernelOp>().empty())
    return success();
  // Each CTA's dynamic shared memory; its size is a launch parameter.
  constexpr StringLiteral sharedName = "thrift_shared";
  if (Operation *taken = module.lookupSymbol(sharedName))
    return taken->emitOpError("has the name of the shared memory, ") << sharedName;
  OpBuilder builder(module.getBodyRegion());
  auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  LLVM::GlobalOp::create(builder, module.getLoc(), bytes, /*isConstant=*/false, LLVM::Linkage::External, sharedName,
                         Attribute(), sharedAlignment, kSharedSpace);
  return applyPartialConversion(module, target, std::move(patterns));
}

LogicalResult portable::convertToNVVM(ModuleOp module, const ConversionChoices &options) {
  for (KernelOp kernel : module.getOps<KernelOp>())
    if (failed(checkLayouts(kernel)) || failed(checkPackedReads(kernel, options.packedLayout)))
      return failure();
  MLIRContext *context = module.getContext();
  PortableTypeConverter converter(context);
  RewritePatternSet patterns(context);
  populateKernelPatterns(converter, patterns);
  populateRingPatterns(converter, patterns);
  populateCopyPatterns(converter, patterns);
  populateMmaPatterns(converter, patterns);
  populateSoftmaxPatterns(converter, patterns);
  populateStorePatterns(converter, patterns, options);
  populateQuantizePatterns(converter, patterns, options);
  populateListPatterns(converter, patterns);
  populateRankPatterns(converter, patterns);
  populateRouterPatterns(converter, patterns);
  populatePromotePatterns(converter, patterns);
  return portable::convert(module, converter, std::move(patterns), /*sharedAlignment=*/128);
}
