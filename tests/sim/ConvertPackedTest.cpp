//===- ConvertPackedTest.cpp - cvt of packed 4- to 16-bit formats -----------===//
//
// Every packed conversion of the PTX ISA, on random floats and on all codes. The oracle is a search among the values of
// the destination format, which are computed from their definition.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "tests/sim/SimHarness.h"

#include <cmath>

namespace thrift::sim::test {

namespace {

constexpr size_t kCount = 6000;

/// An unsigned magnitude format with a sign bit above it.
struct Format {
  const char *name;
  int exponentBits, fractionBits, bias;
  uint32_t largest; ///< code of the largest finite magnitude
  bool hasNan;      ///< e4m3: 0x7F; e5m2: 0x7D to 0x7F, and an infinity
  unsigned place;   ///< bits that an element takes in a pair

  uint32_t signBit() const { return 1u << (exponentBits + fractionBits); }
  double magnitude(uint32_t code) const {
    int exponent = static_cast<int>(code >> fractionBits),
        fraction = static_cast<int>(code & ((1u << fractionBits) - 1));
    return exponent == 0 ? std::ldexp(fraction, 1 - bias - fractionBits)
                         : std::ldexp(fraction + (1 << fractionBits), exponent - bias - fractionBits);
  }
  float decode(uint32_t code) const {
    uint32_t magnitudeCode = code & (signBit() - 1);
    double value = magnitude(magnitudeCode);
    if (magnitudeCode > largest)
      value = hasNan && exponentBits == 5 && magnitudeCode == largest + 1 ? INFINITY : NAN;
    return static_cast<float>(code & signBit() ? -value : value);
  }
  /// To nearest, ties to the even code, saturating.
  uint32_t encode(float x) const {
    if (std::isnan(x))
      return hasNan ? 0x7F : largest;
    double target = std::fabs(static_cast<double>(x));
    uint32_t low = 0, high = largest; // magnitudes ascend with the codes
    while (high - low > 1)
      (magnitude((low + high) / 2) <= target ? low : high) = (low + high) / 2;
    double under = target - magnitude(low), over = magnitude(high) - target;
    uint32_t best = over < under || (over == under && high % 2 == 0) ? high : low;
    return best | (std::signbit(x) ? signBit() : 0);
  }
};

constexpr Format kFormats[] = {
    {"e4m3", 4, 3, 7, 0x7E, true, 8},  {"e5m2", 5, 2, 15, 0x7B, true, 8}, {"e3m2", 3, 2, 3, 0x1F, false, 8},
    {"e2m3", 2, 3, 1, 0x1F, false, 8}, {"e2m1", 2, 1, 1, 0x07, false, 4},
};

float clipped(float x, bool relu) { return relu && x <= 0 ? 0.0f : x; }

/// Mostly numbers that the narrow formats can tell apart.
std::vector<float> narrowFloats(uint64_t seed) {
  std::vector<float> values = floats(kCount, seed);
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < kCount; ++i) {
    uint64_t word = random();
    if (word % 8 == 0)
      continue;
    const Format &format = kFormats[word % 5];
    auto code = static_cast<uint32_t>(word >> 8) % format.largest;
    double low = format.magnitude(code), high = format.magnitude(code + 1);
    // A value of the format, a tie, its neighbours, or something in between.
    double between[] = {low, (low + high) / 2, std::nextafter(static_cast<float>((low + high) / 2), 1000.0f),
                        std::nextafter(static_cast<float>((low + high) / 2), 0.0f), low * 0.25 + high * 0.75};
    values[i] = static_cast<float>(between[word >> 20 & 3]) * (word >> 40 & 1 ? -1.0f : 1.0f);
    if (word >> 41 & 1)
      values[i] = static_cast<float>(between[4]);
  }
  return values;
}

/// Runs a cvt whose destination may be a byte.
template <typename... A>
std::vector<uint32_t> convert(const std::string &opcode, bool byteResult, const std::string &operands,
                              const std::vector<A> &...sources) {
  if (!byteResult)
    return elementwise<uint32_t>("{ .reg .b16 %e; " + opcode + " %e, " + operands + "; cvt.u32.u16 %d, %e; }",
                                 sources...);
  return elementwise<uint32_t>("{ .reg .b8 %e; " + opcode + " %e, " + operands + "; cvt.u32.u8 %d, %e; }", sources...);
}

/// All 16-bit codes in the lower halves, others in the upper ones.
std::vector<uint32_t> pairsOfAllHalves() {
  std::vector<uint32_t> pairs(65536);
  for (uint32_t i = 0; i < 65536; ++i)
    pairs[i] = i | (i * 40503u + 77u) << 16;
  return pairs;
}

using FromHalf = float (*)(uint16_t);
float fromF16(uint16_t code) { return f32FromF16(code); }
float fromBf16(uint16_t code) { return f32FromBf16(code); }

} // namespace

