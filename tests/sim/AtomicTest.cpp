//===- AtomicTest.cpp - atom and red ----------------------------------------===//

#include "dialect/formats/Float16.h"
#include "tests/sim/SimHarness.h"

#include <algorithm>
#include <functional>

namespace thrift::sim::test {

/// Every lane applies the operation to one word; the words that the lanes saw come back, then the final word.
static void checkChain(const std::string &operation, uint32_t start, std::function<uint32_t(uint32_t, uint32_t)> step,
                       const std::string &operand = "%v") {
  for (std::string space : {"global", "shared"}) {
    BodyOptions options;
    options.outWords = 33;
    options.in.resize(32);
    for (uint32_t i = 0; i < 32; ++i)
      options.in[i] = i * 2654435761u >> 3;
    options.before = ".shared .align 8 .b8 place[8];\n.global .align 8 .b8 word[8];\n";
    std::string place = space == "global" ? "word" : "place";
    BodyRun run = runBody(R"(
      .reg .b32 %v, %r; .reg .b64 %o; .reg .pred %first;
      mul.wide.u32 %o, %t, 4;  add.s64 %o, %in, %o;
      ld.global.u32 %v, [%o];
      setp.eq.u32 %first, %t, 0;
      @%first st.)" + space + ".u32 [" +
                              place + "], " + std::to_string(start) + R"(;
      bar.warp.sync -1;
      atom.)" + space + "." + operation +
                              " %r, [" + place + "], " + operand + R"(;
      mul.wide.u32 %o, %t, 4;  add.s64 %o, %out, %o;
      st.global.u32 [%o], %r;
      ld.)" + space + ".u32 %r, [" +
                              place + R"(];
      st.global.u32 [%out+128], %r;
    )",
                          options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    uint32_t value = start;
    for (uint32_t i = 0; i < 32; ++i) { // ascending lanes
      EXPECT_EQ(run.out[i], value) << operation << " in " << space << " lane " << i;
      value = step(value, options.in[i]);
    }
    EXPECT_EQ(run.out[32], value) << operation << " in " << space;
  }
}

TEST(Atomic, Integers) {
  checkChain("add.u32", 5, [](uint32_t a, uint32_t b) { return a + b; });
  checkChain("and.b32", 0xFFFFFFF0u, [](uint32_t a, uint32_t b) { return a & b; });
  checkChain("or.b32", 1, [](uint32_t a, uint32_t b) { return a | b; });
  checkChain("xor.b32", 3, [](uint32_t a, uint32_t b) { return a ^ b; });
  checkChain("exch.b32", 3, [](uint32_t, uint32_t b) { return b; });
  checkChain("min.u32", 0x10000000, [](uint32_t a, uint32_t b) { return std::min(a, b); });
  checkChain("max.u32", 7, [](uint32_t a, uint32_t b) { return std::max(a, b); });
  checkChain("min.s32", 0x80000010u, [](uint32_t a, uint32_t b) { return int32_t(a) < int32_t(b) ? a : b; });
  checkChain("max.s32", 0x80000010u, [](uint32_t a, uint32_t b) { return int32_t(a) > int32_t(b) ? a : b; });
  checkChain(
      "inc.u32", 3, [](uint32_t a, uint32_t) { return a >= 9 ? 0 : a + 1; }, "9");
  checkChain(
      "dec.u32", 3, [](uint32_t a, uint32_t) { return a == 0 || a > 9 ? 9 : a - 1; }, "9");
  checkChain(
      "cas.b32", 5, [](uint32_t a, uint32_t b) { return a == 5 ? b : a; }, "5, %v");
  checkChain("acq_rel.gpu.add.u32", 5, [](uint32_t a, uint32_t b) { return a + b; });
}

TEST(Atomic, Floats) {
  checkChain(
      "add.f32", bits(1.5f), [](uint32_t a, uint32_t) { return bits(f32(a) + 0.1f); }, "0f3DCCCCCD");
}

