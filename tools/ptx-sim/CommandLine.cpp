//===- CommandLine.cpp - the whole program as a function ----------------------===//

#include "tools/ptx-sim/CommandLine.h"

#include "tools/console/ExitCode.h"
#include "tools/console/OptionErrors.h"
#include "tools/console/Switch.h"
#include "tools/ptx-sim/JsonPlace.h"
#include "tools/ptx-sim/Listing.h"
#include "tools/ptx-sim/ProgressLine.h"
#include "tools/ptx-sim/RunReport.h"
#include "tools/ptx-sim/SimOptions.h"
#include "tools/ptx-sim/SourcePlaces.h"
#include "tools/safetensors/WholeFile.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace thrift::ptxsim {

using thrift::print;
using thrift::toJson;

namespace {

// More than any launch file needs; values in their thousands belong into a tensor file.
constexpr uint64_t kMaxLaunchFileBytes = 64u << 20;

class Program {
public:
  Program();
  Result<int> run(const std::vector<std::string> &arguments, const Console &console, const std::atomic<bool> *cancel);

private:
  Result<int> dispatch(const Console &console, const std::atomic<bool> *cancel);
  Result<int> list(const std::string &ptx, const Console &console);
  Result<int> launch(const std::string &ptx, const Console &console, const std::atomic<bool> *cancel);
  Result<std::map<std::string, std::string>> moreOutputs() const;
  std::optional<std::string> entry() const { return entry_.empty() ? std::nullopt : std::optional(entry_); }

  CLI::App app_{"Runs a PTX kernel on the CPU, checked: KERNEL.ptx as the launch file LAUNCH.json says.", "ptx-sim"};
  std::string ptxFile_, launchFile_, entry_;
  std::vector<std::string> outputs_;
  bool json_ = false, statistics_ = false, list_ = false, template_ = false;
  Switch progress_;
  SimOptions simOptions_;
};

} // namespace

