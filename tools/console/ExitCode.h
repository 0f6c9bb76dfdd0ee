//===- ExitCode.h - what the process says when it ends ------------------------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_EXITCODE_H
#define THRIFTJIT_TOOLS_CONSOLE_EXITCODE_H

#include "runtime/Status.h"

namespace thrift {

/// Documented in --help and README.md: scripts depend on them.
enum class ExitCode {
  Ok = 0,
  FailedCheck = 1, ///< the work was done, but its result is wrong; also a broken invariant of ours
  Usage = 2,       ///< an option, or the contents of an input
  Unsupported = 3, ///< legal, but not built
  Compile = 4,
  Device = 5,
  Io = 6,
};

/// Of a status that is not ok.
ExitCode exitCodeOf(StatusCode code);

/// "invalid_argument" and so on: what `--json` calls a failure.
const char *name(StatusCode code);

/// The table of exit codes for --help.
const char *exitCodeHelp();

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_EXITCODE_H