TEST(Atomic, GlobalFloatAddFlushesSubnormals) {
  BodyOptions options;
  options.threads = 1;
  options.outWords = 1;
  options.before = ".shared .align 4 .b32 word;\n";
  BodyRun run = runBody("red.global.add.f32 [%out], 0f00000001;", options);
  EXPECT_EQ(run.out[0], 0u);
  run = runBody(R"(.reg .b32 %r;
    st.shared.u32 [word], 0;
    red.shared.add.f32 [word], 0f00000001;
    ld.shared.u32 %r, [word];
    st.global.u32 [%out], %r;)",
                options);
  EXPECT_EQ(run.out[0], 1u);
}

TEST(Atomic, WideReductionsAddUp) {
  BodyOptions options;
  options.threads = 64;
  options.outWords = 12;
  BodyRun run = runBody(R"(
    .reg .b64 %w, %d; .reg .b32 %h; .reg .b16 %s;
    cvt.u64.u32 %w, %t;
    red.global.add.u64 [%out], %w;
    atom.global.max.s64 %d, [%out+8], %w;
    cvt.rn.f64.s64 %d, %w;
    red.global.add.f64 [%out+16], %d;
    red.global.add.v2.f32 [%out+24], {0f3F000000, 0f3E800000};
    mov.b32 %h, 0x40003C00;
    red.global.add.noftz.f16x2 [%out+32], %h;
    red.relaxed.gpu.global.or.b32 [%out+36], %t;
    mov.b16 %s, 0x3F80;
    atom.global.add.noftz.bf16 %s, [%out+40], %s;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out[0], 64u * 63 / 2);
  EXPECT_EQ(run.out[2], 63u);
  EXPECT_EQ(run.out[4] | uint64_t(run.out[5]) << 32, bits(2016.0));
  EXPECT_EQ(run.out[6], bits(32.0f));
  EXPECT_EQ(run.out[7], bits(16.0f));
  EXPECT_EQ(run.out[8], uint32_t(f16FromF32(64)) | uint32_t(f16FromF32(128)) << 16);
  EXPECT_EQ(run.out[9], 63u);
  EXPECT_EQ(run.out[10], uint32_t(bf16FromF32(64)));
}

