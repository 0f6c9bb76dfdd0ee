//===- RunVerb.cpp - thriftjit run --------------------------------------------===//
//
// The main job on real tensors: compiles, runs, and compares with both references.
//
//===----------------------------------------------------------------------===//

#include "runtime/Context.h"
#include "runtime/DeviceRequest.h"
#include "runtime/Environment.h"
#include "tools/safetensors/AtomicFile.h"
#include "tools/thriftjit/RunInput.h"
#include "tools/thriftjit/RunReport.h"
#include "tools/thriftjit/Verb.h"

#include <CLI/CLI.hpp>

#include <cmath>

using namespace thrift;

namespace {

/// Options and file, which agree.
struct Job {
  Spec spec;
  RunInput input;
  AttentionShape shape; ///< with the mask and the scale of the launch
};

class RunVerb final : public Verb {
public:
  const char *name() const override { return "run"; }
  const char *summary() const override {
    return "Run attention on tensors of a file and compare with float64 references";
  }
  void declare(CLI::App &app) override;
  Result<ExitCode> run(const Console &console) override;

private:
  Result<Job> prepare(const Console &console);
  Status checkFiles() const;
  Result<std::shared_ptr<Context>> openContext(const Console &console) const;
  Result<RunReport> execute(const Job &job, const Console &console) const;
  Status writeFiles(const RunReport &report) const;

  std::string input_, device_, output_, routes_;
  bool json_ = false, check_ = true;
  Switch checkSwitch_;
  SpecOptions spec_;
};

} // namespace

std::unique_ptr<Verb> thrift::makeRunVerb() { return std::make_unique<RunVerb>(); }

void RunVerb::declare(CLI::App &app) {
  app.add_option("--input", input_,
                 ".safetensors with q, k and v: [batch, heads, tokens, channels], f16 or bf16, "
                 "or f32 with --dtype")
      ->type_name("FILE");
  app.add_option("--device", device_, "auto (a GPU, else the simulator), cuda, cuda:N, sim [auto]")
      ->type_name("DEVICE");
  app.add_option("--output", output_, "write o, in the inputs' type, and lse, f32")->type_name("FILE");
  app.add_option("--dump-routes", routes_,
                 "write counts and ids of the blocks that ran high, i32; online: and each granule's tiers, u8")
      ->type_name("FILE");
  app.add_flag("--json", json_, "print one JSON object instead of text");
  checkSwitch_.declare(app, "check", "a wrong result fails the run, with exit code 1 [on]",
                       "it does not; inputs need not be finite");
  spec_.declare(app);
  app.footer("Shape and type come from the file; options that contradict it are refused.\n\n"
             "Examples:\n"
             "  thriftjit run --input qkv.safetensors --causal --budget 0.05 --low nvfp4\n"
             "  thriftjit run --input qkv.safetensors --device sim --target sm_90a --exp2 poly --json\n"
             "  thriftjit run --input qkv.safetensors --select online --tau 0.2 --skip 3e-4\n"
             "  thriftjit run --input qkv.safetensors --top-k 8 --sink 1 --local 1 --dump-routes routes.safetensors");
}

/// What can be known about files before minutes of work.
Status RunVerb::checkFiles() const {
  if (input_.empty())
    return Status::invalid("--input", "not given", "a .safetensors file with q, k and v");
  if (!output_.empty() && output_ == routes_)
    return Status::invalid("--dump-routes", routes_, "another file than --output");
  for (const std::string *path : {&output_, &routes_})
    if (!path->empty())
      if (Result<AtomicFile> probe = AtomicFile::create(*path); !probe) // gone again at the end of this line
        return probe.status();
  return Status::ok();
}

Result<std::shared_ptr<Context>> RunVerb::openContext(const Console &console) const {
  ContextOptions options;
  options.device = device_;
  if (device_.empty()) {
    Result<Environment> environment = Environment::read();
    if (!environment)
      return environment.status();
    options.device = environment->device;
  } else if (Result<DeviceRequest> request = DeviceRequest::parse(device_, "--device"); !request) {
    return request.status();
  }
  options.warn = [&console](const std::string &sentence) { console.note("warning: " + sentence); };
  return Context::create(options);
}

