//===- LaunchArguments.h - the argument values of one kernel launch ---------===//
//
// Values in the order of the kernel's parameters, stored inline so that building them allocates nothing:
//
//   LaunchArguments args;
//   args.addPointer(q).addU32(length).addF32(scale);
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H
#define THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace thrift {

/// An address in the memory of one device; 0 is no address.
using DevicePointer = uint64_t;

class LaunchArguments {
public:
  static constexpr size_t kMaxCount = 64;   ///< parameters of one kernel
  static constexpr size_t kMaxBytes = 1024; ///< all values together, padding included
  static constexpr size_t kAlignment = 8;   ///< of each value inside this object

  LaunchArguments &addPointer(DevicePointer address) { return add(&address, sizeof address); }
  LaunchArguments &addU32(uint32_t value) { return add(&value, sizeof value); }
  LaunchArguments &addI32(int32_t value) { return add(&value, sizeof value); }
  LaunchArguments &addU64(uint64_t value) { return add(&value, sizeof value); }
  LaunchArguments &addI64(int64_t value) { return add(&value, sizeof value); }
  LaunchArguments &addF32(float value) { return add(&value, sizeof value); }

  size_t count() const { return count_; }
  const void *value(size_t index) const { return storage_ + offsets_[index]; }
  /// Size of one value in bytes: 4 or 8.
  size_t bytes(size_t index) const { return sizes_[index]; }
  /// Set when a value did not fit; a launch with such arguments is refused.
  bool overflowed() const { return overflowed_; }

private:
  LaunchArguments &add(const void *value, size_t bytes) {
    if (count_ == kMaxCount || used_ + bytes > kMaxBytes) {
      overflowed_ = true;
      return *this;
    }
    std::memcpy(storage_ + used_, value, bytes);
    offsets_[count_] = uint16_t(used_);
    sizes_[count_] = uint16_t(bytes);
    ++count_;
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return *this;
  }

  // Left uninitialised on purpose: a launch must not pay for clearing a kilobyte.
  alignas(kAlignment) unsigned char storage_[kMaxBytes];
  uint16_t offsets_[kMaxCount], sizes_[kMaxCount];
  size_t count_ = 0, used_ = 0;
  bool overflowed_ = false;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H
