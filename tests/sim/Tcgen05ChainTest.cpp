//===- Tcgen05ChainTest.cpp - tcgen05.mma in chains; forms that do not exist ---===//

#include "tests/sim/Tcgen05Harness.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/MmaReference.h"

namespace thrift::sim::test {

namespace {

/// A tile of attention: S = Q K^T over d = 128, as a chain of instructions that step through swizzled rows, then
/// P V with P in TMEM and V MN-major.
TEST(Tcgen05Chain, Attention) {
  constexpr uint32_t kTile = 128, kDepth = 128;
  std::mt19937_64 random(8);
  for (const Options &policy : allPolicies()) {
    TcgenProgram program;
    program.options = policy;
    program.tmem = randomTmem(random);
    program.shared.resize(128 * 1024);
    auto half = [&] { return static_cast<uint16_t>((random() & 0x83FF) | (8 + random() % 10) << 10); };
    std::vector<uint16_t> q(kTile * kDepth), k(kTile * kDepth), v(kTile * kDepth), p(kTile * kTile);
    for (auto *matrix : {&q, &k, &v, &p})
      for (uint16_t &code : *matrix)
        code = half();
    // Two atoms of 64 elements along d, for Q at 0, K at 32 KiB and V at 64 KiB; V has the same rows, used MN-major.
    auto put = [&](const std::vector<uint16_t> &matrix, uint32_t base) {
      for (uint32_t row = 0; row < kTile; ++row)
        for (uint32_t d = 0; d < kDepth; d += 8) {
          uint32_t address = base + d / 64 * 16384 + row * 128 + ((d % 64 / 8) ^ (row % 8)) * 16;
          std::memcpy(program.shared.data() + address, &matrix[row * kDepth + d], 16);
        }
    };
    put(q, 0), put(k, 32768), put(v, 65536);
    for (uint32_t row = 0; row < kTile; ++row)
      for (uint32_t key = 0; key < kTile; key += 2)
        cellOf(program.tmem, row, 256 + key / 2) = p[row * kTile + key] | uint32_t(p[row * kTile + key + 1]) << 16;

    auto descriptor = [](uint32_t address, uint32_t lbo, uint32_t sbo) {
      return std::to_string(uint64_t((kSharedData + address) >> 4) | uint64_t(lbo >> 4) << 16 |
                            uint64_t(sbo >> 4) << 32 | uint64_t(1) << 46 | uint64_t(2) << 61);
    };
    std::string core = "    mov.b32 %x0, 0x08200010;\n    mov.b32 %x1, 0x08210010;\n";
    for (uint32_t step = 0; step < kDepth / 16; ++step) {
      uint32_t offset = step / 4 * 16384 + step % 4 * 32;
      core += "    mov.b64 %d0, " + descriptor(offset, 16, 1024) + ";\n    mov.b64 %d1, " +
              descriptor(32768 + offset, 16, 1024) + ";\n    mov.b64 %d2, " +
              descriptor(65536 + step * 16 * 128, 16384, 1024) + ";\n    setp.ne.u32 %q, " + std::to_string(step) +
              ", 0;\n    tcgen05.mma.cta_group::1.kind::f16 [%tm], %d0, %d1, %x0, %q;\n" +
              "    tcgen05.mma.cta_group::1.kind::f16 [%tm+128], [%tm+" + std::to_string(256 + 8 * step) +
              "], %d2, %x1, %q;\n";
    }
    program.core = core;
    TcgenRun run = runTcgen(program);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty());
    auto wide = [](const std::vector<uint16_t> &codes) {
      std::vector<float> values(codes.size());
      for (size_t i = 0; i < codes.size(); ++i)
        values[i] = f32FromF16(codes[i]);
      return values;
    };
    std::vector<float> fq = wide(q), fk = wide(k), fv = wide(v), fp = wide(p);
    for (uint32_t row = 0; row < kTile; ++row)
      for (uint32_t column = 0; column < kTile; ++column) {
        float s = dotReference(kMmaF16, kDepth, {MmaElement::F16, &fq[row * kDepth]},
                               {MmaElement::F16, &fk[column * kDepth]}, 0);
        float o = dotReference(kMmaF16, kTile, {MmaElement::F16, &fp[row * kTile]},
                               {MmaElement::F16, &fv[column], kDepth}, 0);
        ASSERT_EQ(cellOf(run.tmem, row, column), bits(s));
        ASSERT_EQ(cellOf(run.tmem, row, 128 + column), bits(o));
      }
  }
}

TEST(Tcgen05Chain, RefusedAtDecode) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".entry test() { .reg .b32 %r<8>; .reg .b64 %rd<4>; .reg .pred %p;\n" + line +
                     "\nret; }");
  };
  auto contains = [&](const std::string &line, const std::string &text) {
    EXPECT_NE(error(line).find(text), std::string::npos) << line << ": " << error(line);
  };
  const std::string mma = "tcgen05.mma.cta_group::1.kind::", operands = " [%r0], %rd0, %rd1, %r1, ";
  EXPECT_EQ(error(mma + "f16" + operands + "%p;"), "");
  EXPECT_EQ(error(mma + "f16.collector::a::use" + operands + "{%r2, %r3, %r4, %r5}, %p, 3;"), "");
  EXPECT_EQ(error(mma + "mxf4nvf4.block_scale.scale_vec::4X" + operands + "[%r2], [%r3], %p;"), "");
  EXPECT_EQ(error(mma + "mxf8f6f4.block_scale [%r0], [%r1], %rd1, %r1, [%r2], [%r3], %p;"), "");
  contains(mma + "mxf8f6f4 [%r0], [%r1], %rd1, %r1, [%r2], [%r3], %p;", ".block_scale is missing");
  contains("tcgen05.mma.cta_group::2.kind::f16" + operands + "%p;", "cta_group::2");
  contains("tcgen05.mma.sp.cta_group::1.kind::f16 [%r0], %rd0, %rd1, [%r2], %r1, %p;", ".sp");
  contains("tcgen05.mma.ws.cta_group::1.kind::f16" + operands + "%p;", ".ws");
  contains(mma + "i8" + operands + "%p;", "kind::i8");
  contains(mma + "f16.ashift [%r0], [%r2], %rd1, %r1, %p;", ".ashift");
  contains(mma + "f8f6f4" + operands + "%p, 1;", "a scale of the input D");
  contains(mma + "f16" + operands + "%p, 16;", "allowed: 0 to 15");
  contains(mma + "mxf4nvf4.block_scale" + operands + "[%r2], [%r3], %p;", "needs a .scale_vec");
  contains(mma + "mxf4.block_scale.scale_vec::4X" + operands + "[%r2], [%r3], %p;", "does not exist for kind::mxf4");
  contains(mma + "mxf8f6f4.block_scale.block16" + operands + "[%r2], [%r3], %p;", "does not exist for kind::mxf8f6f4");
  contains(mma + "f16.block_scale" + operands + "%p;", "block_scale");
  contains(mma + "f16" + operands + "{%r2, %r3}, %p;", "has 2 registers; allowed: 4");
  contains(mma + "mxf4.block_scale" + operands + "[%r2], [%r3], {%r2, %r3, %r4, %r5}, %p;", "");
  contains(mma + "f16.collector::b::fill" + operands + "%p;", "collector::b::fill");
}

} // namespace

} // namespace thrift::sim::test
