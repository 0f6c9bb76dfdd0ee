//===- CheckTest.cpp - every check, provoked --------------------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

static bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

static BodyOptions withShared(uint32_t bytes = 256) {
  BodyOptions options;
  options.before = ".shared .align 16 .b8 memory[" + std::to_string(bytes) + "];\n";
  return options;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

TEST(Bounds, GlobalLoadBehindTheEnd) {
  BodyOptions options;
  options.in.resize(31);
  Finding finding = expectError(R"(
    .reg .b64 %a; .reg .b32 %r;
    mul.wide.u32 %a, %t, 4;  add.s64 %a, %in, %a;
    ld.global.u32 %r, [%a];
  )",
                                Check::OutOfBounds, options);
  EXPECT_EQ(finding.lane, 31);
  EXPECT_TRUE(contains(finding.message, "read of 4 bytes")) << finding.message;
  EXPECT_TRUE(contains(finding.message, "0 bytes behind the end of a global buffer of 124 bytes")) << finding.message;
  EXPECT_TRUE(contains(finding.text, "ld.global.u32 %r, [%a];")) << finding.text;
}

TEST(Bounds, GlobalStoreBeforeTheBeginning) {
  Finding finding = expectError("st.global.u64 [%out+-8], %in;", Check::OutOfBounds);
  EXPECT_EQ(finding.lane, 0);
  EXPECT_TRUE(contains(finding.message, "write of 8 bytes")) << finding.message;
  EXPECT_TRUE(contains(finding.message, "8 bytes before a global buffer")) << finding.message;
}

TEST(Bounds, AccessAcrossTheEnd) {
  BodyOptions options;
  options.outWords = 3;
  Finding finding = expectError("st.global.u64 [%out+8], %in;", Check::OutOfBounds, options);
  EXPECT_TRUE(contains(finding.message, "reaches beyond the end of a global buffer of 12 bytes")) << finding.message;
}

TEST(Bounds, NullPointer) {
  Finding finding = expectError(".reg .b64 %n; mov.u64 %n, 0; st.u32 [%n+16], %t;", Check::OutOfBounds);
  EXPECT_TRUE(contains(finding.message, "a null pointer plus 16")) << finding.message;
}

TEST(Bounds, UninitializedRegisterAsAddress) {
  Finding finding = expectError(".reg .b64 %n; st.global.u32 [%n+4], %t;", Check::Uninitialized);
  EXPECT_TRUE(contains(finding.message, "a register that nobody wrote")) << finding.message;
}

TEST(Bounds, FreedBuffer) {
  LoadedKernel loaded = loadKernel(header() + ".visible .entry test(.param .u64 p) { .reg .b64 %p; .reg .b32 %r;\n"
                                              "ld.param.u64 %p, [p]; ld.global.u32 %r, [%p]; ret; }");
  ASSERT_TRUE(loaded);
  Memory memory;
  uint64_t buffer = upload(memory, std::vector<uint32_t>(16));
  EXPECT_TRUE(launch(*loaded.kernel, memory, {{1}, {1}}, Arguments().add(buffer)).status);
  ASSERT_TRUE(memory.free(buffer));
  Report report = launch(*loaded.kernel, memory, {{1}, {1}}, Arguments().add(buffer));
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].check, Check::OutOfBounds);
}

TEST(Bounds, Shared) {
  Finding finding = expectError(R"(
    .reg .b32 %a;
    mov.u32 %a, memory;  mad.lo.u32 %a, %t, 16, %a;
    st.shared.u32 [%a], %t;
  )",
                                Check::OutOfBounds, withShared());
  EXPECT_EQ(finding.lane, 16);
  EXPECT_TRUE(contains(finding.message, "shared memory has 256 bytes")) << finding.message;
  expectError(".reg .b32 %a; mov.u32 %a, memory; sub.u32 %a, %a, 4; st.shared.u32 [%a], %t;", Check::OutOfBounds,
              withShared());
}

