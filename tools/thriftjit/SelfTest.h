//===- SelfTest.h - small cases that show whether a device computes right -----===//
//
// A fixed list of specs and shapes with generated inputs. Each is planned with a watchdog, launched with poisoned
// outputs, and compared with `emulated` row by row, as `thriftjit run` does. The same on every machine, so that reports
// compare.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_SELFTEST_H
#define THRIFTJIT_TOOLS_THRIFTJIT_SELFTEST_H

#include "runtime/Context.h"
#include "tools/thriftjit/DeviceRun.h"

#include <functional>

namespace thrift {

/// What is asked of the device.
struct SelfTestCase {
  std::string name; ///< "low nvfp4:fp8", "causal bf16 64", "131 x 333"
  Spec spec;
  Extents extents;
};

enum class CaseStatus {
  Ok,
  Wrong,   ///< outside of the bounds, or other blocks than the reference router's
  Hung,    ///< a wait gave up
  Refused, ///< by a rule of the target
  Failed,  ///< did not compile, or the device reported an error
};
const char *name(CaseStatus status);

struct CaseResult {
  SelfTestCase asked;
  CaseStatus status = CaseStatus::Failed;
  std::string why; ///< one sentence or more where the status is not ok
  /// Of the worst element of o and of lse: error / bound, at most 1 where the case is ok.
  std::optional<double> outputRatio, lseRatio;
  std::optional<double> relL2; ///< of o, to `emulated`
  StepTimes times;
  double compileMilliseconds = 0;
  WatchdogReport watchdog;
};

/// Every case, for one target. An empty name means the best target of the context's device.
std::vector<SelfTestCase> selfTestCases(const std::string &target);

/// Runs one case on the context's device.
CaseResult runCase(Context &context, const SelfTestCase &asked);

/// How many results have this status.
int64_t count(const std::vector<CaseResult> &results, CaseStatus status);
/// True if something ran, and whatever ran was right.
bool passed(const std::vector<CaseResult> &results);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_SELFTEST_H
