//===- MatrixBytesTest.cpp - ldmatrix and stmatrix of 8-bit elements --------===//
//
// m8n16, m16n16 and m16n8 with all source formats, and generic addresses. Rows are scattered over shared memory.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

namespace {

/// Row i of 16 bytes lies at place 7 i % 32, so that addresses are not ascending.
uint32_t placeOf(uint32_t row) { return 7 * row % 32; }

/// 512 bytes of input to shared memory; %a = address of this lane's row, %g the same as a generic address.
const char *const kFill = R"(
    .reg .b32 %a, %s, %r<4>; .reg .b64 %g, %o;
    mul.wide.u32 %g, %t, 16;  add.s64 %g, %in, %g;
    ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%g];
    shl.b32 %s, %t, 4;  mov.u32 %a, memory;  add.u32 %s, %s, %a;
    st.shared.v4.b32 [%s], {%r0, %r1, %r2, %r3};
    bar.sync 0;
    mul.lo.u32 %s, %t, 7;  and.b32 %s, %s, 31;  shl.b32 %s, %s, 4;  add.u32 %a, %a, %s;
    cvt.u64.u32 %g, %a;  cvta.shared.u64 %g, %g;
    mul.wide.u32 %o, %t, 16;  add.s64 %o, %out, %o;
    mov.b32 %r0, 0;  mov.b32 %r1, 0;  mov.b32 %r2, 0;  mov.b32 %r3, 0;
)";
const char *const kKeep = "st.global.v4.b32 [%o], {%r0, %r1, %r2, %r3};";

BodyOptions withShared() {
  BodyOptions options;
  options.before = ".shared .align 16 .b8 memory[1024];\n";
  options.outWords = 32 * 4;
  options.in = integers<uint32_t>(128, 5);
  return options;
}

std::string registers(uint32_t count) {
  return count == 1 ? "{%r0}" : count == 2 ? "{%r0, %r1}" : "{%r0, %r1, %r2, %r3}";
}

/// Element `column` of row `row`, `width` bits wide, of the input.
uint32_t elementOf(const std::vector<uint32_t> &in, uint32_t row, uint32_t column, uint32_t width) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < width; ++i) {
    uint32_t bit = 128 * placeOf(row) + width * column + i;
    value |= (in[bit / 32] >> bit % 32 & 1) << i;
  }
  return value;
}

struct Format {
  const char *name;
  uint32_t width;
};
constexpr Format kFormats[] = {{"b8", 8}, {"b8x16.b6x16_p32", 6}, {"b8x16.b4x16_p64", 4}};
constexpr const char *kSpaces[] = {".shared", ".shared::cta", ""};

} // namespace

TEST(MatrixBytes, LoadsRowsOfSixteen) {
  for (const Format &format : {kFormats[1], kFormats[2]})
    for (const char *space : kSpaces)
      for (uint32_t count : {1u, 2u, 4u}) {
        std::string instruction = "ldmatrix.sync.aligned.m8n16.x" + std::to_string(count) + space + "." + format.name;
        BodyOptions options = withShared();
        BodyRun run = runBody(std::string(kFill) + instruction + " " + registers(count) + ", [" +
                                  (*space ? "%a" : "%g") + "];" + kKeep,
                              options);
        ASSERT_TRUE(run.report.status) << run.report.status.message();
        for (uint32_t lane = 0; lane < 32; ++lane)
          for (uint32_t matrix = 0; matrix < count; ++matrix)
            for (uint32_t j = 0; j < 4; ++j)
              ASSERT_EQ(run.out[4 * lane + matrix] >> 8 * j & 0xFF,
                        elementOf(options.in, 8 * matrix + lane / 4, lane % 4 * 4 + j, format.width))
                  << instruction << " lane " << lane;
      }
}

TEST(MatrixBytes, LoadsColumnsOfSixteen) {
  for (const Format &format : kFormats)
    for (const char *space : kSpaces)
      for (uint32_t count : {1u, 2u}) {
        std::string instruction =
            "ldmatrix.sync.aligned.m16n16.x" + std::to_string(count) + ".trans" + space + "." + format.name;
        BodyOptions options = withShared();
        BodyRun run = runBody(std::string(kFill) + instruction + " " + registers(2 * count) + ", [" +
                                  (*space ? "%a" : "%g") + "];" + kKeep,
                              options);
        ASSERT_TRUE(run.report.status) << run.report.status.message();
        // As B of m16n8k32 wants it: a register holds four neighbours along k, which are four rows.
        for (uint32_t lane = 0; lane < 32; ++lane)
          for (uint32_t r = 0; r < 2 * count; ++r)
            for (uint32_t j = 0; j < 4; ++j)
              ASSERT_EQ(run.out[4 * lane + r] >> 8 * j & 0xFF,
                        elementOf(options.in, 16 * (r / 2) + lane % 4 * 4 + j, lane / 4 + 8 * (r % 2), format.width))
                  << instruction << " lane " << lane;
      }
}

