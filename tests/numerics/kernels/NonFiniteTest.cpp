//===- NonFiniteTest.cpp - infinities and NaN in, infinities and NaN out ------===//

#include "tests/numerics/kernels/KernelRun.h"

#include "runtime/Emulation.h"
#include "runtime/reference/Emulated.h"
#include "runtime/reference/NonFiniteRows.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::test;

namespace {

constexpr uint16_t kInf = 0x7C00, kMinusInf = 0xFC00, kNan = 0x7E00;

/// Every row that sees the value must show it; rows that share no tile with it must not change.
void expectRows(Spec spec, const char *tensor, uint16_t value) {
  SCOPED_TRACE(print(spec) + ": " + std::to_string(value) + " in " + tensor);
  Problem problem;
  problem.qLen = 200;
  problem.kvLen = 400;
  Tensors tensors = makeTensors(problem, spec);
  std::vector<uint16_t> &values = *tensor == 'q' ? tensors.q : *tensor == 'k' ? tensors.k : tensors.v;
  values[(*tensor == 'q' ? 90 : 290) * 128 + 17] = value;

  Result<Plan> plan = simulator().plan(spec);
  ASSERT_TRUE(plan) << plan.status().message();
  Result<Answer> answer = run(simulator(), *plan, tensors);
  ASSERT_TRUE(answer) << answer.status().message();

  AttentionShape shape = shapeOf(tensors, spec);
  EmulationPlan emulation = emulationPlan(*plan);
  Result<AttentionOutput> expected = expectedAnswer(*answer, *plan, tensors);
  Result<std::vector<RowState>> states = classifyRows(inputsOf(tensors), shape, emulation.block);
  ASSERT_TRUE(expected && states);
  BoundOptions bound;
  bound.epsilon = epsilonOf(emulation);
  bound.states = &*states;
  Result<BoundReport> o = checkOutput(answer->o, *expected, shape, bound);
  Result<BoundReport> lse = checkLse(answer->lse, *expected, shape, bound);
  ASSERT_TRUE(o && lse);
  EXPECT_TRUE(o->passed) << o->describe("o");
  // LSE does not depend on V, so a value there need not show in it.
  if (*tensor != 'v') {
    EXPECT_TRUE(lse->passed) << lse->describe("lse");
  }
}

} // namespace

/// One at a time in each tensor, in each budget class.
static void expectRowsOfAll(Spec spec) {
  for (double budget : {0.0, 0.3, 1.0})
    for (const char *tensor : {"q", "k", "v"})
      for (uint16_t value : {kInf, kMinusInf, kNan}) {
        spec.budget = budget;
        expectRows(spec, tensor, value);
      }
}

TEST(NonFinite, EveryRowThatSeesOneShowsIt) {
  for (const char *exp2 : {"approx", "poly"}) {
    Spec spec;
    spec.exp2 = exp2;
    expectRowsOfAll(spec);
  }
}

TEST(NonFinite, EveryRowThatSeesOneShowsItOnSm100) {
  for (const char *low : {"nvfp4:fp8", "nvfp4", "mxfp4", "fp8"}) {
    Spec spec;
    spec.target = "sm_100a";
    spec.low = *LowPair::parse(low);
    expectRowsOfAll(spec);
  }
}

TEST(NonFinite, EveryRowThatSeesOneShowsItUnderTheOnlineRouter) {
  for (const char *target : {"sm_80", "sm_100a"})
    for (const char *tensor : {"q", "k", "v"})
      for (uint16_t value : {kInf, kMinusInf, kNan}) {
        Spec spec;
        spec.target = target;
        spec.select = "online";
        for (double skip : {0.0, 0.15}) {
          spec.online.skip = skip;
          expectRows(spec, tensor, value);
        }
      }
}

TEST(NonFinite, EveryLowPairShowsIt) {
  for (const char *pair : {"mxfp4", "fp8", "nvfp4:f16"})
    for (const char *tensor : {"q", "k", "v"})
      for (uint16_t value : {kInf, kNan}) {
        Spec spec;
        spec.low = *LowPair::parse(pair);
        spec.budget = 0;
        expectRows(spec, tensor, value);
      }
}
