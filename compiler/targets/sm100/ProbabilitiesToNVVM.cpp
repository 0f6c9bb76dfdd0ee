//===- ProbabilitiesToNVVM.cpp - P in V's format, its unit and its sums -----===//
//
// One thread has a row, so a scale group is so many of its own values, and all of this stays within a thread. The
// formulas are those of dialect/formats/Quantize.h.

#include "compiler/targets/portable/Encode.h"
#include "compiler/targets/portable/Portable.h"
#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"
#include "dialect/formats/Quantize.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;
using portable::FloatPredicate;

constexpr float kNvfp4Unit = 2688; // 6 * 448: the largest element times the largest scale
constexpr float kFp8Most = 256, kFp8Least = 64;

//===----------------------------------------------------------------------===//
// Conversions of several values to one word
//===----------------------------------------------------------------------===//

/// The eight E2M1 values of a word as four pairs of f16.
static SmallVector<Value> unpackFp4(Emitter &e, Value word) {
  SmallVector<Type> pairs(4, e.i32());
  SmallVector<Value> words = e.assembly("{\n\t.reg .b8 b0, b1, b2, b3;\n\tmov.b32 {b0, b1, b2, b3}, $4;\n"
                                        "\tcvt.rn.f16x2.e2m1x2 $0, b0;\n\tcvt.rn.f16x2.e2m1x2 $1, b1;\n"
                                        "\tcvt.rn.f16x2.e2m1x2 $2, b2;\n\tcvt.rn.f16x2.e2m1x2 $3, b3;\n\t}",
                                        "=r,=r,=r,=r,r", pairs, word, /*onlyComputes=*/true);
  for (Value &pair : words)
    pair = e.bitcast(pair, e.half2());
  return words;
}

/// Byte `n` of a word of E4M3 as f32.
static Value scaleFp8(Emitter &e, Value word, int64_t n) {
  Value pair = e.assembly("{\n\t.reg .b16 low, high;\n\tmov.b32 {low, high}, $1;\n\tcvt.rn.f16x2.e4m3x2 $0, " +
                              std::string(n / 2 ? "high" : "low") + ";\n\t}",
                          "=r,r", e.i32(), word, /*onlyComputes=*/true)[0];
  return LLVM::FPExtOp::create(e.builder, e.loc, e.f32(), e.extract(e.bitcast(pair, e.half2()), n % 2));
}

