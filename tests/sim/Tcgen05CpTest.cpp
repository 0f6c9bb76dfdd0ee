//===- Tcgen05CpTest.cpp - tcgen05.cp: shapes, multicast, decompression --------===//

#include "tests/sim/Tcgen05Harness.h"
#include "tests/sim/Tcgen05Layouts.h"

#include <cmath>

namespace thrift::sim::test {

namespace {

struct CopyCase {
  const char *shape;
  uint32_t rows, chunks;
  /// Where row i goes, by the sentence of the ISA on warp pairs.
  std::vector<uint32_t> (*lanes)(uint32_t row, uint32_t addressLane);
};

const CopyCase kCopies[] = {
    {"128x256b", 128, 2, [](uint32_t i, uint32_t) { return std::vector<uint32_t>{i}; }},
    {"128x128b", 128, 1, [](uint32_t i, uint32_t) { return std::vector<uint32_t>{i}; }},
    {"4x256b", 4, 2, [](uint32_t i, uint32_t lane) { return std::vector<uint32_t>{i * 32 + lane}; }},
    // Warps 0 and 2 get the first half of the rows, warps 1 and 3 the second.
    {"64x128b.warpx2::02_13", 64, 1,
     [](uint32_t i, uint32_t) {
       return i < 32 ? std::vector<uint32_t>{i, 64 + i} : std::vector<uint32_t>{32 + (i - 32), 96 + (i - 32)};
     }},
    {"64x128b.warpx2::01_23", 64, 1,
     [](uint32_t i, uint32_t) {
       return i < 32 ? std::vector<uint32_t>{i, 32 + i} : std::vector<uint32_t>{64 + (i - 32), 96 + (i - 32)};
     }},
    {"32x128b.warpx4", 32, 1,
     [](uint32_t i, uint32_t) {
       return std::vector<uint32_t>{i, 32 + i, 64 + i, 96 + i};
     }},
};

struct Format {
  const char *modifier;
  uint32_t elementBits; ///< 8: none
};
const Format kFormats[] = {{"", 8}, {".b8x16.b4x16_p64", 4}, {".b8x16.b6x16_p32", 6}};

/// Sixteen bytes from sixteen bytes.
std::vector<uint8_t> decompressed(const uint8_t *chunk, uint32_t elementBits) {
  std::vector<uint8_t> bytes(16);
  for (uint32_t i = 0; i < 16; ++i) {
    uint32_t value = 0;
    for (uint32_t bit = 0; bit < elementBits; ++bit) {
      uint32_t at = i * elementBits + bit;
      value |= static_cast<uint32_t>(chunk[at / 8] >> at % 8 & 1) << bit;
    }
    bytes[i] = static_cast<uint8_t>(elementBits == 4 ? value << 2 : value);
  }
  return bytes;
}

TEST(Tcgen05Cp, EveryShapeSwizzleAndFormat) {
  std::mt19937_64 random(1);
  std::vector<Options> policies = allPolicies();
  size_t policy = 0;
  for (const CopyCase &copy : kCopies)
    for (const Format &format : kFormats)
      for (uint32_t span : {1u, 2u, 4u, 8u}) {
        TcgenProgram program;
        program.options = policies[policy++ % policies.size()];
        program.tmem = randomTmem(random);
        program.shared.resize(48 * 1024);
        for (uint8_t &byte : program.shared)
          byte = static_cast<uint8_t>(random());
        SharedOperand source;
        source.span = span;
        source.base = kSharedData + 1024 * static_cast<uint32_t>(random() % 4);
        source.sbo = 128 * span;
        source.lbo = span == 1 ? 128 * copy.rows / 8 + 128 : 16;
        source.kStep = span > 2 ? static_cast<uint32_t>(random() % (span / 2)) : 0;
        uint32_t lane = copy.rows == 4 ? static_cast<uint32_t>(random() % 32) : 0;
        uint32_t column = static_cast<uint32_t>(random() % (kTcColumns - 4 * copy.chunks + 1));
        TmemImage expected = program.tmem;
        for (uint32_t row = 0; row < copy.rows; ++row)
          for (uint32_t chunk = 0; chunk < copy.chunks; ++chunk) {
            std::vector<uint8_t> bytes =
                decompressed(&program.shared[source.chunk(row, chunk) - kSharedData], format.elementBits);
            for (uint32_t to : copy.lanes(row, lane))
              for (uint32_t word = 0; word < 4; ++word)
                std::memcpy(&cellOf(expected, to, column + 4 * chunk + word), &bytes[4 * word], 4);
          }
        program.core = "    mov.b64 %d0, " + std::to_string(source.descriptor()) + ";\n    tcgen05.cp.cta_group::1." +
                       copy.shape + format.modifier + " [%tm+" + std::to_string((lane << 16) + column) + "], %d0;\n";
        TcgenRun run = runTcgen(program);
        ASSERT_TRUE(run.report.status) << copy.shape << format.modifier << ": " << run.report.status.message();
        ASSERT_EQ(run.tmem, expected) << copy.shape << format.modifier << " span " << span;
      }
}

/// The 128x4 atom of scale factors: byte (r % 32) 16 + (r / 32) 4 + k, one copy, then an mma that reads them.
TEST(Tcgen05Cp, ScaleFactorsForAnMma) {
  std::mt19937_64 random(2);
  for (const Options &policy : allPolicies()) {
    TcgenProgram program;
    program.options = policy;
    program.tmem = randomTmem(random);
    program.shared.assign(48 * 1024, 0x22); // E2M1 1.0, two a byte
    for (uint32_t r = 0; r < 128; ++r)
      for (uint32_t k = 0; k < 4; ++k) {
        // Rows of A scale by 2^(r % 8 - 4), columns of B by 2^(r % 4), as UE4M3.
        program.shared[32768 + r % 32 * 16 + r / 32 * 4 + k] = static_cast<uint8_t>((r % 8 + 3) << 3);
        program.shared[33280 + r % 32 * 16 + r / 32 * 4 + k] = static_cast<uint8_t>((r % 4 + 7) << 3);
      }
    auto scales = [](uint32_t offset) {
      SharedOperand source;
      source.base = kSharedData + offset;
      source.sbo = 128;
      return std::to_string(source.descriptor());
    };
    SharedOperand matrix;
    matrix.span = 2;
    matrix.base = kSharedData;
    matrix.sbo = 256;
    program.core = "    mov.b64 %d0, " + scales(32768) + ";\n    mov.b64 %d1, " + scales(33280) +
                   ";\n    mov.b64 %d2, " + std::to_string(matrix.descriptor()) + R"(;
      mov.b32 %x0, 0x08200480;
      setp.ne.u32 %q, 0, 0;
      tcgen05.cp.cta_group::1.32x128b.warpx4 [%tm+200], %d0;
      tcgen05.cp.cta_group::1.32x128b.warpx4 [%tm+204], %d1;
      tcgen05.mma.cta_group::1.kind::mxf4nvf4.block_scale.block16 [%tm], %d2, %d2, %x0, [%tm+200], [%tm+204], %q;
)";
    TcgenRun run = runTcgen(program);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty());
    for (uint32_t m = 0; m < 128; ++m)
      for (uint32_t n = 0; n < 128; ++n)
        ASSERT_EQ(f32(cellOf(run.tmem, m, n)), std::ldexp(64.0f, int(m % 8) - 4 + int(n % 4)));
    EXPECT_EQ(run.report.statistics.tmemWriteBytes, (128u * 512 + 2 * 128 * 4) * 4u);
  }
}

TEST(Tcgen05Cp, RefusedAtDecode) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".entry test() { .reg .b32 %r<8>; .reg .b64 %rd<4>;\n" + line + "\nret; }");
  };
  EXPECT_EQ(error("tcgen05.cp.cta_group::1.128x256b [%r0], %rd0;"), "");
  EXPECT_NE(error("tcgen05.cp.cta_group::2.128x256b [%r0], %rd0;").find("cta_group::2"), std::string::npos);
  EXPECT_NE(error("tcgen05.cp.cta_group::1.64x128b [%r0], %rd0;"), "");
  EXPECT_NE(error("tcgen05.cp.cta_group::1.32x128b [%r0], %rd0;"), "");
  EXPECT_NE(error("tcgen05.cp.cta_group::1.128x256b.warpx4 [%r0], %rd0;"), "");
  EXPECT_NE(error("tcgen05.cp.cta_group::1.128x128b.b8x16 [%r0], %rd0;").find("source format"), std::string::npos);
  EXPECT_NE(error("tcgen05.cp.cta_group::1.128x128b [%r0], %r1;"), "");
}

} // namespace

} // namespace thrift::sim::test
