//===- Context.cpp - makes plans for one device -----------------------------===//

#include "runtime/Context.h"

#include "compiler/Rules.h"
#include "runtime/CompiledKernels.h"
#include "runtime/Devices.h"
#include "runtime/PlanState.h"

#include <cmath>
#include <mutex>
#include <unordered_map>

using namespace thrift;

namespace {

class ContextImpl final : public Context {
public:
  ContextImpl(std::shared_ptr<Device> device, std::string sentence, KernelCacheOptions cacheOptions,
              std::optional<Assembler> assembler, std::string reproducerDir)
      : device_(std::move(device)), sentence_(std::move(sentence)), cache_(std::move(cacheOptions)),
        source_(cache_, std::move(assembler), std::move(reproducerDir)) {}

  Result<Plan> plan(const Spec &spec) override;
  std::shared_ptr<Device> device() const override { return device_; }
  std::string deviceSentence() const override { return sentence_; }

private:
  Result<const Target *> chooseTarget(const Spec &spec) const;
  Result<std::shared_ptr<const LoadedModule>> load(const CompiledKernels &compiled);
  Status addKernels(PlanState &state, const std::string &kernel);

  std::shared_ptr<Device> device_; ///< null: compile only
  std::string sentence_;
  KernelCache cache_;
  KernelSource source_;
  std::mutex mutex_;                                                             ///< guards what follows
  std::unordered_map<std::string, std::shared_ptr<const LoadedModule>> modules_; ///< by the digest of the cache key
  std::unordered_map<std::string, std::weak_ptr<const PlanState>> plans_;        ///< that somebody holds, by spec
};

Budget budgetOf(const Spec &spec) {
  if (spec.isOnline())
    return Budget::Mixed; // also with a cap of zero: seeds run high
  if (spec.topK)
    return *spec.topK == 0 ? Budget::AllLow : Budget::Mixed;
  int64_t ppm = budgetPpm(spec);
  return ppm == 0 ? Budget::AllLow : ppm == 1000000 ? Budget::AllHigh : Budget::Mixed;
}

KernelSpec kernelSpec(const PlanState &state, const std::string &kernel) {
  const Spec &spec = state.spec;
  KernelSpec result;
  result.kernel = kernel;
  result.dtype = spec.dtype;
  result.headDim = spec.headDim;
  result.valueDim = spec.valueDim;
  result.blockQ = spec.blockQ;
  result.blockKv = spec.blockKv;
  result.low = *spec.low;
  result.mask = spec.causal ? Mask::Causal : Mask::None;
  result.budget = state.budget;
  if (state.granule)
    result.granule = state.granule;
  return result;
}

} // namespace

Result<const Target *> ContextImpl::chooseTarget(const Spec &spec) const {
  if (spec.target.empty()) {
    if (!device_)
      return Status::invalid("target", "not given", targetNames() + " (a context without a device has no default)");
    if (const Target *target = targetForCapability(device_->attributes().computeCapability()))
      return target;
    return Status::unsupported("device", device_->attributes().name, "compute capability 8.0 or later");
  }
  const Target *target = findTarget(spec.target);
  if (!target)
    return Status::invalid("target", spec.target, targetNames());
  // The simulator runs code for every target.
  if (device_ && !device_->attributes().isSimulator() && !runsOn(*target, device_->attributes().computeCapability()))
    return Status::unsupported("target", spec.target, "one that runs on " + device_->description());
  return target;
}

Result<std::shared_ptr<const LoadedModule>> ContextImpl::load(const CompiledKernels &compiled) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto known = modules_.find(compiled.digest);
    if (known != modules_.end())
      return known->second;
  }
  bool cubin = !compiled.code->cubin.empty() && !device_->attributes().isSimulator();
  ModuleImage image =
      cubin ? ModuleImage{ImageKind::Cubin, compiled.code->cubin} : ModuleImage{ImageKind::Ptx, compiled.code->ptx};
  Result<std::shared_ptr<const LoadedModule>> module = device_->loadModule(image);
  if (!module)
    return module;
  std::lock_guard<std::mutex> lock(mutex_);
  return modules_.emplace(compiled.digest, *module).first->second; // a thread that came first wins
}

