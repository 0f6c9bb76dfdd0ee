//===- PtxFuzz.cpp - any text ends in a status ------------------------------===//
//
// libFuzzer's target: loads a text as PTX, decodes and runs every entry with small buffers, under all delivery policies
// and with all checks on. Whatever comes out is fine as long as it is a status; the sanitizers and the time limit
// judge.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/Simulator.h"
#include "runtime/sim/TensorMap.h"
#include "tests/fuzz/PtxMutator.h"

#include <algorithm>
#include <cstring>

using namespace thrift;
using namespace thrift::sim;

// Enough to reach the end of a small kernel, few enough to run hundreds a second.
static constexpr uint64_t kBudget = 20000;
static constexpr size_t kBufferBytes = 16384;

/// A matrix of f16, 64 columns wide, over the buffer.
static TensorMapBytes mapOf(uint64_t buffer) {
  TensorMapDescription description;
  description.element = TensorElement::F16;
  description.rank = 2;
  description.address = buffer;
  description.dims = {64, kBufferBytes / 128};
  description.strides = {128};
  description.box = {64, 8};
  description.swizzle = SwizzleMode::B128;
  Result<TensorMapBytes> map = encodeTensorMap(description);
  if (!map)
    __builtin_trap();
  return *map;
}

static void runEntry(const Kernel &kernel, Delivery delivery) {
  Memory memory;
  Result<uint64_t> buffer = memory.allocate(kBufferBytes);
  if (!buffer || !memory.fill(*buffer, 0, kBufferBytes))
    __builtin_trap();
  Arguments arguments;
  for (const ParameterInfo &parameter : kernel.info().parameters) {
    std::vector<uint8_t> bytes(parameter.bytes, 1);
    if (parameter.bytes == 8)
      std::memcpy(bytes.data(), &*buffer, 8);
    if (parameter.bytes == kTensorMapBytes)
      std::memcpy(bytes.data(), mapOf(*buffer).data(), kTensorMapBytes);
    arguments.addBytes(bytes.data(), bytes.size());
  }
  LaunchConfig config;
  config.grid = {2};
  config.block = {128};
  if (kernel.info().required.x != 0)
    config.block = kernel.info().required;
  config.dynamicSharedBytes = kernel.info().usesDynamicShared ? 4096 : 0;
  Options options;
  options.threads = 1;
  options.instructionBudget = kBudget;
  options.delivery = delivery;
  options.seed = 1;
  options.checkRaces = delivery != Delivery::Eager;
  options.lints = true;
  Report report = launch(kernel, memory, config, arguments, options);
  if (!report.status && report.status.message().empty())
    __builtin_trap(); // an error without a sentence
  for (const Finding &finding : report.findings)
    if (finding.describe().empty())
      __builtin_trap();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  Result<std::shared_ptr<Module>> module = Module::load(text);
  if (!module) {
    if (module.status().message().empty())
      __builtin_trap();
    return 0;
  }
  for (const std::string &entry : (*module)->entries()) {
    Result<const Kernel *> kernel = (*module)->find(entry);
    if (!kernel)
      continue;
    for (Delivery delivery : {Delivery::Lazy, Delivery::Eager, Delivery::Random})
      runEntry(**kernel, delivery);
  }
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned int seed) {
  if (seed % 16 == 0) // plain bytes, now and then
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text = mutatePtx(std::string(reinterpret_cast<const char *>(data), size), seed);
  size_t length = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), length);
  return length;
}
