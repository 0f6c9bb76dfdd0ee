//===- LaunchTest.cpp - configurations, arguments, threads, statistics ------===//

#include "tests/sim/SimHarness.h"

#include <atomic>
#include <thread>

namespace thrift::sim::test {

static const char *const kParameters = R"(
.visible .entry test(.param .u64 a, .param .u32 b) .reqntid 64, 2, 1
{
  ret;
}
.visible .entry free(.param .u32 a) .maxntid 256
{
  .shared .align 4 .b8 memory[40000];
  .reg .b64 %x;
  mov.u64 %x, memory;
  ret;
}
)";

class LaunchLimits : public ::testing::Test {
protected:
  Status run(const std::string &entry, const LaunchConfig &config, const Arguments &arguments,
             const std::string &target = "sm_100a") {
    LoadedKernel loaded = loadKernel(header(target) + kParameters, entry);
    if (!loaded)
      return Status(StatusCode::Internal, "not loaded");
    return launch(*loaded.kernel, memory, config, arguments).status;
  }
  Memory memory;
  Arguments two = Arguments().add(uint64_t(0)).add(uint32_t(0)), one = Arguments().add(uint32_t(0));
};

TEST_F(LaunchLimits, Arguments) {
  EXPECT_TRUE(run("test", {{1}, {64, 2}}, two));
  Status status = run("test", {{1}, {64, 2}}, one);
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.message(), "arguments is 1; allowed: 2, the parameters of test");
  status = run("test", {{1}, {64, 2}}, Arguments().add(uint32_t(0)).add(uint32_t(0)));
  EXPECT_EQ(status.message(), "argument 0 is 4 bytes; allowed: 8 bytes (a)");
}

TEST_F(LaunchLimits, BlockAndGrid) {
  EXPECT_EQ(run("test", {{1}, {128}}, two).message(), "block is 128x1x1; allowed: 64x2x1 (.reqntid)");
  EXPECT_EQ(run("free", {{1}, {257}}, one).message(), "block is 257x1x1; allowed: at most 256 threads (.maxntid)");
  EXPECT_TRUE(run("free", {{1}, {16, 16}}, one));
  EXPECT_FALSE(run("free", {{1}, {0}}, one));
  EXPECT_FALSE(run("free", {{1}, {1025}}, one));
  EXPECT_FALSE(run("free", {{1}, {1, 1, 65}}, one));
  EXPECT_FALSE(run("free", {{0}, {1}}, one));
  EXPECT_FALSE(run("free", {{1, 65536}, {1}}, one));
}

TEST_F(LaunchLimits, SharedMemoryPerTarget) {
  struct Case {
    const char *target;
    uint32_t limit;
  };
  for (Case each : {Case{"sm_80", 166912}, Case{"sm_86", 101376}, Case{"sm_90a", 232448}, Case{"sm_100a", 232448},
                    Case{"sm_120a", 101376}}) {
    EXPECT_TRUE(run("free", {{1}, {32}, each.limit - 40000}, one, each.target)) << each.target;
    Status status = run("free", {{1}, {32}, each.limit - 40000 + 4}, one, each.target);
    EXPECT_EQ(status.field(), "shared memory") << each.target;
    EXPECT_EQ(status.value(), std::to_string(each.limit + 4) + " bytes");
  }
}

TEST(KernelInfo, DescribesTheEntry) {
  LoadedKernel loaded = loadKernel(header("sm_90a") + kParameters, "free");
  ASSERT_TRUE(loaded);
  const KernelInfo &info = loaded.kernel->info();
  EXPECT_EQ(info.name, "free");
  EXPECT_EQ(info.staticSharedBytes, 40000u);
  EXPECT_EQ(info.smVersion, 90u);
  EXPECT_EQ(info.maximum, (Dim3{256, 1, 1}));
  EXPECT_EQ(loaded.module->entries(), (std::vector<std::string>{"test", "free"}));
}

TEST(Module, UnknownEntryNamesTheOthers) {
  EXPECT_EQ(loadError(header() + kParameters, "nothing"), "entry is \"nothing\"; allowed: test, free");
}