TEST(ConvertPacked, FloatsToNarrowPairs) {
  std::vector<float> a = narrowFloats(1), b = narrowFloats(2);
  for (const Format &format : kFormats)
    for (bool relu : {false, true}) {
      std::string opcode = std::string("cvt.rn.satfinite.") + (relu ? "relu." : "") + format.name + "x2.f32";
      std::vector<uint32_t> d = convert(opcode, format.place == 4, "%a, %b", a, b);
      for (size_t i = 0; i < kCount; ++i)
        ASSERT_EQ(d[i], format.encode(clipped(b[i], relu)) | format.encode(clipped(a[i], relu)) << format.place)
            << opcode << " of " << a[i] << ", " << b[i];
    }
}

TEST(ConvertPacked, HalvesToNarrowPairs) {
  std::vector<uint32_t> pairs = pairsOfAllHalves();
  for (auto [name, decode] : {std::pair<const char *, FromHalf>{"f16x2", fromF16}, {"bf16x2", fromBf16}})
    for (const Format &format : kFormats)
      for (bool relu : {false, true}) {
        std::string opcode = std::string("cvt.rn") + (relu ? ".relu" : "") + ".satfinite." + format.name + "x2." + name;
        std::vector<uint32_t> d = convert(opcode, format.place == 4, "%a", pairs);
        for (size_t i = 0; i < pairs.size(); ++i) {
          float low = clipped(decode(static_cast<uint16_t>(pairs[i])), relu);
          float high = clipped(decode(static_cast<uint16_t>(pairs[i] >> 16)), relu);
          ASSERT_EQ(d[i], format.encode(low) | format.encode(high) << format.place) << opcode << " of " << pairs[i];
        }
      }
}

TEST(ConvertPacked, NarrowPairsToHalves) {
  for (const Format &format : kFormats)
    for (bool relu : {false, true}) {
      uint32_t codes = 2 * format.signBit();
      std::vector<uint16_t> pairs;
      for (uint32_t high = 0; high < codes; ++high)
        for (uint32_t low = 0; low < codes; ++low)
          pairs.push_back(static_cast<uint16_t>(low | high << format.place));
      std::string opcode = std::string("cvt.rn.") + (relu ? "relu." : "") + "f16x2." + format.name + "x2 ";
      std::vector<uint32_t> d =
          format.place == 8 ? elementwise<uint32_t>(opcode + "%d, %a;", pairs)
                            : elementwise<uint32_t>("{ .reg .b8 %e; cvt.u8.u16 %e, %a; " + opcode + "%d, %e; }", pairs);
      auto expected = [&](uint32_t code) {
        float value = clipped(format.decode(code), relu);
        return uint32_t(std::isnan(value) ? 0x7FFF : f16FromF32(value));
      };
      for (size_t i = 0; i < pairs.size(); ++i)
        ASSERT_EQ(d[i], expected(pairs[i] & (codes - 1)) | expected(pairs[i] >> format.place) << 16)
            << opcode << pairs[i];
    }
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// Code c is 2^(c - 127), 255 is NaN.
static uint32_t scaleOf(float x, bool up, bool satFinite) {
  if (std::isnan(x))
    return 255;
  double magnitude = std::fabs(static_cast<double>(x));
  if (std::isinf(magnitude))
    return satFinite ? 254 : 255;
  uint32_t code = 0;
  while (code < 255 && (up ? std::ldexp(1.0, static_cast<int>(code) - 127) < magnitude
                           : std::ldexp(1.0, static_cast<int>(code) - 126) <= magnitude))
    ++code;
  return satFinite ? std::min(code, 254u) : code;
}

TEST(ConvertPacked, Scales) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  for (size_t i = 0; i < kCount; i += 3) // around powers of two, the smallest and the largest included
    for (auto *x : {&a, &b}) {
      float power = std::ldexp(1.0f, static_cast<int>((i * 7 + (x == &a ? 0 : 5)) % 256) - 128);
      (*x)[i] = i % 2 ? std::nextafter(power, INFINITY) : i % 4 ? power : std::nextafter(power, 0.0f);
    }
  std::vector<uint32_t> pairs = pairsOfAllHalves();
  for (bool up : {false, true})
    for (bool satFinite : {false, true}) {
      std::string opcode = std::string("cvt.") + (up ? "rp" : "rz") + (satFinite ? ".satfinite" : "") + ".ue8m0x2.";
      std::vector<uint32_t> d = convert(opcode + "f32", false, "%a, %b", a, b);
      for (size_t i = 0; i < kCount; ++i)
        ASSERT_EQ(d[i], scaleOf(b[i], up, satFinite) | scaleOf(a[i], up, satFinite) << 8)
            << opcode << " of " << a[i] << ", " << b[i];
      std::vector<uint32_t> e = convert(opcode + "bf16x2", false, "%a", pairs);
      for (size_t i = 0; i < pairs.size(); ++i)
        ASSERT_EQ(e[i], scaleOf(fromBf16(static_cast<uint16_t>(pairs[i])), up, satFinite) |
                            scaleOf(fromBf16(static_cast<uint16_t>(pairs[i] >> 16)), up, satFinite) << 8)
            << opcode << " of " << pairs[i];
    }
}

