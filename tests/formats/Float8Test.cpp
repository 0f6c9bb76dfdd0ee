//===- Float8Test.cpp - E4M3 and UE8M0 --------------------------------------------------------===//

#include "dialect/formats/Float8.h"

#include "tests/formats/EncoderChecks.h"

using namespace thrift;
using namespace thrift::oracle;

TEST(E4m3, EveryCodeRoundTrips) { expectCodesRoundTrip(kE4m3, e4m3FromF32, f32FromE4m3); }

TEST(E4m3, RoundsTiesAndTheirNeighbours) {
  Encoder oracle(kE4m3);
  expectEncodesLike(oracle, decisiveFloats(oracle), e4m3FromF32);
}

TEST(E4m3, RoundsAMillionRandomFloats) {
  expectEncodesLike(Encoder(kE4m3), randomFloats(kE4m3, 1'000'000, 3), e4m3FromF32);
}

TEST(E4m3, KnownCodes) {
  EXPECT_EQ(e4m3FromF32(1.0f), 0x38);
  EXPECT_EQ(e4m3FromF32(-1.0f), 0xB8);
  EXPECT_EQ(e4m3FromF32(448.0f), 0x7E);
  EXPECT_EQ(e4m3FromF32(2.5f), 0x42);
  EXPECT_EQ(e4m3FromF32(0x1p-6f), 0x08);
  EXPECT_EQ(e4m3FromF32(0x1p-9f), 0x01);
  EXPECT_EQ(e4m3FromF32(0x1p-10f), 0x00) << "tie between 0 and the smallest subnormal";
  EXPECT_EQ(e4m3FromF32(-0.0f), 0x80);
}

TEST(E4m3, SaturatesWhereTheNextValueWouldBe480) {
  for (float x : {449.0f, 464.0f, 465.0f, 480.0f, 1e30f, INFINITY}) {
    EXPECT_EQ(e4m3FromF32(x), 0x7E) << x;
    EXPECT_EQ(e4m3FromF32(-x), 0xFE) << x;
  }
}

TEST(E4m3, NanLosesItsSign) {
  EXPECT_EQ(e4m3FromF32(NAN), 0x7F);
  EXPECT_EQ(e4m3FromF32(-NAN), 0x7F);
  EXPECT_EQ(e4m3FromF32(f32OfBits(0xFF800001u)), 0x7F);
}

static uint32_t smallestPowerOfTwoNotBelow(float x) {
  if (std::isnan(x) || x < 0)
    return 0xFF;
  uint32_t code = 0;
  while (code < 254 && std::ldexp(1.0, static_cast<int>(code) - 127) < static_cast<double>(x))
    ++code;
  return code;
}

TEST(Ue8m0, EveryCodeRoundTrips) {
  for (uint32_t code = 0; code < 255; ++code) {
    float value = f32FromUe8m0(static_cast<uint8_t>(code));
    ASSERT_EQ(static_cast<double>(value), std::ldexp(1.0, static_cast<int>(code) - 127)) << code;
    ASSERT_EQ(ue8m0FromF32RoundUp(value), code);
  }
  EXPECT_TRUE(std::isnan(f32FromUe8m0(0xFF)));
}

TEST(Ue8m0, RoundsUpAtEveryPowerOfTwoAndItsNeighbours) {
  for (int exponent = -149; exponent <= 127; ++exponent) {
    float power = std::ldexp(1.0f, exponent);
    for (float x : {std::nextafter(power, 0.0f), power, std::nextafter(power, INFINITY)})
      ASSERT_EQ(ue8m0FromF32RoundUp(x), smallestPowerOfTwoNotBelow(x)) << std::hexfloat << x;
  }
}

TEST(Ue8m0, RoundsUpAMillionRandomFloats) {
  for (float x : randomFloats(kBf16, 1'000'000, 4))
    ASSERT_EQ(ue8m0FromF32RoundUp(x), smallestPowerOfTwoNotBelow(x)) << std::hexfloat << x;
}

TEST(Ue8m0, EndsOfTheRange) {
  EXPECT_EQ(ue8m0FromF32RoundUp(0.0f), 0);
  EXPECT_EQ(ue8m0FromF32RoundUp(-0.0f), 0);
  EXPECT_EQ(ue8m0FromF32RoundUp(0x1p-149f), 0);
  EXPECT_EQ(ue8m0FromF32RoundUp(0x1.fffffep127f), 254) << "clamped to 2^127";
  EXPECT_EQ(ue8m0FromF32RoundUp(INFINITY), 254);
  EXPECT_EQ(ue8m0FromF32RoundUp(-0x1p-149f), 0xFF);
  EXPECT_EQ(ue8m0FromF32RoundUp(-INFINITY), 0xFF);
  EXPECT_EQ(ue8m0FromF32RoundUp(NAN), 0xFF);
  EXPECT_EQ(ue8m0FromF32RoundUp(-NAN), 0xFF);
}
