//===- SelfTest.cpp - small cases that show whether a device computes right ---===//

#include "tools/thriftjit/SelfTest.h"

#include "dialect/formats/Float16.h"
#include "tools/thriftjit/Comparison.h"

#include <algorithm>
#include <cmath>

using namespace thrift;

const char *thrift::name(CaseStatus status) {
  switch (status) {
  case CaseStatus::Ok:
    return "ok";
  case CaseStatus::Wrong:
    return "wrong";
  case CaseStatus::Hung:
    return "hung";
  case CaseStatus::Refused:
    return "refused";
  case CaseStatus::Failed:
    return "failed";
  }
  return "failed";
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

namespace {

/// Grouped heads, more keys than queries, and neither fills its last tile.
constexpr Extents kOddExtents = {1, 2, 1, 131, 333};

class CaseList {
public:
  explicit CaseList(const std::string &target) { base_.target = target; }

  void add(const std::string &name, const std::function<void(Spec &)> &change, Extents extents = kOddExtents) {
    SelfTestCase each{name, base_, extents};
    change(each.spec);
    cases_.push_back(std::move(each));
  }
  Spec &base() { return base_; }
  std::vector<SelfTestCase> take() { return std::move(cases_); }

private:
  Spec base_;
  std::vector<SelfTestCase> cases_;
};

} // namespace

/// Every pair of formats that can be spelled: those that the target has no rule for are part of the report.
static void addPairs(CaseList &list) {
  for (LowFormat qk : {LowFormat::Nvfp4, LowFormat::Mxfp4, LowFormat::Fp8, LowFormat::F16})
    for (LowFormat pv : {LowFormat::Nvfp4, LowFormat::Mxfp4, LowFormat::Fp8, LowFormat::F16})
      list.add("low " + LowPair{qk, pv}.print(), [&](Spec &spec) { spec.low = {qk, pv}; });
}

static void addTypes(CaseList &list) {
  for (DType dtype : {DType::F16, DType::BF16})
    for (bool causal : {true, false})
      for (int64_t dim : {64, 128})
        list.add(std::string(causal ? "causal " : "full ") + std::string(name(dtype)) + " " + std::to_string(dim),
                 [&](Spec &spec) {
                   spec.dtype = dtype;
                   spec.causal = causal;
                   spec.headDim = spec.valueDim = dim;
                 });
}

static void addBudgets(CaseList &list) {
  for (double budget : {0.0, 1.0})
    for (bool causal : {true, false})
      list.add(std::string("budget ") + (budget == 0 ? "0" : "1") + (causal ? " causal" : " full"), [&](Spec &spec) {
        spec.budget = budget;
        spec.causal = causal;
      });
}

/// The online router, which may skip or not.
static void addRouters(CaseList &list) {
  for (double skip : {0.0, 0.15})
    for (bool causal : {true, false})
      list.add(std::string("online") + (skip > 0 ? " with skip" : "") + (causal ? " causal" : " full"),
               [&](Spec &spec) {
                 spec.select = "online";
                 spec.online.skip = skip;
                 spec.causal = causal;
               });
}

/// Lengths around the edges of tiles, and heads that share keys over batches.
static void addShapes(CaseList &list) {
  for (Extents extents :
       {Extents{1, 1, 1, 1, 1}, Extents{1, 1, 1, 1, 127}, Extents{1, 1, 1, 64, 64}, Extents{1, 1, 1, 65, 65},
        Extents{1, 1, 1, 300, 65}, Extents{1, 1, 1, 128, 640}, Extents{3, 4, 2, 70, 200}})
    list.add(
        std::to_string(extents.batch) + " x " + std::to_string(extents.qHeads) + "/" + std::to_string(extents.kvHeads) +
            " x " + std::to_string(extents.qLen) + " x " + std::to_string(extents.kvLen),
        [](Spec &) {}, extents);
}

std::vector<SelfTestCase> thrift::selfTestCases(const std::string &target) {
  CaseList list(target);
  list.base().low = {LowFormat::Nvfp4, LowFormat::Nvfp4}; // that every lowering has
  list.base().budget = 0.3;
  list.base().minBlocks = 1; // so that small shapes have low blocks
  list.base().watchdog = true;
  addPairs(list);
  addTypes(list);
  addBudgets(list);
  addRouters(list);
  addShapes(list);
  return list.take();
}

//===----------------------------------------------------------------------===//
// One case
//===----------------------------------------------------------------------===//

namespace {

/// Q, K and V in host memory.
struct Inputs {
  std::vector<uint16_t> q, k, v;
  AttentionInputs views;
};

/// Numbers that no library's distributions can change: sums of four uniform ones from a generator written down here, of
/// variance 1.
class Generator {
public:
  float next() {
    float sum = 0;
    for (int n = 0; n < 4; ++n) {
      state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
      sum += static_cast<float>(state_ >> 40) * 0x1p-24f - 0.5f;
    }
    return sum * 1.7320508f;
  }

private:
  uint64_t state_ = 0x5EED;
};

} // namespace

static Inputs makeInputs(const SelfTestCase &asked) {
  const Extents &e = asked.extents;
  Generator generator;
  auto fill = [&](std::vector<uint16_t> &values, int64_t heads, int64_t tokens, int64_t channels) {
    values.resize(static_cast<size_t>(e.batch * heads * tokens * channels));
    for (uint16_t &value : values)
      value = asked.spec.dtype == DType::BF16 ? bf16FromF32(generator.next()) : f16FromF32(generator.next());
    return TensorView::readOnly(values.data(), asked.spec.dtype, {e.batch, heads, tokens, channels});
  };
  Inputs inputs;
  inputs.views.q = fill(inputs.q, e.qHeads, e.qLen, asked.spec.headDim);
  inputs.views.k = fill(inputs.k, e.kvHeads, e.kvLen, asked.spec.headDim);
  inputs.views.v = fill(inputs.v, e.kvHeads, e.kvLen, asked.spec.valueDim);
  return inputs;
}

static CaseResult &fail(CaseResult &result, CaseStatus status, const std::string &why) {
  result.status = status;
  result.why = why;
  return result;
}

static CaseResult &failHung(CaseResult &result, const WatchdogReport &watchdog) {
  result.watchdog = watchdog;
  return fail(result, CaseStatus::Hung,
              watchdog.entries.empty() ? "a wait gave up" : watchdog.entries.front().describe());
}

CaseResult thrift::runCase(Context &context, const SelfTestCase &asked) {
  CaseResult result;
  result.asked = asked;
  Result<Plan> plan = context.plan(asked.spec);
  if (!plan)
    return fail(result, plan.status().code() == StatusCode::Unsupported ? CaseStatus::Refused : CaseStatus::Failed,
                plan.status().message());
  for (const PlanKernel &kernel : plan->kernels())
    result.compileMilliseconds += kernel.milliseconds;

  Inputs inputs = makeInputs(asked);
  Result<AttentionShape> shape = AttentionShape::fromViews(inputs.views.q, inputs.views.k, inputs.views.v);
  if (!shape)
    return fail(result, CaseStatus::Failed, shape.status().message());
  shape->causal = asked.spec.causal;
  shape->scale = 1.0f / std::sqrt(static_cast<float>(shape->headDim)); // the number that the kernels get
  Result<DeviceTensors> tensors = DeviceTensors::copy(context.device(), inputs.views);
  if (!tensors)
    return fail(result, CaseStatus::Failed, tensors.status().message());
  WatchdogReport hung;
  Result<PlanRun> run = runPlan(*plan, *tensors, *shape, &hung);
  if (hung.hung())
    return failHung(result, hung);
  if (!run)
    return fail(result, CaseStatus::Failed, run.status().message());
  result.times = run->times;

  Result<Comparison> comparison = compare(inputs.views, *shape, *plan, *run, *run);
  if (!comparison)
    return fail(result, CaseStatus::Failed, comparison.status().message());
  result.outputRatio = comparison->output.ratio;
  result.lseRatio = comparison->lse.ratio;
  result.relL2 = comparison->emulated.relL2;
  std::string failures;
  for (const std::string &failure : comparison->failures)
    failures += (failures.empty() ? "" : "; ") + failure;
  return fail(result, failures.empty() ? CaseStatus::Ok : CaseStatus::Wrong, failures);
}

int64_t thrift::count(const std::vector<CaseResult> &results, CaseStatus status) {
  return std::count_if(results.begin(), results.end(),
                       [&](const CaseResult &result) { return result.status == status; });
}

bool thrift::passed(const std::vector<CaseResult> &results) {
  int64_t good = count(results, CaseStatus::Ok), refused = count(results, CaseStatus::Refused);
  return good > 0 && good + refused == static_cast<int64_t>(results.size());
}
