//===- ReadUnpacked.cpp - thrift-read-unpacked: what is not packed is read as it is -===//

#include "compiler/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_READUNPACKED
#include "compiler/Passes.h.inc"
} // namespace thrift

static constexpr StringLiteral kLowSuffix = "_low";

/// True for `x_low` in a format without scales: nothing packs it.
static bool isUnpacked(BlockArgument argument, StringRef name) {
  auto view = dyn_cast<ViewType>(argument.getType());
  auto format = view ? dyn_cast<ElementFormatAttr>(view.getFormat()) : ElementFormatAttr();
  return name.ends_with(kLowSuffix) && format && !hasScales(format.getValue());
}

/// The same view with its last two dimensions exchanged.
static ViewType transposed(ViewType view) {
  SmallVector<Attribute> shape(view.getShape());
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return ViewType::get(view.getContext(), shape, view.getFormat());
}

/// Reads the tile from `plain`; where that is the transpose, products that took its transpose take the tile itself.
static LogicalResult redirect(LoadOp load, Value plain) {
  bool transposes = plain.getType() != load.getView().getType();
  load.getViewMutable().assign(plain);
  TileType tile = load.getTile().getType();
  if (transposes)
    load.getTile().setType(TileType::get(tile.getContext(), {tile.getColumns(), tile.getRows()}, tile.getFormat(), {}));
  for (Operation *user : load->getUsers()) {
    auto accumulate = dyn_cast<AccumulateOp>(user);
    if (transposes && (!accumulate || !accumulate.getTransposed()))
      return user->emitOpError("takes an unpacked tile that is transposed in memory; allowed: accumulate transposed");
    if (transposes)
      accumulate.setTransposed(false);
    if (auto dot = dyn_cast<DotOp>(user)) // formats with scales mark what is not finite; others need this
      dot.setPoison(true);
  }
  return success();
}

static LogicalResult readPlain(KernelOp kernel, BlockArgument low, StringRef name) {
  StringRef plainName = name.drop_back(kLowSuffix.size());
  auto view = cast<ViewType>(low.getType());
  Value plain;
  for (BlockArgument argument : kernel.getBodyBlock()->getArguments())
    if (cast<StringAttr>(kernel.getArgNames()[argument.getArgNumber()]).getValue() == plainName)
      plain = argument;
  if (!plain || (plain.getType() != view && plain.getType() != transposed(view))) {
    InFlightDiagnostic error = kernel.emitError("argument ")
                               << name << " of kernel @" << kernel.getSymName()
                               << " is not packed: expected an argument " << plainName << " of type " << view << " or "
                               << transposed(view) << ", got ";
    return plain ? error << plain.getType() : error << "none";
  }
  for (Operation *user : llvm::make_early_inc_range(low.getUsers())) {
    if (isa<StoreOp>(user)) {
      user->erase(); // it is there already
      continue;
    }
    auto load = dyn_cast<LoadOp>(user);
    if (!load)
      return user->emitOpError("takes ") << name << ", which is not packed; allowed: loads and stores";
    if (failed(redirect(load, plain)))
      return failure();
  }
  return success();
}

/// True if nothing is left that anyone could notice.
static bool isUseless(KernelOp kernel) {
  return llvm::all_of(*kernel.getBodyBlock(), [](Operation &op) { return wouldOpBeTriviallyDead(&op); });
}

namespace {
struct ReadUnpacked : thrift::impl::ReadUnpackedBase<ReadUnpacked> {
  void runOnOperation() override {
    for (KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      bool changed = false;
      for (BlockArgument argument : kernel.getBodyBlock()->getArguments()) {
        StringRef name = cast<StringAttr>(kernel.getArgNames()[argument.getArgNumber()]).getValue();
        if (!isUnpacked(argument, name) || argument.use_empty())
          continue;
        changed = true;
        if (failed(readPlain(kernel, argument, name)))
          return signalPassFailure();
      }
      if (!changed)
        continue;
      IRRewriter rewriter(kernel.getContext());
      (void)runRegionDCE(rewriter, kernel->getRegions());
      if (isUseless(kernel))
        kernel.erase();
    }
  }
};
} // namespace
