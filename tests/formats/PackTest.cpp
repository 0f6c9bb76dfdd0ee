//===- PackTest.cpp - packed tensors against the group quantisers -----------------------------===//

#include "dialect/formats/Pack.h"

#include "dialect/formats/Quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace thrift;

static constexpr LowFormat kPackedFormats[] = {LowFormat::Nvfp4, LowFormat::Mxfp4, LowFormat::Fp8};
static constexpr int64_t kLengths[] = {1, 15, 16, 17, 63, 64, 65, 200};

static std::vector<float> gaussian(const PackedShape &shape, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 3.0f);
  std::vector<float> values(shape.batch * shape.heads * shape.tokens * shape.channels);
  for (float &x : values)
    x = normal(random);
  return values;
}

static float at(const std::vector<float> &values, const PackedShape &shape, int64_t b, int64_t h, int64_t token,
                int64_t channel) {
  return values[((b * shape.heads + h) * shape.tokens + token) * shape.channels + channel];
}

static std::vector<float> quantizedGroup(LowFormat format, const std::vector<float> &x) {
  int64_t count = static_cast<int64_t>(x.size());
  std::vector<uint8_t> codes(x.size());
  std::vector<float> values(x.size());
  if (format == LowFormat::Nvfp4)
    dequantizeNvfp4(codes.data(), count, quantizeNvfp4(x.data(), count, codes.data()), values.data());
  else
    dequantizeMxfp4(codes.data(), count, quantizeMxfp4(x.data(), count, codes.data()), values.data());
  return values;
}

static std::vector<float> quantizedBlock(const std::vector<float> &x, bool powerOfTwo) {
  int64_t count = static_cast<int64_t>(x.size());
  float amax = largestMagnitude(x.data(), count);
  float scale = powerOfTwo ? fp8PowerOfTwoScale(amax) : fp8Scale(amax);
  std::vector<uint8_t> codes(x.size());
  std::vector<float> values(x.size());
  quantizeFp8(x.data(), count, scale, codes.data());
  dequantizeFp8(codes.data(), count, scale, values.data());
  return values;
}

/// The quantised tensor by the definition: for every element, quantise the values that share its scale.
static std::vector<float> quantizedTensor(LowFormat format, const PackedShape &shape, const std::vector<float> &values,
                                          bool alongTokens) {
  std::vector<float> expected(values.size());
  auto index = [&](int64_t b, int64_t h, int64_t token, int64_t channel) {
    return ((b * shape.heads + h) * shape.tokens + token) * shape.channels + channel;
  };
  // The extent of a scale along tokens and channels.
  int64_t tokenStep = format == LowFormat::Fp8 ? shape.blockTokens : alongTokens ? scaleGroup(format) : 1;
  int64_t channelStep = format == LowFormat::Fp8 ? shape.channels : alongTokens ? 1 : scaleGroup(format);
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t token = 0; token < shape.tokens; token += tokenStep)
        for (int64_t channel = 0; channel < shape.channels; channel += channelStep) {
          std::vector<int64_t> where;
          std::vector<float> x;
          for (int64_t t = token; t < std::min(token + tokenStep, shape.tokens); ++t)
            for (int64_t c = channel; c < channel + channelStep; ++c) {
              where.push_back(index(b, h, t, c));
              x.push_back(values[where.back()]);
            }
          std::vector<float> y = format == LowFormat::Fp8 ? quantizedBlock(x, alongTokens) : quantizedGroup(format, x);
          for (size_t i = 0; i < where.size(); ++i)
            expected[where[i]] = y[i];
        }
  return expected;
}

TEST(PackRows, RoundTripIsTheGroupQuantiser) {
  for (LowFormat format : kPackedFormats)
    for (int64_t tokens : kLengths) {
      RowsLayout layout{format, {2, 3, tokens, 64, 64}};
      std::vector<float> values = gaussian(layout.shape, 1);
      PackedTensor packed = packRows(layout, contiguousRows(values.data(), layout.shape));
      EXPECT_EQ(unpackRows(layout, packed.data.data(), packed.scales.data()),
                quantizedTensor(format, layout.shape, values, false))
          << name(format) << ", " << tokens << " tokens";
    }
}

