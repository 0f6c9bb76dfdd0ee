//===- WgmmaFaultTest.cpp - what a wgmma must not be given ------------------===//
//
// Each kernel is right but for one thing, and the finding names it.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/WgmmaHarness.h"

namespace thrift::sim::test {

/// 64 x 64 x 16, both matrices in 128-byte rows as a tensor copy leaves them.
static WgmmaCase ordinaryCase() {
  WgmmaCase test;
  test.n = 64;
  test.a = {MatrixMajor::K, 3, 0, 0, 1024};
  test.b = {MatrixMajor::K, 3, 16384, 0, 1024};
  return test;
}

struct Broken {
  WgmmaCase test;
  WgmmaBody body;
  BodyOptions options;

  explicit Broken(const WgmmaCase &test = ordinaryCase()) : test(test), body(test) {
    std::mt19937_64 random(3);
    options = wgmmaOptions(test, randomData(test, Style::Ordinary, Style::Ordinary, random));
  }
  Finding finding(Check check) const { return expectError(body.text(), check, options); }
  /// The finding names both parties.
  void expect(Check check, const std::string &line, const std::string &says) const {
    SCOPED_TRACE(says);
    Finding found = finding(check);
    EXPECT_NE(found.text.find(line), std::string::npos) << found.describe();
    EXPECT_NE(found.message.find(says), std::string::npos) << found.describe();
  }
  void expectClean() const {
    BodyRun run = runBody(body.text(), options);
    EXPECT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty()) << run.report.findings.front().describe();
  }
};

static const Delivery kPolicies[] = {Delivery::Lazy, Delivery::Eager, Delivery::Random};

