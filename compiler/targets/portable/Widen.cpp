//===- Widen.cpp - packed elements to the 16-bit operands of mma.sync -------===//

#include "compiler/targets/portable/Widen.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

ElementFormat portable::widenedFormat(ElementFormat packed) {
  return packed == ElementFormat::MXFP4 ? ElementFormat::BF16 : ElementFormat::F16;
}

int32_t portable::widenedLog2(ElementFormat packed) { return packed == ElementFormat::NVFP4 ? 7 : 0; }

TileLayout portable::probabilityLayout(ElementFormat v) {
  bool nibbles = v == ElementFormat::NVFP4 || v == ElementFormat::MXFP4;
  return nibbles ? TileLayout::OperandAWidened : TileLayout::OperandA;
}

Value Widener::loadCodes(Value address, int64_t count) {
  Type type = count == 1 ? e.i8() : count == 2 ? e.i16() : e.i32();
  Value codes = e.load(type, address, count);
  if (count < 4)
    codes = e.widen32(codes);
  if (format != ElementFormat::NVFP4)
    return codes;
  // Scales have no sign, so bit 7 is free to mark a NaN: only its code, 0x7F, carries into bit 7 when one is added.
  return e.bor(codes, e.band(e.add(codes, 0x01010101), 0x80808080));
}

Value Widener::scales(Value codes, int64_t low, int64_t high) {
  auto code = [&](int64_t n) { return e.band(e.shr(codes, 8 * n), 0xFF); };
  if (format == ElementFormat::MXFP4) {
    // The exponent of a bf16 is that of UE8M0. Code 0 is 2^-127, a subnormal; 0xFF becomes infinity, which times the
    // zeros of such a group is the NaN that it stands for.
    auto bits = [&](int64_t n) { return e.max(e.shl(code(n), 7), e.i32(0x40)); };
    Value first = bits(low);
    return e.bor(first, e.shl(high == low ? first : bits(high), 16));
  }
  // The bits of an E4M3 code, moved up by 7, are an f16 of 2^-8 of its value, subnormals included. The mark of a NaN
  // moves to bit 14 and completes an exponent of ones.
  Value first = code(low), second = high == low ? first : code(high);
  Value moved = e.bor(e.shl(first, 7), e.shl(second, 23));
  return e.fmul(e.bitcast(moved, e.half2()), e.half2(0x78007800)); // times 2^15: 2^7 in all
}

SmallVector<Value> Widener::widen(Value word, Value scales) {
  if (format == ElementFormat::NVFP4)
    return widenNvfp4(word, scales);
  return format == ElementFormat::MXFP4 ? widenMxfp4(word, scales) : widenFp8(word);
}

SmallVector<Value> Widener::widenNvfp4(Value word, Value scales) {
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

SmallVector<Value> Widener::widenMxfp4(Value word, Value scales) {
  // The same in bf16: magnitude to bits 8..6 gives 2^-126 of the value. Two multiplications, because 2^126 times a
  // scale may be more than a bf16 holds; as fma with -0, which sm_80 has.
  Type pair = e.vector(2, e.builder.getBF16Type());
  auto multiply = [&](Value a, Value b) {
    auto operand = [&](Value bits) { return e.bitcast(bits, pair); };
    Value product = e.intrinsic("llvm.nvvm.fma.rn.bf16x2", pair, {operand(a), operand(b), operand(e.i32(0x80008000))});
    return e.bitcast(product, e.i32());
  };
  SmallVector<Value> pairs;
  for (int64_t j = 0; j < 4; ++j) {
    Value sign = e.band(e.shl(word, 12 - 4 * j), 0x80008000);
    Value magnitude = e.band(j < 2 ? e.shl(word, 6 - 4 * j) : e.shr(word, 4 * j - 6), 0x01C001C0);
    Value value = multiply(e.bor(sign, magnitude), e.i32(0x7E807E80)); // 2^126
    pairs.push_back(multiply(value, scales));
  }
  return pairs;
}

SmallVector<Value> Widener::widenFp8(Value word) {
  // Each byte to the upper half of 16 bits; the sign stays there, the other seven bits move to 13..7.
  SmallVector<Value> pairs;
  for (int64_t selector : {0x1404, 0x3424}) { // byte 4 is the second operand's, zero
    Value bytes = e.intrinsic("llvm.nvvm.prmt", e.i32(), {word, e.i32(0), e.i32(selector)});
    Value magnitude = e.band(e.shr(bytes, 1), 0x3F803F80);
    pairs.push_back(e.bitcast(e.bor(e.band(bytes, 0x80008000), magnitude), e.half2()));
  }
  return pairs;
}

LaneScales::LaneScales(Emitter &e, Widener &widener, ElementFormat format, int64_t channels, Value q)
    : e(e), widener(widener) {
  int64_t group = scaleGroup(format);
  if (!group)
    return;
  rowBytes = channels / group;
  int64_t mine = channels / 4;
  count = std::max<int64_t>(1, mine / group); // two lanes may share a group
  wordsPerScale = std::min(mine, group) / widener.wordElements();
  offset = e.divide(e.mul(q, mine), group);
}

Value LaneScales::load(Value row) { return widener.loadCodes(e.address(row, offset), count); }

Value LaneScales::ofWord(Value codes, int64_t word) {
  if (!count)
    return {};
  int64_t group = word / wordsPerScale;
  Value &scales = known[{codes, group}];
  if (!scales)
    scales = widener.scales(codes, group, group);
  return scales;
}