TEST(PackTransposed, RoundTripIsTheGroupQuantiser) {
  for (LowFormat format : kPackedFormats)
    for (int64_t block : {64, 128})
      for (int64_t tokens : kLengths) {
        TransposedLayout layout{format, {2, 3, tokens, 20, block}};
        std::vector<float> values = gaussian(layout.shape, 2);
        PackedTensor packed = packTransposed(layout, contiguousRows(values.data(), layout.shape));
        EXPECT_EQ(unpackTransposed(layout, packed.data.data(), packed.scales.data()),
                  quantizedTensor(format, layout.shape, values, true))
            << name(format) << ", block " << block << ", " << tokens << " tokens";
      }
}

TEST(PackSm100, HoldsTheValuesOfThePortableLayout) {
  for (LowFormat format : kPackedFormats)
    for (int64_t block : {64, 128})
      for (int64_t tokens : kLengths) {
        RowsLayout rows{format, {2, 3, tokens, 64, block}}, rows100 = rows;
        TransposedLayout columns{format, {2, 3, tokens, 20, block}}, columns100 = columns;
        rows100.layout = columns100.layout = PackedLayout::Sm100;
        std::vector<float> k = gaussian(rows.shape, 6), v = gaussian(columns.shape, 7);
        PackedTensor a = packRows(rows, contiguousRows(k.data(), rows.shape));
        PackedTensor b = packRows(rows100, contiguousRows(k.data(), rows.shape));
        EXPECT_EQ(a.data, b.data);
        EXPECT_EQ(unpackRows(rows, a.data.data(), a.scales.data()), unpackRows(rows100, b.data.data(), b.scales.data()))
            << name(format) << ", " << tokens << " tokens";
        a = packTransposed(columns, contiguousRows(v.data(), columns.shape));
        b = packTransposed(columns100, contiguousRows(v.data(), columns.shape));
        EXPECT_EQ(unpackTransposed(columns, a.data.data(), a.scales.data()),
                  unpackTransposed(columns100, b.data.data(), b.scales.data()))
            << name(format) << ", " << tokens << " tokens";
      }
}

TEST(PackSm100, UnusedScaleBytesAreZero) {
  for (LowFormat format : {LowFormat::Nvfp4, LowFormat::Mxfp4}) {
    // All ones, so that a scale that exists is not zero: count the bytes that are not.
    RowsLayout rows{format, {1, 2, 70, 64, 64}, PackedLayout::Sm100};
    TransposedLayout columns{format, {1, 2, 70, 20, 64}, PackedLayout::Sm100};
    std::vector<float> ones(2 * 70 * 64, 1.0f);
    auto used = [](const PackedTensor &packed) {
      return static_cast<int64_t>(packed.scales.size()) - std::count(packed.scales.begin(), packed.scales.end(), 0);
    };
    int64_t group = scaleGroup(format);
    EXPECT_EQ(used(packRows(rows, contiguousRows(ones.data(), rows.shape))), 2 * 70 * (64 / group));
    EXPECT_EQ(used(packTransposed(columns, contiguousRows(ones.data(), columns.shape))), 2 * 20 * (64 / group + 1));
  }
}

TEST(PackTransposed, PositionsHoldTheirTokens) {
  // Read the bytes by the specification's own indices, not through dataOffset.
  TransposedLayout layout{LowFormat::Nvfp4, {1, 2, 130, 5, 64}};
  std::vector<float> values = gaussian(layout.shape, 3);
  PackedTensor packed = packTransposed(layout, contiguousRows(values.data(), layout.shape));
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t tile = 0; tile < 3; ++tile)
      for (int64_t channel = 0; channel < 5; ++channel)
        for (int64_t p = 0; p < 64; ++p) {
          int64_t lane = p / 16, s = p % 16 / 4, r = p % 4;
          int64_t token = tile * 64 + 16 * s + 2 * lane + (r & 1) + 8 * (r >> 1);
          const uint8_t *bytes = packed.data.data() + ((h * 3 + tile) * 5 + channel) * 32;
          uint8_t code = (bytes[p / 2] >> (4 * (p % 2))) & 0xF;
          if (token >= 130) {
            ASSERT_EQ(code, 0);
            continue;
          }
          uint8_t scale = packed.scales[((h * 3 + tile) * 5 + channel) * 4 + s];
          ASSERT_EQ(code, e2m1FromF32(at(values, layout.shape, 0, h, token, channel) * nvfp4Inverse(scale)))
              << "position " << p << ", token " << token;
        }
}

