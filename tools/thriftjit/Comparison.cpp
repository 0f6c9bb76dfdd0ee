//===- Comparison.cpp - is an output right, and how good is it? ---------------===//

#include "tools/thriftjit/Comparison.h"

#include "runtime/Emulation.h"
#include "runtime/reference/Emulated.h"
#include "runtime/reference/Exact.h"
#include "runtime/reference/ReadTensor.h"
#include "runtime/reference/Router.h"
#include "tools/console/Numbers.h"
#include "tools/thriftjit/RouteShares.h"

#include <algorithm>

using namespace thrift;

double thrift::emulatedTolerance(DType outputType) { return outputType == DType::BF16 ? 5e-3 : 2e-3; }

static Result<std::vector<double>> outputOf(const PlanRun &run, const AttentionShape &shape, DType dtype) {
  return toDoubles(TensorView::readOnly(run.o.data(), dtype, {shape.batch, shape.qHeads, shape.qLen, shape.valueDim}),
                   "o");
}

/// Lists in which the kernel chose other blocks than the reference, which computes the same scores in the same order.
static Result<int64_t> differingLists(const AttentionInputs &inputs, const AttentionShape &shape, const Spec &spec,
                                      const Routes &routes) {
  Result<Routes> expected = routeByBlockMean(inputs, shape, {spec.blockQ, spec.blockKv}, routeBudget(spec));
  if (!expected)
    return expected.status();
  int64_t differing = 0;
  for (size_t list = 0; list < routes.counts.size(); ++list) {
    const int32_t *ids = routes.list(static_cast<int64_t>(list)), *other = expected->list(static_cast<int64_t>(list));
    differing += !std::equal(ids, ids + routes.counts[list], other, other + expected->counts[list]);
  }
  return differing;
}

static void judge(Comparison &result, DType dtype) {
  double tolerance = emulatedTolerance(dtype);
  if (!(result.emulated.relL2 <= tolerance))
    result.failures.push_back("rel_l2 to emulated is " + printRounded(result.emulated.relL2) + "; allowed: at most " +
                              printRounded(tolerance));
  if (!result.output.passed)
    result.failures.push_back(result.output.describe("o"));
  if (!result.lse.passed)
    result.failures.push_back(result.lse.describe("lse"));
  if (!(result.farthestDecision <= kDecisionTolerance))
    result.failures.push_back(std::to_string(result.decisionsDiffer) +
                              " decisions are not the reference's, the farthest by " +
                              printRounded(result.farthestDecision) + " from its threshold; allowed: at most " +
                              printRounded(kDecisionTolerance));
  if (result.routesDiffer)
    result.failures.push_back("the rank kernel chose other blocks than the reference router in " +
                              std::to_string(result.routesDiffer) + " lists; allowed: none");
}

/// The output under the kernel's own decisions, which are judged apart.
static Result<AttentionOutput> expectedOnline(const AttentionInputs &inputs, const AttentionShape &shape,
                                              const Plan &plan, const PlanRun &thrift, const ReferenceOptions &options,
                                              Comparison &result) {
  Result<OnlineOutput> online =
      emulatedOnline(inputs, shape, onlineRouter(plan), emulationPlan(plan), &thrift.decisions, options);
  if (!online)
    return online.status();
  result.decisionsDiffer = online->differing;
  result.farthestDecision = online->farthest;
  return std::move(online->attention);
}

Result<Comparison> thrift::compare(const AttentionInputs &inputs, const AttentionShape &shape, const Plan &plan,
                                   const PlanRun &thrift, const PlanRun &allLow) {
  DType dtype = plan.spec().dtype;
  Result<std::vector<double>> output = outputOf(thrift, shape, dtype), low = outputOf(allLow, shape, dtype);
  if (!output || !low)
    return output ? low.status() : output.status();
  EmulationPlan rounding = emulationPlan(plan);
  ReferenceOptions options;
  options.withWeight = true;
  Comparison result;
  Result<AttentionOutput> expected = kindOf(plan) == PlanKind::Online
                                         ? expectedOnline(inputs, shape, plan, thrift, options, result)
                                         : emulated(inputs, shape, thrift.routes, rounding, options);
  Result<AttentionOutput> plain = exact(inputs, shape);
  if (!expected || !plain)
    return expected ? plain.status() : expected.status();

  Result<Distance> distances[] = {distance(*output, plain->o), distance(*low, plain->o),
                                  distance(*output, expected->o)};
  for (const Result<Distance> &each : distances)
    if (!each)
      return each.status();
  result.thrift = *distances[0];
  result.allLow = *distances[1];
  result.emulated = *distances[2];
  result.errorRemoved = errorRemoved(result.thrift, result.allLow);

  BoundOptions bounds;
  bounds.epsilon = epsilonOf(rounding);
  bounds.outputType = dtype;
  Result<BoundReport> rows = checkOutput(*output, *expected, shape, bounds);
  Result<BoundReport> lse = checkLse({thrift.lse.begin(), thrift.lse.end()}, *expected, shape, bounds);
  if (!rows || !lse)
    return rows ? lse.status() : rows.status();
  result.output = *rows;
  result.lse = *lse;
  if (kindOf(plan) == PlanKind::Ranked) {
    Result<int64_t> differing = differingLists(inputs, shape, plan.spec(), thrift.routes);
    if (!differing)
      return differing.status();
    result.routesDiffer = *differing;
  }
  judge(result, dtype);
  return result;
}
