//===- Run.h - a launch file on the simulator ----------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_RUN_H
#define THRIFTJIT_TOOLS_PTXSIM_RUN_H

#include "runtime/sim/Simulator.h"
#include "tools/ptx-sim/Comparison.h"
#include "tools/ptx-sim/LaunchFile.h"

#include <map>
#include <string>
#include <vector>

namespace thrift::ptxsim {

struct WrittenOutput {
  std::string buffer, file, type, shape;
};

/// What a launch did. `report.status` is DeviceError where the checker found an error, or somebody cancelled.
struct RunResult {
  sim::KernelInfo kernel;
  sim::LaunchConfig config;
  sim::Report report;
  std::vector<Comparison> comparisons; ///< none if the launch failed
  std::vector<WrittenOutput> outputs;  ///< the same

  bool passed() const;
};

/// The entry that the file asks for, or the only one.
Result<const sim::Kernel *> findEntry(const sim::Module &module, const LaunchFile &file);

/// Fills the buffers, launches, compares, writes outputs. `moreOutputs` are files by buffer name, beside those of the
/// launch file, relative to the current folder. A failure is an input that is wrong or a file.
Result<RunResult> runLaunch(const sim::Kernel &kernel, const LaunchFile &file, const sim::Options &options,
                            const std::map<std::string, std::string> &moreOutputs);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_RUN_H
