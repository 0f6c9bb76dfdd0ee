//===- MmaTest.cpp - the fast matrix products -------------------------------===//
//
// Every implementation that this machine can run against dotReference, bit for bit, over all formats and models,
// operands that reach the corners, shapes that break vectors and tiles, and all orders of memory.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Mma.h"

#include "Operands.h"
#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/MmaKernels.h"
#include "runtime/sim/arith/MmaReference.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace thrift;
using namespace thrift::sim;
using namespace thrift::sim::test;

namespace {
struct Case {
  const char *name;
  MmaModel model;
  MmaElement a, b;
};

/// One product: C and the reference's D are dense and row-major, A and B in the order that the flags say.
struct Problem {
  const Case &kind;
  MmaShape shape;
  bool aTransposed, bTransposed, dTransposed;
  RandomMatrix a, b;
  std::vector<float> c, expected;

  template <typename Generator>
  Problem(const Case &kind, MmaShape shape, unsigned order, Style aStyle, Style bStyle, Generator &random)
      : kind(kind), shape(shape), aTransposed(order & 1), bTransposed(order & 2), dTransposed(order & 4),
        a(kind.a, aStyle, size_t(shape.m) * shape.k, random), b(kind.b, bStyle, size_t(shape.k) * shape.n, random),
        c(size_t(shape.m) * shape.n), expected(c.size()) {
    for (float &sum : c)
      sum = kind.model.rounding == MmaRounding::F16NearestEven
                ? widenElement(MmaElement::F16, randomCode(MmaElement::F16, aStyle, random))
                : randomSum(aStyle, random);
    ConstMatrix x = aMatrix(), y = bMatrix();
    for (int m = 0; m < shape.m; ++m)
      for (int n = 0; n < shape.n; ++n) {
        float &sum = expected[size_t(m) * shape.n + n];
        sum = c[size_t(m) * shape.n + n];
        sum = dotReference(kind.model, shape.k, {kind.a, x.data + m * x.rowStride, x.columnStride},
                           {kind.b, y.data + n * y.columnStride, y.rowStride}, sum);
      }
  }

  ConstMatrix aMatrix() const {
    return aTransposed ? ConstMatrix{a.values.data(), 1, shape.m} : ConstMatrix{a.values.data(), shape.k};
  }
  ConstMatrix bMatrix() const {
    return bTransposed ? ConstMatrix{b.values.data(), 1, shape.k} : ConstMatrix{b.values.data(), shape.n};
  }
  Matrix dMatrix(std::vector<float> &d) const {
    return dTransposed ? Matrix{d.data(), 1, shape.m} : Matrix{d.data(), shape.n};
  }

  /// Runs in place (D is C) or not, and compares.
  void check(const MmaKernels &kernels, bool inPlace) const {
    std::vector<float> sums(c.size()), d(c.size(), -1.0f);
    Matrix from = dMatrix(sums), to = dMatrix(d);
    for (int m = 0; m < shape.m; ++m)
      for (int n = 0; n < shape.n; ++n)
        from.data[m * from.rowStride + n * from.columnStride] = c[size_t(m) * shape.n + n];
    if (inPlace)
      to = from;
    mmaWith(kernels, kind.model, shape, {kind.a, aMatrix()}, {kind.b, bMatrix()}, from, to);
    for (int m = 0; m < shape.m; ++m)
      for (int n = 0; n < shape.n; ++n) {
        float got = to.data[m * to.rowStride + n * to.columnStride];
        ASSERT_EQ(bitsOfF32(expected[size_t(m) * shape.n + n]), bitsOfF32(got))
            << kernels.name << ", " << kind.name << ", m " << m << ", n " << n << ", C " << c[size_t(m) * shape.n + n]
            << ", shape " << shape.m << " " << shape.n << " " << shape.k;
      }
  }
};
} // namespace

static const Case kCases[] = {
    {"f16", kMmaF16, MmaElement::F16, MmaElement::F16},
    {"f16 to f16", kMmaF16ToF16, MmaElement::F16, MmaElement::F16},
    {"bf16", kMmaF16, MmaElement::BF16, MmaElement::BF16},
    {"tf32", kMmaTf32, MmaElement::TF32, MmaElement::TF32},
    {"e4m3", kMmaFp8, MmaElement::E4M3, MmaElement::E4M3},
    {"e5m2 e4m3", kMmaFp8, MmaElement::E5M2, MmaElement::E4M3},
    {"e4m3 to f16", kMmaFp8ToF16, MmaElement::E4M3, MmaElement::E4M3},
    {"wgmma e4m3", kWgmmaFp8, MmaElement::E4M3, MmaElement::E4M3},
    {"wgmma e4m3 e5m2", kWgmmaFp8, MmaElement::E4M3, MmaElement::E5M2},
    {"wgmma e4m3 to f16", kWgmmaFp8ToF16, MmaElement::E4M3, MmaElement::E4M3},
    {"e3m2 e2m3", kMmaFp8, MmaElement::E3M2, MmaElement::E2M3},
    {"e2m1 e4m3", kMmaFp8, MmaElement::E2M1, MmaElement::E4M3},
};