TEST(Pack, PaddingIsZero) {
  for (LowFormat format : kPackedFormats) {
    // All ones, so no existing element or scale is zero.
    RowsLayout rows{format, {1, 2, 70, 32, 64}};
    std::vector<float> ones(2 * 70 * 32, 1.0f);
    PackedTensor packedRows = packRows(rows, contiguousRows(ones.data(), rows.shape));
    TransposedLayout tiles{format, {1, 2, 70, 32, 128}};
    PackedTensor packedTiles = packTransposed(tiles, contiguousRows(ones.data(), tiles.shape));
    ASSERT_EQ(static_cast<int64_t>(packedRows.data.size()), rows.dataBytes());
    ASSERT_EQ(static_cast<int64_t>(packedTiles.scales.size()), tiles.scaleBytes());
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t token = 0; token < 128; ++token)
        for (int64_t channel = 0; channel < 32; ++channel) {
          bool exists = token < 70;
          uint8_t inRow = packedRows.data[rows.dataOffset(0, h, token, channel)];
          ASSERT_EQ(inRow != 0, exists);
          uint8_t inTile = packedTiles.data[tiles.dataOffset(0, h, token, channel)];
          if (format != LowFormat::Fp8)
            inTile = token % 2 == 1 ? inTile >> 4 : inTile & 0xF;
          ASSERT_EQ(inTile != 0, exists) << name(format) << ", token " << token;
          if (format == LowFormat::Fp8)
            continue;
          ASSERT_EQ(packedRows.scales[rows.scaleOffset(0, h, token, channel)] != 0, exists);
          int64_t group = scaleGroup(format);
          ASSERT_EQ(packedTiles.scales[tiles.scaleOffset(0, h, token, channel)] != 0, token / group * group < 70);
        }
  }
}

TEST(Pack, ReadsExistingTokensOnceEach) {
  PackedShape shape{2, 3, 70, 32, 64};
  std::vector<int> reads(2 * 3 * 70);
  RowReader counting = [&](int64_t b, int64_t h, int64_t token, float *row) {
    ASSERT_TRUE(b >= 0 && b < 2 && h >= 0 && h < 3 && token >= 0 && token < 70);
    ++reads[(b * 3 + h) * 70 + token];
    std::fill_n(row, 32, 1.0f);
  };
  packRows({LowFormat::Nvfp4, shape}, counting);
  packTransposed({LowFormat::Nvfp4, shape}, counting);
  blockMeans({shape}, counting);
  EXPECT_EQ(reads, std::vector<int>(2 * 3 * 70, 3));
}

TEST(Pack, EmptySequencePacksToNothing) {
  PackedShape shape{1, 2, 0, 32, 64};
  RowReader never = [](int64_t, int64_t, int64_t, float *) { FAIL() << "there is no token to read"; };
  EXPECT_TRUE(packRows({LowFormat::Nvfp4, shape}, never).data.empty());
  EXPECT_TRUE(packTransposed({LowFormat::Nvfp4, shape}, never).scales.empty());
  EXPECT_TRUE(blockMeans({shape}, never).empty());
}

