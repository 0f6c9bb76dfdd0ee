//===- ElementsTest.cpp - widening of operands ------------------------------===//
//
// Every code of every format: the value follows from sign, exponent and mantissa, and the array forms agree.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Elements.h"

#include "WideEvaluation.h"
#include "dialect/formats/Float16.h"
#include "dialect/formats/Float4.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::sim;
using namespace thrift::sim::test;

static const MmaElement kElements[] = {MmaElement::F16,  MmaElement::BF16, MmaElement::TF32, MmaElement::E4M3,
                                       MmaElement::E5M2, MmaElement::E3M2, MmaElement::E2M3, MmaElement::E2M1};

/// All codes; for TF32, every 13th bit pattern of an f32.
static std::vector<uint32_t> codesOf(MmaElement element) {
  std::vector<uint32_t> codes;
  if (element == MmaElement::TF32) {
    for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 0x2A53)
      codes.push_back(static_cast<uint32_t>(bits));
    return codes;
  }
  for (uint32_t code = 0; code < 1u << bitsOf(element); ++code)
    codes.push_back(code);
  return codes;
}

TEST(Elements, EveryCode) {
  for (MmaElement element : kElements)
    for (uint32_t code : codesOf(element)) {
      Parts p = partsOf(element, code);
      float value = widenElement(element, code);
      if (p.nan) {
        ASSERT_EQ(0x7FFFFFFFu, bitsOfF32(value)) << code;
        continue;
      }
      double magnitude = p.infinite ? HUGE_VAL : std::ldexp(double(p.significand), p.exponent - p.fraction);
      float expected = static_cast<float>(p.negative ? -magnitude : magnitude);
      ASSERT_EQ(bitsOfF32(expected), bitsOfF32(value)) << static_cast<int>(element) << " " << code;
    }
}

TEST(Elements, SmallestExponentIsThatOfTheFormat) {
  for (MmaElement element : kElements)
    EXPECT_EQ(partsOf(element, 0).exponent, minExponent(element)) << static_cast<int>(element);
}

template <typename Code>
static void checkArray(MmaElement element) {
  std::vector<uint32_t> codes = codesOf(element);
  std::vector<Code> packed(codes.begin(), codes.end());
  for (size_t first : {size_t(0), size_t(1), size_t(7)}) {
    if (first >= packed.size())
      continue;
    std::vector<float> values(packed.size() - first);
    widenElements(element, packed.data() + first, values.data(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      float expected = widenElement(element, codes[first + i]);
      if (std::isnan(expected))
        ASSERT_TRUE(std::isnan(values[i]));
      else
        ASSERT_EQ(bitsOfF32(expected), bitsOfF32(values[i])) << codes[first + i];
    }
  }
}

TEST(Elements, Arrays) {
  for (MmaElement element : {MmaElement::F16, MmaElement::BF16})
    checkArray<uint16_t>(element);
  checkArray<uint32_t>(MmaElement::TF32);
  for (MmaElement element : {MmaElement::E4M3, MmaElement::E5M2, MmaElement::E3M2, MmaElement::E2M3, MmaElement::E2M1})
    checkArray<uint8_t>(element);
}

TEST(Elements, UpperBitsOfNarrowCodesAreIgnored) {
  uint8_t dirty[] = {0xF7, 0x9B};
  float values[2];
  widenElements(MmaElement::E2M1, dirty, values, 2);
  EXPECT_EQ(6.0f, values[0]);
  EXPECT_EQ(-1.5f, values[1]);
  EXPECT_EQ(widenElement(MmaElement::E3M2, 0x1B), widenElement(MmaElement::E3M2, 0xDB));
}

TEST(Elements, PackedE2m1HasEvenElementsLow) {
  uint8_t bytes[] = {0x72, 0x9F, 0x01};
  float values[5];
  widenPackedE2m1(bytes, values, 5);
  EXPECT_EQ(1.0f, values[0]);
  EXPECT_EQ(6.0f, values[1]);
  EXPECT_EQ(-6.0f, values[2]);
  EXPECT_EQ(-0.5f, values[3]);
  EXPECT_EQ(0.5f, values[4]);
}
