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

/// Largest relative L2 distance to `emulated`: 2e-3 for f16, 5e-3 for bf16. What is left there is the rounding of O,
/// which `emulated` does not round: at most 2^-11 = 4.9e-4 in f16 and 2^-8 = 3.9e-3 in bf16, where every element errs
/// as far as it can (equal values of V), and 0.4 of that as a rule. The rest is for flips: a P whose f32 logit or exp2
/// falls on the other side of a tie moves by one unit of its last place, which for f16 is as much again.
double emulatedTolerance(DType outputType);

/// How far from a threshold a decision of the online router may be taken otherwise than in float64: its logits and its
/// mass are f32.
constexpr double kDecisionTolerance = 1e-3;

struct Comparison {
  Distance thrift, allLow; ///< to `exact`
  Distance emulated;       ///< of thrift, to `emulated` with the routes that the kernel wrote
  std::optional<double> errorRemoved;

  BoundReport output, lse;  ///< row by row, against `emulated`
  int64_t routesDiffer = 0; ///< lists that are not the reference router's

  // Online: the kernel's decisions that the reference, in its place, would not have taken, and the largest distance of
  // one of them from its threshold (natural log).
  int64_t decisionsDiffer = 0;
  double farthestDecision = 0;

  /// Why the check fails, one sentence each; empty if it passes.
  std::vector<std::string> failures;
};

/// `allLow` may be `thrift` itself, where its plan runs everything low. `shape` has the mask and scale of the launch.
Result<Comparison> compare(const AttentionInputs &inputs, const AttentionShape &shape, const Plan &plan,
                           const PlanRun &thrift, const PlanRun &allLow);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_COMPARISON_H
