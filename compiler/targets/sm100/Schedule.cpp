//===- Schedule.cpp - the warp-specialised schedule of sm_100a --------------===//
//
// Six warps, three roles. One program owns 128 query rows, one for each thread of the softmax role.
//
//   load      K and V of each list's blocks, by TMA, into a ring for each tier
//   multiply  S = Q K^T of block n, then, when its P is there, O += P V
//   softmax   S to registers, P to tensor memory, O rescaled where a maximum has grown, the end
//
//                 k_full, v_full                s_full
//        load  ------------------->  multiply ---------->  softmax
//              <-------------------           <----------
//                 k_free, v_free                p_full
//                                             ---------->
//                                               o_done
//
// S, P and O have one place each, in tensor memory. Event n of s_full and p_full is block n of all sweeps together;
// rings and their mbarriers count the blocks of their tier.
//
//===----------------------------------------------------------------------===//

#include "compiler/targets/Lowering.h"
#include "compiler/targets/sm100/MatrixLayout.h"
#include "compiler/targets/sm100/Sm100.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

namespace {

constexpr int64_t kSoftmaxWarps = 4, kLoadWarp = 4, kMultiplyWarp = 5, kWarps = 6;
constexpr int64_t kMBarrierBytes = 8;

/// One precision: the tiles that stream through its rings.
struct Tier {
  Value keyView; ///< by which sweeps of one tier are told from the other's
  LoadOp query;
  Value queryTile, keyRing, valueRing, keysFull, keysFree, valuesFull, valuesFree;
  Value scaleRing; ///< where P has scales: shared memory for them
  Value keyScales, valueScales, p;
  Value queryScale; ///< of a query tile in fp8
  Value number;     ///< blocks of this tier before the sweep at hand
};

/// A sweep, with the place in its list where it begins.
struct Stretch {
  SweepParts parts;
  Tier *tier;
  SeekOp seek;
  Value number, step; ///< blocks of the tier and of all tiers before it
};

class Scheduler {
public:
  Scheduler(KernelOp kernel, const ScheduleChoices &options)
      : kernel(kernel), options(options), loc(kernel.getLoc()), builder(kernel.getContext()) {}

  LogicalResult run();

private:
  Tier *tierOf(const SweepParts &parts);
  void allocateShared();
  void allocateTensor();
  void seek(ArrayRef<Stretch *> phase);
  void load(ArrayRef<Stretch *> phase, bool first);
  void multiply(ArrayRef<Stretch *> phase, bool first, bool last);
  Value softmax(ArrayRef<Stretch *> phase, Value state);
  Value softmaxBlock(Stretch &stretch, Value step, Value j, Value state);
  Value scaleOf(LoadOp load, SweepOp sweep, Value j, int64_t tokens);
  void finish(FinishOp finish, Value state);

  Value constant(int64_t value) { return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value)); }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value isPositive(Value a) { return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, a, constant(0)); }
  /// A location that names a value where IR is printed for people.
  Location named(const Twine &name) { return NameLoc::get(builder.getStringAttr(name), loc); }
  /// What the kernel calls the view behind a load: "k", "v_low".
  StringRef nameOf(LoadOp load) {
    auto argument = dyn_cast<BlockArgument>(load.getView());
    return argument ? cast<StringAttr>(kernel.getArgNames()[argument.getArgNumber()]).getValue() : "tile";
  }
  Value allocate(const Twine &name, TileType tile, int64_t stages) {
    RingType ring = RingType::get(builder.getContext(), stages, tile.withLayout(TileLayout::Swizzled));
    auto alloc = AllocOp::create(builder, named(name), ring, builder.getI32IntegerAttr(sharedBytes));
    sharedBytes += stages * slotBytes(tile);
    return alloc.getRing();
  }
  Value mbarriers(const Twine &name, int64_t stages, int64_t arrivals) {
    auto made = MBarriersOp::create(builder, named(name), MBarriersType::get(builder.getContext(), stages),
                                    builder.getI32IntegerAttr(sharedBytes), builder.getI32IntegerAttr(arrivals));
    sharedBytes += stages * kMBarrierBytes;
    return made.getBarriers();
  }
  Value slot(Value ring, Value number) {
    return SlotOp::create(builder, loc, cast<RingType>(ring.getType()).getTile(), ring, number);
  }
  /// A tile of tensor memory behind those before it.
  Value tensor(const Twine &name, TileType tile, int64_t &column) {
    auto made = TensorOp::create(builder, named(name), tile.withLayout(TileLayout::Tensor), memory,
                                 builder.getI32IntegerAttr(column));
    column += llvm::divideCeil(tile.columns() * bitsOf(tile.elementFormat()), 32);
    return made.getTile();
  }
  void await(Value barriers, Value number, bool free, bool orderTensor) {
    AwaitOp::create(builder, loc, barriers, number, free, orderTensor);
  }
  void role(StringRef name, int64_t warp, function_ref<void()> body);
  /// A loop over the blocks of a stretch. `body` gets the block's number in its tier, its number in all, its index and
  /// what is carried, and returns what is carried on. Without `places` the index is null, and nobody walks the list.
  SmallVector<Value> forBlocks(Stretch &stretch, ValueRange carried, bool places,
                               function_ref<SmallVector<Value>(Value, Value, Value, ValueRange)> body);

  KernelOp kernel;
  const ScheduleChoices &options;
  Location loc;
  OpBuilder builder;
  SmallVector<std::unique_ptr<Tier>> tiers;
  SmallVector<Stretch> stretches;
  int64_t sharedBytes = 0;
  Value memory, s, o, queriesFull, logitsFull, pFull, oDone, total;
};

} // namespace

