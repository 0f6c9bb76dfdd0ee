//===- Metrics.h - distances between tensors --------------------------------------------------===//
//
// Over all elements of two tensors in the same order. A NaN in either makes every distance NaN, so that no comparison
// with a threshold passes.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_METRICS_H
#define THRIFTJIT_RUNTIME_REFERENCE_METRICS_H

#include "runtime/Status.h"

#include <optional>
#include <vector>

namespace thrift {

struct Distance {
  double relL2 = 0;  ///< |actual - expected| / |expected|; 0 when both are zero, infinite when only `expected` is
  double cosine = 1; ///< actual . expected / (|actual| |expected|); 1 when both are zero, 0 when one is
  double maxAbs = 0; ///< max |actual - expected|
};

Result<Distance> distance(const std::vector<double> &actual, const std::vector<double> &expected);

/// The share of the all-low error that routing removes: 1 - relL2(thrift) / relL2(allLow), both against `exact`. Empty
/// when all-low has no error to remove.
std::optional<double> errorRemoved(const Distance &thrift, const Distance &allLow);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_METRICS_H
