//===- RunReport.h - how a launch is shown -------------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_RUNREPORT_H
#define THRIFTJIT_TOOLS_PTXSIM_RUNREPORT_H

#include "tools/console/Json.h"
#include "tools/ptx-sim/Run.h"

#include <ostream>
#include <string>

namespace thrift::ptxsim {

struct RunReport {
  std::string ptxFile, launchFile;
  std::string checkLevel, policy;
  uint64_t seed = 0;
  RunResult result;
  std::vector<std::string> sources; ///< by finding: the line it was compiled from, or ""
};

/// For people. What the kernel printed comes first, findings before statistics.
void print(const RunReport &report, bool withStatistics, std::ostream &out);
Json toJson(const RunReport &report);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_RUNREPORT_H
