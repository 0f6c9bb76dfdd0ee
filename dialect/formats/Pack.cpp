//===- Pack.cpp - pack and unpack on the host -------------------------------------------------===//

#include "dialect/formats/Pack.h"

#include "dialect/formats/Quantize.h"

#include <algorithm>
#include <cassert>

namespace thrift {

static constexpr int kLargestGroup = kMxfp4Group;

static void storeF32(uint8_t *bytes, float value) {
  uint32_t bits = bitsOfF32(value);
  for (int i = 0; i < 4; ++i)
    bytes[i] = static_cast<uint8_t>(bits >> (8 * i));
}

static float loadF32(const uint8_t *bytes) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i)
    bits |= static_cast<uint32_t>(bytes[i]) << (8 * i);
  return f32OfBits(bits);
}

static uint8_t quantizeGroup(LowFormat format, const float *x, int64_t count, uint8_t *codes) {
  return format == LowFormat::Nvfp4 ? quantizeNvfp4(x, count, codes) : quantizeMxfp4(x, count, codes);
}

static float decode(LowFormat format, uint8_t code, const uint8_t *scale) {
  if (format == LowFormat::Fp8)
    return f32FromE4m3(code) * loadF32(scale);
  return f32FromE2m1(code) * (format == LowFormat::Nvfp4 ? f32FromE4m3(*scale) : f32FromUe8m0(*scale));
}

namespace {

/// The existing tokens of one routing block as floats, [tokens][channels].
struct Block {
  int64_t b, h, index;
  int64_t firstToken, tokens;
  std::vector<float> values;
};

} // namespace

/// Calls `visit` with every block of the tensor, in the order of the layouts.
template <typename Visitor>
static void forEachBlock(const PackedShape &shape, const RowReader &read, Visitor visit) {
  Block block;
  for (block.b = 0; block.b < shape.batch; ++block.b)
    for (block.h = 0; block.h < shape.heads; ++block.h)
      for (block.index = 0; block.index < shape.blocks(); ++block.index) {
        block.firstToken = block.index * shape.blockTokens;
        block.tokens = shape.tokensInBlock(block.index);
        block.values.resize(static_cast<size_t>(block.tokens * shape.channels));
        for (int64_t i = 0; i < block.tokens; ++i)
          read(block.b, block.h, block.firstToken + i, block.values.data() + i * shape.channels);
        visit(block);
      }
}

RowReader contiguousRows(const float *values, const PackedShape &shape) {
  return [values, shape](int64_t b, int64_t h, int64_t token, float *row) {
    const float *source = values + ((b * shape.heads + h) * shape.tokens + token) * shape.channels;
    std::copy_n(source, shape.channels, row);
  };
}

//===- Rows -------------------------------------------------------------------------------------===//

static void packRowsOfBlock(const RowsLayout &layout, const Block &block, PackedTensor &packed) {
  const int64_t channels = layout.shape.channels;
  const int64_t group = scaleGroup(layout.format);
  uint8_t codes[kLargestGroup];
  for (int64_t i = 0; i < block.tokens; ++i)
    for (int64_t channel = 0; channel < channels; channel += group) {
      int64_t token = block.firstToken + i;
      const float *x = block.values.data() + i * channels + channel;
      uint8_t *bytes = packed.data.data() + layout.dataOffset(block.b, block.h, token, channel);
      packed.scales[layout.scaleOffset(block.b, block.h, token, channel)] =
          quantizeGroup(layout.format, x, group, codes);
      for (int64_t k = 0; k < group; k += 2)
        bytes[k / 2] = packNibbles(codes[k], codes[k + 1]);
    }
}

static void packRowsOfFp8Block(const RowsLayout &layout, const Block &block, PackedTensor &packed) {
  int64_t count = static_cast<int64_t>(block.values.size());
  float scale = fp8Scale(largestMagnitude(block.values.data(), count));
  storeF32(packed.scales.data() + layout.scaleOffset(block.b, block.h, block.firstToken, 0), scale);
  // The rows of a block are contiguous in both tensors.
  quantizeFp8(block.values.data(), count, scale,
              packed.data.data() + layout.dataOffset(block.b, block.h, block.firstToken, 0));
}

PackedTensor packRows(const RowsLayout &layout, const RowReader &read) {
  assert(!layout.invalid() && "the caller validates layouts");
  PackedTensor packed{std::vector<uint8_t>(layout.dataBytes()), std::vector<uint8_t>(layout.scaleBytes())};
  forEachBlock(layout.shape, read, [&](const Block &block) {
    if (layout.format == LowFormat::Fp8)
      packRowsOfFp8Block(layout, block, packed);
    else
      packRowsOfBlock(layout, block, packed);
  });
  return packed;
}

//===- Transposed -------------------------------------------------------------------------------===//

