//===- Support.cpp - what the portable target has instructions for ----------===//
//
// Formats, shapes and structure of a whole kernel, op family by op family, before anything is scheduled: what passes
// here, the schedule and the conversions handle. Every bound is a fact of an instruction, of the swizzle in shared
// memory or of the register file. Loads and stores: SupportMemory.cpp.

#include "compiler/targets/portable/Support.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr int64_t kMaxMeans = 1024; // columns of means, 32 to a register

namespace {

class Support {
public:
  explicit Support(KernelOp kernel) : kernel(kernel) {}
  LogicalResult check();

private:
  LogicalResult checkNames();
  LogicalResult checkViews();
  LogicalResult checkPlace(Operation &op, SweepOp sweep);
  LogicalResult checkSweep(SweepOp sweep);
  LogicalResult checkInSweep(Operation &op, SweepOp sweep);
  LogicalResult checkOutside(Operation &op);
  LogicalResult checkDot(DotOp dot, SweepOp sweep);
  LogicalResult checkAccumulate(AccumulateOp accumulate, SweepOp sweep);
  LogicalResult checkSource(Operation *op, Value source);
  LogicalResult checkQuantize(QuantizeOp quantize);
  LogicalResult checkSummarize(SummarizeOp summarize);
  LogicalResult checkRank(RankOp rank);
  LogicalResult checkState(Operation *op, SoftmaxType state) { return checkStateShape(op, state, threads); }

  /// The load behind a tile, in the body of `sweep` or, without one, in the kernel's.
  LoadOp loadOf(Value tile, SweepOp sweep) {
    auto load = tile.getDefiningOp<LoadOp>();
    Operation *body = sweep ? sweep.getOperation() : kernel.getOperation();
    return load && load->getParentOp() == body ? load : LoadOp();
  }

  KernelOp kernel;
  int64_t threads = kStreamingThreads;
};

} // namespace

//===----------------------------------------------------------------------===//
// The kernel as a whole
//===----------------------------------------------------------------------===//

