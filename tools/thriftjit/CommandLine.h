//===- CommandLine.h - the whole program as a function ------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_COMMANDLINE_H
#define THRIFTJIT_TOOLS_THRIFTJIT_COMMANDLINE_H

#include "tools/console/Console.h"

#include <string>
#include <vector>

namespace thrift {

/// Parses `arguments` (without the program's name), runs the verb, and returns the exit code. A failure is one message
/// on `err`; with --json also one object on `out`.
int runCommandLine(const std::vector<std::string> &arguments, const Console &console);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_COMMANDLINE_H
