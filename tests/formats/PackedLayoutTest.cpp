//===- PackedLayoutTest.cpp - sizes and offsets -----------------------------------------------===//

#include "dialect/formats/PackedLayout.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

using namespace thrift;

static constexpr LowFormat kPackedFormats[] = {LowFormat::Nvfp4, LowFormat::Mxfp4, LowFormat::Fp8};

TEST(TilePermutation, IsTheDocumentedTable) {
  const std::vector<int64_t> lanes[] = {
      {0, 1, 8, 9, 16, 17, 24, 25, 32, 33, 40, 41, 48, 49, 56, 57},
      {2, 3, 10, 11, 18, 19, 26, 27, 34, 35, 42, 43, 50, 51, 58, 59},
      {4, 5, 12, 13, 20, 21, 28, 29, 36, 37, 44, 45, 52, 53, 60, 61},
      {6, 7, 14, 15, 22, 23, 30, 31, 38, 39, 46, 47, 54, 55, 62, 63},
  };
  for (int64_t position = 0; position < 64; ++position)
    EXPECT_EQ(tokenAtPosition(position), lanes[position / 16][position % 16]) << position;
}

TEST(TilePermutation, IsABijectionWithItsInverse) {
  std::set<int64_t> tokens;
  for (int64_t position = 0; position < 64; ++position) {
    int64_t token = tokenAtPosition(position);
    EXPECT_TRUE(tokens.insert(token).second) << "token " << token << " twice";
    EXPECT_EQ(positionOfToken(token), position);
    EXPECT_EQ(token % 2, position % 2) << "parity is what tells nibbles apart";
  }
  EXPECT_EQ(*tokens.begin(), 0);
  EXPECT_EQ(*tokens.rbegin(), 63);
}

TEST(TilePermutation, GivesEachLaneItsMmaTokens) {
  // mma.m16n8k16: lane l of a quad owns k = 2l, 2l+1 (first register) and 2l+8, 2l+9 (second) of every step of 16.
  for (int64_t lane = 0; lane < 4; ++lane)
    for (int64_t step = 0; step < 4; ++step) {
      int64_t first = 16 * lane + 4 * step;
      EXPECT_EQ(tokenAtPosition(first + 0), 16 * step + 2 * lane);
      EXPECT_EQ(tokenAtPosition(first + 1), 16 * step + 2 * lane + 1);
      EXPECT_EQ(tokenAtPosition(first + 2), 16 * step + 2 * lane + 8);
      EXPECT_EQ(tokenAtPosition(first + 3), 16 * step + 2 * lane + 9);
    }
}

TEST(PackedShape, PadsToWholeBlocks) {
  struct Row {
    int64_t tokens, blocks, padded, inLast;
  };
  for (const Row &row :
       {Row{1, 1, 64, 1}, Row{63, 1, 64, 63}, Row{64, 1, 64, 64}, Row{65, 2, 128, 1}, Row{1000, 16, 1024, 40}}) {
    PackedShape shape{1, 1, row.tokens, 128, 64};
    EXPECT_EQ(shape.blocks(), row.blocks) << row.tokens;
    EXPECT_EQ(shape.paddedTokens(), row.padded) << row.tokens;
    EXPECT_EQ(shape.tokensInBlock(row.blocks - 1), row.inLast) << row.tokens;
    EXPECT_EQ(shape.tokensInBlock(row.blocks), 0) << row.tokens;
  }
  EXPECT_EQ((PackedShape{1, 1, 65, 128, 128}).paddedTokens(), 128);
  EXPECT_EQ((PackedShape{1, 1, 0, 128, 64}).paddedTokens(), 0);
}

TEST(RowsLayout, Sizes) {
  // 2 batches of 3 heads: 6 heads in all, D = 128.
  const std::pair<int64_t, int64_t> lengths[] = {{1, 64}, {63, 64}, {64, 64}, {65, 128}, {1000, 1024}};
  for (auto [tokens, padded] : lengths) {
    PackedShape shape{2, 3, tokens, 128, 64};
    RowsLayout nvfp4{LowFormat::Nvfp4, shape}, mxfp4{LowFormat::Mxfp4, shape}, fp8{LowFormat::Fp8, shape};
    EXPECT_EQ(nvfp4.dataBytes(), 6 * padded * 64);
    EXPECT_EQ(nvfp4.scaleBytes(), 6 * padded * 8);
    EXPECT_EQ(mxfp4.dataBytes(), 6 * padded * 64);
    EXPECT_EQ(mxfp4.scaleBytes(), 6 * padded * 4);
    EXPECT_EQ(fp8.dataBytes(), 6 * padded * 128);
    EXPECT_EQ(fp8.scaleBytes(), 6 * (padded / 64) * 4);
  }
}

