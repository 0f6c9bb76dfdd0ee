//===- AddressSpace.cpp - global memory -------------------------------------===//

#include "runtime/sim/machine/AddressSpace.h"

#include "runtime/sim/Simulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace thrift::sim {

// At least this much unused memory stands before and behind a buffer; also the alignment of buffers.
static constexpr size_t kRedZone = 256;

std::string hexText(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

//===----------------------------------------------------------------------===//
// RegionMap
//===----------------------------------------------------------------------===//

void RegionMap::sort() {
  std::sort(regions_.begin(), regions_.end(), [](const Region &a, const Region &b) { return a.base < b.base; });
}

const Region *RegionMap::find(uint64_t address) const {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](uint64_t value, const Region &region) { return value < region.base; });
  if (after == regions_.begin())
    return nullptr;
  const Region &region = *(after - 1);
  return address - region.base < region.bytes ? &region : nullptr;
}

std::string RegionMap::describeNeighbours(uint64_t address) const {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](uint64_t value, const Region &region) { return value < region.base; });
  // Farther away than this a buffer says nothing about the address.
  constexpr uint64_t kNear = uint64_t(1) << 20;
  const Region *behind = after != regions_.begin() ? &*(after - 1) : nullptr;
  const Region *before = after != regions_.end() ? &*after : nullptr;
  auto sentence = [](uint64_t distance, const char *side, const Region &region) {
    return std::to_string(distance) + " bytes " + side + " a " + region.what + " buffer of " +
           std::to_string(region.bytes) + " bytes";
  };
  if (behind && address - behind->end() < kNear && (!before || address - behind->end() <= before->base - address))
    return sentence(address - behind->end(), "behind the end of", *behind);
  if (before && before->base - address < kNear)
    return sentence(before->base - address, "before", *before);
  return address < 4096 ? "a null pointer plus " + std::to_string(address) : "no buffer is near it";
}

//===----------------------------------------------------------------------===//
// Allocation and AddressSpace
//===----------------------------------------------------------------------===//

Allocation::~Allocation() {
  std::free(storage);
  std::free(shadow);
}

uint8_t *Allocation::data() const {
  uint64_t first = reinterpret_cast<uint64_t>(storage) + kRedZone;
  return storage + kRedZone + (kRedZone - first % kRedZone) % kRedZone;
}

std::shared_ptr<Allocation> Allocation::create(size_t bytes) {
  if (bytes > SIZE_MAX - 4 * kRedZone)
    return nullptr;
  auto *storage = static_cast<uint8_t *>(std::calloc(bytes + 3 * kRedZone, 1));
  auto *shadow = static_cast<uint8_t *>(std::calloc(bytes, 1));
  if (!storage || !shadow) {
    std::free(storage);
    std::free(shadow);
    return nullptr;
  }
  return std::make_shared<Allocation>(bytes, storage, shadow);
}

Result<uint64_t> AddressSpace::allocate(size_t bytes) {
  if (bytes == 0)
    return Status::invalid("bytes", "0", "1 or more");
  std::shared_ptr<Allocation> allocation = Allocation::create(bytes);
  if (!allocation)
    return Status::invalid("bytes", std::to_string(bytes), "what the host has memory for, twice");
  uint64_t address = allocation->address();
  std::lock_guard<std::mutex> lock(mutex_);
  allocations_[address] = std::move(allocation);
  return address;
}

Status AddressSpace::free(uint64_t address) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (allocations_.erase(address) == 0)
    return Status::invalid("address", hexText(address), "an address that allocate returned and that was not freed");
  return Status::ok();
}

Result<uint8_t *> AddressSpace::access(uint64_t address, size_t bytes, bool write) const {
  std::lock_guard<std::mutex> lock(mutex_);
  auto after = allocations_.upper_bound(address);
  if (after != allocations_.begin()) {
    const Allocation &allocation = *std::prev(after)->second;
    uint64_t offset = address - allocation.address();
    if (offset <= allocation.bytes && bytes <= allocation.bytes - offset) {
      if (write)
        std::memset(allocation.shadow + offset, kWritten, bytes);
      return allocation.data() + offset;
    }
  }
  return Status::invalid("address", hexText(address) + " with " + std::to_string(bytes) + " bytes",
                         "a range within one buffer");
}

size_t AddressSpace::allocatedBytes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  size_t sum = 0;
  for (const auto &entry : allocations_)
    sum += entry.second->bytes;
  return sum;
}

std::vector<std::shared_ptr<Allocation>> AddressSpace::snapshot() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<Allocation>> all;
  for (const auto &entry : allocations_)
    all.push_back(entry.second);
  return all;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Memory::Memory() : space_(std::make_unique<AddressSpace>()) {}
Memory::~Memory() = default;

Result<uint64_t> Memory::allocate(size_t bytes) { return space_->allocate(bytes); }
Status Memory::free(uint64_t address) { return space_->free(address); }
size_t Memory::allocatedBytes() const { return space_->allocatedBytes(); }

Status Memory::write(uint64_t destination, const void *source, size_t bytes) {
  Result<uint8_t *> host = space_->access(destination, bytes, true);
  if (!host)
    return host.status();
  if (bytes != 0)
    std::memcpy(*host, source, bytes);
  return Status::ok();
}

Status Memory::read(uint64_t source, void *destination, size_t bytes) const {
  Result<uint8_t *> host = space_->access(source, bytes, false);
  if (!host)
    return host.status();
  if (bytes != 0)
    std::memcpy(destination, *host, bytes);
  return Status::ok();
}

Status Memory::fill(uint64_t destination, uint8_t value, size_t bytes) {
  Result<uint8_t *> host = space_->access(destination, bytes, true);
  if (!host)
    return host.status();
  std::memset(*host, value, bytes);
  return Status::ok();
}

} // namespace thrift::sim
