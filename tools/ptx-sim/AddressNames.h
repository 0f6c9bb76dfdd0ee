//===- AddressNames.h - addresses in messages, in the words of the launch file --===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_ADDRESSNAMES_H
#define THRIFTJIT_TOOLS_PTXSIM_ADDRESSNAMES_H

#include <cstdint>
#include <string>
#include <vector>

namespace thrift::ptxsim {

/// A buffer of the launch.
struct NamedRange {
  std::string name;
  uint64_t address = 0, bytes = 0;
};

/// "read of 4 bytes at 0x55c5fc880490" becomes "... at 0x55c5fc880490 (x + 400)": every hexadecimal number that lies in
/// a buffer, or not farther than 4 KiB from one, is explained by the nearest.
std::string nameAddresses(const std::string &message, const std::vector<NamedRange> &buffers);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_ADDRESSNAMES_H