TEST(Bounds, Local) {
  Finding finding = expectError(R"(
    .local .align 4 .b8 depot[32];
    .reg .b64 %a, %b;
    mov.u64 %a, depot;  cvta.local.u64 %a, %a;
    mul.wide.u32 %b, %t, 4;  add.s64 %a, %a, %b;
    st.u32 [%a], %t;
  )",
                                Check::OutOfBounds);
  EXPECT_EQ(finding.lane, 8);
  EXPECT_TRUE(contains(finding.message, "local memory has 32 bytes")) << finding.message;
}

TEST(Bounds, Parameters) {
  Finding finding =
      expectError(".reg .b64 %a; .reg .b32 %r; mov.b64 %a, out; ld.param.u32 %r, [%a+16];", Check::OutOfBounds);
  EXPECT_TRUE(contains(finding.message, "parameter memory has 16 bytes")) << finding.message;
}

TEST(Bounds, Constants) {
  BodyOptions options;
  options.before = ".const .align 4 .u32 table[4] = {1, 2, 3, 4};\n";
  Finding finding = expectError(R"(
    .reg .b64 %a, %b; .reg .b32 %r;
    mov.u64 %a, table;  mul.wide.u32 %b, %t, 4;  add.s64 %a, %a, %b;
    ld.const.u32 %r, [%a];
  )",
                                Check::OutOfBounds, options);
  EXPECT_EQ(finding.lane, 4);
}

TEST(Bounds, Atomics) {
  expectError("red.global.add.u32 [%out+128], 1;", Check::OutOfBounds);
  expectError(".reg .b32 %r; atom.shared.add.u32 %r, [memory+256], 1;", Check::OutOfBounds, withShared());
}

//===----------------------------------------------------------------------===//
// Alignment
//===----------------------------------------------------------------------===//

TEST(Alignment, EverySpace) {
  Finding finding = expectError(".reg .b64 %w; ld.global.u64 %w, [%out+4];", Check::Misaligned);
  EXPECT_TRUE(contains(finding.message, "is not a multiple of 8")) << finding.message;
  expectError("st.global.u32 [%out+1], %t;", Check::Misaligned);
  expectError("st.global.v4.u32 [%out+8], {%t, %t, %t, %t};", Check::Misaligned);
  expectError("st.shared.u16 [memory+1], 0;", Check::Misaligned, withShared());
  expectError(".local .align 4 .b8 depot[32]; st.local.u32 [depot+2], %t;", Check::Misaligned);
  expectError(".reg .b32 %r; ld.param.u32 %r, [out+2];", Check::Misaligned);
  expectError("red.global.add.u32 [%out+2], 1;", Check::Misaligned);
}

TEST(Alignment, NamesTheLane) {
  Finding finding = expectError(R"(
    .reg .b64 %a; .reg .b32 %b;
    shl.b32 %b, %t, 2;  min.u32 %b, %b, 50;
    cvt.u64.u32 %a, %b;  add.s64 %a, %out, %a;
    st.global.u32 [%a], %t;
  )",
                                Check::Misaligned);
  EXPECT_EQ(finding.lane, 13);
}

//===----------------------------------------------------------------------===//
// Uninitialised memory
//===----------------------------------------------------------------------===//

TEST(Uninitialized, Global) {
  Finding finding = expectError(".reg .b32 %r; ld.global.u32 %r, [%in+8];", Check::Uninitialized); // `in` is unwritten
  EXPECT_TRUE(contains(finding.message, "byte 8 of a global buffer of 256 bytes")) << finding.message;
}

