//===- MachineReport.h - what `thriftjit doctor` sees of a machine ------------===//
//
// Versions, devices, the kernel cache, environment variables, targets. Looks and changes nothing: it launches no
// kernel, and does not make the cache directory.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_MACHINEREPORT_H
#define THRIFTJIT_TOOLS_THRIFTJIT_MACHINEREPORT_H

#include "compiler/targets/Target.h"
#include "runtime/Devices.h"
#include "runtime/Environment.h"

#include <string>
#include <utility>
#include <vector>

namespace thrift {

/// A name and its version, or the sentence that says why there is none.
struct VersionLine {
  std::string name, text;
};

struct CacheState {
  std::string directory; ///< empty where no variable names one
  std::string state;     ///< "usable", "not there yet; ...", or what is wrong with it
  bool usable = false;
  int64_t kernels = 0, bytes = 0; ///< in it
};

/// A target, and what it takes to run its code.
struct TargetLine {
  const Target *target = nullptr;
  std::string needs;    ///< "a GPU of compute capability 10.0, or the simulator"
  std::string runsHere; ///< ids of the devices of this machine: "cuda:0, sim"
};

struct MachineReport {
  std::vector<VersionLine> versions; ///< thriftjit, LLVM, ptxas, driver, host
  std::vector<DeviceListing> devices;
  std::string requested; ///< the device that is used where none is named: "auto", or THRIFTJIT_DEVICE
  std::string automatic; ///< what that chooses, and for `auto` why
  CacheState cache;
  std::vector<std::pair<std::string, std::string>> environment; ///< set, of those that are ours or say where things are
  std::vector<std::string> unknownVariables;                    ///< THRIFTJIT_* that nothing reads
  std::vector<TargetLine> targets;
};

MachineReport examineMachine(const Environment &environment);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_MACHINEREPORT_H