TEST(Pack, NonFiniteSpoilsItsScaleGroupOnly) {
  PackedShape shape{1, 1, 100, 64, 64};
  for (LowFormat format : kPackedFormats)
    for (bool alongTokens : {false, true}) {
      std::vector<float> values = gaussian(shape, 4);
      values[70 * 64 + 40] = INFINITY;
      std::vector<float> y;
      if (alongTokens) {
        TransposedLayout layout{format, shape};
        PackedTensor packed = packTransposed(layout, contiguousRows(values.data(), shape));
        y = unpackTransposed(layout, packed.data.data(), packed.scales.data());
      } else {
        RowsLayout layout{format, shape};
        PackedTensor packed = packRows(layout, contiguousRows(values.data(), shape));
        y = unpackRows(layout, packed.data.data(), packed.scales.data());
      }
      int64_t group = scaleGroup(format);
      for (int64_t token = 0; token < 100; ++token)
        for (int64_t channel = 0; channel < 64; ++channel) {
          bool spoilt = group == 0    ? token / 64 == 1
                        : alongTokens ? channel == 40 && token / group == 70 / group
                                      : token == 70 && channel / group == 40 / group;
          ASSERT_EQ(std::isnan(y[token * 64 + channel]), spoilt)
              << name(format) << ", token " << token << ", channel " << channel;
        }
    }
}

TEST(Pack, Fp8ScalesAreLittleEndianFloats) {
  PackedShape shape{1, 2, 65, 4, 64};
  std::vector<float> values(2 * 65 * 4, 1.0f);
  values[(65 + 64) * 4 + 3] = -896.0f; // the second block of the second head
  RowsLayout rows{LowFormat::Fp8, shape};
  TransposedLayout tiles{LowFormat::Fp8, shape};
  PackedTensor packedRows = packRows(rows, contiguousRows(values.data(), shape));
  PackedTensor packedTiles = packTransposed(tiles, contiguousRows(values.data(), shape));
  auto littleEndian = [](const std::vector<uint8_t> &bytes, size_t index) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; ++i)
      bits += uint32_t(bytes[4 * index + i]) << (8 * i);
    return f32OfBits(bits);
  };
  for (size_t block = 0; block < 3; ++block) {
    EXPECT_EQ(littleEndian(packedRows.scales, block), 1.0f / 448.0f);
    EXPECT_EQ(littleEndian(packedTiles.scales, block), 0x1p-8f) << "1/448 rounded up to a power of two";
  }
  EXPECT_EQ(littleEndian(packedRows.scales, 3), 2.0f);
  EXPECT_EQ(littleEndian(packedTiles.scales, 3), 2.0f);
}

TEST(BlockMeans, AreF32SumsInAscendingOrder) {
  for (int64_t tokens : kLengths) {
    MeansLayout layout{{2, 3, tokens, 12, 64}};
    const PackedShape &shape = layout.shape;
    std::vector<float> values = gaussian(shape, 5);
    std::vector<float> means = blockMeans(layout, contiguousRows(values.data(), shape));
    ASSERT_EQ(static_cast<int64_t>(means.size()) * 4, layout.bytes());
    for (int64_t b = 0; b < shape.batch; ++b)
      for (int64_t h = 0; h < shape.heads; ++h)
        for (int64_t block = 0; block < shape.blocks(); ++block)
          for (int64_t channel = 0; channel < shape.channels; ++channel) {
            float sum = 0;
            int64_t last = std::min(tokens, (block + 1) * 64);
            for (int64_t token = block * 64; token < last; ++token)
              sum = sum + at(values, shape, b, h, token, channel);
            float mean = sum * (1.0f / static_cast<float>(last - block * 64));
            ASSERT_EQ(means[layout.offset(b, h, block, channel) / 4], mean);
          }
  }
}

TEST(BlockMeans, OrderMatters) {
  // Ascending: 1e8 swallows the 1, then cancels. Any other order would keep it.
  PackedShape shape{1, 1, 3, 1, 64};
  std::vector<float> values = {1.0f, 1e8f, -1e8f};
  EXPECT_EQ(blockMeans({shape}, contiguousRows(values.data(), shape))[0], 0.0f);
  values = {1e8f, -1e8f, 3.0f};
  EXPECT_EQ(blockMeans({shape}, contiguousRows(values.data(), shape))[0], 3.0f * (1.0f / 3.0f));
}

