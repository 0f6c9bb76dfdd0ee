//===- ProcessTest.cpp - the program as a shell sees it -----------------------===//

#include "TestFiles.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

using namespace thrift;

namespace {

struct Outcome {
  int code = -1;
  std::string out, err;
};

class Process : public testing::Test {
protected:
  /// Through a shell; arguments without characters that it would treat. `redirect` may replace standard output.
  Outcome run(const std::string &arguments, std::string redirect = "") {
    if (redirect.empty())
      redirect = folder.file("out");
    std::string command = "THRIFTJIT_CACHE_DIR='" THRIFTJIT_TEST_CACHE "' '" THRIFTJIT_PROGRAM "' " + arguments +
                          " >'" + redirect + "' 2>'" + folder.file("err") + "'";
    int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, readFile(folder.file("out")), readFile(folder.file("err"))};
  }

  TemporaryFolder folder;
};

} // namespace

TEST_F(Process, ExitCodesReachTheShell) {
  EXPECT_EQ(run("--help").code, 0);
  EXPECT_EQ(run("").code, 2);
  EXPECT_EQ(run("tune").code, 3);
  EXPECT_EQ(run("run --input " + folder.file("absent")).code, 6);
}

TEST_F(Process, CodeGoesToStandardOutputAndNotesToStandardError) {
  Outcome outcome = run("emit rank --target sm_80");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find(".entry rank("), std::string::npos);
  EXPECT_EQ(outcome.err, "thriftjit: lowering: portable; FP4 is storage only, no speed-up\n");
}

TEST_F(Process, FailureWithJsonIsOneObjectOnStandardOutput) {
  Outcome outcome = run("run --json --input " + folder.file("absent"));
  EXPECT_EQ(outcome.code, 6);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["failure"]["code"], "io_error");
}

TEST_F(Process, FullDiskIsAnIoError) {
  Outcome outcome = run("emit rank --target sm_80", "/dev/full");
  EXPECT_EQ(outcome.code, 6);
  EXPECT_NE(outcome.err.find("cannot write to standard output"), std::string::npos) << outcome.err;
}

TEST_F(Process, DeviceOfTheEnvironmentIsTheDefault) {
  Outcome outcome = run("run --input '" THRIFTJIT_TEST_DATA "/qkv-layer3-chunk8k.safetensors' --head-dim 64");
  EXPECT_EQ(outcome.code, 2); // before any device
  setenv("THRIFTJIT_DEVICE", "toaster", 1);
  outcome = run("run --input '" THRIFTJIT_TEST_DATA "/qkv-layer3-chunk8k.safetensors'");
  unsetenv("THRIFTJIT_DEVICE");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("THRIFTJIT_DEVICE is 'toaster'; allowed: auto, cuda"), std::string::npos) << outcome.err;
}
