//===- Tcgen05MmaTest.cpp - tcgen05.mma against dotReference ------------------===//
//
// Every kind, element type, layout and modifier with random and special operands. All of TMEM is compared, so that a
// stray write is seen as well.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/Tcgen05Harness.h"
#include "tests/sim/Tcgen05Layouts.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/arith/MmaReference.h"

#include <cmath>

namespace thrift::sim::test {

namespace {

struct KindFacts {
  const char *name;
  uint32_t k;
  bool scaled, packedFp4;
  std::vector<MmaElement> elements;
};
const std::vector<MmaElement> kFp8Elements = {MmaElement::E4M3, MmaElement::E5M2, MmaElement::E2M3, MmaElement::E3M2,
                                              MmaElement::E2M1};
const KindFacts kKinds[] = {
    {"f16", 16, false, false, {MmaElement::F16, MmaElement::BF16}},
    {"tf32", 8, false, false, {MmaElement::TF32}},
    {"f8f6f4", 32, false, false, kFp8Elements},
    {"mxf8f6f4", 32, true, false, kFp8Elements},
    {"mxf4", 64, true, true, {MmaElement::E2M1}},
    {"mxf4nvf4", 64, true, true, {MmaElement::E2M1}},
};

uint32_t typeCode(const KindFacts &kind, MmaElement element) {
  if (kind.packedFp4)
    return 1;
  switch (element) {
  case MmaElement::F16:
  case MmaElement::E4M3:
    return 0;
  case MmaElement::BF16:
  case MmaElement::E5M2:
    return 1;
  case MmaElement::TF32:
    return 2;
  case MmaElement::E2M3:
    return 3;
  case MmaElement::E3M2:
    return 4;
  case MmaElement::E2M1:
    return 5;
  }
  return 0;
}

struct Case {
  const KindFacts *kind;
  MmaElement a, b;
  uint32_t m = 128, n = 64;
  bool f16 = false, aInTmem = false, negateA = false, negateB = false, accumulate = true, specials = false;
  SharedOperand sharedA, sharedB;
  uint32_t columnD = 0, columnA = 480, laneD = 0; ///< laneD: 16 is the other half of the quadrants, M = 64
  uint32_t scaleVector = 0, idA = 0, idB = 0, columnScaleA = 496, columnScaleB = 500;
  MmaScaleFormat scaleFormat = MmaScaleFormat::UE8M0;
  std::string scaleSpelling, collector;
  int inputScale = 0;
  bool disables = false;
  uint32_t disabled[4] = {0, 0, 0, 0};