TEST(Uninitialized, GlobalBytesCountOneByOne) {
  BodyRun run = runBody(R"(
    .reg .b32 %r; .reg .b64 %a;
    mul.wide.u32 %a, %t, 4;  add.s64 %a, %in, %a;
    st.global.u16 [%a], %t;  st.global.u8 [%a+3], %t;
    ld.global.u16 %r, [%a];  ld.global.u8 %r, [%a+3];
  )");
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  Finding finding = expectError(R"(
    .reg .b32 %r; .reg .b64 %a;
    mul.wide.u32 %a, %t, 4;  add.s64 %a, %in, %a;
    st.global.u16 [%a], %t;  st.global.u8 [%a+3], %t;
    ld.global.u32 %r, [%a];
  )",
                                Check::Uninitialized);
  EXPECT_TRUE(contains(finding.message, "byte 2 of")) << finding.message;
}

TEST(Uninitialized, WrittenByAnEarlierLaunch) {
  LoadedKernel writer = loadKernel(header() + ".visible .entry test(.param .u64 p) { .reg .b64 %p;\n"
                                              "ld.param.u64 %p, [p]; st.global.u32 [%p+4], 1; ret; }");
  LoadedKernel first = loadKernel(header() + ".visible .entry test(.param .u64 p) { .reg .b64 %p; .reg .b32 %r;\n"
                                             "ld.param.u64 %p, [p]; ld.global.u32 %r, [%p]; ret; }");
  ASSERT_TRUE(writer && first);
  Memory memory;
  uint64_t buffer = allocate(memory, 8);
  ASSERT_TRUE(launch(*writer.kernel, memory, {{1}, {1}}, Arguments().add(buffer)).status);
  EXPECT_FALSE(launch(*first.kernel, memory, {{1}, {1}}, Arguments().add(buffer)).status);
  ASSERT_TRUE(memory.fill(buffer, 0, 4));
  EXPECT_TRUE(launch(*first.kernel, memory, {{1}, {1}}, Arguments().add(buffer)).status);
}

TEST(Uninitialized, Shared) {
  Finding finding = expectError(R"(
    .reg .pred %p; .reg .b32 %r;
    setp.eq.u32 %p, %t, 0;
    @%p st.shared.u64 [memory], 0;
    ld.shared.v4.u32 {%r, _, _, _}, [memory];
  )",
                                Check::Uninitialized, withShared());
  EXPECT_TRUE(contains(finding.message, "shared byte 8")) << finding.message;
}

TEST(Uninitialized, SharedIsForgottenBetweenCtas) {
  BodyOptions options = withShared();
  options.ctas = 3;
  options.options.threads = 1;
  Finding finding = expectError(R"(
    .reg .b32 %c, %r; .reg .pred %p;
    mov.u32 %c, %ctaid.x;  setp.eq.u32 %p, %c, 0;
    @%p st.shared.u32 [memory], 0;
    ld.shared.u32 %r, [memory];
  )",
                                Check::Uninitialized, options);
  EXPECT_EQ(finding.cta.x, 1u);
}

TEST(Uninitialized, Local) {
  Finding finding =
      expectError(".local .align 4 .b8 depot[32]; .reg .b32 %r; ld.local.u32 %r, [depot];", Check::Uninitialized);
  EXPECT_TRUE(contains(finding.message, "local memory")) << finding.message;
}

TEST(Uninitialized, Atomics) { expectError("red.shared.add.u32 [memory], 1;", Check::Uninitialized, withShared()); }

