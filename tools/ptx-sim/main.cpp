//===- main.cpp - ptx-sim -----------------------------------------------------===//

#include "tools/ptx-sim/CommandLine.h"

#include <clocale>
#include <csignal>
#include <iostream>

/// Set by Ctrl-C. A handler reaches nothing but variables of static storage.
static std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler must not wait for a lock");

int main(int argc, char **argv) {
  // Only the character set: numbers are printed and read the same way everywhere.
  std::setlocale(LC_CTYPE, "");
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND); // the second Ctrl-C ends the process at once
  sigaction(SIGINT, &action, nullptr);
  thrift::Console console{std::cout, std::cerr, thrift::standardTerminal(), "ptx-sim"};
  return thrift::ptxsim::runCommandLine({argv + 1, argv + argc}, console, &interrupted);
}
