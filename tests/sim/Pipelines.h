//===- Pipelines.h - the two hand-written pipelines of tests/data/sim --------===//
//
// A Hopper product (TMA, wgmma, TMA store) and a chain of two Blackwell products (TMA, tcgen05, tensor memory), with
// operands of small integers, so that every sum is exact and the answer is one.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_PIPELINES_H
#define THRIFTJIT_TESTS_SIM_PIPELINES_H

#include "runtime/sim/Mutants.h"

#include <string>
#include <vector>

namespace thrift::sim::test {

/// A kernel that computes a matrix of f32.
struct Pipeline {
  const char *entry;
  std::string ptx;
  RunMutant run; ///< any text in place of `ptx`
  std::vector<float> expected;
};

Pipeline hopperPipeline();
Pipeline blackwellPipeline();

/// All checks and lints, with one delivery policy each: eager, lazy, and three random ones.
std::vector<Options> checkedPolicies();

/// The text with the only occurrence of `from` replaced; fails the test if there is none or more than one.
std::string edited(const std::string &text, const std::string &from, const std::string &to);

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_PIPELINES_H