  uint32_t descriptor() const {
    uint32_t bits = typeCode(*kind, a) << 7 | typeCode(*kind, b) << 10 | uint32_t(negateA) << 13 |
                    uint32_t(negateB) << 14 | uint32_t(!aInTmem && sharedA.mnMajor) << 15 |
                    uint32_t(sharedB.mnMajor) << 16 | (n >> 3) << 17;
    if (!kind->scaled)
      return bits | uint32_t(!f16) << 4 | (m >> 4) << 24;
    return bits | idB << 4 | uint32_t(scaleFormat == MmaScaleFormat::UE8M0) << 23 | (m >> 7) << 27 | idA << 29;
  }
  std::string describe() const {
    return std::string(kind->name) + " m" + std::to_string(m) + "n" + std::to_string(n) + " types " +
           std::to_string(int(a)) + "," + std::to_string(int(b)) + (f16 ? " f16" : "") +
           (aInTmem           ? " TS"
            : sharedA.mnMajor ? " A mn"
                              : " A k") +
           std::to_string(sharedA.span) + (sharedB.mnMajor ? " B mn" : " B k") + std::to_string(sharedB.span) +
           " step " + std::to_string(sharedB.kStep) + " scales " + std::to_string(scaleVector) + " lane " +
           std::to_string(laneD);
  }
};

/// Codes that are mostly of moderate size, so that sums are neither all infinite nor dominated by one term.
uint32_t randomCode(MmaElement element, bool specials, std::mt19937_64 &random) {
  auto bits = static_cast<uint32_t>(random());
  bool wild = specials && random() % 48 == 0;
  switch (element) {
  case MmaElement::F16:
    return wild ? bits & 0xFFFF : (bits & 0x83FF) | static_cast<uint32_t>(random() % 20) << 10;
  case MmaElement::BF16:
    return wild ? bits & 0xFFFF : (bits & 0x807F) | static_cast<uint32_t>(115 + random() % 20) << 7;
  case MmaElement::TF32: // the low 13 bits do not count
    return wild ? bits : (bits & 0x807FFFFF) | static_cast<uint32_t>(115 + random() % 20) << 23;
  case MmaElement::E4M3:
    return !wild && (bits & 0x7F) == 0x7F ? bits & 0x80 : bits & 0xFF;
  case MmaElement::E5M2:
    return !wild && (bits & 0x7C) == 0x7C ? bits & 0x83 : bits & 0xFF;
  case MmaElement::E3M2:
  case MmaElement::E2M3:
    return bits & 0x3F;
  case MmaElement::E2M1:
    return bits & 0xF;
  }
  return 0;
}

uint8_t randomScale(MmaScaleFormat format, bool specials, std::mt19937_64 &random) {
  if (specials && random() % 64 == 0)
    return static_cast<uint8_t>(random());
  if (format == MmaScaleFormat::UE8M0)
    return static_cast<uint8_t>(117 + random() % 20);
  uint8_t code = static_cast<uint8_t>(random());
  return (code & 0x7F) == 0x7F ? 0x38 : code;
}

using Codes = std::vector<std::vector<uint32_t>>;

Codes randomCodes(const Case &c, MmaElement element, uint32_t outer, std::mt19937_64 &random) {
  Codes codes(outer, std::vector<uint32_t>(c.kind->k));
  for (auto &row : codes)
    for (uint32_t &code : row)
      code = randomCode(element, c.specials, random);
  return codes;
}

void placeInShared(const Case &c, const SharedOperand &where, MmaElement element, const Codes &codes,
                   std::vector<uint8_t> &shared) {
  auto put = [&](uint32_t address, const uint8_t *bytes) {
    ASSERT_LE(address - kSharedData + 16, shared.size());
    std::memcpy(shared.data() + address - kSharedData, bytes, 16);
  };
  if (!where.mnMajor) {
    for (uint32_t row = 0; row < codes.size(); ++row) {
      std::vector<uint8_t> bytes = packRow(element, c.kind->packedFp4, false, codes[row]);
      // Padding is nobody's: keep what is there.
      for (uint32_t chunk = 0; chunk < 2; ++chunk) {
        uint32_t address = where.chunk(row, chunk) - kSharedData;
        uint32_t used = c.kind->packedFp4 || bitsOf(element) >= 8 ? 16 : static_cast<uint32_t>(2 * bitsOf(element));
        ASSERT_LE(address + 16, shared.size());
        std::memcpy(shared.data() + address, bytes.data() + 16 * chunk, used);
      }
    }
    return;
  }
  uint32_t size = static_cast<uint32_t>(bitsOf(element)) / 8, perChunk = 16 / size;
  for (uint32_t k = 0; k < c.kind->k; ++k)
    for (uint32_t chunk = 0; chunk < codes.size() / perChunk; ++chunk) {
      uint8_t bytes[16];
      for (uint32_t i = 0; i < perChunk; ++i)
        std::memcpy(bytes + i * size, &codes[chunk * perChunk + i][k], size);
      put(where.chunk(k, chunk), bytes);
    }
}

/// The lane of row m, from the pictures of layouts D and F.
uint32_t laneOf(const Case &c, uint32_t m) {
  if (c.m == 128)
    return m;
  static constexpr uint32_t kFirst[] = {0, 32, 64, 96};
  return kFirst[m >> 4] + (m & 15) + c.laneD;
}

std::vector<float> widen(MmaElement element, const std::vector<uint32_t> &codes, bool negate) {
  std::vector<float> values;
  for (uint32_t code : codes) {
    float value = widenElement(element, code);
    values.push_back(negate ? -value : value);
  }
  return values;
}

void placeScales(const Case &c, uint32_t column, uint32_t id, const std::vector<std::vector<uint8_t>> &scales,
                 TmemImage &tmem) {
  for (uint32_t row = 0; row < scales.size(); ++row)
    for (uint32_t quadrant = 0; quadrant < 4; ++quadrant)
      for (uint32_t i = 0; i < c.scaleVector; ++i) {
        uint32_t &cell = cellOf(tmem, row % 32 + 32 * quadrant, column + row / 32);
        cell = (cell & ~(0xFFu << 8 * (id + i))) | uint32_t(scales[row][i]) << 8 * (id + i);
      }
}

const MmaModel &modelOf(const Case &c) {
  std::string name = c.kind->name;
  if (name == "f16")
    return c.f16 ? kMmaF16ToF16 : kMmaF16;
  if (name == "tf32")
    return kMmaTf32;
  if (c.kind->packedFp4)
    return kMmaMxf4;
  return c.f16 ? kMmaFp8ToF16 : kMmaFp8;
}

std::string instruction(const Case &c) {
  std::string text = "    tcgen05.mma.cta_group::1.kind::" + std::string(c.kind->name);
  if (c.kind->scaled)
    text += ".block_scale" + c.scaleSpelling;
  text += c.collector + " [%tm+" + std::to_string(c.columnD + (c.laneD << 16)) + "], ";
  text += c.aInTmem ? "[%tm+" + std::to_string(c.columnA + (c.laneD << 16)) + "]" : "%d0";
  text += ", %d1, %x0, ";
  if (c.kind->scaled)
    text += "[%tm+" + std::to_string(c.columnScaleA) + "], [%tm+" + std::to_string(c.columnScaleB) + "], ";
  if (c.disables)
    text += "{%x1, %x2, %x3, %x4}, ";
  text += "%q";
  if (c.inputScale)
    text += ", " + std::to_string(c.inputScale);
  return text + ";\n";
}

std::string core(const Case &c) {
  std::string text = "    mov.b64 %d0, " + std::to_string(c.sharedA.descriptor()) + ";\n    mov.b64 %d1, " +
                     std::to_string(c.sharedB.descriptor()) + ";\n    mov.b32 %x0, " + std::to_string(c.descriptor()) +
                     ";\n    setp." + (c.accumulate ? "eq" : "ne") + ".u32 %q, %t, 0;\n";
  for (int i = 0; i < 4; ++i)
    text += "    mov.b32 %x" + std::to_string(i + 1) + ", " + std::to_string(c.disabled[i]) + ";\n";
  return text + instruction(c);
}

void check(const Case &c, const Options &policy, std::mt19937_64 &random) {
  TcgenProgram program;
  program.options = policy;
  program.shared.resize(144 * 1024);
  for (uint8_t &byte : program.shared)
    byte = static_cast<uint8_t>(random());
  program.tmem = randomTmem(random);

  Codes a = randomCodes(c, c.a, c.m, random), b = randomCodes(c, c.b, c.n, random);
  placeInShared(c, c.sharedB, c.b, b, program.shared);
  if (c.aInTmem) {
    for (uint32_t m = 0; m < c.m; ++m) {
      std::vector<uint8_t> bytes = packRow(c.a, c.kind->packedFp4, true, a[m]);
      for (uint32_t i = 0; i < 8; ++i)
        std::memcpy(&cellOf(program.tmem, laneOf(c, m), c.columnA + i), bytes.data() + 4 * i, 4);
    }
  } else {
    placeInShared(c, c.sharedA, c.a, a, program.shared);
  }
  std::vector<std::vector<uint8_t>> scalesA, scalesB;
  if (c.kind->scaled) {
    auto make = [&](uint32_t outer) {
      std::vector<std::vector<uint8_t>> scales(outer, std::vector<uint8_t>(c.scaleVector));
      for (auto &row : scales)
        for (uint8_t &scale : row)
          scale = randomScale(c.scaleFormat, c.specials, random);
      return scales;
    };
    scalesA = make(c.m), scalesB = make(c.n);
    placeScales(c, c.columnScaleA, c.idA, scalesA, program.tmem);
    placeScales(c, c.columnScaleB, c.idB, scalesB, program.tmem);
  }
  std::vector<float> accumulators = floats(size_t(c.m) * c.n, random());
  std::vector<uint16_t> halfAccumulators = halves(size_t(c.m) * c.n, random());
  TmemImage expected;
  for (uint32_t m = 0; m < c.m; ++m)
    for (uint32_t n = 0; n < c.n; ++n) {
      uint32_t word = c.f16 ? halfAccumulators[m * c.n + n] | (static_cast<uint32_t>(random()) & 0xFFFF0000u)
                            : bits(accumulators[m * c.n + n]);
      if (!c.specials && !c.f16 && (word & 0x7F800000) == 0x7F800000)
        word &= 0xBFFFFFFF;
      cellOf(program.tmem, laneOf(c, m), c.columnD + n) = word;
    }
  expected = program.tmem;

  std::vector<std::vector<float>> columns;
  for (uint32_t n = 0; n < c.n; ++n)
    columns.push_back(widen(c.b, b[n], c.negateB));
  int k = static_cast<int>(c.kind->k);
  for (uint32_t m = 0; m < c.m; ++m) {
    uint32_t lane = laneOf(c, m);
    if (c.disables && c.disabled[lane / 32] >> lane % 32 & 1)
      continue;
    std::vector<float> row = widen(c.a, a[m], c.negateA);
    for (uint32_t n = 0; n < c.n; ++n) {
      uint32_t &cell = cellOf(expected, lane, c.columnD + n);
      float before = c.f16 ? f32FromF16(static_cast<uint16_t>(cell)) : f32(cell);
      before = c.accumulate ? std::ldexp(before, -c.inputScale) : 0.0f;
      DotOperand x{c.a, row.data()}, y{c.b, columns[n].data()};
      float sum;
      if (c.kind->scaled) {
        int width = k / static_cast<int>(c.scaleVector);
        sum = dotReferenceScaled(modelOf(c), k, x, {c.scaleFormat, width, scalesA[m].data()}, y,
                                 {c.scaleFormat, width, scalesB[n].data()}, before);
      } else {
        sum = dotReference(modelOf(c), k, x, y, before);
      }
      cell = c.f16 ? f16FromF32(sum) : bits(sum);
    }
  }

  program.core = core(c);
  TcgenRun run = runTcgen(program);
  ASSERT_TRUE(run.report.status) << c.describe() << ": " << run.report.status.message();
  EXPECT_EQ(run.report.statistics.mmaInstructions, 1u);
  EXPECT_EQ(run.report.statistics.mmaMacs, uint64_t(c.m) * c.n * c.kind->k);
  for (uint32_t lane = 0; lane < kTcLanes; ++lane)
    for (uint32_t column = 0; column < kTcColumns; ++column)
      ASSERT_EQ(cellOf(run.tmem, lane, column), cellOf(expected, lane, column))
          << c.describe() << ": lane " << lane << ", column " << column;
}

/// Somewhere in shared memory, in a layout with gaps now and then.
SharedOperand randomPlace(uint32_t base, uint32_t outer, uint32_t k, uint32_t elementBits, uint32_t span, bool mnMajor,
                          std::mt19937_64 &random) {
  SharedOperand place;
  place.span = span;
  place.mnMajor = mnMajor;
  place.base = base;
  bool gaps = random() % 2;
  if (!mnMajor) {
    place.kStep = span == 1 ? static_cast<uint32_t>(random() % 2) : static_cast<uint32_t>(random() % (span / 2));
    place.sbo = span == 1 ? 128 : 128 * span + (gaps ? 1024 : 0);
    place.lbo = span == 1 ? outer / 8 * 128 + (gaps ? 128 : 0) : 16 * static_cast<uint32_t>(random() % 4);
    return place;
  }
  uint32_t chunks = outer * elementBits / 128, atoms = (chunks + span - 1) / span;
  if (span == 1) { // k groups LBO apart, chunks SBO apart
    place.sbo = 128 + (gaps ? 128 : 0);
    place.lbo = place.sbo * chunks;
    return place;
  }
  place.sbo = 128 * span;
  place.lbo = place.sbo * (k / 8) + (gaps ? 1024 : 0);
  (void)atoms;
  return place;
}

Case randomCase(const KindFacts &kind, std::mt19937_64 &random) {
  auto pick = [&](auto... choices) {
    std::vector<std::common_type_t<decltype(choices)...>> all = {choices...};
    return all[random() % all.size()];
  };
  Case c;
  c.kind = &kind;
  c.a = kind.elements[random() % kind.elements.size()];
  c.b = kind.elements[random() % kind.elements.size()];
  std::string name = kind.name;
  if (name == "f16")
    c.b = c.a;
  c.m = kind.scaled ? 128 : pick(64u, 128u);
  c.n = 8 * (1 + static_cast<uint32_t>(random() % 32));
  c.aInTmem = random() % 2;
  c.f16 = (name == "f8f6f4" || (name == "f16" && c.a == MmaElement::F16)) && random() % 2;
  c.negateA = random() % 4 == 0;
  c.negateB = random() % 4 == 0;
  c.accumulate = random() % 4 != 0;
  c.specials = random() % 4 == 0;
  c.laneD = c.m == 64 && random() % 2 ? 16 : 0;
  auto mayTranspose = [&](MmaElement element) {
    return !kind.packedFp4 && (bitsOf(element) == 8 || bitsOf(element) == 16);
  };
  bool mnA = mayTranspose(c.a) && random() % 2, mnB = mayTranspose(c.b) && random() % 2;
  if (mnB && bitsOf(c.b) == 8)
    c.n = (c.n + 15) / 16 * 16;
  c.columnD = static_cast<uint32_t>(random() % (470 - c.n));
  c.sharedA =
      randomPlace(kSharedData, c.m, kind.k, static_cast<uint32_t>(bitsOf(c.a)), pick(1u, 2u, 4u, 8u), mnA, random);
  c.sharedB = randomPlace(kSharedData + 64 * 1024, c.n, kind.k, static_cast<uint32_t>(bitsOf(c.b)),
                          pick(1u, 2u, 4u, 8u), mnB, random);
  c.collector = pick("", ".collector::a::discard", ".collector::a::fill");
  if (kind.scaled) {
    bool nv = name == "mxf4nvf4";
    c.scaleVector = name == "mxf8f6f4" ? 1 : nv ? pick(2u, 4u) : 2;
    if (nv && c.scaleVector == 4 && random() % 2)
      c.scaleFormat = MmaScaleFormat::UE4M3;
    std::string nx = ".scale_vec::" + std::to_string(c.scaleVector) + "X";
    c.scaleSpelling = c.scaleVector == 4 ? pick(std::string(".block16"), nx) : pick(std::string(".block32"), nx);
    if (!nv && random() % 3 == 0)
      c.scaleSpelling = "";
    c.idA = c.scaleVector == 1 ? static_cast<uint32_t>(random() % 4) : c.scaleVector == 2 ? pick(0u, 2u) : 0;
    c.idB = c.scaleVector == 1 ? static_cast<uint32_t>(random() % 4) : c.scaleVector == 2 ? pick(0u, 2u) : 0;
    return c;
  }
  if ((name == "f16" || name == "tf32") && !c.f16 && random() % 4 == 0)
    c.inputScale = 1 + static_cast<int>(random() % 15);
  if (random() % 4 == 0) {
    c.disables = true;
    for (uint32_t &mask : c.disabled)
      mask = static_cast<uint32_t>(random() & random());
  }
  return c;
}

void checkKind(size_t index, int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Options> policies = allPolicies();
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i)
    check(randomCase(kKinds[index], random), policies[static_cast<size_t>(i) % policies.size()], random);
}

TEST(Tcgen05Mma, F16) { checkKind(0, 40, 1); }
TEST(Tcgen05Mma, Tf32) { checkKind(1, 20, 2); }
TEST(Tcgen05Mma, F8f6f4) { checkKind(2, 40, 3); }
TEST(Tcgen05Mma, Mxf8f6f4) { checkKind(3, 40, 4); }
TEST(Tcgen05Mma, Mxf4) { checkKind(4, 20, 5); }
TEST(Tcgen05Mma, Mxf4nvf4) { checkKind(5, 30, 6); }

/// Each layout once, whatever the dice say.
TEST(Tcgen05Mma, EveryLayout) {
  std::mt19937_64 random(7);
  for (const KindFacts &kind : kKinds)
    for (uint32_t span : {1u, 2u, 4u, 8u})
      for (bool mnMajor : {false, true}) {
        MmaElement element = kind.elements[0];
        if (mnMajor && (kind.packedFp4 || element == MmaElement::TF32))
          continue;
        Case c = randomCase(kind, random);
        c.a = c.b = element;
        c.aInTmem = c.f16 = false;
        c.n = 96;
        auto width = static_cast<uint32_t>(bitsOf(element));
        c.sharedA = randomPlace(kSharedData, c.m, kind.k, width, span, mnMajor, random);
        c.sharedB = randomPlace(kSharedData + 64 * 1024, c.n, kind.k, width, span, mnMajor, random);
        c.columnD = 32;
        check(c, allPolicies()[0], random);
      }
}

} // namespace

} // namespace thrift::sim::test
