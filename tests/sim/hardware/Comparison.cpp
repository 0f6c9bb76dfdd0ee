//===- Comparison.cpp - do two results of a form agree? ---------------------===//

#include "tests/sim/hardware/Comparison.h"

#include <cmath>
#include <cstring>

namespace thrift::sim::hardware {

namespace {

/// A value and the distance to its neighbours.
struct Measured {
  double value, ulp;
};

/// Of a sign, `exponentBits` and `mantissaBits`. Infinities and NaNs have no finite value.
Measured measure(uint64_t code, unsigned exponentBits, unsigned mantissaBits) {
  uint64_t mantissa = code & ((uint64_t(1) << mantissaBits) - 1);
  auto exponent = static_cast<int>(code >> mantissaBits & ((1u << exponentBits) - 1));
  int bias = (1 << (exponentBits - 1)) - 1;
  if (exponent == (1 << exponentBits) - 1)
    return {mantissa == 0 ? HUGE_VAL : NAN, 0};
  int scale = (exponent == 0 ? 1 : exponent) - bias - static_cast<int>(mantissaBits);
  double whole = static_cast<double>(exponent == 0 ? mantissa : mantissa | uint64_t(1) << mantissaBits);
  bool negative = code >> (exponentBits + mantissaBits) & 1;
  return {std::ldexp(negative ? -whole : whole, scale), std::ldexp(1.0, scale)};
}

Measured measure(Number number, uint64_t code) {
  switch (number) {
  case Number::F32:
    return measure(code, 8, 23);
  case Number::F16:
    return measure(code, 5, 10);
  case Number::BF16:
    return measure(code, 8, 7);
  case Number::F64Upper:
    return measure(code >> 32, 11, 20);
  case Number::Bits:
    break;
  }
  return {NAN, 0};
}

/// Distance in units of the last place of `simulated`; infinite if they cannot be compared.
double distance(const Judge &judge, uint64_t gpu, uint64_t simulated, bool &allowed) {
  allowed = false;
  if (judge.number == Number::Bits)
    return HUGE_VAL;
  Measured a = measure(judge.number, gpu), b = measure(judge.number, simulated);
  if (!std::isfinite(a.value) || !std::isfinite(b.value))
    return HUGE_VAL;
  double apart = std::fabs(a.value - b.value);
  const Tolerance &bound = judge.tolerance;
  allowed = apart <= (bound.ulps + 0.5) * b.ulp + bound.absolute + bound.relative * std::fabs(b.value);
  return apart / b.ulp;
}

std::string hex(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

void compareHashes(const Form &form, const Record &record, const std::vector<uint8_t> &output, Comparison &result) {
  std::vector<uint8_t> hashes = hashOutput(output);
  for (size_t at = 0; at + 8 <= std::max(hashes.size(), record.bytes.size()); at += 8) {
    ++result.values;
    if (at + 8 <= hashes.size() && at + 8 <= record.bytes.size() && std::memcmp(&hashes[at], &record.bytes[at], 8) == 0)
      continue;
    ++result.differing;
    if (result.beyond++ == 0)
      result.first = "byte " + std::to_string(at / 8 * kHashedBytes) + " of " + std::to_string(form.outBytes) +
                     " a case, or one of the " + std::to_string(kHashedBytes - 1) + " after it";
  }
}

} // namespace

Comparison compareWithRecord(const Form &form, const Record &record, const std::vector<uint8_t> &output) {
  Comparison result;
  if (record.hashed) {
    compareHashes(form, record, output, result);
    return result;
  }
  uint32_t width = form.judge.width;
  for (size_t at = 0; at + width <= std::max(output.size(), record.bytes.size()); at += width) {
    ++result.values;
    uint64_t gpu = 0, simulated = 0;
    if (at + width > output.size() || at + width > record.bytes.size()) {
      ++result.differing;
      if (result.beyond++ == 0)
        result.first = "the outputs have different lengths";
      continue;
    }
    std::memcpy(&gpu, &record.bytes[at], width);
    std::memcpy(&simulated, &output[at], width);
    if (gpu == simulated)
      continue;
    ++result.differing;
    bool allowed = false;
    double ulps = distance(form.judge, gpu, simulated, allowed);
    result.largestUlps = std::max(result.largestUlps, ulps);
    if (!allowed && result.beyond++ == 0)
      result.first = "case " + std::to_string(at / form.outBytes) + ", byte " + std::to_string(at % form.outBytes) +
                     ": GPU " + hex(gpu) + ", simulator " + hex(simulated);
  }
  return result;
}

} // namespace thrift::sim::hardware
