//===- Operands.h - random operands that reach the corners -------------------===//
//
// Random encoded elements and accumulators for the MMA tests. A style is drawn per matrix, so that whole tiles are
// ordinary (the vector path) and others are full of subnormals, infinities or cancellation (the way back to the
// reference).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_ARITH_OPERANDS_H
#define THRIFTJIT_TESTS_SIM_ARITH_OPERANDS_H

#include "dialect/formats/FloatBits.h"
#include "runtime/sim/arith/Mma.h"

#include <cstdint>
#include <random>
#include <vector>

namespace thrift::sim::test {

enum class Style {
  Ordinary,   ///< values around 1, as in a real product
  AnyFinite,  ///< uniform over all finite codes: the whole exponent range
  AnyCode,    ///< uniform over all codes, infinities and NaN included
  Small,      ///< subnormals, zeros and the smallest normal numbers
  Large,      ///< the largest exponents
  Sparse,     ///< mostly zeros of both signs
  OneSpecial, ///< ordinary, with a rare infinity or NaN
};
inline constexpr int kStyles = 7;

struct FormatBits {
  int exponent, mantissa;
  bool infinities; ///< the largest exponent field is infinity and NaN
};

inline FormatBits formatBits(MmaElement element) {
  switch (element) {
  case MmaElement::F16:
    return {5, 10, true};
  case MmaElement::BF16:
    return {8, 7, true};
  case MmaElement::TF32:
    return {8, 10, true};
  case MmaElement::E4M3:
    return {4, 3, false};
  case MmaElement::E5M2:
    return {5, 2, true};
  case MmaElement::E3M2:
    return {3, 2, false};
  case MmaElement::E2M3:
    return {2, 3, false};
  case MmaElement::E2M1:
    return {2, 1, false};
  }
  return {};
}

/// A code of `element` in that style; TF32 codes come as f32 bits with random low bits, which the hardware ignores.
template <typename Generator>
uint32_t randomCode(MmaElement element, Style style, Generator &random) {
  FormatBits f = formatBits(element);
  uint32_t fields = 1u << f.exponent, mantissas = 1u << f.mantissa;
  uint32_t sign = random() & 1, mantissa = random() % mantissas;
  uint32_t topFinite = f.infinities ? fields - 2 : fields - 1, bias = fields / 2 - 1, field = 0;
  switch (style) {
  case Style::OneSpecial:
    if (random() % 61 == 0) {
      field = fields - 1;
      mantissa = random() % 2 ? 0 : mantissa;
      break;
    }
    [[fallthrough]];
  case Style::Ordinary:
    field = bias + random() % 3 - 1;
    break;
  case Style::AnyFinite:
    field = random() % (topFinite + 1);
    break;
  case Style::AnyCode:
    field = random() % fields;
    break;
  case Style::Small:
    field = random() % 3;
    break;
  case Style::Large:
    field = topFinite - random() % 2;
    break;
  case Style::Sparse:
    field = random() % 4 ? 0 : bias + random() % 3 - 1;
    mantissa = field ? mantissa : 0;
    break;
  }
  if (element == MmaElement::E4M3 && style != Style::AnyCode && style != Style::OneSpecial && field == fields - 1 &&
      mantissa == mantissas - 1)
    mantissa = 0; // that code is NaN
  uint32_t code = ((sign << f.exponent | field) << f.mantissa) | mantissa;
  return element == MmaElement::TF32 ? code << 13 | (random() & 0x1FFF) : code;
}

/// An accumulator: ordinary, zero of either sign, huge, tiny, subnormal, or (rarely, where asked for) not finite.
template <typename Generator>
float randomSum(Style style, Generator &random) {
  uint32_t sign = (random() & 1) << 31, mantissa = random() & 0x7FFFFF;
  switch (random() % 8) {
  case 0:
    return f32OfBits(sign);
  case 1:
    return f32OfBits(sign | (random() % 255) << 23 | mantissa);
  case 2:
    return f32OfBits(sign | mantissa); // subnormal
  case 3:
    if (style == Style::AnyCode || style == Style::OneSpecial)
      return random() % 4 ? f32OfBits(sign | 0x7F800000u) : f32OfBits(0x7FC00001u);
    [[fallthrough]];
  default:
    return f32OfBits(sign | (127 - 12 + random() % 24) << 23 | mantissa);
  }
}

/// Encoded and widened elements of one matrix.
struct RandomMatrix {
  std::vector<uint32_t> codes;
  std::vector<float> values;

  template <typename Generator>
  RandomMatrix(MmaElement element, Style style, size_t count, Generator &random) : codes(count), values(count) {
    for (size_t i = 0; i < count; ++i) {
      codes[i] = randomCode(element, style, random);
      values[i] = widenElement(element, codes[i]);
    }
  }
};

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_ARITH_OPERANDS_H
