//===- KernelRun.h - attention on a device, beside its references -----------===//
//
// Random problems, the kernels' answer to them, and what the references say. Used by every test of kernels.

#ifndef THRIFTJIT_TESTS_NUMERICS_KERNELS_KERNELRUN_H
#define THRIFTJIT_TESTS_NUMERICS_KERNELS_KERNELRUN_H

#include "runtime/Context.h"
#include "runtime/Device.h"
#include "runtime/reference/BoundCheck.h"
#include "runtime/reference/Decisions.h"
#include "runtime/reference/Metrics.h"
#include "runtime/reference/Routes.h"

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace thrift::test {

/// One attention problem. Tensors lie as [batch, heads, tokens, channels], or with tokens before heads.
struct Problem {
  int64_t batch = 1, qHeads = 1, kvHeads = 1, qLen = 64, kvLen = 64;
  bool tokensFirst = false;
  uint32_t seed = 1;
  float spread = 1;          ///< of the logits: queries are scaled by it
  bool constantKeys = false; ///< all keys equal: all scores of a router tie
  int64_t padding = 0;       ///< elements between rows: strides that no vector load likes
};

Problem makeProblem(int64_t qLen, int64_t kvLen, int64_t qHeads = 1, int64_t kvHeads = 1, int64_t batch = 1,
                    bool tokensFirst = false);

/// A spec and a problem, with a name for the test's report.
struct Case {
  std::string name;
  Spec spec;
  Problem problem;
};
std::ostream &operator<<(std::ostream &stream, const Case &c);

/// Host tensors of a problem, in the spec's type.
struct Tensors {
  std::vector<uint16_t> q, k, v;
  TensorView qView, kView, vView; ///< of the vectors above, as [batch, heads, tokens, channels]
  int64_t padding = 0;            ///< elements after each row
};

Tensors makeTensors(const Problem &problem, const Spec &spec);

/// What the kernels gave.
struct Answer {
  std::vector<double> o, lse;
  Routes routes; ///< as the router wrote them; all or none for budgets 1 and 0

  // Of the online router.
  Decisions decisions;
  std::vector<int32_t> decisionCounts; ///< two for each granule: promotions, refusals
};

/// Runs a plan on the context's device, with poisoned outputs and a poisoned workspace.
Result<Answer> run(Context &context, const Plan &plan, const Tensors &tensors);

/// The references' view of a problem.
AttentionInputs inputsOf(const Tensors &tensors);
AttentionShape shapeOf(const Tensors &tensors, const Spec &spec);

/// What `emulated` makes of the answer's routes, or decisions.
Result<AttentionOutput> expectedAnswer(const Answer &answer, const Plan &plan, const Tensors &tensors);

/// Expects the answer to be the one of `emulated` within the row-wise bound, LSE included; returns a description of the
/// first difference, or an empty string. Under the online router, of `emulatedOnline` with the answer's own decisions,
/// which differ from the reference's only within 1e-3 of a threshold, and whose counts are what the decisions say.
std::string compareWithEmulated(const Answer &answer, const Plan &plan, const Tensors &tensors);

/// A context on the simulator, without a disk cache, shared by the tests of a program: asynchronous results appear as
/// `delivery` says (lazy, eager, random:SEED), and every check is on.
Context &simulator(const std::string &delivery = "lazy");

} // namespace thrift::test

#endif // THRIFTJIT_TESTS_NUMERICS_KERNELS_KERNELRUN_H