/// The worked example of PACKED_LAYOUT.md, byte for byte.
TEST(PackedLayoutDocument, WorkedExample) {
  PackedShape shape{1, 1, 65, 16, 64};
  RowReader k = [](int64_t, int64_t, int64_t token, float *row) {
    for (int d = 0; d < 16; ++d)
      row[d] = token == 0 ? static_cast<float>(d) : 0.0f;
  };
  RowsLayout rows{LowFormat::Nvfp4, shape};
  PackedTensor kLow = packRows(rows, k);
  EXPECT_EQ(kLow.data.size(), 1024u);
  EXPECT_EQ(kLow.scales.size(), 128u);
  EXPECT_EQ(MeansLayout{shape}.bytes(), 128);
  EXPECT_EQ(std::vector<uint8_t>(kLow.data.begin(), kLow.data.begin() + 8),
            (std::vector<uint8_t>{0x10, 0x22, 0x43, 0x54, 0x65, 0x66, 0x76, 0x77}));
  EXPECT_EQ(kLow.scales[0], 0x42);

  RowReader v = [](int64_t, int64_t, int64_t token, float *row) {
    std::fill_n(row, 16, 0.0f);
    row[0] = token == 64 ? 3.0f : static_cast<float>(token % 16);
  };
  TransposedLayout tiles{LowFormat::Nvfp4, shape};
  PackedTensor vLow = packTransposed(tiles, v);
  EXPECT_EQ(vLow.data.size(), 1024u);
  EXPECT_EQ(vLow.scales.size(), 128u);
  const uint8_t pairs[4][2] = {{0x10, 0x65}, {0x22, 0x66}, {0x43, 0x76}, {0x54, 0x77}};
  for (int byte = 0; byte < 32; ++byte)
    EXPECT_EQ(vLow.data[byte], pairs[byte / 8][byte % 2]) << byte;
  EXPECT_EQ(std::vector<uint8_t>(vLow.scales.begin(), vLow.scales.begin() + 4), std::vector<uint8_t>(4, 0x42));
  EXPECT_EQ(tiles.dataOffset(0, 0, 64, 0), 512);
  std::vector<uint8_t> lastTile(32, 0);
  lastTile[0] = 0x07;
  EXPECT_EQ(std::vector<uint8_t>(vLow.data.begin() + 512, vLow.data.begin() + 544), lastTile);
  EXPECT_EQ(std::vector<uint8_t>(vLow.scales.begin() + 64, vLow.scales.begin() + 68),
            (std::vector<uint8_t>{0x30, 0, 0, 0}));
}

/// The worked example of PACKED_LAYOUT_SM100.md, byte for byte.
TEST(PackedLayoutDocument, WorkedExampleSm100) {
  PackedShape shape{1, 1, 65, 16, 64};
  RowReader k = [](int64_t, int64_t, int64_t token, float *row) {
    for (int d = 0; d < 16; ++d)
      row[d] = token == 0 ? static_cast<float>(d) : token == 33 ? 6.0f : 0.0f;
  };
  const std::vector<uint8_t> row = {0x10, 0x22, 0x43, 0x54, 0x65, 0x66, 0x76, 0x77};
  PackedTensor kLow = packRows({LowFormat::Nvfp4, shape, PackedLayout::Sm100}, k);
  EXPECT_EQ(kLow.data.size(), 1024u);
  std::vector<uint8_t> atom(512);
  atom[0] = 0x42;
  atom[20] = 0x38; // 1
  EXPECT_EQ(kLow.scales, atom);
  EXPECT_EQ(std::vector<uint8_t>(kLow.data.begin(), kLow.data.begin() + 8), row);

  RowReader v = [](int64_t, int64_t, int64_t token, float *row) {
    std::fill_n(row, 16, 0.0f);
    row[0] = token == 64 ? 3.0f : static_cast<float>(token % 16);
  };
  PackedTensor vLow = packTransposed({LowFormat::Nvfp4, shape, PackedLayout::Sm100}, v);
  EXPECT_EQ(vLow.data.size(), 1024u);
  for (int byte = 0; byte < 32; ++byte)
    EXPECT_EQ(vLow.data[byte], row[byte % 8]) << byte;
  EXPECT_EQ(vLow.data[512], 0x07);
  std::vector<uint8_t> atoms(1024);
  for (int group = 0; group < 4; ++group)
    atoms[group] = 0x42;
  atoms[512] = 0x30;
  EXPECT_EQ(vLow.scales, atoms);
}
