//===- Roles.cpp - what each role of the sm100 schedule does ----------------===//

#include "compiler/targets/sm100/Scheduler.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

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

/// As many probabilities of a row fit in a thread's registers beside the same as P.
constexpr int64_t kKeptProbabilities = 64;

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
  Value scale = parts.softmax.getScale(), times; // times: what logits of fp8 lack
  for (Value factor : {tier.queryScale, scaleOf(parts.keys, parts.sweep, j, keys)})
    if (factor) {
      scale = arith::MulFOp::create(builder, loc, scale, factor);
      times = times ? Value(arith::MulFOp::create(builder, loc, times, factor)) : factor;
    }
  if (parts.promote) {
    auto promote = cast<PromoteOp>(clone(parts.promote));
    if (times)
      promote.getTimesMutable().assign(times);
    promote.setExp2(options.exp2);
  }
  if (parts.keep)
    clone(parts.keep);
  auto online = cast<OnlineSoftmaxOp>(clone(parts.softmax));
  online.getScaleMutable().assign(scale);
  online.setExp2(options.exp2);
  auto unit = UnitOp::create(builder, loc, online.getNext(), parts.p().getFormat(),
                             scaleOf(parts.values, parts.sweep, j, keys));
  auto p = cast<QuantizeOp>(clone(parts.quantize));
  if (parts.p().elementFormat() == ElementFormat::FP8)
    p.getTimesMutable().assign(unit.getFactor());

  // What multiplies V is summed where its format has scales: the denominator holds the very same values.
  bool rounded = hasGroupScales(parts.p().elementFormat());
  Value summed = rounded ? Value(p.getResult()) : Value(online.getProbabilities());
  auto addSums = [&]() -> Value {
    return AddSumsOp::create(builder, loc, unit.getNext().getType(), summed, unit.getNext());
  };
  // The product need not wait for the sums, but 128 probabilities are more than a thread can keep beside P.
  Value sums = keys > kKeptProbabilities ? addSums() : Value();
  RescaleOp::create(builder, loc, o, state, unit.getNext(), isPositive(step), options.exp2);
  WriteOp::create(builder, loc, p.getResult(), tier.p, tier.scaleRing ? slot(tier.scaleRing, constant(0)) : Value());
  ArriveOp::create(builder, loc, pFull, step);
  return sums ? sums : addSums();
}

Value Scheduler::softmax(ArrayRef<Stretch *> phase, Value state) {
  for (auto &tier : tiers)
    tier->queryScale = scaleOf(tier->query, {}, {}, kTileRows);
  for (Stretch *stretch : phase) {
    SweepParts &parts = stretch->parts;
    // Only masks, the router and scales of whole tiles ask which block this is.
    bool places = parts.mask || parts.promote || parts.keep ||
                  llvm::any_of(std::array{parts.keys, parts.values}, [](LoadOp load) {
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
