//===- TensorMapTest.cpp - tensor maps: rules, packing, tensormap.replace ---===//

#include "runtime/sim/TensorMap.h"
#include "tests/sim/SimHarness.h"

#include <functional>

namespace thrift::sim::test {

static TensorMapDescription matrixOfHalves() {
  TensorMapDescription map;
  map.element = TensorElement::F16;
  map.rank = 2;
  map.address = 0x10000;
  map.dims = {256, 1000};
  map.strides = {512};
  map.box = {64, 128};
  map.swizzle = SwizzleMode::B128;
  return map;
}

static TensorMapDescription paddedMatrix(TensorElement element) {
  TensorMapDescription map;
  map.element = element;
  map.rank = 2;
  map.address = 0x10000;
  map.dims = {512, 100};
  map.strides = {512};
  map.box = {128, 32};
  return map;
}

namespace {

struct Rule {
  const char *field; ///< that is to blame; null: the map is good
  std::function<void(TensorMapDescription &)> change;
};

void expectRules(const TensorMapDescription &good, const std::vector<Rule> &rules) {
  ASSERT_TRUE(checkTensorMap(good)) << checkTensorMap(good).message();
  for (const Rule &rule : rules) {
    TensorMapDescription map = good;
    rule.change(map);
    Status status = checkTensorMap(map);
    if (!rule.field) {
      EXPECT_TRUE(status) << status.message();
      continue;
    }
    EXPECT_FALSE(status) << rule.field;
    EXPECT_EQ(status.field(), rule.field) << status.message();
    EXPECT_FALSE(encodeTensorMap(map));
  }
}

} // namespace

TEST(TensorMap, RulesOfTheDriver) {
  using Map = TensorMapDescription;
  expectRules(matrixOfHalves(), {
                                    {"rank", [](Map &map) { map.rank = 0; }},
                                    {"rank", [](Map &map) { map.rank = 6; }},
                                    {"address", [](Map &map) { map.address += 8; }},
                                    {nullptr, [](Map &map) { map.address += 16; }},
                                    {"dims[0]", [](Map &map) { map.dims[0] = 0; }},
                                    {nullptr, [](Map &map) { map.dims[1] = uint64_t(1) << 32; }},
                                    {"dims[1]", [](Map &map) { map.dims[1] = (uint64_t(1) << 32) + 1; }},
                                    {nullptr, [](Map &map) { map.dims[2] = 0; }}, // beyond the rank
                                    {"strides[0]", [](Map &map) { map.strides[0] = 520; }},
                                    {"strides[0]", [](Map &map) { map.strides[0] = uint64_t(1) << 40; }},
                                    {nullptr, [](Map &map) { map.strides[0] = (uint64_t(1) << 40) - 16; }},
                                    {"box[0]", [](Map &map) { map.box[0] = 0; }},
                                    {"box[1]", [](Map &map) { map.box[1] = 257; }},
                                    {nullptr, [](Map &map) { map.box[1] = 256; }},
                                    {"box[0]", [](Map &map) { map.box[0] = 60; }},
                                    {nullptr, [](Map &map) { map.box[0] = 56; }},
                                    {"box[0]", [](Map &map) { map.box[0] = 72; }},
                                    {"box[0]", [](Map &map) { map.swizzle = SwizzleMode::B64; }},
                                    {"box[0]", [](Map &map) { map.swizzle = SwizzleMode::B32; }},
                                    {nullptr,
                                     [](Map &map) {
                                       map.swizzle = SwizzleMode::None;
                                       map.box[0] = 256;
                                     }},
                                    {nullptr,
                                     [](Map &map) {
                                       map.rank = 3, map.dims[2] = 9, map.box = {64, 152, 12};
                                     }},
                                    {"box",
                                     [](Map &map) {
                                       map.rank = 3, map.dims[2] = 9, map.box = {64, 153, 12};
                                     }},
                                    {nullptr,
                                     [](Map &map) {
                                       map.rank = 3, map.dims[2] = 9, map.box = {64, 256, 24};
                                       map.elementStrides = {1, 2, 2};
                                     }},
                                    {nullptr,
                                     [](Map &map) {
                                       map.rank = 3, map.dims[2] = 9, map.box = {64, 256, 3};
                                       map.elementStrides = {1, 1, 4};
                                     }},
                                    {"elementStrides[1]", [](Map &map) { map.elementStrides[1] = 0; }},
                                    {"elementStrides[1]", [](Map &map) { map.elementStrides[1] = 9; }},
                                    {nullptr, [](Map &map) { map.elementStrides[1] = 8; }},
                                    {nullptr, [](Map &map) { map.fill = TensorFill::NaN; }},
                                    {"fill",
                                     [](Map &map) {
                                       map.element = TensorElement::U16;
                                       map.fill = TensorFill::NaN;
                                     }},
                                    {"interleave", [](Map &map) { map.interleave = TensorInterleave::B16; }},
                                    {"interleave", [](Map &map) { map.interleave = TensorInterleave::B32; }},
                                    {"element", [](Map &map) { map.element = static_cast<TensorElement>(16); }},
                                    {"swizzle", [](Map &map) { map.swizzle = static_cast<SwizzleMode>(7); }},
                                });
  TensorMapDescription interleaved = matrixOfHalves();
  interleaved.interleave = TensorInterleave::B16;
  EXPECT_EQ(checkTensorMap(interleaved).code(), StatusCode::Unsupported);
}

TEST(TensorMap, RulesOfPackedTypes) {
  using Map = TensorMapDescription;
  for (TensorElement element : {TensorElement::U4Align16, TensorElement::U6Align16}) {
    bool isSix = element == TensorElement::U6Align16;
    expectRules(paddedMatrix(element),
                {
                    {"address", [](Map &map) { map.address += 16; }},
                    {"dims[0]", [](Map &map) { map.dims[0] = 448; }},
                    {"strides[0]", [](Map &map) { map.strides[0] = 528; }},
                    {"box[0]", [](Map &map) { map.box[0] = 64; }},
                    {nullptr, [](Map &map) { map.swizzle = SwizzleMode::B128; }},
                    {nullptr, [](Map &map) { map.swizzle = SwizzleMode::B128Atom32; }},
                    {"swizzle", [](Map &map) { map.swizzle = SwizzleMode::B128Atom32Flip8; }},
                    {isSix ? nullptr : "swizzle", [](Map &map) { map.swizzle = SwizzleMode::B128Atom64; }},
                    {"box[0]", [](Map &map) { map.swizzle = SwizzleMode::B64; }},
                    {"fill", [](Map &map) { map.fill = TensorFill::NaN; }},
                });
  }
  TensorMapDescription dense = paddedMatrix(TensorElement::U4Align8);
  dense.box[0] = 64;
  expectRules(dense, {
                         {nullptr, [](Map &map) { map.address += 16; }},
                         {"dims[0]", [](Map &map) { map.dims[0] = 511; }},
                         {nullptr, [](Map &map) { map.dims[0] = 510; }},
                         {"box[0]", [](Map &map) { map.box[0] = 48; }},
                         {nullptr, [](Map &map) { map.swizzle = SwizzleMode::B32; }},
                         {"box[0]",
                          [](Map &map) {
                            map.box[0] = 96;
                            map.swizzle = SwizzleMode::B32;
                          }},
                         {"fill", [](Map &map) { map.fill = TensorFill::NaN; }},
                     });
}

TEST(TensorMap, RoundTrip) {
  std::mt19937_64 random(5);
  unsigned good = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    TensorMapDescription map;
    map.element = static_cast<TensorElement>(random() % 16);
    map.rank = 1 + random() % 5;
    map.address = random() % (uint64_t(1) << 47) & ~uint64_t(31);
    map.swizzle = static_cast<SwizzleMode>(random() % 7);
    map.fill = static_cast<TensorFill>(random() % 2);
    for (unsigned dim = 0; dim < map.rank; ++dim) {
      map.dims[dim] = 128 * (1 + random() % (dim == 0 ? 9 : (uint64_t(1) << 25)));
      map.box[dim] = dim == 0 ? 16u << random() % 5 : 1 + random() % (random() % 2 ? 4 : 256);
      map.elementStrides[dim] = 1 + random() % 8;
      if (dim != 0)
        map.strides[dim - 1] = random() % (uint64_t(1) << 40) & ~uint64_t(31);
    }
    Result<TensorMapBytes> bytes = encodeTensorMap(map);
    if (!bytes)
      continue;
    ++good;
    Result<TensorMapDescription> back = decodeTensorMap(bytes->data());
    ASSERT_TRUE(back) << back.status().message();
    EXPECT_EQ(back->element, map.element);
    EXPECT_EQ(back->rank, map.rank);
    EXPECT_EQ(back->address, map.address);
    EXPECT_EQ(back->dims, map.dims);
    EXPECT_EQ(back->strides, map.strides);
    EXPECT_EQ(back->box, map.box);
    EXPECT_EQ(back->elementStrides, map.elementStrides);
    EXPECT_EQ(back->swizzle, map.swizzle);
    EXPECT_EQ(back->fill, map.fill);
  }
  EXPECT_GT(good, 2000u);
}

