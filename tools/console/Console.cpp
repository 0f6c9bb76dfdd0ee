//===- Console.cpp - where the program writes ---------------------------------===//

#include "tools/console/Console.h"

#include <cstring>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace thrift;

Terminal thrift::standardTerminal() {
  Terminal terminal;
  terminal.interactive = isatty(STDOUT_FILENO);
  terminal.errInteractive = isatty(STDERR_FILENO);
  // Asks the C library, which has read the locale; this program reads no variable for it.
  terminal.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.columns = size.ws_col;
  return terminal;
}
