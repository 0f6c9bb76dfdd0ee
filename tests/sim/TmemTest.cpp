//===- TmemTest.cpp - allocation of TMEM, and who may touch what --------------===//

#include "tests/sim/Tcgen05Harness.h"

namespace thrift::sim::test {

namespace {

BodyOptions warps(uint32_t count, const Options &options = {}) {
  BodyOptions body = tcgenOptions(options);
  body.threads = 32 * count;
  return body;
}

std::string alloc(const std::string &columns, const std::string &slot = "[%s]") {
  return "    tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 " + slot + ", " + columns + ";\n";
}
std::string dealloc(const std::string &address, const std::string &columns) {
  return "    tcgen05.dealloc.cta_group::1.sync.aligned.b32 " + address + ", " + columns + ";\n";
}
const char *kRelinquish = "    tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;\n";
const char *kRegisters = "    .reg .b32 %s, %a, %b, %c, %v<8>; .reg .pred %p, %q; .reg .b64 %g;\n"
                         "    mov.u32 %s, 16;\n";

TEST(Tmem, AllocationsAreApart) {
  for (const Options &options : allPolicies()) {
    BodyRun run = runBody(std::string(kRegisters) + alloc("256") + alloc("128", "[%s+4]") + alloc("32", "[%s+8]") +
                              alloc("32", "[%s+12]") + kRelinquish + R"(
      ld.shared.u32 %v0, [%s];  ld.shared.u32 %v1, [%s+4];  ld.shared.u32 %v2, [%s+8];  ld.shared.u32 %v3, [%s+12];
      st.global.v4.u32 [%out], {%v0, %v1, %v2, %v3};
)" + dealloc("%v1", "128") + dealloc("%v0", "256") +
                              dealloc("%v3", "32") + dealloc("%v2", "32"),
                          warps(1, options));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    const uint32_t sizes[] = {256, 128, 32, 32};
    std::vector<bool> taken(512);
    for (int i = 0; i < 4; ++i)
      for (uint32_t c = run.out[i]; c < run.out[i] + sizes[i]; ++c) {
        ASSERT_LT(c, 512u);
        EXPECT_FALSE(taken[c]);
        taken[c] = true;
      }
  }
}

TEST(Tmem, GenericAddressesAndColumnsInRegisters) {
  BodyRun run = runBody(std::string(kRegisters) + R"(
    cvt.u64.u32 %g, %s;
    cvta.shared.u64 %g, %g;
    mov.u32 %c, 64;
    tcgen05.alloc.cta_group::1.sync.aligned.b32 [%g], %c;
    ld.shared.u32 %a, [%s];
)" + dealloc("%a", "%c") + "    st.global.u32 [%out], %a;\n",
                        warps(1));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0] % 64, 0u);
}

TEST(Tmem, AllocWaitsUntilColumnsAreFree) {
  // Warp 1 gets its columns when warp 0 gives up its own.
  for (const Options &options : allPolicies()) {
    BodyRun run = runBody(std::string(kRegisters) + R"(
      setp.ge.u32 %p, %t, 32;
      @%p bra SECOND;
)" + alloc("512") + R"(
      bar.sync 1, 64;
      ld.shared.u32 %a, [%s];
)" + dealloc("%a", "512") + "      bra END;\n    SECOND:\n      bar.sync 1, 64;\n" +
                              alloc("256", "[%s+4]") + "      ld.shared.u32 %a, [%s+4];\n" + dealloc("%a", "256") +
                              "    END:\n",
                          warps(2, options));
    EXPECT_TRUE(run.report.status) << run.report.status.message();
  }
}

TEST(Tmem, AllocationWithoutEndIsADeadlock) {
  Finding finding = expectError(std::string(kRegisters) + alloc("256") + alloc("256", "[%s+4]") + alloc("32", "[%s+8]"),
                                Check::Deadlock, warps(1));
  EXPECT_NE(finding.message.find("waits for 32 columns of TMEM; 0 are free"), std::string::npos) << finding.message;
}

TEST(Tmem, Leak) {
  Finding finding = expectError(std::string(kRegisters) + alloc("64"), Check::TmemLeak, warps(1));
  EXPECT_NE(finding.message.find("64 columns"), std::string::npos) << finding.message;
  EXPECT_NE(finding.text.find("tcgen05.alloc"), std::string::npos);
}

TEST(Tmem, WrongDeallocations) {
  auto message = [](const std::string &body) {
    return expectError(std::string(kRegisters) + alloc("128") + "    ld.shared.u32 %a, [%s];\n" + body,
                       Check::TmemMisuse, warps(1))
        .message;
  };
  EXPECT_NE(message(dealloc("%a", "64")).find("where 128 were allocated"), std::string::npos);
  EXPECT_NE(message("add.u32 %b, %a, 32;\n" + dealloc("%b", "128")).find("no allocation begins"), std::string::npos);
  EXPECT_NE(message(dealloc("%a", "128") + dealloc("%a", "128")).find("no allocation begins"), std::string::npos);
  EXPECT_NE(message("mov.u32 %b, 48;\n" + dealloc("%a", "%b")).find("powers of two"), std::string::npos);
}

