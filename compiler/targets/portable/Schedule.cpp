//===- Schedule.cpp - the portable target's schedule ------------------------===//
//
// One warp owns 16 query rows. K and V stream through rings in shared memory by cp.async; a sweep becomes a loop that
// copies `stages - 1` blocks ahead:
//
//   barrier                          the slots are free: every warp has left the sweep before (the first sweep needs
//   none) seek; copy blocks 0 .. stages-2 for n: wait; barrier             block n is here for all, and block n-1's
//   slot is free
//          copy block n+stages-1     into that slot
//          the body on block n
//
//===----------------------------------------------------------------------===//

#include "compiler/targets/Lowering.h"
#include "compiler/targets/portable/Portable.h"
#include "compiler/targets/portable/Widen.h"
#include "dialect/Checks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

namespace {

class Scheduler {
public:
  Scheduler(KernelOp kernel, const ScheduleChoices &options)
      : kernel(kernel), options(options), builder(kernel.getContext()) {}

  LogicalResult run();

private:
  void loadQueriesAt(SweepOp sweep);
  void layoutSweep(SweepOp sweep);
  LogicalResult pipelineSweep(SweepOp sweep);
  void stageLoad(LoadOp load);
  void sliceQuantize(QuantizeOp quantize);
  AllocOp allocate(Location loc, TileType tile, int64_t stages, int64_t &offset);
  Value constant(Location loc, int64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
  }

  KernelOp kernel;
  const ScheduleChoices &options;
  OpBuilder builder;
  int64_t threads = kStreamingThreads;
  int64_t sharedBytes = 0;
};

} // namespace

static void setLayout(Value value, TileLayout layout) {
  value.setType(cast<TileType>(value.getType()).withLayout(layout));
}

LogicalResult Scheduler::run() {
  auto sweeps = llvm::to_vector(kernel.getBody().getOps<SweepOp>());
  for (SweepOp sweep : sweeps) {
    threads = sweep.getInitial().getType().rows() / kRowsPerWarp * 32;
    if (isRouterList(sweep.getList()))
      loadQueriesAt(sweep);
    layoutSweep(sweep);
  }
  for (SweepOp sweep : sweeps)
    if (failed(pipelineSweep(sweep)))
      return failure();

  for (LoadOp load : llvm::to_vector(kernel.getBody().getOps<LoadOp>()))
    stageLoad(load);
  for (QuantizeOp quantize : llvm::to_vector(kernel.getBody().getOps<QuantizeOp>()))
    sliceQuantize(quantize);
  for (SummarizeOp summarize : kernel.getBody().getOps<SummarizeOp>())
    setLayout(summarize.getMean(), TileLayout::Columns);
  for (StoreOp store : kernel.getBody().getOps<StoreOp>())
    store.setAlignment(options.alignment);
  for (FinishOp finish : kernel.getBody().getOps<FinishOp>())
    for (Value value : finish.getResults())
      setLayout(value, TileLayout::Accumulator);
  if (sharedBytes > options.sharedLimit)
    return kernel.emitError("kernel @") << kernel.getSymName() << " needs " << sharedBytes
                                        << " bytes of shared memory, the target has " << options.sharedLimit
                                        << "; fewer stages or smaller blocks need less";
  kernel.setThreads(threads);
  kernel.setSharedBytes(sharedBytes);
  return success();
}

AllocOp Scheduler::allocate(Location loc, TileType tile, int64_t stages, int64_t &offset) {
  auto alloc =
      AllocOp::create(builder, loc, RingType::get(builder.getContext(), stages, tile.withLayout(TileLayout::Shared)),
                      builder.getI32IntegerAttr(offset));
  offset += stages * sharedTileBytes(tile);
  sharedBytes = std::max(sharedBytes, offset);
  return alloc;
}

/// Under the online router high sweeps stand on both sides of the low ones. Query tiles of both precisions, kept through all of
/// them, are more registers than a thread has; each sweep loads its own.
void Scheduler::loadQueriesAt(SweepOp sweep) {
  for (DotOp dot : sweep.getBody().getOps<DotOp>()) {
    auto load = dot.getLhs().getDefiningOp<LoadOp>();
    builder.setInsertionPoint(sweep);
    dot.getLhsMutable().assign(cast<LoadOp>(builder.clone(*load)).getTile());
    if (load->use_empty())
      load.erase();
  }
}

