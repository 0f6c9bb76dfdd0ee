//===- QuantizeToNVVM.cpp - slices, group quantisers, block means -----------===//
//
// The arithmetic is dialect/formats/Quantize.h's, operation by operation, so that the bytes are equal.

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

GroupPlace portable::groupPlace(Emitter &e, int64_t contracted) {
  Value thread = e.thread();
  int64_t groups = contracted / kGroupSize;
  return {e.divide(thread, groups), e.remainder(thread, groups)};
}

/// 16-bit values as f32.
static Value widenHalf(Emitter &e, Value bits, ElementFormat format) { // bits: i16
  if (format == ElementFormat::F16)
    return LLVM::FPExtOp::create(e.builder, e.loc, e.f32(), e.bitcast(bits, e.builder.getF16Type()));
  return e.bitcast(e.shl(e.widen32(bits), 16), e.f32());
}

namespace {

struct ConvertSlice : TilePattern<SliceOp> {
  using TilePattern::TilePattern;

  Fragments emit(SliceOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getSource().getType();
    Value base = adaptor.getSource().front(), first = adaptor.getFirst().front();
    int64_t rowBytes = tile.columns() * 2;
    SmallVector<Value> values;
    if (!op.getColumns()) { // 16 channels of one row: two chunks
      GroupPlace place = groupPlace(e, tile.columns());
      Value row = e.add(first, place.row);
      for (int64_t part : {0, 1}) {
        Value chunk = e.add(e.mul(place.group, 2), part);
        Value eight = e.load(e.vector(8, e.i16()), e.address(base, swizzledOffset(e, row, chunk, rowBytes)), 16);
        for (int64_t n = 0; n < 8; ++n)
          values.push_back(widenHalf(e, e.extract(eight, n), tile.elementFormat()));
      }
      return Fragments({values});
    }
    GroupPlace place = groupPlace(e, tile.rows()); // 16 rows of one channel
    Value channel = e.add(first, place.row), chunk = e.shr(channel, 3), inChunk = e.mul(e.band(channel, 7), 2);
    for (int64_t n = 0; n < kGroupSize; ++n) {
      Value row = e.add(e.mul(place.group, kGroupSize), n);
      Value address = e.address(base, e.add(swizzledOffset(e, row, chunk, rowBytes), inChunk));
      values.push_back(widenHalf(e, e.load(e.i16(), address, 2), tile.elementFormat()));
    }
    return Fragments({values});
  }
};

/// E4M3 code of a non-negative finite f32, rounded to nearest even, saturating at 448.
Value encodeE4M3(Emitter &e, Value x) {
  Value bounded = e.fminNumber(x, e.f32(448.0f));
  Value bits = e.bitcast(bounded, e.i32());
  // Normal: round the mantissa to 3 bits in place; the exponent's bias changes by 120, which stands 3 bits up.
  Value rounded = e.add(e.add(bits, e.i32(0x7FFFF)), e.band(e.shr(bits, 20), 1));
  Value normal = e.sub(e.shr(rounded, 20), e.i32(120 << 3));
  Value subnormal = e.toInt(e.fmul(bounded, e.f32(512.0f))); // multiples of 2^-9
  return e.select(e.fcompare(FloatPredicate::olt, bounded, e.f32(0.015625f)), subnormal, normal);
}

Value decodeE4M3(Emitter &e, Value code) {
  Value normal = e.bitcast(e.shl(e.add(code, 120 << 3), 20), e.f32());
  Value subnormal = e.fmul(e.toFloat(code), e.f32(1.0f / 512));
  return e.select(e.less(code, e.i32(8)), subnormal, normal);
}

/// E2M1 code of a finite f32, rounded to nearest even, saturating at 6. Steps are 1/2 below 2, 1 below 4, 2 above.
Value encodeE2M1(Emitter &e, Value x) {
  Value bits = e.bitcast(x, e.i32());
  Value magnitude = e.fminNumber(e.fabs(x), e.f32(6.0f));
  Value fine = e.toInt(e.fmul(magnitude, e.f32(2.0f)));
  Value middle = e.add(e.toInt(magnitude), 2);
  Value coarse = e.add(e.toInt(e.fmul(magnitude, e.f32(0.5f))), 4);
  auto below = [&](float bound) { return e.fcompare(FloatPredicate::olt, magnitude, e.f32(bound)); };
  Value code = e.select(below(2.0f), fine, e.select(below(4.0f), middle, coarse));
  return e.bor(code, e.band(e.shr(bits, 28), 8));
}

struct ConvertQuantizeGroups : TilePattern<QuantizeOp> {
  using TilePattern::TilePattern;

  Fragments emit(QuantizeOp op, Adaptor adaptor, Emitter &e) const override {
    TileType result = op.getResult().getType();
    if (op.getSource().getType().tileLayout() != TileLayout::Groups)
      return failure(); // P: SoftmaxToNVVM.cpp
    if (result.elementFormat() != ElementFormat::NVFP4)
      return op.emitOpError("the portable target quantises to nvfp4, got ") << result;
    ValueRange x = adaptor.getSource();
    Value amax = e.fabs(x[0]);
    for (Value value : x.drop_front())
      amax = e.fmaxNaN(amax, e.fabs(value));
    Value infinite = e.compare(Predicate::uge, e.bitcast(amax, e.i32()), e.i32(0x7F800000));
    Value code = encodeE4M3(e, e.fdiv(amax, e.f32(6.0f)));
    Value isZero = e.compare(Predicate::eq, code, e.i32(0));
    Value inverse = e.select(isZero, e.f32(0), e.fdiv(e.f32(1.0f), decodeE4M3(e, code)));
    SmallVector<Value> words;
    for (int64_t half : {0, 8}) {
      Value word = e.i32(0);
      for (int64_t n = 0; n < 8; ++n)
        word = e.bor(word, e.shl(encodeE2M1(e, e.fmul(x[half + n], inverse)), 4 * n));
      words.push_back(e.select(infinite, e.i32(0), word));
    }
    Value scale = e.select(infinite, e.i32(0x7F), code);
    return Fragments({{words[0], words[1], scale}});
  }
};

struct ConvertSummarize : TilePattern<SummarizeOp> {
  using TilePattern::TilePattern;

  Fragments emit(SummarizeOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getSource().getType();
    int64_t rowBytes = tile.columns() * 2;
    Value left = e.sub(dimension(e, op, op.getLen()), e.mul(adaptor.getTile().front(), tile.rows()));
    Value rows = e.min(left, e.i32(tile.rows()));
    // Threads beyond the last column repeat one; only the first ones store.
    Value column = e.remainder(e.thread(), tile.columns());
    Value chunk = e.shr(column, 3), inChunk = e.mul(e.band(column, 7), 2), base = adaptor.getSource().front();
    Value sum = e.loop(e.i32(0), rows, e.i32(1), {e.f32(0)}, [&](Value row, ValueRange carried) {
      Value address = e.address(base, e.add(swizzledOffset(e, row, chunk, rowBytes), inChunk));
      Value value = widenHalf(e, e.load(e.i16(), address, 2), tile.elementFormat());
      return SmallVector<Value>{e.fadd(carried[0], value)};
    })[0];
    return Fragments({{e.fmul(sum, e.fdiv(e.f32(1.0f), e.toFloat(rows)))}});
  }
};

} // namespace

void portable::populateQuantizePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertSlice, ConvertQuantizeGroups, ConvertSummarize>(converter, patterns.getContext());
}
