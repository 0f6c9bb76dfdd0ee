//===- MatmulTest.cpp - matrix products as other compilers make them --------===//
//
// Plain pointers with cp.async, descriptors with TMA, warp specialisation; mma.sync, wgmma and tcgen05, whatever the
// compiler chose for the target.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/compilers/StoredKernel.h"

#include <cmath>

namespace thrift::sim::test {

class CompiledMatmul : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledMatmul, ::testing::ValuesIn(storedKernels("matmul")), testName);

/// How far C may be from the exact product, in parts of the sum of |a b|.
static double accumulationError(const StoredKernel &kernel) {
  // Hopper's wgmma keeps 13 fraction bits of sums of 8-bit products; all else 25, truncated once per instruction.
  bool coarse = kernel["a"].type == "e4m3" && kernel.target() == "sm_90a";
  return std::ldexp(1.0, coarse ? -9 : -20);
}

/// Rounding to C's type, in parts of C.
static double roundingError(const std::string &type) { return type == "f16" ? 0x1p-11 : type == "bf16" ? 0x1p-8 : 0; }

TEST_P(CompiledMatmul, AgreesWithF64) {
  StoredKernel kernel(GetParam());
  size_t m = kernel.problem()["M"], n = kernel.problem()["N"], k = kernel.problem()["K"];
  bool transposed = kernel.problem()["transposed"];
  // f32 operands are read as tf32, by truncation or by rounding: numbers that tf32 has are safe from both.
  for (const char *name : {"a", "b"})
    kernel.fill(name, name[0], 1, kernel[name].type == "f32" ? "tf32" : "");
  std::vector<double> expected(m * n), magnitude(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l) {
        double product = kernel["a"].number(i * k + l) * kernel["b"].number(transposed ? j * k + l : l * n + j);
        expected[i * n + j] += product;
        magnitude[i * n + j] += std::fabs(product);
      }
  double accumulation = accumulationError(kernel), rounding = roundingError(kernel["c"].type);
  kernel.runInAllPolicies([&] {
    for (size_t i = 0; i < m * n; ++i)
      ASSERT_NEAR(kernel["c"].number(i), expected[i], magnitude[i] * accumulation + std::fabs(expected[i]) * rounding)
          << i / n << " " << i % n;
  });
}

} // namespace thrift::sim::test