Status RunVerb::writeFiles(const RunReport &report) const {
  const PlanRun &run = report.run;
  const AttentionShape &shape = report.shape;
  std::map<std::string, std::string> metadata = {{"source", "thriftjit run"},
                                                 {"target", report.target},
                                                 {"lowering", report.lowering},
                                                 {"spec", print(report.spec)}};
  if (!output_.empty()) {
    TensorView o =
        TensorView::readOnly(run.o.data(), report.spec.dtype, {shape.batch, shape.qHeads, shape.qLen, shape.valueDim});
    TensorView lse = TensorView::readOnly(run.lse.data(), DType::F32, {shape.batch, shape.qHeads, shape.qLen});
    if (Status status = writeSafetensors(output_, {{"o", o}, {"lse", lse}}, metadata); !status)
      return status;
  }
  if (!routes_.empty()) {
    const Routes &routes = run.routes;
    TensorView counts =
        TensorView::readOnly(routes.counts.data(), DType::I32, {routes.batch, routes.heads, routes.queryBlocks});
    TensorView ids = TensorView::readOnly(routes.ids.data(), DType::I32,
                                          {routes.batch, routes.heads, routes.queryBlocks, routes.capacity});
    std::vector<NamedTensor> all = {{"counts", counts}, {"ids", ids}};
    if (report.online) {
      const Decisions &d = run.decisions;
      all.push_back({"tiers", TensorView::readOnly(d.tiers.data(), DType::U8,
                                                   {d.batch, d.heads, d.queryBlocks, d.granules, d.kvBlocks})});
      all.push_back({"promotions", TensorView::readOnly(run.decisionCounts.data(), DType::I32,
                                                        {d.batch, d.heads, d.queryBlocks, d.granules, 2})});
    }
    if (Status status = writeSafetensors(routes_, all, metadata); !status)
      return status;
  }
  return Status::ok();
}

/// The same attention with nothing in high precision: what routing is measured against.
static Spec allLowOf(Spec spec) {
  spec.select = Spec().select; // the online router's seeds run high at any budget
  spec.budget = 0;
  spec.topK.reset();
  return spec;
}

static double compileMilliseconds(const Plan &plan) {
  double sum = 0;
  for (const PlanKernel &kernel : plan.kernels())
    sum += kernel.milliseconds;
  return sum;
}

Result<Job> RunVerb::prepare(const Console &console) {
  Result<SpecRequest> request = spec_.read();
  if (!request)
    return request.status();
  Result<bool> check = checkSwitch_.read(true);
  if (!check)
    return check.status();
  check_ = *check;
  if (Status status = checkFiles(); !status)
    return status;
  Result<RunInput> input = readRunInput(input_, {request->dtype, check_});
  if (!input)
    return input.status();
  if (Status status = reconcile(*request, *input); !status)
    return status;
  if (input->fromF32)
    console.note("q, k and v were rounded from f32 to " + std::string(thrift::name(request->spec.dtype)));
  AttentionShape shape = input->shape;
  shape.causal = request->spec.causal;
  // The references scale by the very number that the kernels get.
  shape.scale = request->scale.value_or(1.0f / std::sqrt(static_cast<float>(shape.headDim)));
  return Job{request->spec, std::move(*input), shape};
}

Result<RunReport> RunVerb::execute(const Job &job, const Console &console) const {
  Result<std::shared_ptr<Context>> context = openContext(console);
  if (!context)
    return context.status();
  console.note((*context)->deviceSentence());
  Result<Plan> plan = (*context)->plan(job.spec);
  if (!plan)
    return plan.status();
  if (!plan->notice().empty())
    console.note(plan->notice());
  console.note("target " + plan->target() + ", lowering: " + plan->lowering());
  Result<DeviceTensors> tensors = DeviceTensors::copy((*context)->device(), job.input.tensors);
  if (!tensors)
    return tensors.status();
  console.note("running the kernels");
  Result<PlanRun> thrift = runPlan(*plan, *tensors, job.shape);
  if (!thrift)
    return thrift.status();

  std::optional<PlanRun> allLow;
  if (kindOf(*plan) != PlanKind::AllLow) {
    Result<Plan> lowPlan = (*context)->plan(allLowOf(plan->spec()));
    if (!lowPlan)
      return lowPlan.status();
    console.note("running them with all blocks low");
    Result<PlanRun> low = runPlan(*lowPlan, *tensors, job.shape);
    if (!low)
      return low.status();
    allLow = std::move(*low);
  }
  console.note("computing the references in float64");
  Result<Comparison> comparison = compare(job.input.tensors, job.shape, *plan, *thrift, allLow ? *allLow : *thrift);
  if (!comparison)
    return comparison.status();
  Result<RouteShares> shares = routeShares(job.spec, job.shape, thrift->routes);
  std::optional<OnlineShares> online;
  if (kindOf(*plan) == PlanKind::Online)
    online = onlineShares(job.spec, job.shape, plan->granule(), thrift->decisions, thrift->decisionCounts);
  if (!shares)
    return shares.status();

  RunReport report;
  report.input = input_;
  report.target = plan->target();
  report.lowering = plan->lowering();
  report.device = (*context)->device()->description();
  report.spec = plan->spec();
  report.shape = job.shape;
  report.run = std::move(*thrift);
  report.shares = *shares;
  report.online = online;
  report.comparison = *comparison;
  report.checked = check_;
  report.compileMilliseconds = compileMilliseconds(*plan);
  return report;
}

Result<ExitCode> RunVerb::run(const Console &console) {
  Result<Job> job = prepare(console);
  if (!job)
    return job.status();
  Result<RunReport> report = execute(*job, console);
  if (!report)
    return report.status();
  if (Status status = writeFiles(*report); !status)
    return status;
  if (json_)
    console.out << print(toJson(*report)) << "\n";
  else
    print(*report, console);
  return check_ && !report->comparison.failures.empty() ? ExitCode::FailedCheck : ExitCode::Ok;
}