TEST(WgmmaFault, NothingIsWrongByItself) {
  for (Delivery delivery : kPolicies) {
    Broken good;
    good.options.options.delivery = delivery;
    good.expectClean();
  }
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

TEST(WgmmaFault, AccumulatorReadBeforeTheWait) {
  for (Delivery delivery : kPolicies) {
    Broken broken;
    broken.options.options.delivery = delivery;
    broken.body.wait = "";
    broken.expect(Check::RegisterInFlight, "st.global.b32",
                  "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 of line");
    // A wait that leaves one group leaves this one.
    broken.body.wait = "wgmma.wait_group.sync.aligned 1;\n";
    broken.expect(Check::RegisterInFlight, "st.global.b32", "no wait came between");
    // What is not committed is not waited for.
    Broken uncommitted;
    uncommitted.options.options.delivery = delivery;
    uncommitted.body.commit = "";
    uncommitted.expect(Check::RegisterInFlight, "st.global.b32", "no wait came between");
  }
}

TEST(WgmmaFault, AnotherWarpsWaitDoesNotHelp) {
  Broken broken;
  broken.body.declare += ".reg .pred %first; setp.lt.u32 %first, %t, 32;\n";
  broken.body.wait = "@%first wgmma.wait_group.sync.aligned 0;\nbar.sync 0;\n";
  broken.body.store = "@%first bra REST;\n" + broken.body.store + "REST:\n";
  broken.expect(Check::RegisterInFlight, "st.global.b32", "no wait came between");
}

TEST(WgmmaFault, FragmentOverwrittenBeforeTheWait) {
  WgmmaCase test = ordinaryCase();
  test.fragments = true;
  for (Delivery delivery : kPolicies) {
    Broken broken(test);
    broken.options.options.delivery = delivery;
    broken.expectClean();
    broken.body.commit += "mov.b32 %a2, 0;\n";
    broken.expect(Check::RegisterInFlight, "mov.b32 %a2, 0", "wgmma.mma_async");
  }
}

TEST(WgmmaFault, MissingFence) {
  Broken broken;
  broken.body.fenceRegisters = "";
  broken.expect(Check::RegisterInFlight, "wgmma.mma_async", "register 1 of D needs a wgmma.fence");

  // Between two stages the accumulators were touched.
  Broken second;
  std::string fence = second.body.fenceRegisters, stage = second.body.multiply + second.body.commit + second.body.wait;
  second.body.wait += "add.f32 %d9, %d9, %d9;\n" + fence + stage;
  second.expectClean();
  second = Broken();
  second.body.wait += "add.f32 %d9, %d9, %d9;\n" + stage;
  second.expect(Check::RegisterInFlight, "wgmma.mma_async", "register 10 of D needs a wgmma.fence");
  EXPECT_NE(second.finding(Check::RegisterInFlight).message.find("add.f32 %d9"), std::string::npos);

  // Nobody touched them: wgmmas of the same shape need no fence between them.
  second = Broken();
  second.body.wait += stage;
  second.expectClean();
}

TEST(WgmmaFault, MissingFenceBeforeFragments) {
  WgmmaCase test = ordinaryCase();
  test.fragments = true;
  Broken broken(test);
  broken.body.wait += "mov.b32 %a3, 0;\n" + broken.body.multiply + broken.body.commit + broken.body.wait;
  broken.expect(Check::RegisterInFlight, "wgmma.mma_async", "register 4 of A needs a wgmma.fence");
}

TEST(WgmmaFault, TouchBehindTheFenceIsALint) {
  Broken broken;
  broken.body.fenceRegisters += "mov.b32 %d5, 0;\n";
  BodyRun run = runBody(broken.body.text(), broken.options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
  EXPECT_NE(run.report.findings[0].message.find("mov.b32 %d5, 0"), std::string::npos);
  broken.options.options.lints = false;
  broken.expectClean();
}

TEST(WgmmaFault, AccumulatorsOfAnotherShape) {
  Broken broken;
  WgmmaCase narrow = broken.test;
  narrow.n = 32;
  broken.body.multiply += narrow.instruction() + "\n";
  broken.expect(Check::RegisterInFlight, "m64n32k16", "still belongs to the wgmma.mma_async.sync.aligned.m64n64k16");
  // Complete, but not fenced.
  broken = Broken();
  std::string stage = narrow.instruction() + broken.body.commit + broken.body.wait;
  broken.body.wait += stage;
  broken.expect(Check::RegisterInFlight, "m64n32k16", "register 1 of D needs a wgmma.fence");
  broken = Broken();
  broken.body.wait += broken.body.fenceRegisters + stage;
  broken.expectClean();
}

TEST(WgmmaFault, AccumulatorsAsFragments) {
  WgmmaCase test = ordinaryCase();
  test.typeD = "f16";
  Broken broken(test);
  std::string next = broken.test.instruction("%e"), from = "%da";
  next.replace(next.find(from), from.size(), "{%d0, %d1, %d2, %d3}");
  next.replace(next.rfind("0, 0;"), 5, "0;");
  broken.body.declare = ".reg .b32 %e<16>;\n" + broken.body.declare;
  std::string stage = "wgmma.fence.sync.aligned;\n" + next + "\n" + broken.body.commit + broken.body.wait;
  broken.body.wait += stage;
  broken.expectClean();
  broken = Broken(test);
  broken.body.declare = ".reg .b32 %e<16>;\n" + broken.body.declare;
  broken.body.commit += stage;
  broken.expect(Check::RegisterInFlight, "{%d0, %d1, %d2, %d3}", "register 1 of A still belongs to");
}

TEST(WgmmaFault, NobodyWaits) {
  Broken broken;
  broken.body.wait = broken.body.store = "";
  broken.expect(Check::AsyncInFlight, "wgmma.mma_async", "nobody waited for it");
}

//===----------------------------------------------------------------------===//
// The warps of a group
//===----------------------------------------------------------------------===//

TEST(WgmmaFault, DifferentDescriptors) {
  Broken broken;
  broken.body.declare += R"(
    shr.u32 %i, %t, 5; setp.eq.u32 %more, %i, 2; selp.b64 %p, 64, 0, %more; add.s64 %db, %db, %p;
)";
  broken.expect(Check::Uniformity, "wgmma.mma_async", "the descriptor of B is not that of warp");
  broken = Broken();
  broken.body.declare += "setp.eq.u32 %more, %t, 37; selp.b64 %p, 64, 0, %more; add.s64 %da, %da, %p;\n";
  broken.expect(Check::Uniformity, "wgmma.mma_async", "the descriptor of A is not that of lane 0");
  EXPECT_EQ(broken.finding(Check::Uniformity).lane, 5);
  broken = Broken();
  broken.body.declare += "setp.lt.u32 %scale, %t, 64;\n";
  broken.expect(Check::Uniformity, "wgmma.mma_async", "scale-d is not that of warp");
  broken.body.declare += "setp.lt.u32 %scale, %t, 100;\n";
  broken.expect(Check::Uniformity, "wgmma.mma_async", "scale-d is not that of lane 0");
}

TEST(WgmmaFault, DifferentInstructions) {
  Broken broken;
  WgmmaCase other = broken.test;
  other.scaleA = -1;
  broken.body.declare += ".reg .pred %first; setp.lt.u32 %first, %t, 32;\n";
  broken.body.multiply = "@%first bra FIRST;\n" + broken.test.instruction() + "\nbra.uni JOIN;\nFIRST:\n" +
                         other.instruction() + "\nJOIN:\n";
  broken.expect(Check::DivergentAligned, "wgmma.mma_async", "the warps of a warpgroup issue different instructions");
}

TEST(WgmmaFault, AWarpIsMissing) {
  Broken broken;
  broken.body.declare += ".reg .pred %last; setp.ge.u32 %last, %t, 96;\n";
  broken.body.multiply = "@%last bra JOIN;\n" + broken.body.multiply + "JOIN:\n";
  broken.body.store = "bar.sync 0;\n" + broken.body.store;
  Finding finding = broken.finding(Check::Deadlock);
  EXPECT_NE(finding.message.find("wgmma.wait_group.sync.aligned 0;) waits for other warps of its warpgroup"),
            std::string::npos)
      << finding.message;
}

TEST(WgmmaFault, TooFewThreads) {
  Broken broken;
  broken.options.threads = 96;
  broken.body.fill = "";
  broken.expect(Check::DivergentAligned, "wgmma.mma_async", "four whole warps, here 0 to 3; the CTA has 96 threads");
  broken = Broken();
  broken.body.fenceRegisters = "setp.ge.u32 %more, %t, 96; @%more exit;\n" + broken.body.fenceRegisters;
  // Which warp notices depends on who runs first.
  Finding finding = broken.finding(Check::DivergentAligned);
  EXPECT_NE(finding.message.find("warp 3"), std::string::npos) << finding.message;
}

TEST(WgmmaFault, DivergentWarp) {
  Broken broken;
  broken.body.declare += ".reg .pred %odd; and.b32 %i, %t, 1; setp.eq.u32 %odd, %i, 1;\n";
  broken.body.multiply = "@%odd bra JOIN;\n" + broken.body.multiply + "JOIN:\n";
  broken.finding(Check::DivergentAligned);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

static Broken withDescriptor(uint64_t descriptor, bool ofA = false) {
  Broken broken;
  broken.body.declare += (ofA ? "mov.b64 %da, " : "mov.b64 %db, ") + std::to_string(descriptor) + ";\n";
  return broken;
}

TEST(WgmmaFault, BadDescriptor) {
  uint64_t good = ordinaryCase().b.descriptor();
  withDescriptor(good | uint64_t(1) << 53).expect(Check::BadDescriptor, "wgmma.mma_async", "B: matrix descriptor");
  withDescriptor(good | uint64_t(1) << 46, true)
      .expect(Check::BadDescriptor, "wgmma.mma_async", "A: matrix descriptor");
  // The byte address instead of its sixteenth.
  withDescriptor(16384 | uint64_t(64) << 32 | uint64_t(1) << 62)
      .expect(Check::BadDescriptor, "wgmma.mma_async", "byte counts divided by 16");
}

TEST(WgmmaFault, MisalignedPatternIsALint) {
  Broken broken = withDescriptor(SharedMatrix{MatrixMajor::K, 3, 16384 + 256, 0, 1024}.descriptor());
  BodyRun run = runBody(broken.body.text(), broken.options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_EQ(std::string(checkName(run.report.findings[0].check)), checkName(Check::BadDescriptor));
  EXPECT_NE(run.report.findings[0].message.find("multiples of 1024 bytes"), std::string::npos);
}

TEST(WgmmaFault, OutOfBounds) {
  // 64 columns of 128 bytes from here on end 2048 bytes too late.
  withDescriptor(SharedMatrix{MatrixMajor::K, 3, kWgmmaSharedBytes - 6144, 0, 1024}.descriptor())
      .expect(Check::OutOfBounds, "wgmma.mma_async", "matrix B reaches up to shared byte");
  withDescriptor(SharedMatrix{MatrixMajor::K, 3, 0, 0, 16384}.descriptor(), true)
      .expect(Check::OutOfBounds, "wgmma.mma_async", "matrix A reaches up to shared byte");
}

TEST(WgmmaFault, UnwrittenBytes) {
  Broken broken;
  broken.body.fill = "";
  broken.expect(Check::Uninitialized, "wgmma.mma_async", "nobody wrote: shared byte 16384");
}

TEST(WgmmaFault, CopyThatHasNotArrived) {
  Broken broken;
  broken.body.load += R"(
    mul.wide.u32 %p, %t, 16; add.s64 %p, %p, %in;
    mov.u32 %s, memory; mad.lo.u32 %s, %t, 16, %s;
    cp.async.cg.shared.global [%s+16384], [%p], 16;
    cp.async.commit_group;
)";
  broken.body.store += "cp.async.wait_all;\n";
  broken.expect(Check::PendingAsync, "wgmma.mma_async", "cp.async of line");
}

TEST(WgmmaFault, MissingProxyFence) {
  Broken broken;
  broken.body.fence = "bar.sync 0;\n";
  broken.expect(Check::MissingProxyFence, "wgmma.mma_async", "fence.proxy.async after the write of line");
}

TEST(WgmmaFault, MissingBarrier) {
  Broken broken;
  broken.body.fence = "fence.proxy.async.shared::cta;\n";
  broken.finding(Check::Uninitialized); // somebody was not as far yet
  broken.options.options.checkUninitialized = false;
  broken.finding(Check::Race);
}

/// A warp may write its own 16 rows of A without a barrier: nobody else reads them.
TEST(WgmmaFault, OwnRowsNeedNoBarrier) {
  Broken broken;
  const std::string kOwnRow = R"(
    shr.u32 %i, %t, 1; and.b32 %s, %t, 1; shl.b32 %s, %s, 4; mad.lo.u32 %s, %i, 128, %s;
    shr.u32 %i, %s, 3; and.b32 %i, %i, 0x70; xor.b32 %s, %s, %i;
    mov.u32 %i, memory; add.u32 %s, %s, %i;
    st.shared.v4.u32 [%s], {0, 0, 0, 0};
    fence.proxy.async.shared::cta;
    bar.warp.sync -1;
)";
  broken.body.fence += kOwnRow;
  broken.expectClean();
  // The rows of another warp do.
  broken.body.fence =
      "fence.proxy.async.shared::cta;\nbar.sync 0;\nxor.b32 %t, %t, 64;\n" + kOwnRow + "xor.b32 %t, %t, 64;\n";
  Finding finding = broken.finding(Check::Race);
  EXPECT_NE(finding.describe().find("wgmma.mma_async"), std::string::npos) << finding.describe();
}

TEST(WgmmaFault, TileOverwrittenBeforeTheWait) {
  const std::string kStore = R"(
    mov.u32 %s, memory; mad.lo.u32 %s, %t, 16, %s; st.shared.v4.u32 [%s+16384], {%v0, %v1, %v2, %v3};
)";
  for (Delivery delivery : kPolicies) {
    Broken broken;
    broken.options.options.delivery = delivery;
    broken.body.commit += kStore;
    broken.expect(Check::Race, "st.shared", "is not ordered after the read of line");
    // Its own wait tells a warp that all four warps are done.
    Broken good;
    good.options.options.delivery = delivery;
    good.body.wait += kStore;
    good.expectClean();
  }
}

