//===- DeviceRequest.cpp - which device somebody asks for -------------------===//

#include "runtime/DeviceRequest.h"

#include <charconv>

namespace thrift {

Result<DeviceRequest> DeviceRequest::parse(std::string_view text, const std::string &field) {
  constexpr std::string_view numbered = "cuda:";
  if (text == "auto")
    return DeviceRequest{};
  if (text == "sim")
    return DeviceRequest{Kind::Sim};
  if (text == "cuda")
    return DeviceRequest{Kind::Cuda};
  if (text.substr(0, numbered.size()) == numbered) {
    std::string_view number = text.substr(numbered.size());
    int ordinal = 0;
    auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), ordinal);
    if (error == std::errc() && stop == number.data() + number.size() && ordinal >= 0)
      return DeviceRequest{Kind::Cuda, ordinal};
  }
  return Status::invalid(field, "'" + std::string(text) + "'", "auto, cuda, cuda:N, sim");
}

std::string DeviceRequest::print() const {
  if (kind == Kind::Auto)
    return "auto";
  if (kind == Kind::Sim)
    return "sim";
  return ordinal < 0 ? "cuda" : "cuda:" + std::to_string(ordinal);
}

} // namespace thrift