TEST(Tmem, WrongAllocations) {
  auto message = [](const std::string &body) {
    return expectError(std::string(kRegisters) + body, Check::TmemMisuse, warps(1)).message;
  };
  EXPECT_NE(message("mov.u32 %b, 16;\n" + alloc("%b")).find("powers of two from 32 to 512"), std::string::npos);
  EXPECT_NE(message("mov.u32 %b, 96;\n" + alloc("%b")).find("is 96"), std::string::npos);
  EXPECT_NE(message("mov.u32 %b, 1024;\n" + alloc("%b")).find("is 1024"), std::string::npos);
  EXPECT_NE(message(kRelinquish + alloc("32")).find("gave up the right to allocate"), std::string::npos);
  Finding finding = expectError(std::string(kRegisters) + "shl.b32 %b, %t, 5;\nadd.u32 %b, %b, 32;\n" + alloc("%b"),
                                Check::Uniformity, warps(1));
  EXPECT_EQ(finding.lane, 1);
  expectError(std::string(kRegisters) + "setp.lt.u32 %p, %t, 3;\n@%p " + alloc("32") + "    bar.warp.sync -1;\n",
              Check::DivergentAligned, warps(1));
}

TEST(Tmem, GrowingAllocationsAreALint) {
  BodyOptions options = warps(1);
  std::string body = std::string(kRegisters) + alloc("32") + alloc("64", "[%s+4]") +
                     "    ld.shared.u32 %a, [%s];  ld.shared.u32 %b, [%s+4];\n" + dealloc("%a", "32") +
                     dealloc("%b", "64");
  EXPECT_TRUE(runBody(body, options).report.findings.empty());
  options.options.lints = true;
  BodyRun run = runBody(body, options);
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  EXPECT_TRUE(run.report.status);
}

std::string withColumns(const std::string &body) {
  return std::string(kRegisters) + "    setp.lt.u32 %p, %t, 32;\n    @%p " + alloc("64") + R"(
    bar.sync 0;
    ld.shared.u32 %a, [%s];
    shr.u32 %b, %t, 5;  shl.b32 %b, %b, 21;
    add.u32 %b, %a, %b;
)" + body +
         "\n    tcgen05.wait::st.sync.aligned;\n    tcgen05.wait::ld.sync.aligned;\n    bar.sync 0;\n    @%p " +
         dealloc("%a", "64");
}

TEST(Tmem, LanesOfOtherWarps) {
  // %a has lane 0: right for warp 0 alone.
  Finding finding =
      expectError(withColumns("tcgen05.st.sync.aligned.32x32b.x1.b32 [%a], {%t};"), Check::TmemMisuse, warps(4));
  EXPECT_NE(finding.warp, 0u);
  EXPECT_NE(finding.message.find("warp " + std::to_string(finding.warp) + " may load and store lanes " +
                                 std::to_string(32 * finding.warp) + " to "),
            std::string::npos)
      << finding.message;
  expectError(withColumns("add.u32 %b, %b, 0x100000;\ntcgen05.st.sync.aligned.32x32b.x1.b32 [%b], {%t};"),
              Check::TmemMisuse, warps(4));
  expectError(withColumns("add.u32 %b, %b, 0x80000;\ntcgen05.st.sync.aligned.16x64b.x1.b32 [%b], {%t};"),
              Check::TmemMisuse, warps(4));
  BodyRun run =
      runBody(withColumns("add.u32 %b, %b, 0x100000;\ntcgen05.st.sync.aligned.16x64b.x1.b32 [%b], {%t};"), warps(4));
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  // The quadrants begin again with every warpgroup.
  run = runBody(withColumns("shr.u32 %b, %t, 5;  and.b32 %b, %b, 3;  shl.b32 %b, %b, 21;  add.u32 %b, %a, %b;\n"
                            "setp.ge.u32 %q, %t, 128;  selp.u32 %c, 32, 0, %q;  add.u32 %b, %b, %c;\n"
                            "tcgen05.st.sync.aligned.32x32b.x4.b32 [%b], {%t, %t, %t, %t};"),
                warps(8));
  EXPECT_TRUE(run.report.status) << run.report.status.message();
}

TEST(Tmem, ColumnsThatAreNobodys) {
  auto message = [](const std::string &body) {
    return expectError(withColumns(body), Check::TmemMisuse, warps(4)).message;
  };
  EXPECT_NE(message("tcgen05.st.sync.aligned.32x32b.x2.b32 [%b+63], {%t, %t};").find("column 64 is not allocated"),
            std::string::npos);
  EXPECT_NE(message("tcgen05.ld.sync.aligned.32x32b.x2.b32 {%v0, %v1}, [%b+511];").find("TMEM has 512"),
            std::string::npos);
  // After deallocation.
  Finding finding = expectError(std::string(kRegisters) + alloc("32") + "    ld.shared.u32 %a, [%s];\n" +
                                    dealloc("%a", "32") + "    tcgen05.st.sync.aligned.32x32b.x1.b32 [%a], {%t};\n",
                                Check::TmemMisuse, warps(1));
  EXPECT_NE(finding.message.find("is not allocated"), std::string::npos);
}

