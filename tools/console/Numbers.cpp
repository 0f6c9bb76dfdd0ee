//===- Numbers.cpp - numbers from and for people ------------------------------===//

#include "tools/console/Numbers.h"

#include <charconv>
#include <cmath>
#include <cstdio>

using namespace thrift;

template <typename T>
static bool parseWhole(const std::string &text, T &value) {
  const char *end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end;
}

Result<int64_t> thrift::parseInteger(const std::string &field, const std::string &text, const std::string &allowed) {
  int64_t value = 0;
  if (!parseWhole(text, value))
    return Status::invalid(field, "'" + text + "'", allowed);
  return value;
}

Result<double> thrift::parseNumber(const std::string &field, const std::string &text, const std::string &allowed) {
  double value = 0;
  if (!parseWhole(text, value) || !std::isfinite(value))
    return Status::invalid(field, "'" + text + "'", allowed);
  return value;
}

static std::string print(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string thrift::printShort(double value) {
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : print("%g", value);
}

std::string thrift::printRounded(double value) {
  double magnitude = std::fabs(value);
  if (value == 0)
    return "0";
  if (std::isnan(value))
    return "nan"; // its sign means nothing
  return print(magnitude < 1e-3 || magnitude >= 1e4 ? "%.2e" : "%.3g", value);
}

std::string thrift::printPercent(double share) { return print("%.2f %%", 100 * share); }

std::string thrift::printMicroseconds(double microseconds) {
  if (microseconds < 1e3)
    return print("%.1f us", microseconds);
  return microseconds < 1e6 ? print("%.2f ms", microseconds / 1e3) : print("%.2f s", microseconds / 1e6);
}
