//===- CommandLineRun.h - calls the command line and reads what it says -------===//

#ifndef THRIFTJIT_TESTS_CLI_COMMANDLINERUN_H
#define THRIFTJIT_TESTS_CLI_COMMANDLINERUN_H

#include "tools/thriftjit/CommandLine.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <sstream>

namespace thrift {

struct CommandLineResult {
  int code = -1;
  std::string out, err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
  bool saysOnErr(const std::string &text) const { return err.find(text) != std::string::npos; }
};

/// In this process, with a kernel cache that all cases share: what they compile is the same.
inline CommandLineResult thriftjit(const std::vector<std::string> &arguments, Terminal terminal = {}) {
  setenv("THRIFTJIT_CACHE_DIR", THRIFTJIT_TEST_CACHE, 1);
  unsetenv("THRIFTJIT_DEVICE");
  std::ostringstream out, err;
  CommandLineResult result;
  result.code = runCommandLine(arguments, {out, err, terminal});
  result.out = out.str();
  result.err = err.str();
  return result;
}

/// A refusal: the exit code, one sentence on standard error, nothing on standard output. Notes may come first.
inline void expectRefusal(const std::vector<std::string> &arguments, int code, const std::string &sentence) {
  CommandLineResult result = thriftjit(arguments);
  SCOPED_TRACE(result.err);
  EXPECT_EQ(result.code, code);
  EXPECT_TRUE(result.saysOnErr("thriftjit: error: " + sentence)) << "expected: " << sentence;
  EXPECT_EQ(result.out, "");
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_CLI_COMMANDLINERUN_H
