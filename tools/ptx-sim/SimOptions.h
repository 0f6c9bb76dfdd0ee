//===- SimOptions.h - options that say how to simulate -------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_SIMOPTIONS_H
#define THRIFTJIT_TOOLS_PTXSIM_SIMOPTIONS_H

#include "runtime/sim/Simulator.h"

#include <string>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace thrift::ptxsim {

/// --check, --policy, --seed, --threads, --budget.
class SimOptions {
public:
  void declare(CLI::App &app);
  Result<sim::Options> read() const;
  /// The words for the report.
  std::string checkLevel() const;
  std::string policy() const;

private:
  std::string check_, policy_, seed_, threads_, budget_;
  bool noCheck_ = false;
};

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_SIMOPTIONS_H
