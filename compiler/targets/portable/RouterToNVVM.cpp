//===- RouterToNVVM.cpp - the online router: start, decide, keep ------------===//
//
// A granule is the rows of one warp, so that a vote is a ballot. Each warp writes the set, the counts and the tiers
// of its granule only. Before the closing sweep reads the sets of all, a barrier stands: the one that begins every
// sweep but the first.
//
// Shares of the mass are compared, not logarithms:  y >= mass + log2(tau)  is  2^(y - r) >= tau (l 2^(m - r) + 2^(p -
// r))  with r the larger one of m and p, the log2 of the promoted mass. The right side is at least tau and does not
// overflow.

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr float kLog2E = 1.44269504088896340736f;
static const float kInfinity = std::numeric_limits<float>::infinity();

/// As in runtime/reference/Decisions.h.
constexpr int64_t kTierLow = 1, kTierHigh = 2, kTierSkip = 3;

//===----------------------------------------------------------------------===//
// A router in one thread
//===----------------------------------------------------------------------===//

void RouterParts::appendTypes(MLIRContext *context, SmallVectorImpl<Type> &types) {
  Type global = LLVM::LLVMPointerType::get(context, kGlobalSpace), local = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32), f32 = Float32Type::get(context);
  types.append(3, global);
  types.append(2, i32);
  types.push_back(IntegerType::get(context, 1));
  types.append(5, i32);
  types.append(3, f32);
  types.append(3, local);
}

RouterParts::RouterParts(ValueRange v)
    : sets(v[0]), counts(v[1]), tiers(v[2]), words(v[3]), kvBlocks(v[4]), wantsTiers(v[5]), sink(v[6]), begin(v[7]),
      end(v[8]), rows(v[9]), most(v[10]), tau(v[11]), lambda(v[12]), scale(v[13]), mass(v[14]), massHigh(v[15]),
      promoted(v[16]) {}

SmallVector<Value> RouterParts::values() const {
  return {sets, counts, tiers, words,  kvBlocks, wantsTiers, sink,     begin,   end,
          rows, most,   tau,   lambda, scale,    mass,       massHigh, promoted};
}

/// A variable of this thread. LLVM makes a register of it.
static Value localVariable(Emitter &e, Operation *op, Value initial) {
  Value one = e.i32(1), address;
  {
    OpBuilder::InsertionGuard guard(e.builder);
    e.builder.setInsertionPointAfter(one.getDefiningOp()); // constants stand at the start of the function
    address = LLVM::AllocaOp::create(e.builder, e.loc, LLVM::LLVMPointerType::get(op->getContext()), initial.getType(),
                                     one, 4);
  }
  e.store(initial, address, 4);
  return address;
}

/// Addresses of this warp's granule.
static Value ownSet(Emitter &e, const RouterParts &router) {
  return e.address(router.sets, e.mul(e.extend64(e.mul(e.warp(), router.words)), 4));
}
static Value ownCounts(Emitter &e, const RouterParts &router) {
  return e.address(router.counts, e.mul(e.extend64(e.warp()), 8));
}
static Value ownTiers(Emitter &e, const RouterParts &router) {
  return e.address(router.tiers, e.extend64(e.mul(e.warp(), router.kvBlocks)));
}
static Value wordOf(Emitter &e, const RouterParts &router, Value j) {
  return e.address(ownSet(e, router), e.mul(e.extend64(e.shr(j, 5)), 4));
}

static Value isFirstLane(Emitter &e) { return e.compare(Predicate::eq, e.lane(), e.i32(0)); }

/// Calls `body` with this lane's numbers below `end`, 32 apart.
static void forLanes(Emitter &e, Value end, function_ref<void(Value)> body) {
  e.loop(e.i32(0), end, e.i32(32), {}, [&](Value first, ValueRange) {
    Value number = e.add(first, e.lane());
    e.ifThen(e.less(number, end), [&] { body(number); });
    return SmallVector<Value>();
  });
}

static Value isMinusInfinity(Emitter &e, Value x) { return e.fcompare(FloatPredicate::oeq, x, e.f32(-kInfinity)); }

