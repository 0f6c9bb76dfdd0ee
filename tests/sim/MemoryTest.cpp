//===- MemoryTest.cpp - ld, st, spaces, windows -----------------------------===//

#include "tests/sim/SimHarness.h"

#include <numeric>

namespace thrift::sim::test {

TEST(DeviceMemory, AllocatesAlignedAndIsolated) {
  Memory memory;
  uint64_t a = allocate(memory, 100), b = allocate(memory, 100);
  EXPECT_EQ(a % 256, 0u);
  EXPECT_EQ(b % 256, 0u);
  EXPECT_EQ(memory.allocatedBytes(), 200u);
  uint8_t byte = 7;
  EXPECT_TRUE(memory.write(a + 99, &byte, 1));
  EXPECT_FALSE(memory.write(a + 100, &byte, 1));
  EXPECT_FALSE(memory.write(a + 99, &byte, 2));
  EXPECT_FALSE(memory.read(a - 1, &byte, 1));
  EXPECT_FALSE(memory.fill(b, 0, 101));
  EXPECT_TRUE(memory.free(a));
  EXPECT_EQ(memory.free(a).code(), StatusCode::InvalidArgument);
  EXPECT_FALSE(memory.free(b + 1));
  EXPECT_FALSE(memory.read(a, &byte, 1));
  EXPECT_FALSE(memory.allocate(0));
  EXPECT_FALSE(memory.allocate(SIZE_MAX - 10));
}

TEST(LoadStore, SubwordTypesExtend) {
  BodyOptions options;
  options.in = {0x80FF7F01u, 0xFFFE8000u};
  options.outWords = 8;
  BodyRun run = runBody(R"(
    .reg .b16 %h; .reg .b32 %r; .reg .b64 %w; .reg .pred %p;
    setp.ne.u32 %p, %t, 0;
    @%p ret;
    ld.global.u8 %r, [%in+3];   st.global.u32 [%out], %r;
    ld.global.s8 %r, [%in+3];   st.global.u32 [%out+4], %r;
    ld.global.s8 %h, [%in+2];   cvt.u32.u16 %r, %h; st.global.u32 [%out+8], %r;
    ld.global.s16 %r, [%in+4];  st.global.u32 [%out+12], %r;
    ld.global.s32 %w, [%in+4];  st.global.u64 [%out+16], %w;
    ld.global.s16 %w, [%in+6];  shr.s64 %w, %w, 1; st.global.u32 [%out+24], %w;
    mov.b32 %r, 0x12345678;     st.global.u32 [%out+28], 0; st.global.u8 [%out+28], %r; st.global.b16 [%out+30], 0xBEEF;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out, (std::vector<uint32_t>{0x80, 0xFFFFFF80, 0xFFFF, 0xFFFF8000, 0xFFFE8000, 0xFFFFFFFF, 0xFFFFFFFF,
                                            0xBEEF0078}));
}

TEST(LoadStore, SinksLeaveElementsAlone) {
  BodyOptions options;
  options.threads = 1;
  options.in.resize(16);
  std::iota(options.in.begin(), options.in.end(), 100);
  options.outWords = 24;
  BodyRun run = runBody(R"(
    .reg .b32 %r<8>; .reg .b64 %w<4>;
    mov.b32 %r1, 0; mov.b64 %w2, 0;
    ld.global.v8.b32 {%r0, _, %r2, %r3, %r4, %r5, %r6, %r7}, [%in];
    ld.global.nc.v4.u64 {%w0, %w1, _, %w3}, [%in+32];
    st.global.v8.b32 [%out], {%r7, %r1, _, %r4, %r3, %r2, _, %r0};
    st.global.v4.b64 [%out+32], {_, %w1, %w0, %w3};
    st.global.v4.b64 [%out+64], {%w0, %w1, %w2, %w3};
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out, (std::vector<uint32_t>{107, 0,   0,   104, 103, 102, 0,   100, 0, 0, 110, 111,
                                            108, 109, 114, 115, 108, 109, 110, 111, 0, 0, 114, 115}));
  // 32 bytes are aligned to 32, and a sink leaves memory as unwritten as it was.
  expectError(".reg .b32 %r<8>; ld.global.v8.b32 {%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}, [%in+16];",
              Check::Misaligned, options);
  auto readBack = [](const std::string &offset) {
    LoadedKernel loaded = loadKernel(header() + R"(.visible .entry test(.param .u64 p) {
      .reg .b64 %w; .reg .b32 %r;
      ld.param.u64 %w, [p];  mov.b32 %r, 7;
      st.global.v8.b32 [%w], {%r, %r, _, %r, %r, %r, %r, %r};
      ld.global.b32 %r, [%w+)" + offset +
                                     "]; ret; }");
    Memory memory;
    return launch(*loaded.kernel, memory, {{1}, {1}}, Arguments().add(allocate(memory, 32)));
  };
  EXPECT_TRUE(readBack("12").status);
  Report report = readBack("8");
  ASSERT_FALSE(report.status);
  EXPECT_EQ(report.findings.front().check, Check::Uninitialized);
}

TEST(LoadStore, VectorsThatTheIsaDoesNotList) {
  auto rejected = [](const std::string &line) {
    return loadError(header() +
                     ".visible .entry test() {\n.reg .b32 %r<9>; .reg .b64 %d<9>; .reg .b16 %h<9>; "
                     ".reg .b128 %q<2>;\n" +
                     line + "\nret;\n}\n");
  };
  std::string eight = "{%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}";
  EXPECT_EQ(rejected("ld.global.v8.f32 " + eight + ", [%d0];"), "");
  for (const std::string &line :
       {"ld.shared.v8.b32 " + eight + ", [%r0];", "st.local.v8.b32 [%d0], " + eight + ";",
        "ld.const.v8.b32 " + eight + ", [%d0];", std::string("ld.shared.v4.b64 {%d1, %d2, %d3, %d4}, [%r0];"),
        std::string("ld.global.v8.b16 {%h1, %h2, %h3, %h4, %h5, %h6, %h7, %h8}, [%d0];"),
        std::string("ld.global.v2.b128 {%q0, %q1}, [%d0];"), std::string("ld.global.f16 %h1, [%d0];"),
        std::string("ld.global.f16x2 %r1, [%d0];"), std::string("st.global.f32x2 [%d0], %d1;"),
        std::string("st.global.v4.b32 [%d0], {%r1, _, %r2, %r3};"), std::string("ld.global.b32 _, [%d0];")})
    EXPECT_NE(rejected(line), "") << line;
}

TEST(LoadStore, Vectors) {
  BodyOptions options;
  options.in.resize(32 * 4);
  std::iota(options.in.begin(), options.in.end(), 1000);
  options.outWords = 32 * 4;
  BodyRun run = runBody(R"(
    .reg .b32 %r<4>; .reg .b64 %o, %p, %q, %v, %w;
    mul.wide.u32 %o, %t, 16;
    add.s64 %p, %in, %o;  add.s64 %q, %out, %o;
    ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%p];
    ld.global.v2.u64 {%v, %w}, [%p];
    st.global.v2.b32 [%q], {%r3, %r2};
    st.global.b64 [%q+8], %v;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t) {
    EXPECT_EQ(run.out[4 * t + 0], 1000 + 4 * t + 3);
    EXPECT_EQ(run.out[4 * t + 1], 1000 + 4 * t + 2);
    EXPECT_EQ(run.out[4 * t + 2], 1000 + 4 * t);
    EXPECT_EQ(run.out[4 * t + 3], 1000 + 4 * t + 1);
  }
}

