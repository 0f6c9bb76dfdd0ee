//===- MmaReference.cpp - one tensor-core dot product, in integers ----------===//

#include "runtime/sim/arith/MmaReference.h"

#include "runtime/sim/arith/Rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>

namespace thrift::sim {

namespace {
/// The number significand * 2^(exponent - fraction). The alignment sees `exponent`, whatever the significand is.
struct Term {
  int64_t significand = 0;
  int exponent = 0;
  int fraction = 0;
  bool raises = false; ///< takes part in the maximum of the exponents
};

/// The terms of one step, whatever their number: only their maximum exponent and, in a second pass, their sum matter.
class Window {
public:
  explicit Window(int fractionBits) : fractionBits(fractionBits) {}

  void raise(const Term &term) {
    if (term.raises)
      top = std::max(top, term.exponent);
  }
  void add(const Term &term) {
    // In units of 2^(top - fractionBits), truncated toward zero. A term that does not raise is zero.
    int left = term.exponent - top + fractionBits - term.fraction;
    if (term.significand == 0 || left <= -63)
      return;
    int64_t magnitude = std::llabs(term.significand);
    magnitude = left >= 0 ? magnitude << left : magnitude >> -left;
    sum += term.significand < 0 ? -magnitude : magnitude;
  }
  float round(MmaRounding rounding) const;

private:
  int fractionBits;
  int top = kMinAlignmentExponent;
  int64_t sum = 0;
};

/// Infinities and NaN decide the result of a step before any alignment.
struct Specials {
  bool nan = false, plus = false, minus = false;

