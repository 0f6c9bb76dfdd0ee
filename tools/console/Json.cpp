//===- Json.cpp - results for programs ----------------------------------------===//

#include "tools/console/Json.h"

#include "tools/console/ExitCode.h"

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
