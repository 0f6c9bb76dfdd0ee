//===- Environment.cpp - every environment variable, read in one place ------===//

#include "runtime/Environment.h"

#include "runtime/DeviceRequest.h"
#include "runtime/SimDevice.h"

#include <charconv>
#include <limits>
#include <string_view>
#include <unistd.h>

namespace thrift {

namespace {
using Setter = Status (*)(Environment &environment, std::string_view value);

struct Row {
  EnvironmentVariable variable;
  Setter set;
};
} // namespace

template <std::string Environment::*field>
static Status setText(Environment &environment, std::string_view value) {
  environment.*field = std::string(value);
  return Status::ok();
}

template <typename Number>
static Status parseNumber(const char *name, std::string_view text, uint64_t least, Number &number) {
  uint64_t value = 0;
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > std::numeric_limits<Number>::max())
    return Status::invalid(name, "'" + std::string(text) + "'",
                           "a whole number from " + std::to_string(least) + " to " +
                               std::to_string(std::numeric_limits<Number>::max()));
  number = Number(value);
  return Status::ok();
}

static Status setDevice(Environment &environment, std::string_view value) {
  Result<DeviceRequest> request = DeviceRequest::parse(value, "THRIFTJIT_DEVICE");
  if (!request)
    return request.status();
  environment.device = std::string(value);
  return Status::ok();
}

static const Row kRows[] = {
    {{"THRIFTJIT_CACHE_DIR", "XDG_CACHE_HOME/thriftjit, else ~/.cache/thriftjit",
      "directory of compiled kernels; it must belong to the user", false},
     setText<&Environment::cacheDir>},
    {{"THRIFTJIT_DEVICE", "auto", "device to use where none is named: auto, cuda, cuda:N or sim", false}, setDevice},
    {{"THRIFTJIT_PTXAS", "CUDA_HOME/bin, PATH, /usr/local/cuda/bin", "path of the ptxas that assembles kernels", true},
     setText<&Environment::ptxas>},
    {{"THRIFTJIT_SIM_THREADS", "0", "host threads of the simulator; 0 means all cores", false},
     [](Environment &e, std::string_view v) { return parseNumber("THRIFTJIT_SIM_THREADS", v, 0, e.simThreads); }},
    {{"THRIFTJIT_SIM_BUDGET", "20000000000",
      "warp instructions that one simulated launch may take before it counts as a hang", false},
     [](Environment &e, std::string_view v) {
       return parseNumber("THRIFTJIT_SIM_BUDGET", v, 1, e.simInstructionBudget);
     }},
    {{"THRIFTJIT_SIM_DELIVERY", "lazy",
      "when asynchronous results appear in the simulator: lazy, eager, random or random:SEED", false},
     [](Environment &e, std::string_view v) {
       sim::Options options;
       e.simDelivery = std::string(v);
       return setDelivery("THRIFTJIT_SIM_DELIVERY", v, options);
     }},
    {{"THRIFTJIT_SIM_CHECKS", "memory", "what the simulator checks: memory, races or strict", false},
     [](Environment &e, std::string_view v) {
       sim::Options options;
       e.simChecks = std::string(v);
       return setChecks("THRIFTJIT_SIM_CHECKS", v, options);
     }},
    {{"XDG_CACHE_HOME", "~/.cache", "base of the cache directory", false}, setText<&Environment::xdgCacheHome>},
    {{"HOME", "", "base of the cache directory where XDG_CACHE_HOME is unset", false}, setText<&Environment::home>},
    {{"CUDA_HOME", "", "CUDA toolkit whose bin/ptxas is looked for", true}, setText<&Environment::cudaHome>},
    {{"PATH", "", "directories in which ptxas is looked for", true}, setText<&Environment::path>},
    {{"TMPDIR", "/tmp", "directory of temporary files, and of files kept to reproduce a failure", false},
     setText<&Environment::tempDir>},
};

const std::vector<EnvironmentVariable> &Environment::table() {
  static const std::vector<EnvironmentVariable> variables = [] {
    std::vector<EnvironmentVariable> all;
    for (const Row &row : kRows)
      all.push_back(row.variable);
    return all;
  }();
  return variables;
}

Result<Environment> Environment::read() { return read(environ); }

Result<Environment> Environment::read(const char *const *variables) {
  constexpr std::string_view prefix = "THRIFTJIT_";
  Environment environment;
  for (; variables && *variables; ++variables) {
    std::string_view entry(*variables);
    size_t equals = entry.find('=');
    if (equals == std::string_view::npos)
      continue;
    std::string_view name = entry.substr(0, equals), value = entry.substr(equals + 1);
    const Row *found = nullptr;
    for (const Row &row : kRows)
      if (name == row.variable.name)
        found = &row;
    if (!found) {
      if (name.substr(0, prefix.size()) == prefix)
        environment.unknown.emplace_back(name);
      continue;
    }
    if (value.empty())
      continue;
    if (Status status = found->set(environment, value); !status)
      return status;
    environment.given.emplace_back(name, value);
  }
  return environment;
}

std::string Environment::cacheDirectory() const {
  if (!cacheDir.empty())
    return cacheDir;
  if (!xdgCacheHome.empty() && xdgCacheHome.front() == '/')
    return xdgCacheHome + "/thriftjit";
  if (!home.empty())
    return home + "/.cache/thriftjit";
  return {};
}

std::string Environment::temporaryDirectory() const { return tempDir.empty() ? "/tmp" : tempDir; }

} // namespace thrift
