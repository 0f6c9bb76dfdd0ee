//===- Assembler.cpp - PTX to cubin with ptxas ------------------------------===//

#include "runtime/Assembler.h"

#include "runtime/ChildProcess.h"

#include <algorithm>
#include <cctype>
#include <sys/stat.h>
#include <unistd.h>

namespace thrift {

static constexpr std::chrono::seconds kVersionLimit(30);

static bool isProgram(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

/// The places where ptxas may be, best first.
static std::vector<std::string> candidates(const Environment &environment, const std::string &toolkit) {
  if (!environment.ptxas.empty())
    return {environment.ptxas};
  std::vector<std::string> paths;
  if (!environment.cudaHome.empty())
    paths.push_back(environment.cudaHome + "/bin/ptxas");
  for (size_t begin = 0; begin < environment.path.size();) {
    size_t end = std::min(environment.path.find(':', begin), environment.path.size());
    if (end > begin)
      paths.push_back(environment.path.substr(begin, end - begin) + "/ptxas");
    begin = end + 1;
  }
  paths.push_back(toolkit + "/bin/ptxas");
  return paths;
}

Result<Assembler> Assembler::find(const Environment &environment, const std::string &toolkit) {
  Assembler assembler;
  assembler.temporaryDirectory_ = environment.temporaryDirectory();
  for (const std::string &path : candidates(environment, toolkit)) {
    if (!isProgram(path))
      continue;
    assembler.path_ = path;
    break;
  }
  if (assembler.path_.empty()) {
    if (!environment.ptxas.empty())
      return Status::invalid("THRIFTJIT_PTXAS", "'" + environment.ptxas + "'", "the path of an executable ptxas");
    return Status(StatusCode::Unsupported, "no ptxas in CUDA_HOME/bin, PATH or " + toolkit +
                                               "/bin; install the CUDA toolkit or set THRIFTJIT_PTXAS; the driver can "
                                               "compile PTX without it");
  }

  Result<TemporaryDirectory> scratch = TemporaryDirectory::create(assembler.temporaryDirectory_);
  if (!scratch)
    return scratch.status();
  std::vector<std::string> command = {assembler.path_, "--version"};
  Result<ProcessOutcome> outcome = runProcess(command, scratch->path() + "/version.txt", kVersionLimit);
  if (!outcome)
    return outcome.status();
  assembler.version_ = parseAssemblerVersion(outcome->output);
  if (!outcome->succeeded() || assembler.version_.empty())
    return Status(StatusCode::CompileFailed, assembler.path_ + " does not behave like ptxas (" + outcome->describe() +
                                                 "); repeat with: " + quoteCommand(command));
  return assembler;
}

static bool isArchitecture(const std::string &name) {
  constexpr std::string_view prefix = "sm_";
  if (name.compare(0, prefix.size(), prefix) != 0)
    return false;
  size_t i = prefix.size();
  while (i < name.size() && std::isdigit(static_cast<unsigned char>(name[i])))
    ++i;
  bool numbered = i > prefix.size();
  if (i < name.size() && (name[i] == 'a' || name[i] == 'f'))
    ++i;
  return numbered && i == name.size();
}

static bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Result<Assembled> Assembler::assemble(std::string_view ptx, const std::string &architecture,
                                      std::chrono::milliseconds limit) const {
  if (!isArchitecture(architecture))
    return Status::invalid("architecture", "'" + architecture + "'", "sm_ and a number, then a or f or nothing");
  Result<TemporaryDirectory> scratch = TemporaryDirectory::create(temporaryDirectory_);
  if (!scratch)
    return scratch.status();
  const std::string input = scratch->path() + "/kernel.ptx", output = scratch->path() + "/kernel.cubin";
  if (Status status = writeFile(input, std::string(ptx)); !status)
    return status;

  std::vector<std::string> command = {path_, "-v", "-arch=" + architecture, input, "-o", output};
  Result<ProcessOutcome> outcome = runProcess(command, scratch->path() + "/log.txt", limit);
  if (!outcome)
    return outcome.status();
  if (outcome->succeeded()) {
    Result<std::string> cubin = readFile(output);
    if (!cubin)
      return cubin.status();
    return Assembled{std::move(*cubin), parseStatistics(outcome->output), outcome->output};
  }

  const std::string &log = outcome->output;
  if (contains(log, "is not defined for option 'gpu-name'"))
    return Status(StatusCode::Unsupported, "ptxas " + version_ + " at " + path_ + " cannot target " + architecture +
                                               "; needed: a newer CUDA toolkit; set THRIFTJIT_PTXAS to its ptxas");
  scratch->keep();
  std::string message = "ptxas failed (" + outcome->describe() + "); repeat with: " + quoteCommand(command);
  StatusCode code = StatusCode::CompileFailed;
  if (contains(log, "Unsupported .version")) {
    code = StatusCode::Unsupported;
    message = "ptxas " + version_ + " is too old for this PTX; set THRIFTJIT_PTXAS to a newer one; " + message;
  }
  message += "; its output: " + log;
  while (!message.empty() && std::isspace(static_cast<unsigned char>(message.back())))
    message.pop_back();
  return Status(code, message);
}

/// The whole number that stands before `unit` in a line, or 0.
static int numberBefore(std::string_view line, std::string_view unit) {
  size_t at = line.find(unit);
  if (at == std::string_view::npos)
    return 0;
  size_t end = at, begin = at;
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(line[begin - 1])))
    --begin;
  if (begin == end || end - begin > 9)
    return 0;
  return std::stoi(std::string(line.substr(begin, end - begin)));
}

static std::string_view between(std::string_view line, std::string_view open, std::string_view close) {
  size_t begin = line.find(open);
  if (begin == std::string_view::npos)
    return {};
  begin += open.size();
  size_t end = close.empty() ? line.size() : line.find(close, begin);
  return end == std::string_view::npos ? std::string_view() : line.substr(begin, end - begin);
}

std::vector<EntryStatistics> parseStatistics(std::string_view log) {
  std::vector<EntryStatistics> entries;
  // Functions that an entry calls have properties too: their spills count, their stack is not the entry's.
  bool own = false;
  while (!log.empty()) {
    size_t end = std::min(log.find('\n'), log.size());
    std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (std::string_view name = between(line, "Compiling entry function '", "'"); !name.empty()) {
      entries.emplace_back();
      entries.back().entry = std::string(name);
      own = false;
      continue;
    }
    if (entries.empty())
      continue;
    EntryStatistics &entry = entries.back();
    if (std::string_view name = between(line, "Function properties for ", ""); !name.empty()) {
      own = name == entry.entry;
    } else if (contains(line, " bytes stack frame")) {
      if (own)
        entry.stackBytes = numberBefore(line, " bytes stack frame");
      entry.spillStoreBytes += numberBefore(line, " bytes spill stores");
      entry.spillLoadBytes += numberBefore(line, " bytes spill loads");
    } else if (contains(line, ": Used ")) {
      entry.registers = numberBefore(line, " registers");
      entry.barriers = numberBefore(line, " barriers");
      entry.sharedBytes = numberBefore(line, " bytes smem");
    }
  }
  return entries;
}

std::string parseAssemblerVersion(std::string_view output) {
  size_t at = output.find(", V");
  if (at == std::string_view::npos)
    return {};
  at += 3;
  size_t end = at;
  while (end < output.size() && (std::isdigit(static_cast<unsigned char>(output[end])) || output[end] == '.'))
    ++end;
  return std::string(output.substr(at, end - at));
}

} // namespace thrift