TEST(LoadStore, WideVectorsWithSinks) {
  BodyOptions options;
  options.in.resize(32 * 8);
  std::iota(options.in.begin(), options.in.end(), 0);
  BodyRun run = runBody(R"(
    .reg .b32 %a, %b; .reg .b64 %o;
    mul.wide.u32 %o, %t, 32;
    add.s64 %o, %in, %o;
    ld.global.v8.b32 {%a, _, _, _, _, _, _, %b}, [%o];
    add.u32 %a, %a, %b;
    mul.wide.u32 %o, %t, 4;
    add.s64 %o, %out, %o;
    st.global.b32 [%o], %a;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], 16 * t + 7);
}

TEST(LoadStore, MaskedLanesKeepTheirRegisters) {
  BodyOptions options;
  options.in.assign(32, 5);
  BodyRun run = runBody(R"(
    .reg .b32 %r; .reg .b64 %o, %p; .reg .pred %odd; .reg .b32 %b;
    mul.wide.u32 %o, %t, 4;
    add.s64 %p, %in, %o;  add.s64 %o, %out, %o;
    and.b32 %b, %t, 1;  setp.eq.u32 %odd, %b, 1;
    mov.u32 %r, 9;
    @%odd ld.global.u32 %r, [%p];
    @!%odd st.global.u32 [%o], %t;
    @%odd st.global.u32 [%o], %r;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t % 2 ? 5 : t);
}

