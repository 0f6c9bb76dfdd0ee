//===- UsageTest.cpp - what ptx-sim refuses before it starts -------------------===//

#include "PtxSimRun.h"

using namespace thrift;
using namespace thrift::ptxsim;

TEST_F(PtxSim, HelpNamesEveryOptionAndExitCode) {
  PtxSimResult result = ptxSim({"--help"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  for (const char *word : {"KERNEL.ptx", "LAUNCH.json", "--list", "--template", "--entry", "--output", "--stats",
                           "--json", "--progress", "--check", "--no-check", "--policy", "--seed", "--threads",
                           "--budget", "Examples:", "Exit codes:", "130 Ctrl-C"})
    EXPECT_TRUE(result.saysOnOut(word)) << word;
}

TEST_F(PtxSim, Version) { EXPECT_EQ(ptxSim({"--version"}).out.rfind("ptx-sim ", 0), 0u); }

TEST_F(PtxSim, PositionalsAreNeeded) {
  expectRefusal(ptxSim({}), 2, "KERNEL.ptx is not given; allowed: a PTX file; ptx-sim --help says more");
  expectRefusal(ptxSim({ptx}), 2,
                "LAUNCH.json is not given; allowed: a launch file; --template prints one to start from, --list what "
                "the PTX holds");
}

TEST_F(PtxSim, UnknownWordsListTheOptions) {
  const std::string allowed = "KERNEL.ptx LAUNCH.json, --version, --help, --list, --template, --entry, --output, "
                              "--stats, --json, --progress, --no-progress, --check, --no-check, --policy, --seed, "
                              "--threads, --budget";
  expectRefusal(ptxSim({ptx, json, "--frobnicate"}), 2, "option is '--frobnicate'; allowed: " + allowed);
  expectRefusal(ptxSim({ptx, json, "third"}), 2, "argument is 'third'; allowed: " + allowed);
}

TEST_F(PtxSim, OptionValues) {
  writeFile(json, scale(R"("dtype": "f32", "shape": [100], "init": "zeros")"));
  auto refusal = [&](std::vector<std::string> options, const std::string &sentence) {
    options.insert(options.begin(), {ptx, json});
    expectRefusal(ptxSim(options), 2, sentence);
  };
  refusal({"--policy", "sometimes"}, "--policy is 'sometimes'; allowed: eager, lazy, random");
  refusal({"--check", "some"}, "--check is 'some'; allowed: off, memory, full, lints");
  refusal({"--check", "full", "--no-check"}, "--check is given with --no-check; allowed: one of the two");
  refusal({"--progress", "--no-progress"}, "--progress is given with --no-progress; allowed: one of the two");
  refusal({"--threads", "0"}, "--threads is 0; allowed: a whole number, 1 to 1024");
  refusal({"--seed", "-1"}, "--seed is -1; allowed: a whole number, 0 to 9223372036854775807");
  refusal({"--budget", "1e9"}, "--budget is '1e9'; allowed: a whole number, 1 to 9223372036854775807");
  refusal({"--seed"}, "--seed is without a value; allowed: one value behind it");
  refusal({"--seed", "1", "--seed", "2"}, "--seed is given more than once; allowed: once");
  for (const char *policy : {"eager", "lazy", "random"})
    for (const char *level : {"off", "memory", "full", "lints"})
      EXPECT_EQ(ptxSim({ptx, json, "--policy", policy, "--check", level, "--seed", "3", "--threads", "2"}).code, 0);
}

TEST_F(PtxSim, FilesThatAreNone) {
  EXPECT_EQ(ptxSim({folder.file("absent.ptx"), json}).code, 6);
  EXPECT_EQ(ptxSim({ptx, folder.file("absent.json")}).code, 6);
  expectRefusal(ptxSim({folder.path().string(), json}), 2,
                folder.path().string() + " is a directory; allowed: a PTX file");
  expectRefusal(run("{"), 2, json + ": line 1, column 2 is no JSON there; allowed: one JSON document");
}

TEST_F(PtxSim, FailureWithJsonIsOneObject) {
  PtxSimResult result = run("{}", {"--json"});
  EXPECT_EQ(result.code, 2);
  nlohmann::json failure = result.json()["failure"];
  EXPECT_EQ(failure["code"], "invalid_argument");
  EXPECT_EQ(failure["field"], json + ": grid");
  EXPECT_EQ(failure["value"], "missing");
}