TEST(Tmem, AddressesMustBeUniform) {
  Finding finding = expectError(withColumns("and.b32 %c, %t, 1;  add.u32 %b, %b, %c;\n"
                                            "tcgen05.st.sync.aligned.32x32b.x1.b32 [%b], {%t};"),
                                Check::Uniformity, warps(4));
  EXPECT_EQ(finding.lane, 1);
}

/// The only finding of a body that loads columns that nobody wrote, which is no error: a warning with lints, or a note.
static Finding noteOfUnwritten(const std::string &body, bool lints) {
  BodyOptions options = warps(1);
  options.options.lints = lints;
  BodyRun run = runBody(body, options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.report.findings.size(), 1u);
  return run.report.findings.empty() ? Finding() : run.report.findings.front();
}

TEST(Tmem, FreshColumnsAreUnwritten) {
  const std::string kFresh = withColumns("tcgen05.st.sync.aligned.32x32b.x1.b32 [%b+3], {%t};\n"
                                         "tcgen05.wait::st.sync.aligned;\n"
                                         "tcgen05.ld.sync.aligned.32x32b.x2.b32 {%v0, %v1}, [%b+3];");
  // A second life does not keep what the first one wrote.
  const std::string kSecondLife =
      std::string(kRegisters) + alloc("32") + "    ld.shared.u32 %a, [%s];\n" +
      "    tcgen05.st.sync.aligned.32x32b.x1.b32 [%a], {%t};\n    tcgen05.wait::st.sync.aligned;\n" +
      dealloc("%a", "32") + alloc("32") +
      "    ld.shared.u32 %a, [%s];\n    tcgen05.ld.sync.aligned.32x32b.x1.b32 {%v0}, [%a];\n" +
      "    tcgen05.wait::ld.sync.aligned;\n" + dealloc("%a", "32");
  for (bool lints : {false, true}) {
    Finding finding = noteOfUnwritten(kFresh, lints);
    EXPECT_EQ(finding.check, Check::Uninitialized);
    EXPECT_EQ(finding.severity, lints ? Severity::Warning : Severity::Note);
    EXPECT_NE(finding.message.find("column 4"), std::string::npos) << finding.message;
    EXPECT_EQ(noteOfUnwritten(kSecondLife, lints).check, Check::Uninitialized);
  }
  BodyOptions options = warps(1);
  options.options.checkUninitialized = false;
  BodyRun run = runBody(withColumns("tcgen05.ld.sync.aligned.32x32b.x1.b32 {%v0}, [%b];"), options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_TRUE(run.report.findings.empty());
}

TEST(Tmem, DeallocationUnderWay) {
  std::string unfinished = std::string(kRegisters) + alloc("32") + R"(
    ld.shared.u32 %a, [%s];
    tcgen05.st.sync.aligned.32x32b.x1.b32 [%a], {%t};
)" + dealloc("%a", "32");
  Finding finding = expectError(unfinished, Check::TmemMisuse, warps(1));
  EXPECT_NE(finding.message.find("is deallocated while the tcgen05.st"), std::string::npos) << finding.message;
  // Another warp still reads, and no barrier stands between: only the clocks see it.
  BodyOptions options = warps(4);
  options.options.checkRaces = true;
  options.options.delivery = Delivery::Eager;
  std::string noBarrier = withColumns("tcgen05.st.sync.aligned.32x32b.x1.b32 [%b], {%t};\n"
                                      "tcgen05.wait::st.sync.aligned;\n");
  size_t barrier = noBarrier.rfind("bar.sync 0;");
  expectError(noBarrier.replace(barrier, 11, ""), Check::Race, options);
}

TEST(Tmem, RefusedAtDecode) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".entry test() { .reg .b32 %r<8>; .reg .b64 %rd<4>;\n" + line + "\nret; }");
  };
  EXPECT_NE(error("tcgen05.alloc.cta_group::2.sync.aligned.shared::cta.b32 [%r0], 32;").find("cta_group::2"),
            std::string::npos);
  EXPECT_NE(error("tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%r0], 48;").find("powers of two"),
            std::string::npos);
  EXPECT_NE(error("tcgen05.dealloc.cta_group::1.sync.aligned.b32 %r0, 1024;").find("powers of two"), std::string::npos);
  EXPECT_NE(error("tcgen05.alloc.sync.aligned.shared::cta.b32 [%r0], 32;").find(".cta_group is missing"),
            std::string::npos);
  EXPECT_NE(error("tcgen05.dealloc.cta_group::1.sync.aligned %r0, 32;").find("type .b32 is missing"),
            std::string::npos);
  EXPECT_NE(error("tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cta.b64 [%r0];").find(".shared::cluster"),
            std::string::npos);
  EXPECT_NE(error("tcgen05.alloc.cta_group::1.sync.aligned.global.b32 [%rd0], 32;")
                .find("the space .global; allowed: .shared::cta"),
            std::string::npos);
}

} // namespace

} // namespace thrift::sim::test