/// log2(2^a + 2^b).
static Value log2Add(Emitter &e, Value a, Value b, StringRef kind) {
  Value high = e.fmaxNaN(a, b), low = e.fminNumber(a, b);
  Value reference = e.select(isMinusInfinity(e, high), e.f32(0), high);
  return e.fadd(high, portable::log2(e, e.fadd(e.f32(1.0f), exp2(e, e.fsub(low, reference), kind))));
}

//===----------------------------------------------------------------------===//
// What a granule decides
//===----------------------------------------------------------------------===//

/// What the rows of a granule say about a block: for each, whether some row does.
struct Votes {
  Value wanted; ///< it should run high
  Value below;  ///< it could be skipped
  Value above;  ///< it must not be skipped
};

static Value invert(Emitter &e, Value condition) {
  Value yes = LLVM::ConstantOp::create(e.builder, e.loc, e.i1(), e.builder.getBoolAttr(true));
  return e.bxor(condition, yes);
}

static Votes vote(Emitter &e, const RouterParts &router, ArrayRef<RowSeen> rows, StringRef exp2Kind) {
  Votes votes;
  for (const RowSeen &row : rows) {
    Value m = row.maximum, y = row.largest, p = e.load(e.f32(), row.mass, 4);
    Value r = e.fmaxNaN(m, p);
    r = e.select(isMinusInfinity(e, r), e.f32(0), r);
    Value mass = e.fma(row.sum, exp2(e, e.fsub(m, r), exp2Kind), exp2(e, e.fsub(p, r), exp2Kind));
    // Far above all that was seen, 2^126 is as good as more: tau is at most 10^6.
    Value distance = e.fsub(y, r);
    distance = e.select(e.fcompare(FloatPredicate::ogt, distance, e.f32(126.0f)), e.f32(126.0f), distance);
    Value share = exp2(e, distance, exp2Kind);
    Value present = e.fcompare(FloatPredicate::une, y, e.f32(-kInfinity));
    Value comparable = e.fcompare(FloatPredicate::one, y, e.f32(-kInfinity)); // false for NaN
    Value wanted = e.band(comparable, e.fcompare(FloatPredicate::oge, share, e.fmul(router.tau, mass)));
    Value below = e.band(comparable, e.fcompare(FloatPredicate::olt, share, e.fmul(router.lambda, mass)));
    Value above = e.band(present, invert(e, below));
    votes.wanted = votes.wanted ? e.bor(votes.wanted, wanted) : wanted;
    votes.below = votes.below ? e.bor(votes.below, below) : below;
    votes.above = votes.above ? e.bor(votes.above, above) : above;
  }
  auto any = [&](Value condition) { return e.compare(Predicate::ne, e.ballot(condition), e.i32(0)); };
  return {any(votes.wanted), any(votes.below), any(votes.above)};
}

/// Writes down what the granule decided, by its first lane.
static void note(Emitter &e, const RouterParts &router, Value j, Value isPromoted, Value isRefused, Value isWithheld,
                 Value promotions) {
  Value first = isFirstLane(e);
  e.ifThen(e.band(first, isPromoted), [&] {
    Value word = wordOf(e, router, j);
    e.store(e.bor(e.load(e.i32(), word, 4), e.shl(e.i32(1), e.band(j, 31))), word, 4);
    e.store(promotions, ownCounts(e, router), 4);
  });
  e.ifThen(e.band(first, isRefused), [&] {
    Value refusals = e.address(ownCounts(e, router), 4);
    e.store(e.add(e.load(e.i32(), refusals, 4), 1), refusals, 4);
  });
  e.ifThen(e.band(e.band(first, isWithheld), router.wantsTiers), [&] {
    Value tier = e.select(isPromoted, e.i32(kTierHigh), e.i32(kTierSkip));
    e.store(e.truncate(tier, e.i8()), e.address(ownTiers(e, router), e.extend64(j)), 1);
  });
}

