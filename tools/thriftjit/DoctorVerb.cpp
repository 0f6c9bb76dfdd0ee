//===- DoctorVerb.cpp - thriftjit doctor --------------------------------------===//
//
// What this machine has, and whether it computes right: the first thing to run on new hardware.
//
//===----------------------------------------------------------------------===//

#include "runtime/Context.h"
#include "runtime/DeviceRequest.h"
#include "tools/safetensors/AtomicFile.h"
#include "tools/thriftjit/DoctorReport.h"
#include "tools/thriftjit/Verb.h"

#include <CLI/CLI.hpp>

using namespace thrift;

namespace {

class DoctorVerb final : public Verb {
public:
  const char *name() const override { return "doctor"; }
  const char *summary() const override { return "Examine this machine, and test what a device computes"; }
  void declare(CLI::App &app) override;
  Result<ExitCode> run(const Console &console) override;

private:
  Status checkOptions() const;
  Result<SelfTestReport> selfTest(const Environment &environment, const Console &console) const;
  Status writeFile(const DoctorReport &report) const;

  bool selfTest_ = false, json_ = false;
  std::string target_, device_, output_;
};

} // namespace

std::unique_ptr<Verb> thrift::makeDoctorVerb() { return std::make_unique<DoctorVerb>(); }

void DoctorVerb::declare(CLI::App &app) {
  app.add_flag("--selftest", selfTest_, "run small cases and compare each with the float64 reference");
  app.add_option("--target", target_, "of the self-test: " + targetNames() + " [the best one for the device]")
      ->type_name("TARGET");
  app.add_option("--device", device_, "of the self-test: auto (a GPU, else the simulator), cuda, cuda:N, sim [auto]")
      ->type_name("DEVICE");
  app.add_flag("--json", json_, "print one JSON object instead of text");
  app.add_option("-o", output_, "write the JSON object there too: the report to paste")->type_name("FILE");
  app.footer(
      "Waits inside kernels are bounded in a self-test: a hung barrier becomes a line of the report, not a hung\n"
      "GPU. Cases that the target's rules refuse are listed with the rule. Exit code 1 if any case fails.\n\n"
      "Examples:\n"
      "  thriftjit doctor\n"
      "  thriftjit doctor --selftest -o report.json\n"
      "  thriftjit doctor --selftest --target sm_100a --device sim --json");
}

/// What can be known before anything runs.
Status DoctorVerb::checkOptions() const {
  if (!selfTest_ && !target_.empty())
    return Status::invalid("--target", target_, "with --selftest");
  if (!selfTest_ && !device_.empty())
    return Status::invalid("--device", device_, "with --selftest");
  if (!target_.empty() && !findTarget(target_))
    return Status::invalid("--target", "'" + target_ + "'", targetNames());
  if (!device_.empty())
    if (Result<DeviceRequest> request = DeviceRequest::parse(device_, "--device"); !request)
      return request.status();
  if (!output_.empty())
    if (Result<AtomicFile> probe = AtomicFile::create(output_); !probe) // gone again at the end of this line
      return probe.status();
  return Status::ok();
}

Result<SelfTestReport> DoctorVerb::selfTest(const Environment &environment, const Console &console) const {
  ContextOptions options;
  options.device = device_.empty() ? environment.device : device_;
  options.warn = [&console](const std::string &sentence) { console.note("warning: " + sentence); };
  Result<std::shared_ptr<Context>> context = Context::create(options);
  if (!context)
    return context.status();
  console.note((*context)->deviceSentence());
  const Device &device = *(*context)->device();
  const Target *target =
      target_.empty() ? targetForCapability(device.attributes().computeCapability()) : findTarget(target_);
  if (!target)
    return Status::unsupported("device", device.attributes().name, "compute capability 8.0 or later");
  if (!device.attributes().isSimulator() && !runsOn(*target, device.attributes().computeCapability()))
    return Status::unsupported("--target", target_, "one that runs on " + device.description());
  if (!target->notice.empty())
    console.note(std::string(target->notice));

  SelfTestReport report;
  report.target = std::string(target->name);
  report.lowering = std::string(target->lowering) + "; " + std::string(target->lowFormats);
  report.device = device.description();
  for (const SelfTestCase &each : selfTestCases(report.target)) {
    report.cases.push_back(runCase(**context, each));
    const CaseResult &result = report.cases.back();
    console.note(each.name + ": " + thrift::name(result.status));
  }
  return report;
}

Status DoctorVerb::writeFile(const DoctorReport &report) const {
  Result<AtomicFile> file = AtomicFile::create(output_);
  if (!file)
    return file.status();
  std::string text = thrift::print(toJson(report)) + "\n";
  if (Status status = file->write(text.data(), text.size()); !status)
    return status;
  return file->commit();
}

Result<ExitCode> DoctorVerb::run(const Console &console) {
  if (Status status = checkOptions(); !status)
    return status;
  Result<Environment> environment = Environment::read();
  if (!environment)
    return environment.status();
  DoctorReport report;
  report.machine = examineMachine(*environment);
  if (selfTest_) {
    Result<SelfTestReport> tested = selfTest(*environment, console);
    if (!tested)
      return tested.status();
    report.selfTest = std::move(*tested);
  }
  if (!output_.empty())
    if (Status status = writeFile(report); !status)
      return status;
  if (json_)
    console.out << thrift::print(toJson(report)) << "\n";
  else
    print(report, console);
  return report.selfTest && !passed(report.selfTest->cases) ? ExitCode::FailedCheck : ExitCode::Ok;
}
