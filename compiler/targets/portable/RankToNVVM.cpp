//===- RankToNVVM.cpp - scores of block means and exact selection -----------===//

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

/// Address of the row of scores of one query tile.
static Value scoreRow(Emitter &e, ValueRange view, ArrayRef<Value> indices) {
  Value offset = e.i64(0);
  for (auto [dim, index] : llvm::enumerate(indices))
    offset = e.add(offset, e.mul(e.extend64(index), view[1 + dim]));
  return e.address(view[0], e.mul(offset, 4));
}

static Value scoreAddress(Emitter &e, Value row, Value j) { return e.address(row, e.mul(e.extend64(j), 4)); }

static Value visibleBlocks(Emitter &e, Operation *op, Attribute mask, Value i, Attribute blockQ, Attribute blockKv) {
  KeyRange keys = keyRange(e, op, cast<MaskKindAttr>(mask).getValue(), i, *boundExtent(blockQ));
  return e.ceilDivide(keys.visible, *boundExtent(blockKv));
}

namespace {

/// One warp scores one block at a time.
struct ConvertRank : TilePattern<RankOp> {
  using TilePattern::TilePattern;

  Fragments emit(RankOp op, Adaptor adaptor, Emitter &e) const override {
    ValueRange query = adaptor.getMeanQ(), keyView = adaptor.getMeanK();
    SmallVector<Value> keyIndices = firsts(adaptor.getKeyIndices());
    Value row = scoreRow(e, adaptor.getScores(), firsts(adaptor.getScoreIndices()));
    Value keys = scoreRow(e, keyView, keyIndices); // the same arithmetic: an f32 view at its outer indices
    Value keyStride = e.mul(keyView[1 + keyIndices.size()], 4);
    Value lane = e.lane(),
          visible = visibleBlocks(e, op, op.getMask(), adaptor.getI().front(), op.getBlockQ(), op.getBlockKv());
    constexpr int64_t warps = kStreamingThreads / 32;
    e.loop(e.warp(), visible, e.i32(warps), {}, [&](Value j, ValueRange) {
      Value key = e.address(e.address(keys, e.mul(e.extend64(j), keyStride)), e.mul(lane, 4));
      Value score = e.f32(0);
      for (auto [part, value] : llvm::enumerate(query))
        score = e.fma(value, e.load(e.f32(), e.address(key, 128 * part), 4), score);
      for (int64_t distance : {16, 8, 4, 2, 1})
        score = e.fadd(score, e.shuffleXor(score, distance));
      e.ifThen(e.compare(Predicate::eq, lane, e.i32(0)), [&] { e.store(score, scoreAddress(e, row, j), 4); });
      return SmallVector<Value>();
    });
    return SmallVector<SmallVector<Value>>();
  }
};

/// The first warp finds the threshold bit by bit, then writes what lies above it, and ties from the left.
struct ConvertSelect : TilePattern<SelectOp> {
  using TilePattern::TilePattern;

  Fragments emit(SelectOp op, Adaptor adaptor, Emitter &e) const override {
    e.barrier(); // the scores are there
    e.ifThen(e.compare(Predicate::eq, e.warp(), e.i32(0)), [&] { select(op, adaptor, e); });
    return SmallVector<SmallVector<Value>>();
  }

private:
  struct Row {
    Value scores, lane, visible; ///< visible: the number of blocks
    Value sink, localBegin, localEnd;
  };