Tier *Scheduler::tierOf(const SweepParts &parts) {
  LoadOp keys = parts.keys;
  for (auto &tier : tiers)
    if (tier->keyView == keys.getView())
      return tier.get();
  tiers.push_back(std::make_unique<Tier>());
  tiers.back()->keyView = keys.getView();
  tiers.back()->query = parts.query;
  return tiers.back().get();
}

/// Says in a view's type which box TMA takes out of it for `tile`.
static void setBox(TypedValue<ViewType> view, TileType tile) {
  int64_t elements = hasScales(tile.elementFormat()) ? kPanelColumns * bitsOf(tile.elementFormat()) / 8 : kPanelColumns;
  view.setType(
      view.getType().withBox(BoxAttr::get(view.getContext(), elements, tile.rows(), MatrixLayout(tile).swizzle())));
}

void Scheduler::allocateShared() {
  for (auto &tier : tiers)
    tier->queryTile = allocate(nameOf(tier->query) + "_tile", tier->query.getTile().getType(), 1);
  for (Stretch &stretch : stretches) {
    Tier &tier = *stretch.tier;
    if (tier.keyRing)
      continue;
    for (LoadOp load : {tier.query, stretch.parts.keys, stretch.parts.values})
      setBox(load.getView(), load.getTile().getType());
    tier.keyRing =
        allocate(nameOf(stretch.parts.keys) + "_ring", stretch.parts.keys.getTile().getType(), options.stages);
    tier.valueRing =
        allocate(nameOf(stretch.parts.values) + "_ring", stretch.parts.values.getTile().getType(), options.stages);
    if (TileType p = stretch.parts.p(); hasGroupScales(p.elementFormat()))
      tier.scaleRing = allocate("p_scales", p, 1);
  }
  for (Stretch &stretch : stretches) {
    Tier &tier = *stretch.tier;
    if (tier.keysFull)
      continue;
    std::string k = nameOf(stretch.parts.keys).str(), v = nameOf(stretch.parts.values).str();
    tier.keysFull = mbarriers(k + "_full", options.stages, 1);
    tier.keysFree = mbarriers(k + "_free", options.stages, 1);
    tier.valuesFull = mbarriers(v + "_full", options.stages, 1);
    tier.valuesFree = mbarriers(v + "_free", options.stages, 1);
  }
  queriesFull = mbarriers("q_full", 1, tiers.size());
  logitsFull = mbarriers("s_full", 1, 1);
  pFull = mbarriers("p_full", 1, kSoftmaxWarps * 32);
  oDone = mbarriers("o_done", 1, 1);
}