Program::Program() {
  app_.set_version_flag("--version", std::string("ptx-sim ") + THRIFTJIT_VERSION, "print the version");
  app_.set_help_flag("-h,--help", "print this and exit");
  app_.allow_extras(); // judged below, where the message can say what is allowed
  app_.add_option("KERNEL.ptx", ptxFile_, "the kernel")->type_name("");
  app_.add_option("LAUNCH.json", launchFile_, "grid, buffers, arguments: see tools/ptx-sim/README.md")->type_name("");
  app_.add_flag("--list", list_, "print entries, parameters and shared memory, and run nothing");
  app_.add_flag("--template", template_, "print a launch file to start from, and run nothing");
  app_.add_option("--entry", entry_, "the kernel's name, instead of the launch file's")->type_name("NAME");
  app_.add_option("--output", outputs_, "write a buffer after the launch, .npy or .safetensors; may be repeated")
      ->type_name("NAME=FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app_.add_flag("--stats", statistics_, "print what was executed, by kind");
  app_.add_flag("--json", json_, "print one JSON object instead of text");
  progress_.declare(app_, "progress", "say how far the launch is [if standard error is a terminal]", "do not");
  simOptions_.declare(app_);
  app_.footer("Examples:\n"
              "  ptx-sim kernel.ptx --list\n"
              "  ptx-sim kernel.ptx --template >launch.json\n"
              "  ptx-sim kernel.ptx launch.json --stats\n"
              "  ptx-sim kernel.ptx launch.json --policy eager --output o=o.npy --json\n\n"
              "Exit codes: 0 ok, 1 the launch had an error or an output is wrong, 2 usage or input,\n"
              "            3 unsupported, 6 files, 130 Ctrl-C");
}

/// "o=out.npy"
Result<std::map<std::string, std::string>> Program::moreOutputs() const {
  std::map<std::string, std::string> result;
  for (const std::string &text : outputs_) {
    size_t equals = text.find('=');
    auto endsWith = [&text](std::string_view suffix) {
      return text.size() > suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
    };
    if (equals == std::string::npos || equals == 0 || !(endsWith(".npy") || endsWith(".safetensors")))
      return Status::invalid("--output", "'" + text + "'", "NAME=FILE, where FILE ends in .npy or .safetensors");
    if (!result.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      return Status::invalid("--output", "'" + text + "'", "every buffer once");
  }
  return result;
}

Result<int> Program::list(const std::string &ptx, const Console &console) {
  if (!launchFile_.empty())
    return Status::invalid("LAUNCH.json", "'" + launchFile_ + "'", "nothing beside --list and --template");
  Result<Listing> listing = listEntries(ptx, ptxFile_);
  if (!listing)
    return listing.status();
  if (template_) {
    Result<Json> launch = launchTemplate(*listing, entry());
    if (!launch)
      return launch.status();
    console.out << printCompact(*launch) << "\n";
  } else {
    console.out << (json_ ? print(toJson(*listing)) + "\n" : print(*listing));
  }
  return 0;
}

Result<int> Program::launch(const std::string &ptx, const Console &console, const std::atomic<bool> *cancel) {
  Result<sim::Options> options = simOptions_.read();
  if (!options)
    return options.status();
  Result<bool> progress = progress_.read(console.terminal.errInteractive);
  if (!progress)
    return progress.status();
  Result<std::map<std::string, std::string>> outputs = moreOutputs();
  if (!outputs)
    return outputs.status();
  Result<std::string> text = readWholeFile(launchFile_, "a launch file", kMaxLaunchFileBytes);
  if (!text)
    return text.status();
  Result<LaunchFile> file = parseLaunchFile(*text, launchFile_);
  if (!file)
    return file.status();
  if (!entry_.empty())
    file->entry = entry_;
  Result<std::shared_ptr<sim::Module>> module = sim::Module::load(ptx);
  if (!module)
    return behind(ptxFile_, module.status());
  Result<const sim::Kernel *> kernel = findEntry(**module, *file);
  if (!kernel)
    return kernel.status().code() == StatusCode::Unsupported ? behind(ptxFile_, kernel.status()) : kernel.status();

  ProgressLine line(console);
  if (*progress)
    options->progress = [&line](const sim::Progress &now) { line.show(now); };
  options->cancel = cancel;
  Result<RunResult> result = runLaunch(**kernel, *file, *options, *outputs);
  line.clear();
  if (!result)
    return result.status();
  RunReport report{ptxFile_, launchFile_, simOptions_.checkLevel(), simOptions_.policy(), options->seed, {}, {}};
  report.result = std::move(*result);
  report.sources = sourcePlaces(ptx, report.result.report.findings);
  if (json_)
    console.out << print(toJson(report)) << "\n";
  else
    print(report, statistics_, console.out);
  if (report.result.report.cancelled)
    return kCancelledExitCode;
  return static_cast<int>(report.result.passed() ? ExitCode::Ok : ExitCode::FailedCheck);
}

Result<int> Program::dispatch(const Console &console, const std::atomic<bool> *cancel) {
  if (std::vector<std::string> extras = app_.remaining(); !extras.empty())
    return Status::invalid(extras[0].size() > 1 && extras[0][0] == '-' ? "option" : "argument", "'" + extras[0] + "'",
                           "KERNEL.ptx LAUNCH.json, " + optionNames(app_));
  if (ptxFile_.empty())
    return Status::invalid("KERNEL.ptx", "not given", "a PTX file; ptx-sim --help says more");
  if (launchFile_.empty() && !list_ && !template_)
    return Status::invalid("LAUNCH.json", "not given",
                           "a launch file; --template prints one to start from, --list what the PTX holds");
  Result<std::string> ptx = readWholeFile(ptxFile_, "a PTX file", uint64_t(1) << 30);
  if (!ptx)
    return ptx.status();
  return list_ || template_ ? list(*ptx, console) : launch(*ptx, console, cancel);
}

Result<int> Program::run(const std::vector<std::string> &arguments, const Console &console,
                         const std::atomic<bool> *cancel) {
  // CLI11 wants the last one first.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_.parse(reversed);
  } catch (const CLI::Success &wish) { // --help, --version
    app_.exit(wish, console.out, console.err);
    return 0;
  } catch (const CLI::ParseError &error) {
    return thrift::describe(error);
  }
  return dispatch(console, cancel);
}

int runCommandLine(const std::vector<std::string> &arguments, const Console &console, const std::atomic<bool> *cancel) {
  Result<int> outcome = Program().run(arguments, console, cancel);
  Status failure = outcome.status();
  if (!failure) {
    console.err << console.program << ": error: " << failure.message() << "\n";
    if (std::find(arguments.begin(), arguments.end(), "--json") != arguments.end())
      console.out << print(toJson(failure)) << "\n";
  }
  console.out.flush();
  if (!console.out) {
    console.err << console.program << ": error: cannot write to standard output\n";
    return static_cast<int>(ExitCode::Io);
  }
  return failure ? *outcome : static_cast<int>(exitCodeOf(failure.code()));
}

} // namespace thrift::ptxsim