TEST(TensorMap, OtherBytesAreNoMap) {
  TensorMapBytes zeros{};
  EXPECT_NE(decodeTensorMap(zeros.data()).status().message().find("all zero"), std::string::npos);
  std::mt19937_64 random(6);
  for (unsigned i = 0; i < 1000; ++i) {
    TensorMapBytes bytes;
    for (uint8_t &byte : bytes)
      byte = static_cast<uint8_t>(random());
    EXPECT_FALSE(decodeTensorMap(bytes.data()));
  }
  // One flipped bit at a time: never a crash, and never an illegal map that is accepted.
  TensorMapBytes map = *encodeTensorMap(matrixOfHalves());
  for (unsigned bit = 0; bit < 1024; ++bit) {
    TensorMapBytes flipped = map;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    if (Result<TensorMapDescription> description = decodeTensorMap(flipped.data())) {
      EXPECT_TRUE(checkTensorMap(*description));
      EXPECT_LT(bit, 76u * 8);
    }
  }
}

TEST(TensorMap, Names) {
  for (unsigned i = 0; i < kNumTensorElements; ++i) {
    auto element = static_cast<TensorElement>(i), back = TensorElement::U8;
    EXPECT_TRUE(tensorElementNamed(tensorElementName(element), back));
    EXPECT_EQ(back, element);
  }
  TensorElement unchanged = TensorElement::F16;
  EXPECT_FALSE(tensorElementNamed("f12", unchanged));
}