TEST(Grid, IndicesOfEveryThread) {
  LoadedKernel loaded = loadKernel(header() + R"(
.visible .entry test(.param .u64 out) {
  .reg .b64 %o, %p; .reg .b32 %r<20>;
  ld.param.u64 %o, [out];
  mov.u32 %r0, %tid.x;   mov.u32 %r1, %tid.y;   mov.u32 %r2, %tid.z;
  mov.u32 %r3, %ntid.x;  mov.u32 %r4, %ntid.y;  mov.u32 %r5, %ntid.z;
  mov.u32 %r6, %ctaid.x; mov.u32 %r7, %ctaid.y; mov.u32 %r8, %ctaid.z;
  mov.u32 %r9, %nctaid.x; mov.u32 %r10, %nctaid.y;
  // linear thread in the block, linear block in the grid
  mad.lo.u32 %r11, %r2, %r4, %r1;  mad.lo.u32 %r11, %r11, %r3, %r0;
  mad.lo.u32 %r12, %r8, %r10, %r7; mad.lo.u32 %r12, %r12, %r9, %r6;
  mul.lo.u32 %r13, %r3, %r4;       mul.lo.u32 %r13, %r13, %r5;
  mad.lo.u32 %r14, %r12, %r13, %r11;
  mul.wide.u32 %p, %r14, 4;  add.s64 %p, %o, %p;
  st.global.u32 [%p], %r14;
  ret;
})");
  ASSERT_TRUE(loaded);
  for (unsigned threads : {1u, 3u}) {
    Memory memory;
    constexpr size_t kThreads = 5 * 3 * 2 * 7 * 2 * 4;
    uint64_t out = allocate(memory, kThreads * 4);
    Options options;
    options.threads = threads;
    Report report = launch(*loaded.kernel, memory, {{7, 2, 4}, {5, 3, 2}}, Arguments().add(out), options);
    ASSERT_TRUE(report.status) << report.status.message();
    std::vector<uint32_t> result = download<uint32_t>(memory, out, kThreads);
    for (uint32_t i = 0; i < kThreads; ++i)
      ASSERT_EQ(result[i], i);
    EXPECT_EQ(report.statistics.ctas, 56u);
  }
}

TEST(Determinism, SameResultForAnyThreadsAndSeed) {
  // Race-free, with barriers and divergence; the result is a hash per thread.
  std::string body = R"(
    .reg .b32 %h, %i, %a, %b, %c; .reg .b64 %o; .reg .pred %p;
    mov.u32 %c, %ctaid.x;
    mad.lo.u32 %h, %c, 7919, %t;
    mov.u32 %i, 0;
  LOOP:
    mov.u32 %a, memory;  shl.b32 %b, %t, 2;  add.u32 %b, %a, %b;
    st.shared.u32 [%b], %h;
    bar.sync 0;
    add.u32 %b, %t, %i;  and.b32 %b, %b, 127;  shl.b32 %b, %b, 2;  add.u32 %b, %a, %b;
    ld.shared.u32 %b, [%b];
    bar.sync 0;
    xor.b32 %h, %h, %b;  mul.lo.u32 %h, %h, 16777619;
    and.b32 %b, %h, 1;  setp.eq.u32 %p, %b, 0;
    @%p bra SKIP;
    add.u32 %h, %h, 12345;
  SKIP:
    add.u32 %i, %i, 1;
    setp.lt.u32 %p, %i, 20;
    @%p bra LOOP;
    mad.lo.u32 %c, %c, 128, %t;  mul.wide.u32 %o, %c, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %h;
  )";
  BodyOptions options;
  options.threads = 128;
  options.ctas = 20;
  options.before = ".shared .align 4 .b8 memory[512];\n";
  options.options.threads = 1;
  BodyRun reference = runBody(body, options);
  ASSERT_TRUE(reference.report.status) << reference.report.status.message();
  for (unsigned threads : {2u, 5u})
    for (uint64_t seed : {0u, 17u}) {
      options.options.threads = threads;
      options.options.seed = seed;
      BodyRun run = runBody(body, options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      EXPECT_EQ(run.out, reference.out);
      EXPECT_EQ(run.report.statistics.byClass, reference.report.statistics.byClass);
    }
}

