//===- ProcessTest.cpp - ptx-sim as a shell sees it ------------------------------===//

#include "PtxSimRun.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace thrift;
using namespace thrift::ptxsim;

TEST_F(PtxSim, ExitCodesReachTheShell) {
  auto code = [&](const std::string &arguments, const std::string &out = "/dev/null") {
    int status = std::system(("'" PTX_SIM_PROGRAM "' " + arguments + " >" + out + " 2>/dev/null").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  writeFile(json, scale(R"("dtype": "f32", "shape": [100], "init": "arange")"));
  EXPECT_EQ(code("--help"), 0);
  EXPECT_EQ(code(""), 2);
  EXPECT_EQ(code("'" + ptx + "' '" + json + "'"), 0);
  EXPECT_EQ(code("'" + ptx + "' '" + json + ".absent'"), 6);
  EXPECT_EQ(code("'" + ptx + "' --list", "/dev/full"), 6);
}

TEST_F(PtxSim, CtrlCEndsWithAReport) {
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry spin() {\nL:\n  bra L;\n}\n");
  writeFile(json, R"({"grid": 2, "block": 32, "arguments": []})");
  std::string out = folder.file("out"), err = folder.file("err");
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!std::freopen(out.c_str(), "w", stdout) || !std::freopen(err.c_str(), "w", stderr))
      _exit(99);
    execl(PTX_SIM_PROGRAM, "ptx-sim", ptx.c_str(), json.c_str(), "--progress", static_cast<char *>(nullptr));
    _exit(98);
  }
  // Progress shows that the launch runs.
  for (int i = 0; i < 600 && readFile(err).empty(); ++i)
    usleep(50'000);
  EXPECT_NE(readFile(err), "");
  kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_NE(readFile(out).find("CANCELLED: the launch was cancelled when 0 of 2 CTAs were done"), std::string::npos)
      << readFile(out);
}
