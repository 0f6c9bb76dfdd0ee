//===- MatrixTest.cpp - ldmatrix stmatrix movmatrix mma ---------------------===//

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/MmaReference.h"
#include "tests/sim/SimHarness.h"

#include <numeric>

namespace thrift::sim::test {

static BodyOptions withShared() {
  BodyOptions options;
  options.before = ".shared .align 16 .b8 memory[2048];\n";
  options.outWords = 32 * 4;
  // Element i of shared memory, 16 bits, is i.
  options.in.resize(256);
  for (uint32_t i = 0; i < 256; ++i)
    options.in[i] = 2 * i | (2 * i + 1) << 16;
  return options;
}

/// Copies the input to shared memory; %a = address of row %t of 16 bytes.
static const char *const kFill = R"(
    .reg .b32 %a, %s, %r<4>; .reg .b64 %g, %o;
    mul.wide.u32 %g, %t, 32;  add.s64 %g, %in, %g;
    mov.u32 %s, memory;  shl.b32 %a, %t, 5;  add.u32 %s, %s, %a;
    ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%g];      st.shared.v4.b32 [%s], {%r0, %r1, %r2, %r3};
    ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%g+16];   st.shared.v4.b32 [%s+16], {%r0, %r1, %r2, %r3};
    bar.sync 0;
    mov.u32 %a, memory;  shl.b32 %s, %t, 4;  add.u32 %a, %a, %s;
    mul.wide.u32 %o, %t, 16;  add.s64 %o, %out, %o;
    mov.b32 %r0, 0;  mov.b32 %r1, 0;  mov.b32 %r2, 0;  mov.b32 %r3, 0;
)";
static const char *const kKeep = "st.global.v4.b32 [%o], {%r0, %r1, %r2, %r3};";

TEST(Ldmatrix, RowsAndColumns) {
  for (bool transposed : {false, true})
    for (unsigned count : {1u, 2u, 4u}) {
      std::string registers = count == 1 ? "{%r0}" : count == 2 ? "{%r0, %r1}" : "{%r0, %r1, %r2, %r3}";
      BodyRun run = runBody(std::string(kFill) + "ldmatrix.sync.aligned.m8n8.x" + std::to_string(count) +
                                (transposed ? ".trans" : "") + ".shared.b16 " + registers + ", [%a];" + kKeep,
                            withShared());
      ASSERT_TRUE(run.report.status) << run.report.status.message();
      for (uint32_t lane = 0; lane < 32; ++lane)
        for (uint32_t matrix = 0; matrix < count; ++matrix) {
          // Row i of matrix m begins at element 8 (8 m + i).
          auto element = [&](uint32_t row, uint32_t column) { return 8 * (8 * matrix + row) + column; };
          uint32_t row = lane / 4, column = lane % 4 * 2;
          uint32_t expected = transposed ? element(column, row) | element(column + 1, row) << 16
                                         : element(row, column) | element(row, column + 1) << 16;
          ASSERT_EQ(run.out[4 * lane + matrix], expected) << "lane " << lane << " matrix " << matrix;
        }
    }
}

TEST(Ldmatrix, ChecksRows) {
  expectError(std::string(kFill) + "add.u32 %a, %a, 8; ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%a];",
              Check::Misaligned, withShared());
  Finding finding = expectError(
      std::string(kFill) + "add.u32 %a, %a, 1808; ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0,%r1,%r2,%r3}, [%a];",
      Check::OutOfBounds, withShared());
  EXPECT_EQ(finding.lane, 15);
  expectError(std::string(kFill) + "add.u32 %a, %a, 960; ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%a];",
              Check::Uninitialized, withShared());
}

TEST(Ldmatrix, OnlyTheLanesOfItsRowsNeedAddresses) {
  BodyRun run = runBody(std::string(kFill) + R"(
    .reg .pred %p;
    setp.ge.u32 %p, %t, 8;
    @%p mov.b32 %a, 3;
    ldmatrix.sync.aligned.m8n8.x1.shared::cta.b16 {%r0}, [%a];)" +
                            kKeep,
                        withShared());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
}

