//===- DoctorReport.h - what `thriftjit doctor` found -------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_DOCTORREPORT_H
#define THRIFTJIT_TOOLS_THRIFTJIT_DOCTORREPORT_H

#include "tools/console/Console.h"
#include "tools/console/Json.h"
#include "tools/thriftjit/MachineReport.h"
#include "tools/thriftjit/SelfTest.h"

#include <optional>

namespace thrift {

struct SelfTestReport {
  std::string target, lowering, device;
  std::vector<CaseResult> cases;
};

struct DoctorReport {
  MachineReport machine;
  std::optional<SelfTestReport> selfTest;
};

/// The object of `doctor --json`; README.md has every field with its unit.
Json toJson(const DoctorReport &report);

/// For people.
void print(const DoctorReport &report, const Console &console);

/// "27 cases: 15 ok, 12 refused": the last line of a self-test.
std::string summarize(const SelfTestReport &report);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_DOCTORREPORT_H
