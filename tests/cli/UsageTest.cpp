//===- UsageTest.cpp - what the command line refuses before it starts ---------===//

#include "CommandLineRun.h"
#include "TestFiles.h"
#include "compiler/targets/Target.h"
#include "runtime/Spec.h"

#include <sstream>

using namespace thrift;

TEST(Usage, HelpNamesVerbsAndExitCodes) {
  CommandLineResult result = thriftjit({"--help"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  for (const char *word :
       {"run", "emit", "doctor", "Not built yet", "tune", "Examples:", "Exit codes: 0 ok", "6 files"})
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
}

TEST(Usage, HelpOfEveryVerbHasExamplesAndEveryOption) {
  for (const char *verb : {"run", "emit"}) {
    CommandLineResult result = thriftjit({verb, "--help"});
    EXPECT_EQ(result.code, 0);
    for (const char *word :
         {"Examples:",    "--head-dim", "--value-dim", "--q-heads", "--kv-heads", "--q-len",  "--kv-len", "--batch",
          "--dtype",      "--causal",   "--no-causal", "--window",  "--softcap",  "--scale",  "--budget", "--top-k",
          "--min-blocks", "--rule",     "--low",       "--p",       "--select",   "--tau",    "--skip",   "--block-q",
          "--block-kv",   "--sink",     "--local",     "--exp2",    "--stages",   "--target", "--granule"})
      EXPECT_NE(result.out.find(word), std::string::npos) << verb << " " << word;
  }
}

TEST(Usage, HelpStatesTheDefaultsOfTheSpec) {
  std::string help = thriftjit({"emit", "--help"}).out;
  Spec spec;
  auto expectDefault = [&](const std::string &option, const std::string &value) {
    std::istringstream lines(help);
    std::string line;
    while (std::getline(lines, line) && line.rfind("  " + option + " ", 0) != 0)
      ;
    EXPECT_NE(line.find("[" + value + "]"), std::string::npos) << option << ": " << line;
  };
  expectDefault("--head-dim", std::to_string(spec.headDim));
  expectDefault("--dtype", std::string(name(spec.dtype)));
  expectDefault("--low", defaultLow(*findTarget("sm_100a")).print() + " on sm_100a, else " +
                             defaultLow(*findTarget("sm_80")).print());
  expectDefault("--budget", "0.05");
  EXPECT_EQ(spec.budget, 0.05);
  expectDefault("--min-blocks", std::to_string(spec.minBlocks));
  expectDefault("--rule", spec.rule);
  expectDefault("--select", spec.select);
  expectDefault("--sink", std::to_string(spec.sink));
  expectDefault("--local", std::to_string(spec.local));
  expectDefault("--tau", "0.2");
  EXPECT_EQ(spec.online.tau, 0.2);
  expectDefault("--skip", "0");
  EXPECT_EQ(spec.online.skip, 0);
  expectDefault("--block-q", std::to_string(spec.blockQ));
  expectDefault("--block-kv", std::to_string(spec.blockKv));
  expectDefault("--exp2", spec.exp2);
  expectDefault("--stages", std::to_string(spec.stages));
  expectDefault("--causal", spec.causal ? "on" : "off");
}

TEST(Usage, VersionNamesCompilerAndLlvm) {
  CommandLineResult result = thriftjit({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out.rfind("thriftjit ", 0), 0u) << result.out;
  EXPECT_NE(result.out.find(", LLVM 22."), std::string::npos) << result.out;
}

TEST(Usage, VerbIsNeeded) {
  expectRefusal({}, 2, "verb is not given; allowed: run, emit, doctor");
  expectRefusal({"frobnicate"}, 2, "verb is 'frobnicate'; allowed: run, emit, doctor");
  expectRefusal({"--frobnicate"}, 2, "option is --frobnicate; allowed: ");
}

TEST(Usage, UnbuiltVerbSaysWhatExists) {
  for (const char *verb : {"tune", "bench", "model", "explain", "support", "map", "cache", "env"})
    expectRefusal({verb}, 3, std::string("verb is ") + verb + "; allowed: run, emit, doctor");
  expectRefusal({"cache", "info", "--help"}, 3, "verb is cache; allowed: run, emit, doctor");
}

TEST(Usage, UnbuiltOptionSaysWhatExists) {
  expectRefusal({"run", "--window", "512"}, 3, "--window is 512; allowed: not giving it; masks that exist are");
  expectRefusal({"run", "--softcap", "30"}, 3, "--softcap is 30; allowed: ");
  for (const char *score : {"quest", "local", "sub_block", "low_scores", "given"})
    expectRefusal({"run", "--select", score}, 3, std::string("--select is ") + score + "; allowed: block_mean, online");
  expectRefusal({"run", "--p", "nvfp4", "--target", "sm_80"}, 3,
                "--p is nvfp4; allowed: f16, which multiplies a V that is widened from nvfp4");
  expectRefusal({"run", "--low", "nvfp4:f16", "--p", "bf16", "--target", "sm_80"}, 3,
                "--p is bf16; allowed: f16, which multiplies a V of the inputs' type");
  expectRefusal({"emit", "prefill", "--p", "f16", "--target", "sm_100a"}, 3,
                "--p is f16; allowed: fp8, which multiplies a V in that format");
  expectRefusal({"run", "--p", "f16"}, 2, "--p is f16; allowed: with --target, which decides how V is multiplied");
}

TEST(Usage, UnknownOptionListsTheOptions) {
  expectRefusal({"run", "--frobnicate", "3"}, 2, "option is '--frobnicate'; allowed: for run: --help, --input, ");
  expectRefusal({"emit", "prefill", "--input", "x"}, 2,
                "option is '--input'; allowed: for emit: --help, --stage, -o, ");
  expectRefusal({"run", "stray"}, 2, "argument is 'stray'; allowed: for run: ");
  expectRefusal({"emit", "prefill", "rank"}, 2, "argument is 'rank'; allowed: for emit: ");
}

TEST(Usage, OptionNeedsOneValue) {
  expectRefusal({"run", "--input"}, 2, "--input is without a value; allowed: one value behind it");
  expectRefusal({"run", "--budget", "0.1", "--budget", "0.2"}, 2, "--budget is given more than once; allowed: once");
}

TEST(Usage, ValueOutOfRangeNamesTheRange) {
  expectRefusal({"run", "--budget", "many"}, 2, "--budget is 'many'; allowed: 0 to 1");
  expectRefusal({"run", "--budget", "-0.1"}, 2, "--budget is -0.1; allowed: 0 to 1");
  expectRefusal({"run", "--budget", "1.01"}, 2, "--budget is 1.01; allowed: 0 to 1");
  expectRefusal({"run", "--budget", "nan"}, 2, "--budget is 'nan'; allowed: 0 to 1");
  expectRefusal({"run", "--budget", "0.1x"}, 2, "--budget is '0.1x'; allowed: 0 to 1");
  expectRefusal({"run", "--budget", ""}, 2, "--budget is ''; allowed: 0 to 1");
  expectRefusal({"run", "--top-k", "-1"}, 2, "--top-k is -1; allowed: a whole number, 0 or more");
  expectRefusal({"run", "--top-k", "99999999999999999999"}, 2,
                "--top-k is '99999999999999999999'; allowed: a whole number");
  expectRefusal({"run", "--min-blocks", "1.5"}, 2, "--min-blocks is '1.5'; allowed: a whole number, 0 or more");
  expectRefusal({"run", "--sink", "4294967296"}, 2, "sink is 4294967296; allowed: 0 to 2^30");
  expectRefusal({"run", "--head-dim", "0"}, 2, "--head-dim is 0; allowed: a whole number, 1 or more");
  expectRefusal({"run", "--stages", "5"}, 2, "--stages is 5; allowed: a whole number, 2 to 4");
  expectRefusal({"run", "--scale", "0"}, 2, "--scale is 0; allowed: a finite number above 0");
  expectRefusal({"run", "--scale", "1e39"}, 2, "--scale is 1e39; allowed: a finite number above 0");
  expectRefusal({"run", "--tau", "0"}, 2, "--tau is 0; allowed: above 0, at most 1e6");
  expectRefusal({"run", "--tau", "much"}, 2, "--tau is 'much'; allowed: above 0, at most 1e6");
  expectRefusal({"run", "--skip", "-1e-9"}, 2, "--skip is -1e-9; allowed: 0 to 1");
  expectRefusal({"run", "--skip", "1.1"}, 2, "--skip is 1.1; allowed: 0 to 1");
  expectRefusal({"run", "--granule", "0"}, 2, "--granule is 0; allowed: a whole number, 1 or more");
  expectRefusal({"run", "--scale", "1e-60"}, 2, "--scale is 1e-60; allowed: a finite number above 0");
}

TEST(Usage, WordOutOfTheListNamesTheList) {
  expectRefusal({"run", "--dtype", "f32"}, 2, "--dtype is f32; allowed: f16, bf16");
  expectRefusal({"run", "--dtype", "float"}, 2, "--dtype is float; allowed: f16, bf16");
  expectRefusal({"run", "--low", "fp6"}, 2, "--low is fp6; allowed: one of nvfp4, mxfp4, fp8, f16");
  expectRefusal({"run", "--rule", "all"}, 2, "--rule is all; allowed: per_row, published");
  expectRefusal({"run", "--select", "best"}, 2, "--select is best; allowed: block_mean, online");
  expectRefusal({"run", "--p", "int8"}, 2, "--p is int8; allowed: f16, bf16, fp8, mxfp4, nvfp4");
  expectRefusal({"run", "--exp2", "fast"}, 2, "--exp2 is fast; allowed: approx, poly");
  expectRefusal({"run", "--target", "sm_70"}, 2, "--target is 'sm_70'; allowed: sm_80, ");
}

TEST(Usage, ContradictionsAreRefused) {
  expectRefusal({"run", "--top-k", "3", "--budget", "0.1"}, 2, "--top-k is 3; allowed: --top-k or --budget, not both");
  expectRefusal({"run", "--causal", "--no-causal"}, 2, "--causal is given with --no-causal; allowed: one of the two");
  expectRefusal({"run", "--tau", "0.3"}, 2,
                "--tau is 0.3; allowed: not giving it with --select block_mean; it belongs to online");
  expectRefusal({"run", "--granule", "16"}, 2, "--granule is 16; allowed: not giving it with --select block_mean");
  expectRefusal({"run", "--select", "online", "--min-blocks", "2"}, 2,
                "--min-blocks is 2; allowed: not giving it with --select online; it belongs to ranked routers");
  expectRefusal({"run", "--select", "online", "--tau", "0.01", "--skip", "0.02"}, 2,
                "skip is 0.02; allowed: 0 to the smaller one of tau and 1");
  expectRefusal({"run", "--no-check", "--check"}, 2, "--check is given with --no-check; allowed: one of the two");
}

TEST(Usage, FailureWithJsonIsOneObject) {
  CommandLineResult result = thriftjit({"run", "--json", "--window", "512"});
  EXPECT_EQ(result.code, 3);
  nlohmann::json object = result.json();
  EXPECT_EQ(object["schema_version"], 1);
  nlohmann::json failure = object["failure"];
  EXPECT_EQ(failure["code"], "unsupported");
  EXPECT_EQ(failure["field"], "--window");
  EXPECT_EQ(failure["value"], "512");
  EXPECT_EQ(failure["message"], "--window is 512; allowed: " + failure["allowed"].get<std::string>());
}

TEST(Usage, FailureWithoutCulpritHasNulls) {
  TemporaryFolder folder;
  CommandLineResult result = thriftjit({"run", "--json", "--input", folder.file("absent\xff")});
  EXPECT_EQ(result.code, 6);
  nlohmann::json failure = result.json()["failure"]; // parses, although the name is not UTF-8
  EXPECT_EQ(failure["code"], "io_error");
  EXPECT_TRUE(failure["field"].is_null());
  EXPECT_TRUE(failure["value"].is_null());
  EXPECT_TRUE(failure["allowed"].is_null());
}
