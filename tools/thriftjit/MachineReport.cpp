//===- MachineReport.cpp - what `thriftjit doctor` sees of a machine ----------===//

#include "tools/thriftjit/MachineReport.h"

#include "runtime/Assembler.h"
#include "runtime/CompiledKernels.h"
#include "runtime/KernelCacheDirectory.h"

#include "llvm/Config/llvm-config.h"

#include <filesystem>
#include <sys/utsname.h>
#include <thread>

using namespace thrift;
namespace fs = std::filesystem;

static std::string describeHost() {
  utsname system{};
  uname(&system);
  return std::string(system.sysname) + " " + system.release + ", " + system.machine + ", " +
         std::to_string(std::thread::hardware_concurrency()) + " CPU threads";
}

/// 13000 is CUDA 13.0.
static std::string cudaVersion(int driver) {
  return std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
}

static std::vector<VersionLine> findVersions(const Environment &environment,
                                             const std::vector<DeviceListing> &devices) {
  Result<Assembler> assembler = Assembler::find(environment);
  std::string driver = "none found";
  for (const DeviceListing &device : devices)
    if (device.status && !device.attributes.isSimulator())
      driver = "for CUDA " + cudaVersion(device.attributes.driverVersion);
    else if (device.id == "cuda")
      driver = device.status.message();
  return {{"thriftjit", generatorVersion()},
          {"LLVM", LLVM_VERSION_STRING},
          {"ptxas", assembler ? assembler->version() + " at " + assembler->path() : assembler.status().message()},
          {"CUDA driver", driver},
          {"host", describeHost()}};
}

/// The cache's own rules, without making the directory.
static CacheState examineCache(const Environment &environment) {
  CacheState cache;
  cache.directory = environment.cacheDirectory();
  if (cache.directory.empty()) {
    cache.state = "memory only: none of THRIFTJIT_CACHE_DIR, XDG_CACHE_HOME and HOME is set";
    return cache;
  }
  std::error_code error;
  if (!fs::exists(cache.directory, error)) {
    cache.state = error ? error.message() : "not there yet; made when the first kernel is compiled";
    cache.usable = !error;
    return cache;
  }
  Result<std::unique_ptr<KernelCacheDirectory>> directory = KernelCacheDirectory::open(cache.directory);
  if (!directory) {
    cache.state = directory.status().message();
    return cache;
  }
  cache.usable = true;
  cache.state = "usable";
  for (fs::directory_iterator file(cache.directory, error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() != ".kernel")
      continue;
    std::error_code gone; // another process may clear the cache meanwhile
    uintmax_t bytes = file->file_size(gone);
    if (gone)
      continue;
    ++cache.kernels;
    cache.bytes += static_cast<int64_t>(bytes);
  }
  if (error)
    cache.state = "usable, but cannot be listed: " + error.message();
  return cache;
}

static std::vector<TargetLine> listTargets(const std::vector<DeviceListing> &devices) {
  std::vector<TargetLine> lines;
  std::string names = targetNames();
  for (size_t begin = 0; begin < names.size();) {
    size_t end = std::min(names.find(", ", begin), names.size());
    TargetLine line;
    line.target = findTarget(names.substr(begin, end - begin));
    begin = end + 2;
    const Target &target = *line.target;
    line.needs = "a GPU of compute capability " + std::to_string(target.capability / 10) + "." +
                 std::to_string(target.capability % 10) + (target.exactCapability ? "" : " or later") +
                 ", or the simulator";
    for (const DeviceListing &device : devices)
      if (device.status && (device.attributes.isSimulator() || runsOn(target, device.attributes.computeCapability())))
        line.runsHere += (line.runsHere.empty() ? "" : ", ") + device.id;
    lines.push_back(std::move(line));
  }
  return lines;
}

MachineReport thrift::examineMachine(const Environment &environment) {
  MachineReport report;
  DeviceOptions options = DeviceOptions::from(environment);
  report.devices = listDevices(options);
  report.versions = findVersions(environment, report.devices);
  report.requested = environment.device;
  Result<DeviceRequest> request = DeviceRequest::parse(environment.device, "THRIFTJIT_DEVICE");
  Result<SelectedDevice> selected = request ? selectDevice(*request, options) : request.status();
  report.automatic = selected ? selected->sentence : selected.status().message();
  report.cache = examineCache(environment);
  // HOME and PATH are everybody's, and long; what they lead to stands above.
  for (const auto &[name, value] : environment.given)
    if (name != "HOME" && name != "PATH")
      report.environment.emplace_back(name, value);
  report.unknownVariables = environment.unknown;
  report.targets = listTargets(report.devices);
  return report;
}
