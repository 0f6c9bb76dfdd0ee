//===- SpeedTest.cpp - warp instructions per second -------------------------===//
//
// Prints throughput on one core; asserts only that nothing is slower by an order of magnitude than it should be.
//
//===----------------------------------------------------------------------===//

#include "tests/Repetition.h"
#include "tests/sim/Tcgen05Harness.h"

#include <cstdio>
#include <ctime>

namespace thrift::sim::test {

static double speedOf(const char *what, const std::string &setup, const std::string &loop, unsigned iterations,
                      const std::string &end = "") {
  std::string body = R"(
    .reg .b32 %i, %a<8>, %s; .reg .f32 %f<8>; .reg .b64 %w<4>; .reg .pred %more, %p;
    mov.u32 %i, 0;
  )" + setup + R"(
  LOOP:
  )" + loop + R"(
    add.u32 %i, %i, 1;
    setp.lt.u32 %more, %i, )" +
                     std::to_string(iterations) + R"(;
    @%more bra LOOP;
    st.global.u32 [%out], %a0;
    st.global.f32 [%out], %f0;
  )" + end;
  BodyOptions options;
  options.threads = 128;
  options.ctas = 4;
  options.options.threads = 1;
  options.in.assign(4096, 1);
  options.before = ".shared .align 16 .b8 memory[8192];\n";
  std::clock_t begin = std::clock(); // processor time: the machine may have other work
  BodyRun run = runBody(body, options);
  double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  double speed = static_cast<double>(run.report.statistics.warpInstructions) / seconds / 1e6;
  std::printf("[    SPEED ] %-28s %7.1f M warp instructions/s, %5.1f ns each\n", what, speed, 1e3 / speed);
  return speed;
}

TEST(Speed, ScalarAndMemory) {
  const std::string kStart = R"(
    mov.u32 %a0, %t; mov.u32 %a1, 3; mov.u32 %a2, 5; mov.u32 %a3, 7;
    cvt.rn.f32.u32 %f0, %t; mov.f32 %f1, 0f3F800000; mov.f32 %f2, 0f3F000000; mov.f32 %f3, 0f3E800000;
    mul.wide.u32 %w0, %t, 16; add.s64 %w0, %in, %w0;
    mov.u32 %s, memory; mad.lo.u32 %s, %t, 16, %s;
    st.shared.v4.b32 [%s], {%a0, %a0, %a0, %a0};
  )";
  const std::string kOnes = kStart + R"(
    mov.b32 %a0, 0x3C003C00; // ones in f16
    st.shared.v4.b32 [%s], {%a0, %a0, %a0, %a0};
  )";
  double scalar = speedOf("integer and float", kStart, R"(
    add.u32 %a0, %a0, %a1;  xor.b32 %a1, %a1, %a0;  mad.lo.u32 %a2, %a0, %a3, %a2;  shl.b32 %a4, %a2, 3;
    fma.rn.f32 %f0, %f0, %f2, %f1;  add.f32 %f1, %f0, %f3;  mul.f32 %f4, %f1, %f2;  max.f32 %f5, %f4, %f0;
    and.b32 %a5, %a4, 255;  setp.lt.f32 %p, %f5, %f4;  selp.b32 %a6, %a5, %a4, %p;  sub.u32 %a3, %a6, %a0;
  )",
                          20000);
  speedOf("shared loads and stores", kStart, R"(
    ld.shared.u32 %a0, [%s];  ld.shared.u32 %a1, [%s+4];  st.shared.u32 [%s+8], %a0;  ld.shared.u32 %a2, [%s+8];
    st.shared.u32 [%s+12], %a1;  ld.shared.u32 %a3, [%s+12];
  )",
          5000);
  speedOf("global loads", kStart, R"(
    ld.global.u32 %a0, [%w0];  ld.global.u32 %a1, [%w0+4];  ld.global.u32 %a2, [%w0+8];  ld.global.u32 %a3, [%w0+12];
  )",
          5000);
  speedOf("ex2 and cvt.f16x2", kStart, R"(
    ex2.approx.f32 %f4, %f2;  cvt.rn.f16x2.f32 %a0, %f4, %f3;  ex2.approx.f32 %f5, %f3;  cvt.rn.bf16x2.f32 %a1, %f5, %f4;
  )",
          5000);
  speedOf("shfl", kStart, "shfl.sync.bfly.b32 %a0, %a1, 1, 31, -1; shfl.sync.bfly.b32 %a1, %a0, 2, 31, -1;", 5000);
  speedOf("ldmatrix and mma", kOnes, R"(
    ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%a0, %a1, %a2, %a3}, [%s];
    mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%a0, %a1, %a2, %a3}, {%a0, %a1}, {%f0, %f1, %f2, %f3};
    mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f4, %f5, %f6, %f7}, {%a0, %a1, %a2, %a3}, {%a2, %a3}, {%f0, %f1, %f2, %f3};
  )",
          3000);
  // Unoptimised and sanitised builds are an order of magnitude slower than the 60 M/s that a release build must reach.
  EXPECT_GT(scalar, 0.2);
}