  static void select(SelectOp op, Adaptor adaptor, Emitter &e) {
    Row row;
    row.scores = scoreRow(e, adaptor.getScores(), firsts(adaptor.getScoreIndices()));
    row.lane = e.lane();
    Value i = adaptor.getI().front();
    row.visible = visibleBlocks(e, op, op.getMask(), i, op.getBlockQ(), op.getBlockKv());
    SeedBlocks seeds = seedBlocks(e, op, i, *boundExtent(op.getBlockQ()), *boundExtent(op.getBlockKv()),
                                  adaptor.getSink().front(), adaptor.getLocal().front(), row.visible);
    row.sink = seeds.sink;
    row.localBegin = seeds.begin;
    row.localEnd = seeds.end;
    Value forced = e.add(seeds.sink, e.sub(seeds.end, seeds.begin));
    Value count = budget(adaptor, row, forced, e);
    RouteRow routes =
        locateRoutes(e, op, op.getRoutes().getType(), adaptor.getRoutes(), firsts(adaptor.getRouteIndices()), false);
    count = e.min(count, routes.capacity); // the host has made room; never write past it
    e.ifThen(e.compare(Predicate::eq, row.lane, e.i32(0)), [&] { e.store(count, routes.countAddress, 4); });

    // The count-th largest key, one bit after the other: the largest t with at least count keys >= t.
    Value threshold = e.loop(e.i32(0), e.i32(32), e.i32(1), {e.i32(0)}, [&](Value bit, ValueRange carried) {
      Value probe = e.shr(e.i32(int64_t(1) << 31), bit);
      Value candidate = e.bor(carried[0], probe);
      Value enough = e.compare(Predicate::sge, countKeys(row, e, Predicate::uge, candidate), count);
      return SmallVector<Value>{e.select(enough, candidate, carried[0])};
    })[0];
    Value ties = e.sub(count, countKeys(row, e, Predicate::ugt, threshold));

    Value bit = e.shl(e.i32(1), row.lane);
    Value before = e.sub(bit, e.i32(1)); // lanes to the left
    e.loop(e.i32(0), row.visible, e.i32(32), {e.i32(0), e.i32(0)}, [&](Value first, ValueRange carried) {
      Value written = carried[0], tied = carried[1], j = e.add(first, row.lane);
      Value exists = e.less(j, row.visible), key = keyAt(row, j, exists, e);
      Value above = e.band(exists, e.compare(Predicate::ugt, key, threshold));
      Value equal = e.band(exists, e.compare(Predicate::eq, key, threshold));
      Value equals = e.ballot(equal);
      Value rank = e.add(tied, e.popcount(e.band(equals, before)));
      Value taken = e.bor(above, e.band(equal, e.less(rank, ties)));
      taken = e.band(taken, e.less(e.i32(0), count));
      Value takens = e.ballot(taken);
      Value place = e.add(written, e.popcount(e.band(takens, before)));
      e.ifThen(taken, [&] { e.store(j, e.address(routes.ids, e.mul(e.extend64(place), 4)), 4); });
      return SmallVector<Value>{e.add(written, e.popcount(takens)), e.add(tied, e.popcount(equals))};
    });
  }

  static Value budget(Adaptor adaptor, const Row &row, Value forced, Emitter &e) {
    Value ppm = adaptor.getPpm().front(), topK = adaptor.getTopK().front(), million = e.i32(1000000);
    Value product = e.add(e.mul(e.extend64(row.visible), e.extend64(ppm)), 999999);
    Value share = e.truncate(e.divide(product, 1000000), e.i32());
    Value wanted = e.max(e.max(share, adaptor.getMinBlocks().front()), forced);
    wanted = e.select(e.compare(Predicate::eq, ppm, e.i32(0)), e.i32(0), wanted);
    wanted = e.select(e.compare(Predicate::eq, ppm, million), row.visible, wanted);
    Value zero = e.i32(0), explicitly = e.compare(Predicate::sge, topK, zero);
    Value chosen = e.select(e.compare(Predicate::eq, topK, zero), zero, e.max(topK, forced));
    return e.min(row.visible, e.select(explicitly, chosen, wanted));
  }

  /// Order-preserving unsigned key of a score: forced above NaN above +inf above the rest.
  static Value keyAt(const Row &row, Value j, Value exists, Emitter &e) {
    Value safe = e.select(exists, j, e.i32(0));
    Value score = e.fadd(e.load(e.f32(), scoreAddress(e, row.scores, safe), 4), e.f32(0)); // -0 ties with +0
    Value bits = e.bitcast(score, e.i32());
    Value sign = e.shrSigned(bits, 31);
    Value key = e.bxor(bits, e.bor(sign, e.i32(int64_t(1) << 31)));
    Value nan = e.fcompare(FloatPredicate::uno, score, score);
    key = e.select(nan, e.i32(0xFFFFFFFE), key);
    Value isSink = e.less(j, row.sink);
    Value isLocal = e.band(e.compare(Predicate::sge, j, row.localBegin), e.less(j, row.localEnd));
    return e.select(e.bor(isSink, isLocal), e.i32(0xFFFFFFFF), key);
  }

  static Value countKeys(const Row &row, Emitter &e, Predicate predicate, Value bound) {
    return e.loop(e.i32(0), row.visible, e.i32(32), {e.i32(0)}, [&](Value first, ValueRange carried) {
      Value j = e.add(first, row.lane), exists = e.less(j, row.visible);
      Value counts = e.band(exists, e.compare(predicate, keyAt(row, j, exists, e), bound));
      return SmallVector<Value>{e.add(carried[0], e.popcount(e.ballot(counts)))};
    })[0];
  }
};

} // namespace

void portable::populateRankPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertRank, ConvertSelect>(converter, patterns.getContext());
}