TEST(TransposedLayout, Sizes) {
  const std::pair<int64_t, int64_t> lengths[] = {{1, 1}, {63, 1}, {64, 1}, {65, 2}, {1000, 16}};
  for (auto [tokens, tiles] : lengths) {
    PackedShape shape{2, 3, tokens, 96, 64};
    TransposedLayout nvfp4{LowFormat::Nvfp4, shape}, mxfp4{LowFormat::Mxfp4, shape}, fp8{LowFormat::Fp8, shape};
    EXPECT_EQ(nvfp4.dataBytes(), 6 * tiles * 96 * 32);
    EXPECT_EQ(nvfp4.scaleBytes(), 6 * tiles * 96 * 4);
    EXPECT_EQ(mxfp4.dataBytes(), 6 * tiles * 96 * 32);
    EXPECT_EQ(mxfp4.scaleBytes(), 6 * tiles * 96 * 2);
    EXPECT_EQ(fp8.dataBytes(), 6 * tiles * 96 * 64);
    EXPECT_EQ(fp8.scaleBytes(), 6 * tiles * 4);
  }
  EXPECT_EQ((TransposedLayout{LowFormat::Nvfp4, {1, 1, 65, 96, 128}}).tiles(), 2);
  EXPECT_EQ((TransposedLayout{LowFormat::Fp8, {1, 1, 65, 96, 128}}).scaleBytes(), 4) << "one per block, not per tile";
}

TEST(MeansLayout, Sizes) {
  MeansLayout means{{2, 3, 65, 96, 64}};
  EXPECT_EQ(means.bytes(), 6 * 2 * 96 * 4);
  EXPECT_EQ(means.offset(0, 0, 0, 0), 0);
  EXPECT_EQ(means.offset(1, 2, 1, 95), means.bytes() - 4);
}

/// Walks every element, padding included: each owns its bits alone, all bits are owned, and elements that share a scale
/// are exactly the documented group. In sm100 some scale bytes belong to nobody: atoms are whole.
template <typename Layout>
static void expectElementsTileTheTensor(const Layout &layout, bool oddIsToken) {
  const PackedShape &shape = layout.shape;
  int bits = elementBits(layout.format);
  std::vector<uint8_t> owned(layout.dataBytes());
  std::vector<int64_t> sharers(layout.scaleBytes());
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t token = 0; token < shape.paddedTokens(); ++token)
        for (int64_t channel = 0; channel < shape.channels; ++channel) {
          int64_t offset = layout.dataOffset(b, h, token, channel);
          ASSERT_GE(offset, 0);
          ASSERT_LT(offset, layout.dataBytes());
          bool high = bits == 4 && (oddIsToken ? token : channel) % 2 == 1;
          uint8_t mine = bits == 8 ? 0xFF : high ? 0xF0 : 0x0F;
          ASSERT_EQ(owned[offset] & mine, 0) << "token " << token << ", channel " << channel;
          owned[offset] |= mine;
          int64_t scale = layout.scaleOffset(b, h, token, channel);
          ASSERT_GE(scale, 0);
          ASSERT_LT(scale, layout.scaleBytes());
          ++sharers[scale];
        }
  for (uint8_t byte : owned)
    ASSERT_EQ(byte, 0xFF);
  bool perBlock = layout.format == LowFormat::Fp8;
  bool mayBeUnused = layout.layout == PackedLayout::Sm100 && !perBlock;
  for (size_t i = 0; i < sharers.size(); ++i) {
    int64_t expected = perBlock ? (i % 4 == 0 ? shape.blockTokens * shape.channels : 0) : scaleGroup(layout.format);
    if (!mayBeUnused || sharers[i] != 0) {
      ASSERT_EQ(sharers[i], expected) << "scale byte " << i;
    }
  }
}