TEST(Shared, StaticAndDynamicAndGeneric) {
  BodyOptions options;
  options.threads = 64;
  options.dynamicSharedBytes = 256;
  options.before = ".extern .shared .align 16 .b8 dynamic[];\n.shared .align 4 .b8 fixed[256];\n";
  BodyRun run = runBody(R"(
    .reg .b32 %a, %b, %x; .reg .b64 %g, %o;
    mov.u32 %a, fixed;    shl.b32 %b, %t, 2;  add.u32 %a, %a, %b;
    st.shared.u32 [%a], %t;
    mov.u32 %a, dynamic;  add.u32 %a, %a, %b;
    st.shared.u32 [%a], %b;
    bar.sync 0;
    // Thread t reads what thread t ^ 1 wrote, one through a generic address.
    xor.b32 %b, %b, 4;
    mov.u64 %g, fixed;    cvta.shared.u64 %g, %g;  cvt.u64.u32 %o, %b;  add.s64 %g, %g, %o;
    ld.u32 %x, [%g];
    mov.u32 %a, dynamic;  add.u32 %a, %a, %b;
    ld.shared.u32 %a, [%a];
    add.u32 %x, %x, %a;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %x;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 64; ++t)
    EXPECT_EQ(run.out[t], 5 * (t ^ 1));
  EXPECT_EQ(run.report.statistics.sharedWriteBytes, 64u * 8);
}

TEST(Local, EachThreadHasItsOwn) {
  BodyRun run = runBody(R"(
    .local .align 8 .b8 depot[64];
    .reg .b64 %l, %g, %o; .reg .b32 %r, %s;
    mov.u64 %l, depot;
    cvta.local.u64 %g, %l;
    st.local.u32 [%l+8], %t;
    st.u32 [%g+12], 3;
    ld.u32 %r, [%g+8];
    ld.local.u32 %s, [%l+12];
    mad.lo.u32 %r, %r, 10, %s;
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.global.u32 [%o], %r;
  )");
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], 10 * t + 3);
  EXPECT_GT(run.report.statistics.localBytes, 0u);
}

TEST(Generic, LanesInDifferentWindows) {
  BodyOptions options;
  options.in = {77};
  options.before = ".shared .align 4 .u32 word;\n";
  BodyRun run = runBody(R"(
    .local .align 4 .u32 own;
    .reg .b64 %a, %b, %c, %o; .reg .b32 %r; .reg .pred %p, %q;
    st.shared.u32 [word], 11;  st.local.u32 [own], %t;
    mov.u64 %a, word;  cvta.shared.u64 %a, %a;
    mov.u64 %b, own;   cvta.local.u64 %b, %b;
    setp.lt.u32 %p, %t, 10;  setp.lt.u32 %q, %t, 20;
    selp.b64 %c, %b, %in, %q;  selp.b64 %c, %a, %c, %p;
    ld.u32 %r, [%c];
    mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
    st.u32 [%o], %r;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t t = 0; t < 32; ++t)
    EXPECT_EQ(run.out[t], t < 10 ? 11 : t < 20 ? t : 77);
}