TEST(ConvertPacked, ScalesToBf16) {
  std::vector<uint16_t> pairs(65536);
  for (size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = static_cast<uint16_t>(i);
  std::vector<uint32_t> d = elementwise<uint32_t>("cvt.rn.bf16x2.ue8m0x2 %d, %a;", pairs);
  // bf16 has the exponent field of the scale; 2^-127 is subnormal.
  auto expected = [](uint32_t code) { return code == 255 ? 0x7FFFu : code == 0 ? 0x0040u : code << 7; };
  for (uint32_t i = 0; i < 65536; ++i)
    ASSERT_EQ(d[i], expected(i & 255) | expected(i >> 8) << 16);
}

//===----------------------------------------------------------------------===//
// 16-bit pairs and tf32
//===----------------------------------------------------------------------===//

/// f32 cut to `kept` fraction bits in one of the ways of rounding.
static float cutF32(float x, int kept, bool nearest, bool satFinite, float largest) {
  if (std::isnan(x))
    return x;
  uint32_t below = (1u << (23 - kept)) - 1, word = bits(x);
  if (nearest)
    word += below / 2 + (word >> (23 - kept) & 1);
  float cut = std::isinf(x) ? x : f32(word & ~below);
  if (satFinite && std::fabs(cut) > largest)
    cut = std::copysign(largest, x);
  return cut;
}

TEST(ConvertPacked, FloatsToHalfPairs) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  // Overflow, and the values around it.
  for (size_t i = 0; i < kCount; i += 5)
    a[i] = f32(0x477FE000u + static_cast<uint32_t>(i * 37 % 0x4000) - 0x2000) * (i % 2 ? 1.0f : -1.0f);
  for (bool nearest : {true, false})
    for (bool satFinite : {false, true})
      for (bool relu : {false, true}) {
        std::string opcode = std::string("cvt.") + (nearest ? "rn" : "rz") + (relu ? ".relu" : "") +
                             (satFinite ? ".satfinite" : "") + ".";
        auto f16 = [&](float x) -> uint32_t {
          x = clipped(x, relu);
          if (std::isnan(x))
            return 0x7FFF;
          uint16_t code = f16FromF32(x);
          bool overflows = (code & 0x7FFF) == 0x7C00;
          if (!nearest && !std::isinf(x) && std::fabs(f32FromF16(code)) > std::fabs(x))
            --code; // back toward zero
          return satFinite && overflows ? (code & 0x8000u) | 0x7BFF : code;
        };
        auto bf16 = [&](float x) -> uint32_t {
          x = clipped(x, relu);
          return std::isnan(x) ? 0x7FFF : bits(cutF32(x, 7, nearest, satFinite, f32(0x7F7F0000))) >> 16;
        };
        std::vector<uint32_t> d = elementwise<uint32_t>(opcode + "f16x2.f32 %d, %a, %b;", a, b);
        std::vector<uint32_t> e = elementwise<uint32_t>(opcode + "bf16x2.f32 %d, %a, %b;", a, b);
        std::vector<uint32_t> t = elementwise<uint32_t>(opcode + "tf32.f32 %d, %a;", a);
        for (size_t i = 0; i < kCount; ++i) {
          ASSERT_EQ(d[i], f16(b[i]) | f16(a[i]) << 16) << opcode << a[i] << ", " << b[i];
          ASSERT_EQ(e[i], bf16(b[i]) | bf16(a[i]) << 16) << opcode << a[i] << ", " << b[i];
          float x = cutF32(clipped(a[i], relu), 10, nearest, satFinite, f32(0x7F7FE000));
          ASSERT_EQ(t[i], std::isnan(x) ? 0x7FFFE000u : bits(x)) << opcode << a[i];
        }
      }
}

