//===- WideEvaluation.h - an independent evaluation of the MMA recipe --------===//
//
// The recipe of Mma.h once more, with nothing in common with the library: operands are decoded from their codes, every
// term is an exact binary number of 1536 bits, truncation clears bits, and positive and negative terms are added apart.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_ARITH_WIDEEVALUATION_H
#define THRIFTJIT_TESTS_SIM_ARITH_WIDEEVALUATION_H

#include "Operands.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace thrift::sim::test {

/// An unsigned binary number; bit i weighs 2^(i - kPoint).
class Wide {
public:
  static constexpr int kBits = 1536, kPoint = 768;

  void add(uint64_t value, int exponent) { // value * 2^exponent
    for (int bit = 0; value >> bit; ++bit)
      if (value >> bit & 1)
        addBit(exponent + bit + kPoint);
  }
  void add(const Wide &other) {
    for (int i = 0; i < kBits; ++i)
      if (other.bit(i))
        addBit(i);
  }
  void clearBelow(int exponent) {
    int end = std::min(std::max(exponent + kPoint, 0), kBits);
    std::fill(bits.begin(), bits.begin() + end, false);
  }
  bool bit(int index) const { return bits[static_cast<size_t>(index)]; }
  /// The exponent of the highest bit set; the number is not zero.
  int highest() const {
    int i = kBits - 1;
    while (!bit(i))
      --i;
    return i - kPoint;
  }
  bool isZero() const {
    return std::none_of(bits.begin(), bits.end(), [](bool b) { return b; });
  }
  bool operator<(const Wide &o) const {
    for (int i = kBits - 1; i >= 0; --i)
      if (bit(i) != o.bit(i))
        return o.bit(i);
    return false;
  }
  /// this - o; o is not larger.
  Wide minus(const Wide &o) const {
    Wide result = *this;
    for (int i = 0; i < kBits; ++i)
      if (o.bit(i)) {
        int j = i;
        for (; !result.bit(j); ++j)
          result.bits[static_cast<size_t>(j)] = true;
        result.bits[static_cast<size_t>(j)] = false;
      }
    return result;
  }
  /// The bits from `lowest` up, as a number in units of 2^lowest.
  double above(int lowest) const {
    double value = 0;
    for (int i = kBits - 1; i >= lowest + kPoint; --i)
      value = 2 * value + bit(i);
    return value;
  }
  bool anyBelow(int exponent) const {
    return std::any_of(bits.begin(), bits.begin() + (exponent + kPoint), [](bool b) { return b; });
  }

private:
  void addBit(int index) {
    for (; bit(index); ++index)
      bits[static_cast<size_t>(index)] = false;
    bits[static_cast<size_t>(index)] = true;
  }

  std::array<bool, kBits> bits{};
};

/// An element, taken apart: (-1)^negative * significand * 2^(exponent - mantissa bits).
struct Parts {
  bool negative = false, infinite = false, nan = false;
  uint64_t significand = 0;
  int exponent = 0, fraction = 0;
};

inline Parts partsOf(MmaElement element, uint32_t code) {
  FormatBits f = formatBits(element);
  if (element == MmaElement::TF32)
    code >>= 13;
  uint32_t fields = 1u << f.exponent;
  uint32_t mantissa = code & ((1u << f.mantissa) - 1), field = code >> f.mantissa & (fields - 1);
  Parts p;
  p.negative = code >> (f.mantissa + f.exponent) & 1;
  p.fraction = f.mantissa;
  if (f.infinities && field == fields - 1) {
    p.infinite = mantissa == 0;
    p.nan = mantissa != 0;
  }
  if (element == MmaElement::E4M3 && field == fields - 1 && mantissa == 7)
    p.nan = true;
  p.significand = field ? mantissa + (1u << f.mantissa) : mantissa;
  p.exponent = static_cast<int>(std::max(field, 1u)) - static_cast<int>(fields / 2 - 1);
  return p;
}

