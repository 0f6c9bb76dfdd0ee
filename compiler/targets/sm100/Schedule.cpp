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
#include "compiler/targets/sm100/Scheduler.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

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

Value Scheduler::runPhase(ArrayRef<Stretch *> phase, bool first, FinishOp last, Value state) {
  seek(phase);
  role("load", kLoadWarp, [&] { load(phase, first); });
  role("multiply", kMultiplyWarp, [&] { multiply(phase, first, /*last=*/static_cast<bool>(last)); });
  auto role =
      last ? RoleOp::create(builder, loc, TypeRange(), "softmax", 0, kSoftmaxWarps, /*single=*/false, ValueRange())
           : RoleOp::create(builder, loc, state.getType(), "softmax", 0, kSoftmaxWarps, /*single=*/false, state);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&role.getBody());
  state = softmax(phase, state);
  if (last)
    finish(last, state);
  DoneOp::create(builder, loc, last ? ValueRange() : ValueRange(state));
  return last ? Value() : role.getResult(0);
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
  total = constant(0);
  for (auto &tier : tiers)
    tier->number = total;
  Value state = stretches.front().parts.sweep.getInitial();
  // What the softmax role promotes is a list for all roles when it has ended: there they meet and part anew.
  MutableArrayRef<Stretch> ahead = stretches;
  while (!ahead.empty()) {
    size_t size = 1;
    while (size < ahead.size() && ahead[size].parts.sweep.getList() != BlockList::Promoted)
      ++size;
    SmallVector<Stretch *> phase = llvm::to_vector(llvm::make_pointer_range(ahead.take_front(size)));
    state = runPhase(phase, ahead.size() == stretches.size(), ahead.size() == size ? last : FinishOp(), state);
    BarrierOp::create(builder, loc);
    ahead = ahead.drop_front(size);
  }
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
  if (options.watchdog)
    kernel->setAttr(kWatchdogAttr, UnitAttr::get(kernel.getContext()));
  return success();
}

LogicalResult sm100::schedule(KernelOp kernel, const ScheduleChoices &options) {
  // Kernels that stream through registers once need nothing of this target's own.
  if (kernel.getBody().getOps<SweepOp>().empty())
    return portable::schedule(kernel, options);
  return Scheduler(kernel, options).run();
}
