//===- MmaKindsTest.cpp - mma.sync with 4- to 8-bit kinds and block scales --===//
//
// kind::f8f6f4, mxf8f6f4, mxf4 and mxf4nvf4 on sm_120a. Operands are laid out by the formulas of the PTX ISA, written
// here once more; products come from the integer reference, which arith/ holds against wide arithmetic.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/MmaReference.h"
#include "tests/sim/SimHarness.h"

#include <limits>

namespace thrift::sim::test {

namespace {

struct Format {
  const char *name;
  MmaElement element;
  uint32_t codeMask, shift; ///< of a code in its 8-bit container
};
constexpr Format kFormats[] = {
    {"e4m3", MmaElement::E4M3, 0xFF, 0}, {"e5m2", MmaElement::E5M2, 0xFF, 0}, {"e3m2", MmaElement::E3M2, 0x3F, 0},
    {"e2m3", MmaElement::E2M3, 0x3F, 0}, {"e2m1", MmaElement::E2M1, 0x0F, 2},
};

/// One product: codes and scales as matrices.
struct Tile {
  int k;
  bool packed; ///< two E2M1 in a byte
  Format a, b;
  std::vector<std::vector<uint32_t>> aCodes, bCodes;  ///< [16][k], [8][k]
  std::vector<std::vector<float>> c;                  ///< [16][8]
  std::vector<std::vector<uint8_t>> aScales, bScales; ///< [16][scales], [8][scales]

  Tile(int k, bool packed, const Format &a, const Format &b, std::mt19937 &random, bool specials, bool f16 = false)
      : k(k), packed(packed), a(a), b(b), aCodes(16, std::vector<uint32_t>(static_cast<size_t>(k))),
        bCodes(8, std::vector<uint32_t>(static_cast<size_t>(k))), c(16, std::vector<float>(8)) {
    // NaNs would drown everything: they get in only with `specials`, and then rarely.
    auto code = [&](const Format &format) {
      for (;;) {
        uint32_t value = static_cast<uint32_t>(random()) & format.codeMask;
        float wide = widenElement(format.element, value);
        if (std::isfinite(wide) || (specials && random() % 16 == 0))
          return value;
      }
    };
    for (auto &row : aCodes)
      for (uint32_t &x : row)
        x = code(a);
    for (auto &row : bCodes)
      for (uint32_t &x : row)
        x = code(b);
    for (auto &row : c)
      for (float &x : row) {
        x = std::ldexp(static_cast<float>(random() % 4001) - 2000, static_cast<int>(random() % 12) - 10);
        x = f16 ? f32FromF16(f16FromF32(x)) : x;
        if (specials && random() % 16 == 0)
          x = random() % 2 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
      }
  }

  void addScales(MmaScaleFormat format, size_t scales, std::mt19937 &random, bool specials) {
    auto fill = [&](std::vector<std::vector<uint8_t>> &all, size_t rows) {
      all.assign(rows, std::vector<uint8_t>(scales));
      for (auto &row : all)
        for (uint8_t &x : row) {
          uint32_t one = format == MmaScaleFormat::UE8M0 ? 127 : 7 << 3;
          x = static_cast<uint8_t>(one - 10 + random() % 20);
          if (specials && random() % 8 == 0)
            x = static_cast<uint8_t>(random());
        }
    };
    fill(aScales, 16);
    fill(bScales, 8);
  }

  /// What lane `lane` holds: 4 registers of A, 2 of B, 4 of C (2 if `f16`), then scale_A and scale_B.
  void putLane(uint32_t lane, uint32_t *words, bool f16) const {
    uint32_t group = lane >> 2, thread = lane & 3, per = packed ? 8 : 4, each = 32 / per;
    // "row = groupID for 0 <= i < per or 2 per <= i < 3 per, else groupID + 8; col = thread * per + i % per, + 4 per
    // for i >= 2 per"
    for (uint32_t i = 0; i < 4 * per; ++i) {
      bool upper = !(i < per || (i >= 2 * per && i < 3 * per));
      uint32_t column = thread * per + i % per + (i >= 2 * per ? 4 * per : 0);
      words[i / per] |= aCodes[group + (upper ? 8 : 0)][column] << (i % per * each + (packed ? 0 : a.shift));
    }
    for (uint32_t i = 0; i < 2 * per; ++i)
      words[4 + i / per] |= bCodes[group][thread * per + i % per + (i >= per ? 4 * per : 0)]
                            << (i % per * each + (packed ? 0 : b.shift));
    for (uint32_t i = 0; i < 4; ++i) {
      float value = c[group + (i < 2 ? 0 : 8)][thread * 2 + i % 2];
      if (f16)
        words[6 + i / 2] |= uint32_t(f16FromF32(value)) << (16 * (i % 2));
      else
        words[6 + i] = bits(value);
    }
  }

