//===- CopyTest.cpp - kernels that mostly copy, as nvcc makes them ----------===//
//
// Bulk copies through a ring of mbarriers, tensor copies with every swizzle, and libcu++'s barriers.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/compilers/StoredKernel.h"

#include <algorithm>
#include <cmath>

namespace thrift::sim::test {

class CompiledAxpy : public ::testing::TestWithParam<std::string> {};
class CompiledTranspose : public ::testing::TestWithParam<std::string> {};
class CompiledMean : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledAxpy, ::testing::ValuesIn(storedKernels("axpy")), testName);
INSTANTIATE_TEST_SUITE_P(Stored, CompiledTranspose, ::testing::ValuesIn(storedKernels("transpose")), testName);
INSTANTIATE_TEST_SUITE_P(Stored, CompiledMean, ::testing::ValuesIn(storedKernels("mean")), testName);

TEST_P(CompiledAxpy, AgreesWithFma) {
  StoredKernel kernel(GetParam());
  kernel.fill("x", 1);
  kernel.fill("y", 2);
  float a = kernel.problem()["a"];
  std::vector<float> expected(kernel["y"].count());
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] = std::fma(a, static_cast<float>(kernel["x"].number(i)), static_cast<float>(kernel["y"].number(i)));
  kernel.runInAllPolicies([&] {
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(kernel["y"].number(i), expected[i]) << i;
  });
}

TEST_P(CompiledTranspose, IsExact) {
  StoredKernel kernel(GetParam());
  kernel.fill("in", 1);
  size_t batches = kernel.problem()["batches"], rows = kernel.problem()["rows"], columns = kernel.problem()["columns"];
  kernel.runInAllPolicies([&] {
    for (size_t b = 0; b < batches; ++b)
      for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j)
          ASSERT_EQ(kernel["out"].number((b * columns + j) * rows + i),
                    kernel["in"].number((b * rows + i) * columns + j))
              << b << " " << i << " " << j;
  });
}

TEST_P(CompiledMean, AgreesWithF64) {
  StoredKernel kernel(GetParam());
  kernel.fill("x", 1);
  int rows = kernel.problem()["rows"], columns = kernel.problem()["columns"], reach = kernel.problem()["reach"];
  std::vector<double> expected(rows * columns), magnitude(rows * columns);
  for (int i = 0; i < rows * columns; ++i) {
    int row = i / columns * columns, first = std::max(row, i - reach), last = std::min(row + columns - 1, i + reach);
    for (int j = first; j <= last; ++j) {
      expected[i] += kernel["x"].number(j) / (last - first + 1);
      magnitude[i] += std::fabs(kernel["x"].number(j)) / (last - first + 1);
    }
  }
  kernel.runInAllPolicies([&] {
    // 17 additions and a division in f32.
    for (int i = 0; i < rows * columns; ++i)
      ASSERT_NEAR(kernel["y"].number(i), expected[i], magnitude[i] * 18 * 0x1p-24) << i;
  });
}

} // namespace thrift::sim::test
