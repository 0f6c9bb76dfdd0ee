//===- Switch.h - an option and its opposite ----------------------------------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_SWITCH_H
#define THRIFTJIT_TOOLS_CONSOLE_SWITCH_H

#include "runtime/Status.h"

#include <string>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace thrift {

/// `--name` and `--no-name`.
class Switch {
public:
  void declare(CLI::App &app, const std::string &name, const std::string &onHelp, const std::string &offHelp,
               const std::string &group = "Options");
  /// InvalidArgument where both were given.
  Result<bool> read(bool otherwise) const;

private:
  CLI::Option *on_ = nullptr, *off_ = nullptr;
};

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_SWITCH_H