TEST(Stmatrix, IsTheInverseOfLdmatrix) {
  for (std::string suffix : {"", ".trans"}) {
    BodyRun run = runBody(std::string(kFill) + R"(
      ldmatrix.sync.aligned.m8n8.x4)" +
                              suffix + R"(.shared.b16 {%r0, %r1, %r2, %r3}, [%a];
      stmatrix.sync.aligned.m8n8.x4)" +
                              suffix + R"(.shared.b16 [%a+1024], {%r3, %r1, %r2, %r0};
      bar.sync 0;
      ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%a+1024];)" +
                              kKeep,
                          withShared());
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    for (uint32_t row = 0; row < 32; ++row) {
      uint32_t source = row < 8 ? row + 24 : row >= 24 ? row - 24 : row; // matrices 0 and 3 are swapped
      for (uint32_t word = 0; word < 4; ++word)
        ASSERT_EQ(run.out[4 * row + word], (8 * source + 2 * word) | (8 * source + 2 * word + 1) << 16);
    }
  }
}

TEST(Movmatrix, Transposes) {
  BodyRun run = runBody(std::string(kFill) + R"(
    ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%a];
    ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r1}, [%a];
    movmatrix.sync.aligned.m8n8.trans.b16 %r2, %r0;)" +
                            std::string(kKeep),
                        withShared());
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(run.out[4 * lane + 1], run.out[4 * lane + 2]);
}

//===----------------------------------------------------------------------===//
// mma.sync
//===----------------------------------------------------------------------===//

/// One form of mma, described independently of the simulator: which element each register of each lane holds.
struct MmaCase {
  std::string shape, types; ///< "m16n8k16", "f32.f16.f16.f32"
  int k;
  int bits; ///< of an element of A and B
  MmaElement a, b;
  MmaModel model;
  bool f16Accumulator;
  std::string target = "sm_100a";
};

/// Codes that are finite in every format, of both signs.
static uint32_t randomCode(MmaElement element, std::mt19937 &random) {
  auto word = static_cast<uint32_t>(random());
  switch (element) {
  case MmaElement::F16:
    return (word & 0x83FF) | (10 + (word >> 16) % 10) << 10;
  case MmaElement::BF16:
    return (word & 0x807F) | (120 + (word >> 16) % 12) << 7;
  case MmaElement::TF32:
    return (word & 0x807FFFFF) | (120 + (word >> 23) % 12) << 23;
  case MmaElement::E4M3:
    return (word & 0x7F) == 0x7F ? word & 0x80 : word & 0xFF;
  default: // E5M2
    return (word & 0x7C) == 0x7C ? word & 0x83 : word & 0xFF;
  }
}

/// sm_90 and sm_100: products with k % 4 < 2 from zero, then those with k % 4 >= 2, then C by a rounded addition.
static float emulatedBytes(const MmaCase &form, const std::vector<float> &a, const std::vector<float> &b, float c) {
  float sum = 0;
  for (int half = 0; half < 2; ++half) {
    std::vector<float> left, right;
    for (size_t k = 0; k < a.size(); ++k)
      if (static_cast<int>(k % 4 / 2) == half) {
        left.push_back(a[k]);
        right.push_back(b[k]);
      }
    sum = dotReference(form.model, form.k / 2, {MmaElement::F16, left.data()}, {MmaElement::F16, right.data()}, sum);
  }
  return c + sum;
}

