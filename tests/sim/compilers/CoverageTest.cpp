//===- CoverageTest.cpp - what of the stored kernels the simulator decodes --===//

#include "tests/sim/compilers/StoredKernel.h"

namespace thrift::sim::test {

class CompiledKernels : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Stored, CompiledKernels, ::testing::ValuesIn(storedKernels()), testName);

TEST_P(CompiledKernels, IsDecoded) {
  StoredKernel kernel(GetParam());
  THRIFT_SKIP_KNOWN_GAP(kernel);
  EXPECT_EQ(kernel.decodeError(), "");
}

} // namespace thrift::sim::test