/// Multiply-accumulates per second of a loop of wgmmas, four to a group, on one core.
static double wgmmaSpeed(const std::string &shape, const std::string &transposes, bool fragments, bool check) {
  std::string text, accumulators = "{%f0", zero = "mov.f32 %f0, 0f00000000;\n";
  for (int i = 1; i < 64; ++i) {
    accumulators += ", %f" + std::to_string(i);
    zero += "mov.f32 %f" + std::to_string(i) + ", 0f00000000;\n";
  }
  accumulators += "}, ";
  for (int i = 0; i < 4; ++i)
    text += "wgmma.mma_async.sync.aligned." + shape + " " + accumulators +
            (fragments ? "{%a0, %a1, %a2, %a3}" : "%da") + ", %db, 1, 1, 1" + transposes +
            ";\n add.s64 %da, %da, 2; add.s64 %db, %db, 2;\n";
  std::string body = R"(
    .reg .f32 %f<64>; .reg .b32 %a<4>, %i, %s; .reg .b64 %da, %db; .reg .pred %more;
    mov.u32 %i, 0; mov.u32 %s, memory; mad.lo.u32 %s, %t, 16, %s;
    mov.b32 %a0, 0x3C003800; mov.b32 %a1, 0x3800BC00; mov.b32 %a2, 0x38003900; mov.b32 %a3, 0x3B003800;
  FILL:
    st.shared.v4.b32 [%s], {%a0, %a1, %a2, %a3};
    add.u32 %s, %s, 2048; add.u32 %i, %i, 1; setp.lt.u32 %more, %i, 16;
    @%more bra FILL;
    mov.u32 %i, 0;
  )" + zero + R"(
    fence.proxy.async.shared::cta;
    bar.sync 0;
    wgmma.fence.sync.aligned;
  LOOP:
    mov.b64 %da, 0x4000004000010000; mov.b64 %db, 0x4000004000010400; // 128-byte rows at 0 and at 16384
  )" + text + R"(
    wgmma.commit_group.sync.aligned;
    wgmma.wait_group.sync.aligned 0;
    add.u32 %i, %i, 1; setp.lt.u32 %more, %i, )" +
                     std::to_string(repetitions(1000, 50)) +
                     R"(;
    @%more bra LOOP;
    mul.wide.u32 %da, %t, 4; add.s64 %da, %da, %out; st.global.f32 [%da], %f0;
  )";
  BodyOptions options;
  options.target = "sm_90a";
  options.threads = 128;
  options.before = ".shared .align 1024 .b8 memory[32768];\n";
  options.options.threads = 1;
  options.options.checkRaces = check;
  std::clock_t begin = std::clock();
  BodyRun run = runBody(body, options);
  double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  double speed = static_cast<double>(run.report.statistics.mmaMacs) / seconds / 1e9;
  std::printf("[    SPEED ] wgmma %-24s %s%s %5.1f GMAC/s\n", shape.c_str(), fragments ? "RS" : "SS",
              check ? ", checked" : "         ", speed);
  return speed;
}

TEST(Speed, Wgmma) {
  double speed = wgmmaSpeed("m64n128k16.f32.f16.f16", ", 0, 0", false, false);
  wgmmaSpeed("m64n128k16.f32.f16.f16", ", 0, 0", false, true);
  wgmmaSpeed("m64n128k16.f32.f16.f16", ", 0", true, false);
  wgmmaSpeed("m64n128k16.f32.bf16.bf16", ", 0, 0", false, false);
  wgmmaSpeed("m64n128k8.f32.tf32.tf32", "", false, false);
  wgmmaSpeed("m64n128k32.f32.e4m3.e4m3", "", false, false);
  wgmmaSpeed("m64n128k32.f32.e4m3.e4m3", "", true, false);
  EXPECT_GT(speed, 0.02);
}

