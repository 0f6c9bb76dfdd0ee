//===- BoundCheckTest.cpp - row-wise bounds ---------------------------------------------------===//

#include "runtime/reference/BoundCheck.h"
#include "tests/numerics/reference/AttentionCase.h"

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

namespace {

/// Two heads of three rows of two channels: o = 1, weight = 2, but the loud last row has weight 200.
struct Fixture {
  AttentionShape shape;
  AttentionOutput expected;
  std::vector<double> actual;
  BoundOptions options;

  Fixture() {
    shape.qHeads = 2;
    shape.qLen = 3;
    shape.kvLen = 1;
    shape.valueDim = 2;
    expected.o.assign(12, 1);
    expected.weight.assign(12, 2);
    expected.weight[10] = expected.weight[11] = 200;
    expected.lse.assign(6, 100);
    actual = expected.o;
    options.outputType = DType::F32;
  }

  BoundReport check() const { return *checkOutput(actual, expected, shape, options); }
  /// eps w + u (|o| + eps w) + tiny, for weight w and o = 1 in f32.
  double bound(double weight) const {
    double unrounded = options.epsilon * weight;
    return unrounded + 0x1p-24 * (1 + unrounded) + 0x1p-150;
  }
};

} // namespace

TEST(CheckOutput, EqualTensorsPass) {
  BoundReport report = Fixture().check();
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.ratio, 0);
  EXPECT_EQ(report.failedRows, 0);
}

TEST(CheckOutput, EachElementHasTheBoundOfItsWeight) {
  Fixture f;
  f.actual[10] += 0.9 * f.bound(200); // 90 times what the quiet rows may have
  BoundReport loud = f.check();
  EXPECT_TRUE(loud.passed) << loud.describe("o");
  EXPECT_NEAR(loud.ratio, 0.9, 1e-9);
  f.actual[3] -= 1.1 * f.bound(2);
  BoundReport report = f.check();
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.failedRows, 1);
  EXPECT_NEAR(report.ratio, 1.1, 1e-9);
  EXPECT_EQ(report.b, 0);
  EXPECT_EQ(report.head, 0);
  EXPECT_EQ(report.row, 1);
  EXPECT_EQ(report.channel, 1);
  EXPECT_EQ(report.expected, 1);
  EXPECT_NEAR(report.bound, f.bound(2), 1e-15);
}

TEST(CheckOutput, FailedRowsAreCountedOnce) {
  Fixture f;
  f.actual[0] = f.actual[1] = 5;
  f.actual[8] = 7;
  BoundReport report = f.check();
  EXPECT_EQ(report.failedRows, 2);
  EXPECT_EQ(report.head, 1);
  EXPECT_EQ(report.row, 1);
  EXPECT_EQ(report.channel, 0);
}

TEST(CheckOutput, OutputRoundingIsAllowed) {
  Fixture f;
  f.expected.weight.assign(12, 0);
  f.options.outputType = DType::BF16;
  f.actual[4] = 1 + 0x1p-9;
  EXPECT_TRUE(f.check().passed);
  f.options.outputType = DType::F16;
  EXPECT_FALSE(f.check().passed);
  f.actual[4] = 1 + 0x1p-11;
  EXPECT_TRUE(f.check().passed);
  f.expected.o[4] = 0x1p-26; // flushed in f16
  f.actual[4] = 0;
  EXPECT_TRUE(f.check().passed);
  f.options.outputType = DType::F32;
  EXPECT_FALSE(f.check().passed);
}

TEST(CheckOutput, NonFiniteValuesNeverPassByThemselves) {
  for (double bad : {kNan, kInfinity, -kInfinity}) {
    Fixture f;
    f.actual[5] = bad;
    BoundReport report = f.check();
    EXPECT_FALSE(report.passed) << bad;
    EXPECT_EQ(report.ratio, kInfinity) << bad;
    EXPECT_EQ(report.row, 2) << bad;
    f.expected.o[5] = kNan; // both
    f.expected.weight[5] = kNan;
    EXPECT_FALSE(f.check().passed) << bad;
  }
  Fixture f; // only the expected side
  f.expected.o[5] = f.expected.weight[5] = kNan;
  EXPECT_FALSE(f.check().passed);
}

