//===- EmitVerb.cpp - thriftjit emit ------------------------------------------===//
//
// Any kernel at any stage of the compiler. Needs no device.
//
//===----------------------------------------------------------------------===//

#include "compiler/Compiler.h"
#include "compiler/Rules.h"
#include "runtime/Assembler.h"
#include "runtime/Environment.h"
#include "templates/Templates.h"
#include "tools/safetensors/AtomicFile.h"
#include "tools/thriftjit/SpecOptions.h"
#include "tools/thriftjit/Verb.h"

#include <CLI/CLI.hpp>

using namespace thrift;

namespace {

class EmitVerb final : public Verb {
public:
  const char *name() const override { return "emit"; }
  const char *summary() const override { return "Print a kernel at any stage of the compiler"; }
  void declare(CLI::App &app) override;
  Result<ExitCode> run(const Console &console) override;

private:
  Status deliver(const std::string &code, Stage stage, const Console &console) const;

  std::string kernel_, stage_ = "ptx", output_;
  bool statistics_ = false, watchdog_ = false;
  SpecOptions spec_;
};

/// One compilation, and what it takes to ask for it at several stages.
struct Request {
  const Template *source = nullptr;
  const Target *target = nullptr;
  KernelSpec spec;
  KernelConfig config;
  std::string reproducerDir;

  Result<CompiledModule> compile(Stage stage) const;
};

} // namespace

std::unique_ptr<Verb> thrift::makeEmitVerb() { return std::make_unique<EmitVerb>(); }

void EmitVerb::declare(CLI::App &app) {
  app.add_option("KERNEL", kernel_, templateNames());
  app.add_option("--stage", stage_, stageNames() + " [ptx]")->type_name("STAGE");
  app.add_option("-o", output_, "write there instead of to standard output")->type_name("FILE");
  app.add_flag("--stats", statistics_,
               "registers, spills and shared memory, from ptxas: on standard output where the code "
               "goes to a file, else on standard error");
  app.add_flag("--watchdog", watchdog_,
               "waits for mbarriers give up after 2 s and are recorded, as in `doctor --selftest`; the portable "
               "lowering has none");
  spec_.declare(app);
  app.footer(
      "--target is needed; a device is not. Options that are values of a launch, such as --q-len, change no code.\n\n"
      "Examples:\n"
      "  thriftjit emit prefill --target sm_80\n"
      "  thriftjit emit prefill --target sm_90a --stage scheduled --head-dim 64 --no-causal\n"
      "  thriftjit emit prefill --target sm_80 --select online --stage scheduled\n"
      "  thriftjit emit quantize --target sm_100a -o quantize.ptx --stats\n"
      "  thriftjit emit rank --target sm_80 --stage cubin -o rank.cubin");
}

static Budget budgetClass(const Spec &spec) {
  if (spec.isOnline())
    return Budget::Mixed;
  if (spec.topK)
    return *spec.topK == 0 ? Budget::AllLow : Budget::Mixed;
  int64_t ppm = budgetPpm(spec);
  return ppm == 0 ? Budget::AllLow : ppm == 1000000 ? Budget::AllHigh : Budget::Mixed;
}

static Result<const Template *> chooseKernel(const std::string &kernel) {
  if (kernel.empty())
    return Status::invalid("KERNEL", "not given", templateNames());
  if (const Template *found = findTemplate(kernel))
    return found;
  if (kernel == "decode" || kernel == "combine")
    return Status::unsupported("KERNEL", kernel, templateNames());
  return Status::invalid("KERNEL", "'" + kernel + "'", templateNames());
}

static Result<Request> makeRequest(std::string kernel, const Spec &spec, bool watchdog) {
  Request request;
  if (kernel == "prefill" && spec.isOnline())
    kernel = "prefill_online";
  Result<const Template *> source = chooseKernel(kernel);
  if (!source)
    return source.status();
  request.source = *source;
  if (spec.target.empty())
    return Status::invalid("--target", "not given", targetNames());
  request.target = findTarget(spec.target);
  request.spec.kernel = kernel;
  request.spec.dtype = spec.dtype;
  request.spec.headDim = spec.headDim;
  request.spec.valueDim = spec.valueDim;
  request.spec.blockQ = spec.blockQ;
  request.spec.blockKv = spec.blockKv;
  request.spec.low = spec.low.value_or(defaultLow(*request.target));
  request.spec.mask = spec.causal ? Mask::Causal : Mask::None;
  request.spec.budget = budgetClass(spec);
  request.spec.granule = spec.online.granule ? spec.online.granule : defaultGranule(*request.target);
  request.config.stages = spec.stages;
  request.config.exp2 = spec.exp2;
  request.config.watchdog = watchdog;
  std::vector<Violation> broken = checkRules(request.spec, request.config, *request.target);
  if (broken.size() == 1)
    return Status::unsupported(broken[0].field, broken[0].value, broken[0].allowed);
  std::string all;
  for (const Violation &violation : broken)
    all += (all.empty() ? "" : "\n") + violation.message();
  if (!all.empty())
    return Status(StatusCode::Unsupported, all);
  return request;
}