static void checkMma(const MmaCase &form) {
  int perRegister = 32 / form.bits, aRegisters = 16 * form.k / 32 / perRegister, bRegisters = aRegisters / 2;
  int accumulators = form.f16Accumulator ? 2 : 4;
  std::mt19937 random(7);
  std::vector<std::vector<uint32_t>> a(16, std::vector<uint32_t>(form.k)), b(form.k, std::vector<uint32_t>(8));
  std::vector<std::vector<float>> c(16, std::vector<float>(8));
  for (auto &row : a)
    for (uint32_t &code : row)
      code = randomCode(form.a, random);
  for (auto &row : b)
    for (uint32_t &code : row)
      code = randomCode(form.b, random);
  for (auto &row : c)
    for (float &x : row)
      x = f32FromF16(f16FromF32(static_cast<float>(random() % 2001) / 500 - 2));

  // Fragments as the figures of the ISA show them: groupID = lane / 4, threadID_in_group = lane % 4.
  std::vector<uint32_t> in(32 * 16);
  for (int lane = 0; lane < 32; ++lane) {
    int group = lane / 4, thread = lane % 4;
    uint32_t *words = &in[static_cast<size_t>(lane) * 16];
    for (int r = 0; r < aRegisters; ++r)
      for (int i = 0; i < perRegister; ++i) {
        int row = r % 2 == 0 ? group : group + 8;
        int column = thread * perRegister + i + (r >= 2 ? 4 * perRegister : 0);
        words[r] |= a[row][column] << (form.bits * i % 32);
      }
    for (int r = 0; r < bRegisters; ++r)
      for (int i = 0; i < perRegister; ++i)
        words[4 + r] |= b[thread * perRegister + i + 4 * perRegister * r][group] << (form.bits * i % 32);
    for (int i = 0; i < 4; ++i) {
      float value = c[i < 2 ? group : group + 8][thread * 2 + i % 2];
      if (form.f16Accumulator)
        words[8 + i / 2] |= uint32_t(f16FromF32(value)) << (16 * (i % 2));
      else
        words[8 + i] = bits(value);
    }
  }
  auto list = [](const char *name, int count) {
    std::string text = "{";
    for (int i = 0; i < count; ++i)
      text += (i ? ", " : "") + std::string(name) + std::to_string(i);
    return text + "}";
  };
  BodyOptions options;
  options.in = in;
  options.outWords = 128;
  options.target = form.target;
  BodyRun run = runBody(R"(
    .reg .b32 %a<4>, %b<4>, %c<4>, %d<4>; .reg .b64 %g, %o;
    mul.wide.u32 %g, %t, 64;  add.s64 %g, %in, %g;
    ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%g];
    ld.global.v4.b32 {%b0, %b1, %b2, %b3}, [%g+16];
    ld.global.v4.b32 {%c0, %c1, %c2, %c3}, [%g+32];
    mov.b32 %d2, 0;  mov.b32 %d3, 0;
    mma.sync.aligned.)" + form.shape +
                            ".row.col." + form.types + " " + list("%d", accumulators) + ", " + list("%a", aRegisters) +
                            ", " + list("%b", bRegisters) + ", " + list("%c", accumulators) + R"(;
    mul.wide.u32 %o, %t, 16;  add.s64 %o, %out, %o;
    st.global.v4.b32 [%o], {%d0, %d1, %d2, %d3};
  )",
                        options);
  ASSERT_TRUE(run.report.status) << run.report.status.message();

  // The reference model, one output at a time.
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      int row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
      std::vector<float> left(form.k), right(form.k);
      for (int k = 0; k < form.k; ++k) {
        left[k] = widenElement(form.a, a[row][k]);
        right[k] = widenElement(form.b, b[k][column]);
      }
      float expected =
          form.target != "sm_120a" && form.bits == 8
              ? emulatedBytes(form, left, right, c[row][column])
              : dotReference(form.model, form.k, {form.a, left.data()}, {form.b, right.data()}, c[row][column]);
      const uint32_t *out = &run.out[static_cast<size_t>(lane) * 4];
      uint32_t got = form.f16Accumulator ? out[i / 2] >> (16 * (i % 2)) & 0xFFFF : out[i];
      ASSERT_EQ(got, form.f16Accumulator ? f16FromF32(expected) : bits(expected))
          << form.shape << "." << form.types << " lane " << lane << " c" << i;
    }
  EXPECT_EQ(run.report.statistics.mmaMacs, 16u * 8 * static_cast<unsigned>(form.k));
}