void Scheduler::allocateTensor() {
  // Which columns there are is known when they have been named; so many are taken.
  auto alloc = TensorAllocOp::create(builder, named("memory"), builder.getI32Type(), 512, sharedBytes, kMultiplyWarp);
  memory = alloc.getMemory();
  sharedBytes += kMBarrierBytes; // the address, and what follows stays aligned
  PublishOp::create(builder, loc);
  BarrierOp::create(builder, loc);

  int64_t column = 0, widestP = 0;
  TileType logits = stretches.front().parts.logits(), output = stretches.front().parts.output();
  s = tensor("s", logits, column);
  int64_t pColumn = column;
  for (Stretch &stretch : stretches) {
    if (stretch.tier->p)
      continue;
    column = pColumn; // P of one block is gone when that of the next one comes, whatever their formats
    stretch.tier->p = tensor("p", stretch.parts.p(), column);
    widestP = std::max(widestP, column);
  }
  column = llvm::alignTo(widestP, 32);
  o = tensor("o", output, column);
  auto scales = [&](TileType a, TileType b, bool alongTokens) -> Value {
    int64_t columns = (scaleAtoms(a, alongTokens) + scaleAtoms(b, alongTokens)) * kAtomTensorColumns;
    if (!columns)
      return {};
    SmallVector<Attribute> shape = {builder.getI64IntegerAttr(kTileRows), builder.getI64IntegerAttr(columns)};
    auto f32 = ElementFormatAttr::get(builder.getContext(), ElementFormat::F32); // words of four scales
    return tensor("scales", TileType::get(builder.getContext(), shape, f32, {}), column);
  };
  for (Stretch &stretch : stretches) {
    Tier &tier = *stretch.tier;
    if (tier.keyScales || tier.valueScales)
      continue;
    tier.keyScales = scales(tier.query.getTile().getType(), stretch.parts.keys.getTile().getType(), false);
    tier.valueScales = scales(stretch.parts.p(), stretch.parts.values.getTile().getType(), true);
  }
  alloc.setColumns(std::max<int64_t>(32, llvm::PowerOf2Ceil(column)));
}

/// Every thread looks for the beginnings of the lists, before the roles part.
void Scheduler::seek(ArrayRef<Stretch *> phase) {
  Type i32 = builder.getI32Type();
  for (Stretch *stretch : phase) {
    SweepOp sweep = stretch->parts.sweep;
    TileType keys = stretch->parts.keys.getTile().getType();
    stretch->seek =
        SeekOp::create(builder, loc, TypeRange{i32, i32, i32}, sweep.getListAttr(), sweep.getPartAttr(),
                       sweep.getMask(), builder.getI32IntegerAttr(kTileRows), builder.getI32IntegerAttr(keys.rows()),
                       sweep.getI(), sweep.getRoutes(), sweep.getRouteIndices());
    stretch->number = stretch->tier->number;
    stretch->step = total;
    stretch->tier->number = add(stretch->number, stretch->seek.getCount());
    total = add(total, stretch->seek.getCount());
  }
}

/// A role of one thread.
void Scheduler::role(StringRef name, int64_t warp, function_ref<void()> body) {
  auto op = RoleOp::create(builder, loc, TypeRange(), name, warp, 1, /*single=*/true, ValueRange());
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op.getBody());
  body();
  DoneOp::create(builder, loc, ValueRange());
}

SmallVector<Value> Scheduler::forBlocks(Stretch &stretch, ValueRange carried, bool places,
                                        function_ref<SmallVector<Value>(Value, Value, Value, ValueRange)> body) {
  SweepOp sweep = stretch.parts.sweep;
  SmallVector<Value> initial(carried);
  if (places)
    initial.append({stretch.seek.getJ(), stretch.seek.getCursor()});
  auto loop = scf::ForOp::create(builder, loc, constant(0), stretch.seek.getCount(), constant(1), initial);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value n = loop.getInductionVar();
    ValueRange args = loop.getRegionIterArgs();
    Value j = places ? args[carried.size()] : Value();
    SmallVector<Value> next = body(add(stretch.number, n), add(stretch.step, n), j, args.take_front(carried.size()));
    if (places) {
      Type i32 = builder.getI32Type();
      auto step = NextOp::create(builder, loc, TypeRange{i32, i32}, sweep.getListAttr(), j, args.back(),
                                 sweep.getRoutes(), sweep.getRouteIndices());
      next.append({step.getJ(), step.getNextCursor()});
    }
    if (!next.empty())
      scf::YieldOp::create(builder, loc, next);
  }
  return llvm::to_vector(ValueRange(loop.getResults()).take_front(carried.size()));
}

/// The indices of a load, with block `j` for the sweep's own.
static SmallVector<Value> indicesAt(SweepOp sweep, LoadOp load, Value j) {
  return llvm::map_to_vector(load.getIndices(),
                             [&](Value index) { return sweep && index == sweep.getBlockIndex() ? j : index; });
}

