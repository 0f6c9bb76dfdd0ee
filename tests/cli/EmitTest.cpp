//===- EmitTest.cpp - `emit` at every stage -----------------------------------===//

#include "CommandLineRun.h"
#include "TestFiles.h"

#include "runtime/Assembler.h"

#include <algorithm>
#include <sys/stat.h>

using namespace thrift;

namespace {

/// Points THRIFTJIT_PTXAS at a program for the length of a test.
class PtxasVariable {
public:
  explicit PtxasVariable(const std::string &path) { setenv("THRIFTJIT_PTXAS", path.c_str(), 1); }
  ~PtxasVariable() { unsetenv("THRIFTJIT_PTXAS"); }
};

/// A ptxas that knows its version and then does what `body` says.
std::string fakePtxas(const TemporaryFolder &folder, const std::string &body) {
  std::string path = folder.file("ptxas");
  writeFile(
      path,
      "#!/bin/sh\ncase \"$*\" in *--version*) echo 'Cuda compilation tools, release 13.0, V13.0.88'; exit 0;; esac\n" +
          body + "\n");
  chmod(path.c_str(), 0755);
  return path;
}

bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

} // namespace

TEST(Emit, KernelIsNeededAndKnown) {
  expectRefusal({"emit"}, 2, "KERNEL is not given; allowed: prefill, prefill_online, quantize, rank");
  expectRefusal({"emit", "attention", "--target", "sm_80"}, 2,
                "KERNEL is 'attention'; allowed: prefill, prefill_online, quantize, rank");
  for (const char *planned : {"decode", "combine"})
    expectRefusal({"emit", planned, "--target", "sm_80"}, 3,
                  std::string("KERNEL is ") + planned + "; allowed: prefill");
}

TEST(Emit, TargetIsNeeded) { expectRefusal({"emit", "prefill"}, 2, "--target is not given; allowed: sm_80, "); }

TEST(Emit, StageIsKnown) {
  expectRefusal({"emit", "prefill", "--target", "sm_80", "--stage", "sass"}, 2,
                "--stage is 'sass'; allowed: template, specialized, scheduled, nvvm, llvm, ptx, cubin");
}

TEST(Emit, EveryBrokenRuleIsNamed) {
  CommandLineResult result =
      thriftjit({"emit", "prefill", "--target", "sm_80", "--head-dim", "96", "--block-q", "32"});
  EXPECT_EQ(result.code, 3);
  for (const char *rule :
       {"head_dim is 96; allowed: 64, 128", "value_dim is 96; allowed: 64, 128", "block_q is 32; allowed: 64, 128"})
    EXPECT_TRUE(result.saysOnErr(rule)) << rule << "\n" << result.err;
}

TEST(Emit, PtxIsTheDefaultAndAloneOnStandardOutput) {
  CommandLineResult result = thriftjit({"emit", "rank", "--target", "sm_80"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, ".target sm_80"));
  EXPECT_TRUE(contains(result.out, ".visible .entry rank("));
  EXPECT_EQ(result.err, "thriftjit: lowering: portable; FP4 is storage only, no speed-up\n");
}

TEST(Emit, EveryStageHasItsForm) {
  const std::pair<const char *, const char *> forms[] = {{"template", "thrift.kernel @rank<"},
                                                         {"specialized", "head_dim = 64"},
                                                         {"scheduled", "rank"},
                                                         {"nvvm", "llvm.func @rank"},
                                                         {"llvm", "define"},
                                                         {"ptx", ".entry rank("}};
  for (const auto &[stage, text] : forms) {
    CommandLineResult result = thriftjit({"emit", "rank", "--target", "sm_80", "--head-dim", "64", "--stage", stage});
    EXPECT_EQ(result.code, 0) << stage << result.err;
    EXPECT_TRUE(contains(result.out, text)) << stage << "\n" << result.out.substr(0, 2000);
  }
}

TEST(Emit, BudgetChoosesTheLoops) {
  auto scheduled = [](const char *budget) {
    return thriftjit({"emit", "prefill", "--target", "sm_80", "--stage", "specialized", "--budget", budget}).out;
  };
  EXPECT_TRUE(contains(scheduled("0"), "budget = all_low"));
  EXPECT_TRUE(contains(scheduled("0.05"), "budget = mixed"));
  EXPECT_TRUE(contains(scheduled("1"), "budget = all_high"));
}