static void checkAll(const Problem &problem) {
  MmaKernelList list = availableMmaKernels();
  for (int i = 0; i < list.count; ++i) {
    problem.check(*list.kernels[i], false);
    problem.check(*list.kernels[i], true);
  }
}

/// 12 cases x 49 pairs of styles x 2048 outputs: 1.2 million, each against every implementation, in place and not.
TEST(Mma, EqualsReferenceForAllStyles) {
  std::mt19937 random(11);
  for (const Case &kind : kCases)
    for (int style = 0; style < kStyles * kStyles && !HasFatalFailure(); ++style) {
      Problem problem(kind, {32, 64, kind.model.blockK}, random() % 8, static_cast<Style>(style % kStyles),
                      static_cast<Style>(style / kStyles), random);
      checkAll(problem);
    }
}

/// The commonest use, as often as all others together.
TEST(Mma, EqualsReferenceOnAMillionF16Outputs) {
  std::mt19937 random(12);
  for (int trial = 0; trial < 64 && !HasFatalFailure(); ++trial) {
    Style aStyle = trial % 2 ? Style::Ordinary : Style::AnyFinite, bStyle = trial % 3 ? aStyle : Style::OneSpecial;
    checkAll(Problem(kCases[0], {128, 128, 16}, random() % 8, aStyle, bStyle, random));
  }
}

TEST(Mma, EqualsReferenceForShapesThatBreakTiles) {
  std::mt19937 random(13);
  const MmaShape shapes[] = {{1, 1, 1},   {16, 8, 16},  {8, 16, 16},  {16, 8, 8},   {16, 8, 32},  {16, 8, 4},
                             {7, 5, 3},   {64, 8, 16},  {64, 24, 16}, {17, 33, 40}, {65, 1, 17},  {1, 65, 100},
                             {64, 64, 1}, {128, 16, 9}, {80, 72, 33}, {3, 130, 16}, {129, 65, 31}};
  for (const Case &kind : kCases)
    for (MmaShape shape : shapes)
      for (unsigned order = 0; order < 8 && !HasFatalFailure(); ++order) {
        Style style = static_cast<Style>(random() % kStyles);
        checkAll(Problem(kind, shape, order, style, Style::Ordinary, random));
      }
}

/// A product in which every row of A, every column of B and every C is the same.
static void checkUniform(const Case &kind, const std::vector<float> &a, const std::vector<float> &b, float c) {
  std::mt19937 random(14);
  int k = static_cast<int>(a.size());
  Problem problem(kind, {16, 16, k}, 2, Style::Ordinary, Style::Ordinary, random); // A and B with k contiguous
  for (int outer = 0; outer < 16; ++outer) {
    std::copy(a.begin(), a.end(), problem.a.values.begin() + outer * k);
    std::copy(b.begin(), b.end(), problem.b.values.begin() + outer * k);
  }
  std::fill(problem.c.begin(), problem.c.end(), c);
  float expected = dotReference(kind.model, k, {kind.a, a.data()}, {kind.b, b.data()}, c);
  std::fill(problem.expected.begin(), problem.expected.end(), expected);
  checkAll(problem);
}

/// The largest number below 2.
static float nearTwo(MmaElement element) {
  FormatBits f = formatBits(element);
  uint32_t bias = (1u << (f.exponent - 1)) - 1, code = bias << f.mantissa | ((1u << f.mantissa) - 1);
  return widenElement(element, element == MmaElement::TF32 ? code << 13 : code);
}

/// Sums of significands near 2 in one direction leave int32, which the vector code must notice.
TEST(Mma, EqualsReferenceAtTheEdgeOfTheIntegerSum) {
  for (const Case &kind : kCases)
    for (float sign : {1.0f, -1.0f}) {
      float x = nearTwo(kind.a), y = nearTwo(kind.b);
      std::vector<float> a(size_t(kind.model.blockK), x), b(a.size(), sign * y);
      std::vector<float> sums = {0.0f, 3.9999f, -3.9999f, 1.0f, 63.9f, -1e6f};
      // C that completes 16 products to 2^31 units, all but a few.
      double missing = 0x1p31 - 16 * std::ldexp(double(x) * y, 25);
      for (int few : {-1, 0, 1, 31, 63, 64, 65, 127, 128, 129})
        sums.push_back(sign * static_cast<float>(std::ldexp(missing - few, -25)));
      for (float c : sums)
        checkUniform(kind, a, b, kind.model.rounding == MmaRounding::F16NearestEven ? f32FromF16(f16FromF32(c)) : c);
    }
}

