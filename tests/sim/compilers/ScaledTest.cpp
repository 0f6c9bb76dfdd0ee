//===- ScaledTest.cpp - block-scaled products as other compilers make them --===//
//
// nvfp4, mxfp4 and mxfp8: block_scale instructions on Blackwell, conversions to bf16 elsewhere. Both are exact but for
// the accumulation.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float4.h"
#include "dialect/formats/Float8.h"
#include "tests/sim/compilers/StoredKernel.h"

#include <cmath>
#include <random>

namespace thrift::sim::test {

class CompiledScaled : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledScaled, ::testing::ValuesIn(storedKernels("scaled")), testName);

/// Where the scale of a row and a group lies: row by row, or as the hardware's copies want it, in blocks of 128 rows
/// and 4 groups, in which row r of the block has its 4 scales at 16 (r mod 32) + 4 (r / 32).
static size_t scalePlace(const StoredBuffer &scales, size_t row, size_t group, size_t groups) {
  if (scales.shape.size() == 2)
    return row * groups + group;
  size_t block = row / 128 * (groups / 4) + group / 4, inside = row % 128;
  return block * 512 + inside % 32 * 16 + inside / 32 * 4 + group % 4;
}

/// The numbers of an operand: elements times scales.
static std::vector<double> scaledNumbers(const StoredKernel &kernel, const std::string &name, size_t rows) {
  size_t k = kernel.problem()["K"], size = kernel.problem()["group"], groups = k / size;
  const StoredBuffer &elements = kernel[name], &scales = kernel[name + "_scale"];
  bool packed = kernel.problem()["format"] == "e2m1", powers = kernel.problem()["scale"] == "ue8m0";
  std::vector<double> numbers(rows * k);
  for (size_t row = 0; row < rows; ++row)
    for (size_t i = 0; i < k; ++i) {
      size_t at = row * k + i;
      uint8_t scale = scales.bytes[scalePlace(scales, row, i / size, groups)];
      double element = packed ? f32FromE2m1(nibbleAt(elements.bytes.data(), static_cast<int64_t>(at)))
                              : f32FromE4m3(elements.bytes[at]);
      numbers[at] = element * (powers ? f32FromUe8m0(scale) : f32FromE4m3(scale));
    }
  return numbers;
}

TEST_P(CompiledScaled, AgreesWithF64) {
  StoredKernel kernel(GetParam());
  size_t m = kernel.problem()["M"], n = kernel.problem()["N"], k = kernel.problem()["K"];
  std::mt19937 random(9);
  for (std::string name : {"a", "b"}) {
    kernel.fill(name, name[0], 2);
    for (uint8_t &scale : kernel[name + "_scale"].bytes) // 2^-4 to 2^4, or e4m3 of 0.25 to 7.5
      scale = static_cast<uint8_t>(kernel.problem()["scale"] == "ue8m0" ? 123 + random() % 9 : 0x28 + random() % 40);
  }
  std::vector<double> a = scaledNumbers(kernel, "a", m), b = scaledNumbers(kernel, "b", n);
  std::vector<double> expected(m * n), magnitude(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l) {
        double product = a[i * k + l] * b[j * k + l];
        expected[i * n + j] += product;
        magnitude[i * n + j] += std::fabs(product);
      }
  kernel.runInAllPolicies([&] {
    // 25 fraction bits, truncated once per instruction of 16 to 64 products; 512 products here.
    for (size_t i = 0; i < m * n; ++i)
      ASSERT_NEAR(kernel["c"].number(i), expected[i], magnitude[i] * 0x1p-19) << i / n << " " << i % n;
  });
}

} // namespace thrift::sim::test
