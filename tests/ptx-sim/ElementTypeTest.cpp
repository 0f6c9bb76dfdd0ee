//===- ElementTypeTest.cpp - numbers to bits and back --------------------------===//

#include "tools/ptx-sim/ElementType.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace thrift;
using namespace thrift::ptxsim;

static const ElementType &type(std::string_view name) {
  const ElementType *found = findElementType(name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

/// All values of a small float in order, from its description: the oracle of the rounding.
static long double nearest(const ElementType &element, long double value) {
  long double best = 0, distance = HUGE_VALL;
  uint64_t bestBits = 0;
  for (uint64_t bits = 0; bits < uint64_t(1) << (8 * element.bytes); ++bits) {
    long double candidate = decode(element, bits);
    if (!std::isfinite(candidate))
      continue;
    long double away = std::fabs(candidate - value);
    if (away < distance || (away == distance && bestBits % 2 != 0 && bits % 2 == 0)) {
      distance = away;
      best = candidate;
      bestBits = bits;
    }
  }
  return best;
}

TEST(ElementType, EveryCodeComesBack) {
  for (const char *name : {"f16", "bf16", "e4m3", "e5m2", "i8", "i16", "u8", "u16"}) {
    const ElementType &element = type(name);
    for (uint64_t bits = 0; bits < uint64_t(1) << (8 * element.bytes); ++bits) {
      long double value = decode(element, bits);
      std::optional<uint64_t> back = encode(element, value);
      ASSERT_TRUE(back) << name << " " << bits;
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(decode(element, *back))) << name << " " << bits;
      else if (element.isFloat() || element.kind == ElementKind::Unsigned)
        ASSERT_EQ(*back, bits) << name;
      else
        ASSERT_EQ(decode(element, *back), value) << name;
    }
  }
}

TEST(ElementType, RoundsToNearestEven) {
  std::mt19937_64 random(7);
  for (const char *name : {"e4m3", "e5m2"}) {
    const ElementType &element = type(name);
    for (int i = 0; i < 300; ++i) {
      long double value =
          std::ldexp(static_cast<long double>(random() % 4096) - 2048, static_cast<int>(random() % 20) - 18);
      if (std::fabs(value) > element.largest)
        continue;
      std::optional<uint64_t> bits = encode(element, value);
      ASSERT_TRUE(bits);
      EXPECT_EQ(decode(element, *bits), nearest(element, value)) << name << " " << static_cast<double>(value);
    }
  }
}

TEST(ElementType, OneRoundingNotTwo) {
  // Halfway between two f16 and a little more; as an f32 first it would be exactly halfway and round down to even.
  long double value = 1 + 0x1p-11L + 0x1p-40L;
  EXPECT_EQ(*encode(type("f16"), value), 0x3C01u);
  EXPECT_EQ(*encode(type("f16"), 1 + 0x1p-11L), 0x3C00u);
  EXPECT_EQ(*encode(type("f32"), 0.1L), 0x3DCCCCCDu);
  EXPECT_EQ(*encode(type("f32"), 0x1p-149L), 1u);
  EXPECT_EQ(*encode(type("f64"), 0.1L), 0x3FB999999999999Aull);
}

TEST(ElementType, WhatDoesNotFit) {
  EXPECT_FALSE(encode(type("f16"), 65520));
  EXPECT_TRUE(encode(type("f16"), 65519));
  EXPECT_TRUE(encode(type("f16"), HUGE_VALL));
  EXPECT_FALSE(encode(type("e4m3"), HUGE_VALL)) << "e4m3 has no infinity";
  EXPECT_FALSE(encode(type("e4m3"), 500));
  EXPECT_TRUE(encode(type("e4m3"), std::nanl("")));
  EXPECT_FALSE(encode(type("u8"), 256));
  EXPECT_FALSE(encode(type("u8"), -1));
  EXPECT_FALSE(encode(type("i8"), -129));
  EXPECT_EQ(*encode(type("i8"), -128) & 0xFF, 0x80u);
  EXPECT_FALSE(encode(type("i32"), 0.5));
  EXPECT_FALSE(encode(type("i32"), std::nanl("")));
  EXPECT_FALSE(encode(type("bool"), 2));
  EXPECT_EQ(*encode(type("u64"), 18446744073709551615.0L), UINT64_MAX);
  EXPECT_FALSE(encode(type("u64"), 18446744073709551616.0L));
  EXPECT_EQ(*encode(type("i64"), -9223372036854775808.0L), uint64_t(1) << 63);
}

TEST(ElementType, NamesOfPtxNumPyAndSafetensors) {
  EXPECT_EQ(findElementType("s32"), findElementType("i32"));
  EXPECT_EQ(findElementType("b16"), findElementType("u16"));
  EXPECT_EQ(findElementType("float"), nullptr);
  EXPECT_EQ(findElementType(""), nullptr);
  EXPECT_EQ(elementTypeOfSafetensors("BF16"), findElementType("bf16"));
  EXPECT_EQ(elementTypeOfNpy({'f', 2}), findElementType("f16"));
  EXPECT_EQ(elementTypeOfNpy({'u', 2}), findElementType("u16"));
  EXPECT_EQ(elementTypeOfNpy({'V', 2}), nullptr);
  EXPECT_TRUE(canHold(type("bf16"), {'u', 2}));
  EXPECT_TRUE(canHold(type("bf16"), {'V', 2}));
  EXPECT_FALSE(canHold(type("bf16"), {'f', 2}));
  EXPECT_TRUE(canHold(type("e4m3"), {'u', 1}));
}

TEST(ElementType, Text) {
  EXPECT_EQ(printElement(type("f32"), *encode(type("f32"), 0.1L)), "0.1");
  EXPECT_EQ(printElement(type("f64"), *encode(type("f64"), 0.1L)), "0.1");
  EXPECT_EQ(printElement(type("bf16"), 0x7FC0), "nan");
  EXPECT_EQ(printElement(type("i8"), 0xFF), "-1");
  EXPECT_EQ(printElement(type("u64"), UINT64_MAX), "18446744073709551615");
}