/// A parameter that is bound in the kernel's list but stands by its name is as good as open.
LogicalResult Support::checkNames() {
  AttrTypeWalker walker;
  walker.addWalk([this](ParamAttr param) {
    return kernel.getParams().contains(param.getName()) ? WalkResult::interrupt() : WalkResult::advance();
  });
  auto fails = [&](auto element) { return walker.walk(element).wasInterrupted(); };
  WalkResult result = kernel->walk([&](Operation *op) {
    bool found = fails(op->getAttrDictionary()) || llvm::any_of(op->getResultTypes(), fails);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        found = found || llvm::any_of(block.getArgumentTypes(), fails);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (result.wasInterrupted())
    return kernel.emitError("kernel @") << kernel.getSymName() << " has open parameters; run thrift-specialize first";
  return success();
}

/// Extents of views become 32-bit constants.
LogicalResult Support::checkViews() {
  for (Type type : kernel.getBody().getArgumentTypes()) {
    ArrayRef<Attribute> shape;
    if (auto view = dyn_cast<ViewType>(type))
      shape = view.getShape();
    else if (auto routes = dyn_cast<RoutesType>(type))
      shape = routes.getShape();
    else if (auto decisions = dyn_cast<DecisionsType>(type))
      shape = decisions.getShape();
    for (Attribute extent : shape)
      if (auto bound = boundExtent(extent); bound && (*bound < 1 || *bound > std::numeric_limits<int32_t>::max()))
        return kernel.emitOpError("the portable target takes extents of 1 to ")
               << std::numeric_limits<int32_t>::max() << ", got " << *bound << " in " << type;
  }
  return success();
}

LogicalResult Support::check() {
  if (failed(checkNames()) || failed(checkViews()))
    return failure();
  SweepOp firstSweep;
  for (SweepOp sweep : kernel.getBody().getOps<SweepOp>()) {
    int64_t rows = sweep.getInitial().getType().rows();
    if (rows % kRowsPerWarp || rows > kRowsPerWarp * kMaxWarps)
      return sweep.emitOpError("the portable target needs a multiple of ")
             << kRowsPerWarp << " query rows, at most " << kRowsPerWarp * kMaxWarps << ", got " << rows;
    if (!firstSweep) {
      firstSweep = sweep;
      threads = rows / kRowsPerWarp * 32;
    } else if (rows * 32 != threads * kRowsPerWarp) {
      return sweep.emitOpError("the portable target needs as many query rows in each sweep of a kernel, got ")
             << threads / 32 * kRowsPerWarp << " and " << rows;
    }
  }
  for (Operation &op : *kernel.getBodyBlock()) {
    if (failed(checkPlace(op, {})) || failed(checkOutside(op)))
      return failure();
    if (auto sweep = dyn_cast<SweepOp>(op); sweep && failed(checkSweep(sweep)))
      return failure();
  }
  // Where things come from is last: what is done with them says more.
  WalkResult result = kernel.getBody().walk([this](Operation *op) {
    LogicalResult fits = success();
    if (auto load = dyn_cast<LoadOp>(op))
      fits = checkLoad(load, dyn_cast<SweepOp>(load->getParentOp()));
    else if (auto empty = dyn_cast<EmptySoftmaxOp>(op))
      fits = checkState(empty, empty.getState().getType());
    return failed(fits) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Which ops the schedule looks for, and where it looks.
LogicalResult Support::checkPlace(Operation &op, SweepOp sweep) {
  if (auto route = dyn_cast<RouteOp>(op))
    return route.emitOpError("has no schedule; run thrift-partition-routes first");
  if (isa_and_nonnull<ThriftDialect>(op.getDialect())) {
    bool known = isa<LoadOp, QuantizeOp, KvHeadOp, EmptySoftmaxOp, MergeOp>(op) ||
                 (sweep ? isa<DotOp, MaskOp, PromoteOp, KeepPromotedOp, OnlineSoftmaxOp, AccumulateOp, YieldOp>(op)
                        : isa<ProgramIdOp, SweepOp, FinishOp, StoreOp, SummarizeOp, RankOp, SelectOp, StartRouterOp>(op));
    if (!known)
      return op.emitOpError("the portable target has no schedule for this op ")
             << (sweep ? "in a sweep" : "outside a sweep");
    return success();
  }
  // Other dialects compute with numbers. Ops that only a flag admits are reported by the conversion.
  auto isOurs = [](Type type) { return isa<ThriftDialect>(type.getDialect()); };
  if (op.isRegistered() && (llvm::any_of(op.getOperandTypes(), isOurs) || llvm::any_of(op.getResultTypes(), isOurs)))
    return op.emitOpError("the portable target takes numbers only; tiles, states and views belong to thrift's ops");
  WalkResult result = op.walk([&](Operation *inner) {
    if (!isa_and_nonnull<ThriftDialect>(inner->getDialect()))
      return WalkResult::advance();
    inner->emitOpError("the portable target schedules ops of a kernel and of its sweeps, got one inside '")
        << op.getName() << "'";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// In sweeps
//===----------------------------------------------------------------------===//

LogicalResult Support::checkSweep(SweepOp sweep) {
  for (Operation &op : sweep.getBody().front())
    if (failed(checkPlace(op, sweep)) || failed(checkInSweep(op, sweep)))
      return failure();
  if (sweep.getBody().getOps<DotOp>().empty())
    return sweep.emitOpError("the portable target needs a dot in a sweep: its keys say how large a block is");
  return success();
}

/// True for tiles of an accumulator's layout: logits, masked or not, and probabilities.
static bool isAccumulator(Value tile) {
  return isa_and_nonnull<DotOp, MaskOp, PromoteOp, KeepPromotedOp, OnlineSoftmaxOp>(tile.getDefiningOp());
}

LogicalResult Support::checkInSweep(Operation &op, SweepOp sweep) {
  auto checkLogits = [&](Value logits) -> LogicalResult {
    if (!isIn(sweep, logits) || !isAccumulator(logits))
      return op.emitOpError("the portable target takes logits of a dot in the same sweep, got ") << logits.getType();
    return success();
  };
  return TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](DotOp dot) { return checkDot(dot, sweep); })
      .Case([&](AccumulateOp accumulate) { return checkAccumulate(accumulate, sweep); })
      .Case([&](MaskOp mask) { return checkLogits(mask.getLogits()); })
      .Case([&](PromoteOp promote) { return checkLogits(promote.getLogits()); })
      .Case([&](KeepPromotedOp keep) { return checkLogits(keep.getLogits()); })
      .Case([&](OnlineSoftmaxOp softmax) { return checkLogits(softmax.getLogits()); })
      .Case([&](QuantizeOp quantize) -> LogicalResult {
        // P has the order of columns that V asks for, so that it serves one product.
        auto accumulate = quantize->hasOneUse() ? dyn_cast<AccumulateOp>(*quantize->user_begin()) : AccumulateOp();
        if (!accumulate || accumulate.getP() != quantize.getResult())
          return quantize.emitOpError("the portable target quantises in a sweep what one accumulate multiplies, got ")
                 << quantize.getResult().getType();
        return success();
      })
      .Default([](Operation *) { return success(); });
}

LogicalResult Support::checkDot(DotOp dot, SweepOp sweep) {
  TileType q = dot.getLhs().getType(), k = dot.getRhs().getType();
  if (!dot.getLhs().getDefiningOp<LoadOp>() || !dot.getRhs().getDefiningOp<LoadOp>())
    return dot.emitOpError("the portable target multiplies tiles that were loaded");
  // Queries stay in registers through the sweep, keys stream.
  if (!loadOf(dot.getLhs(), {}))
    return dot.emitOpError("the portable target multiplies queries that were loaded outside the sweep");
  if (!loadOf(dot.getRhs(), sweep))
    return dot.emitOpError("the portable target multiplies keys that were loaded in the sweep");
  if (failed(checkDotShapes(dot)))
    return failure();
  if (int64_t rows = sweep.getInitial().getType().rows(); q.rows() != rows)
    return dot.emitOpError("the portable target multiplies the ") << rows << " queries of the sweep, got " << q;
  DotOp first = *sweep.getBody().getOps<DotOp>().begin();
  if (int64_t keys = first.getRhs().getType().rows(); k.rows() != keys)
    return dot.emitOpError("the portable target takes blocks of one size in a sweep, got ")
           << keys << " and " << k.rows() << " keys";
  return success();
}

LogicalResult Support::checkAccumulate(AccumulateOp accumulate, SweepOp sweep) {
  TileType p = accumulate.getP().getType();
  auto quantize = accumulate.getP().getDefiningOp<QuantizeOp>();
  if (!quantize || quantize->getParentOp() != sweep || hasScales(p.elementFormat()))
    return accumulate.emitOpError("the portable target multiplies V by P in f16 or bf16, got ") << p;
  if (!loadOf(accumulate.getV(), sweep))
    return accumulate.emitOpError("the portable target multiplies values that were loaded in the sweep");
  if (failed(checkAccumulateShapes(accumulate)))
    return failure();
  for (Value tile : {Value(quantize.getSource()), Value(accumulate.getW())})
    if (!isIn(sweep, tile) || !isAccumulator(tile))
      return accumulate.emitOpError("the portable target takes probabilities computed in the same sweep, got ")
             << tile.getType();
  return checkState(accumulate, accumulate.getState().getType());
}

//===----------------------------------------------------------------------===//
// Outside sweeps
//===----------------------------------------------------------------------===//

/// Blocks become 32-bit constants.
static LogicalResult checkBlocks(Operation *op, Attribute blockQ, Attribute blockKv) {
  for (Attribute extent : {blockQ, blockKv})
    if (*boundExtent(extent) > std::numeric_limits<int32_t>::max())
      return op->emitOpError("the portable target takes blocks of at most ")
             << std::numeric_limits<int32_t>::max() << ", got " << *boundExtent(extent);
  return success();
}

LogicalResult Support::checkOutside(Operation &op) {
  return TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](QuantizeOp quantize) { return checkQuantize(quantize); })
      .Case([&](SummarizeOp summarize) { return checkSummarize(summarize); })
      .Case([&](RankOp rank) { return checkRank(rank); })
      .Case([&](SelectOp select) { return checkBlocks(select, select.getBlockQ(), select.getBlockKv()); })
      .Case([&](StartRouterOp router) -> LogicalResult {
        if (failed(checkRouterShape(router, router.getRouter().getType(), threads)))
          return failure();
        return checkBlocks(router, router.getBlockQ(), router.getBlockKv());
      })
      .Case([&](FinishOp finish) { return checkState(finish, finish.getState().getType()); })
      .Case([&](StoreOp store) { return checkStore(store); })
      .Case([&](ProgramIdOp program) -> LogicalResult {
        ProgramIdOp first = *kernel.getBody().getOps<ProgramIdOp>().begin();
        if (program.getNames() != first.getNames()) // a launch has one grid
          return program.emitOpError("the portable target launches over one list of dimensions, got ")
                 << first.getNames() << " and " << program.getNames();
        return success();
      })
      .Default([](Operation *) { return success(); });
}

/// Quantisers and means read a shared tile of 16-bit values by rows of whole swizzled chunks.
LogicalResult Support::checkSource(Operation *op, Value source) {
  auto tile = cast<TileType>(source.getType());
  if (!loadOf(source, {}) || !is16Bit(tile.elementFormat()) || tile.columns() % kSwizzledColumns)
    return op->emitOpError("the portable target reads loaded f16 or bf16 tiles with a multiple of ")
           << kSwizzledColumns << " columns, got " << tile;
  return success();
}

LogicalResult Support::checkQuantize(QuantizeOp quantize) {
  TileType source = quantize.getSource().getType(), result = quantize.getResult().getType();
  auto store = quantize->hasOneUse() ? dyn_cast<StoreOp>(*quantize->user_begin()) : StoreOp();
  if (!store || store->getBlock() != quantize->getBlock() || !hasScales(result.elementFormat()))
    return quantize.emitOpError("the portable target quantises to formats with scales, into a store");
  // One thread takes one group; a slice is as many rows of groups as there are threads.
  bool transposed = quantize.getTransposed();
  int64_t contracted = transposed ? source.rows() : source.columns();
  int64_t extent = transposed ? source.columns() : source.rows();
  int64_t groups = contracted / kThreadGroup, step = groups ? threads / groups : 0;
  if (contracted % kThreadGroup || !step || threads % groups || extent % step)
    return quantize.emitOpError("the portable target cannot slice ")
           << source.withLayout(TileLayout::Shared) << " for " << threads << " threads";
  if (transposed && source.rows() % kTokenTile)
    return quantize.emitOpError("the portable target packs a multiple of ") << kTokenTile << " tokens, got " << source;
  return checkSource(quantize, quantize.getSource());
}

LogicalResult Support::checkSummarize(SummarizeOp summarize) {
  TileType source = summarize.getSource().getType();
  if (source.columns() > threads) // each has one column
    return summarize.emitOpError("the portable target averages at most ") << threads << " columns, got " << source;
  return checkSource(summarize, summarize.getSource());
}

LogicalResult Support::checkRank(RankOp rank) {
  TileType means = rank.getMeanQ().getType();
  if (!loadOf(rank.getMeanQ(), {}) || !isMultiple(means.columns(), 32, kMaxMeans)) // lanes take columns 32 apart
    return rank.emitOpError("the portable target ranks by loaded means with a multiple of 32 columns, at most ")
           << kMaxMeans << ", got " << means;
  if (threads != kStreamingThreads) // its warps share the blocks out
    return rank.emitOpError("the portable target ranks with ") << kStreamingThreads << " threads, got " << threads;
  return checkBlocks(rank, rank.getBlockQ(), rank.getBlockKv());
}

LogicalResult portable::checkSupport(KernelOp kernel) { return Support(kernel).check(); }
