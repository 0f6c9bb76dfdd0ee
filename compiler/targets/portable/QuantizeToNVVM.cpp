//===- QuantizeToNVVM.cpp - slices, group quantisers, block means -----------===//
//
// The arithmetic is dialect/formats/Quantize.h's, operation by operation, so that the bytes are equal.

#include "compiler/targets/portable/Conversion.h"
#include "compiler/targets/portable/Encode.h"
#include "dialect/formats/Quantize.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

GroupPlace portable::groupPlace(Emitter &e, int64_t contracted) {
  Value thread = e.thread();
  int64_t groups = contracted / kThreadGroup;
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
    for (int64_t n = 0; n < kThreadGroup; ++n) {
      Value row = e.add(e.mul(place.group, kThreadGroup), n);
      Value address = e.address(base, e.add(swizzledOffset(e, row, chunk, rowBytes), inChunk));
      values.push_back(widenHalf(e, e.load(e.i16(), address, 2), tile.elementFormat()));
    }
    return Fragments({values});
  }
};

/// The largest magnitude of 16-bit values whose signs have been masked off, as f32; a NaN where one is not finite.
Value widenLargest(Emitter &e, Value bits, ElementFormat format) {
  Value infinite = e.i32(format == ElementFormat::F16 ? 0x7C00 : 0x7F80);
  Value value = widenHalf(e, e.truncate(bits, e.i16()), format);
  return e.select(e.less(bits, infinite), value, e.f32Bits(kF32NanBits));
}

struct ConvertBlockScale : TilePattern<BlockScaleOp> {
  using TilePattern::TilePattern;

  /// Every warp looks at the whole tile: reading it again is cheaper than a reduction through shared memory, which
  /// would take room and two barriers. Rows that do not exist are zero.
  Fragments emit(BlockScaleOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getSource().getType();
    Value lane = e.lane(), base = adaptor.getSource().front();
    constexpr int64_t chunkBytes = 16;
    Value chunks = e.i32(tile.rows() * tile.columns() * 2 / chunkBytes);
    Value largest = e.loop(lane, chunks, e.i32(32), {e.i32(0)}, [&](Value chunk, ValueRange carried) {
      Value words = e.load(e.vector(4, e.i32()), e.address(base, e.mul(chunk, chunkBytes)), chunkBytes);
      Value most = carried[0];
      for (int64_t n = 0; n < 4; ++n) {
        Value word = e.extract(words, n);
        most = e.max(e.max(most, e.band(word, 0x7FFF)), e.band(e.shr(word, 16), 0x7FFF));
      }
      return SmallVector<Value>{most};
    })[0];
    for (int64_t distance : {16, 8, 4, 2, 1})
      largest = e.max(largest, e.shuffleXor(largest, distance));
    Value amax = widenLargest(e, largest, tile.elementFormat());
    Value scale = e.fdiv(amax, e.f32(kE4m3Max));
    Value tiny = e.fcompare(FloatPredicate::olt, scale, e.f32(0x1p-126f));
    if (op.getPowerOfTwo()) // of a normal number: any mantissa asks for the next exponent
      scale = e.bitcast(e.band(e.add(e.bitcast(scale, e.i32()), 0x7FFFFF), 0x7F800000), e.f32());
    Value isNaN = e.fcompare(FloatPredicate::uno, amax, amax);
    scale = e.select(isNaN, e.f32Bits(kF32NanBits), e.select(tiny, e.f32(1.0f), scale));
    return Fragments({{scale}});
  }
};

/// One thread's part of a group becomes words of codes and the scale that stands behind them.
class ConvertQuantizeGroups : public TilePattern<QuantizeOp> {
public:
  ConvertQuantizeGroups(const TypeConverter &converter, MLIRContext *context, NativeConversions conversions)
      : TilePattern(converter, context), conversions(conversions) {}

  Fragments emit(QuantizeOp op, Adaptor adaptor, Emitter &e) const override {
    TileType result = op.getResult().getType();
    if (op.getSource().getType().tileLayout() != TileLayout::Groups)
      return failure(); // P: SoftmaxToNVVM.cpp
    ValueRange x = adaptor.getSource();
    if (result.elementFormat() == ElementFormat::FP8)
      return Fragments({quantizeByBlock(x, adaptor.getBlockScale().front(), e)});
    return Fragments({quantizeGroup(result.elementFormat(), x, e)});
  }

private:
  SmallVector<Value> quantizeGroup(ElementFormat format, ValueRange x, Emitter &e) const {
    Encoder encoder(e, conversions);
    bool nvfp4 = format == ElementFormat::NVFP4;
    Value amax = e.fabs(x[0]);
    for (Value value : x.drop_front())
      amax = e.fmaxNaN(amax, e.fabs(value));
    if (!nvfp4) // the other half of the 32 is the neighbour's
      amax = e.fmaxNaN(amax, e.shuffleXor(amax, 1));
    Value infinite = e.compare(Predicate::uge, e.bitcast(amax, e.i32()), e.i32(0x7F800000));
    Value ratio = e.fdiv(amax, e.f32(kE2m1Max)), code, inverse;
    if (nvfp4) {
      code = encoder.e4m3Scale(ratio);
      Value isZero = e.compare(Predicate::eq, code, e.i32(0));
      inverse = e.select(isZero, e.f32(0), e.fdiv(e.f32(1.0f), encoder.decodeE4m3(code)));
    } else {
      code = encoder.ue8m0Scale(ratio);
      // 1 / 2^(code - 127) is 2^(127 - code), whose exponent field is 254 - code; 2^-127 is subnormal.
      inverse = e.bitcast(e.max(e.shl(e.sub(e.i32(254), code), 23), e.i32(0x400000)), e.f32());
    }
    SmallVector<Value> words;
    for (int64_t half : {0, 8}) {
      SmallVector<Value> eight;
      for (int64_t n = 0; n < 8; ++n)
        eight.push_back(e.fmul(x[half + n], inverse));
      words.push_back(e.select(infinite, e.i32(0), encoder.e2m1Word(eight)));
    }
    words.push_back(e.select(infinite, e.i32(nvfp4 ? kE4m3Nan : kUe8m0Nan), code));
    return words;
  }

  SmallVector<Value> quantizeByBlock(ValueRange x, Value scale, Emitter &e) const {
    Encoder encoder(e, conversions);
    Value isNaN = e.fcompare(FloatPredicate::uno, scale, scale), inverse = e.fdiv(e.f32(1.0f), scale);
    SmallVector<Value> words;
    for (int64_t first = 0; first < kThreadGroup; first += 4) {
      SmallVector<Value> four;
      for (int64_t n = 0; n < 4; ++n)
        four.push_back(e.fmul(x[first + n], inverse));
      words.push_back(e.select(isNaN, e.i32(0), encoder.e4m3Word(four)));
    }
    words.push_back(e.bitcast(scale, e.i32()));
    return words;
  }

  NativeConversions conversions;
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

void portable::populateQuantizePatterns(const TypeConverter &converter, RewritePatternSet &patterns,
                                        const ConversionChoices &options) {
  patterns.add<ConvertSlice, ConvertBlockScale, ConvertSummarize>(converter, patterns.getContext());
  patterns.add<ConvertQuantizeGroups>(converter, patterns.getContext(), options.conversions);
}
