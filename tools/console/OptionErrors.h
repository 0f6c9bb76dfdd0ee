//===- OptionErrors.h - what was wrong with the options, in our words ---------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_OPTIONERRORS_H
#define THRIFTJIT_TOOLS_CONSOLE_OPTIONERRORS_H

#include "runtime/Status.h"

#include <string>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace thrift {

/// Every option of `app` but those of one group, for messages: "--help, --input, -o".
std::string optionNames(const CLI::App &app, const std::string &withoutGroup = "");

/// An option that was given without its value, or twice, and whatever else CLI11 refuses.
Status describe(const CLI::ParseError &error);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_OPTIONERRORS_H
