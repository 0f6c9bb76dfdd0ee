//===- CommandLine.cpp - the whole program as a function ----------------------===//

#include "tools/thriftjit/CommandLine.h"

#include "runtime/CompiledKernels.h"
#include "tools/console/Json.h"
#include "tools/console/OptionErrors.h"
#include "tools/thriftjit/Verb.h"

#include <CLI/CLI.hpp>

#include <algorithm>

using namespace thrift;

namespace {

/// Words that the command line will have. They are known, so that using one says what exists.
struct UnbuiltVerb {
  const char *name, *summary;
};

constexpr UnbuiltVerb unbuiltVerbs[] = {
    {"tune", "search configs on a device"},
    {"bench", "time kernels"},
    {"model", "cycles per unit, for hardware not at hand"},
    {"explain", "why a spec is refused"},
    {"support", "what each target does"},
    {"map", "the routes as a picture"},
    {"cache", "look after the kernel cache"},
    {"env", "the environment variables"},
};

class Program {
public:
  Program();
  /// Parses and runs.
  Result<ExitCode> run(const std::vector<std::string> &arguments, const Console &console);

private:
  Result<ExitCode> dispatch(const Console &console);
  std::string verbNames() const;

  CLI::App app_{"ThriftJIT: mixed-precision attention kernels, compiled at run time", "thriftjit"};
  std::vector<std::unique_ptr<Verb>> verbs_;
};

} // namespace

Program::Program() {
  verbs_.push_back(makeRunVerb());
  verbs_.push_back(makeEmitVerb());
  verbs_.push_back(makeDoctorVerb());
  app_.set_version_flag(
      "--version", [] { return generatorVersion(); }, "print the version");
  app_.set_help_flag("-h,--help", "print this and exit");
  // One verb; what is left over is judged below, where the message can say what is allowed.
  app_.require_subcommand(0, 1);
  app_.allow_extras();
  app_.footer(std::string("Examples:\n"
                          "  thriftjit run --input qkv.safetensors --causal --budget 0.05\n"
                          "  thriftjit emit prefill --target sm_80\n\n") +
              exitCodeHelp());
  for (const std::unique_ptr<Verb> &verb : verbs_)
    verb->declare(*app_.add_subcommand(verb->name(), verb->summary()));
  for (const UnbuiltVerb &verb : unbuiltVerbs) {
    CLI::App *declared = app_.add_subcommand(verb.name, verb.summary)->group(kUnbuiltGroup)->prefix_command();
    declared->set_help_flag();
  }
}

std::string Program::verbNames() const {
  std::string names;
  for (const std::unique_ptr<Verb> &verb : verbs_)
    names.append(names.empty() ? "" : ", ").append(verb->name());
  return names;
}

Result<ExitCode> Program::dispatch(const Console &console) {
  std::vector<CLI::App *> chosen = app_.get_subcommands();
  if (std::vector<std::string> extras = app_.remaining(); !extras.empty()) {
    bool option = extras[0][0] == '-';
    return option ? Status::invalid("option", extras[0], "--help, --version, and options behind a verb: " + verbNames())
                  : Status::invalid("verb", "'" + extras[0] + "'", verbNames());
  }
  if (chosen.empty())
    return Status::invalid("verb", "not given", verbNames() + "; thriftjit --help says more");
  for (const std::unique_ptr<Verb> &verb : verbs_) {
    if (chosen[0]->get_name() != verb->name())
      continue;
    if (std::vector<std::string> extras = chosen[0]->remaining(); !extras.empty())
      return Status::invalid(extras[0][0] == '-' ? "option" : "argument", "'" + extras[0] + "'",
                             "for " + chosen[0]->get_name() + ": " + optionNames(*chosen[0], kUnbuiltGroup));
    return verb->run(console);
  }
  return Status::unsupported("verb", chosen[0]->get_name(), verbNames());
}

Result<ExitCode> Program::run(const std::vector<std::string> &arguments, const Console &console) {
  // CLI11 wants the last one first.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_.parse(reversed);
  } catch (const CLI::Success &wish) { // --help, --version
    app_.exit(wish, console.out, console.err);
    return ExitCode::Ok;
  } catch (const CLI::ParseError &error) {
    return describe(error);
  }
  return dispatch(console);
}

int thrift::runCommandLine(const std::vector<std::string> &arguments, const Console &console) {
  Result<ExitCode> outcome = Program().run(arguments, console);
  Status failure = outcome.status();
  if (!failure) {
    console.err << "thriftjit: error: " << failure.message() << "\n";
    if (std::find(arguments.begin(), arguments.end(), "--json") != arguments.end())
      console.out << print(toJson(failure)) << "\n";
  }
  console.out.flush();
  if (!console.out) {
    console.err << "thriftjit: error: cannot write to standard output\n";
    return static_cast<int>(ExitCode::Io);
  }
  return static_cast<int>(failure ? *outcome : exitCodeOf(failure.code()));
}
