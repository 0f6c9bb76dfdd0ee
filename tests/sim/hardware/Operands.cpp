//===- Operands.cpp - random and special operands ---------------------------===//

#include "tests/sim/hardware/Operands.h"

#include <iterator>

namespace thrift::sim::hardware {

uint32_t kindBytes(Kind kind) {
  switch (kind) {
  case Kind::U8:
    return 1;
  case Kind::U16:
  case Kind::Half:
    return 2;
  case Kind::U64:
  case Kind::F64:
  case Kind::NaN64:
    return 8;
  default:
    return 4;
  }
}

template <size_t N, typename T>
static T pick(const T (&values)[N], Random &random) {
  return values[random.below(N)];
}

uint64_t drawInteger(unsigned bits, Random &random) {
  uint64_t top = uint64_t(1) << (bits - 1), all = top | (top - 1);
  if (random.below(4) != 0)
    return random.next() >> random.below(60) & all;
  const uint64_t kEdges[] = {0, 1, 2, 31, 32, 33, 63, 64, 255, 256, top - 1, top, top + 1, all, all - 1, all >> 1};
  return pick(kEdges, random) & all;
}

uint32_t drawFloat(Random &random) {
  static constexpr uint32_t kEdges[] = {
      0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F800001,
      0x00000001, 0x80000001, 0x007FFFFF, 0x00800000, 0x80800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x3F000000, 0x3FC00000,
      0x4B000000, 0x4F000000, 0xCF000000, 0x477FF000, 0x33800000, 0x43E00000, 0x5F000000, 0xDF000000};
  uint32_t choice = random.below(8), word = random.word();
  if (choice == 0)
    return pick(kEdges, random);
  if (choice < 5) // near one
    return (word & 0x807FFFFF) | uint32_t(random.between(110, 145)) << 23;
  if (choice == 5) // few significant bits: ties of narrower formats
    return (word & 0x80701000) | uint32_t(random.between(100, 149)) << 23;
  return word;
}

uint64_t drawDouble(Random &random) {
  static constexpr uint64_t kEdges[] = {0x0000000000000000, 0x8000000000000000, 0x3FF0000000000000, 0xBFF0000000000000,
                                        0x3FE0000000000000, 0x3FF8000000000000, 0x4004000000000000, 0x41E0000000000000,
                                        0xC1E0000000000000, 0x43E0000000000000, 0xC3E0000000000000, 0x43F0000000000000,
                                        0x0000000000000001, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF,
                                        0x3698000000000000, 0x47EFFFFFE0000000, 0x7FF0000000000000, 0xFFF0000000000000,
                                        0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001};
  uint32_t choice = random.below(8);
  uint64_t word = random.next();
  if (choice == 0)
    return pick(kEdges, random);
  if (choice < 5)
    return (word & 0x800FFFFFFFFFFFFF) | uint64_t(random.between(1000, 1045)) << 52;
  return word;
}

uint16_t drawHalf(Random &random) {
  static constexpr uint16_t kEdges[] = {0x0000, 0x8000, 0x3C00, 0xBC00, 0x7C00, 0xFC00, 0x7E00, 0x7C01, 0x0001, 0x8001,
                                        0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x3F80, 0xBF80, 0x7F80, 0xFF80, 0x7F7F, 0x0080};
  return random.below(8) == 0 ? pick(kEdges, random) : static_cast<uint16_t>(random.word());
}

/// Uniform in [-limit, limit], on the grid of f32.
static uint32_t drawAngle(float limit, Random &random) {
  float unit = static_cast<float>(static_cast<int32_t>(random.word())) * 0x1p-31f;
  float angle = random.below(8) == 0 ? unit * 0x1p-10f : unit * limit;
  uint32_t word;
  std::memcpy(&word, &angle, 4);
  return word;
}

uint64_t drawValue(Kind kind, Random &random) {
  switch (kind) {
  case Kind::U8:
  case Kind::U16:
  case Kind::U32:
  case Kind::U64:
    return drawInteger(8 * kindBytes(kind), random);
  case Kind::Bits8:
    return random.below(4) == 0 ? random.below(256) : random.below(66);
  case Kind::F32:
    return drawFloat(random);
  case Kind::F64:
    return drawDouble(random);
  case Kind::NaN64: {
    uint64_t value = drawDouble(random), payload = random.next() >> random.below(52);
    return random.below(3) == 0 ? value : (value & 1) << 63 | 0x7FF0000000000001 | (payload & 0x000FFFFFFFFFFFFF);
  }
  case Kind::Half:
    return drawHalf(random);
  case Kind::Half2: {
    uint32_t low = drawHalf(random);
    return low | uint32_t(drawHalf(random)) << 16;
  }
  case Kind::Angle:
    return drawAngle(6.28f, random);
  case Kind::WideAngle:
    return drawAngle(314.0f, random);
  }
  return 0;
}

Operand operandOf(Kind kind) {
  return {kindBytes(kind), [kind](Random &random, uint32_t, uint8_t *data) {
            uint64_t value = drawValue(kind, random);
            std::memcpy(data, &value, kindBytes(kind));
          }};
}

//===----------------------------------------------------------------------===//
// Elements of matrices
//===----------------------------------------------------------------------===//

namespace {
struct FormatFacts {
  unsigned bits, exponentBits, mantissaBits, lowBits; ///< lowBits: below the mantissa, read by nobody (tf32)
  bool hasInfinity;                                   ///< else the highest exponent is finite, its last code a NaN
};
constexpr FormatFacts kFormats[] = {
    {16, 5, 10, 0, true}, {16, 8, 7, 0, true}, {32, 8, 10, 13, true},
    {8, 4, 3, 0, false},  {8, 5, 2, 0, true},  {32, 8, 23, 0, true},
};
} // namespace

unsigned formatBits(MatrixFormat format) { return kFormats[size_t(format)].bits; }

uint32_t drawElement(MatrixFormat format, Spread spread, Random &random) {
  const FormatFacts &facts = kFormats[size_t(format)];
  unsigned shift = facts.mantissaBits + facts.lowBits;
  uint32_t exponents = 1u << facts.exponentBits, bias = exponents / 2 - 1;
  uint32_t word = random.word();
  uint32_t fraction = word & ((1u << shift) - 1);
  uint32_t sign = word >> 31 << (facts.bits - 1);
  uint32_t exponent = 0;
  if (spread == Spread::Special && random.below(64) == 0) {
    static constexpr uint8_t kChoices[] = {0, 0, 0, 1, 1, 2, 3};
    switch (pick(kChoices, random)) {
    case 0:
      return sign; // zero
    case 1:
      return sign | fraction; // subnormal
    case 2:
      return sign | (exponents - 1) << shift | (facts.hasInfinity ? 0 : (1u << shift) - 1);
    default:
      return sign | (exponents - 1) << shift | (facts.hasInfinity ? fraction : (1u << shift) - 1);
    }
  }
  if (spread == Spread::Full) {
    // F32 accumulators stay where sums of products of the narrower formats are.
    exponent = format == MatrixFormat::F32 ? bias - 30 + random.below(60) : random.below(exponents - facts.hasInfinity);
  } else {
    uint32_t width = spread == Spread::Narrow ? 4 : 16;
    if (width > bias)
      width = bias;
    exponent = bias - width / 2 + random.below(width);
  }
  uint32_t code = exponent << shift | fraction;
  if (!facts.hasInfinity && code == (exponents << shift) - 1)
    --code; // e4m3: the last code is the NaN
  return sign | code;
}

void fillElements(MatrixFormat format, Spread spread, Random &random, uint8_t *data, size_t bytes) {
  unsigned size = formatBits(format) / 8;
  for (size_t i = 0; i + size <= bytes; i += size) {
    uint32_t element = drawElement(format, spread, random);
    std::memcpy(data + i, &element, size);
  }
}

} // namespace thrift::sim::hardware