Result<CompiledModule> Request::compile(Stage stage) const {
  CompileRequest request;
  request.source = source->text;
  request.spec = spec;
  request.config = config;
  request.target = target;
  request.to = stage;
  request.reproducerDir = reproducerDir;
  llvm::Expected<CompiledModule> module = Compiler().compile(request);
  if (!module)
    return Status(StatusCode::CompileFailed, llvm::toString(module.takeError()));
  return std::move(*module);
}

/// One line for each entry: what its launch needs, then what ptxas says.
static std::string describe(const std::vector<KernelInfo> &kernels, const Assembled &assembled,
                            const std::string &assembler) {
  std::string text;
  for (const KernelInfo &kernel : kernels)
    for (const EntryStatistics &entry : assembled.entries)
      if (entry.entry == kernel.name)
        text += kernel.name + ": " + std::to_string(kernel.threads) + " threads, " + std::to_string(entry.registers) +
                " registers, " + std::to_string(entry.spillStoreBytes + entry.spillLoadBytes) + " bytes spilled (" +
                std::to_string(entry.spillStoreBytes) + " stores, " + std::to_string(entry.spillLoadBytes) +
                " loads), " + std::to_string(kernel.sharedBytes + entry.sharedBytes) + " bytes shared (" +
                std::to_string(kernel.sharedBytes) + " dynamic)\n";
  return text + "(" + assembler + ")\n";
}

/// From the beginning: whatever stage is printed, machine code comes from PTX.
static Result<Assembled> assemble(const Request &request, const Environment &environment, std::string &statistics) {
  Result<Assembler> assembler = Assembler::find(environment);
  if (!assembler)
    return assembler.status();
  Result<CompiledModule> module = request.compile(Stage::Ptx);
  if (!module)
    return module.status();
  Result<Assembled> assembled = assembler->assemble(module->text, std::string(request.target->chip));
  if (assembled)
    statistics = describe(module->kernels, *assembled, assembler->identity());
  return assembled;
}

Status EmitVerb::deliver(const std::string &code, Stage stage, const Console &console) const {
  if (output_.empty()) {
    if (stage == Stage::Cubin && console.terminal.interactive)
      return Status::invalid("-o", "not given", "a file, or a pipe: a cubin is not for a terminal");
    console.out << code;
    return Status::ok();
  }
  Result<AtomicFile> file = AtomicFile::create(output_);
  if (!file)
    return file.status();
  if (Status status = file->write(code.data(), code.size()); !status)
    return status;
  return file->commit();
}

Result<ExitCode> EmitVerb::run(const Console &console) {
  std::optional<Stage> stage = parseStage(stage_);
  if (!stage)
    return Status::invalid("--stage", "'" + stage_ + "'", stageNames());
  Result<SpecRequest> options = spec_.read();
  if (!options)
    return options.status();
  Result<Request> request = makeRequest(kernel_, options->spec, watchdog_);
  if (!request)
    return request.status();
  Result<Environment> environment = Environment::read();
  if (!environment)
    return environment.status();
  request->reproducerDir = environment->temporaryDirectory();
  const Target &target = *request->target;
  if (!target.notice.empty())
    console.note(std::string(target.notice));
  console.note("lowering: " + std::string(target.lowering) + "; " + std::string(target.lowFormats));
  for (const std::string &option : options->launchOnly)
    console.note(option + " is a value of a launch: the kernel is the same for all");

  std::string code, statistics;
  if (*stage <= Stage::Ptx) {
    Result<CompiledModule> module = request->compile(*stage);
    if (!module)
      return module.status();
    code = std::move(module->text);
  }
  if (*stage == Stage::Cubin || statistics_) {
    Result<Assembled> assembled = assemble(*request, *environment, statistics);
    if (!assembled)
      return assembled.status();
    if (*stage == Stage::Cubin)
      code = std::move(assembled->cubin);
  }
  if (Status status = deliver(code, *stage, console); !status)
    return status;
  if (statistics_)
    (output_.empty() ? console.err : console.out) << statistics;
  return ExitCode::Ok;
}