  void see(float value) {
    nan |= std::isnan(value);
    plus |= value == HUGE_VALF;
    minus |= value == -HUGE_VALF;
  }
  bool any() const { return nan || plus || minus; }
  float result() const {
    if (nan || (plus && minus))
      return f32OfBits(kCanonicalNan);
    return plus ? HUGE_VALF : -HUGE_VALF;
  }
};

/// A finite f32 as integer and exponent, with the exponent of a subnormal held at `smallest`.
struct Decoded {
  int64_t significand;
  int exponent;
};

/// A scale factor: significand * 2^(exponent - fraction).
struct Scale {
  int significand;
  int exponent;
  int fraction;
  bool nan;
};
} // namespace

/// significand and exponent of value = significand * 2^(exponent - 23); |significand| < 2^24.
static Decoded decode(float value, int smallest) {
  uint32_t bits = bitsOfF32(value);
  uint32_t field = bits >> 23 & 0xFF;
  int64_t significand = (bits & 0x007FFFFF) | (field ? 0x00800000 : 0);
  int exponent = static_cast<int>(std::max(field, 1u)) - kF32Bias;
  if (exponent < smallest) {
    // An element below its format's normal range has zeros there, so that nothing is lost.
    int shift = std::min(smallest - exponent, 24);
    assert((significand & ((int64_t(1) << shift) - 1)) == 0 && "value is not one of the element format");
    significand >>= shift;
    exponent = smallest;
  }
  return {bits & kF32SignMask ? -significand : significand, exponent};
}

static Scale decodeScale(MmaScaleFormat format, uint8_t code) {
  if (format == MmaScaleFormat::UE8M0)
    return {1, code - 127, 0, code == 0xFF};
  int field = code >> 3 & 0xF, mantissa = code & 7;
  return {field ? 8 + mantissa : mantissa, std::max(field, 1) - 7, 3, (code & 0x7F) == 0x7F};
}

/// C, which has the format of the output: f32, or f16 with its own range of subnormals.
static Term termOf(float c, MmaRounding rounding) {
  Decoded d = decode(c, rounding == MmaRounding::F16NearestEven ? -14 : -126);
  return {d.significand, d.exponent, 23, d.significand != 0};
}

static Term product(float a, int aSmallest, float b, int bSmallest) {
  Decoded x = decode(a, aSmallest), y = decode(b, bSmallest);
  int64_t significand = x.significand * y.significand;
  return {significand, x.exponent + y.exponent, 46, significand != 0};
}

static Term scaled(Term term, Scale a, Scale b) {
  return {term.significand * a.significand * b.significand, term.exponent + a.exponent + b.exponent,
          term.fraction + a.fraction + b.fraction, term.raises && a.significand != 0 && b.significand != 0};
}

float Window::round(MmaRounding rounding) const {
  if (sum == 0)
    return 0.0f;
  bool toF16 = rounding == MmaRounding::F16NearestEven;
  int precision = toF16 ? 11 : rounding == MmaRounding::E8M13TowardZero ? 14 : 24;
  int smallest = toF16 ? -14 : -126;

  uint64_t magnitude = static_cast<uint64_t>(std::llabs(sum));
  int unit = top - fractionBits; // sum counts units of 2^unit
  int length = 0;
  for (uint64_t rest = magnitude; rest; rest >>= 1)
    ++length;
  int lastBit = std::max(unit + length, smallest + 1) - precision; // weight of the output's last bit
  int shift = lastBit - unit;
  if (shift > 0) {
    shift = std::min(shift, 63);
    uint64_t dropped = magnitude & ((uint64_t(1) << shift) - 1), half = uint64_t(1) << (shift - 1);
    magnitude >>= shift;
    if (toF16 && (dropped > half || (dropped == half && (magnitude & 1))))
      ++magnitude;
    unit = lastBit;
  }
  double value = std::ldexp(static_cast<double>(magnitude), unit);
  if (value >= (toF16 ? 0x1p16 : 0x1p128))
    value = HUGE_VAL;
  return static_cast<float>(sum < 0 ? -value : value);
}

/// One step: c + sum over i < k of a[i] b[i].
static float step(const MmaModel &model, int k, DotOperand a, DotOperand b, float c) {
  int aSmallest = minExponent(a.element), bSmallest = minExponent(b.element);
  Specials specials;
  specials.see(c);
  for (int i = 0; i < k; ++i) {
    float x = a.values[i * a.stride], y = b.values[i * b.stride];
    if (!std::isfinite(x) || !std::isfinite(y))
      specials.see(x * y); // infinity times zero is NaN; the magnitude does not matter
  }
  if (specials.any())
    return specials.result();

  Window window(model.fractionBits);
  window.raise(termOf(c, model.rounding));
  for (int i = 0; i < k; ++i)
    window.raise(product(a.values[i * a.stride], aSmallest, b.values[i * b.stride], bSmallest));
  window.add(termOf(c, model.rounding));
  for (int i = 0; i < k; ++i)
    window.add(product(a.values[i * a.stride], aSmallest, b.values[i * b.stride], bSmallest));
  return window.round(model.rounding);
}

float dotReference(const MmaModel &model, int k, DotOperand a, DotOperand b, float c) {
  assert(model.exactGroup == 0 && "the 4-bit kinds have scales");
  for (int first = 0; first < k; first += model.blockK) {
    int count = std::min(model.blockK, k - first);
    c = step(model, count, {a.element, a.values + first * a.stride, a.stride},
             {b.element, b.values + first * b.stride, b.stride}, c);
  }
  return c;
}

/// The term of `count` products that start at `first` and share their scales, summed exactly (E2M1: quarters).
static Term exactGroup(int first, int count, DotOperand a, DotOperand b, Scale aScale, Scale bScale) {
  int64_t quarters = 0;
  for (int i = first; i < first + count; ++i)
    quarters += static_cast<int64_t>(2 * a.values[i * a.stride]) * static_cast<int64_t>(2 * b.values[i * b.stride]);
  return scaled({quarters, 0, 2, true}, aScale, bScale);
}

/// One step over k in [first, first + count).
static float stepScaled(const MmaModel &model, int first, int count, DotOperand a, DotScales aScales, DotOperand b,
                        DotScales bScales, float c) {
  auto aScaleAt = [&](int i) { return decodeScale(aScales.format, aScales.codes[i / aScales.width * aScales.stride]); };
  auto bScaleAt = [&](int i) { return decodeScale(bScales.format, bScales.codes[i / bScales.width * bScales.stride]); };
  int end = first + count;

  Specials specials;
  specials.see(c);
  for (int i = first; i < end; ++i) {
    float x = a.values[i * a.stride], y = b.values[i * b.stride];
    specials.nan |= aScaleAt(i).nan || bScaleAt(i).nan;
    if (!std::isfinite(x) || !std::isfinite(y))
      specials.see(x * y);
  }
  if (specials.any())
    return specials.result();

  int group = model.exactGroup ? model.exactGroup : 1;
  int aSmallest = minExponent(a.element), bSmallest = minExponent(b.element);
  auto termAt = [&](int i) {
    if (model.exactGroup)
      return exactGroup(i, std::min(group, end - i), a, b, aScaleAt(i), bScaleAt(i));
    Term plain = product(a.values[i * a.stride], aSmallest, b.values[i * b.stride], bSmallest);
    return scaled(plain, aScaleAt(i), bScaleAt(i));
  };
  Window window(model.fractionBits);
  window.raise(termOf(c, model.rounding));
  for (int i = first; i < end; i += group)
    window.raise(termAt(i));
  window.add(termOf(c, model.rounding));
  for (int i = first; i < end; i += group)
    window.add(termAt(i));
  return window.round(model.rounding);
}

float dotReferenceScaled(const MmaModel &model, int k, DotOperand a, DotScales aScales, DotOperand b, DotScales bScales,
                         float c) {
  assert((model.exactGroup == 0 || (a.element == MmaElement::E2M1 && b.element == MmaElement::E2M1)) &&
         "exact groups are a matter of 4-bit elements");
  for (int first = 0; first < k; first += model.blockK)
    c = stepScaled(model, first, std::min(model.blockK, k - first), a, aScales, b, bScales, c);
  return c;
}

} // namespace thrift::sim
