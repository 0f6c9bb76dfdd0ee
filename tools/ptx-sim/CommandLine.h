//===- CommandLine.h - the whole program as a function ------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_COMMANDLINE_H
#define THRIFTJIT_TOOLS_PTXSIM_COMMANDLINE_H

#include "tools/console/Console.h"

#include <atomic>
#include <string>
#include <vector>

namespace thrift::ptxsim {

/// What a shell expects of a program that Ctrl-C ended: 128 + SIGINT.
constexpr int kCancelledExitCode = 130;

/// Parses `arguments` (without the program's name), runs, and returns the exit code. A failure is one message on `err`;
/// with --json also one object on `out`. `cancel`, where given, ends a launch when it becomes true.
int runCommandLine(const std::vector<std::string> &arguments, const Console &console,
                   const std::atomic<bool> *cancel = nullptr);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_COMMANDLINE_H
