//===- SoftmaxTest.cpp - softmax as other compilers make it -----------------===//

#include "tests/sim/compilers/StoredKernel.h"

#include <algorithm>
#include <cmath>

namespace thrift::sim::test {

class CompiledSoftmax : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledSoftmax, ::testing::ValuesIn(storedKernels("softmax")), testName);

TEST_P(CompiledSoftmax, AgreesWithF64) {
  StoredKernel kernel(GetParam());
  kernel.fill("x", 1, 3);
  size_t rows = kernel.problem()["rows"], columns = kernel.problem()["columns"];
  bool half = kernel["y"].type == "f16";
  std::vector<double> expected(rows * columns), tolerance(rows * columns);
  for (size_t row = 0; row < rows; ++row) {
    size_t first = row * columns, last = first + columns;
    double largest = -INFINITY, sum = 0;
    for (size_t i = first; i < last; ++i)
      largest = std::max(largest, kernel["x"].number(i));
    for (size_t i = first; i < last; ++i)
      sum += expected[i] = std::exp(kernel["x"].number(i) - largest);
    for (size_t i = first; i < last; ++i) {
      expected[i] /= sum;
      // exp is ex2 of a rounded product with a rounded log2(e), so its error grows with the size of its argument; the
      // rest is 2 units of ex2, the sum, and the division.
      double relative = (8 + largest - kernel["x"].number(i)) * 0x1p-23;
      tolerance[i] = expected[i] * (relative + (half ? 0x1p-11 : 0)) + (half ? 0x1p-25 : 0);
    }
  }
  kernel.runInAllPolicies([&] {
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(kernel["y"].number(i), expected[i], tolerance[i]) << i;
  });
}

} // namespace thrift::sim::test