Value portable::decide(Emitter &e, PromoteOp op, const RouterParts &router, Value j, Value times,
                       MutableArrayRef<RowSeen> rows) {
  Value scale = e.fmul(router.scale, e.f32(std::ldexp(kLog2E, op.getLogitScaleLog2())));
  if (times)
    scale = e.fmul(scale, times);
  for (RowSeen &row : rows) // a row past the end has no say
    row.largest = e.select(e.less(row.row, router.rows), e.fmul(row.largest, scale), e.f32(-kInfinity));
  Votes votes = vote(e, router, rows, op.getExp2());

  Value promoted = e.load(e.i32(), router.promoted, 4), next = e.add(promoted, 1);
  Value room = e.less(promoted, router.most), isPromoted = e.band(votes.wanted, room);
  Value isRefused = e.band(votes.wanted, invert(e, room));
  Value isSkipped = e.band(votes.below, invert(e, e.bor(votes.above, votes.wanted)));
  e.ifThen(isPromoted, [&] {
    for (const RowSeen &row : rows)
      e.store(log2Add(e, e.load(e.f32(), row.mass, 4), row.largest, op.getExp2()), row.mass, 4);
    e.store(next, router.promoted, 4);
  });
  Value isWithheld = e.bor(isPromoted, isSkipped);
  note(e, router, j, isPromoted, isRefused, isWithheld, next);
  return isWithheld;
}

namespace {

//===----------------------------------------------------------------------===//
// start_router
//===----------------------------------------------------------------------===//

struct ConvertStartRouter : TilePattern<StartRouterOp> {
  using TilePattern::TilePattern;

  Fragments emit(StartRouterOp op, Adaptor adaptor, Emitter &e) const override {
    int64_t blockQ = *boundExtent(op.getBlockQ()), blockKv = *boundExtent(op.getBlockKv());
    int64_t granules = blockQ / *boundExtent(op.getRouter().getType().getGranule());
    SmallVector<Value> indices = firsts(adaptor.getIndices());
    Value i = indices[2], nothing = e.f32(-kInfinity);
    KeyRange keys = keyRange(e, op, cast<MaskKindAttr>(op.getMask()).getValue(), i, blockQ);
    Value visible = e.ceilDivide(keys.visible, blockKv);

    RouterParts router;
    router.kvBlocks = e.ceilDivide(dimension(e, op, "kv_len"), blockKv);
    router.words = e.ceilDivide(router.kvBlocks, 32);
    ArrayRef<Attribute> shape = op.getDecisions().getType().getShape();
    Value tile = e.extend64(indices[0]);
    for (size_t dim : {1, 2})
      tile = e.add(e.mul(tile, e.extend64(extentValue(e, op, shape[dim]))), e.extend64(indices[dim]));
    Value first = e.mul(tile, granules);
    ValueRange decisions = adaptor.getDecisions();
    router.sets = e.address(decisions[0], e.mul(e.mul(first, e.extend64(router.words)), 4));
    router.counts = e.address(decisions[1], e.mul(first, 8));
    router.tiers = e.address(decisions[2], e.mul(first, e.extend64(router.kvBlocks)));
    Value null = LLVM::ZeroOp::create(e.builder, e.loc, decisions[2].getType());
    router.wantsTiers = LLVM::ICmpOp::create(e.builder, e.loc, LLVM::ICmpPredicate::ne, decisions[2], null);

    SeedBlocks seeds =
        seedBlocks(e, op, i, blockQ, blockKv, adaptor.getSink().front(), adaptor.getLocal().front(), visible);
    router.sink = seeds.sink;
    router.begin = seeds.begin;
    router.end = seeds.end;
    router.rows = e.sub(dimension(e, op, "q_len"), e.mul(i, blockQ));
    Value product = e.add(e.mul(e.extend64(visible), e.extend64(adaptor.getPpm().front())), 999999);
    Value topK = adaptor.getTopK().front();
    router.most = e.select(e.less(topK, e.i32(0)), e.truncate(e.divide(product, 1000000), e.i32()), topK);
    router.tau = adaptor.getTau().front();
    router.lambda = adaptor.getLambda().front();
    router.scale = adaptor.getScale().front();
    router.mass = localVariable(e, op, nothing);
    router.massHigh = localVariable(e, op, nothing);
    router.promoted = localVariable(e, op, e.i32(0));
    // A schedule may have more warps than there are granules.
    e.ifThen(e.less(e.warp(), e.i32(granules)), [&] { forget(e, router, visible); });
    return Fragments({router.values()});
  }

private:
  static void forget(Emitter &e, const RouterParts &router, Value visible) {
    Value set = ownSet(e, router), counts = ownCounts(e, router), tiers = ownTiers(e, router);
    forLanes(e, router.words, [&](Value word) { e.store(e.i32(0), e.address(set, e.mul(e.extend64(word), 4)), 4); });
    e.ifThen(isFirstLane(e), [&] {
      e.store(e.i32(0), counts, 4);
      e.store(e.i32(0), e.address(counts, 4), 4);
    });
    e.ifThen(router.wantsTiers, [&] {
      forLanes(e, router.kvBlocks, [&](Value j) {
        Value inSink = e.less(j, router.sink);
        Value aroundDiagonal = e.band(e.less(e.sub(router.begin, e.i32(1)), j), e.less(j, router.end));
        Value tier = e.select(e.bor(inSink, aroundDiagonal), e.i32(kTierHigh), e.i32(kTierLow));
        tier = e.select(e.less(j, visible), tier, e.i32(0));
        e.store(e.truncate(tier, e.i8()), e.address(tiers, e.extend64(j)), 1);
      });
    });
  }
};

//===----------------------------------------------------------------------===//
// promote
//===----------------------------------------------------------------------===//

/// Rows g and g + 8 of the fragments.
struct ConvertPromote : TilePattern<PromoteOp> {
  using TilePattern::TilePattern;