//===----------------------------------------------------------------------===//
// tensormap.replace
//===----------------------------------------------------------------------===//

/// Builds a map of `description` from zeros in shared memory and copies it to global memory, 128 bytes at %out.
static std::string replaceAll(const TensorMapDescription &description, const std::string &space = "shared::cta",
                              const std::string &base = "m") {
  std::string body;
  auto replace = [&](const std::string &field, const char *type, const std::string &rest) {
    body += "tensormap.replace.tile." + field + "." + space + ".b1024." + type + " [" + base + "], " + rest + ";\n";
  };
  auto wide = [&](const std::string &field, const std::string &ordinal, uint64_t value) {
    body += "mov.b64 %v, " + std::to_string(value) + ";\n";
    replace(field, "b64", ordinal + "%v");
  };
  wide("global_address", "", description.address);
  replace("rank", "b32", std::to_string(description.rank - 1));
  for (unsigned i = 0; i < description.rank; ++i) {
    std::string ordinal = std::to_string(i) + ", ";
    replace("box_dim", "b32", ordinal + std::to_string(description.box[i]));
    replace("global_dim", "b32", ordinal + std::to_string(description.dims[i]));
    replace("element_stride", "b32", ordinal + std::to_string(description.elementStrides[i]));
    if (i + 1 < description.rank)
      wide("global_stride", ordinal, description.strides[i]);
  }
  static constexpr int kModes[] = {0, 1, 2, 3, 3, 3, 3}, kAtoms[] = {0, 0, 0, 0, 1, 2, 3};
  auto swizzle = static_cast<unsigned>(description.swizzle);
  replace("elemtype", "b32", std::to_string(static_cast<unsigned>(description.element)));
  replace("interleave_layout", "b32", "0");
  replace("swizzle_mode", "b32", std::to_string(kModes[swizzle]));
  replace("swizzle_atomicity", "b32", std::to_string(kAtoms[swizzle]));
  replace("fill_mode", "b32", std::to_string(static_cast<unsigned>(description.fill)));
  return body;
}

static const char *const kZeroMap = R"(
    .reg .b64 %v; .reg .b32 %s; .reg .pred %p;
    shl.b32 %s, %t, 2;  mov.u32 %v32, m;  add.u32 %s, %s, %v32;
    st.shared.u32 [%s], 0;
    bar.sync 0;
    setp.ne.u32 %p, %t, 0;
)";

static std::string zeroMap() { return ".reg .b32 %v32;" + std::string(kZeroMap); }

