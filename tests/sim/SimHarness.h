//===- SimHarness.h - running PTX in tests ----------------------------------===//
//
// Buffers, launches, and a kernel that applies a few PTX lines to every element of some vectors.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_SIMHARNESS_H
#define THRIFTJIT_TESTS_SIM_SIMHARNESS_H

#include "runtime/sim/Simulator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace thrift::sim::test {

/// The header that every module needs.
std::string header(const std::string &target = "sm_100a");

/// Loads a module and finds its entry; a failure is reported to GoogleTest and gives null.
struct LoadedKernel {
  std::shared_ptr<Module> module;
  const Kernel *kernel = nullptr;

  explicit operator bool() const { return kernel != nullptr; }
};
LoadedKernel loadKernel(const std::string &ptx, const std::string &entry = "test");

/// Why a module or its entry cannot be loaded; "" if it can.
std::string loadError(const std::string &ptx, const std::string &entry = "test");

/// A text file under tests/data/sim.
std::string readData(const std::string &name);

template <typename T>
uint64_t upload(Memory &memory, const std::vector<T> &values) {
  Result<uint64_t> address = memory.allocate(values.size() * sizeof(T));
  EXPECT_TRUE(address) << address.status().message();
  if (!address)
    return 0;
  Status status = memory.write(*address, values.data(), values.size() * sizeof(T));
  EXPECT_TRUE(status) << status.message();
  return *address;
}

/// A buffer that nobody has written.
inline uint64_t allocate(Memory &memory, size_t bytes) {
  Result<uint64_t> address = memory.allocate(bytes);
  EXPECT_TRUE(address) << address.status().message();
  return address ? *address : 0;
}

template <typename T>
std::vector<T> download(const Memory &memory, uint64_t address, size_t count) {
  std::vector<T> values(count);
  Status status = memory.read(address, values.data(), count * sizeof(T));
  EXPECT_TRUE(status) << status.message();
  return values;
}

/// A kernel `test(.param .u64 out, .param .u64 in)` with this body, run with `threads` threads per CTA. `%out` and
/// `%in` hold the addresses, `%t` the thread index; more registers are declared by the body.
struct BodyRun {
  Report report;
  std::vector<uint32_t> out;
};
struct BodyOptions {
  uint32_t threads = 32, ctas = 1;
  size_t outWords = 0;      ///< 0: one per thread; filled with zeros before
  std::vector<uint32_t> in; ///< may be empty
  uint32_t dynamicSharedBytes = 0;
  std::string before; ///< module scope: variables, functions
  std::string target = "sm_100a";
  Options options;
};
BodyRun runBody(const std::string &body, const BodyOptions &options = {});

/// The error that a body must produce, as a finding; fails the test if there is none.
Finding expectError(const std::string &body, Check check, const BodyOptions &options = {});

/// Applies `code` to each element: registers %d, %a, %b, %c are as wide as the C++ types (8 bits count as 16).
std::string elementwiseKernel(const std::string &code, size_t d, const std::vector<size_t> &sources);
std::vector<uint8_t> runElementwise(const std::string &kernel, size_t count, size_t dBytes,
                                    const std::vector<std::vector<uint8_t>> &sources);

template <typename T>
std::vector<uint8_t> rawBytes(const std::vector<T> &values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename D, typename... A>
std::vector<D> elementwise(const std::string &code, const std::vector<A> &...sources) {
  std::vector<std::vector<uint8_t>> raw = {rawBytes(sources)...};
  size_t count = std::min({sources.size()...});
  std::vector<uint8_t> bytes =
      runElementwise(elementwiseKernel(code, sizeof(D), {sizeof(A)...}), count, sizeof(D), raw);
  std::vector<D> result(bytes.size() / sizeof(D));
  std::memcpy(result.data(), bytes.data(), result.size() * sizeof(D));
  return result;
}

/// Random bits, with all the edge cases of integers first.
template <typename T>
std::vector<T> integers(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  const T kEdges[] = {T(0),
                      T(1),
                      T(2),
                      T(-1),
                      T(-2),
                      std::numeric_limits<T>::max(),
                      std::numeric_limits<T>::min(),
                      T(std::numeric_limits<T>::max() / 2 + 1),
                      T(31),
                      T(32),
                      T(33),
                      T(63),
                      T(64),
                      T(255),
                      T(256)};
  constexpr size_t kNumEdges = sizeof kEdges / sizeof kEdges[0];
  std::vector<T> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t choice = random();
    values[i] = choice % 4 == 0 ? kEdges[random() % kNumEdges] : static_cast<T>(random() >> (choice >> 8) % 60);
  }
  return values;
}

/// Random floats of all magnitudes, with zeros, infinities, NaNs, subnormals and ties.
std::vector<float> floats(size_t count, uint64_t seed);
std::vector<double> doubles(size_t count, uint64_t seed);
/// Random 16-bit patterns: every class of f16 and bf16.
std::vector<uint16_t> halves(size_t count, uint64_t seed);

inline uint32_t bits(float x) {
  uint32_t word;
  std::memcpy(&word, &x, 4);
  return word;
}
inline uint64_t bits(double x) {
  uint64_t word;
  std::memcpy(&word, &x, 8);
  return word;
}
inline float f32(uint32_t word) {
  float x;
  std::memcpy(&x, &word, 4);
  return x;
}

/// PTX's one NaN of f32.
inline uint32_t canonicalBits(float x) { return x != x ? 0x7FFFFFFFu : bits(x); }

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_SIMHARNESS_H
