//===- SoftmaxToNVVM.cpp - masks, online softmax, rounding of P, the end ------===//

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr float kLog2E = 1.44269504088896340736f, kLn2 = 0.69314718055994530942f;
static const float kInfinity = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Exponential and logarithm
//===----------------------------------------------------------------------===//

Value portable::exp2(Emitter &e, Value x, StringRef kind) {
  if (kind == "approx")
    return e.intrinsic("llvm.nvvm.ex2.approx.ftz.f", e.f32(), x);
  // 2^x = 2^n 2^f with n the nearest integer. Adding 1.5 * 2^23 leaves n in the low bits of the sum. At the clamp the
  // exponent field becomes zero and the fraction is one, so the result is exactly 0. The polynomial is the Taylor
  // series of degree 5 on [-1/2, 1/2]: relative error below 2.5e-6.
  Value clamped = e.fmaxNumber(x, e.f32(-127.0f));
  Value shifted = e.fadd(clamped, e.f32(12582912.0f));
  Value f = e.fsub(clamped, e.fsub(shifted, e.f32(12582912.0f)));
  Value power = e.f32(0.00133335581f);
  for (float coefficient : {0.00961812911f, 0.0555041087f, 0.240226507f, 0.693147181f, 1.0f})
    power = e.fma(power, f, e.f32(coefficient));
  Value exponent = e.shl(e.bitcast(shifted, e.i32()), 23);
  return e.bitcast(e.add(e.bitcast(power, e.i32()), exponent), e.f32());
}

/// By the series of artanh on [1/sqrt 2, sqrt 2].
Value portable::log2(Emitter &e, Value x) {
  Value bits = e.bitcast(x, e.i32());
  // Take sqrt(1/2) off before cutting the exponent, so that the mantissa lies around one.
  constexpr int64_t sqrtHalf = 0x3F3504F3;
  Value reduced = e.sub(bits, e.i32(sqrtHalf));
  Value exponent = e.shrSigned(reduced, 23);
  Value mantissa = e.bitcast(e.add(e.band(reduced, 0x007FFFFF), sqrtHalf), e.f32());
  Value s = e.fdiv(e.fsub(mantissa, e.f32(1.0f)), e.fadd(mantissa, e.f32(1.0f)));
  Value z = e.fmul(s, s);
  Value series = e.f32(1.0f / 9);
  for (float coefficient : {1.0f / 7, 1.0f / 5, 1.0f / 3, 1.0f})
    series = e.fma(series, z, e.f32(coefficient));
  return e.fma(e.fmul(s, e.f32(2.0f * kLog2E)), series, e.toFloat(exponent));
}

//===----------------------------------------------------------------------===//
// Which keys a tile sees
//===----------------------------------------------------------------------===//

KeyRange portable::keyRange(Emitter &e, Operation *op, MaskKind mask, Value i, int64_t blockQ) {
  Value keys = dimension(e, op, "kv_len");
  if (mask == MaskKind::None)
    return {keys, keys};
  // Key j is visible to query r iff j <= r + kv_len - q_len.
  Value queries = dimension(e, op, "q_len"), diagonal = e.sub(keys, queries), zero = e.i32(0);
  Value firstRow = e.mul(i, blockQ), endRow = e.min(e.add(firstRow, blockQ), queries);
  auto clamp = [&](Value count) { return e.min(e.max(count, zero), keys); };
  return {clamp(e.add(endRow, diagonal)), clamp(e.add(e.add(firstRow, diagonal), 1))};
}

Value portable::quadMax(Emitter &e, Value value) {
  for (int64_t distance : {1, 2})
    value = e.fmaxNaN(value, e.shuffleXor(value, distance));
  return value;
}

namespace {

struct ConvertMask : TilePattern<MaskOp> {
  using TilePattern::TilePattern;