TEST(TensorMapReplace, MakesTheSameMap) {
  TensorMapDescription padded = paddedMatrix(TensorElement::U6Align16), deep = matrixOfHalves(),
                       flipped = matrixOfHalves(), nan = matrixOfHalves();
  padded.swizzle = SwizzleMode::B128Atom32;
  flipped.swizzle = SwizzleMode::B128Atom32Flip8;
  nan.fill = TensorFill::NaN;
  nan.element = TensorElement::F32Ftz;
  nan.box[0] = 32;
  deep.rank = 5;
  deep.dims = {64, 3, 5, 0xFFFFFFFF, 9};
  deep.strides = {128, 1024, 65536, 0xFFFFFFFFF0};
  deep.box = {8, 256, 1, 2, 3};
  deep.elementStrides = {1, 2, 3, 4, 8};
  deep.address = 0x7FFF12345670;
  for (const TensorMapDescription &description : {matrixOfHalves(), padded, deep, flipped, nan}) {
    BodyOptions options;
    options.outWords = 32;
    options.before = ".shared .align 128 .b8 m[128];\n";
    options.options.checkRaces = true;
    std::string copy = "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned "
                       "[%out], [m], 128;\n";
    BodyRun run = runBody(zeroMap() + "@%p bra L;\n" + replaceAll(description) + "L: bar.sync 0;\n" + copy, options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    TensorMapBytes made, expected = *encodeTensorMap(description);
    std::memcpy(made.data(), run.out.data(), made.size());
    EXPECT_EQ(made, expected);
  }
}

TEST(TensorMapReplace, InGlobalMemory) {
  BodyOptions options;
  options.outWords = 32;
  for (const char *space : {"global", ""}) {
    std::string body = replaceAll(matrixOfHalves(), "SPACE", "%out");
    std::string text = std::string(space).empty() ? "" : std::string(".") + space;
    for (size_t at; (at = body.find(".SPACE")) != std::string::npos;)
      body.replace(at, 6, text);
    BodyRun run =
        runBody(".reg .b64 %v; .reg .pred %p;\nsetp.ne.u32 %p, %t, 0;\n@%p bra L;\n" + body + "L:\n", options);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    TensorMapBytes made, expected = *encodeTensorMap(matrixOfHalves());
    std::memcpy(made.data(), run.out.data(), made.size());
    EXPECT_EQ(made, expected);
  }
}

TEST(TensorMapReplace, Findings) {
  BodyOptions options;
  options.outWords = 64;
  options.before = ".shared .align 128 .b8 m[256];\n";
  auto one = [&](const std::string &line) { return zeroMap() + "@%p bra L;\n" + line + "L: bar.sync 0;\n"; };
  auto field = [&](const std::string &rest) { return one("tensormap.replace.tile." + rest + ";\n"); };
  EXPECT_NE(expectError(field("rank.shared::cta.b1024.b32 [m], 5"), Check::BadDescriptor, options)
                .message.find("the new value is 5; allowed: 0 to 4"),
            std::string::npos);
  expectError(field("box_dim.shared::cta.b1024.b32 [m], 0, 0"), Check::BadDescriptor, options);
  expectError(field("box_dim.shared::cta.b1024.b32 [m], 0, 257"), Check::BadDescriptor, options);
  expectError(field("element_stride.shared::cta.b1024.b32 [m], 1, 9"), Check::BadDescriptor, options);
  expectError(field("global_dim.shared::cta.b1024.b32 [m], 1, 0"), Check::BadDescriptor, options);
  expectError(field("rank.shared::cta.b1024.b32 [m+64], 1"), Check::Misaligned, options);
  expectError(field("rank.shared::cta.b1024.b32 [m+128], 1"), Check::Uninitialized, options);
  expectError(field("rank.shared::cta.b1024.b32 [m+256], 1"), Check::OutOfBounds, options);
  std::string copy = "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned ";
  expectError(zeroMap() + copy + "[%out], [m+128], 128;\n", Check::Uninitialized, options);
  expectError(zeroMap() + copy + "[%out+128], [m+64], 128;\n", Check::Misaligned, options);
  expectError(zeroMap() + copy + "[%out+256], [m], 128;\n", Check::OutOfBounds, options);
  expectError(one(copy + "[%out], [m], 128;\n"), Check::DivergentAligned, options);
}

TEST(TensorMapReplace, Unsupported) {
  auto error = [](const std::string &line) {
    return loadError(header() + ".visible .entry test() { .reg .b64 %v; .reg .b32 %r;\n" + line + "\nret; }");
  };
  EXPECT_NE(error("tensormap.replace.tile.swizzle_mode.global.b1024.b32 [%v], 4;"), "");
  EXPECT_NE(error("tensormap.replace.tile.elemtype.global.b1024.b32 [%v], %r;"), "");
  EXPECT_NE(error("tensormap.replace.tile.box_dim.global.b1024.b32 [%v], 5, %r;"), "");
  EXPECT_NE(error("tensormap.replace.tile.global_stride.global.b1024.b32 [%v], 0, %r;"), "");
  EXPECT_NE(error("tensormap.replace.tile.rank.local.b1024.b32 [%v], %r;"), "");
  EXPECT_EQ(error("tensormap.replace.tile.rank.global.b1024.b32 [%v], %r;"), "");
}

} // namespace thrift::sim::test
