//===- main.cpp - thriftjit ---------------------------------------------------===//

#include "tools/thriftjit/CommandLine.h"

#include <clocale>
#include <iostream>

int main(int argc, char **argv) {
  // Only the character set: numbers are printed and read the same way everywhere.
  std::setlocale(LC_CTYPE, "");
  return thrift::runCommandLine({argv + 1, argv + argc}, {std::cout, std::cerr, thrift::standardTerminal()});
}
