//===- AttentionTest.cpp - attention as other compilers make it -------------===//

#include "tests/sim/compilers/StoredKernel.h"

#include <algorithm>
#include <cmath>

namespace thrift::sim::test {

class CompiledAttention : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledAttention, ::testing::ValuesIn(storedKernels("attention")), testName);

namespace {
struct Expected {
  std::vector<double> o, weight, lse; ///< output, sum of p |v|, log2 of the sum of 2^score
};
} // namespace

static Expected attention(const StoredKernel &kernel) {
  size_t heads = kernel.problem()["heads"], tokens = kernel.problem()["tokens"], width = kernel.problem()["D"];
  bool causal = kernel.problem()["causal"];
  double scale = kernel.problem()["scale"].get<float>();
  Expected expected{std::vector<double>(heads * tokens * width), std::vector<double>(heads * tokens * width),
                    std::vector<double>(heads * tokens)};
  std::vector<double> p(tokens);
  for (size_t row = 0; row < heads * tokens; ++row) {
    size_t base = row / tokens * tokens, keys = causal ? row - base + 1 : tokens;
    double largest = -INFINITY, sum = 0;
    for (size_t j = 0; j < keys; ++j) {
      p[j] = 0;
      for (size_t d = 0; d < width; ++d)
        p[j] += kernel["q"].number(row * width + d) * kernel["k"].number((base + j) * width + d);
      largest = std::max(largest, p[j] *= scale);
    }
    for (size_t j = 0; j < keys; ++j)
      sum += p[j] = std::exp2(p[j] - largest);
    expected.lse[row] = largest + std::log2(sum);
    for (size_t d = 0; d < width; ++d)
      for (size_t j = 0; j < keys; ++j) {
        double term = p[j] / sum * kernel["v"].number((base + j) * width + d);
        expected.o[row * width + d] += term;
        expected.weight[row * width + d] += std::fabs(term);
      }
  }
  return expected;
}

TEST_P(CompiledAttention, AgreesWithF64) {
  StoredKernel kernel(GetParam());
  for (const char *name : {"q", "k", "v"})
    kernel.fill(name, name[0]);
  Expected expected = attention(kernel);
  kernel.runInAllPolicies([&] {
    // p in f16 is off by 2^-11 of itself, and so is o.
    for (size_t i = 0; i < expected.o.size(); ++i)
      ASSERT_NEAR(kernel["o"].number(i), expected.o[i],
                  expected.weight[i] * 0x1p-10 + std::fabs(expected.o[i]) * 0x1p-11)
          << i;
    for (size_t i = 0; i < expected.lse.size(); ++i)
      ASSERT_NEAR(kernel["lse"].number(i), expected.lse[i], std::max(1.0, std::fabs(expected.lse[i])) * 1e-5) << i;
  });
}

} // namespace thrift::sim::test