/// Gives every tile of a sweep's body its layout, and notes the powers of two that widened operands carry.
void Scheduler::layoutSweep(SweepOp sweep) {
  llvm::DenseMap<Value, int32_t> logitScale;
  for (Operation &op : sweep.getBody().front()) {
    if (auto dot = dyn_cast<DotOp>(op)) {
      ElementFormat format = dot.getLhs().getType().elementFormat();
      setLayout(dot.getLhs(), hasScales(format) ? TileLayout::OperandAWidened : TileLayout::OperandA);
      setLayout(dot.getLogits(), TileLayout::Accumulator);
      if (hasScales(format))
        dot.setScaleLog2(2 * widenedLog2(format));
      logitScale[dot.getLogits()] = dot.getScaleLog2();
    } else if (auto mask = dyn_cast<MaskOp>(op)) {
      setLayout(mask.getMasked(), TileLayout::Accumulator);
      logitScale[mask.getMasked()] = logitScale.lookup(mask.getLogits());
    } else if (auto promote = dyn_cast<PromoteOp>(op)) {
      setLayout(promote.getKept(), TileLayout::Accumulator);
      promote.setLogitScaleLog2(logitScale.lookup(promote.getLogits()));
      promote.setExp2(options.exp2);
      logitScale[promote.getKept()] = promote.getLogitScaleLog2();
    } else if (auto keep = dyn_cast<KeepPromotedOp>(op)) {
      setLayout(keep.getKept(), TileLayout::Accumulator);
      logitScale[keep.getKept()] = logitScale.lookup(keep.getLogits());
    } else if (auto softmax = dyn_cast<OnlineSoftmaxOp>(op)) {
      setLayout(softmax.getProbabilities(), TileLayout::Accumulator);
      softmax.setLogitScaleLog2(logitScale.lookup(softmax.getLogits()));
      softmax.setExp2(options.exp2);
    } else if (auto accumulate = dyn_cast<AccumulateOp>(op)) {
      auto quantize = accumulate.getP().getDefiningOp<QuantizeOp>();
      ElementFormat format = accumulate.getV().getType().elementFormat();
      setLayout(quantize.getResult(), probabilityLayout(format));
      if (hasScales(format)) // P carries what V's widening takes out
        quantize.setScaleLog2(widenedLog2(format));
    }
  }
}

/// The indices of a load inside a sweep, for block `j`.
static SmallVector<Value> indicesAt(SweepOp sweep, LoadOp load, Value j) {
  return llvm::map_to_vector(load.getIndices(),
                             [&](Value index) { return index == sweep.getBlockIndex() ? j : index; });
}

LogicalResult Scheduler::pipelineSweep(SweepOp sweep) {
  if (options.stages < 2)
    return sweep.emitOpError("needs at least 2 stages, got ") << options.stages;
  Location loc = sweep.getLoc();
  builder.setInsertionPoint(sweep);
  auto loads = llvm::to_vector(sweep.getBody().getOps<LoadOp>());
  bool reusesMemory = sharedBytes != 0;
  int64_t offset = 0, ahead = options.stages - 1;
  int64_t blockQ = sweep.getInitial().getType().rows(), blockKv = 0;
  SmallVector<AllocOp> rings;
  for (LoadOp load : loads) {
    rings.push_back(allocate(loc, load.getTile().getType(), options.stages, offset));
    bool usedAsKeys = llvm::any_of(load->getUsers(), [](Operation *user) { return isa<DotOp>(user); });
    if (usedAsKeys)
      blockKv = load.getTile().getType().rows();
  }
  Type i32 = builder.getI32Type();
  auto step = [&](Value j, Value cursor) {
    return NextOp::create(builder, loc, TypeRange{i32, i32}, sweep.getListAttr(), j, cursor, sweep.getRoutes(),
                          sweep.getRouteIndices());
  };
  auto copyAll = [&](Value j, Value number, Value condition) {
    for (auto [load, ring] : llvm::zip(loads, rings))
      CopyOp::create(builder, loc, load.getView(), indicesAt(sweep, load, j), ring, number, condition,
                     options.alignment);
    CommitOp::create(builder, loc);
  };

  if (reusesMemory)
    BarrierOp::create(builder, loc);
  auto seek = SeekOp::create(builder, loc, TypeRange{i32, i32, i32}, sweep.getListAttr(), sweep.getPartAttr(),
                             sweep.getMask(), builder.getI32IntegerAttr(blockQ), builder.getI32IntegerAttr(blockKv),
                             sweep.getI(), sweep.getRoutes(), sweep.getRouteIndices());
  SmallVector<Value> carried = {sweep.getInitial()}; // the state, the blocks in flight, the place ahead of them
  Value j = seek.getJ(), cursor = seek.getCursor();
  for (int64_t n = 0; n < ahead; ++n) {
    Value number = constant(loc, n);
    copyAll(j, number, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, number, seek.getCount()));
    carried.push_back(j);
    NextOp next = step(j, cursor);
    j = next.getJ();
    cursor = next.getNextCursor();
  }
  carried.append({j, cursor});

  Value zero = constant(loc, 0), one = constant(loc, 1), distance = constant(loc, ahead);
  auto loop = scf::ForOp::create(builder, loc, zero, seek.getCount(), one, carried);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    ValueRange args = loop.getRegionIterArgs();
    Value n = loop.getInductionVar(), jAhead = args[1 + ahead], cursorAhead = args[2 + ahead];
    WaitOp::create(builder, loc, ahead - 1);
    BarrierOp::create(builder, loc);
    Value number = arith::AddIOp::create(builder, loc, n, distance);
    copyAll(jAhead, number, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, number, seek.getCount()));
    NextOp next = step(jAhead, cursorAhead);

    IRMapping mapping;
    mapping.map(sweep.getState(), args[0]);
    mapping.map(sweep.getBlockIndex(), args[1]);
    for (auto [load, ring] : llvm::zip(loads, rings))
      mapping.map(load.getTile(),
                  SlotOp::create(builder, loc, ring.getRing().getType().getTile(), ring.getRing(), n).getTile());
    for (Operation &op : sweep.getBody().front().without_terminator())
      if (!isa<LoadOp>(op))
        builder.clone(op, mapping);
    Value state = mapping.lookup(cast<YieldOp>(sweep.getBody().front().getTerminator()).getState());
    SmallVector<Value> yielded = {state};
    yielded.append(args.begin() + 2, args.begin() + 1 + ahead);
    yielded.append({jAhead, next.getJ(), next.getNextCursor()});
    scf::YieldOp::create(builder, loc, yielded);
  }
  sweep.getFinal().replaceAllUsesWith(loop.getResult(0));
  sweep.erase();
  return success();
}

