//===- RoundingTest.cpp - directed rounding ---------------------------------===//
//
// Against the floating-point unit, set to each mode by <cfenv>.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Rounding.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <random>
#include <vector>

using namespace thrift;
using namespace thrift::sim;

namespace {
struct Mode {
  RoundingMode mode;
  int environment;
  const char *name;
};

/// Sets the mode of the floating-point unit for a scope.
class Environment {
public:
  explicit Environment(int mode) : before(std::fegetround()) { std::fesetround(mode); }
  ~Environment() { std::fesetround(before); }

private:
  int before;
};
} // namespace

static const Mode kModes[] = {{RoundingMode::Nearest, FE_TONEAREST, "rn"},
                              {RoundingMode::Zero, FE_TOWARDZERO, "rz"},
                              {RoundingMode::Down, FE_DOWNWARD, "rm"},
                              {RoundingMode::Up, FE_UPWARD, "rp"}};

/// Numbers around every boundary: zeros, subnormals, powers of two and their neighbours, the largest, infinities, NaN.
static std::vector<float> corners() {
  std::vector<float> values;
  for (uint32_t bits :
       {0u,          1u,          2u,          0x7FFFFFu,   0x800000u,   0x800001u,   0x1000000u,  0x3F7FFFFFu,
        0x3F800000u, 0x3F800001u, 0x40000000u, 0x40400000u, 0x4B000000u, 0x4B7FFFFFu, 0x4B800000u, 0x33800000u,
        0x33800001u, 0x34000000u, 0x7F000000u, 0x7F7FFFFFu, 0x7F800000u, 0x7FC00000u, 0x20000000u, 0x1F800001u}) {
    values.push_back(f32OfBits(bits));
    values.push_back(f32OfBits(bits | 0x80000000u));
  }
  return values;
}

/// The result as the unit gives it, with NaN made canonical.
template <typename Operation>
static uint32_t expectedBits(int environment, Operation operation) {
  Environment scope(environment);
  volatile float result = operation();
  float value = result;
  return std::isnan(value) ? kCanonicalNan : bitsOfF32(value);
}

static void checkTwo(float a, float b) {
  volatile float x = a, y = b;
  for (const Mode &m : kModes) {
    ASSERT_EQ(expectedBits(m.environment, [&] { return x + y; }), bitsOfF32(addF32(a, b, m.mode)))
        << m.name << " add " << a << " " << b;
    ASSERT_EQ(expectedBits(m.environment, [&] { return x * y; }), bitsOfF32(mulF32(a, b, m.mode)))
        << m.name << " mul " << a << " " << b;
    ASSERT_EQ(expectedBits(m.environment, [&] { return x / y; }), bitsOfF32(divF32(a, b, m.mode)))
        << m.name << " div " << a << " " << b;
  }
}

static void checkThree(float a, float b, float c) {
  volatile float x = a, y = b, z = c;
  for (const Mode &m : kModes)
    ASSERT_EQ(expectedBits(m.environment, [&] { return std::fmaf(x, y, z); }), bitsOfF32(fmaF32(a, b, c, m.mode)))
        << m.name << " fma " << a << " " << b << " " << c;
}

static void checkRoot(float a) {
  volatile float x = a;
  for (const Mode &m : kModes)
    ASSERT_EQ(expectedBits(m.environment, [&] { return std::sqrt(x); }), bitsOfF32(sqrtF32(a, m.mode)))
        << m.name << " sqrt " << a;
}

TEST(Rounding, Corners) {
  std::vector<float> values = corners();
  for (float a : values) {
    checkRoot(a);
    for (float b : values) {
      checkTwo(a, b);
      for (float c : values)
        checkThree(a, b, c);
    }
  }
}

TEST(Rounding, RandomBits) {
  std::mt19937 random(41);
  for (int trial = 0; trial < 200000; ++trial) {
    float a = f32OfBits(random()), b = f32OfBits(random()), c = f32OfBits(random());
    checkTwo(a, b);
    checkThree(a, b, c);
    checkRoot(std::fabs(a));
  }
}

/// Exponents close together: sums that cancel, addends half an ulp away, ties.
TEST(Rounding, RandomNeighbours) {
  std::mt19937 random(42);
  auto near = [&](int spread) {
    uint32_t mantissa = random() & 0x7FFFFF;
    if (random() % 2)
      mantissa &= 0x700000 | (random() % 4);
    return f32OfBits((random() & 1) << 31 | (127 - spread + random() % (2 * spread)) << 23 | mantissa);
  };
  for (int trial = 0; trial < 200000; ++trial) {
    float a = near(30), b = near(30), c = near(60);
    checkTwo(a, b);
    checkThree(a, b, c);
    checkThree(a, b, -(a * b)); // all that is left is the rounding error of the product
  }
}

TEST(Rounding, SignOfAnExactZero) {
  for (const Mode &m : kModes) {
    bool down = m.mode == RoundingMode::Down;
    EXPECT_EQ(down, std::signbit(addF32(1.5f, -1.5f, m.mode))) << m.name;
    EXPECT_EQ(down, std::signbit(fmaF32(2, 3, -6, m.mode))) << m.name;
    EXPECT_TRUE(std::signbit(addF32(-0.0f, -0.0f, m.mode))) << m.name;
    EXPECT_TRUE(std::signbit(fmaF32(-0.0f, 1, -0.0f, m.mode))) << m.name;
  }
}

TEST(Rounding, PairOfDoubles) {
  // Halfway between 1 and its upper neighbour, and a residual that breaks the tie.
  EXPECT_EQ(1.0f, roundToF32(1 + 0x1p-24, 0, RoundingMode::Nearest));
  EXPECT_EQ(0x1.000002p0f, roundToF32(1 + 0x1p-24, 0x1p-80, RoundingMode::Nearest));
  EXPECT_EQ(1.0f, roundToF32(1 + 0x1p-24, -0x1p-80, RoundingMode::Nearest));
  EXPECT_EQ(0x1.fffffep-1f, roundToF32(1, -0x1p-80, RoundingMode::Zero));
  EXPECT_EQ(-0x1.fffffep-1f, roundToF32(-1, 0x1p-80, RoundingMode::Up));
  EXPECT_EQ(-0x1.000002p0f, roundToF32(-1, -0x1p-80, RoundingMode::Down));
}

TEST(Rounding, FlushAndSaturate) {
  EXPECT_EQ(0u, bitsOfF32(flushSubnormal(f32OfBits(0x007FFFFF))));
  EXPECT_EQ(0x80000000u, bitsOfF32(flushSubnormal(f32OfBits(0x80000001))));
  EXPECT_EQ(0x00800000u, bitsOfF32(flushSubnormal(f32OfBits(0x00800000))));
  EXPECT_EQ(0x7FC00000u, bitsOfF32(flushSubnormal(f32OfBits(0x7FC00000))));
  EXPECT_EQ(0.0f, saturate(-3));
  EXPECT_EQ(1.0f, saturate(HUGE_VALF));
  EXPECT_EQ(0.25f, saturate(0.25f));
  EXPECT_EQ(0u, bitsOfF32(saturate(f32OfBits(0x7FC00000))));
  EXPECT_EQ(0u, bitsOfF32(saturate(-0.0f)));
}
