//===- KernelToNVVM.cpp - kernels, program ids, rings, waits ----------------===//

#include "compiler/targets/Lowering.h"
#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr int64_t kTensorMapBytes = 128;

namespace {

/// Spells the launch arguments of one kernel argument: "q", "q.stride.0", ... or "k_low.elements", "k_low.scales". A
/// tensor map stands for address and strides; it is spelled with the box's columns and rows and the bytes of the
/// swizzle: "q.map.64x128.128".
void appendAbi(Type type, StringRef name, SmallVectorImpl<Attribute> &abi, Builder &builder) {
  auto append = [&](Twine spelled) { abi.push_back(builder.getStringAttr(spelled)); };
  if (auto view = dyn_cast<ViewType>(type)) {
    if (BoxAttr box = view.boxAttr()) {
      append(name + ".map." + Twine(box.getColumns()) + "x" + Twine(box.getRows()) + "." + Twine(box.getSwizzle()));
      if (hasScales(cast<ElementFormatAttr>(view.getFormat()).getValue()))
        append(name + ".scales");
      return;
    }
    if (hasScales(cast<ElementFormatAttr>(view.getFormat()).getValue())) {
      append(name + ".elements");
      append(name + ".scales");
      return;
    }
    append(name);
    for (size_t dim = 0; dim + 1 < view.getShape().size(); ++dim)
      append(name + ".stride." + Twine(dim));
  } else if (isa<RoutesType>(type)) {
    append(name + ".counts");
    append(name + ".ids");
    append(name + ".capacity");
  } else if (isa<DecisionsType>(type)) {
    append(name + ".sets");
    append(name + ".counts");
    append(name + ".tiers");
  } else {
    append(name);
  }
}

/// The kernel's rings of mbarriers, by the names that the schedule gave them: for readers of a watchdog's records.
ArrayAttr describeMBarriers(KernelOp kernel, Builder &builder) {
  SmallVector<Attribute> all;
  for (MBarriersOp op : kernel.getBody().getOps<MBarriersOp>()) {
    auto location = op.getLoc()->findInstanceOf<NameLoc>();
    StringAttr name = location ? location.getName() : builder.getStringAttr("mbarriers");
    all.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", name), builder.getNamedAttr("offset", op.getOffsetAttr()),
         builder.getNamedAttr("stages", builder.getI64IntegerAttr(op.getBarriers().getType().getStages()))}));
  }
  return builder.getArrayAttr(all);
}

struct ConvertKernel : OpConversionPattern<KernelOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(KernelOp kernel, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    Block *body = kernel.getBodyBlock();
    TypeConverter::SignatureConversion signature(body->getNumArguments());
    SmallVector<Attribute> abi;
    // Launch dimensions come first; the parametric kernel has no arguments for them.
    SmallVector<Type> dims(kernel.getDims().size(), rewriter.getI32Type());
    signature.addInputs(dims);
    llvm::append_range(abi, kernel.getDims());
    SmallVector<unsigned> maps; // arguments that are tensor maps
    for (auto [argument, name] : llvm::zip(body->getArguments(), kernel.getArgNames())) {
      SmallVector<Type> types;
      if (failed(getTypeConverter()->convertType(argument.getType(), types)))
        return failure();
      if (auto view = dyn_cast<ViewType>(argument.getType()); view && view.boxAttr())
        maps.push_back(abi.size());
      signature.addInputs(argument.getArgNumber(), types);
      appendAbi(argument.getType(), cast<StringAttr>(name).getValue(), abi, rewriter);
    }
    bool watchdog = kernel->hasAttr(kWatchdogAttr);
    if (watchdog) {
      if (llvm::is_contained(abi, rewriter.getStringAttr("watchdog")))
        return kernel.emitError("kernel @")
               << kernel.getSymName() << " has a watchdog and something else called watchdog";
      signature.addInputs(LLVM::LLVMPointerType::get(getContext(), kGlobalSpace));
      abi.push_back(rewriter.getStringAttr("watchdog"));
    }

    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()), signature.getConvertedTypes());
    auto function = LLVM::LLVMFuncOp::create(rewriter, kernel.getLoc(), kernel.getSymName(), type);
    int32_t threads = *kernel.getThreads();
    function->setAttr("nvvm.kernel", rewriter.getUnitAttr());
    for (unsigned map : maps) { // by value: where they lie in parameter memory is what TMA reads
      Type bytes = LLVM::LLVMArrayType::get(rewriter.getI8Type(), kTensorMapBytes);
      function.setArgAttr(map, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(bytes));
      function.setArgAttr(map, LLVM::LLVMDialect::getAlignAttrName(), rewriter.getI64IntegerAttr(64));
      function.setArgAttr(map, NVVM::NVVMDialect::getGridConstantAttrName(), rewriter.getUnitAttr());
    }
    function->setAttr("nvvm.reqntid", rewriter.getDenseI32ArrayAttr({threads, 1, 1}));
    // Left alone, ptxas aims at two CTAs per SM and may spill a register or two for it; spills are refused, so ask for
    // one.
    function->setAttr("nvvm.minctasm", rewriter.getI32IntegerAttr(1));
    function->setAttr("thrift.abi", rewriter.getArrayAttr(abi));
    function->setAttr("thrift.threads", kernel.getThreadsAttr());
    function->setAttr("thrift.shared_bytes", kernel.getSharedBytesAttr());
    if (watchdog)
      function->setAttr(kWatchdogAttr, rewriter.getUnitAttr());
    if (ArrayAttr barriers = describeMBarriers(kernel, rewriter); !barriers.empty())
      function->setAttr("thrift.mbarriers", barriers);
    function->setAttr("thrift.grid", rewriter.getArrayAttr({})); // one CTA, unless the kernel asks where it is
    for (ProgramIdOp program : kernel.getBody().getOps<ProgramIdOp>())
      function->setAttr("thrift.grid", program.getNames());

    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(body);
    LLVM::ReturnOp::create(rewriter, kernel.getLoc(), ValueRange());
    rewriter.inlineRegionBefore(kernel.getBody(), function.getBody(), function.getBody().end());
    rewriter.applySignatureConversion(&function.getBody().front(), signature, getTypeConverter());
    rewriter.eraseOp(kernel);
    return success();
  }
};