  void widen(int row, int column, std::vector<float> &left, std::vector<float> &right) const {
    for (int i = 0; i < k; ++i) {
      left.push_back(widenElement(a.element, aCodes[static_cast<size_t>(row)][static_cast<size_t>(i)]));
      right.push_back(widenElement(b.element, bCodes[static_cast<size_t>(column)][static_cast<size_t>(i)]));
    }
  }
};

struct Selectors {
  uint32_t byteA = 0, threadA = 0, byteB = 0, threadB = 0;
};

const char *const kLoad = R"(
    .reg .b32 %a<4>, %b<2>, %c<4>, %d<4>, %s<2>; .reg .b64 %g, %o; .reg .b16 %h<4>;
    mul.wide.u32 %g, %t, 64;  add.s64 %g, %in, %g;
    ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%g];
    ld.global.v4.b32 {%b0, %b1, %c0, %c1}, [%g+16];
    ld.global.v4.b32 {%c2, %c3, %s0, %s1}, [%g+32];
    mov.b32 %d2, 0;  mov.b32 %d3, 0;
    mul.wide.u32 %o, %t, 16;  add.s64 %o, %out, %o;
)";
const char *const kKeep = "st.global.v4.b32 [%o], {%d0, %d1, %d2, %d3};";

BodyRun runTile(const Tile &tile, const std::string &instruction, const Selectors &selectors, bool f16,
                const std::string &target) {
  BodyOptions options;
  options.in.resize(32 * 16);
  options.outWords = 128;
  options.target = target;
  std::mt19937 random(11);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t *words = &options.in[16 * lane];
    tile.putLane(lane, words, f16);
    if (tile.aScales.empty())
      continue;
    // Lanes and bytes that are not selected hold noise.
    auto scaleWord = [&](const std::vector<uint8_t> &scales, uint32_t firstByte, bool selected) {
      auto word = static_cast<uint32_t>(random());
      for (uint32_t j = 0; selected && j < scales.size(); ++j) {
        uint32_t at = 8 * (firstByte + j);
        word = (word & ~(0xFFu << at)) | uint32_t(scales[j]) << at;
      }
      return word;
    };
    uint32_t group = lane / 4, thread = lane % 4;
    words[10] = scaleWord(tile.aScales[group + (thread % 2 ? 8 : 0)], selectors.byteA, thread / 2 == selectors.threadA);
    words[11] = scaleWord(tile.bScales[group], selectors.byteB, thread == selectors.threadB);
  }
  return runBody(std::string(kLoad) + instruction + kKeep, options);
}

std::string vectors(bool f16) {
  return f16 ? " {%d0, %d1}, {%a0, %a1, %a2, %a3}, {%b0, %b1}, {%c0, %c1}"
             : " {%d0, %d1, %d2, %d3}, {%a0, %a1, %a2, %a3}, {%b0, %b1}, {%c0, %c1, %c2, %c3}";
}
std::string pair(uint32_t byte, uint32_t thread) {
  return "{" + std::to_string(byte) + ", " + std::to_string(thread) + "}";
}

/// Calls `expected(row, column)` for every element of D.
template <typename Expected>
void compare(const BodyRun &run, bool f16, const std::string &what, Expected expected) {
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < 4; ++i) {
      int row = static_cast<int>(lane / 4 + (i < 2 ? 0 : 8)), column = static_cast<int>(lane % 4 * 2 + i % 2);
      float value = expected(row, column);
      uint32_t got = f16 ? run.out[4 * lane + i / 2] >> (16 * (i % 2)) & 0xFFFF : run.out[4 * lane + i];
      ASSERT_EQ(got, f16 ? f16FromF32(value) : bits(value)) << what << " row " << row << " column " << column;
    }
}

void checkUnscaled(const Format &a, const Format &b, bool f16, bool specials, std::mt19937 &random) {
  Tile tile(32, false, a, b, random, specials, f16);
  std::string accumulator = f16 ? "f16" : "f32";
  std::string opcode =
      "mma.sync.aligned.m16n8k32.row.col.kind::f8f6f4." + accumulator + "." + a.name + "." + b.name + "." + accumulator;
  BodyRun run = runTile(tile, opcode + vectors(f16) + ";", {}, f16, "sm_120a");
  compare(run, f16, opcode, [&](int row, int column) {
    std::vector<float> left, right;
    tile.widen(row, column, left, right);
    return dotReference(f16 ? kMmaFp8ToF16 : kMmaFp8, 32, {a.element, left.data()}, {b.element, right.data()},
                        tile.c[static_cast<size_t>(row)][static_cast<size_t>(column)]);
  });
}