TEST(ConvertPacked, StochasticRoundingAddsTheRandomBits) {
  std::vector<float> a = floats(kCount, 1), b = floats(kCount, 2);
  std::vector<uint32_t> random = integers<uint32_t>(kCount, 3);
  for (bool satFinite : {false, true})
    for (bool relu : {false, true}) {
      std::string opcode = std::string("cvt.rs") + (relu ? ".relu" : "") + (satFinite ? ".satfinite" : "") + ".";
      std::vector<uint32_t> d = elementwise<uint32_t>(opcode + "f16x2.f32 %d, %a, %b, %c;", a, b, random);
      std::vector<uint32_t> e = elementwise<uint32_t>(opcode + "bf16x2.f32 %d, %a, %b, %c;", a, b, random);
      auto bf16 = [&](float x, uint32_t noise) -> uint32_t {
        x = clipped(x, relu);
        if (std::isnan(x))
          return 0x7FFF;
        uint32_t code = (bits(x) + (std::isinf(x) ? 0 : noise & 0xFFFF)) >> 16;
        return satFinite && (code & 0x7FFF) == 0x7F80 ? code - 1 : code;
      };
      auto isNormalF16 = [](float x) { return std::fabs(x) >= 0x1p-14f && std::fabs(x) < 65504; };
      auto f16 = [&](float x, uint32_t noise) -> uint32_t {
        return f16FromF32(clipped(f32((bits(x) + (noise & 0x1FFF)) & ~0x1FFFu), relu));
      };
      for (size_t i = 0; i < kCount; ++i) {
        ASSERT_EQ(e[i], bf16(b[i], random[i]) | bf16(a[i], random[i] >> 16) << 16) << opcode << a[i] << ", " << b[i];
        if (isNormalF16(a[i])) {
          ASSERT_EQ(d[i] >> 16, f16(a[i], random[i] >> 16)) << opcode << a[i];
        }
        if (isNormalF16(b[i])) {
          ASSERT_EQ(d[i] & 0xFFFF, f16(b[i], random[i])) << opcode << b[i];
        }
      }
    }
}

TEST(ConvertPacked, StochasticRoundingIsFair) {
  // Of the 2^13 random values, as many round up as the cut-off part is large; subnormals included.
  for (float x : {1.0f + 0x1p-10f * 0.3125f, 3.0f, -1.0f - 0x1p-10f * 0.75f, 0x1.8p-24f, 0x1p-25f, 0x1.4p-20f}) {
    std::vector<uint32_t> random(8192);
    for (uint32_t i = 0; i < 8192; ++i)
      random[i] = i;
    std::vector<float> a(8192, x);
    std::vector<uint32_t> d = elementwise<uint32_t>("cvt.rs.f16x2.f32 %d, %a, %b, %c;", a, a, random);
    double sum = 0;
    for (uint32_t word : d)
      sum += f32FromF16(static_cast<uint16_t>(word));
    EXPECT_EQ(sum / 8192, static_cast<double>(x));
  }
}

