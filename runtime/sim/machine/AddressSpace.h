//===- AddressSpace.h - global memory and the windows into it ---------------===//
//
// Global addresses are host addresses. Generic addresses of the other spaces carry a tag in their top byte, which no
// host address has:
//
//   63    56 55                                    0
//   | 0x00  | host address                         |  global, const, kernel parameters
//   | 0x01  | CTA rank << 24 | offset in shared    |  shared: the plain shared address is the same without the tag
//   | 0x02  | offset in the thread's local memory  |  local
//   | 0x03  | number of the function               |  functions: may be stored and compared, not called
//
// Shadow memory holds one byte per byte: whether it was written, or waits for an asynchronous copy.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_ADDRESSSPACE_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_ADDRESSSPACE_H

#include "runtime/Status.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace thrift::sim {

constexpr unsigned kWindowShift = 56;
constexpr uint64_t kSharedWindow = uint64_t(1) << kWindowShift;
constexpr uint64_t kLocalWindow = uint64_t(2) << kWindowShift;
constexpr uint64_t kFunctionWindow = uint64_t(3) << kWindowShift;
constexpr uint64_t kWindowMask = ~((uint64_t(1) << kWindowShift) - 1);

/// Values of a shadow byte.
/// kPending: an asynchronous operation will write it. kBarrierObject: part of an mbarrier, for nobody else to touch.
enum Shadow : uint8_t { kUnwritten = 0, kWritten = 1, kPending = 2, kBarrierObject = 4 };
constexpr uint32_t kWritten32 = 0x01010101u;
constexpr uint64_t kWritten64 = 0x0101010101010101ull;

/// What the destination of an asynchronous copy holds until it arrives: NaN in f16, bf16, f32 and fp8.
constexpr uint8_t kPoison = 0xFF;

/// Bytes [offset, offset + bytes) of shared memory.
struct SharedRange {
  uint32_t offset = 0, bytes = 0;

  bool contains(uint32_t byte) const { return byte - offset < bytes; }
};

/// "0x7f00", as findings write addresses.
std::string hexText(uint64_t value);

/// A range of host memory that a kernel may touch.
struct Region {
  uint64_t base = 0, bytes = 0;
  uint8_t *shadow = nullptr; ///< null: everything counts as written
  bool readOnly = false;
  const char *what = "global";

  uint64_t end() const { return base + bytes; }
  bool contains(uint64_t address, uint64_t size) const {
    return address >= base && size <= bytes && address - base <= bytes - size;
  }
};

/// The regions of one launch, sorted by address.
class RegionMap {
public:
  void add(const Region &region) { regions_.push_back(region); }
  void sort();
  /// The region that holds `address`, or null.
  const Region *find(uint64_t address) const;
  /// What lies around an address that no region holds: "16 bytes behind a buffer of 1024 bytes".
  std::string describeNeighbours(uint64_t address) const;

private:
  std::vector<Region> regions_;
};

/// One buffer of a Memory, with its red zones.
struct Allocation {
  Allocation(size_t bytes, uint8_t *storage, uint8_t *shadow) : bytes(bytes), storage(storage), shadow(shadow) {}
  ~Allocation();
  Allocation(const Allocation &) = delete;
  Allocation &operator=(const Allocation &) = delete;

  static std::shared_ptr<Allocation> create(size_t bytes);
  uint8_t *data() const;
  uint64_t address() const { return reinterpret_cast<uint64_t>(data()); }

  size_t bytes;
  uint8_t *storage;
  uint8_t *shadow;
};

/// The buffers of a Memory.
class AddressSpace {
public:
  Result<uint64_t> allocate(size_t bytes);
  Status free(uint64_t address);
  /// Host memory behind [address, address + bytes), which must lie in one buffer; `write` marks it as written.
  Result<uint8_t *> access(uint64_t address, size_t bytes, bool write) const;
  size_t allocatedBytes() const;
  /// The buffers that exist now; they stay alive as long as the result.
  std::vector<std::shared_ptr<Allocation>> snapshot() const;

private:
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Allocation>> allocations_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_ADDRESSSPACE_H