  Fragments emit(MaskOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getLogits().getType();
    auto mask = cast<MaskKindAttr>(op.getMask()).getValue();
    FragmentPlace place = fragmentPlace(e);
    Value keys = dimension(e, op, "kv_len");
    Value firstColumn = e.add(e.mul(adaptor.getJ().front(), tile.columns()), e.mul(place.q, 2));
    Value hidden = e.f32(-kInfinity);
    SmallVector<Value> values(adaptor.getLogits());
    for (int64_t half : {0, 1}) {
      // Keys [0, limit) are visible to this row; compare each column's constant with what is left of it.
      Value limit = keys;
      if (mask == MaskKind::Causal) {
        Value row = e.add(e.mul(adaptor.getI().front(), tile.rows()), e.add(place.row, 8 * half));
        Value diagonal = e.sub(keys, dimension(e, op, "q_len"));
        limit = e.min(keys, e.add(e.add(row, diagonal), 1));
      }
      Value left = e.sub(limit, firstColumn);
      for (int64_t n = 0; n < tile.columns() / 8; ++n)
        for (int64_t c : {0, 1}) {
          Value &value = values[4 * n + 2 * half + c];
          value = e.select(e.less(e.i32(8 * n + c), left), value, hidden);
        }
    }
    return Fragments({values});
  }
};

struct ConvertEmptySoftmax : TilePattern<EmptySoftmaxOp> {
  using TilePattern::TilePattern;
  Fragments emit(EmptySoftmaxOp op, Adaptor, Emitter &e) const override {
    Value zero = e.f32(0), nothing = e.f32(-kInfinity);
    SmallVector<Value> values = {nothing, nothing, zero, zero};
    values.append(op.getState().getType().valueDim() / 8 * 4, zero);
    return Fragments({values});
  }
};

struct ConvertOnlineSoftmax : TilePattern<OnlineSoftmaxOp> {
  using TilePattern::TilePattern;

  Fragments emit(OnlineSoftmaxOp op, Adaptor adaptor, Emitter &e) const override {
    int64_t blocks = op.getLogits().getType().columns() / 8;
    SmallVector<Value> values(adaptor.getLogits()), state(adaptor.getState());
    // Base-2 logits. The scale is positive, so it may follow the maximum.
    Value scale = e.fmul(adaptor.getScale().front(), e.f32(std::ldexp(kLog2E, op.getLogitScaleLog2())));
    std::array<Value, 2> alpha;
    for (int64_t half : {0, 1}) {
      Value largest = values[2 * half];
      for (int64_t n = 0; n < blocks; ++n)
        for (int64_t c : {0, 1})
          if (n || c)
            largest = e.fmaxNaN(largest, values[4 * n + 2 * half + c]);
      Value maximum = e.fmaxNaN(state[half], e.fmul(quadMax(e, largest), scale));
      Value reference = maximum;
      if (op.getGuard()) // -inf - -inf is NaN: a row that has seen nothing is taken relative to zero
        reference = e.select(e.fcompare(FloatPredicate::oeq, maximum, e.f32(-kInfinity)), e.f32(0), maximum);
      alpha[half] = exp2(e, e.fsub(state[half], reference), op.getExp2());
      Value negated = e.fsub(e.f32(0), reference);
      for (int64_t n = 0; n < blocks; ++n)
        for (int64_t c : {0, 1}) {
          Value &value = values[4 * n + 2 * half + c];
          value = exp2(e, e.fma(value, scale, negated), op.getExp2());
        }
      state[half] = maximum;
      state[2 + half] = e.fmul(state[2 + half], alpha[half]);
    }
    for (size_t n = 4; n < state.size(); ++n)
      state[n] = e.fmul(state[n], alpha[(n % 4) / 2]);
    return Fragments({values, state});
  }
};

/// P in registers: C fragments of f32 become A fragments of 16-bit pairs.
struct ConvertQuantizeProbabilities : TilePattern<QuantizeOp> {
  using TilePattern::TilePattern;

