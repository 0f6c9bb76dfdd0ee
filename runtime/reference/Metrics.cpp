//===- Metrics.cpp - distances between tensors ------------------------------------------------===//

#include "runtime/reference/Metrics.h"

#include <cmath>
#include <limits>
#include <string>

namespace thrift {

Result<Distance> distance(const std::vector<double> &actual, const std::vector<double> &expected) {
  if (actual.size() != expected.size())
    return Status::invalid("actual.size", std::to_string(actual.size()), std::to_string(expected.size()));
  double error = 0, dot = 0, actualSquare = 0, expectedSquare = 0;
  Distance result;
  for (size_t i = 0; i < actual.size(); ++i) {
    double difference = actual[i] - expected[i];
    error += difference * difference;
    dot += actual[i] * expected[i];
    actualSquare += actual[i] * actual[i];
    expectedSquare += expected[i] * expected[i];
    // Written so that a NaN, once seen, stays.
    if (!(std::fabs(difference) <= result.maxAbs) && !std::isnan(result.maxAbs))
      result.maxAbs = std::fabs(difference);
  }
  if (error != 0)
    result.relL2 = std::sqrt(error) / std::sqrt(expectedSquare);
  bool actualZero = actualSquare == 0, expectedZero = expectedSquare == 0;
  if (actualZero || expectedZero)
    result.cosine = actualZero && expectedZero ? 1 : 0;
  else
    result.cosine = dot / (std::sqrt(actualSquare) * std::sqrt(expectedSquare));
  if (std::isnan(error))
    result.cosine = result.maxAbs = std::numeric_limits<double>::quiet_NaN();
  return result;
}

std::optional<double> errorRemoved(const Distance &thrift, const Distance &allLow) {
  if (allLow.relL2 == 0)
    return std::nullopt;
  return 1 - thrift.relL2 / allLow.relL2;
}

} // namespace thrift
