//===- Float16Test.cpp - f16 and bf16 against the search oracle -------------------------------===//

#include "dialect/formats/Float16.h"

#include "tests/formats/EncoderChecks.h"

using namespace thrift;
using namespace thrift::oracle;

TEST(Float16, EveryF16CodeRoundTrips) { expectCodesRoundTrip(kF16, f16FromF32, f32FromF16); }

TEST(Float16, EveryBf16CodeRoundTrips) { expectCodesRoundTrip(kBf16, bf16FromF32, f32FromBf16); }

TEST(Float16, F16RoundsTiesAndTheirNeighbours) {
  Encoder oracle(kF16);
  expectEncodesLike(oracle, decisiveFloats(oracle), f16FromF32);
}

TEST(Float16, Bf16RoundsTiesAndTheirNeighbours) {
  Encoder oracle(kBf16);
  expectEncodesLike(oracle, decisiveFloats(oracle), bf16FromF32);
}

TEST(Float16, F16RoundsAMillionRandomFloats) {
  expectEncodesLike(Encoder(kF16), randomFloats(kF16, 1'000'000, 1), f16FromF32);
}

TEST(Float16, Bf16RoundsAMillionRandomFloats) {
  expectEncodesLike(Encoder(kBf16), randomFloats(kBf16, 1'000'000, 2), bf16FromF32);
}

TEST(Float16, KnownF16Codes) {
  EXPECT_EQ(f16FromF32(1.0f), 0x3C00);
  EXPECT_EQ(f16FromF32(-2.0f), 0xC000);
  EXPECT_EQ(f16FromF32(65504.0f), 0x7BFF);
  EXPECT_EQ(f16FromF32(0x1p-14f), 0x0400);
  EXPECT_EQ(f16FromF32(0x1p-24f), 0x0001);
  EXPECT_EQ(f16FromF32(0x1p-25f), 0x0000) << "tie between 0 and the smallest subnormal";
  EXPECT_EQ(f16FromF32(-0.0f), 0x8000);
}

TEST(Float16, OverflowIsInfinite) {
  EXPECT_EQ(f16FromF32(65519.0f), 0x7BFF);
  EXPECT_EQ(f16FromF32(65520.0f), 0x7C00);
  EXPECT_EQ(f16FromF32(-3e38f), 0xFC00);
  EXPECT_EQ(bf16FromF32(0x1.fep127f), 0x7F7F);
  EXPECT_EQ(bf16FromF32(0x1.ffp127f), 0x7F80) << "tie between the largest finite and 2^128";
  EXPECT_EQ(bf16FromF32(-0x1.fffffep127f), 0xFF80);
}

TEST(Float16, EveryKindOfNanBecomesCanonical) {
  for (uint32_t bits : {0x7F800001u, 0x7FC00000u, 0x7FFFFFFFu, 0xFF800001u, 0xFFC00000u, 0xFFFFFFFFu}) {
    EXPECT_EQ(f16FromF32(f32OfBits(bits)), 0x7FFF) << std::hex << bits;
    EXPECT_EQ(bf16FromF32(f32OfBits(bits)), 0x7FFF) << std::hex << bits;
  }
}

TEST(Float16, DecodedNanKeepsSignAndPayload) {
  EXPECT_EQ(bitsOfF32(f32FromF16(0xFE01)), 0xFFC02000u);
  EXPECT_EQ(bitsOfF32(f32FromBf16(0xFFC1)), 0xFFC10000u);
}