TEST(ConvertPacked, WhatTheIsaDoesNotList) {
  auto rejected = [](const std::string &instruction) {
    return loadError(header() +
                     ".visible .entry test() {\n.reg .b32 %r<9>; .reg .b16 %h<4>; .reg .b8 %c<2>; "
                     ".reg .f32 %f<9>; .reg .f64 %d<4>;\n" +
                     instruction + "\nret;\n}\n");
  };
  EXPECT_EQ(rejected("cvt.rn.satfinite.e2m1x2.f32 %c0, %f1, %f2;"), "");
  for (const char *instruction : {
           // no rounding mode, or a wrong one
           "cvt.f16x2.f32 %r0, %f1, %f2;",
           "cvt.rp.f16x2.f32 %r0, %f1, %f2;",
           "cvt.rna.f16x2.f32 %r0, %f1, %f2;",
           "cvt.satfinite.e4m3x2.f32 %h0, %f1, %f2;",
           "cvt.rz.satfinite.e4m3x2.f32 %h0, %f1, %f2;",
           "cvt.rn.ue8m0x2.f32 %h0, %f1, %f2;",
           "cvt.rz.bf16x2.ue8m0x2 %r0, %h1;",
           "cvt.f16x2.e4m3x2 %r0, %h1;",
           "cvt.tf32.f32 %r0, %f1;",
           "cvt.rp.tf32.f32 %r0, %f1;",
           // .satfinite and .relu
           "cvt.rn.e4m3x2.f32 %h0, %f1, %f2;",
           "cvt.rn.e2m1x2.f32 %c0, %f1, %f2;",
           "cvt.rn.satfinite.f16x2.e4m3x2 %r0, %h1;",
           "cvt.rz.relu.ue8m0x2.f32 %h0, %f1, %f2;",
           "cvt.rn.relu.bf16x2.ue8m0x2 %r0, %h1;",
           "cvt.rna.relu.tf32.f32 %r0, %f1;",
           // pairs of types
           "cvt.rn.bf16x2.e4m3x2 %r0, %h1;",
           "cvt.rn.bf16x2.e2m1x2 %r0, %c1;",
           "cvt.rn.f16x2.ue8m0x2 %r0, %h1;",
           "cvt.rz.satfinite.ue8m0x2.f16x2 %h0, %r1;",
           "cvt.rn.satfinite.e4m3x2.e5m2x2 %h0, %h1;",
           "cvt.rn.f16x2.bf16x2 %r0, %r1;",
           "cvt.rn.satfinite.e4m3x2.f64 %h0, %d1, %d2;",
           // registers
           "cvt.rn.satfinite.e2m1x2.f32 %h0, %f1, %f2;",
           "cvt.rn.f16x2.e2m1x2 %r0, %h1;",
           "cvt.rn.satfinite.e4m3x2.f32 %r0, %f1, %f2;",
           // stochastic rounding of four, and other destinations
           "cvt.rs.satfinite.e4m3x4.f32 %r0, {%f1, %f2, %f3, %f4}, %r1;",
           "cvt.rs.f16.f32 %h0, %f1, %r1;",
           "cvt.rs.satfinite.e4m3x2.f32 %h0, %f1, %f2, %r1;",
           "cvt.rs.f16x2.f32 %r0, %f1, %f2;",
           // scalars
           "cvt.f16.f32 %h0, %f1;",
           "cvt.rn.f64.f32 %d0, %f1;",
           "cvt.rp.relu.f16.f32 %h0, %f1;",
           "cvt.rn.ftz.relu.f16.f32 %h0, %f1;",
           "cvt.ftz.f64.f64 %d0, %d1;",
           "cvt.rni.f16.f32 %h0, %f1;",
           "cvt.sat.f32.bf16 %f0, %h1;",
           "cvt.f32.s32 %f0, %r1;",
           "cvt.rn.s32.f32 %r0, %f1;",
           "cvt.rn.u32.u16 %r0, %h1;",
           "cvt.rzi.u32.u16 %r0, %h1;",
           "cvt.rzi.f32.s32 %f0, %r1;",
           "cvt.sat.s32.s16 %r0, %h1;",
       })
    EXPECT_NE(rejected(instruction), "") << instruction;
}

} // namespace thrift::sim::test
