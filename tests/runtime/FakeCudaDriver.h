//===- FakeCudaDriver.h - how a test steers the stand-in for libcuda --------===//

#ifndef THRIFTJIT_TESTS_RUNTIME_FAKECUDADRIVER_H
#define THRIFTJIT_TESTS_RUNTIME_FAKECUDADRIVER_H

#include "runtime/cuda/DriverTypes.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thrift::test {

/// What cuTensorMapEncodeTiled was given.
struct FakeTensorMap {
  cuda::TensorDataType type = {};
  uint64_t address = 0;
  std::vector<uint64_t> dims, strides;
  std::vector<uint32_t> box, elementStrides;
  cuda::TensorSwizzle swizzle = {};
  cuda::TensorL2Promotion promotion = {};
};

/// What the next calls of the stand-in do, and what the last ones were given.
struct FakeCudaDriver {
  // Settings.
  cuda::DriverResult initResult = cuda::DriverResult::Success;
  cuda::DriverResult contextResult = cuda::DriverResult::Success;
  cuda::DriverResult loadResult = cuda::DriverResult::Success;
  cuda::DriverResult synchronizeResult = cuda::DriverResult::Success;
  cuda::DriverResult encodeResult = cuda::DriverResult::Success;
  int devices = 2;
  int computeMajor[2] = {9, 12}, computeMinor[2] = {0, 0};
  std::string missingSymbol;
  size_t memoryLimit = 1 << 20;

  // Observations.
  std::vector<std::string> requests; ///< "name version", in order
  std::vector<std::string> calls;    ///< functions that change something
  std::string loadedImage;
  unsigned grid[3] = {}, block[3] = {}, sharedBytes = 0;
  uint64_t address = 0;
  uint32_t value = 0;
  FakeTensorMap encoded;
  unsigned char taken[128] = {}; ///< the tensor map of the last launch
  void *stream = nullptr;
  int dynamicSharedBytes = 0;
  int retained = 0, modules = 0, streams = 0, events = 0, allocations = 0;
  std::vector<cuda::ContextHandle> contexts; ///< the stack of current contexts
  cuda::ContextHandle contextOfLaunch = nullptr;
};

} // namespace thrift::test

#endif // THRIFTJIT_TESTS_RUNTIME_FAKECUDADRIVER_H