TEST(MatrixBytes, StoresAccumulatorsTransposed) {
  for (const char *space : kSpaces)
    for (uint32_t count : {1u, 2u, 4u}) {
      std::string instruction = "stmatrix.sync.aligned.m16n8.x" + std::to_string(count) + ".trans" + space + ".b8";
      BodyOptions options = withShared();
      std::string target = *space ? "[%a+512]" : "[%g+512]";
      BodyRun run =
          runBody(std::string(kFill) + ".reg .pred %p; ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%a]; " + instruction +
                      " " + target + ", " + registers(count) + "; bar.sync 0; setp.lt.u32 %p, %t, " +
                      std::to_string(8 * count) + "; @%p ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%a+512];" + kKeep,
                  options);
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      // Element (m, n) of the m16n8 accumulators: c0 c1 in row lane / 4, c2 c3 eight rows further.
      for (uint32_t matrix = 0; matrix < count; ++matrix)
        for (uint32_t m = 0; m < 16; ++m)
          for (uint32_t n = 0; n < 8; ++n) {
            uint32_t lane = m % 8 * 4 + n / 2, byte = n % 2 + 2 * (m / 8);
            uint32_t row = 8 * matrix + n;
            ASSERT_EQ(run.out[4 * row + m / 4] >> 8 * (m % 4) & 0xFF,
                      options.in[4 * placeOf(lane) + matrix] >> 8 * byte & 0xFF)
                << instruction << " matrix " << matrix << " element " << m << ", " << n;
          }
    }
}

TEST(MatrixBytes, GenericAddressesOfPlainMatrices) {
  BodyOptions options = withShared();
  BodyRun run = runBody(std::string(kFill) + R"(
      ldmatrix.sync.aligned.m8n8.x4.b16 {%r0, %r1, %r2, %r3}, [%g];
      stmatrix.sync.aligned.m8n8.x4.b16 [%g+512], {%r0, %r1, %r2, %r3};
      bar.sync 0;
      ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%a+512];)" +
                            kKeep,
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t row = 0; row < 32; ++row)
    for (uint32_t word = 0; word < 4; ++word)
      ASSERT_EQ(run.out[4 * row + word], options.in[4 * placeOf(row) + word]);
}

TEST(MatrixBytes, WhatMayGoWrong) {
  const std::string load4 = "ldmatrix.sync.aligned.m8n16.x1.shared.b8x16.b4x16_p64 {%r0}, ";
  const std::string load6 = "ldmatrix.sync.aligned.m8n16.x1.shared.b8x16.b6x16_p32 {%r0}, ";
  // The unused end of a row may be unwritten, its elements may not.
  std::string half = std::string(kFill) + "st.shared.v2.b32 [%a+512], {%r0, %r1}; bar.sync 0;";
  EXPECT_TRUE(runBody(half + load4 + "[%a+512];", withShared()).report.status);
  expectError(half + load6 + "[%a+512];", Check::Uninitialized, withShared());
  expectError(std::string(kFill) + load4 + "[%a+8];", Check::Misaligned, withShared());
  // 16x16 takes sixteen addresses a matrix.
  std::string bad = std::string(kFill) + ".reg .pred %p; setp.eq.u32 %p, %t, 15; @%p mov.b32 %a, 4096;";
  EXPECT_TRUE(runBody(bad + load4 + "[%a];", withShared()).report.status);
  Finding finding = expectError(bad + "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r0, %r1}, [%a];",
                                Check::OutOfBounds, withShared());
  EXPECT_EQ(finding.lane, 15);
  finding = expectError(std::string(kFill) + ".reg .pred %p; setp.eq.u32 %p, %t, 3; @%p mov.b64 %g, %in;" +
                            "ldmatrix.sync.aligned.m8n8.x1.b16 {%r0}, [%g];",
                        Check::BadOperand, withShared());
  EXPECT_EQ(finding.lane, 3);
  EXPECT_NE(finding.message.find("not one of shared memory"), std::string::npos) << finding.message;
}

TEST(MatrixBytes, WhatTheIsaDoesNotList) {
  auto rejected = [](const std::string &instruction) {
    return loadError(header() + ".visible .entry test() {\n.reg .b32 %r<9>; .reg .b64 %d<2>;\n" + instruction +
                     "\nret;\n}\n");
  };
  EXPECT_EQ(rejected("ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r1, %r2}, [%r0];"), "");
  for (const char *instruction : {
           "ldmatrix.sync.aligned.m16n16.x1.shared.b8 {%r1, %r2}, [%r0];",
           "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b16 {%r1, %r2}, [%r0];",
           "ldmatrix.sync.aligned.m16n16.x4.trans.shared.b8 {%r1, %r2, %r3, %r4}, [%r0];",
           "ldmatrix.sync.aligned.m8n16.x1.shared.b8 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n16.x1.trans.shared.b8x16.b4x16_p64 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n16.x1.shared.b4x16_p64 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n16.x1.shared.b8x16 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m16n8.x1.trans.shared.b8 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n8.x1.shared.b8 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n8.x1.global.b16 {%r1}, [%d0];",
           "ldmatrix.sync.aligned.m8n8.x1.shared::cluster.b16 {%r1}, [%r0];",
           "ldmatrix.sync.aligned.m8n8.x1.shared.b16 %r1, [%r0];",
           "stmatrix.sync.aligned.m16n8.x1.shared.b8 [%r0], {%r1};",
           "stmatrix.sync.aligned.m16n16.x1.trans.shared.b8 [%r0], {%r1, %r2};",
           "stmatrix.sync.aligned.m16n8.x1.trans.shared.b8x16.b4x16_p64 [%r0], {%r1};",
       })
    EXPECT_NE(rejected(instruction), "") << instruction;
}

} // namespace thrift::sim::test