struct ConvertProgramId : TilePattern<ProgramIdOp> {
  using TilePattern::TilePattern;
  Fragments emit(ProgramIdOp op, Adaptor, Emitter &e) const override {
    // The last name varies fastest: it is x.
    SmallVector<SmallVector<Value>> ids;
    size_t rank = op.getNames().size();
    for (size_t n = 0; n < rank; ++n) {
      Value id;
      switch (rank - 1 - n) {
      case 0:
        id = NVVM::BlockIdXOp::create(e.builder, e.loc, e.i32());
        break;
      case 1:
        id = NVVM::BlockIdYOp::create(e.builder, e.loc, e.i32());
        break;
      default:
        id = NVVM::BlockIdZOp::create(e.builder, e.loc, e.i32());
        break;
      }
      ids.push_back({id});
    }
    return ids;
  }
};

struct ConvertKvHead : TilePattern<KvHeadOp> {
  using TilePattern::TilePattern;
  Fragments emit(KvHeadOp op, Adaptor adaptor, Emitter &e) const override {
    Value group = e.divide(dimension(e, op, "q_heads"), dimension(e, op, "kv_heads"));
    return Fragments({{e.divide(adaptor.getQHead().front(), group)}});
  }
};

struct ConvertAlloc : TilePattern<AllocOp> {
  using TilePattern::TilePattern;
  Fragments emit(AllocOp op, Adaptor, Emitter &e) const override {
    Value base = LLVM::AddressOfOp::create(e.builder, e.loc, e.pointer(kSharedSpace), "thrift_shared");
    return Fragments({{e.address(base, op.getOffset())}});
  }
};

struct ConvertSlot : TilePattern<SlotOp> {
  using TilePattern::TilePattern;
  Fragments emit(SlotOp op, Adaptor adaptor, Emitter &e) const override {
    RingType ring = op.getRing().getType();
    Value slot = e.remainder(adaptor.getNumber().front(), ring.getStages());
    return Fragments({{e.address(adaptor.getRing().front(), e.mul(slot, sharedTileBytes(ring.getTile())))}});
  }
};

struct ConvertCommit : TilePattern<CommitOp> {
  using TilePattern::TilePattern;
  Fragments emit(CommitOp, Adaptor, Emitter &e) const override {
    NVVM::CpAsyncCommitGroupOp::create(e.builder, e.loc);
    return SmallVector<SmallVector<Value>>();
  }
};

struct ConvertWait : TilePattern<WaitOp> {
  using TilePattern::TilePattern;
  Fragments emit(WaitOp op, Adaptor, Emitter &e) const override {
    NVVM::CpAsyncWaitGroupOp::create(e.builder, e.loc, op.getPending());
    return SmallVector<SmallVector<Value>>();
  }
};

struct ConvertBarrier : TilePattern<BarrierOp> {
  using TilePattern::TilePattern;
  Fragments emit(BarrierOp, Adaptor, Emitter &e) const override {
    e.barrier();
    return SmallVector<SmallVector<Value>>();
  }
};

} // namespace

Value portable::dimension(Emitter &e, Operation *op, StringRef name) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  auto abi = function->getAttrOfType<ArrayAttr>("thrift.abi");
  for (auto [index, argument] : llvm::enumerate(abi))
    if (cast<StringAttr>(argument).getValue() == name)
      return function.getArgument(index);
  llvm_unreachable("the kernel's verifier has checked that the dimension exists");
}

Value portable::extentValue(Emitter &e, Operation *op, Attribute extent) {
  if (auto bound = boundExtent(extent))
    return e.i32(*bound);
  return dimension(e, op, cast<ParamAttr>(extent).getName());
}

void portable::populateKernelPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertKernel, ConvertProgramId, ConvertKvHead, ConvertBarrier>(converter, patterns.getContext());
}

void portable::populateRingPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertAlloc, ConvertSlot, ConvertCommit, ConvertWait>(converter, patterns.getContext());
}