  Fragments emit(PromoteOp op, Adaptor adaptor, Emitter &e) const override {
    RouterParts router(adaptor.getRouter());
    SmallVector<Value> values(adaptor.getLogits());
    ValueRange state = adaptor.getState();
    FragmentPlace place = fragmentPlace(e);
    std::array<RowSeen, 2> rows;
    for (int64_t half : {0, 1}) {
      Value largest = values[2 * half];
      for (size_t n = 0; n < values.size(); n += 4)
        for (int64_t c : {0, 1})
          if (n || c)
            largest = e.fmaxNaN(largest, values[n + 2 * half + c]);
      Value sum = state[2 + half];
      for (int64_t distance : {1, 2})
        sum = e.fadd(sum, e.shuffleXor(sum, distance));
      rows[half] = {e.add(place.row, 8 * half), quadMax(e, largest), state[half], sum,
                    half ? router.massHigh : router.mass};
    }
    Value times = op.getTimes() ? adaptor.getTimes().front() : Value();
    Value withheld = decide(e, op, router, adaptor.getJ().front(), times, rows);
    for (Value &value : values)
      value = e.select(withheld, e.f32(-kInfinity), value);
    return Fragments({values});
  }
};

//===----------------------------------------------------------------------===//
// keep_promoted
//===----------------------------------------------------------------------===//

struct ConvertKeepPromoted : TilePattern<KeepPromotedOp> {
  using TilePattern::TilePattern;

  Fragments emit(KeepPromotedOp op, Adaptor adaptor, Emitter &e) const override {
    RouterParts router(adaptor.getRouter());
    Value j = adaptor.getJ().front();
    Value bit = e.band(e.shr(e.load(e.i32(), wordOf(e, router, j), 4), e.band(j, 31)), 1);
    Value chosen = e.compare(Predicate::ne, bit, e.i32(0));
    SmallVector<Value> values(adaptor.getLogits());
    for (Value &value : values)
      value = e.select(chosen, value, e.f32(-kInfinity));
    return Fragments({values});
  }
};

} // namespace

void portable::populateRouterPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertStartRouter, ConvertKeepPromoted>(converter, patterns.getContext());
}

void portable::populatePromotePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertPromote>(converter, patterns.getContext());
}
