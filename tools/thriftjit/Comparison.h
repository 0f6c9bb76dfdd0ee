//===- Comparison.h - is an output right, and how good is it? -----------------===//
//
// Right: near `emulated`, which rounds where the kernel rounds. Good: near `exact`, in comparison with all blocks low.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_COMPARISON_H
#define THRIFTJIT_TOOLS_THRIFTJIT_COMPARISON_H

#include "runtime/Plan.h"
#include "runtime/reference/BoundCheck.h"
#include "runtime/reference/Metrics.h"
#include "tools/thriftjit/DeviceRun.h"

namespace thrift {

/// Largest relative L2 distance to `emulated`. What is left there is the rounding of O, which `emulated` does not round
/// (uniform in half a unit of the last place: 2^-11 / sqrt(3) = 2.8e-4 at most for f16, 2.3e-3 for bf16), and flips of
/// single roundings of P, where the f32 logit or exp2 falls on the other side of a tie: each moves one weight by one
/// unit of f16 or bf16, less than the rounding of O in sum. Seven times that for f16; for bf16 twice.
double emulatedTolerance(DType outputType);

struct Comparison {
  Distance thrift, allLow; ///< to `exact`
  Distance emulated;       ///< of thrift, to `emulated` with the routes that the kernel wrote
  std::optional<double> errorRemoved;

  BoundReport output, lse;  ///< row by row, against `emulated`
  int64_t routesDiffer = 0; ///< lists that are not the reference router's

  /// Why the check fails, one sentence each; empty if it passes.
  std::vector<std::string> failures;
};

/// `allLow` may be `thrift` itself, where its plan runs everything low. `shape` has the mask and scale of the launch.
Result<Comparison> compare(const AttentionInputs &inputs, const AttentionShape &shape, const Plan &plan,
                           const PlanRun &thrift, const PlanRun &allLow);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_COMPARISON_H