void Scheduler::load(ArrayRef<Stretch *> phase, bool first) {
  if (first)
    for (auto &tier : tiers)
      FetchOp::create(builder, loc, tier->query.getView(), tier->query.getIndices(), tier->queryTile, constant(0),
                      queriesFull);
  for (Stretch *stretch : phase) {
    Tier &tier = *stretch->tier;
    forBlocks(*stretch, {}, true, [&](Value number, Value, Value j, ValueRange) -> SmallVector<Value> {
      auto fetch = [&](LoadOp load, Value ring, Value free, Value full) {
        await(free, number, /*free=*/true, false);
        FetchOp::create(builder, loc, load.getView(), indicesAt(stretch->parts.sweep, load, j), ring, number, full);
      };
      fetch(stretch->parts.keys, tier.keyRing, tier.keysFree, tier.keysFull);
      fetch(stretch->parts.values, tier.valueRing, tier.valuesFree, tier.valuesFull);
      return {};
    });
  }
}

void Scheduler::multiply(ArrayRef<Stretch *> phase, bool first, bool last) {
  if (first)
    await(queriesFull, constant(0), false, false);
  for (Stretch *stretch : phase) {
    Tier &tier = *stretch->tier;
    // A block smaller than an atom of scales finds its own by its index.
    bool places = tier.keyScales && stretch->parts.keys.getTile().getType().rows() < kAtomRows;
    forBlocks(*stretch, {}, places, [&](Value number, Value step, Value j, ValueRange) -> SmallVector<Value> {
      await(tier.keysFull, number, false, false);
      MultiplyOp::create(builder, loc, slot(tier.queryTile, constant(0)), slot(tier.keyRing, number),
                         /*transposed=*/false, s, Value(), tier.keyScales, Value(), j);
      CompleteOp::create(builder, loc, tier.keysFree, number);
      CompleteOp::create(builder, loc, logitsFull, step);

      await(pFull, step, false, /*orderTensor=*/true);
      await(tier.valuesFull, number, false, false);
      Value scaled = tier.scaleRing ? slot(tier.scaleRing, constant(0)) : Value();
      bool rowsContracted = !stretch->parts.accumulate.getTransposed();
      MultiplyOp::create(builder, loc, tier.p, slot(tier.valueRing, number), rowsContracted, o, isPositive(step),
                         tier.valueScales, scaled, Value());
      CompleteOp::create(builder, loc, tier.valuesFree, number);
      return {};
    });
  }
  if (last)
    CompleteOp::create(builder, loc, oDone, constant(0));
}

static TileType inRows(TileType tile) { return tile.withLayout(TileLayout::Rows); }

/// In fp8 a whole tile has one scale, which no instruction applies: Q's and K's join the logits' scale, V's joins P.
Value Scheduler::scaleOf(LoadOp load, SweepOp sweep, Value j, int64_t tokens) {
  if (load.getTile().getType().elementFormat() != ElementFormat::FP8)
    return {};
  return LoadScaleOp::create(builder, loc, load.getView(), indicesAt(sweep, load, j), tokens);
}

/// Takes one block of logits into the state, and hands P over.
Value Scheduler::softmaxBlock(Stretch &stretch, Value step, Value j, Value state) {
  Tier &tier = *stretch.tier;
  SweepParts &parts = stretch.parts;
  int64_t keys = parts.logits().columns();
  // Products are done in their order: with S of this block, P V of the one before is, so that P and O are free as well.
  await(logitsFull, step, false, /*orderTensor=*/true);
  IRMapping mapping;
  mapping.map(parts.dot.getLogits(),
              ReadOp::create(builder, loc, inRows(parts.logits()), s, parts.dot.getPoison(), Value()).getTile());
  if (j)
    mapping.map(parts.sweep.getBlockIndex(), j);
  mapping.map(parts.sweep.getState(), state);
  auto clone = [&](Operation *op) {
    Operation *copy = builder.clone(*op, mapping);
    for (Value result : copy->getResults())
      if (auto tile = dyn_cast<TileType>(result.getType()))
        result.setType(inRows(tile));
    return copy;
  };
  if (parts.mask)
    clone(parts.mask);
  Value scale = parts.softmax.getScale();
  for (Value factor : {tier.queryScale, scaleOf(parts.keys, parts.sweep, j, keys)})
    if (factor)
      scale = arith::MulFOp::create(builder, loc, scale, factor);
  auto online = cast<OnlineSoftmaxOp>(clone(parts.softmax));
  online.getScaleMutable().assign(scale);
  online.setExp2(options.exp2);
  auto unit = UnitOp::create(builder, loc, online.getNext(), parts.p().getFormat(),
                             scaleOf(parts.values, parts.sweep, j, keys));
  auto p = cast<QuantizeOp>(clone(parts.quantize));
  if (parts.p().elementFormat() == ElementFormat::FP8)
    p.getTimesMutable().assign(unit.getFactor());

  RescaleOp::create(builder, loc, o, state, unit.getNext(), isPositive(step), options.exp2);
  WriteOp::create(builder, loc, p.getResult(), tier.p, tier.scaleRing ? slot(tier.scaleRing, constant(0)) : Value());
  ArriveOp::create(builder, loc, pFull, step);
  // What multiplies V is summed where its format has scales: the denominator holds the very same values.
  bool rounded = hasGroupScales(parts.p().elementFormat());
  Value summed = rounded ? Value(p.getResult()) : Value(online.getProbabilities());
  return AddSumsOp::create(builder, loc, unit.getNext().getType(), summed, unit.getNext());
}