TEST(RowsLayout, EveryElementHasItsOwnBits) {
  for (LowFormat format : kPackedFormats)
    for (int64_t tokens : {1, 63, 64, 65, 200})
      for (PackedLayout layout : {PackedLayout::Portable, PackedLayout::Sm100})
        expectElementsTileTheTensor(RowsLayout{format, {2, 2, tokens, 64, 64}, layout}, false);
}

TEST(TransposedLayout, EveryElementHasItsOwnBits) {
  for (LowFormat format : kPackedFormats)
    for (int64_t block : {64, 128})
      for (int64_t tokens : {1, 63, 64, 65, 200})
        for (PackedLayout layout : {PackedLayout::Portable, PackedLayout::Sm100})
          expectElementsTileTheTensor(TransposedLayout{format, {2, 2, tokens, 24, block}, layout}, true);
}

TEST(RowsLayout, OffsetsAreTheSpecification) {
  RowsLayout nvfp4{LowFormat::Nvfp4, {2, 3, 65, 128, 64}};
  EXPECT_EQ(nvfp4.dataOffset(1, 2, 64, 7), ((1 * 3 + 2) * 128 + 64) * 64 + 3);
  EXPECT_EQ(nvfp4.scaleOffset(1, 2, 64, 33), ((1 * 3 + 2) * 128 + 64) * 8 + 2);
  RowsLayout mxfp4{LowFormat::Mxfp4, {2, 3, 65, 128, 64}};
  EXPECT_EQ(mxfp4.scaleOffset(1, 2, 64, 33), ((1 * 3 + 2) * 128 + 64) * 4 + 1);
  RowsLayout fp8{LowFormat::Fp8, {2, 3, 65, 128, 64}};
  EXPECT_EQ(fp8.dataOffset(1, 2, 64, 7), ((1 * 3 + 2) * 128 + 64) * 128 + 7);
  EXPECT_EQ(fp8.scaleOffset(1, 2, 64, 7), ((1 * 3 + 2) * 2 + 1) * 4);
}

TEST(TransposedLayout, OffsetsAreTheSpecification) {
  // Token 90 is token 26 of tile 1: step 1, lane 1, r 2, so position 22.
  TransposedLayout nvfp4{LowFormat::Nvfp4, {2, 3, 100, 96, 64}};
  EXPECT_EQ(nvfp4.dataOffset(1, 2, 90, 5), (((1 * 3 + 2) * 2 + 1) * 96 + 5) * 32 + 11);
  EXPECT_EQ(nvfp4.scaleOffset(1, 2, 90, 5), (((1 * 3 + 2) * 2 + 1) * 96 + 5) * 4 + 1);
  TransposedLayout mxfp4{LowFormat::Mxfp4, {2, 3, 100, 96, 64}};
  EXPECT_EQ(mxfp4.scaleOffset(1, 2, 90, 5), (((1 * 3 + 2) * 2 + 1) * 96 + 5) * 2 + 0);
  TransposedLayout fp8{LowFormat::Fp8, {2, 3, 100, 96, 64}};
  EXPECT_EQ(fp8.dataOffset(1, 2, 90, 5), (((1 * 3 + 2) * 2 + 1) * 96 + 5) * 64 + 22);
  EXPECT_EQ(fp8.scaleOffset(1, 2, 90, 5), ((1 * 3 + 2) * 2 + 1) * 4);
}

TEST(PackedLayout, NamesVersionsAndAlignments) {
  for (PackedLayout layout : {PackedLayout::Portable, PackedLayout::Sm100}) {
    EXPECT_EQ(parsePackedLayout(name(layout)), layout);
    EXPECT_EQ(packedLayoutVersion(layout), 1);
  }
  EXPECT_EQ(packedAlignment(PackedLayout::Portable), 16);
  EXPECT_EQ(packedAlignment(PackedLayout::Sm100), 256);
  std::string whyNot;
  EXPECT_EQ(parsePackedLayout("sm90", &whyNot), std::nullopt);
  EXPECT_EQ(whyNot, "packed layout is 'sm90'; allowed: portable, sm100");
}