/// One lane, one vector: words before, operand, expected words after. The result must be what was there.
static void checkVector(const std::string &opcode, unsigned registerBits, const std::vector<uint32_t> &before,
                        const std::vector<uint32_t> &operand, const std::vector<uint32_t> &after) {
  size_t words = before.size();
  unsigned count = static_cast<unsigned>(32 * words / registerBits);
  auto vector = [&](const std::string &name) {
    std::string text = "{";
    for (unsigned i = 0; i < count; ++i)
      text += (i ? ", %" : "%") + name + std::to_string(i);
    return text + "}";
  };
  std::string type = registerBits == 16 ? "b16" : "b32", load = ".reg ." + type + " %a<8>, %b<8>, %old<8>;", store;
  for (unsigned i = 0; i < count; ++i) {
    std::string at = std::to_string(registerBits / 8 * i);
    load += "ld.global." + type + " %a" + std::to_string(i) + ", [%in+" + at + "];";
    load += "ld.global." + type + " %b" + std::to_string(i) + ", [%in+" + std::to_string(4 * words) + "+" + at + "];";
    load += "st.global." + type + " [%out+" + at + "], %a" + std::to_string(i) + ";";
    store +=
        "st.global." + type + " [%out+" + std::to_string(4 * words) + "+" + at + "], %old" + std::to_string(i) + ";";
  }
  BodyOptions options;
  options.threads = 1;
  options.in = before;
  options.in.insert(options.in.end(), operand.begin(), operand.end());
  options.outWords = 2 * words;
  for (const char *space : {".global", ""}) {
    std::string tail = space + opcode;
    BodyRun run =
        runBody(load + "atom" + tail + " " + vector("old") + ", [%out], " + vector("b") + ";" + store, options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    std::vector<uint32_t> expected = after;
    expected.insert(expected.end(), before.begin(), before.end());
    EXPECT_EQ(run.out, expected) << opcode;
    run = runBody(load + "red" + tail + " [%out], " + vector("b") + ";", options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    expected.resize(words);
    run.out.resize(words);
    EXPECT_EQ(run.out, expected) << opcode;
  }
}

TEST(Atomic, Vectors) {
  checkVector(".add.v2.f32", 32, {bits(1.0f), bits(2.0f)}, {bits(0.5f), bits(-3.0f)}, {bits(1.5f), bits(-1.0f)});
  checkVector(".add.v4.f32", 32, {0, 1, bits(1.0f), 0x7F800000}, {0, 1, bits(2.0f), 0xFF800000},
              {0, 0, bits(3.0f), 0x7FFFFFFF}); // subnormals are flushed
  checkVector(".add.noftz.v2.f16", 16, {0x3C000001}, {0x40000001}, {0x42000002});
  checkVector(".add.noftz.v2.bf16x2", 32, {0x3F804000, 0x00010000}, {0x40003F80, 0x00010000}, {0x40404040, 0x00020000});
  // A number wins against a NaN; -0 is less than +0.
  checkVector(".min.noftz.v4.f16", 16, {0x3C00BC00, 0x80007E00}, {0x40003C00, 0x00007E00}, {0x3C00BC00, 0x80007FFF});
  checkVector(".max.noftz.v8.bf16", 16, {0x3F80BF80, 0x80007FC0, 0xFF800001, 0x7F80FF80},
              {0x40003F80, 0x00003F80, 0x00010002, 0xFF807F80}, {0x40003F80, 0x00003F80, 0x00010002, 0x7F807F80});
  checkVector(".max.noftz.v4.f16x2", 32, {0x3C00BC00, 1, 2, 3}, {0x40003C00, 0, 5, 0x8003}, {0x40003C00, 1, 5, 3});
}

TEST(Atomic, VectorsMustBeInGlobalMemory) {
  BodyOptions options;
  options.before = ".shared .align 8 .b32 place[2];\n";
  Finding finding = expectError(R"(
    .reg .b64 %g; .reg .b32 %z;
    mov.b32 %z, 0; st.shared.v2.b32 [place], {%z, %z}; bar.warp.sync -1;
    mov.u64 %g, place; cvta.shared.u64 %g, %g;
    red.add.v2.f32 [%g], {%z, %z};)",
                                Check::BadOperand, options);
  EXPECT_NE(finding.message.find("global memory"), std::string::npos);
}

TEST(Atomic, WhatTheIsaDoesNotList) {
  auto rejected = [](const std::string &line) {
    return loadError(header() + ".visible .entry test() {\n.reg .b32 %r<9>; .reg .b64 %d<9>; .reg .b16 %h<9>;\n" +
                     line + "\nret;\n}\n");
  };
  EXPECT_EQ(rejected("atom.global.cas.b64 %d1, [%d0], %d2, %d3;"), "");
  for (const char *line : {
           "atom.global.cas.u32 %r1, [%d0], %r2, %r3;",
           "atom.global.add.s64 %d1, [%d0], %d2;",
           "atom.global.add.f16x2 %r1, [%d0], %r2;",
           "atom.global.min.noftz.f16 %h1, [%d0], %h2;",
           "atom.global.max.f32 %r1, [%d0], %r2;",
           "atom.global.add.v2.u32 {%r1, %r2}, [%d0], {%r3, %r4};",
           "red.shared.add.v2.f32 [%d0], {%r3, %r4};",
           "red.global.min.v2.f32 [%d0], {%r3, %r4};",
           "red.global.add.noftz.v8.f16x2 [%d0], {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8};",
           "red.global.exch.b32 [%d0], %r1;",
           "atom.local.add.u32 %r1, [%d0], %r2;",
       })
    EXPECT_NE(rejected(line), "") << line;
}

TEST(Atomic, AcrossCtasAndHostThreads) {
  BodyOptions options;
  options.threads = 128;
  options.ctas = 50;
  options.outWords = 2;
  options.options.threads = 4;
  BodyRun run = runBody(R"(
    .reg .b32 %r;
    atom.global.add.u32 %r, [%out], 1;
    red.global.max.u32 [%out+4], %r;
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.out, (std::vector<uint32_t>{6400, 6399}));
}

} // namespace thrift::sim::test
