//===- FormatTest.cpp - names, sizes, parse and print -----------------------------------------===//

#include "dialect/formats/Format.h"

#include <gtest/gtest.h>

#include <unordered_set>

using namespace thrift;

static constexpr DType kAllDTypes[] = {DType::F32, DType::F16, DType::BF16, DType::I32, DType::U8};
static constexpr LowFormat kAllFormats[] = {LowFormat::F16, LowFormat::Fp8, LowFormat::Mxfp4, LowFormat::Nvfp4};

TEST(DType, NamesRoundTrip) {
  for (DType dtype : kAllDTypes)
    EXPECT_EQ(parseDType(name(dtype)), dtype);
  EXPECT_EQ(name(DType::BF16), "bf16");
}

TEST(DType, Sizes) {
  EXPECT_EQ(sizeInBytes(DType::F32), 4);
  EXPECT_EQ(sizeInBytes(DType::F16), 2);
  EXPECT_EQ(sizeInBytes(DType::BF16), 2);
  EXPECT_EQ(sizeInBytes(DType::I32), 4);
  EXPECT_EQ(sizeInBytes(DType::U8), 1);
}

TEST(DType, UnknownNameListsWhatIsAllowed) {
  std::string whyNot;
  EXPECT_FALSE(parseDType("f61", &whyNot));
  EXPECT_EQ(whyNot, "dtype is 'f61'; allowed: f32, f16, bf16, i32, u8");
  EXPECT_FALSE(parseDType(""));
  EXPECT_FALSE(parseDType("F16")) << "names are lower case";
}

TEST(LowFormat, Facts) {
  struct Row {
    LowFormat format;
    const char *name;
    int bits, group;
  };
  for (const Row &row : {Row{LowFormat::F16, "f16", 16, 0}, Row{LowFormat::Fp8, "fp8", 8, 0},
                         Row{LowFormat::Mxfp4, "mxfp4", 4, 32}, Row{LowFormat::Nvfp4, "nvfp4", 4, 16}}) {
    EXPECT_EQ(name(row.format), row.name);
    EXPECT_EQ(parseLowFormat(row.name), row.format);
    EXPECT_EQ(elementBits(row.format), row.bits);
    EXPECT_EQ(scaleGroup(row.format), row.group);
  }
}

TEST(LowFormat, UnknownNameListsWhatIsAllowed) {
  std::string whyNot;
  EXPECT_FALSE(parseLowFormat("nvfp4:fp8", &whyNot));
  EXPECT_EQ(whyNot, "low format is 'nvfp4:fp8'; allowed: f16, fp8, mxfp4, nvfp4");
}

TEST(LowPair, EveryPairRoundTrips) {
  for (LowFormat qk : kAllFormats)
    for (LowFormat pv : kAllFormats) {
      LowPair pair{qk, pv};
      EXPECT_EQ(LowPair::parse(pair.print()), pair) << pair.print();
    }
}

TEST(LowPair, OneWordMeansBoth) {
  EXPECT_EQ(LowPair::parse("fp8"), (LowPair{LowFormat::Fp8, LowFormat::Fp8}));
  EXPECT_EQ(LowPair::parse("fp8:fp8"), LowPair::parse("fp8"));
  EXPECT_EQ((LowPair{LowFormat::Fp8, LowFormat::Fp8}).print(), "fp8");
  EXPECT_EQ((LowPair{LowFormat::Nvfp4, LowFormat::Fp8}).print(), "nvfp4:fp8");
}

TEST(LowPair, MalformedTextListsWhatIsAllowed) {
  for (const char *text : {"", ":", "nvfp4:", ":fp8", "nvfp4:fp8:fp8", "nvfp4 :fp8", "NVFP4", "nvfp5", "nvfp4:fp9"}) {
    std::string whyNot;
    EXPECT_FALSE(LowPair::parse(text, &whyNot)) << text;
    EXPECT_EQ(whyNot, "low pair is '" + std::string(text) +
                          "'; allowed: one of f16, fp8, mxfp4, nvfp4, or two of them as qk:pv");
  }
}

TEST(LowPair, HashTellsPairsApart) {
  std::unordered_set<LowPair> pairs;
  std::unordered_set<size_t> hashes;
  for (LowFormat qk : kAllFormats)
    for (LowFormat pv : kAllFormats) {
      pairs.insert({qk, pv});
      hashes.insert(std::hash<LowPair>{}({qk, pv}));
    }
  EXPECT_EQ(pairs.size(), 16u);
  EXPECT_EQ(hashes.size(), 16u);
}