/// A subnormal f16 C has exponent -14: the term of 2^-41, which would break the tie, is below the window.
TEST(Mma, SubnormalF16AccumulatorKeepsItsExponent) {
  const Case &f16 = kCases[1];
  std::vector<float> a = {0x1p-13f, 0x1p-24f}, b = {0x1p-12f, 0x1p-17f};
  EXPECT_EQ(0x1p-23f, dotReference(f16.model, 2, {f16.a, a.data()}, {f16.b, b.data()}, 0x1p-23f));
  checkUniform(f16, a, b, 0x1p-23f);
}

TEST(Mma, ZeroKCopiesC) {
  float c[6] = {1, -0.0f, 3, HUGE_VALF, 5, 6}, d[6] = {};
  mma(kMmaF16, {2, 3, 0}, {MmaElement::F16, {nullptr, 0}}, {MmaElement::F16, {nullptr, 3}}, ConstMatrix{c, 3},
      Matrix{d, 3});
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(bitsOfF32(c[i]), bitsOfF32(d[i]));
}

TEST(Mma, LeavesTheNeighboursOfDAlone) {
  std::vector<float> a(5 * 16, 1.0f), b(16 * 20, 1.0f), d(7 * 32, -7.0f);
  mma(kMmaF16, {5, 20, 16}, {MmaElement::F16, {a.data(), 16}}, {MmaElement::F16, {b.data(), 20}},
      ConstMatrix{d.data() + 32 + 4, 32}, Matrix{d.data() + 32 + 4, 32});
  for (int m = 0; m < 7; ++m)
    for (int n = 0; n < 32; ++n) {
      bool inside = m >= 1 && m < 6 && n >= 4 && n < 24;
      EXPECT_EQ(inside ? 9.0f : -7.0f, d[size_t(m) * 32 + n]) << m << " " << n;
    }
}

TEST(Mma, EncodedF16) {
  std::mt19937 random(15);
  const MmaShape shape = {70, 90, 50};
  Problem problem(kCases[0], shape, 0, Style::Ordinary, Style::OneSpecial, random);
  std::vector<uint16_t> a(problem.a.codes.begin(), problem.a.codes.end());
  std::vector<uint16_t> b(problem.b.codes.begin(), problem.b.codes.end());
  std::vector<float> d(problem.c.size());
  mmaF16(kMmaF16, shape, a.data(), shape.k, b.data(), shape.n, problem.c.data(), shape.n, d.data(), shape.n);
  for (size_t i = 0; i < d.size(); ++i)
    ASSERT_EQ(bitsOfF32(problem.expected[i]), bitsOfF32(d[i])) << i;
}

static void checkTile(const Case &kind, void (*tile)(const uint16_t *, const uint16_t *, const float *, float *),
                      int trials) {
  std::mt19937 random(16);
  const MmaShape shape = {16, 8, 16};
  for (int trial = 0; trial < trials; ++trial) {
    Style aStyle = static_cast<Style>(trial % kStyles), bStyle = static_cast<Style>(trial / kStyles % kStyles);
    Problem problem(kind, shape, 2, aStyle, bStyle, random);
    std::vector<uint16_t> a(problem.a.codes.begin(), problem.a.codes.end());
    std::vector<uint16_t> bt(problem.b.codes.begin(), problem.b.codes.end());
    float ct[8 * 16], dt[8 * 16];
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 8; ++n)
        ct[n * 16 + m] = problem.c[size_t(m) * 8 + n];
    tile(a.data(), bt.data(), ct, dt);
    tile(a.data(), bt.data(), ct, ct); // in place
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 8; ++n) {
        ASSERT_EQ(bitsOfF32(problem.expected[size_t(m) * 8 + n]), bitsOfF32(dt[n * 16 + m])) << m << " " << n;
        ASSERT_EQ(bitsOfF32(dt[n * 16 + m]), bitsOfF32(ct[n * 16 + m]));
      }
  }
}

TEST(Mma, TileF16) { checkTile(kCases[0], mmaM16N8K16F16, 980); }
TEST(Mma, TileBf16) { checkTile(kCases[2], mmaM16N8K16Bf16, 980); }

/// Without this, a machine with AVX-512 would test one implementation only and nobody would notice.
TEST(Mma, ListsThePortableImplementation) {
  MmaKernelList list = availableMmaKernels();
  ASSERT_GE(list.count, 1);
  EXPECT_STREQ("portable", list.kernels[0]->name);
  for (int i = 0; i < list.count; ++i)
    std::printf("implementation: %s\n", list.kernels[i]->name);
}
