//===- Samples.h - the PTX files under tests/data/ptx ------------------------===//
//
// Read by name. A new sample is one more name here, and a row in the README of that folder.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_PTX_SAMPLES_H
#define THRIFTJIT_TESTS_SIM_PTX_SAMPLES_H

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace thrift::sim::ptx {

constexpr const char *kSamples[] = {"reduce", "calls", "hopper", "blackwell", "debug", "switch", "values"};

inline std::string readSample(const std::string &name) {
  std::ifstream file(std::string(THRIFTJIT_TEST_DATA) + "/ptx/" + name + ".ptx");
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string sampleName(const ::testing::TestParamInfo<const char *> &info) { return info.param; }

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_TESTS_SIM_PTX_SAMPLES_H
