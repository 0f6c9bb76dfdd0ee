//===- LaunchArguments.h - the argument values of one kernel launch ---------===//
//
// Values in the order of the kernel's parameters, stored inline so that building them allocates nothing, and packed as
// PTX lays out parameters: each at the next multiple of its own size.
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
  static constexpr size_t kMaxCount = 63;   ///< parameters of one kernel
  static constexpr size_t kMaxBytes = 1024; ///< all values together, padding included

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

  /// The sizes of all values in one number: equal for two launches exactly when they are equal. A leading one, then one
  /// bit a value: set for 8 bytes.
  uint64_t signature() const { return signature_; }

  /// All values, packed.
  const void *packed() const { return storage_; }
  size_t packedBytes() const { return used_; }

  /// Set when a value did not fit; a launch with such arguments is refused.
  bool overflowed() const { return overflowed_; }

private:
  LaunchArguments &add(const void *value, size_t bytes) {
    size_t offset = (used_ + bytes - 1) / bytes * bytes;
    if (count_ == kMaxCount || offset + bytes > kMaxBytes) {
      overflowed_ = true;
      return *this;
    }
    std::memset(storage_ + used_, 0, offset - used_);
    std::memcpy(storage_ + offset, value, bytes);
    offsets_[count_] = uint16_t(offset);
    sizes_[count_] = uint16_t(bytes);
    signature_ = signature_ << 1 | (bytes == 8);
    ++count_;
    used_ = offset + bytes;
    return *this;
  }

  // Left uninitialised on purpose: a launch must not pay for clearing a kilobyte.
  alignas(8) unsigned char storage_[kMaxBytes];
  uint16_t offsets_[kMaxCount], sizes_[kMaxCount];
  size_t count_ = 0, used_ = 0;
  uint64_t signature_ = 1;
  bool overflowed_ = false;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_LAUNCHARGUMENTS_H
