//===- Comparison.cpp - a buffer against what it must hold ---------------------===//

#include "tools/ptx-sim/Comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thrift::ptxsim {

static std::string place(uint64_t index, const std::vector<int64_t> &shape) {
  std::vector<int64_t> position(shape.size());
  for (size_t dim = shape.size(); dim-- > 0; index /= static_cast<uint64_t>(shape[dim]))
    position[dim] = static_cast<int64_t>(index % static_cast<uint64_t>(shape[dim]));
  return printShape(position);
}

Comparison compare(const std::string &buffer, const HostTensor &actual, const HostTensor &expected,
                   const Expectation &allowed) {
  Comparison result;
  result.buffer = buffer;
  result.elements = actual.elements();
  result.absolute = allowed.absolute;
  result.relative = allowed.relative;
  long double errors = 0, norm = 0;
  bool incomparable = false;
  for (uint64_t i = 0; i < result.elements; ++i) {
    uint64_t actualBits = loadBits(*actual.type, actual.bytes.data(), i);
    uint64_t expectedBits = loadBits(*expected.type, expected.bytes.data(), i);
    long double a = decode(*actual.type, actualBits), e = decode(*expected.type, expectedBits);
    bool same = a == e || (std::isnan(a) && std::isnan(e));
    bool near = same;
    if (std::isfinite(a) && std::isfinite(e)) {
      long double error = std::fabs(a - e);
      near = error <= allowed.absolute + allowed.relative * std::fabs(e);
      result.maxAbs = std::max(result.maxAbs, static_cast<double>(error));
      errors += error * error;
      norm += e * e;
    } else {
      incomparable |= !same;
    }
    if (near)
      continue;
    if (result.wrong++ == 0)
      result.firstWrong = place(i, actual.shape) + " is " + printElement(*actual.type, actualBits) + ", expected " +
                          printElement(*expected.type, expectedBits);
  }
  result.relL2 = errors == 0 ? 0 : static_cast<double>(std::sqrt(errors / norm)); // infinite where norm is 0
  if (incomparable)
    result.maxAbs = result.relL2 = std::numeric_limits<double>::quiet_NaN();
  return result;
}

} // namespace thrift::ptxsim
