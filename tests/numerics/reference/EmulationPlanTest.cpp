//===- EmulationPlanTest.cpp - what a plan says about P ---------------------------------------===//

#include "runtime/reference/EmulationPlan.h"
#include "tests/numerics/reference/AttentionCase.h"

#include <cmath>
#include <limits>

using namespace thrift;

/// `p` as `rule` leaves it, padded with zeros to 32 keys and cut again.
static std::vector<double> rounded(PRule rule, std::vector<double> p, int headroomBits = 0) {
  size_t count = p.size();
  p.resize(32);
  roundP(rule, headroomBits, p.data(), 32);
  p.resize(count);
  return p;
}

TEST(RoundP, F32LeavesPAlone) {
  std::vector<double> p = {1, 1.0 / 3, 1e-30};
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::F32), p), p);
}

TEST(RoundP, F16) {
  // 1/3 lies in [1/4, 1/2), where the step is 2^-12.
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::F16), {1, 1.0 / 3, 0}), (std::vector<double>{1, 1365 * 0x1p-12, 0}));
}

TEST(RoundP, TheExponentMovesTheSubnormals) {
  double p = std::exp2(-22.5); // 2.83 times the smallest subnormal
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::F16), {p})[0], 3 * 0x1p-24);
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::F16, 7), {p})[0], 362 * 0x1p-31); // 362.04
  // Normal numbers are rounded as before.
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::F16, 7), {1.0 / 3})[0], 1365 * 0x1p-12);
}

TEST(RoundP, BF16) {
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::BF16), {std::sqrt(0.5)})[0], 181.0 / 256); // 181.02
}

TEST(RoundP, Fp8) {
  // e4m3(256 p): 181.02 lies between 176 and 192.
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::Fp8), {1, std::sqrt(0.5), 0x1p-20}),
            (std::vector<double>{1, 176.0 / 256, 0}));
}

TEST(RoundP, Nvfp4ScalesEverySixteenKeys) {
  // amax 1: scale 448, six times p in E2M1. 6 / 8 = 0.75 is a tie and goes to the even code, 1; 6 / 32 rounds to 0.
  std::vector<double> p = {1, 0.5, 0.25, 0.125, 0.0625, 0.03125};
  p.resize(16);
  p.push_back(0.0625); // the next group has a scale of its own
  std::vector<double> expected = {1, 0.5, 0.25, 1.0f / 6, 1.0f / 12, 0};
  expected.resize(16);
  expected.push_back(0.0625);
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::Nvfp4), p), expected);
}

TEST(RoundP, Nvfp4HeadroomMovesTheScale) {
  // With t = 2 the values 4, 2 and 0.5 are 1, 0.5 and 0.125 of the range.
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::Nvfp4), {4, 2, 0.5}, 2), (std::vector<double>{4, 2, 4.0f / 6}));
}

TEST(RoundP, Mxfp4RoundsTheScaleUp) {
  // amax / 6 = 1/6 becomes 1/4: four times p in E2M1. 4 / 16 = 0.25 is a tie and goes to 0.
  EXPECT_EQ(rounded(EmulationPlan::pRule(PFormat::Mxfp4), {1, 0.5, 0.25, 0.125, 0.0625}),
            (std::vector<double>{1, 0.5, 0.25, 0.125, 0}));
}

TEST(RoundP, NanStaysNan) {
  for (PFormat format : {PFormat::F16, PFormat::BF16, PFormat::Fp8, PFormat::Mxfp4, PFormat::Nvfp4})
    EXPECT_TRUE(std::isnan(rounded(EmulationPlan::pRule(format), {std::numeric_limits<double>::quiet_NaN(), 1})[0]))
        << name(format);
}

TEST(EmulationPlan, GroupedFormatsSumWhatTheyMultiply) {
  for (PFormat format : {PFormat::F32, PFormat::F16, PFormat::BF16, PFormat::Fp8})
    EXPECT_EQ(EmulationPlan::pRule(format).denominator, Denominator::Unrounded) << name(format);
  for (PFormat format : {PFormat::Mxfp4, PFormat::Nvfp4})
    EXPECT_EQ(EmulationPlan::pRule(format).denominator, Denominator::Rounded) << name(format);
}

TEST(EmulationPlan, PortableWidensV) {
  struct Case {
    const char *low;
    DType input;
    PFormat lowP;
    int exponent;
    PFormat highP;
  };
  for (const Case &c : {Case{"nvfp4", DType::F16, PFormat::F16, 7, PFormat::F16},
                        Case{"nvfp4", DType::BF16, PFormat::F16, 7, PFormat::BF16},
                        Case{"nvfp4:fp8", DType::F16, PFormat::F16, 0, PFormat::F16},
                        Case{"mxfp4", DType::F16, PFormat::BF16, 0, PFormat::F16},
                        Case{"f16", DType::BF16, PFormat::BF16, 0, PFormat::BF16},
                        Case{"fp8:nvfp4", DType::F16, PFormat::F16, 7, PFormat::F16}}) {
    Result<EmulationPlan> plan = EmulationPlan::portable(*LowPair::parse(c.low), c.input);
    THRIFT_ASSERT_OK(plan);
    EXPECT_EQ(plan->lowP, EmulationPlan::pRule(c.lowP, c.exponent)) << c.low;
    EXPECT_EQ(plan->highP, EmulationPlan::pRule(c.highP)) << c.low;
    EXPECT_EQ(plan->block, (RoutingBlock{128, 64}));
    EXPECT_EQ(plan->updateKeys(), 64);
  }
  EXPECT_EQ(EmulationPlan::portable({}, DType::F32).status().field(), "dtype");
}

TEST(EmulationPlan, ImpossiblePlansAreNamed) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 64;
  auto fieldOf = [&](auto spoil) {
    EmulationPlan plan = *EmulationPlan::portable({}, DType::F16);
    AttentionShape spoiled = shape;
    spoil(plan, spoiled);
    return validate(plan, spoiled).field();
  };
  using Plan = EmulationPlan &;
  using Shape = AttentionShape &;
  EXPECT_EQ(fieldOf([](Plan, Shape) {}), "");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.block.q = 0; }), "block_q");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.block.kv = 40; }), "block_kv");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.keysPerUpdate = 48; }), "keys_per_update");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.keysPerUpdate = -64; }), "keys_per_update");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.keysPerUpdate = 32; }), "");
  EXPECT_EQ(fieldOf([](Plan p, Shape) {
              p.keysPerUpdate = 8;
              p.lowP = EmulationPlan::pRule(PFormat::Nvfp4);
            }),
            "keys_per_update");
  EXPECT_EQ(fieldOf([](Plan, Shape s) { s.headDim = 72; }), "head_dim");
  EXPECT_EQ(fieldOf([](Plan p, Shape s) {
              s.headDim = 72;
              p.low.qk = LowFormat::Fp8;
            }),
            "");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.lowP.exponent = 16; }), "p_exponent");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.headroomBits = -1; }), "headroom_bits");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.headroomBits = 8; }), "");
  EXPECT_EQ(fieldOf([](Plan p, Shape) { p.headroomBits = 9; }), "headroom_bits"); // 2^9 2^7 overflows f16
  EXPECT_EQ(fieldOf([](Plan p, Shape) {
              p.headroomBits = 1;
              p.lowP = EmulationPlan::pRule(PFormat::Fp8);
            }),
            "headroom_bits");
}