TEST(Statistics, CountsByClass) {
  BodyOptions options;
  options.threads = 64;
  options.ctas = 3;
  options.in.assign(64, 1);
  BodyRun run = runBody(R"(
    .reg .b64 %a; .reg .b32 %v; .reg .f32 %f; .reg .pred %p;
    mul.wide.u32 %a, %t, 4;  add.s64 %a, %in, %a;
    ld.global.u32 %v, [%a];
    cvt.rn.f32.u32 %f, %v;
    add.f32 %f, %f, %f;
    setp.gt.f32 %p, %f, 0f00000000;
    bar.sync 0;
    @%p st.global.f32 [%out], %f;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  const Statistics &stats = run.report.statistics;
  constexpr uint64_t kWarps = 6;
  auto of = [&](InstructionClass cls) { return stats.byClass[static_cast<size_t>(cls)]; };
  EXPECT_EQ(of(InstructionClass::Integer), 2 * kWarps);
  EXPECT_EQ(of(InstructionClass::Float), kWarps);
  EXPECT_EQ(of(InstructionClass::Convert), kWarps);
  EXPECT_EQ(of(InstructionClass::Compare), kWarps);
  EXPECT_EQ(of(InstructionClass::Load), 3 * kWarps); // two parameters
  EXPECT_EQ(of(InstructionClass::Store), kWarps);
  EXPECT_EQ(of(InstructionClass::Barrier), kWarps);
  EXPECT_EQ(of(InstructionClass::Move), kWarps);
  EXPECT_EQ(of(InstructionClass::Control), kWarps);
  uint64_t sum = 0;
  for (uint64_t count : stats.byClass)
    sum += count;
  EXPECT_EQ(stats.warpInstructions, sum);
  EXPECT_EQ(stats.globalReadBytes, 3u * 64 * 4);
  EXPECT_EQ(stats.globalWriteBytes, 3u * 64 * 4);
}

//===----------------------------------------------------------------------===//
// Progress and cancellation
//===----------------------------------------------------------------------===//

/// Counts to %ctaid.x * 100000; endlessly in CTA 7.
static const char *const kCounting = R"(
.visible .entry test() {
  .reg .pred %p; .reg .b32 %i, %n;
  mov.u32 %n, %ctaid.x;
  setp.eq.u32 %p, %n, 7;
  mul.lo.u32 %n, %n, 100000;
  @%p mov.u32 %n, 0xFFFFFFFF;
  mov.u32 %i, 0;
LOOP:
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, %n;
  @%p bra LOOP;
  ret;
})";

TEST(Progress, ComesFromOneThreadAndOnlyGrows) {
  LoadedKernel loaded = loadKernel(header() + kCounting);
  ASSERT_TRUE(loaded);
  Memory memory;
  std::vector<Progress> seen;
  std::thread::id thread;
  Options options;
  options.progressSeconds = 1e-3;
  options.progress = [&](const Progress &progress) { // no lock: thread sanitizer watches
    EXPECT_TRUE(seen.empty() || thread == std::this_thread::get_id());
    thread = std::this_thread::get_id();
    seen.push_back(progress);
  };
  Report report = launch(*loaded.kernel, memory, {{7}, {32}}, Arguments(), options);
  ASSERT_TRUE(report.status) << report.status.message();
  EXPECT_FALSE(report.cancelled);
  ASSERT_GE(seen.size(), 2u);
  EXPECT_NE(thread, std::this_thread::get_id());
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].ctas, 7u);
    EXPECT_LE(seen[i].ctasDone, 7u);
    EXPECT_LE(seen[i].warpInstructions, report.statistics.warpInstructions);
    if (i != 0) {
      EXPECT_GE(seen[i].ctasDone, seen[i - 1].ctasDone);
      EXPECT_GE(seen[i].warpInstructions, seen[i - 1].warpInstructions);
      EXPECT_GT(seen[i].seconds, seen[i - 1].seconds);
    }
  }
}

TEST(Progress, CancelledLaunchEndsSoon) {
  LoadedKernel loaded = loadKernel(header() + kCounting);
  ASSERT_TRUE(loaded);
  for (unsigned threads : {1u, 3u}) {
    Memory memory;
    std::atomic<bool> cancel{false};
    Options options;
    options.threads = threads;
    options.cancel = &cancel;
    options.progressSeconds = 1e-3;
    options.progress = [&](const Progress &progress) { cancel = progress.ctasDone == 7; }; // of 8; the last has no end
    Report report = launch(*loaded.kernel, memory, {{8}, {32}}, Arguments(), options);
    EXPECT_TRUE(report.cancelled);
    EXPECT_EQ(report.status.code(), StatusCode::DeviceError);
    EXPECT_EQ(report.status.message(), "the launch was cancelled when 7 of 8 CTAs were done");
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.statistics.ctas, 8u) << "started";
  }
}

TEST(Progress, CancelledBeforeItStartsAndAfterItEnds) {
  LoadedKernel loaded = loadKernel(header() + kCounting);
  ASSERT_TRUE(loaded);
  Memory memory;
  std::atomic<bool> cancel{true};
  Options options;
  options.cancel = &cancel;
  Report report = launch(*loaded.kernel, memory, {{8}, {32}}, Arguments(), options);
  EXPECT_TRUE(report.cancelled);
  EXPECT_EQ(report.statistics.warpInstructions, 0u);
  cancel = false;
  report = launch(*loaded.kernel, memory, {{3}, {32}}, Arguments(), options);
  EXPECT_TRUE(report.status);
  EXPECT_FALSE(report.cancelled);
}

} // namespace thrift::sim::test
