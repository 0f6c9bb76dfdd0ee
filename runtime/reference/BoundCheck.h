//===- BoundCheck.h - is a kernel's output right? ---------------------------------------------===//
//
// One epsilon for a whole tensor either hides errors in quiet rows or rejects honest rounding in loud ones. The
// rounding of P moves an output by at most a share of its own weighted sum, so each element has its own bound:
//
//   |actual - expected| <= eps w + u (|expected| + eps w) + tiny,     w = sum_j p_j |v_j|  (AttentionOutput::weight)
//
// eps covers P's format, u and tiny the rounding of the output type: half a unit in the last place, half the smallest
// subnormal. LSE is compared at 1e-5 relative to max(1, |lse|); it catches errors of mask and scale that O hides.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_BOUNDCHECK_H
#define THRIFTJIT_RUNTIME_REFERENCE_BOUNDCHECK_H

#include "runtime/reference/AttentionProblem.h"
#include "runtime/reference/EmulationPlan.h"
#include "runtime/reference/NonFiniteRows.h"

#include <string>

namespace thrift {

/// eps of a P format: 2^-10 for f16, 2^-8 for bf16, 2^-4 for fp8. Against `emulated`, which rounds P the same way, the
/// rest are flips of single roundings: 2^-2 for the 4-bit formats, f16's for f32.
double epsilonOf(PFormat format);
/// The larger one of the plan's tiers.
double epsilonOf(const EmulationPlan &plan);

struct BoundOptions {
  double epsilon = 0x1p-10;
  DType outputType = DType::F16; ///< f16, bf16 or f32
  double lseTolerance = 1e-5;
  /// What each row may be (classifyRows), or null: then any non-finite value fails. An Either row is not compared when
  /// it is not finite; a NonFinite row fails when it is.
  const std::vector<RowState> *states = nullptr;
};

/// The comparison of one tensor. `ratio` is error / bound at the worst element: infinite where finiteness is wrong.
struct BoundReport {
  bool passed = true;
  int64_t failedRows = 0;
  double ratio = 0;
  int64_t b = 0, head = 0, row = 0, channel = 0; ///< of the worst element; channel 0 for LSE
  double actual = 0, expected = 0, bound = 0;

  /// `o[0, 1, 63, 5] is 0.25, expected 0.5 +- 0.001 (250 times the bound); 3 rows fail`, or that all is within bounds.
  std::string describe(std::string_view tensor) const;
};

/// `actual` is [batch, qHeads, qLen, valueDim] like expected.o; `expected` needs its weight.
Result<BoundReport> checkOutput(const std::vector<double> &actual, const AttentionOutput &expected,
                                const AttentionShape &shape, const BoundOptions &options);
/// `actual` is [batch, qHeads, qLen] like expected.lse. -inf, of a row that sees no key, must be met exactly.
Result<BoundReport> checkLse(const std::vector<double> &actual, const AttentionOutput &expected,
                             const AttentionShape &shape, const BoundOptions &options);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_BOUNDCHECK_H
