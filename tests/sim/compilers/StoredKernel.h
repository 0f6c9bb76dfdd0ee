//===- StoredKernel.h - kernels of other compilers, ready to launch ---------===//
//
// A pair of files in tests/data/sim/compilers/ptx: PTX, and a launch file of ptx-sim. A test fills the buffers that the
// kernel reads, runs it under every delivery policy, and compares what it wrote.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_COMPILERS_STOREDKERNEL_H
#define THRIFTJIT_TESTS_SIM_COMPILERS_STOREDKERNEL_H

#include "runtime/sim/Simulator.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace thrift::sim::test {

/// A dense array of the numbers of one type: "f32", "f16", "bf16", "tf32" (f32 with 10 fraction bits), "e4m3", "u8".
struct StoredBuffer {
  std::string type;
  std::vector<uint64_t> shape;
  std::vector<uint8_t> bytes;

  size_t count() const;
  /// Element `index` as a number; for "u8" the byte.
  double number(size_t index) const;
};

/// A launch policy and its name.
struct Policy {
  std::string name;
  Options options;
};
const std::vector<Policy> &policies();

class StoredKernel {
public:
  explicit StoredKernel(const std::string &stem);

  const nlohmann::json &problem() const { return facts_["problem"]; }
  std::string target() const { return facts_["target"]; }
  std::string family() const { return facts_["family"]; }
  std::string ptx() const;
  const StoredBuffer &operator[](const std::string &buffer) const { return buffers_.at(buffer); }
  StoredBuffer &operator[](const std::string &buffer) { return buffers_.at(buffer); }

  /// Random numbers in a buffer, normally distributed; in "u8" uniform bytes. `type` where it is narrower than the
  /// buffer's.
  void fill(const std::string &buffer, uint64_t seed, double deviation = 1, const std::string &type = "");

  /// Runs the kernel once per policy and hands the outcome to `compare`. Buffers that were not filled start as 0xFF
  /// bytes: a NaN in every floating-point type, so that an element that nobody wrote is seen.
  void runInAllPolicies(const std::function<void()> &compare);

private:
  void run(const Policy &policy);

  std::string stem_;
  nlohmann::json facts_, launch_;
  std::map<std::string, StoredBuffer> buffers_;
};

/// The stems of the stored kernels of a family ("" for all), in the order of their names.
std::vector<std::string> storedKernels(const std::string &family = "");

/// A name that GoogleTest accepts.
std::string testName(const ::testing::TestParamInfo<std::string> &info);

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_COMPILERS_STOREDKERNEL_H