Value Scheduler::softmax(ArrayRef<Stretch *> phase, Value state) {
  for (auto &tier : tiers)
    tier->queryScale = scaleOf(tier->query, {}, {}, kTileRows);
  for (Stretch *stretch : phase) {
    SweepParts &parts = stretch->parts;
    // Only masks and scales of whole tiles ask which block this is.
    bool places = parts.mask || llvm::any_of(std::array{parts.keys, parts.values}, [](LoadOp load) {
                    return load.getTile().getType().elementFormat() == ElementFormat::FP8;
                  });
    state =
        forBlocks(*stretch, state, places, [&](Value, Value step, Value j, ValueRange carried) -> SmallVector<Value> {
          return {softmaxBlock(*stretch, step, j, carried[0])};
        })[0];
  }
  return state;
}

void Scheduler::finish(FinishOp finish, Value state) {
  await(oDone, constant(0), false, /*orderTensor=*/true);
  Value accumulator =
      ReadOp::create(builder, loc, inRows(stretches.front().parts.output()), o, /*poison=*/false, isPositive(total));
  auto end = FinishOp::create(builder, loc, inRows(finish.getO().getType()), inRows(finish.getLse().getType()), state,
                              accumulator);
  IRMapping mapping;
  mapping.map(finish.getO(), end.getO());
  mapping.map(finish.getLse(), end.getLse());
  for (StoreOp store : kernel.getBody().getOps<StoreOp>())
    builder.clone(*store, mapping);
}

LogicalResult Scheduler::run() {
  FailureOr<SmallVector<SweepParts>> parts = takeApart(kernel);
  if (failed(parts))
    return failure();
  for (SweepParts &sweep : *parts)
    stretches.push_back({sweep, tierOf(sweep), {}, {}, {}});
  FinishOp last = *kernel.getBody().getOps<FinishOp>().begin();

  builder.setInsertionPoint(stretches.front().parts.sweep);
  allocateShared();
  allocateTensor();
  if (sharedBytes > options.sharedLimit)
    return kernel.emitError("kernel @") << kernel.getSymName() << " needs " << sharedBytes
                                        << " bytes of shared memory, the target has " << options.sharedLimit
                                        << "; fewer stages or smaller blocks need less";
  SmallVector<Stretch *> phase = llvm::to_vector(llvm::make_pointer_range(stretches));
  total = constant(0);
  for (auto &tier : tiers)
    tier->number = total;
  seek(phase);
  role("load", kLoadWarp, [&] { load(phase, /*first=*/true); });
  role("multiply", kMultiplyWarp, [&] { multiply(phase, /*first=*/true, /*last=*/true); });
  {
    auto role = RoleOp::create(builder, loc, TypeRange(), "softmax", 0, kSoftmaxWarps, /*single=*/false, ValueRange());
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&role.getBody());
    finish(last, softmax(phase, stretches.front().parts.sweep.getInitial()));
    DoneOp::create(builder, loc, ValueRange());
  }
  BarrierOp::create(builder, loc);
  TensorFreeOp::create(builder, loc, memory);

  for (StoreOp store : llvm::to_vector(kernel.getBody().getOps<StoreOp>()))
    store.erase();
  last.erase();
  for (Stretch &stretch : llvm::reverse(stretches))
    stretch.parts.sweep.erase();
  for (LoadOp load : llvm::to_vector(kernel.getBody().getOps<LoadOp>()))
    load.erase();
  kernel.setThreads(kWarps * 32);
  kernel.setSharedBytes(sharedBytes);
  return success();
}

LogicalResult sm100::schedule(KernelOp kernel, const ScheduleChoices &options) {
  // Kernels that stream through registers once need nothing of this target's own.
  if (kernel.getBody().getOps<SweepOp>().empty())
    return portable::schedule(kernel, options);
  return Scheduler(kernel, options).run();
}