TEST(CheckOutput, StatesSayWhereNonFiniteValuesBelong) {
  Fixture f;
  std::vector<RowState> states(6, RowState::Finite);
  states[1] = RowState::Either;
  states[2] = RowState::NonFinite;
  f.options.states = &states;
  f.actual[4] = f.expected.o[4] = kNan; // row 2
  EXPECT_TRUE(f.check().passed);
  f.actual[2] = kInfinity; // row 1 may
  EXPECT_TRUE(f.check().passed);
  f.actual[2] = 3; // but where it is finite it must be right
  EXPECT_FALSE(f.check().passed);
  f.actual[2] = 1;
  f.actual[4] = 1; // row 2 must not be finite
  BoundReport report = f.check();
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.row, 2);
  EXPECT_EQ(report.ratio, kInfinity);
  f.actual[4] = kNan;
  f.actual[0] = kNan; // row 0 must be
  EXPECT_EQ(f.check().failedRows, 1);
}

TEST(CheckOutput, DescribesTheWorstElement) {
  Fixture f;
  EXPECT_NE(f.check().describe("o").find("all rows are within bounds"), std::string::npos);
  f.actual[9] = 2;
  std::string sentence = f.check().describe("o");
  EXPECT_NE(sentence.find("o[0, 1, 1, 1] is 2, expected 1"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("1 row fails"), std::string::npos) << sentence;
}

TEST(CheckOutput, BadArgumentsAreNamed) {
  Fixture f;
  f.options.outputType = DType::I32;
  EXPECT_EQ(checkOutput(f.actual, f.expected, f.shape, f.options).status().field(), "output_type");
  f.options.outputType = DType::F16;
  f.expected.weight.clear();
  EXPECT_EQ(checkOutput(f.actual, f.expected, f.shape, f.options).status().field(), "expected.weight.size");
  f.actual.pop_back();
  EXPECT_EQ(checkOutput(f.actual, f.expected, f.shape, f.options).status().field(), "actual.size");
}

TEST(CheckLse, IsRelativeAboveOne) {
  Fixture f;
  std::vector<double> lse = f.expected.lse;
  lse[4] = 100 + 0.9e-3;
  EXPECT_TRUE(checkLse(lse, f.expected, f.shape, f.options)->passed);
  lse[4] = 100 + 1.1e-3;
  BoundReport report = *checkLse(lse, f.expected, f.shape, f.options);
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.head, 1);
  EXPECT_EQ(report.row, 1);
  f.expected.lse.assign(6, 0);
  lse.assign(6, 0.9e-5);
  EXPECT_TRUE(checkLse(lse, f.expected, f.shape, f.options)->passed);
  lse.assign(6, 1.1e-5);
  EXPECT_FALSE(checkLse(lse, f.expected, f.shape, f.options)->passed);
}

TEST(CheckLse, MinusInfinityIsMetExactly) {
  Fixture f;
  f.expected.lse[2] = -kInfinity;
  std::vector<double> lse = f.expected.lse;
  EXPECT_TRUE(checkLse(lse, f.expected, f.shape, f.options)->passed);
  for (double wrong : {-1e30, kInfinity, kNan, 0.0}) {
    lse[2] = wrong;
    EXPECT_FALSE(checkLse(lse, f.expected, f.shape, f.options)->passed) << wrong;
  }
}

TEST(Epsilon, FollowsTheFormatOfP) {
  EXPECT_EQ(epsilonOf(PFormat::F16), 0x1p-10);
  EXPECT_EQ(epsilonOf(PFormat::BF16), 0x1p-8);
  EXPECT_EQ(epsilonOf(PFormat::Fp8), 0x1p-4);
  EXPECT_EQ(epsilonOf(*EmulationPlan::portable({}, DType::F16)), 0x1p-10);
  EXPECT_EQ(epsilonOf(*EmulationPlan::portable({}, DType::BF16)), 0x1p-8);
}
