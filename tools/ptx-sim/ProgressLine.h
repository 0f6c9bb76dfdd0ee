//===- ProgressLine.h - how far a launch is, on standard error -----------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_PROGRESSLINE_H
#define THRIFTJIT_TOOLS_PTXSIM_PROGRESSLINE_H

#include "runtime/sim/Simulator.h"
#include "tools/console/Console.h"

#include <string>

namespace thrift::ptxsim {

/// "12 of 64 CTAs, 41.2 M warp instructions a second, about 8 s to go"
std::string describe(const sim::Progress &now, const sim::Progress &before);

/// Writes one line over the other on a terminal, and one below the other elsewhere.
class ProgressLine {
public:
  explicit ProgressLine(const Console &console) : console_(console) {}
  void show(const sim::Progress &progress);
  /// Leaves no trace on a terminal.
  void clear();

private:
  const Console &console_;
  sim::Progress before_;
  size_t width_ = 0; ///< of what stands on the line
};

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_PROGRESSLINE_H
