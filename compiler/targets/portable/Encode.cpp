//===- Encode.cpp - f32 to the codes of the low formats ---------------------===//

#include "compiler/targets/portable/Encode.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

/// Two codes of eight bits in an i16, `second` in the upper byte: cvt's first operand becomes the upper half.
static Value convertPair(Emitter &e, StringRef intrinsic, Value first, Value second) {
  return e.widen32(e.intrinsic(intrinsic, e.i16(), {second, first}));
}

/// E4M3 code of a non-negative finite f32 by arithmetic.
static Value roundE4m3(Emitter &e, Value x) {
  Value bounded = e.fminNumber(x, e.f32(448.0f));
  Value bits = e.bitcast(bounded, e.i32());
  // Normal: round the mantissa to 3 bits in place; the exponent's bias changes by 120, which stands 3 bits up.
  Value rounded = e.add(e.add(bits, e.i32(0x7FFFF)), e.band(e.shr(bits, 20), 1));
  Value normal = e.sub(e.shr(rounded, 20), e.i32(120 << 3));
  Value subnormal = e.toInt(e.fmul(bounded, e.f32(512.0f))); // multiples of 2^-9
  return e.select(e.fcompare(FloatPredicate::olt, bounded, e.f32(0.015625f)), subnormal, normal);
}

Value Encoder::e4m3Scale(Value x) {
  return nativeFp8 ? convertPair(e, "llvm.nvvm.ff.to.e4m3x2.rn", x, e.f32(0)) : roundE4m3(e, x);
}

Value Encoder::decodeE4m3(Value code) {
  Value normal = e.bitcast(e.shl(e.add(code, 120 << 3), 20), e.f32());
  Value subnormal = e.fmul(e.toFloat(code), e.f32(1.0f / 512));
  return e.select(e.less(code, e.i32(8)), subnormal, normal);
}

Value Encoder::ue8m0Scale(Value x) {
  if (nativeFp4) // two of the same: a zero beside it would have to be masked off again
    return e.band(convertPair(e, "llvm.nvvm.ff.to.ue8m0x2.rp.satfinite", x, x), 0xFF);
  // A mantissa above that of the power of two asks for the next code. In a subnormal f32 the power is 2^-127.
  Value bits = e.bitcast(x, e.i32()), exponent = e.shr(bits, 23);
  Value isSubnormal = e.compare(Predicate::eq, exponent, e.i32(0));
  Value exact = e.select(isSubnormal, e.i32(0x400000), e.i32(0));
  Value above = e.compare(Predicate::sgt, e.band(bits, 0x7FFFFF), exact);
  return e.min(e.add(exponent, e.select(above, e.i32(1), e.i32(0))), e.i32(254));
}

Value Encoder::e4m3Word(ValueRange x) {
  if (nativeFp8) {
    auto pair = [&](int64_t n) { return convertPair(e, "llvm.nvvm.ff.to.e4m3x2.rn", x[n], x[n + 1]); };
    return e.bor(pair(0), e.shl(pair(2), 16));
  }
  Value word;
  for (int64_t n = 0; n < 4; ++n) {
    Value sign = e.band(e.shr(e.bitcast(x[n], e.i32()), 24), 0x80);
    Value code = e.shl(e.bor(roundE4m3(e, e.fabs(x[n])), sign), 8 * n);
    word = n ? e.bor(word, code) : code;
  }
  return word;
}

/// Steps are 1/2 below 2, 1 below 4, 2 above; values saturate at 6.
Value Encoder::e2m1(Value x) {
  Value bits = e.bitcast(x, e.i32());
  Value magnitude = e.fminNumber(e.fabs(x), e.f32(6.0f));
  Value fine = e.toInt(e.fmul(magnitude, e.f32(2.0f)));
  Value middle = e.add(e.toInt(magnitude), 2);
  Value coarse = e.add(e.toInt(e.fmul(magnitude, e.f32(0.5f))), 4);
  auto below = [&](float bound) { return e.fcompare(FloatPredicate::olt, magnitude, e.f32(bound)); };
  Value code = e.select(below(2.0f), fine, e.select(below(4.0f), middle, coarse));
  return e.bor(code, e.band(e.shr(bits, 28), 8));
}

Value Encoder::e2m1Word(ValueRange x) {
  Value word = e.i32(0);
  if (nativeFp4) {
    for (int64_t n = 0; n < 8; n += 2) {
      Value pair = convertPair(e, "llvm.nvvm.ff.to.e2m1x2.rn.satfinite", x[n], x[n + 1]);
      word = e.bor(word, e.shl(e.band(pair, 0xFF), 4 * n));
    }
    return word;
  }
  for (int64_t n = 0; n < 8; ++n)
    word = e.bor(word, e.shl(e2m1(x[n]), 4 * n));
  return word;
}