TEST(Uninitialized, CanBeSwitchedOff) {
  BodyOptions options = withShared();
  options.options.checkUninitialized = false;
  BodyRun run = runBody(".reg .b32 %r; ld.shared.u32 %r, [memory]; ld.global.u32 %r, [%in];", options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
}

//===----------------------------------------------------------------------===//
// Permissions, traps
//===----------------------------------------------------------------------===//

TEST(ReadOnly, ConstantsAndParameters) {
  BodyOptions options;
  options.before = ".const .align 4 .u32 table[4] = {1, 2, 3, 4};\n";
  Finding finding = expectError(".reg .b64 %a; mov.u64 %a, table; cvta.const.u64 %a, %a; st.u32 [%a], %t;",
                                Check::WriteToReadOnly, options);
  EXPECT_TRUE(contains(finding.message, ".const")) << finding.message;
  finding =
      expectError(".reg .b64 %a; mov.b64 %a, out; cvta.param.u64 %a, %a; st.u32 [%a], %t;", Check::WriteToReadOnly);
  EXPECT_TRUE(contains(finding.message, "parameter")) << finding.message;
}

TEST(Traps, TrapAndBreakpoint) {
  Finding finding = expectError(".reg .pred %p; setp.eq.u32 %p, %t, 9; @%p trap;", Check::Trap);
  EXPECT_EQ(finding.lane, 9);
  expectError("brkpt;", Check::Trap);
}

//===----------------------------------------------------------------------===//
// Where a finding says it is
//===----------------------------------------------------------------------===//

TEST(Findings, SayWhere) {
  BodyOptions options;
  options.threads = 64;
  options.ctas = 6;
  std::string body = R"(
    .reg .b32 %c, %s; .reg .pred %p, %q;
    mov.u32 %c, %ctaid.x;
    setp.eq.u32 %p, %c, 4;
    setp.eq.and.u32 %q, %t, 40, %p;
    @%q st.global.u32 [%out+2000], %t;
  )";
  Finding finding = expectError(body, Check::OutOfBounds, options);
  EXPECT_EQ(finding.cta.x, 4u);
  EXPECT_EQ(finding.warp, 1u);
  EXPECT_EQ(finding.lane, 8);
  EXPECT_TRUE(contains(finding.text, "@%q st.global.u32 [%out+2000], %t;")) << finding.text;
  std::string text = finding.describe();
  EXPECT_TRUE(contains(text, "error: out-of-bounds: write of 4 bytes")) << text;
  EXPECT_TRUE(contains(text, "cta 4,0,0 warp 1 lane 8")) << text;
}

TEST(Findings, TheLowestCtaWinsWhateverTheThreads) {
  for (unsigned threads : {1u, 2u, 4u, 8u}) {
    BodyOptions options;
    options.ctas = 64;
    options.options.threads = threads;
    // CTAs 20 and up fail, the lower ones after the longest time.
    Finding finding = expectError(R"(
      .reg .b32 %c, %i; .reg .pred %p, %q;
      mov.u32 %c, %ctaid.x;
      setp.ge.u32 %p, %c, 20;
      @!%p ret;
      sub.u32 %i, 64, %c;  mul.lo.u32 %i, %i, 500;
    LOOP:
      sub.u32 %i, %i, 1;  setp.ne.u32 %q, %i, 0;
      @%q bra LOOP;
      trap;
    )",
                                  Check::Trap, options);
    EXPECT_EQ(finding.cta.x, 20u) << threads << " threads";
  }
}

TEST(Findings, NotesAreKeptOncePerInstruction) {
  BodyOptions options;
  options.ctas = 10;
  options.threads = 64;
  BodyRun run = runBody(".reg .b32 %q; div.u32 %q, 12, 0; rem.u32 %q, 12, 0;", options);
  ASSERT_TRUE(run.report.status);
  EXPECT_EQ(run.report.findings.size(), 2u);
  EXPECT_EQ(run.report.findingsDropped, 18u);
  EXPECT_EQ(run.report.findings[0].cta.x, 0u);
}

TEST(Check, WarpsThatWriteTheSameValueAreALint) {
  BodyOptions options;
  options.threads = 64;
  options.before = ".shared .b32 word;\n";
  options.options.checkRaces = true;
  auto store = [](const std::string &value) {
    return ".reg .b32 %v; mov.u32 %v, " + value + "; st.shared.u32 [word], %v; st.global.u32 [%out], 1;";
  };
  EXPECT_TRUE(runBody(store("7"), options).report.findings.empty());
  expectError(store("%warpid"), Check::Race, options);
  options.options.lints = true;
  BodyRun run = runBody(store("7"), options);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  ASSERT_EQ(run.report.findings.size(), 1u);
  EXPECT_NE(run.report.findings[0].message.find("the same value"), std::string::npos);
}

} // namespace thrift::sim::test