static void packGroupsOfBlock(const TransposedLayout &layout, const Block &block, PackedTensor &packed) {
  const int64_t channels = layout.shape.channels;
  const int64_t group = scaleGroup(layout.format);
  float x[kLargestGroup];
  uint8_t codes[kLargestGroup];
  for (int64_t start = 0; start < block.tokens; start += group) {
    // A group that the tensor ends in is quantised over the tokens that exist; the other bytes stay zero.
    int64_t count = std::min(group, block.tokens - start);
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t i = 0; i < count; ++i)
        x[i] = block.values[(start + i) * channels + channel];
      int64_t token = block.firstToken + start;
      packed.scales[layout.scaleOffset(block.b, block.h, token, channel)] =
          quantizeGroup(layout.format, x, count, codes);
      for (int64_t i = 0; i < count; ++i) {
        uint8_t nibble = (token + i) % 2 == 0 ? packNibbles(codes[i], 0) : packNibbles(0, codes[i]);
        packed.data[layout.dataOffset(block.b, block.h, token + i, channel)] |= nibble;
      }
    }
  }
}

static void packTransposedFp8Block(const TransposedLayout &layout, const Block &block, PackedTensor &packed) {
  const int64_t channels = layout.shape.channels;
  int64_t count = static_cast<int64_t>(block.values.size());
  float scale = fp8PowerOfTwoScale(largestMagnitude(block.values.data(), count));
  storeF32(packed.scales.data() + layout.scaleOffset(block.b, block.h, block.firstToken, 0), scale);
  std::vector<uint8_t> row(static_cast<size_t>(channels));
  for (int64_t i = 0; i < block.tokens; ++i) {
    quantizeFp8(block.values.data() + i * channels, channels, scale, row.data());
    for (int64_t channel = 0; channel < channels; ++channel)
      packed.data[layout.dataOffset(block.b, block.h, block.firstToken + i, channel)] = row[channel];
  }
}

PackedTensor packTransposed(const TransposedLayout &layout, const RowReader &read) {
  assert(!layout.invalid() && "the caller validates layouts");
  PackedTensor packed{std::vector<uint8_t>(layout.dataBytes()), std::vector<uint8_t>(layout.scaleBytes())};
  forEachBlock(layout.shape, read, [&](const Block &block) {
    if (layout.format == LowFormat::Fp8)
      packTransposedFp8Block(layout, block, packed);
    else
      packGroupsOfBlock(layout, block, packed);
  });
  return packed;
}

//===- Means and unpacking ----------------------------------------------------------------------===//

std::vector<float> blockMeans(const MeansLayout &layout, const RowReader &read) {
  assert(!layout.invalid() && "the caller validates layouts");
  const int64_t channels = layout.shape.channels;
  std::vector<float> means(static_cast<size_t>(layout.bytes()) / sizeof(float));
  forEachBlock(layout.shape, read, [&](const Block &block) {
    float *mean = means.data() + layout.offset(block.b, block.h, block.index, 0) / sizeof(float);
    for (int64_t i = 0; i < block.tokens; ++i)
      for (int64_t channel = 0; channel < channels; ++channel)
        mean[channel] += block.values[i * channels + channel];
    float inverseCount = 1.0f / static_cast<float>(block.tokens);
    for (int64_t channel = 0; channel < channels; ++channel)
      mean[channel] *= inverseCount;
  });
  return means;
}

/// `isOddNibble(token, channel)` tells which half of its byte a 4-bit element is.
template <typename Layout, typename IsOddNibble>
static std::vector<float> unpack(const Layout &layout, const uint8_t *data, const uint8_t *scales,
                                 IsOddNibble isOddNibble) {
  assert(!layout.invalid() && "the caller validates layouts");
  const PackedShape &shape = layout.shape;
  std::vector<float> values;
  values.reserve(static_cast<size_t>(shape.batch * shape.heads * shape.tokens * shape.channels));
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t token = 0; token < shape.tokens; ++token)
        for (int64_t channel = 0; channel < shape.channels; ++channel) {
          uint8_t code = data[layout.dataOffset(b, h, token, channel)];
          if (layout.format != LowFormat::Fp8 && isOddNibble(token, channel))
            code = static_cast<uint8_t>(code >> 4);
          values.push_back(decode(layout.format, code, scales + layout.scaleOffset(b, h, token, channel)));
        }
  return values;
}

std::vector<float> unpackRows(const RowsLayout &layout, const uint8_t *data, const uint8_t *scales) {
  return unpack(layout, data, scales, [](int64_t token, int64_t channel) { return channel % 2 == 1; });
}

std::vector<float> unpackTransposed(const TransposedLayout &layout, const uint8_t *data, const uint8_t *scales) {
  // r & 1 is both the parity of the position and of the token.
  return unpack(layout, data, scales, [](int64_t token, int64_t channel) { return token % 2 == 1; });
}

} // namespace thrift
