//===- Oracle.h - rounding by search, in float64 ----------------------------------------------===//
//
// The independent judge of the encoders: a format is the sorted list of its non-negative values, computed from the
// definition of its bit fields, and rounding is a search for the nearest one. Shares no code with dialect/formats.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_FORMATS_ORACLE_H
#define THRIFTJIT_TESTS_FORMATS_ORACLE_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace thrift::oracle {

/// An IEEE-like format: sign, exponent, mantissa.
struct Format {
  const char *name;
  int exponentBits, mantissaBits, bias;
  uint32_t largestFinite; ///< code
  bool saturates;         ///< else values past the largest round to the next code, which is infinity
  uint32_t nanCode;       ///< what NaN encodes to

  int signShift() const { return exponentBits + mantissaBits; }
};

inline const Format kF16{"f16", 5, 10, 15, 0x7BFF, false, 0x7FFF};
inline const Format kBf16{"bf16", 8, 7, 127, 0x7F7F, false, 0x7FFF};
inline const Format kE4m3{"e4m3", 4, 3, 7, 0x7E, true, 0x7F};
inline const Format kE2m1{"e2m1", 2, 1, 1, 7, true, 7};

/// Value of a code without sign, by the definition; also right one past the largest finite code.
inline double magnitudeOf(const Format &format, uint32_t code) {
  uint32_t exponent = code >> format.mantissaBits;
  uint32_t mantissa = code & ((1u << format.mantissaBits) - 1);
  if (exponent == 0)
    return std::ldexp(mantissa, 1 - format.bias - format.mantissaBits);
  return std::ldexp(mantissa + (1u << format.mantissaBits),
                    static_cast<int>(exponent) - format.bias - format.mantissaBits);
}

class Encoder {
public:
  explicit Encoder(const Format &format) : format(format) {
    uint32_t last = format.largestFinite + (format.saturates ? 0 : 1); // where infinity begins
    for (uint32_t code = 0; code <= last; ++code)
      values.push_back(magnitudeOf(format, code));
  }

  uint32_t operator()(float x) const {
    if (std::isnan(x))
      return format.nanCode;
    uint32_t sign = std::signbit(x) ? 1u << format.signShift() : 0u;
    double magnitude = std::fabs(static_cast<double>(x));
    size_t above = std::lower_bound(values.begin(), values.end(), magnitude) - values.begin();
    if (above == values.size())
      return sign | static_cast<uint32_t>(values.size() - 1);
    if (above == 0)
      return sign;
    double toAbove = values[above] - magnitude, toBelow = magnitude - values[above - 1];
    bool up = toAbove < toBelow || (toAbove == toBelow && above % 2 == 0);
    return sign | static_cast<uint32_t>(up ? above : above - 1);
  }

  const Format format;
  std::vector<double> values;
};

/// Floats that decide between any two adjacent values of the format: every value, every midpoint, their neighbours in
/// f32, with both signs; zeros, infinities, NaNs, the ends of f32.
inline std::vector<float> decisiveFloats(const Encoder &encoder) {
  std::vector<float> floats = {0.0f, INFINITY, NAN, 0x1p-149f, 0x1p-126f, 0x1.fffffep127f};
  auto addWithNeighbours = [&floats](double value) {
    float x = static_cast<float>(value);
    for (float y : {x, std::nextafter(x, INFINITY), std::nextafter(x, -INFINITY)})
      floats.push_back(y);
  };
  const std::vector<double> &values = encoder.values;
  for (size_t i = 0; i < values.size(); ++i) {
    addWithNeighbours(values[i]);
    if (i + 1 < values.size())
      addWithNeighbours((values[i] + values[i + 1]) / 2);
  }
  size_t count = floats.size();
  for (size_t i = 0; i < count; ++i)
    floats.push_back(-floats[i]);
  return floats;
}

/// Half of them random bits, so of any magnitude, infinities and NaNs included; half spread over the exponents of the
/// format.
inline std::vector<float> randomFloats(const Format &format, int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> exponent(-format.bias - format.mantissaBits - 2,
                                              (1 << format.exponentBits) - format.bias);
  std::vector<float> floats;
  for (int i = 0; i < count; ++i) {
    uint32_t bits = random();
    float x;
    std::memcpy(&x, &bits, sizeof(x));
    if (i % 2 == 1) {
      float mantissa = 1.0f + static_cast<float>(bits & 0x7FFFFFu) * 0x1p-23f;
      x = std::ldexp(bits >> 31 ? -mantissa : mantissa, exponent(random));
    }
    floats.push_back(x);
  }
  return floats;
}

} // namespace thrift::oracle

#endif // THRIFTJIT_TESTS_FORMATS_ORACLE_H