TEST(Emit, NoticeOfTheTarget) {
  CommandLineResult result = thriftjit({"emit", "rank", "--target", "sm_100"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.saysOnErr("sm_100 means sm_100a")) << result.err;
  EXPECT_TRUE(contains(result.out, ".target sm_100a"));
}

TEST(Emit, OptionsOfALaunchChangeNoCode) {
  CommandLineResult plain = thriftjit({"emit", "rank", "--target", "sm_80"});
  CommandLineResult given =
      thriftjit({"emit", "rank", "--target", "sm_80", "--q-len", "7", "--scale", "2", "--sink", "1"});
  EXPECT_EQ(plain.out, given.out);
  for (const char *option : {"--q-len", "--scale", "--sink"})
    EXPECT_TRUE(given.saysOnErr(std::string(option) + " is a value of a launch: the kernel is the same for all"));
}

TEST(Emit, WritesAFile) {
  TemporaryFolder folder;
  CommandLineResult printed = thriftjit({"emit", "rank", "--target", "sm_80"});
  CommandLineResult written = thriftjit({"emit", "rank", "--target", "sm_80", "-o", folder.file("rank.ptx")});
  EXPECT_EQ(written.code, 0);
  EXPECT_EQ(written.out, "");
  EXPECT_EQ(readFile(folder.file("rank.ptx")), printed.out);
  std::string nowhere = folder.file("absent/rank.ptx");
  expectRefusal({"emit", "rank", "--target", "sm_80", "-o", nowhere}, 6, nowhere + ": cannot create");
}

TEST(Emit, WithoutPtxasSaysSo) {
  TemporaryFolder folder;
  PtxasVariable variable(folder.file("absent"));
  for (std::vector<std::string> more :
       {std::vector<std::string>{"--stats"}, {"--stage", "cubin", "-o", folder.file("x.cubin")}}) {
    std::vector<std::string> arguments = {"emit", "rank", "--target", "sm_80"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CommandLineResult result = thriftjit(arguments);
    EXPECT_EQ(result.code, 2); // the variable is wrong
    EXPECT_TRUE(result.saysOnErr("THRIFTJIT_PTXAS")) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(Emit, FailureOfPtxasIsACompileFailure) {
  TemporaryFolder folder;
  PtxasVariable variable(fakePtxas(folder, "echo 'ptxas fatal: out of ideas' >&2; exit 255"));
  CommandLineResult result = thriftjit({"emit", "rank", "--target", "sm_80", "--stats"});
  EXPECT_EQ(result.code, 4);
  EXPECT_TRUE(result.saysOnErr("out of ideas")) << result.err;
  EXPECT_TRUE(result.saysOnErr(folder.file("ptxas"))) << result.err; // the command that repeats it
  size_t end = result.err.find(".ptx"), begin = result.err.find_last_of(" \n'", end);
  ASSERT_NE(end, std::string::npos) << result.err;
  std::string kept = result.err.substr(begin + 1, end + 4 - begin - 1);
  EXPECT_TRUE(contains(readFile(kept), ".entry rank(")) << kept;
  std::filesystem::remove_all(std::filesystem::path(kept).parent_path());
}

TEST(Emit, StatisticsOfPtxas) {
  Result<Assembler> assembler = Assembler::find(*Environment::read());
  if (!assembler)
    GTEST_SKIP() << "no ptxas";
  TemporaryFolder folder;
  std::string file = folder.file("quantize.ptx");
  CommandLineResult toFile = thriftjit({"emit", "quantize", "--target", "sm_80", "-o", file, "--stats"});
  EXPECT_EQ(toFile.code, 0) << toFile.err;
  for (const char *entry : {"quantize_q: ", "quantize_k: ", "quantize_v: "}) {
    size_t begin = toFile.out.find(entry);
    ASSERT_NE(begin, std::string::npos) << toFile.out;
    std::string line = toFile.out.substr(begin, toFile.out.find('\n', begin) - begin);
    for (const char *part : {" threads, ", " registers, 0 bytes spilled (0 stores, 0 loads), ", " bytes shared ("})
      EXPECT_TRUE(contains(line, part)) << line;
  }
  EXPECT_TRUE(contains(readFile(file), ".entry quantize_q("));

  // Without a file standard output is for the code.
  CommandLineResult piped = thriftjit({"emit", "quantize", "--target", "sm_80", "--stats"});
  EXPECT_EQ(piped.out, readFile(file));
  EXPECT_TRUE(piped.saysOnErr("quantize_q: "));
}

TEST(Emit, Cubin) {
  Result<Assembler> assembler = Assembler::find(*Environment::read());
  if (!assembler)
    GTEST_SKIP() << "no ptxas";
  CommandLineResult piped = thriftjit({"emit", "rank", "--target", "sm_80", "--stage", "cubin"});
  EXPECT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(piped.out.substr(0, 4), "\x7f"
                                    "ELF");
  CommandLineResult terminal = thriftjit({"emit", "rank", "--target", "sm_80", "--stage", "cubin"}, {true, true, 80});
  EXPECT_EQ(terminal.code, 2);
  EXPECT_EQ(terminal.out, "");
  EXPECT_TRUE(terminal.saysOnErr("-o is not given; allowed: a file, or a pipe")) << terminal.err;
}