struct ScaledKind {
  const char *modifiers, *scale;
  int k, scales;
  MmaScaleFormat format;
};

void checkScaled(const ScaledKind &kind, const Format &a, const Format &b, const Selectors &selectors, bool specials,
                 std::mt19937 &random) {
  bool packed = kind.k == 64;
  Tile tile(kind.k, packed, a, b, random, specials);
  tile.addScales(kind.format, static_cast<size_t>(kind.scales), random, specials);
  std::string opcode = "mma.sync.aligned.m16n8k" + std::to_string(kind.k) + ".row.col.kind::" + kind.modifiers +
                       ".f32." + a.name + "." + b.name + ".f32." + kind.scale;
  std::string operands = vectors(false) + ", %s0, " + pair(selectors.byteA, selectors.threadA) + ", %s1, " +
                         pair(selectors.byteB, selectors.threadB) + ";";
  BodyRun run = runTile(tile, opcode + operands, selectors, false, "sm_120a");
  compare(run, false, opcode + operands, [&](int row, int column) {
    std::vector<float> left, right;
    tile.widen(row, column, left, right);
    auto m = static_cast<size_t>(row), n = static_cast<size_t>(column);
    int width = kind.k / kind.scales;
    return dotReferenceScaled(packed ? kMmaMxf4 : kMmaFp8, kind.k, {a.element, left.data()},
                              {kind.format, width, tile.aScales[m].data()}, {b.element, right.data()},
                              {kind.format, width, tile.bScales[n].data()}, tile.c[m][n]);
  });
  EXPECT_EQ(run.report.statistics.mmaMacs, 16u * 8 * static_cast<unsigned>(kind.k));
}

const ScaledKind kScaledKinds[] = {
    {"mxf8f6f4.block_scale", "ue8m0", 32, 1, MmaScaleFormat::UE8M0},
    {"mxf8f6f4.block_scale.scale_vec::1X", "ue8m0", 32, 1, MmaScaleFormat::UE8M0},
    {"mxf4.block_scale", "ue8m0", 64, 2, MmaScaleFormat::UE8M0},
    {"mxf4.block_scale.scale_vec::2X", "ue8m0", 64, 2, MmaScaleFormat::UE8M0},
    {"mxf4nvf4.block_scale.scale_vec::2X", "ue8m0", 64, 2, MmaScaleFormat::UE8M0},
    {"mxf4nvf4.block_scale.scale_vec::4X", "ue4m3", 64, 4, MmaScaleFormat::UE4M3},
    {"mxf4nvf4.block_scale.scale_vec::4X", "ue8m0", 64, 4, MmaScaleFormat::UE8M0},
};

} // namespace

TEST(MmaKinds, F8f6f4OfAllFormats) {
  std::mt19937 random(3);
  for (const Format &a : kFormats)
    for (const Format &b : kFormats)
      for (bool f16 : {false, true})
        for (bool specials : {false, true})
          checkUnscaled(a, b, f16, specials, random);
}

TEST(MmaKinds, BlockScaledOfAllFormats) {
  std::mt19937 random(4);
  for (const ScaledKind &kind : kScaledKinds)
    for (const Format &a : kFormats)
      for (const Format &b : kFormats)
        if (kind.k == 32 || (a.element == MmaElement::E2M1 && b.element == MmaElement::E2M1))
          for (bool specials : {false, true})
            for (int repeat = 0; repeat < (kind.k == 32 ? 1 : 10); ++repeat)
              checkScaled(kind, a, b, {}, specials, random);
}

TEST(MmaKinds, SelectorsChooseLanesAndBytes) {
  std::mt19937 random(5);
  for (const ScaledKind &kind : kScaledKinds)
    for (uint32_t byteA = 0; byteA < 4; byteA += static_cast<uint32_t>(kind.scales))
      for (uint32_t byteB = 0; byteB < 4; byteB += static_cast<uint32_t>(kind.scales))
        for (uint32_t threadA = 0; threadA < 2; ++threadA)
          for (uint32_t threadB = 0; threadB < 4; ++threadB)
            checkScaled(kind, kFormats[4], kFormats[4], {byteA, threadA, byteB, threadB}, false, random);
}