TEST(Sm100Layout, SizesCountWholeAtoms) {
  auto rows = [](LowFormat format, int64_t tokens, int64_t channels, int64_t block) {
    return RowsLayout{format, {2, 3, tokens, channels, block}, PackedLayout::Sm100};
  };
  // 65 tokens in blocks of 64 are 128 padded ones, 129 are 192: two lines of atoms.
  EXPECT_EQ(rows(LowFormat::Nvfp4, 1, 64, 64).scaleBytes(), 6 * 512);
  EXPECT_EQ(rows(LowFormat::Nvfp4, 65, 64, 64).scaleBytes(), 6 * 512);
  EXPECT_EQ(rows(LowFormat::Nvfp4, 129, 64, 64).scaleBytes(), 6 * 2 * 512);
  EXPECT_EQ(rows(LowFormat::Nvfp4, 129, 128, 128).scaleBytes(), 6 * 2 * 2 * 512) << "eight groups are two atoms";
  EXPECT_EQ(rows(LowFormat::Mxfp4, 129, 128, 128).scaleBytes(), 6 * 2 * 512);
  EXPECT_EQ(rows(LowFormat::Mxfp4, 129, 64, 64).scaleBytes(), 6 * 2 * 512) << "two groups fill half of each word";
  EXPECT_EQ(rows(LowFormat::Fp8, 129, 64, 64).scaleBytes(), 6 * 3 * 4);
  EXPECT_EQ(rows(LowFormat::Nvfp4, 129, 64, 64).dataBytes(), 6 * 192 * 32);

  auto columns = [](LowFormat format, int64_t channels) {
    return TransposedLayout{format, {2, 3, 129, channels, 64}, PackedLayout::Sm100};
  };
  EXPECT_EQ(columns(LowFormat::Nvfp4, 64).scaleBytes(), 6 * 3 * 512);
  EXPECT_EQ(columns(LowFormat::Mxfp4, 128).scaleBytes(), 6 * 3 * 512);
  EXPECT_EQ(columns(LowFormat::Nvfp4, 192).scaleBytes(), 6 * 3 * 2 * 512);
  EXPECT_EQ(columns(LowFormat::Fp8, 128).scaleBytes(), 6 * 3 * 4);
  EXPECT_EQ(columns(LowFormat::Fp8, 128).dataBytes(), 6 * 3 * 128 * 64);
}

TEST(Sm100Layout, OffsetsAreTheSpecification) {
  // 300 tokens in blocks of 64 are 320: three lines of two atoms.
  RowsLayout rows{LowFormat::Nvfp4, {2, 3, 300, 128, 64}, PackedLayout::Sm100};
  EXPECT_EQ(rows.scaleOffset(0, 0, 33, 0), 20);
  EXPECT_EQ(rows.scaleOffset(0, 0, 0, 80), 512 + 1);
  EXPECT_EQ(rows.scaleOffset(1, 2, 129, 127), (5 * 6 + 2 + 1) * 512 + 16 + 3);
  EXPECT_EQ(rows.dataOffset(1, 2, 129, 127), (5 * 320 + 129) * 64 + 63);
  TransposedLayout columns{LowFormat::Nvfp4, {2, 3, 100, 192, 64}, PackedLayout::Sm100};
  EXPECT_EQ(columns.dataOffset(1, 2, 90, 5), ((5 * 2 + 1) * 192 + 5) * 32 + 13) << "token 26 of tile 1";
  EXPECT_EQ(columns.scaleOffset(1, 2, 90, 130), ((5 * 2 + 1) * 2 + 1) * 512 + 2 * 16 + 1);
  TransposedLayout mxfp4{LowFormat::Mxfp4, {2, 3, 100, 64, 64}, PackedLayout::Sm100};
  EXPECT_EQ(mxfp4.scaleOffset(0, 0, 63, 40), 8 * 16 + 4 + 1);
  TransposedLayout fp8{LowFormat::Fp8, {2, 3, 100, 64, 64}, PackedLayout::Sm100};
  EXPECT_EQ(fp8.dataOffset(0, 0, 26, 5), 5 * 64 + 26);
}

TEST(Layouts, OffsetsPast32BitsAreExact) {
  // 16 x 64 heads of 2^20 tokens: 2^30 rows of 64 bytes.
  RowsLayout layout{LowFormat::Nvfp4, {16, 64, int64_t(1) << 20, 128, 64}};
  ASSERT_FALSE(layout.invalid());
  EXPECT_EQ(layout.dataBytes(), int64_t(1) << 36);
  EXPECT_EQ(layout.dataOffset(15, 63, (1 << 20) - 1, 127), (int64_t(1) << 36) - 1);
}