/// Loads outside sweeps: query tiles go straight into registers, key means into lanes, and tiles that are read in more
/// than one way into shared memory.
void Scheduler::stageLoad(LoadOp load) {
  load.setAlignment(options.alignment);
  if (load.getTile().getType().tileLayout())
    return; // a query tile: layoutSweep has placed it
  if (llvm::any_of(load->getUsers(), [](Operation *user) { return isa<RankOp>(user); }))
    return setLayout(load.getTile(), TileLayout::Lanes);
  Location loc = load.getLoc();
  builder.setInsertionPoint(load);
  int64_t offset = sharedBytes;
  AllocOp ring = allocate(loc, load.getTile().getType(), 1, offset);
  Value zero = constant(loc, 0);
  Value yes = arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
  CopyOp::create(builder, loc, load.getView(), load.getIndices(), ring, zero, yes, options.alignment);
  CommitOp::create(builder, loc);
  WaitOp::create(builder, loc, 0);
  BarrierOp::create(builder, loc);
  auto slot = SlotOp::create(builder, loc, ring.getRing().getType().getTile(), ring.getRing(), zero);
  load.getTile().replaceAllUsesWith(slot.getTile());
  load.erase();
}

/// Quantisation of a shared tile: a loop over slices in which each thread holds one group.
void Scheduler::sliceQuantize(QuantizeOp quantize) {
  TileType source = quantize.getSource().getType(), result = quantize.getResult().getType();
  auto store = cast<StoreOp>(*quantize->user_begin());
  bool transposed = quantize.getTransposed();
  // Along the contracted extent one thread takes one group; slices run over the other one.
  int64_t contracted = transposed ? source.rows() : source.columns();
  int64_t extent = transposed ? source.columns() : source.rows();
  int64_t step = threads / (contracted / kThreadGroup);

  Location loc = quantize.getLoc();
  builder.setInsertionPoint(store);
  Value blockScale;
  if (result.elementFormat() == ElementFormat::FP8) // V's scale folds into an exponent
    blockScale = BlockScaleOp::create(builder, loc, quantize.getSource(), transposed);
  auto resized = [&](TileType tile, bool rows) {
    SmallVector<Attribute> shape(tile.getShape());
    shape[rows ? 0 : 1] = builder.getI64IntegerAttr(step);
    return TileType::get(builder.getContext(), shape, tile.getFormat(), {}).withLayout(TileLayout::Groups);
  };
  auto loop = scf::ForOp::create(builder, loc, constant(loc, 0), constant(loc, extent), constant(loc, step));
  builder.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  auto slice = SliceOp::create(builder, loc, resized(source, !transposed), quantize.getSource(), first, transposed);
  auto packed = QuantizeOp::create(builder, loc, resized(result, /*rows=*/true), slice.getSlice(), transposed,
                                   blockScale, Value(), 0);
  StoreOp::create(builder, loc, packed.getResult(), store.getView(), store.getIndices(), first, TypeAttr::get(result),
                  builder.getI32IntegerAttr(options.alignment));
  store.erase();
  quantize.erase();
}

LogicalResult portable::schedule(KernelOp kernel, const ScheduleChoices &options) {
  if (failed(checkSupport(kernel)))
    return failure();
  return Scheduler(kernel, options).run();
}
