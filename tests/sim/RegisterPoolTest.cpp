//===- RegisterPoolTest.cpp - setmaxnreg ------------------------------------===//

#include "tests/sim/MBarrierKernels.h"

namespace thrift::sim::test {

namespace {

/// A kernel of `threads` threads whose warpgroup 0 executes `first` and all others `others`.
struct Kernel3 {
  std::string first, others, bounds;
  uint32_t threads = 384;
};

Report run(const Kernel3 &kernel, Delivery delivery = Delivery::Lazy, uint64_t seed = 0, bool checkRaces = true) {
  LoadedKernel loaded = loadKernel(header("sm_90a") + ".visible .entry test()\n" + kernel.bounds + R"(
{
  .reg .b32 %t, %i; .reg .pred %p, %q;
  mov.u32 %t, %tid.x;
  setp.ge.u32 %p, %t, 128;
  @%p bra OTHERS;
  )" + kernel.first + R"(
  ret;
OTHERS:
  )" + kernel.others + R"(
  ret;
}
)");
  if (!loaded)
    return {};
  Memory memory;
  Options options;
  options.delivery = delivery;
  options.seed = seed;
  options.checkRaces = checkRaces;
  options.lints = true;
  LaunchConfig config;
  config.block = {kernel.threads, 1, 1};
  return launch(*loaded.kernel, memory, config, Arguments(), options);
}

void expectFinding(const Kernel3 &kernel, Check check, const std::string &words) {
  Report report = run(kernel);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(std::string(checkName(report.findings[0].check)), checkName(check));
  EXPECT_NE(report.findings[0].message.find(words), std::string::npos) << report.findings[0].message;
}

const char *const kDec40 = "setmaxnreg.dec.sync.aligned.u32 40;";
const char *const kInc232 = "setmaxnreg.inc.sync.aligned.u32 232;";

} // namespace

TEST(RegisterPool, WarpSpecialisation) {
  // 384 threads start with 168 registers each: 40 + 2 * 232 is what three warpgroups have.
  for (std::string bounds : {"", ".maxntid 384, 1, 1 .minnctapersm 1", ".reqntid 384", ".maxnreg 168"})
    for (Delivery policy : kPolicies)
      for (uint64_t seed = 0; seed < 6; ++seed) {
        Report report = run({kDec40, kInc232, bounds}, policy, seed);
        EXPECT_TRUE(report.status) << report.status.message();
      }
  EXPECT_TRUE(run({"setmaxnreg.dec.sync.aligned.u32 32;", "setmaxnreg.inc.sync.aligned.u32 160;", "", 512}).status);
  EXPECT_TRUE(run({"setmaxnreg.dec.sync.aligned.u32 24;", "setmaxnreg.inc.sync.aligned.u32 240;", "", 384}).status);
}

TEST(RegisterPool, IncWaitsForDec) {
  // The others' request comes first and is granted when warpgroup 0 has given back.
  std::string late = "mov.u32 %i, 0; DELAY: nanosleep.u32 1000; add.u32 %i, %i, 1; setp.lt.u32 %q, %i, 50;"
                     "@%q bra DELAY;";
  for (Delivery policy : kPolicies)
    EXPECT_TRUE(run({late + kDec40, kInc232, ""}, policy, 3).status);
}

TEST(RegisterPool, MoreThanThereIs) {
  expectFinding({kDec40, "setmaxnreg.inc.sync.aligned.u32 240;", ""}, Check::Deadlock,
                "waits for 2304 registers (it has 168 per thread and wants 240)");
  expectFinding({"", kInc232, ""}, Check::Deadlock, "the CTA has 0 to give; 168 per thread were there at launch");
  // Two CTAs per SM leave half as many.
  expectFinding({kDec40, kInc232, ".maxntid 384, 1, 1 .minnctapersm 2"}, Check::Deadlock,
                "80 per thread were there at launch");
  expectFinding({kDec40, "", ".maxnreg 176"}, Check::RegisterPool,
                "384 threads of 176 registers; allowed: 65536 registers in all");
}

TEST(RegisterPool, Directions) {
  expectFinding({"setmaxnreg.dec.sync.aligned.u32 176;", "", ""}, Check::RegisterPool,
                "setmaxnreg.dec to 176 registers by a warp that has 168");
  expectFinding({"setmaxnreg.inc.sync.aligned.u32 160;", "", ""}, Check::RegisterPool,
                "setmaxnreg.inc to 160 registers by a warp that has 168");
  EXPECT_TRUE(run({"setmaxnreg.inc.sync.aligned.u32 168;", "setmaxnreg.dec.sync.aligned.u32 168;", ""}).status);
}

TEST(RegisterPool, WholeWarpgroups) {
  const std::string kOnlyWarp1 = "setp.ge.u32 %q, %t, 64; @%q ret; setp.lt.u32 %q, %t, 32; @%q ret;";
  expectFinding({kOnlyWarp1 + kDec40, "", ""}, Check::RegisterPool,
                "warp 0 of the same warpgroup has not executed this");
  expectFinding({"setp.ge.u32 %q, %t, 32; @%q bra SECOND;" + std::string(kDec40) +
                     " ret; SECOND: setmaxnreg.dec.sync.aligned.u32 48;",
                 "", ""},
                Check::RegisterPool, "that of line");
  expectFinding({"setp.ge.u32 %q, %t, 32; @%q bra SECOND;" + std::string(kDec40) + " ret; SECOND: " + kDec40, "", ""},
                Check::RegisterPool, "warps of a warpgroup execute different setmaxnreg: warp 0 that of line");
  expectFinding({"setp.ge.u32 %q, %t, 16; @%q bra SECOND;" + std::string(kDec40) + " ret; SECOND: " + kDec40, "", ""},
                Check::DivergentAligned, "aligned instruction in divergent code");
}

TEST(RegisterPool, SynchroniseBetweenTwo) {
  const std::string kBack = "setmaxnreg.inc.sync.aligned.u32 56;";
  expectFinding({std::string(kDec40) + kBack, "", ""}, Check::RegisterPool,
                "a second setmaxnreg before it has synchronised with warp");
  EXPECT_TRUE(run({std::string(kDec40) + "bar.sync 1, 128;" + kBack, "", ""}).status);
  // Luck is not enough, if races are looked for.
  const std::string kDelay = "mov.u32 %i, 0; DELAY: nanosleep.u32 1000; add.u32 %i, %i, 1; setp.lt.u32 %q, %i, 50;"
                             "@%q bra DELAY;";
  expectFinding({kDec40 + kDelay + kBack, "", ""}, Check::RegisterPool, "before it has synchronised");
  EXPECT_TRUE(run({kDec40 + kDelay + kBack, "", ""}, Delivery::Lazy, 0, false).status);
}

TEST(RegisterPool, NumbersAndTargets) {
  auto error = [](const std::string &line, const std::string &target = "sm_100a") {
    return loadError(header(target) + ".visible .entry test() {\n" + line + "\nret;\n}\n");
  };
  for (std::string target : {"sm_90a", "sm_100a", "sm_120a", "sm_100f"})
    EXPECT_EQ(error("setmaxnreg.inc.sync.aligned.u32 256;", target), "");
  for (std::string count : {"16", "252", "264", "0", "-8"})
    EXPECT_NE(error("setmaxnreg.dec.sync.aligned.u32 " + count + ";").find("allowed: multiples of 8 from 24 to 256"),
              std::string::npos);
  EXPECT_NE(error("setmaxnreg.dec.sync.aligned.u32 40;", "sm_90").find("suffix"), std::string::npos);
  EXPECT_NE(error("setmaxnreg.dec.sync.aligned.u32 40;", "sm_80"), "");
  EXPECT_NE(error("setmaxnreg.sync.aligned.u32 40;"), "");
  EXPECT_NE(error("setmaxnreg.dec.aligned.u32 40;"), "");
  EXPECT_NE(error("setmaxnreg.dec.sync.aligned.s32 40;"), "");
}

} // namespace thrift::sim::test
