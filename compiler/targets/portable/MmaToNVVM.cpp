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

//===----------------------------------------------------------------------===//
// Widening FP4
//===----------------------------------------------------------------------===//

Value portable::markNaN(Emitter &e, Value codes) {
  // Only E4M3's NaN, 0x7F, carries into bit 7 when one is added.
  return e.bor(codes, e.band(e.add(codes, 0x01010101), 0x80808080));
}

Value portable::widenScales(Emitter &e, Value low, Value high) {
  // The bits of an E4M3 code, moved up by 7, are an f16 of 2^-8 of its value, subnormals included. The mark of a NaN
  // moves to bit 14 and completes an exponent of ones.
  Value codes = e.bor(e.shl(low, 7), e.shl(high, 23));
  return e.fmul(e.bitcast(codes, e.half2()), e.half2(0x78007800)); // times 2^15: 2^7 in all
}

Value portable::loadCodes(Emitter &e, Value address, int64_t count) {
  Value codes = count == 1 ? e.load(e.i8(), address, 1) : e.load(e.i16(), address, 2);
  return markNaN(e, e.widen32(codes));
}

SmallVector<Value> portable::widenWord(Emitter &e, Value word, Value scales) {
  // Nibbles j and j + 4 lie 16 bits apart, as the halves of an f16 pair do. Sign to bit 15, magnitude to bits 11..9:
  // read as f16 this is 2^-14 of the E2M1 value, its one subnormal included.
  SmallVector<Value> pairs;
  for (int64_t j = 0; j < 4; ++j) {
    Value sign = e.band(e.shl(word, 12 - 4 * j), 0x80008000);
    Value magnitude = e.band(j < 3 ? e.shl(word, 9 - 4 * j) : e.shr(word, 3), 0x0E000E00);
    pairs.push_back(e.fmul(e.bitcast(e.bor(sign, magnitude), e.half2()), scales));
  }
  return pairs;
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
    if (hasScales(keys.elementFormat()))
      multiplyPacked(keys, adaptor.getLhs(), adaptor.getRhs().front(), logits, e);
    else
      multiply(keys, adaptor.getLhs(), adaptor.getRhs().front(), logits, e);
    SmallVector<Value> values;
    for (const Four &four : logits)
      for (Value value : four)
        values.push_back(op.getPoison() ? e.fma(value, zero, value) : value); // inf * 0 is NaN
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

  /// Lane q of a quad reads the channels [q D/4, (q + 1) D/4) of key g in one load.
  static void multiplyPacked(TileType keys, ValueRange a, Value b, std::vector<Four> &logits, Emitter &e) {
    int64_t columns = keys.columns(), words = columns / 32, groups = columns / 64;
    FragmentPlace place = fragmentPlace(e);
    Value elements = e.address(b, e.add(e.mul(place.g, columns / 2), e.mul(place.q, columns / 8)));
    Value scales = e.address(
        b, e.add(e.add(e.mul(place.g, columns / kGroupSize), e.mul(place.q, groups)), keys.rows() * columns / 2));
    for (int64_t n = 0; n < keys.rows() / 8; ++n) {
      Value packed = e.load(e.vector(words, e.i32()), e.address(elements, n * 8 * columns / 2), 4 * words);
      SmallVector<Value> scale;
      Value codes = loadCodes(e, e.address(scales, n * 8 * columns / kGroupSize), groups);
      for (int64_t group = 0; group < groups; ++group) {
        Value code = e.band(e.shr(codes, 8 * group), 0xFF);
        scale.push_back(widenScales(e, code, code));
      }
      for (int64_t word = 0; word < words; ++word) {
        SmallVector<Value> pairs = widenWord(e, e.extract(packed, word), scale[word / 2]);
        for (int64_t step = 0; step < 2; ++step) {
          ValueRange operand = a.slice(4 * (2 * word + step), 4);
          logits[n] = mma(e, ElementFormat::F16, operand, {pairs[2 * step], pairs[2 * step + 1]}, logits[n]);
        }
      }
    }
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

  /// Lane q of a quad reads its 16 tokens of channel g in one load of eight bytes: see PACKED_LAYOUT.md.
  static void multiplyPacked(TileType v, ValueRange a, Value b, std::vector<Four> &acc, Emitter &e) {
    int64_t channels = v.rows(), tokens = v.columns(), tileGroups = kTokenTile / kGroupSize;
    FragmentPlace place = fragmentPlace(e);
    Value elements = e.address(b, e.add(e.mul(place.g, kTokenTile / 2), e.mul(place.q, kTokenTile / 8)));
    Value scales = e.address(b, e.add(e.mul(place.g, tileGroups), channels * tokens / 2));
    for (int64_t tile = 0; tile < tokens / kTokenTile; ++tile)
      for (int64_t n = 0; n < channels / 8; ++n) {
        int64_t channel = tile * channels + 8 * n;
        Value packed = e.load(e.vector(2, e.i32()), e.address(elements, channel * kTokenTile / 2), 8);
        Value codes = markNaN(e, e.load(e.i32(), e.address(scales, channel * tileGroups), 4));
        for (int64_t word = 0; word < 2; ++word) {
          // A word holds groups 2 word and 2 word + 1 of 16 tokens: nibbles j and j + 4 have different scales.
          Value low = e.band(e.shr(codes, 16 * word), 0xFF), high = e.band(e.shr(codes, 16 * word + 8), 0xFF);
          SmallVector<Value> pairs = widenWord(e, e.extract(packed, word), widenScales(e, low, high));
          for (int64_t step = 0; step < 2; ++step) {
            ValueRange operand = a.slice(4 * (4 * tile + 2 * word + step), 4);
            acc[n] = mma(e, ElementFormat::F16, operand, {pairs[2 * step], pairs[2 * step + 1]}, acc[n]);
          }
        }
      }
  }
};

} // namespace

void portable::populateMmaPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertDot, ConvertAccumulate>(converter, patterns.getContext());
}
