//===- Json.cpp - results for programs ----------------------------------------===//

#include "tools/console/Json.h"

#include "tools/console/ExitCode.h"

#include <algorithm>
#include <cmath>

using namespace thrift;

Json thrift::jsonNumber(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json thrift::toJson(const Status &failure) {
  auto orNull = [](const std::string &text) { return text.empty() ? Json(nullptr) : Json(text); };
  return {{"schema_version", kJsonSchemaVersion},
          {"failure",
           {{"code", name(failure.code())},
            {"message", failure.message()},
            {"field", orNull(failure.field())},
            {"value", orNull(failure.value())},
            {"allowed", orNull(failure.allowed())}}}};
}

std::string thrift::print(const Json &object) { return object.dump(2, ' ', false, Json::error_handler_t::replace); }

static std::string text(const Json &value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

static std::string label(const Json &parent, const std::string &key) {
  return parent.is_array() ? "" : text(Json(key)) + ": ";
}

static std::string oneLine(const Json &value) {
  if (!value.is_structured())
    return text(value);
  std::string line;
  for (const auto &[key, element] : value.items())
    line += (line.empty() ? "" : ", ") + label(value, key) + oneLine(element);
  return value.is_array() ? "[" + line + "]" : "{" + line + "}";
}

/// `prefix` is how much stands on the line already.
static std::string compact(const Json &value, size_t width, size_t prefix, size_t depth) {
  bool nested = std::any_of(value.begin(), value.end(), [](const Json &element) { return element.is_structured(); });
  std::string line = oneLine(value);
  if (!value.is_structured() || value.empty() || (prefix + line.size() <= width && !(nested && depth < 2)))
    return line;
  std::string lines;
  for (const auto &[key, element] : value.items()) {
    std::string begin = std::string(2 * depth + 2, ' ') + label(value, key);
    lines += (lines.empty() ? "\n" : ",\n") + begin + compact(element, width, begin.size(), depth + 1);
  }
  lines += "\n" + std::string(2 * depth, ' ');
  return value.is_array() ? "[" + lines + "]" : "{" + lines + "}";
}

std::string thrift::printCompact(const Json &value, size_t width) { return compact(value, width, 0, 0); }