Status ContextImpl::addKernels(PlanState &state, const std::string &kernel) {
  KernelConfig config{state.spec.stages, state.spec.exp2, state.spec.alignment, state.spec.watchdog};
  Result<CompiledKernels> compiled = source_.get(kernelSpec(state, kernel), config, *state.target);
  if (!compiled)
    return compiled.status();
  state.kernels.push_back(
      {kernel, compiled->fromCache ? "cache" : "compiled", compiled->milliseconds, compiled->code->ptx});
  std::shared_ptr<const LoadedModule> module;
  if (device_) {
    Result<std::shared_ptr<const LoadedModule>> loaded = load(*compiled);
    if (!loaded)
      return loaded.status();
    module = *loaded;
  }
  struct Place {
    const char *name;
    std::optional<PlannedKernel> *kernel;
  };
  for (const KernelInfo &info : compiled->kernels) {
    PlannedKernel planned;
    Result<LaunchBinding> binding = LaunchBinding::resolve(info);
    if (!binding)
      return binding.status();
    planned.binding = *binding;
    for (const MBarrierInfo &barrier : info.barriers)
      planned.barriers.push_back({barrier.name, barrier.offset, barrier.stages});
    if (module) {
      Result<std::shared_ptr<const LoadedKernel>> loaded = module->find(info.name);
      if (!loaded)
        return loaded.status();
      planned.loaded = *loaded;
    }
    for (Place place : {Place{"quantize_q", &state.quantizeQ}, Place{"quantize_k", &state.quantizeK},
                        Place{"quantize_v", &state.quantizeV}, Place{"rank", &state.rank},
                        Place{"prefill", &state.prefill}, Place{"prefill_online", &state.prefill}})
      if (info.name == place.name)
        *place.kernel = planned;
  }
  return Status::ok();
}

Result<Plan> ContextImpl::plan(const Spec &spec) {
  if (Status status = validate(spec); !status)
    return status;
  std::string key = print(spec);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto known = plans_.find(key);
    if (known != plans_.end())
      if (std::shared_ptr<const PlanState> state = known->second.lock())
        return makePlan(std::move(state));
  }
  Result<const Target *> target = chooseTarget(spec);
  if (!target)
    return target.status();
  auto state = std::make_shared<PlanState>();
  state->spec = spec;
  state->spec.low = spec.low.value_or(defaultLow(**target));
  state->budget = budgetOf(spec);
  state->target = *target;
  state->context = shared_from_this();
  state->device = device_;
  if (spec.isOnline())
    state->granule = spec.online.granule ? spec.online.granule : defaultGranule(**target);
  // Prefill first: its rules are the widest.
  if (Status status = addKernels(*state, spec.isOnline() ? "prefill_online" : "prefill"); !status)
    return status;
  if (state->budget != Budget::AllHigh)
    if (Status status = addKernels(*state, "quantize"); !status)
      return status;
  if (state->budget == Budget::Mixed && !spec.isOnline())
    if (Status status = addKernels(*state, "rank"); !status)
      return status;
  std::lock_guard<std::mutex> lock(mutex_);
  plans_[key] = state;
  return makePlan(state);
}

Result<std::shared_ptr<Context>> Context::create(ContextOptions options) {
  Result<Environment> environment = Environment::read();
  if (!environment)
    return environment.status();
  auto warn = options.warn ? options.warn : [](const std::string &) {};
  for (const std::string &name : environment->unknown)
    warn("unknown environment variable " + name);

  std::shared_ptr<Device> device;
  std::string sentence = "no device: compile only";
  if (options.opened) {
    device = options.opened;
    sentence = "using " + device->description();
  } else if (options.device != "none") {
    Result<DeviceRequest> request = DeviceRequest::parse(options.device);
    if (!request)
      return request.status();
    DeviceOptions deviceOptions = DeviceOptions::from(*environment);
    if (options.simThreads)
      deviceOptions.sim.launch.threads = options.simThreads;
    if (!options.simDelivery.empty())
      if (Status status = setDelivery("simDelivery", options.simDelivery, deviceOptions.sim.launch); !status)
        return status;
    if (!options.simChecks.empty())
      if (Status status = setChecks("simChecks", options.simChecks, deviceOptions.sim.launch); !status)
        return status;
    Result<SelectedDevice> selected = selectDevice(*request, deviceOptions);
    if (!selected)
      return selected.status();
    device = selected->device;
    sentence = selected->sentence;
  }

  // A GPU wants machine code; without ptxas its driver makes it. The simulator runs PTX.
  std::optional<Assembler> assembler;
  if (device && !device->attributes().isSimulator())
    if (Result<Assembler> found = Assembler::find(*environment))
      assembler = *found;
  KernelCacheOptions cache;
  cache.directory = environment->cacheDirectory();
  cache.useDisk = options.diskCache;
  cache.warn = warn;
  std::string reproducers = options.reproducerDir.empty() ? environment->temporaryDirectory() : options.reproducerDir;
  return std::shared_ptr<Context>(
      std::make_shared<ContextImpl>(device, sentence, cache, std::move(assembler), reproducers));
}
