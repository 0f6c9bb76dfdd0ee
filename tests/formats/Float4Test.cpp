//===- Float4Test.cpp - E2M1 and nibbles ------------------------------------------------------===//

#include "dialect/formats/Float4.h"

#include "tests/formats/EncoderChecks.h"

using namespace thrift;
using namespace thrift::oracle;

TEST(E2m1, EveryCodeRoundTrips) { expectCodesRoundTrip(kE2m1, e2m1FromF32, f32FromE2m1); }

TEST(E2m1, RoundsTiesAndTheirNeighbours) {
  Encoder oracle(kE2m1);
  expectEncodesLike(oracle, decisiveFloats(oracle), e2m1FromF32);
}

TEST(E2m1, RoundsAMillionRandomFloats) {
  expectEncodesLike(Encoder(kE2m1), randomFloats(kE2m1, 1'000'000, 5), e2m1FromF32);
}

TEST(E2m1, EveryTieGoesToTheEvenCode) {
  const std::pair<float, int> ties[] = {{0.25f, 0}, {0.75f, 2}, {1.25f, 2}, {1.75f, 4},
                                        {2.5f, 4},  {3.5f, 6},  {5.0f, 6}};
  for (auto [x, code] : ties) {
    EXPECT_EQ(e2m1FromF32(x), code) << x;
    EXPECT_EQ(e2m1FromF32(-x), code | 8) << x;
  }
}

TEST(E2m1, SaturatesAndTakesNanForSix) {
  for (float x : {6.5f, 7.0f, 8.0f, 1e30f, INFINITY}) {
    EXPECT_EQ(e2m1FromF32(x), 7) << x;
    EXPECT_EQ(e2m1FromF32(-x), 15) << x;
  }
  EXPECT_EQ(e2m1FromF32(NAN), 7);
  EXPECT_EQ(e2m1FromF32(-NAN), 7);
}

TEST(E2m1, ZeroKeepsItsSign) {
  EXPECT_EQ(e2m1FromF32(-0.0f), 8);
  EXPECT_EQ(e2m1FromF32(-0.1f), 8);
  EXPECT_TRUE(std::signbit(f32FromE2m1(8)));
}

TEST(E2m1, DecodeIgnoresTheHighNibble) {
  for (uint32_t byte = 0; byte < 256; ++byte)
    ASSERT_EQ(f32FromE2m1(static_cast<uint8_t>(byte)), kE2m1Values[byte % 16]);
}

TEST(Nibbles, EvenElementIsLow) {
  EXPECT_EQ(packNibbles(0x3, 0xA), 0xA3);
  const uint8_t bytes[] = {0x10, 0x32};
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(nibbleAt(bytes, i), i);
}