TEST(MmaKinds, SelectorsMayBeRegisters) {
  const char *const kInstruction = "mma.sync.aligned.m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0";
  auto body = [&](const std::string &settings) {
    return std::string(kLoad) + "mov.b16 %h0, 2; mov.b16 %h1, 1; mov.b16 %h2, 0; mov.b16 %h3, 3;" + settings +
           kInstruction + vectors(false) + ", %s0, {%h0, %h1}, %s1, {%h2, %h3};" + kKeep;
  };
  BodyOptions options;
  options.in.resize(32 * 16);
  options.outWords = 128;
  options.target = "sm_120a";
  EXPECT_TRUE(runBody(body(""), options).report.status);
  auto message = [&](const std::string &settings) {
    return expectError(body(settings), Check::BadOperand, options).message;
  };
  EXPECT_NE(message("mov.b16 %h0, 1;").find("byte-id-a is 1; allowed: 0, 2"), std::string::npos);
  EXPECT_NE(message("mov.b16 %h1, 2;").find("thread-id-a is 2; allowed: 0, 1"), std::string::npos);
  EXPECT_NE(message("mov.b16 %h2, 4;").find("byte-id-b is 4; allowed: 0, 2"), std::string::npos);
  EXPECT_NE(message("mov.b16 %h3, 4;").find("thread-id-b is 4; allowed: 0, 1, 2, 3"), std::string::npos);
  EXPECT_NE(message("cvt.u16.u32 %h3, %t; and.b16 %h3, %h3, 3;").find("thread-id-b is 1 here and 0 in lane 0"),
            std::string::npos);
}

TEST(MmaKinds, WhatTheIsaDoesNotList) {
  auto rejected = [](const std::string &instruction) {
    std::string text = header("sm_120a") + ".visible .entry test() {\n" +
                       ".reg .b32 %a<4>, %b<2>, %c<4>, %d<4>, %s<2>; .reg .b16 %h<4>;\nmma.sync.aligned." +
                       instruction + "\nret;\n}\n";
    return loadError(text);
  };
  std::string d = vectors(false), scales = ", %s0, {0, 0}, %s1, {0, 0};";
  EXPECT_EQ(rejected("m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + scales), "");
  for (const std::string &instruction : {
           // 4- and 6-bit formats need a kind, and k32
           "m16n8k32.row.col.f32.e2m1.e4m3.f32" + d + ";",
           "m16n8k32.row.col.f32.e3m2.e2m3.f32" + d + ";",
           "m16n8k32.row.col.kind::f8f6f4.f32.f16.f16.f32" + d + ";",
           "m16n8k32.row.col.kind::f8f6f4.f32.e4m3.e4m3.f16" + d + ";",
           // kinds with block scaling, and without
           "m16n8k64.row.col.kind::mxf4.f32.e2m1.e2m1.f32.ue8m0" + d + scales,
           "m16n8k32.row.col.kind::f8f6f4.block_scale.f32.e4m3.e4m3.f32.ue8m0" + d + scales,
           // elements, shapes, scale vectors and scale types that do not go together
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e4m3.e2m1.f32.ue8m0" + d + scales,
           "m16n8k32.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + scales,
           "m16n8k64.row.col.kind::mxf8f6f4.block_scale.f32.e4m3.e4m3.f32.ue8m0" + d + scales,
           "m16n8k64.row.col.kind::mxf4nvf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + scales,
           "m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::2X.f32.e2m1.e2m1.f32.ue4m3" + d + scales,
           "m16n8k64.row.col.kind::mxf4.block_scale.scale_vec::4X.f32.e2m1.e2m1.f32.ue8m0" + d + scales,
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue4m3" + d + scales,
           "m16n8k64.row.col.kind::mxf4.block_scale.block32.f32.e2m1.e2m1.f32.ue8m0" + d + scales,
           "m16n8k64.row.col.kind::mxf4.block_scale.f16.e2m1.e2m1.f16.ue8m0" + vectors(true) + scales,
           // selectors
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", %s0, {1, 0}, %s1, {0, 0};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", %s0, {0, 2}, %s1, {0, 0};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", %s0, {0, 0}, %s1, {0, 4};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", %s0, {0}, %s1, {0, 0};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", 5, {0, 0}, %s1, {0, 0};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ", %s0, {%s0, 0}, %s1, {0, 0};",
           "m16n8k64.row.col.kind::mxf4.block_scale.f32.e2m1.e2m1.f32.ue8m0" + d + ";",
           "m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::4X.f32.e2m1.e2m1.f32.ue4m3" + d +
               ", %s0, {2, 0}, %s1, {0, 0};",
           // integers and f64
           std::string("m16n8k16.row.col.s32.s8.s8.s32 {%d0, %d1, %d2, %d3}, {%a0, %a1}, {%b0}, "
                       "{%c0, %c1, %c2, %c3};"),
       })
    EXPECT_NE(rejected(instruction), "") << instruction;
}

} // namespace thrift::sim::test
