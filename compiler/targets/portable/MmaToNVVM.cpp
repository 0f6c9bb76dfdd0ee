//===- MmaToNVVM.cpp - dot and accumulate on mma.sync m16n8k16 --------------===//
//
// A comes from registers, B from shared memory: 16-bit tiles through ldmatrix, packed tiles by plain loads whose FP4
// values are widened to f16 in registers.

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

using Four = std::array<Value, 4>;

/// d = a b + c for one 16 x 8 tile; operands are pairs of 16-bit values as operandType has them.
static Four mma(Emitter &e, ElementFormat format, ValueRange a, ValueRange b, const Four &c) {
  Type result = LLVM::LLVMStructType::getLiteral(e.builder.getContext(), SmallVector<Type>(4, e.f32()));
  auto type = format == ElementFormat::BF16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  Value d = NVVM::MmaOp::create(e.builder, e.loc, result, a, b, ArrayRef<Value>(c), ArrayRef<int64_t>{16, 8, 16},
                                std::nullopt, std::nullopt, std::array{type, type},
                                std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  return {e.member(d, 0), e.member(d, 1), e.member(d, 2), e.member(d, 3)};
}

/// Four 8 x 8 matrices of 16-bit values: fragments of two 16 x 8 B tiles.
static Four loadMatrices(Emitter &e, ElementFormat format, Value address, bool transposed) {
  Type result = LLVM::LLVMStructType::getLiteral(e.builder.getContext(), SmallVector<Type>(4, e.i32()));
  auto layout = transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row;
  auto shape = NVVM::LdStMatrixShapeAttr::get(e.builder.getContext(), 8, 8);
  Value all =
      NVVM::LdMatrixOp::create(e.builder, e.loc, result, address, 4u, layout, shape, NVVM::LdStMatrixEltType::B16);
  Type operand = operandType(format, e.builder.getContext());
  auto fragment = [&](int64_t n) { return e.bitcast(e.member(all, n), operand); };
  return {fragment(0), fragment(1), fragment(2), fragment(3)};
}

namespace {

//===----------------------------------------------------------------------===//
// dot
//===----------------------------------------------------------------------===//

struct ConvertDot : TilePattern<DotOp> {
  using TilePattern::TilePattern;

  Fragments emit(DotOp op, Adaptor adaptor, Emitter &e) const override {
    TileType keys = op.getRhs().getType();
    if (keys.tileLayout() != TileLayout::Shared)
      return op.emitOpError("the portable target reads keys from shared memory");
    Value zero = e.f32(0);
    std::vector<Four> logits(keys.rows() / 8, Four{zero, zero, zero, zero});
    Value scale;
    if (hasScales(keys.elementFormat()))
      scale = multiplyPacked(keys, adaptor.getLhs(), adaptor.getRhs().front(), logits, e);
    else
      multiply(keys, adaptor.getLhs(), adaptor.getRhs().front(), logits, e);
    SmallVector<Value> values;
    for (const Four &four : logits)
      for (Value value : four)
        values.push_back(scale            ? e.fmul(value, scale)
                         : op.getPoison() ? e.fma(value, zero, value)
                                          : value); // inf * 0 is NaN
    return Fragments({values});
  }

private:
  static void multiply(TileType keys, ValueRange a, Value b, std::vector<Four> &logits, Emitter &e) {
    int64_t rowBytes = keys.columns() * 2;
    // ldmatrix takes the addresses of matrix m's rows from lanes 8m..8m+7. Matrices 0, 1 are two halves of 16 channels
    // of eight keys, 2, 3 the same of the next eight.
    Value lane = e.lane(), matrix = e.shr(lane, 3), rowInMatrix = e.band(lane, 7);
    Value row = e.add(e.mul(e.shr(matrix, 1), 8), rowInMatrix);
    Value half = e.band(matrix, 1);
    for (int64_t k = 0; k < keys.columns() / 16; ++k) {
      Value address = e.address(b, swizzledOffset(e, row, e.add(half, 2 * k), rowBytes));
      for (int64_t n = 0; n < keys.rows() / 8; n += 2) {
        Four fragments =
            loadMatrices(e, keys.elementFormat(), e.address(address, n * 8 * rowBytes), /*transposed=*/false);
        ValueRange operand = a.slice(4 * k, 4);
        logits[n] = mma(e, keys.elementFormat(), operand, {fragments[0], fragments[1]}, logits[n]);
        logits[n + 1] = mma(e, keys.elementFormat(), operand, {fragments[2], fragments[3]}, logits[n + 1]);
      }
    }
  }

  /// Lane q of a quad reads the channels [q D/4, (q + 1) D/4) of key g. Returns what the sums have to be multiplied
  /// with: the two scales of fp8, else nothing.
  static Value multiplyPacked(TileType keys, ValueRange a, Value b, std::vector<Four> &logits, Emitter &e) {
    ElementFormat format = keys.elementFormat();
    Widener widener(e, format);
    FragmentPlace place = fragmentPlace(e);
    int64_t rowBytes = packedElementBytes(keys) / keys.rows(), laneBytes = rowBytes / 4;
    int64_t loadBytes = std::min<int64_t>(laneBytes, 16), loadWords = loadBytes / 4;
    LaneScales scales(e, widener, format, keys.columns(), place.q);
    Value elements = e.address(b, e.add(e.mul(place.g, rowBytes), e.mul(place.q, laneBytes)));
    Value codeRow = e.address(b, e.add(e.mul(place.g, scales.rowBytes), e.i32(packedElementBytes(keys))));
    for (int64_t n = 0; n < keys.rows() / 8; ++n) {
      Value codes = widener.hasGroups() ? scales.load(e.address(codeRow, n * 8 * scales.rowBytes)) : Value();
      SmallVector<Value> pairs;
      for (int64_t byte = 0; byte < laneBytes; byte += loadBytes) {
        Value packed = e.load(e.vector(loadWords, e.i32()), e.address(elements, n * 8 * rowBytes + byte), loadBytes);
        for (int64_t word = 0; word < loadWords; ++word)
          llvm::append_range(pairs, widener.widen(e.extract(packed, word), scales.ofWord(codes, byte / 4 + word)));
      }
      for (size_t step = 0; step < pairs.size() / 2; ++step)
        logits[n] =
            mma(e, widenedFormat(format), a.slice(4 * step, 4), {pairs[2 * step], pairs[2 * step + 1]}, logits[n]);
    }
    if (widener.hasGroups())
      return {};
    Value scale = e.fmul(a.back(), e.load(e.f32(), e.address(b, packedElementBytes(keys)), 4));
    return e.fmul(scale, e.f32(kWidenedFp8 * kWidenedFp8));
  }
};

//===----------------------------------------------------------------------===//
// accumulate
//===----------------------------------------------------------------------===//

struct ConvertAccumulate : TilePattern<AccumulateOp> {
  using TilePattern::TilePattern;

  Fragments emit(AccumulateOp op, Adaptor adaptor, Emitter &e) const override {
    TileType v = op.getV().getType();
    if (v.tileLayout() != TileLayout::Shared)
      return op.emitOpError("the portable target reads values from shared memory");
    SmallVector<Value> state(adaptor.getState());
    ValueRange fragments = adaptor.getP();
    addRowSums(adaptor.getW(), state, e);

    std::vector<Four> acc;
    for (size_t n = 4; n < state.size(); n += 4)
      acc.push_back({state[n], state[n + 1], state[n + 2], state[n + 3]});
    if (hasScales(v.elementFormat()))
      multiplyPacked(v, fragments, adaptor.getV().front(), acc, e);
    else
      multiply(v, fragments, adaptor.getV().front(), acc, e);
    for (auto [n, four] : llvm::enumerate(acc))
      llvm::copy(four, state.begin() + 4 + 4 * n);
    return Fragments({state});
  }

private:
  /// l += the row sums of w. Each lane of a quad sums its own columns; thrift.finish adds the quad up.
  static void addRowSums(ValueRange w, MutableArrayRef<Value> state, Emitter &e) {
    for (size_t half : {0, 1}) {
      Value sum = e.fadd(w[2 * half], w[2 * half + 1]);
      for (size_t n = 4; n < w.size(); n += 4)
        sum = e.fadd(e.fadd(sum, w[n + 2 * half]), w[n + 2 * half + 1]);
      state[2 + half] = e.fadd(state[2 + half], sum);
    }
  }

  static void multiply(TileType v, ValueRange a, Value b, std::vector<Four> &acc, Emitter &e) {
    int64_t rowBytes = v.columns() * 2;
    // Rows are keys, the contracted extent: matrices 0, 1 are two halves of 16 keys at eight channels, 2, 3 at the next
    // eight.
    Value lane = e.lane(), matrix = e.shr(lane, 3), rowInMatrix = e.band(lane, 7);
    Value row = e.add(e.mul(e.band(matrix, 1), 8), rowInMatrix);
    Value column = e.shr(matrix, 1);
    for (int64_t n = 0; n < v.columns() / 8; n += 2) {
      Value address = e.address(b, swizzledOffset(e, row, e.add(column, n), rowBytes));
      for (int64_t k = 0; k < v.rows() / 16; ++k) {
        Four fragments = loadMatrices(e, v.elementFormat(), e.address(address, k * 16 * rowBytes), /*transposed=*/true);
        ValueRange operand = a.slice(4 * k, 4);
        acc[n] = mma(e, v.elementFormat(), operand, {fragments[0], fragments[1]}, acc[n]);
        acc[n + 1] = mma(e, v.elementFormat(), operand, {fragments[2], fragments[3]}, acc[n + 1]);
      }
    }
  }

  /// Lane q of a quad reads its 16 tokens of channel g in one load: see PACKED_LAYOUT.md.
  static void multiplyPacked(TileType v, ValueRange a, Value b, std::vector<Four> &acc, Emitter &e) {
    ElementFormat format = v.elementFormat();
    Widener widener(e, format);
    FragmentPlace place = fragmentPlace(e);
    int64_t channels = v.rows(), tiles = v.columns() / kTokenTile, elementBytes = packedElementBytes(v);
    int64_t channelBytes = kTokenTile * elementBits(format) / 8, words = channelBytes / 16;
    int64_t channelScales = widener.hasGroups() ? kTokenTile / scaleGroup(format) : 0,
            scalesPerWord = channelScales / 2;
    Value elements = e.address(b, e.add(e.mul(place.g, channelBytes), e.mul(place.q, channelBytes / 4)));
    Value scales = e.address(b, e.add(e.mul(place.g, channelScales), e.i32(elementBytes)));
    Value blockScale;
    if (!widener.hasGroups())
      blockScale = e.fmul(e.load(e.f32(), e.address(b, elementBytes), 4), e.f32(kWidenedFp8));
    Value zero = e.f32(0);
    for (int64_t n = 0; n < channels / 8; ++n) {
      // A scale of the whole block multiplies the block's sum: a power of two, so that only the addition rounds.
      Four sum = blockScale ? Four{zero, zero, zero, zero} : acc[n];
      for (int64_t tile = 0; tile < tiles; ++tile) {
        int64_t channel = tile * channels + 8 * n;
        Value packed = e.load(e.vector(words, e.i32()), e.address(elements, channel * channelBytes), 4 * words);
        Value codes =
            blockScale ? Value() : widener.loadCodes(e.address(scales, channel * channelScales), channelScales);
        int64_t step = tile * kTokenTile / 16;
        for (int64_t word = 0; word < words; ++word) {
          // A word of nvfp4 holds groups 2 word and 2 word + 1: nibbles j and j + 4 have different scales.
          Value pairScales =
              blockScale ? Value() : widener.scales(codes, scalesPerWord * word, scalesPerWord * (word + 1) - 1);
          SmallVector<Value> pairs = widener.widen(e.extract(packed, word), pairScales);
          for (size_t pair = 0; pair < pairs.size(); pair += 2, ++step)
            sum = mma(e, widenedFormat(format), a.slice(4 * step, 4), {pairs[pair], pairs[pair + 1]}, sum);
        }
      }
      for (size_t c = 0; c < 4; ++c)
        acc[n][c] = blockScale ? e.fma(sum[c], blockScale, acc[n][c]) : sum[c];
    }
  }
};

} // namespace

void portable::populateMmaPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertDot, ConvertAccumulate>(converter, patterns.getContext());
}