TEST(Generic, Isspacep) {
  BodyOptions options;
  options.before = ".shared .align 4 .u32 word;\n.const .align 4 .u32 fixed = 5;\n";
  options.outWords = 5;
  BodyRun run = runBody(R"(
    .reg .b64 %a; .reg .b32 %r; .reg .pred %p, %q, %z;
    setp.ne.u32 %z, %t, 0;
    @%z exit;
    mov.u64 %a, word;  cvta.shared.u64 %a, %a;
    isspacep.shared %p, %a;  isspacep.global %q, %a;
    selp.u32 %r, 1, 0, %p;  @%q add.u32 %r, %r, 10;  st.global.u32 [%out], %r;
    isspacep.shared %p, %out;  isspacep.global %q, %out;
    selp.u32 %r, 1, 0, %p;  @%q add.u32 %r, %r, 10;  st.global.u32 [%out+4], %r;
    mov.u64 %a, fixed;  cvta.const.u64 %a, %a;
    isspacep.const %p, %a;  selp.u32 %r, 1, 0, %p;  st.global.u32 [%out+8], %r;
    isspacep.local %p, %a;  selp.u32 %r, 1, 0, %p;  st.global.u32 [%out+12], %r;
    ld.const.u32 %r, [fixed];  st.global.u32 [%out+16], %r;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out, (std::vector<uint32_t>{1, 10, 1, 0, 5}));
}

TEST(ModuleVariables, KeepTheirValuesBetweenLaunches) {
  LoadedKernel loaded = loadKernel(header() + R"(
.global .align 4 .u32 counter = 40;
.global .align 8 .u64 pointer[2] = {0, counter+0};
.visible .entry test(.param .u64 out) {
  .reg .b64 %p, %o; .reg .b32 %r;
  ld.param.u64 %o, [out];
  ld.global.u64 %p, [pointer+8];
  ld.global.u32 %r, [%p];
  add.u32 %r, %r, 1;
  st.global.u32 [counter], %r;
  st.global.u32 [%o], %r;
  ret;
})");
  ASSERT_TRUE(loaded);
  Memory memory;
  uint64_t out = allocate(memory, 4);
  for (uint32_t i = 1; i < 4; ++i) {
    Report report = launch(*loaded.kernel, memory, {{1}, {1}}, Arguments().add(out));
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(download<uint32_t>(memory, out, 1)[0], 40 + i);
  }
}

TEST(Parameters, StructsAndAddresses) {
  LoadedKernel loaded = loadKernel(header() + R"(
.visible .entry test(.param .u64 out, .param .align 8 .b8 values[24], .param .u8 small, .param .f32 real) {
  .reg .b64 %o, %a, %x; .reg .b32 %r, %i; .reg .f32 %f; .reg .b16 %h;
  ld.param.u64 %o, [out];
  ld.param.u32 %r, [values+16];   st.global.u32 [%o], %r;
  ld.param.u8 %h, [small];        cvt.u32.u16 %r, %h;  st.global.u32 [%o+4], %r;
  ld.param.f32 %f, [real];        st.global.f32 [%o+8], %f;
  mov.b64 %a, values;             cvta.param.u64 %a, %a;
  ld.u64 %x, [%a+8];              st.global.u64 [%o+16], %x;
  mov.b64 %a, values;             ld.param.u32 %r, [%a+20];  st.global.u32 [%o+12], %r;
  ret;
})");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded.kernel->info().parameters.size(), 4u);
  EXPECT_EQ(loaded.kernel->info().parameters[3].offset, 36u);
  struct {
    uint64_t a = 1, b = 0x1122334455667788ull;
    uint32_t c = 33, d = 44;
  } values;
  Memory memory;
  uint64_t out = upload(memory, std::vector<uint32_t>(6));
  Report report =
      launch(*loaded.kernel, memory, {{1}, {1}}, Arguments().add(out).add(values).add(uint8_t(200)).add(1.5f));
  ASSERT_TRUE(report.status) << report.status.message();
  EXPECT_EQ(download<uint32_t>(memory, out, 6),
            (std::vector<uint32_t>{33, 200, bits(1.5f), 44, 0x55667788, 0x11223344}));
}

} // namespace thrift::sim::test
