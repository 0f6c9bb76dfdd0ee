//===- Listing.h - what a PTX file holds ---------------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_LISTING_H
#define THRIFTJIT_TOOLS_PTXSIM_LISTING_H

#include "runtime/Status.h"
#include "tools/console/Json.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thrift::ptxsim {

struct ListedParameter {
  std::string name;
  std::string type; ///< of an element: "u64"
  uint32_t bytes = 0, align = 1, offset = 0;
  bool isArray = false, isPointer = false;
};

struct ListedEntry {
  std::string name;
  std::vector<ListedParameter> parameters;
  uint32_t instructions = 0; ///< in its own body
  uint32_t staticSharedBytes = 0, localBytes = 0;
  bool usesDynamicShared = false;
  std::array<uint32_t, 3> required{}, maximum{}, cluster{}; ///< .reqntid, .maxntid, .reqnctapercluster; zeros if absent
  std::string unsupported;                                  ///< why the simulator cannot run it; empty if it can
};

struct Listing {
  std::string file, version, target;
  std::vector<ListedEntry> entries;
};

/// `ptx` is the text of `file`.
Result<Listing> listEntries(std::string_view ptx, const std::string &file);

std::string print(const Listing &listing);
Json toJson(const Listing &listing);

/// A launch file to start from: every parameter has a value of its type, pointers have buffers.
Result<Json> launchTemplate(const Listing &listing, const std::optional<std::string> &entry);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_LISTING_H
