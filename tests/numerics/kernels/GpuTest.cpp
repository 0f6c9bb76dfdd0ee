//===- GpuTest.cpp - the same PTX on a GPU and in the simulator ---------------===//
//
// With the polynomial exponential every instruction of the kernels is exact or correctly rounded, so that both give the
// same bits: outputs, LSE and routes. With ex2.approx they may differ by what the PTX ISA allows it, 2 ulp of f32 in
// each p.

#include "tests/numerics/kernels/KernelRun.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace thrift;
using namespace thrift::test;

namespace {

/// The first GPU, or null.
Context *gpu(std::string &whyNot) {
  static const Result<std::shared_ptr<Context>> context = [] {
    ContextOptions options;
    options.device = "cuda";
    options.diskCache = false;
    return Context::create(options);
  }();
  if (!context) {
    whyNot = context.status().message();
    return nullptr;
  }
  return context->get();
}

struct GpuCase {
  Spec spec;
  Problem problem;
};

std::vector<GpuCase> cases() {
  std::vector<GpuCase> all;
  for (double budget : {0.0, 0.2, 1.0})
    for (int64_t headDim : {64, 128})
      for (DType dtype : {DType::F16, DType::BF16})
        for (bool causal : {false, true}) {
          GpuCase c;
          c.spec.budget = budget;
          c.spec.headDim = c.spec.valueDim = headDim;
          c.spec.dtype = dtype;
          c.spec.causal = causal;
          c.problem.batch = 2;
          c.problem.qHeads = 4;
          c.problem.kvHeads = 2;
          c.problem.qLen = 333;
          c.problem.kvLen = 777;
          c.problem.tokensFirst = causal;
          all.push_back(c);
        }
  for (auto [qLen, kvLen] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {65, 1}, {1, 65}, {300, 127}, {1000, 1000}}) {
    GpuCase c;
    c.spec.budget = 0.1;
    c.problem.qLen = qLen;
    c.problem.kvLen = kvLen;
    all.push_back(c);
  }
  return all;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

} // namespace

TEST(Gpu, BitEqualWithTheSimulatorUnderPolynomialExponentials) {
  std::string whyNot;
  Context *device = gpu(whyNot);
  if (!device)
    GTEST_SKIP() << whyNot;
  for (GpuCase c : cases()) {
    c.spec.exp2 = "poly";
    SCOPED_TRACE(print(c.spec) + " q_len " + std::to_string(c.problem.qLen) + " kv_len " +
                 std::to_string(c.problem.kvLen));
    Result<Plan> onGpu = device->plan(c.spec);
    ASSERT_TRUE(onGpu) << onGpu.status().message();
    c.spec.target = onGpu->target(); // the very same PTX
    Result<Plan> onSim = simulator().plan(c.spec);
    ASSERT_TRUE(onSim) << onSim.status().message();
    for (size_t n = 0; n < onGpu->kernels().size(); ++n)
      ASSERT_EQ(onGpu->kernels()[n].ptx, onSim->kernels()[n].ptx);
    Tensors tensors = makeTensors(c.problem, c.spec);
    Result<Answer> a = run(*device, *onGpu, tensors), b = run(simulator(), *onSim, tensors);
    ASSERT_TRUE(a) << a.status().message();
    ASSERT_TRUE(b) << b.status().message();
    EXPECT_EQ(a->routes.counts, b->routes.counts);
    EXPECT_EQ(a->routes.ids, b->routes.ids);
    for (size_t n = 0; n < a->o.size(); ++n)
      ASSERT_TRUE(same(a->o[n], b->o[n])) << "o[" << n << "]: " << a->o[n] << " and " << b->o[n];
    for (size_t n = 0; n < a->lse.size(); ++n)
      ASSERT_TRUE(same(a->lse[n], b->lse[n])) << "lse[" << n << "]: " << a->lse[n] << " and " << b->lse[n];
  }
}

TEST(Gpu, MatchesEmulatedWithApproximateExponentials) {
  std::string whyNot;
  Context *device = gpu(whyNot);
  if (!device)
    GTEST_SKIP() << whyNot;
  for (const GpuCase &c : cases()) {
    SCOPED_TRACE(print(c.spec));
    Result<Plan> plan = device->plan(c.spec);
    ASSERT_TRUE(plan) << plan.status().message();
    Tensors tensors = makeTensors(c.problem, c.spec);
    Result<Answer> answer = run(*device, *plan, tensors);
    ASSERT_TRUE(answer) << answer.status().message();
    EXPECT_EQ(compareWithEmulated(*answer, *plan, tensors), "");
  }
}
