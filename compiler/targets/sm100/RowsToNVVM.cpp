//===- RowsToNVVM.cpp - masks, softmax, the end: a row per thread -----------===//

#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;
using portable::FloatPredicate;

constexpr float kLog2E = 1.44269504088896340736f, kLn2 = 0.69314718055994530942f;
static const float kInfinity = std::numeric_limits<float>::infinity();

Value sm100::pack16(Emitter &e, bool bf16, Value low, Value high) {
  Type pair = e.vector(2, bf16 ? Type(e.builder.getBF16Type()) : Type(e.builder.getF16Type()));
  return e.bitcast(e.intrinsic(bf16 ? "llvm.nvvm.ff2bf16x2.rn" : "llvm.nvvm.ff2f16x2.rn", pair, {high, low}), e.i32());
}

namespace {

struct ConvertMask : TilePattern<MaskOp> {
  using TilePattern::TilePattern;
  Fragments emit(MaskOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getLogits().getType();
    Value keys = portable::dimension(e, op, "kv_len"), limit = keys, hidden = e.f32(-kInfinity);
    if (cast<MaskKindAttr>(op.getMask()).getValue() == MaskKind::Causal) {
      Value row = e.add(e.mul(adaptor.getI().front(), tile.rows()), e.thread());
      limit = e.min(keys, e.add(e.add(row, e.sub(keys, portable::dimension(e, op, "q_len"))), 1));
    }
    // Keys [0, limit) are visible; compare each column's constant with what is left of it.
    Value left = e.sub(limit, e.mul(adaptor.getJ().front(), tile.columns()));
    SmallVector<Value> values(adaptor.getLogits());
    for (auto [column, value] : llvm::enumerate(values))
      value = e.select(e.less(e.i32(column), left), value, hidden);
    return Fragments({values});
  }
};

struct ConvertPromote : TilePattern<PromoteOp> {
  using TilePattern::TilePattern;
  Fragments emit(PromoteOp op, Adaptor adaptor, Emitter &e) const override {
    portable::RouterParts router(adaptor.getRouter());
    SmallVector<Value> values(adaptor.getLogits());
    Value largest = values[0];
    for (Value value : ArrayRef(values).drop_front())
      largest = e.fmaxNaN(largest, value);
    portable::RowSeen row{e.thread(), largest, adaptor.getState()[0], adaptor.getState()[1], router.mass};
    Value times = op.getTimes() ? adaptor.getTimes().front() : Value();
    Value withheld = portable::decide(e, op, router, adaptor.getJ().front(), times, row);
    for (Value &value : values)
      value = e.select(withheld, e.f32(-kInfinity), value);
    return Fragments({values});
  }
};

struct ConvertEmptySoftmax : TilePattern<EmptySoftmaxOp> {
  using TilePattern::TilePattern;
  Fragments emit(EmptySoftmaxOp, Adaptor, Emitter &e) const override {
    return Fragments({{e.f32(-kInfinity), e.f32(0), e.f32(1)}});
  }
};

struct ConvertOnlineSoftmax : TilePattern<OnlineSoftmaxOp> {
  using TilePattern::TilePattern;
  Fragments emit(OnlineSoftmaxOp op, Adaptor adaptor, Emitter &e) const override {
    SmallVector<Value> values(adaptor.getLogits());
    // Base-2 logits. The scale is positive, so it may follow the maximum.
    Value scale = e.fmul(adaptor.getScale().front(), e.f32(std::ldexp(kLog2E, op.getLogitScaleLog2())));
    Value largest = values[0];
    for (Value value : ArrayRef(values).drop_front())
      largest = e.fmaxNaN(largest, value);
    Value before = adaptor.getState()[0], maximum = e.fmaxNaN(before, e.fmul(largest, scale)), reference = maximum;
    if (op.getGuard()) // -inf - -inf is NaN: a row that has seen nothing is taken relative to zero
      reference = e.select(e.fcompare(FloatPredicate::oeq, maximum, e.f32(-kInfinity)), e.f32(0), maximum);
    Value alpha = portable::exp2(e, e.fsub(before, reference), op.getExp2());
    Value negated = e.fsub(e.f32(0), reference);
    for (Value &value : values)
      value = portable::exp2(e, e.fma(value, scale, negated), op.getExp2());
    return Fragments({values, {maximum, e.fmul(adaptor.getState()[1], alpha), adaptor.getState()[2]}});
  }
};

struct ConvertFinish : TilePattern<FinishOp> {
  using TilePattern::TilePattern;
  Fragments emit(FinishOp op, Adaptor adaptor, Emitter &e) const override {
    Value maximum = adaptor.getState()[0], sum = adaptor.getState()[1];
    Value nan = e.f32Bits(0x7FC00000), zero = e.f32(0), nothing = e.f32(-kInfinity);
    Value empty = e.fcompare(FloatPredicate::oeq, maximum, nothing);
    Value finite = e.fcompare(FloatPredicate::olt, maximum, e.f32(kInfinity)); // false for NaN as well
    // A row that saw nothing has O = 0 and l = 0; one whose maximum is no number shows it whatever exp2 made of it.
    Value unit = adaptor.getState()[2];
    Value inverse = e.select(empty, zero, e.fdiv(e.fdiv(e.f32(1.0f), unit), sum));
    inverse = e.select(finite, inverse, nan);
    Value log = e.fmul(e.fadd(maximum, portable::log2(e, sum)), e.f32(kLn2));
    SmallVector<Value> o(adaptor.getAccumulator());
    for (Value &value : o)
      value = e.fmul(value, inverse);
    return Fragments({o, {e.select(finite, e.select(empty, nothing, log), nan)}});
  }
};

struct ConvertStore : TilePattern<StoreOp> {
  using TilePattern::TilePattern;
  Fragments emit(StoreOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getTile().getType();
    ViewType viewType = op.getView().getType();
    SmallVector<Value> indices = portable::firsts(adaptor.getIndices());
    ValueRange values = adaptor.getTile(), view = adaptor.getView();
    bool vector = tile.columns() == 1;
    Value null = LLVM::ZeroOp::create(e.builder, e.loc, view[0].getType());
    Value wanted = LLVM::ICmpOp::create(e.builder, e.loc, LLVM::ICmpPredicate::ne, view[0], null);
    int64_t bytes = vector ? 4 : 2;
    portable::StridedTile to = portable::locateStrided(e, op, viewType, view, tile, indices, bytes);
    Value exists = e.less(e.add(to.firstRow, e.thread()), to.rows);
    // A caller that does not want the vector passes a null pointer.
    e.ifThen(vector ? e.band(wanted, exists) : exists, [&] {
      Value address = portable::rowAddress(e, to, e.thread(), bytes);
      if (vector)
        return e.store(values[0], address, 4);
      bool bf16 = cast<ElementFormatAttr>(viewType.getFormat()).getValue() == ElementFormat::BF16;
      for (size_t n = 0; n < values.size(); n += 8) { // 16 bytes at once
        SmallVector<Value> words;
        for (size_t pair = n; pair < n + 8; pair += 2)
          words.push_back(pack16(e, bf16, values[pair], values[pair + 1]));
        e.store(e.pack(words), e.address(address, 2 * static_cast<int64_t>(n)), 16);
      }
    });
    return SmallVector<SmallVector<Value>>();
  }
};

} // namespace

void sm100::populateRowPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertMask, ConvertPromote, ConvertEmptySoftmax, ConvertOnlineSoftmax, ConvertFinish, ConvertStore>(
      converter, patterns.getContext());
}
