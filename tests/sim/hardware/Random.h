//===- Random.h - numbers that depend on nothing but their place ------------===//
//
// The operands of every form are made anew wherever they are needed: on the machine with the GPU and in each test. So
// they must be the same everywhere, and one case must not depend on how many others there are: a stream is named by
// seed, form, operand and case. The generator is splitmix64.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_RANDOM_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_RANDOM_H

#include <cstdint>
#include <string_view>

namespace thrift::sim::hardware {

/// FNV-1a: names streams, and stands for long outputs in the stored vectors.
inline uint64_t hashBytes(const void *data, size_t bytes, uint64_t hash = 0xCBF29CE484222325ull) {
  const auto *byte = static_cast<const uint8_t *>(data);
  for (size_t i = 0; i < bytes; ++i)
    hash = (hash ^ byte[i]) * 0x100000001B3ull;
  return hash;
}
inline uint64_t hashText(std::string_view text) { return hashBytes(text.data(), text.size()); }

class Random {
public:
  explicit Random(uint64_t state) : state_(state) {}
  Random(uint64_t seed, uint64_t form, uint64_t operand, uint64_t index)
      : state_(mix(mix(mix(seed + form) + operand) + index)) {}

  uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ull); }
  uint32_t word() { return static_cast<uint32_t>(next() >> 32); }
  /// 0 .. bound - 1
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }
  /// low .. high
  int32_t between(int32_t low, int32_t high) { return low + static_cast<int32_t>(below(uint32_t(high - low) + 1)); }

private:
  static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
  }

  uint64_t state_;
};

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_RANDOM_H