TEST(WgmmaFault, WhatLazyDeliveryShows) {
  // Without the checker the overwritten tile shows in the result, because it is read as late as it may be.
  Broken broken;
  broken.options.options.checkRaces = false;
  broken.options.options.lints = false;
  std::vector<uint32_t> good = runBody(broken.body.text(), broken.options).out;
  broken.body.commit += R"(
    bar.sync 0;
    mov.u32 %s, memory; mad.lo.u32 %s, %t, 16, %s; st.shared.v4.u32 [%s+16384], {0, 0, 0, 0};
)";
  BodyRun lazy = runBody(broken.body.text(), broken.options);
  EXPECT_TRUE(lazy.report.status);
  EXPECT_NE(lazy.out, good);
  broken.options.options.delivery = Delivery::Eager;
  EXPECT_EQ(runBody(broken.body.text(), broken.options).out, good);
}

//===----------------------------------------------------------------------===//
// Anything
//===----------------------------------------------------------------------===//

/// Statements in any order, some of them for some warps or lanes only: whatever that means, it ends in a status.
TEST(WgmmaFault, AnyProgramEnds) {
  WgmmaCase wide = ordinaryCase(), narrow = wide, byRegisters = wide;
  wide.n = 16;
  narrow.n = 8;
  byRegisters.n = 16;
  byRegisters.fragments = true;
  const std::string kStatements[] = {wide.instruction(),
                                     wide.instruction(),
                                     narrow.instruction(),
                                     byRegisters.instruction(),
                                     wide.instruction("%e"),
                                     "wgmma.fence.sync.aligned;",
                                     "wgmma.fence.sync.aligned;",
                                     "wgmma.commit_group.sync.aligned;",
                                     "wgmma.commit_group.sync.aligned;",
                                     "wgmma.wait_group.sync.aligned 0;",
                                     "wgmma.wait_group.sync.aligned 1;",
                                     "add.f32 %d1, %d1, %d2;",
                                     "mov.b32 %a1, 0;",
                                     "bar.sync 0;",
                                     "exit;",
                                     "fence.proxy.async.shared::cta;",
                                     "st.shared.b32 [memory+16384], %t;",
                                     "add.s64 %da, %da, %p;"};
  std::mt19937_64 random(29);
  unsigned good = 0, bad = 0;
  for (int run = 0; run < 400; ++run) {
    WgmmaBody body(wide);
    body.declare = ".reg .b32 %e<8>; .reg .pred %some;\n" + body.declare;
    std::string text = body.declare + body.fill + body.fence + body.load + body.fenceRegisters + "mov.b64 %p, 2;\n";
    for (uint64_t count = 1 + random() % 12; count > 0; --count) {
      std::string statement = kStatements[random() % (sizeof kStatements / sizeof kStatements[0])];
      uint64_t choice = random() % 16;
      if (choice < 2)
        statement = "setp.lt.u32 %some, %t, " + std::to_string(choice ? 32 * (random() % 5) : random() % 128) +
                    ";\n@%some " + statement;
      text += statement + "\n";
    }
    if (random() % 2)
      text += body.commit + body.wait + body.store;
    Broken kernel(wide);
    kernel.options.options.delivery = kPolicies[run % 3];
    kernel.options.options.seed = random();
    kernel.options.options.checkRaces = random() % 2;
    kernel.options.options.instructionBudget = 100000;
    BodyRun result = runBody(text, kernel.options);
    EXPECT_NE(result.report.status.code(), StatusCode::Internal) << result.report.status.message() << text;
    ++(result.report.status ? good : bad);
  }
  EXPECT_GT(good, 40u);
  EXPECT_GT(bad, 100u);
}

