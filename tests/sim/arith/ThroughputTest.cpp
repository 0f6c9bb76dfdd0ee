//===- ThroughputTest.cpp - how fast the arithmetic is -----------------------===//
//
// Prints rates; fails only where a result is wrong, since machines differ. Best of several runs, one core.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/arith/Approx.h"
#include "runtime/sim/arith/MmaKernels.h"
#include "runtime/sim/arith/MmaReference.h"

#include "Operands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace thrift;
using namespace thrift::sim;
using namespace thrift::sim::test;

/// Seconds of the fastest of `runs` calls.
template <typename Work>
static double fastest(int runs, Work work) {
  double best = 1e9;
  for (int run = 0; run < runs; ++run) {
    auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

TEST(Throughput, Mma) {
  struct Case {
    const char *name;
    MmaModel model;
    MmaElement element;
  };
  const Case cases[] = {{"f16, K 16", kMmaF16, MmaElement::F16},
                        {"bf16, K 16", kMmaF16, MmaElement::BF16},
                        {"tf32, K 8", kMmaTf32, MmaElement::TF32},
                        {"e4m3, K 32, 25 bits", kMmaFp8, MmaElement::E4M3},
                        {"e4m3, K 32, 13 bits", kWgmmaFp8, MmaElement::E4M3},
                        {"mxf4nvf4, K 64", kMmaMxf4, MmaElement::E2M1}};
  std::mt19937 random(71);
  MmaKernelList list = availableMmaKernels();
  for (const Case &kind : cases) {
    const int size = 64, columns = 128, k = 64;
    RandomMatrix a(kind.element, Style::Ordinary, size * k, random),
        b(kind.element, Style::Ordinary, k * columns, random);
    std::vector<uint8_t> scales(columns * k / 16, 0x38);
    std::vector<float> c(size * columns, 0.5f), d(size * columns);
    MmaOperand x = {kind.element, {a.values.data(), k}}, y = {kind.element, {b.values.data(), columns}};
    MmaScales s = {MmaScaleFormat::UE4M3, 16, scales.data(), k / 16};
    ConstMatrix from = {c.data(), columns};
    Matrix to = {d.data(), columns};
    for (int i = 0; i < list.count; ++i) {
      const MmaKernels &kernels = *list.kernels[i];
      double seconds = fastest(20, [&] {
        if (kind.model.exactGroup)
          mmaScaledWith(kernels, kind.model, {size, columns, k}, x, s, y, s, from, to);
        else
          mmaWith(kernels, kind.model, {size, columns, k}, x, y, from, to);
      });
      std::printf("%-20s %-9s %6.2f GMAC/s\n", kind.name, kernels.name, 1e-9 * size * columns * k / seconds);
    }
    DotOperand row = {kind.element, a.values.data()}, column = {kind.element, b.values.data(), columns};
    float expected = kind.model.exactGroup ? dotReferenceScaled(kind.model, k, row, {s.format, 16, s.codes}, column,
                                                                {s.format, 16, s.codes}, 0.5f)
                                           : dotReference(kind.model, k, row, column, 0.5f);
    EXPECT_EQ(bitsOfF32(expected), bitsOfF32(d[0])) << kind.name;
  }
}

TEST(Throughput, SmallTile) {
  std::vector<uint16_t> a(16 * 16, 0x3C00), b(8 * 16, 0x3C00);
  std::vector<float> d(8 * 16, 0.0f);
  const int calls = 2000;
  double seconds = fastest(10, [&] {
    for (int i = 0; i < calls; ++i)
      mmaM16N8K16F16(a.data(), b.data(), d.data(), d.data());
  });
  std::printf("m16n8k16 f16: %.0f ns a call, %.2f GMAC/s\n", seconds / calls * 1e9, 1e-9 * 2048 * calls / seconds);
  EXPECT_EQ(16.0f * calls * 10, d[0]);
}

TEST(Throughput, Approximations) {
  float x[32], y[32] = {};
  for (int i = 0; i < 32; ++i)
    x[i] = -0.37f * static_cast<float>(i);
  const int calls = 2000;
  float sum = 0;
  double ex2 = fastest(10, [&] {
    for (int i = 0; i < calls; ++i) {
      ex2Approx(x, y, 32, Ftz::No);
      sum += y[i % 32];
    }
  });
  double tanh = fastest(10, [&] {
    for (int i = 0; i < calls; ++i) {
      tanhApprox(x, y, 32);
      sum += y[i % 32];
    }
  });
  std::printf("32 values: ex2 %.0f ns, tanh %.0f ns\n", ex2 / calls * 1e9, tanh / calls * 1e9);
  EXPECT_TRUE(std::isfinite(sum));
}
