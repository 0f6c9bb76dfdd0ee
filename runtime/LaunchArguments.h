//===- LaunchArguments.h - the argument values of one kernel launch ---------===//
//
// Values in the order of the kernel's parameters, stored inline so that building them allocates nothing, and packed as
// PTX lays out parameters: each at the next multiple of its own size, tensor maps at the next multiple of 64. (Chips
// move parameters aligned to more than 16 bytes: CudaDevice::launch.)
//
//   LaunchArguments args;
//   args.addPointer(q).addU32(length).addF32(scale);
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H
#define THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H

#include "runtime/TensorMap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace thrift {

/// An address in the memory of one device; 0 is no address.
using DevicePointer = uint64_t;

class LaunchArguments {
public:
  static constexpr size_t kMaxCount = 63;   ///< parameters of one kernel
  static constexpr size_t kMaxBytes = 2048; ///< all values together, padding included; every driver takes twice as many

  LaunchArguments() = default;
  LaunchArguments(const LaunchArguments &other) { *this = other; }
  LaunchArguments &operator=(const LaunchArguments &other) {
    // The values that are there, not two kilobytes.
    std::copy_n(other.storage_, other.used_, storage_);
    std::copy_n(other.offsets_, other.count_, offsets_);
    std::copy_n(other.sizes_, other.count_, sizes_);
    count_ = other.count_;
    used_ = other.used_;
    signature_ = other.signature_;
    overflowed_ = other.overflowed_;
    return *this;
  }

  LaunchArguments &addPointer(DevicePointer address) { return add(&address, sizeof address); }
  LaunchArguments &addU32(uint32_t value) { return add(&value, sizeof value); }
  LaunchArguments &addI32(int32_t value) { return add(&value, sizeof value); }
  LaunchArguments &addU64(uint64_t value) { return add(&value, sizeof value); }
  LaunchArguments &addI64(int64_t value) { return add(&value, sizeof value); }
  LaunchArguments &addF32(float value) { return add(&value, sizeof value); }
  /// For a parameter `.param .align 64 .b8 map[128]`.
  LaunchArguments &addTensorMap(const TensorMap &map) { return add(map.bytes.data(), kTensorMapBytes); }

  size_t count() const { return count_; }
  const void *value(size_t index) const { return storage_ + offsets_[index]; }
  /// Size of one value in bytes: 4, 8, or 128 for a tensor map.
  size_t bytes(size_t index) const { return sizes_[index]; }

  /// The sizes of all values: equal for two launches exactly when they are equal. In both words a leading one, then one
  /// bit a value: in `wide` set for 8 bytes, in `maps` for 128.
  struct Signature {
    uint64_t wide = 1, maps = 1;

    friend bool operator==(const Signature &a, const Signature &b) { return a.wide == b.wide && a.maps == b.maps; }
    friend bool operator!=(const Signature &a, const Signature &b) { return !(a == b); }
  };
  Signature signature() const { return signature_; }

  bool hasTensorMaps() const { return (signature_.maps & (signature_.maps - 1)) != 0; }

  /// All values, packed.
  const void *packed() const { return storage_; }
  size_t packedBytes() const { return used_; }

  /// Set when a value did not fit; a launch with such arguments is refused.
  bool overflowed() const { return overflowed_; }
  /// "at most 63 values and 2048 bytes"
  static std::string limits() {
    return "at most " + std::to_string(kMaxCount) + " values and " + std::to_string(kMaxBytes) + " bytes";
  }

private:
  LaunchArguments &add(const void *value, size_t bytes) {
    size_t alignment = std::min(bytes, kTensorMapParameterAlignment);
    size_t offset = (used_ + alignment - 1) / alignment * alignment;
    if (count_ == kMaxCount || offset + bytes > kMaxBytes) {
      overflowed_ = true;
      return *this;
    }
    std::memset(storage_ + used_, 0, offset - used_);
    std::memcpy(storage_ + offset, value, bytes);
    offsets_[count_] = uint16_t(offset);
    sizes_[count_] = uint16_t(bytes);
    signature_.wide = signature_.wide << 1 | (bytes == 8);
    signature_.maps = signature_.maps << 1 | (bytes == kTensorMapBytes);
    ++count_;
    used_ = offset + bytes;
    return *this;
  }

  // Left uninitialised on purpose: a launch must not pay for clearing two kilobytes.
  alignas(kTensorMapParameterAlignment) unsigned char storage_[kMaxBytes];
  uint16_t offsets_[kMaxCount], sizes_[kMaxCount];
  size_t count_ = 0, used_ = 0;
  Signature signature_;
  bool overflowed_ = false;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H