TEST(WgmmaFault, AnyDescriptorEnds) {
  std::mt19937_64 random(31);
  unsigned good = 0, bad = 0;
  for (int run = 0; run < 600; ++run) {
    WgmmaCase test = ordinaryCase();
    test.n = 8 * (1 + static_cast<uint32_t>(random() % 32));
    test.a.major = random() % 2 ? MatrixMajor::K : MatrixMajor::MN;
    test.b.major = random() % 2 ? MatrixMajor::K : MatrixMajor::MN;
    Broken kernel(ordinaryCase());
    kernel.body.multiply = test.instruction();
    kernel.body.declare.replace(kernel.body.declare.find("%d<32>"), 6, "%d<128>");
    uint64_t mask = random() % 3 ? 0xC0003FFF3FFF3FFFull : ~uint64_t(0);
    uint64_t small = random() % 2 ? 0xC00000FF00FF03FFull : mask; // likely to stay in bounds
    kernel.body.declare += "mov.b64 %da, " + std::to_string(random() & mask & small) + "; mov.b64 %db, " +
                           std::to_string(random() & mask & small) + ";\n";
    BodyRun result = runBody(kernel.body.text(), kernel.options);
    EXPECT_NE(result.report.status.code(), StatusCode::Internal) << result.report.status.message();
    ++(result.report.status ? good : bad);
  }
  EXPECT_GT(good, 50u);
  EXPECT_GT(bad, 200u);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string whyNot(const std::string &line, const std::string &target = "sm_90a") {
  return loadError(header(target) +
                   ".visible .entry test() {\n.reg .b32 %d<32>, %a<4>; .reg .b64 %x<2>; .reg .pred %p;\n" + line +
                   "\nret;\n}\n");
}

TEST(WgmmaFault, Unsupported) {
  const std::string kOp = "wgmma.mma_async.sync.aligned.";
  const std::string kFour = "{%d0, %d1, %d2, %d3}", kRest = ", %x0, %x1, %p, 1, 1, 0, 0;";
  EXPECT_EQ(whyNot(kOp + "m64n8k16.f32.f16.f16 " + kFour + kRest), "");
  EXPECT_EQ(whyNot(kOp + "m64n8k16.f32.bf16.bf16 " + kFour + ", {%a0, %a1, %a2, %a3}, %x1, 1, -1, 1, 1;"), "");
  EXPECT_EQ(whyNot(kOp + "m64n8k8.f32.tf32.tf32 " + kFour + ", %x0, %x1, !%p, 1, 1;"), "");
  EXPECT_EQ(whyNot(kOp + "m64n16k32.f16.e4m3.e5m2 " + kFour + ", %x0, %x1, %p, 1, 1;"), "");
  EXPECT_EQ(whyNot("wgmma.fence.sync.aligned; wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 3;"), "");

  struct Case {
    std::string line, reason;
  };
  const Case kCases[] = {
      {kOp + "m64n8k32.s32.s8.s8 " + kFour + ", %x0, %x1, %p;", "integer"},
      {kOp + "m64n8k256.s32.b1.b1.and.popc " + kFour + ", %x0, %x1, %p;", "single-bit"},
      {"wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.f16.f16 " + kFour + ", %x0, %x1, %d4, 0, %p, 1, 1, 0, 0;",
       "sparse"},
      {kOp + "m64n12k16.f32.f16.f16 " + kFour + kRest, "shape"},
      {kOp + "m64n264k16.f32.f16.f16 " + kFour + kRest, "shape"},
      {kOp + "m64n8k8.f32.f16.f16 " + kFour + kRest, "combination"},
      {kOp + "m64n8k16.f32.f16.bf16 " + kFour + kRest, "combination"},
      {kOp + "m64n8k16.f16.bf16.bf16 {%d0, %d1}" + kRest, "combination"},
      {kOp + "m64n8k32.f32.e4m3.e4m3 " + kFour + kRest, "operand 7"},
      {kOp + "m64n8k16.f32.f16.f16 {%d0, %d1, %d2}" + kRest, "D has 3 registers; allowed: 4"},
      {kOp + "m64n8k16.f32.f16.f16 {%d0, %d1, %d2, %d2}" + kRest, "twice"},
      {kOp + "m64n8k16.f32.f16.f16 {%d0, %d1, %d2, 0}" + kRest, "not a register"},
      {kOp + "m64n8k16.f32.f16.f16 {%d0, %d1, %d2, _}" + kRest, "not a register"},
      {kOp + "m64n8k16.f32.f16.f16 " + kFour + ", {%d0, %a1, %a2, %a3}, %x1, %p, 1, 1, 0;", "one of D"},
      {kOp + "m64n8k16.f32.f16.f16 " + kFour + ", %x0, %x1, %p, 1, 2, 0, 0;", "imm-scale-b is 2; allowed: 1 and -1"},
      {kOp + "m64n8k16.f32.f16.f16 " + kFour + ", %x0, %x1, %p, 1, 1, 0, 2;", "imm-trans-b is 2"},
      {kOp + "m64n8k16.f32.f16.f16 " + kFour + ", %x0, %x1, %p, 1, 1, 0;", "imm-trans-b is not an immediate"},
      {kOp + "m64n8k16.f32.f16.f16 " + kFour + ", %a0, %x1, %p, 1, 1, 0, 0;", "%a0 has 32 bits"},
      {"wgmma.mma_async.aligned.m64n8k16.f32.f16.f16 " + kFour + kRest, "combination"},
      {"wgmma.wait_group.sync.aligned -1;", "number of groups"},
      {"wgmma.wait_group.sync.aligned %d0;", "not an integer immediate"},
      {"wgmma.fence.sync;", "combination"},
  };
  for (const Case &test : kCases)
    EXPECT_NE(whyNot(test.line).find(test.reason), std::string::npos) << test.line << ": " << whyNot(test.line);
  EXPECT_NE(whyNot("wgmma.fence.sync.aligned;", "sm_100a").find("sm_90a"), std::string::npos);
}

} // namespace thrift::sim::test