TEST(Layouts, InvalidNamesFieldValueAndAllowed) {
  PackedShape good{1, 1, 10, 128, 64};
  for (LowFormat format : kPackedFormats) {
    EXPECT_FALSE((RowsLayout{format, good}).invalid());
    EXPECT_FALSE((TransposedLayout{format, good}).invalid());
  }
  EXPECT_FALSE((MeansLayout{good}).invalid());
  EXPECT_FALSE((RowsLayout{LowFormat::Nvfp4, {1, 1, 0, 128, 64}}).invalid()) << "an empty sequence is legal";
  EXPECT_FALSE((RowsLayout{LowFormat::Fp8, {1, 1, 10, 7, 64}}).invalid()) << "fp8 has no groups along channels";
  EXPECT_FALSE((RowsLayout{LowFormat::Nvfp4, {1, 1, 10, 128, 16}}).invalid())
      << "query blocks may be smaller than a tile";

  EXPECT_EQ((RowsLayout{LowFormat::F16, good}).invalid(),
            "format is f16; allowed: fp8, mxfp4, nvfp4 (f16 is not packed)");
  EXPECT_EQ((TransposedLayout{LowFormat::F16, good}).invalid(),
            "format is f16; allowed: fp8, mxfp4, nvfp4 (f16 is not packed)");
  EXPECT_EQ((RowsLayout{LowFormat::Nvfp4, {1, 1, 10, 24, 64}}).invalid(),
            "channels is 24; allowed: multiples of 16, the scale group of the format");
  EXPECT_EQ((RowsLayout{LowFormat::Mxfp4, {1, 1, 10, 48, 64}}).invalid(),
            "channels is 48; allowed: multiples of 32, the scale group of the format");
  EXPECT_EQ((TransposedLayout{LowFormat::Nvfp4, {1, 1, 10, 128, 96}}).invalid(),
            "blockTokens is 96; allowed: multiples of 64, the tokens of a V tile");
  EXPECT_EQ((MeansLayout{{0, 1, 10, 128, 64}}).invalid(), "batch is 0; allowed: 1 to 2^40");
  EXPECT_EQ((MeansLayout{{1, -2, 10, 128, 64}}).invalid(), "heads is -2; allowed: 1 to 2^40");
  EXPECT_EQ((MeansLayout{{1, 1, -1, 128, 64}}).invalid(), "tokens is -1; allowed: 0 to 2^40");
  EXPECT_EQ((MeansLayout{{1, 1, 10, 0, 64}}).invalid(), "channels is 0; allowed: 1 to 2^40");
  EXPECT_EQ((MeansLayout{{1, 1, 10, 128, 0}}).invalid(), "blockTokens is 0; allowed: 1 to 2^40");
  EXPECT_EQ((MeansLayout{{int64_t(1) << 30, 1, int64_t(1) << 30, 128, 64}}).invalid(),
            "the packed tensor may need 2^63 bytes or more");
  // One channel takes an atom of 128 all the same.
  EXPECT_EQ((TransposedLayout{LowFormat::Nvfp4, {1 << 20, 1 << 20, 1 << 16, 1, 64}, PackedLayout::Sm100}).invalid(),
            "the packed tensor may need 2^63 bytes or more");
}

TEST(Layouts, CompareByValue) {
  RowsLayout a{LowFormat::Nvfp4, {1, 2, 3, 128, 64}}, b = a;
  EXPECT_EQ(a, b);
  b.shape.tokens = 4;
  EXPECT_NE(a, b);
  b = a;
  b.format = LowFormat::Mxfp4;
  EXPECT_NE(a, b);
  b = a;
  b.layout = PackedLayout::Sm100;
  EXPECT_NE(a, b);
  EXPECT_NE((TransposedLayout{LowFormat::Fp8, {1, 2, 3, 128, 64}}),
            (TransposedLayout{LowFormat::Fp8, {2, 2, 3, 128, 64}}));
  EXPECT_NE((MeansLayout{{1, 2, 3, 128, 64}}), (MeansLayout{{1, 2, 3, 128, 128}}));
}
