//===- Console.h - where the program writes -----------------------------------===//
//
// Results go to `out`, progress, notes and errors to `err`. Passed around, so that tests can read both.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_CONSOLE_CONSOLE_H
#define THRIFTJIT_TOOLS_CONSOLE_CONSOLE_H

#include <ostream>
#include <string>

namespace thrift {

/// What stands behind `out`, and whether somebody watches `err`.
struct Terminal {
  bool interactive = false; ///< a person's terminal, not a file or a pipe
  bool utf8 = false;        ///< by the locale
  int columns = 80;
  bool errInteractive = false; ///< `err` is a person's terminal
};

/// Of this process's standard output and standard error, after setlocale.
Terminal standardTerminal();

struct Console {
  std::ostream &out;
  std::ostream &err;
  Terminal terminal;
  const char *program = "thriftjit"; ///< begins every line on `err`

  /// A line of progress, or something that the user should know.
  void note(const std::string &sentence) const { err << program << ": " << sentence << std::endl; }
};

} // namespace thrift

#endif // THRIFTJIT_TOOLS_CONSOLE_CONSOLE_H
