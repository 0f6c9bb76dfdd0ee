//===- RunReport.h - what `thriftjit run` found -------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_RUNREPORT_H
#define THRIFTJIT_TOOLS_THRIFTJIT_RUNREPORT_H

#include "tools/console/Console.h"
#include "tools/console/Json.h"
#include "tools/thriftjit/Comparison.h"
#include "tools/thriftjit/OnlineShares.h"
#include "tools/thriftjit/RouteShares.h"

namespace thrift {

struct RunReport {
  std::string input; ///< path of the file
  std::string target, lowering, device;
  Spec spec;
  AttentionShape shape;
  PlanRun run;
  RouteShares shares;
  std::optional<OnlineShares> online; ///< of a plan with the online router, which asks for no share
  Comparison comparison;
  bool checked = true; ///< whether a failed check counts
  double compileMilliseconds = 0;
};

/// The object of `run --json`; README.md has every field with its unit.
Json toJson(const RunReport &report);

/// For people. The picture of the routes is as wide as the terminal allows.
void print(const RunReport &report, const Console &console);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_RUNREPORT_H