/// 2^(code - 127), or its inverse, of byte `n`. Codes of probabilities end at 125; the NaN's is lost here and stays in
/// the scale.
static Value scaleUe8m0(Emitter &e, Value word, int64_t n, bool inverse) {
  Value code = e.band(e.shr(word, 8 * n), 0xFF);
  return e.bitcast(e.shl(inverse ? e.sub(e.i32(254), code) : code, 23), e.f32());
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

static Value largest(Emitter &e, ValueRange group) {
  Value result = group[0]; // probabilities are not negative
  for (Value value : group.drop_front())
    result = e.fmaxNaN(result, value);
  return result;
}

namespace {

struct ConvertUnit : TilePattern<UnitOp> {
  using TilePattern::TilePattern;
  Fragments emit(UnitOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> state(adaptor.getState());
    Value factor = e.f32(1);
    switch (cast<ElementFormatAttr>(op.getFormat()).getValue()) {
    case ElementFormat::FP8: {
      Value scale = adaptor.getScale().front(), kept = e.fmul(state[2], scale);
      Value keep = e.band(e.fcompare(FloatPredicate::oge, kept, e.f32(kFp8Least)),
                          e.fcompare(FloatPredicate::ole, kept, e.f32(kFp8Most)));
      state[2] = e.select(keep, state[2], e.fdiv(e.f32(kFp8Most), scale));
      factor = e.select(keep, kept, e.fmul(state[2], scale)); // NaN where the scale is
      break;
    }
    case ElementFormat::NVFP4:
      state[2] = e.f32(kNvfp4Unit);
      break;
    default:
      state[2] = e.f32(1);
    }
    return Fragments({state, {factor}});
  }
};

struct ConvertQuantize : TilePattern<QuantizeOp> {
  using TilePattern::TilePattern;
  Fragments emit(QuantizeOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> p(adaptor.getSource());
    if (!adaptor.getTimes().empty())
      for (Value &value : p)
        value = e.fmul(value, adaptor.getTimes().front());
    portable::Encoder encoder(e, NativeConversions::Fp4);
    switch (ElementFormat format = op.getResult().getType().elementFormat()) {
    case ElementFormat::F16:
    case ElementFormat::BF16:
      return Fragments(
          {words(p, 2, [&](ArrayRef<Value> two) { return pack16(e, format == ElementFormat::BF16, two[0], two[1]); })});
    case ElementFormat::FP8:
      return Fragments({words(p, 4, [&](ArrayRef<Value> four) { return encoder.e4m3Word(four); })});
    case ElementFormat::NVFP4:
      return Fragments({quantizeNvfp4(p, encoder, e)});
    case ElementFormat::MXFP4:
      return Fragments({quantizeMxfp4(p, encoder, e)});
    default:
      return op.emitOpError("the sm100 target cannot round P to ") << op.getResult().getType();
    }
  }

private:
  static SmallVector<Value> words(ArrayRef<Value> values, size_t each, function_ref<Value(ArrayRef<Value>)> pack) {
    SmallVector<Value> result;
    for (size_t n = 0; n < values.size(); n += each)
      result.push_back(pack(values.slice(n, each)));
    return result;
  }

  /// nvfp4: scale = e4m3(448 amax), element = e2m1(2688 / scale p); per 16 keys, so a word of scales for 64.
  static SmallVector<Value> quantizeNvfp4(MutableArrayRef<Value> p, portable::Encoder &encoder, Emitter &e) {
    SmallVector<Value> amax, scales;
    for (Value largest : groupMaxima(p, kNvfp4Group, e))
      amax.push_back(e.fmul(largest, e.f32(448)));
    scales = words(amax, 4, [&](ArrayRef<Value> four) { return encoder.e4m3Word(four); });
    return elementsAndScales(p, kNvfp4Group, scales, encoder, e, [&](size_t n) {
      Value scale = scaleFp8(e, scales[n / 4], n % 4);
      Value zero = e.fcompare(FloatPredicate::oeq, scale, e.f32(0));
      return e.select(zero, e.f32(0), e.fdiv(e.f32(kNvfp4Unit), scale));
    });
  }

  /// mxfp4: scale = ue8m0(amax / 6) rounded up, element = e2m1(p / scale); per 32 keys, so half a word of scales
  /// for 64.
  static SmallVector<Value> quantizeMxfp4(MutableArrayRef<Value> p, portable::Encoder &encoder, Emitter &e) {
    SmallVector<Value> codes, scales;
    for (Value largest : groupMaxima(p, kMxfp4Group, e))
      codes.push_back(encoder.ue8m0Scale(e.fdiv(largest, e.f32(6))));
    scales = words(codes, 2, [&](ArrayRef<Value> two) { return e.bor(two[0], e.shl(two[1], 8)); });
    return elementsAndScales(p, kMxfp4Group, scales, encoder, e,
                             [&](size_t n) { return scaleUe8m0(e, scales[n / 2], n % 2, /*inverse=*/true); });
  }

  static SmallVector<Value> groupMaxima(ArrayRef<Value> p, size_t group, Emitter &e) {
    SmallVector<Value> maxima;
    for (size_t n = 0; n < p.size(); n += group)
      maxima.push_back(largest(e, ValueRange(p.slice(n, group))));
    return maxima;
  }

  /// The values times the inverse of their group's scale as E2M1, then the scales.
  static SmallVector<Value> elementsAndScales(MutableArrayRef<Value> p, size_t group, ArrayRef<Value> scales,
                                              portable::Encoder &encoder, Emitter &e,
                                              function_ref<Value(size_t)> inverseOf) {
    for (size_t n = 0; n < p.size() / group; ++n) {
      Value inverse = inverseOf(n);
      for (Value &value : p.slice(n * group, group))
        value = e.fmul(value, inverse);
    }
    SmallVector<Value> result = words(p, 8, [&](ArrayRef<Value> eight) { return encoder.e2m1Word(eight); });
    llvm::append_range(result, scales);
    return result;
  }
};

struct ConvertAddSums : TilePattern<AddSumsOp> {
  using TilePattern::TilePattern;
  Fragments emit(AddSumsOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> state(adaptor.getState());
    ElementFormat format = op.getW().getType().elementFormat();
    Value sum = hasGroupScales(format) ? sumPacked(op.getW().getType(), adaptor.getW(), e) : sumOf(adaptor.getW(), e);
    if (format == ElementFormat::NVFP4)
      sum = e.fmul(sum, e.f32(1 / kNvfp4Unit));
    state[1] = e.fadd(state[1], sum);
    return Fragments({state});
  }

private:
  static Value sumOf(ValueRange w, Emitter &e) {
    constexpr size_t chains = 4; // so that additions need not wait for one another
    SmallVector<Value> sums(w.take_front(chains));
    for (size_t n = chains; n < w.size(); ++n)
      sums[n % chains] = e.fadd(sums[n % chains], w[n]);
    return e.fadd(e.fadd(sums[0], sums[1]), e.fadd(sums[2], sums[3]));
  }

  /// The sum of elements times scales. Sums of a group's elements, at most 32 times 6 in halves, are exact in f16.
  static Value sumPacked(TileType tile, ValueRange words, Emitter &e) {
    int64_t group = portable::scaleGroup(tile.elementFormat()), perWord = 64 / group; // groups to a word of scales
    ValueRange elements = words.take_front(tile.columns() / 8), scales = words.drop_front(tile.columns() / 8);
    SmallVector<Value> parts;
    for (int64_t n = 0; n < tile.columns() / group; ++n) {
      Value pairs;
      for (Value word : elements.slice(n * group / 8, group / 8))
        for (Value pair : unpackFp4(e, word))
          pairs = pairs ? e.fadd(pairs, pair) : pair;
      Value both = e.fadd(e.extract(pairs, 0), e.extract(pairs, 1));
      Value total = LLVM::FPExtOp::create(e.builder, e.loc, e.f32(), both);
      Value word = scales[n / perWord];
      Value scale = tile.elementFormat() == ElementFormat::NVFP4 ? scaleFp8(e, word, n % perWord)
                                                                 : scaleUe8m0(e, word, n % perWord, /*inverse=*/false);
      parts.push_back(e.fmul(total, scale));
    }
    while (parts.size() < 4)
      parts.push_back(e.f32(0));
    return sumOf(parts, e);
  }
};

struct ConvertLoadScale : TilePattern<LoadScaleOp> {
  using TilePattern::TilePattern;
  Fragments emit(LoadScaleOp op, Adaptor adaptor, Emitter &e) const override {
    ViewType view = op.getView().getType();
    SmallVector<Value> indices = portable::firsts(adaptor.getIndices());
    // Channels are bound, so the dimension of tokens is the one that is not.
    size_t tokens = boundExtent(view.getShape()[3]) ? 2 : 3;
    Value blocks = e.ceilDivide(portable::extentValue(e, op, view.getShape()[tokens]), op.getTokens());
    Value head = e.add(e.mul(indices[0], portable::extentValue(e, op, view.getShape()[1])), indices[1]);
    Value place = e.add(e.mul(head, blocks), indices[2]);
    return Fragments({{e.load(e.f32(), e.address(adaptor.getView()[1], e.mul(e.extend64(place), 4)), 4)}});
  }
};

} // namespace

void sm100::populateProbabilityPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertUnit, ConvertQuantize, ConvertAddSums, ConvertLoadScale>(converter, patterns.getContext());
}
