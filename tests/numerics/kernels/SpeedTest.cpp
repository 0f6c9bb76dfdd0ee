// How long the simulator takes for one head of attention, 1024 queries by 1024 keys by 128 channels, on all cores: what
// a person waits for in the edit-and-run loop. Prints; asserts only the order of magnitude.

#include "tests/numerics/kernels/KernelRun.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

using namespace thrift;
using namespace thrift::test;

static double secondsOf(const Spec &spec, const Tensors &tensors, const char *delivery, const char *checks) {
  ContextOptions options;
  options.device = "sim";
  options.diskCache = false;
  options.simDelivery = delivery;
  options.simChecks = checks;
  Result<std::shared_ptr<Context>> context = Context::create(options);
  EXPECT_TRUE(context) << context.status().message();
  if (!context)
    return 0;
  Result<Plan> plan = (*context)->plan(spec); // compiled before the clock starts
  EXPECT_TRUE(plan) << plan.status().message();
  if (!plan)
    return 0;
  auto begin = std::chrono::steady_clock::now();
  Result<Answer> answer = run(**context, *plan, tensors);
  EXPECT_TRUE(answer) << answer.status().message();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("[    SPEED ] budget %.2f, %s, checks %-6s  %6.2f s\n", spec.budget, delivery, checks, seconds);
  return seconds;
}

TEST(Speed, OneHeadOnTheSimulator) {
  Problem problem;
  problem.qLen = problem.kvLen = 1024;
  for (double budget : {0.05, 1.0}) {
    Spec spec;
    spec.headDim = spec.valueDim = 128;
    spec.budget = budget;
    Tensors tensors = makeTensors(problem, spec);
    EXPECT_LT(secondsOf(spec, tensors, "eager", "memory"), 20);
    EXPECT_LT(secondsOf(spec, tensors, "lazy", "strict"), 60);
  }
}
