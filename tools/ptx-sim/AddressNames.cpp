//===- AddressNames.cpp - addresses in messages, in the words of the launch file ===//

#include "tools/ptx-sim/AddressNames.h"

#include <charconv>

namespace thrift::ptxsim {

static constexpr uint64_t kNear = 4096;

static std::string nameOf(uint64_t address, const std::vector<NamedRange> &buffers) {
  const NamedRange *nearest = nullptr;
  uint64_t least = kNear + 1;
  for (const NamedRange &buffer : buffers) {
    uint64_t end = buffer.address + buffer.bytes;
    uint64_t distance = address < buffer.address ? buffer.address - address : address < end ? 0 : address - end + 1;
    if (distance < least) {
      least = distance;
      nearest = &buffer;
    }
  }
  if (!nearest)
    return "";
  bool before = address < nearest->address;
  return " (" + nearest->name + (before ? " - " : " + ") +
         std::to_string(before ? nearest->address - address : address - nearest->address) + ")";
}

std::string nameAddresses(const std::string &message, const std::vector<NamedRange> &buffers) {
  std::string result;
  size_t done = 0;
  for (size_t at = message.find("0x"); at != std::string::npos; at = message.find("0x", done)) {
    uint64_t address = 0;
    const char *first = message.data() + at + 2, *end = message.data() + message.size();
    auto [stopped, error] = std::from_chars(first, end, address, 16);
    size_t next = static_cast<size_t>(stopped - message.data());
    result.append(message, done, next - done);
    if (error == std::errc() && stopped != first)
      result += nameOf(address, buffers);
    done = next;
  }
  return result.append(message, done);
}

} // namespace thrift::ptxsim