/// Chains of four, as over a depth of one swizzled row, each with a commit that everybody waits for.
static double tcgen05Speed(const char *what, const std::string &mma, uint32_t descriptor, bool check) {
  std::string body = tcgenPrologue() + R"(
    .reg .b32 %a, %parity, %v<4>;
    mov.b32 %v0, 0x3C003800; mov.b32 %v1, 0x3800BC00; mov.b32 %v2, 0x38003900; mov.b32 %v3, 0x3B003800;
    shl.b32 %n, %t, 4; add.u32 %n, %n, %data; mov.u32 %i, 0;
  FILL:
    st.shared.v4.b32 [%n], {%v0, %v1, %v2, %v3};
    add.u32 %n, %n, 2048; add.u32 %i, %i, 1; setp.lt.u32 %q, %i, 16;
    @%q bra FILL;
    mov.b32 %a, 0x3C3C3C3C; mov.u32 %i, 0;
  TMEM:
    add.u32 %n, %tq, %i;
    tcgen05.st.sync.aligned.32x32b.x4.b32 [%n], {%a, %a, %a, %a};
    add.u32 %i, %i, 4; setp.lt.u32 %q, %i, 512;
    @%q bra TMEM;
    tcgen05.wait::st.sync.aligned;
    fence.proxy.async.shared::cta;
    bar.sync 0;
    mov.u32 %i, 0; mov.u32 %parity, 0;
    setp.eq.u32 %r, 0, 0;
    mov.b32 %x0, )" + std::to_string(descriptor) +
                     R"(;
  LOOP:
    mov.b64 %d0, 0x4000404000000040; mov.b64 %d1, 0x4000404000000440; // 128-byte rows, of 16 KiB each
    @!%p0 bra WAIT;
)";
  for (int step = 0; step < 4; ++step)
    body += mma + "\n    add.s64 %d0, %d0, 2; add.s64 %d1, %d1, 2;\n";
  body += R"(
    tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%bar];
  WAIT:
)" + tcgenWait("%parity") +
          R"(
    xor.b32 %parity, %parity, 1;
    add.u32 %i, %i, 1; setp.lt.u32 %q, %i, )" +
          std::to_string(repetitions(250, 10)) +
          R"(;
    @%q bra LOOP;
)" + tcgenEpilogue();
  BodyOptions options = tcgenOptions();
  options.options.threads = 1;
  options.options.checkRaces = check;
  std::clock_t begin = std::clock();
  BodyRun run = runBody(body, options);
  double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  double speed = static_cast<double>(run.report.statistics.mmaMacs) / seconds / 1e9;
  std::printf("[    SPEED ] tcgen05.mma %-24s%s %5.1f GMAC/s\n", what, check ? ", checked" : "         ", speed);
  return speed;
}

TEST(Speed, Tcgen05) {
  const std::string f16 = "tcgen05.mma.cta_group::1.kind::f16 [%tm], %d0, %d1, %x0, %r;";
  const std::string ts = "tcgen05.mma.cta_group::1.kind::f16 [%tm], [%tm+256], %d1, %x0, %r;";
  const std::string nvfp4 = "tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale.block16 [%tm], %d0, %d1, %x0, "
                            "[%tm+256], [%tm+260], %r;";
  double speed = tcgen05Speed("f16 128x128", f16, 0x08200010, false);
  tcgen05Speed("f16 128x128", f16, 0x08200010, true);
  tcgen05Speed("f16 64x128", f16, 0x04200010, false);
  tcgen05Speed("f16 128x128, A in TMEM", ts, 0x08200010, false);
  tcgen05Speed("e4m3 128x128", "tcgen05.mma.cta_group::1.kind::f8f6f4 [%tm], %d0, %d1, %x0, %r;", 0x08200010, false);
  tcgen05Speed("nvfp4 128x128", nvfp4, 0x08200480, false);
  tcgen05Speed("nvfp4 128x128", nvfp4, 0x08200480, true);
  EXPECT_GT(speed, 0.1);
  const std::string kAllocated = R"(
    .reg .b32 %v<32>, %tm, %tq; .reg .pred %first;
    mov.u32 %s, memory;
    setp.lt.u32 %first, %t, 32;
    @%first tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%s], 512;
    bar.sync 0;
    ld.shared.u32 %tm, [%s];
    shr.u32 %tq, %t, 5; shl.b32 %tq, %tq, 21; add.u32 %tq, %tq, %tm;
)";
  std::string registers = "{%v0";
  for (int i = 1; i < 32; ++i)
    registers += ", %v" + std::to_string(i);
  registers += "}";
  speedOf("tcgen05.st and ld, 32x32b.x32", kAllocated,
          "tcgen05.st.sync.aligned.32x32b.x32.b32 [%tq], " + registers +
              ";\n tcgen05.wait::st.sync.aligned;\n tcgen05.ld.sync.aligned.32x32b.x32.b32 " + registers +
              ", [%tq];\n tcgen05.wait::ld.sync.aligned;\n",
          2000, "bar.sync 0; @%first tcgen05.dealloc.cta_group::1.sync.aligned.b32 %tm, 512;");
}

} // namespace thrift::sim::test