  Fragments emit(QuantizeOp op, Adaptor adaptor, Emitter &e) const override {
    TileType source = op.getSource().getType(), result = op.getResult().getType();
    if (source.tileLayout() != TileLayout::Accumulator)
      return failure(); // groups: QuantizeToNVVM.cpp
    ValueRange p = adaptor.getSource();
    Value factor = op.getScaleLog2() ? e.f32(std::ldexp(1.0f, op.getScaleLog2())) : Value();
    auto take = [&](int64_t n, int64_t c) { return factor ? e.fmul(p[4 * n + c], factor) : p[4 * n + c]; };
    bool half = result.elementFormat() == ElementFormat::F16;
    auto pack = [&](Value low, Value high) {
      Type pair = e.vector(2, half ? Type(e.builder.getF16Type()) : Type(e.builder.getBF16Type()));
      // The first operand of the conversion becomes the upper half.
      Value packed = e.intrinsic(half ? "llvm.nvvm.ff2f16x2.rn" : "llvm.nvvm.ff2bf16x2.rn", pair, {high, low});
      return e.bitcast(packed, operandType(result.elementFormat(), e.builder.getContext()));
    };

    SmallVector<Value> fragments;
    if (result.tileLayout() == TileLayout::OperandA) {
      for (int64_t n = 0; n < source.columns() / 8; n += 2)
        for (int64_t part : {0, 1})
          for (int64_t row : {0, 2})
            fragments.push_back(pack(take(n + part, row), take(n + part, row + 1)));
      return Fragments({fragments});
    }
    // The order in which packed V leaves a word: pair j of word w holds the tokens of groups 2w and 2w + 1 (16 tokens
    // each, two column blocks of the fragment).
    for (int64_t tile = 0; tile < source.columns() / kTokenTile; ++tile)
      for (int64_t word : {0, 1})
        for (int64_t step : {0, 1}) {
          int64_t n = 8 * tile + 4 * word + step;
          for (int64_t c : {0, 1})
            for (int64_t row : {0, 2})
              fragments.push_back(pack(take(n, row + c), take(n + 2, row + c)));
        }
    return Fragments({fragments});
  }
};

struct ConvertFinish : TilePattern<FinishOp> {
  using TilePattern::TilePattern;

  Fragments emit(FinishOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> state(adaptor.getState()), o(state.begin() + 4, state.end()), lse;
    Value nan = e.f32Bits(0x7FC00000), zero = e.f32(0), nothing = e.f32(-kInfinity);
    for (int64_t half : {0, 1}) {
      Value maximum = state[half], sum = state[2 + half];
      for (int64_t distance : {1, 2})
        sum = e.fadd(sum, e.shuffleXor(sum, distance));
      Value empty = e.fcompare(FloatPredicate::oeq, maximum, nothing);
      Value finite = e.fcompare(FloatPredicate::olt, maximum, e.f32(kInfinity)); // false for NaN as well
      // A row that saw nothing has O = 0 and l = 0; one whose maximum is no number shows it whatever exp2 made of it.
      Value inverse = e.select(empty, zero, e.fdiv(e.f32(1.0f), sum));
      inverse = e.select(finite, inverse, nan);
      Value log = e.fmul(e.fadd(maximum, log2(e, sum)), e.f32(kLn2));
      lse.push_back(e.select(finite, e.select(empty, nothing, log), nan));
      for (size_t n = 2 * half; n < o.size(); n += 4)
        for (size_t c : {0, 1})
          o[n + c] = e.fmul(o[n + c], inverse);
    }
    return Fragments({o, lse});
  }
};

struct ConvertMerge : TilePattern<MergeOp> {
  using TilePattern::TilePattern;

  Fragments emit(MergeOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> a(adaptor.getLhs()), b(adaptor.getRhs());
    Value nothing = e.f32(-kInfinity);
    for (int64_t half : {0, 1}) {
      Value maximum = e.fmaxNaN(a[half], b[half]);
      Value reference = e.select(e.fcompare(FloatPredicate::oeq, maximum, nothing), e.f32(0), maximum);
      Value scaleA = exp2(e, e.fsub(a[half], reference), "poly"), scaleB = exp2(e, e.fsub(b[half], reference), "poly");
      auto blend = [&](size_t n) { a[n] = e.fma(a[n], scaleA, e.fmul(b[n], scaleB)); };
      a[half] = maximum;
      blend(2 + half);
      for (size_t n = 4 + 2 * half; n < a.size(); n += 4) {
        blend(n);
        blend(n + 1);
      }
    }
    return Fragments({a});
  }
};

} // namespace

void portable::populateSoftmaxPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertMask, ConvertEmptySoftmax, ConvertOnlineSoftmax, ConvertQuantizeProbabilities, ConvertFinish,
               ConvertMerge>(converter, patterns.getContext());
}