TEST(MmaSync, SixteenBitTypes) {
  checkMma({"m16n8k16", "f32.f16.f16.f32", 16, 16, MmaElement::F16, MmaElement::F16, kMmaF16, false});
  checkMma({"m16n8k8", "f32.f16.f16.f32", 8, 16, MmaElement::F16, MmaElement::F16, kMmaF16, false});
  checkMma({"m16n8k16", "f16.f16.f16.f16", 16, 16, MmaElement::F16, MmaElement::F16, kMmaF16ToF16, true});
  checkMma({"m16n8k8", "f16.f16.f16.f16", 8, 16, MmaElement::F16, MmaElement::F16, kMmaF16ToF16, true});
  checkMma({"m16n8k16", "f32.bf16.bf16.f32", 16, 16, MmaElement::BF16, MmaElement::BF16, kMmaF16, false});
  checkMma({"m16n8k8", "f32.bf16.bf16.f32", 8, 16, MmaElement::BF16, MmaElement::BF16, kMmaF16, false});
}

TEST(MmaSync, Tf32) {
  checkMma({"m16n8k8", "f32.tf32.tf32.f32", 8, 32, MmaElement::TF32, MmaElement::TF32, kMmaTf32, false});
  checkMma({"m16n8k4", "f32.tf32.tf32.f32", 4, 32, MmaElement::TF32, MmaElement::TF32, kMmaTf32, false});
}

TEST(MmaSync, EightBitTypes) {
  MmaModel toF32 = kMmaFp8, toF16 = kMmaFp8ToF16;
  checkMma({"m16n8k32", "f32.e4m3.e4m3.f32", 32, 8, MmaElement::E4M3, MmaElement::E4M3, toF32, false, "sm_120a"});
  checkMma({"m16n8k32", "f32.e4m3.e5m2.f32", 32, 8, MmaElement::E4M3, MmaElement::E5M2, toF32, false, "sm_120a"});
  checkMma({"m16n8k16", "f32.e5m2.e4m3.f32", 16, 8, MmaElement::E5M2, MmaElement::E4M3, toF32, false, "sm_120a"});
  checkMma({"m16n8k32", "f16.e4m3.e4m3.f16", 32, 8, MmaElement::E4M3, MmaElement::E4M3, toF16, true, "sm_120a"});
}

TEST(MmaSync, EightBitTypesOfDataCenterPartsAreTwoF16Products) {
  MmaModel toF32 = kMmaF16, toF16 = kMmaF16ToF16;
  for (const char *target : {"sm_90a", "sm_100a"}) {
    checkMma({"m16n8k32", "f32.e4m3.e4m3.f32", 32, 8, MmaElement::E4M3, MmaElement::E4M3, toF32, false, target});
    checkMma({"m16n8k32", "f32.e5m2.e4m3.f32", 32, 8, MmaElement::E5M2, MmaElement::E4M3, toF32, false, target});
    checkMma({"m16n8k16", "f32.e4m3.e4m3.f32", 16, 8, MmaElement::E4M3, MmaElement::E4M3, toF32, false, target});
    checkMma({"m16n8k32", "f16.e4m3.e5m2.f16", 32, 8, MmaElement::E4M3, MmaElement::E5M2, toF16, true, target});
  }
}

TEST(MmaSync, NeedsTheWholeWarp) {
  std::string code = R"(
    .reg .b32 %a<4>, %b<2>, %c<4>; .reg .pred %p;
    mov.b32 %a0, 0; mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0; mov.b32 %b0, 0; mov.b32 %b1, 0;
    mov.b32 %c0, 0; mov.b32 %c1, 0; mov.b32 %c2, 0; mov.b32 %c3, 0;
    setp.lt.u32 %p, %t, 16;
    @%p mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%c0,%c1,%c2,%c3}, {%a0,%a1,%a2,%a3}, {%b0,%b1}, {%c0,%c1,%c2,%c3};
    @!%p bar.sync 0;)";
  expectError(code, Check::DivergentAligned);
  BodyOptions half;
  half.threads = 16;
  expectError(code, Check::DivergentAligned, half);
}

} // namespace thrift::sim::test
