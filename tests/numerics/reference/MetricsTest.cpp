//===- MetricsTest.cpp - distances ------------------------------------------------------------===//

#include "runtime/reference/Metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Metrics, ByHand) {
  Distance d = *distance({3, 4, 1}, {3, 4, 0});
  EXPECT_DOUBLE_EQ(d.relL2, 1.0 / 5);
  EXPECT_DOUBLE_EQ(d.cosine, 25 / (std::sqrt(26.0) * 5));
  EXPECT_DOUBLE_EQ(d.maxAbs, 1);
}

TEST(Metrics, EqualAndOppositeAndOrthogonal) {
  Distance same = *distance({1, -2, 3}, {1, -2, 3});
  EXPECT_EQ(same.relL2, 0);
  EXPECT_DOUBLE_EQ(same.cosine, 1);
  EXPECT_EQ(same.maxAbs, 0);
  Distance opposite = *distance({1, -2}, {-1, 2});
  EXPECT_DOUBLE_EQ(opposite.relL2, 2);
  EXPECT_DOUBLE_EQ(opposite.cosine, -1);
  EXPECT_EQ(distance({1, 0}, {0, 1})->cosine, 0);
}

TEST(Metrics, ZeroTensors) {
  Distance both = *distance({0, 0}, {0, 0});
  EXPECT_EQ(both.relL2, 0);
  EXPECT_EQ(both.cosine, 1);
  Distance expectedZero = *distance({0, 1}, {0, 0});
  EXPECT_EQ(expectedZero.relL2, kInfinity);
  EXPECT_EQ(expectedZero.cosine, 0);
  EXPECT_EQ(distance({0, 0}, {0, 1})->relL2, 1);
  EXPECT_EQ(distance({}, {})->relL2, 0);
}

TEST(Metrics, NanSpoilsEveryDistance) {
  for (const auto &[actual, expected] : {std::pair<std::vector<double>, std::vector<double>>{{1, kNan, 2}, {1, 1, 2}},
                                         {{1, 1, 2}, {1, kNan, 2}},
                                         {{1, kNan, 2}, {1, kNan, 2}},
                                         {{1, kInfinity, 2}, {1, kInfinity, 2}},
                                         {{kNan}, {0}}}) {
    Distance d = *distance(actual, expected);
    EXPECT_TRUE(std::isnan(d.relL2));
    EXPECT_TRUE(std::isnan(d.cosine));
    EXPECT_TRUE(std::isnan(d.maxAbs));
    EXPECT_FALSE(d.relL2 <= 1e9);
  }
}

TEST(Metrics, InfinityIsFarFromFinite) {
  Distance d = *distance({1, kInfinity}, {1, 2});
  EXPECT_EQ(d.relL2, kInfinity);
  EXPECT_EQ(d.maxAbs, kInfinity);
}

TEST(Metrics, SizesMustAgree) { EXPECT_EQ(distance({1}, {1, 2}).status().field(), "actual.size"); }

TEST(Metrics, ErrorRemoved) {
  auto at = [](double relL2) {
    Distance d;
    d.relL2 = relL2;
    return d;
  };
  EXPECT_DOUBLE_EQ(*errorRemoved(at(0.01), at(0.2)), 0.95);
  EXPECT_DOUBLE_EQ(*errorRemoved(at(0.2), at(0.2)), 0);
  EXPECT_DOUBLE_EQ(*errorRemoved(at(0), at(0.2)), 1);
  EXPECT_LT(*errorRemoved(at(0.3), at(0.2)), 0);
  EXPECT_FALSE(errorRemoved(at(0), at(0)).has_value());
  EXPECT_TRUE(std::isnan(*errorRemoved(at(kNan), at(0.2))));
}