inline Parts partsOfSum(float c, bool isF16) {
  uint32_t bits = bitsOfF32(c), field = bits >> 23 & 0xFF;
  Parts p;
  p.negative = bits >> 31;
  p.fraction = 23;
  p.infinite = field == 255 && !(bits & 0x7FFFFF);
  p.nan = field == 255 && (bits & 0x7FFFFF);
  p.significand = (bits & 0x7FFFFF) | (field ? 1u << 23 : 0);
  p.exponent = static_cast<int>(std::max(field, 1u)) - 127;
  for (; isF16 && p.exponent < -14 && p.significand; ++p.exponent)
    ++p.fraction; // the same value, written with the smallest exponent of f16
  return p;
}

/// A product or a scaled sum, whose exponent takes part in the alignment unless it is zero.
struct WideTerm {
  bool negative;
  uint64_t significand;
  int exponent, fraction;
  bool raises;
};

/// Aligns, truncates, adds and rounds.
inline float roundTerms(const std::vector<WideTerm> &terms, int fractionBits, MmaRounding rounding) {
  int top = kMinAlignmentExponent;
  for (const WideTerm &t : terms)
    if (t.raises)
      top = std::max(top, t.exponent);
  Wide positive, negative;
  for (const WideTerm &t : terms) {
    Wide term;
    term.add(t.significand, t.exponent - t.fraction);
    term.clearBelow(top - fractionBits);
    (t.negative ? negative : positive).add(term);
  }
  bool minus = positive < negative;
  Wide sum = minus ? negative.minus(positive) : positive.minus(negative);
  if (sum.isZero())
    return 0.0f;
  bool f16 = rounding == MmaRounding::F16NearestEven;
  int precision = f16 ? 11 : rounding == MmaRounding::E8M13TowardZero ? 14 : 24;
  int last = std::max(sum.highest(), f16 ? -14 : -126) - precision + 1;
  double kept = sum.above(last);
  if (f16 && sum.bit(last - 1 + Wide::kPoint) && (sum.anyBelow(last - 1) || std::fmod(kept, 2) == 1))
    kept += 1;
  double value = std::ldexp(kept, last);
  if (value >= (f16 ? 0x1p16 : 0x1p128))
    value = HUGE_VAL;
  return static_cast<float>(minus ? -value : value);
}

/// What infinities and NaN make of a step; `decided` is false if there are none.
struct SpecialResult {
  bool decided;
  float value;
};
inline SpecialResult specialsOf(const std::vector<Parts> &a, const std::vector<Parts> &b, const Parts &c) {
  bool nan = c.nan, plus = c.infinite && !c.negative, minus = c.infinite && c.negative;
  for (size_t i = 0; i < a.size(); ++i) {
    bool infinite = a[i].infinite || b[i].infinite;
    bool zero = (a[i].significand == 0 && !a[i].infinite) || (b[i].significand == 0 && !b[i].infinite);
    nan |= a[i].nan || b[i].nan || (infinite && zero);
    if (infinite && !zero)
      (a[i].negative != b[i].negative ? minus : plus) = true;
  }
  if (nan || (plus && minus))
    return {true, f32OfBits(0x7FFFFFFF)};
  if (plus || minus)
    return {true, plus ? HUGE_VALF : -HUGE_VALF};
  return {false, 0};
}

/// One step of plain products.
inline float wideStep(const MmaModel &model, MmaElement aElement, const std::vector<uint32_t> &a, MmaElement bElement,
                      const std::vector<uint32_t> &b, float c) {
  std::vector<Parts> x, y;
  for (size_t i = 0; i < a.size(); ++i) {
    x.push_back(partsOf(aElement, a[i]));
    y.push_back(partsOf(bElement, b[i]));
  }
  Parts z = partsOfSum(c, model.rounding == MmaRounding::F16NearestEven);
  SpecialResult special = specialsOf(x, y, z);
  if (special.decided)
    return special.value;
  std::vector<WideTerm> terms = {{z.negative, z.significand, z.exponent, z.fraction, z.significand != 0}};
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t significand = x[i].significand * y[i].significand;
    terms.push_back({x[i].negative != y[i].negative, significand, x[i].exponent + y[i].exponent,
                     x[i].fraction + y[i].fraction, significand != 0});
  }
  return roundTerms(terms, model.fractionBits, model.rounding);
}

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_ARITH_WIDEEVALUATION_H
