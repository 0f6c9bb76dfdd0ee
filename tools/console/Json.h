//===- Json.h - results for programs ------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_JSON_H
#define THRIFTJIT_TOOLS_CONSOLE_JSON_H

#include "runtime/Status.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace thrift {

/// Of every object that a program prints; grows when a field changes its meaning or goes away.
constexpr int kJsonSchemaVersion = 1;

/// Keys keep the order in which they are set.
using Json = nlohmann::ordered_json;

/// null where JSON has no word for the number, or there is none.
Json jsonNumber(std::optional<double> value);
/// {"schema_version", "failure": {"code", "message", "field", "value", "allowed"}}; null where one input is not to
/// blame.
Json toJson(const Status &failure);

/// As text; bytes of file names that are not UTF-8 are replaced.
std::string print(const Json &object);
/// The same for people: what fits into a line of `width` characters stands on one, but for lists of lists and objects
/// in the outer two levels.
std::string printCompact(const Json &value, size_t width = 100);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_JSON_H
