//===- PackedLayout.cpp - where the elements of a packed tensor live --------------------------===//

#include "dialect/formats/PackedLayout.h"

#include "dialect/formats/ScaleAtoms.h"

#include <algorithm>
#include <initializer_list>
#include <limits>

namespace thrift {

static constexpr int64_t kF32Bytes = 4;

/// Keeps sums of two extents, as in padding, far from overflow; fitsInt64 checks the products.
static constexpr int64_t kLargestExtent = int64_t(1) << 40;

static std::string refusal(std::string_view field, std::string_view seen, std::string_view allowed) {
  std::string text(field);
  text.append(" is ").append(seen).append("; allowed: ").append(allowed);
  return text;
}

static bool fitsInt64(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (int64_t factor : factors) {
    if (factor != 0 && product > std::numeric_limits<int64_t>::max() / factor)
      return false;
    product *= factor;
  }
  return true;
}

//===- Layouts ----------------------------------------------------------------------------------===//

namespace {

struct LayoutFacts {
  PackedLayout layout;
  std::string_view name;
  int version;
  int64_t alignment; ///< 256 keeps whole atoms and the boxes of TMA aligned, whatever the extents
};

} // namespace

static constexpr LayoutFacts kLayouts[] = {
    {PackedLayout::Portable, "portable", 1, 16},
    {PackedLayout::Sm100, "sm100", 1, 256},
};

static const LayoutFacts &factsOf(PackedLayout layout) { return kLayouts[static_cast<size_t>(layout)]; }

std::string_view name(PackedLayout layout) { return factsOf(layout).name; }
int packedLayoutVersion(PackedLayout layout) { return factsOf(layout).version; }
int64_t packedAlignment(PackedLayout layout) { return factsOf(layout).alignment; }

std::optional<PackedLayout> parsePackedLayout(std::string_view text, std::string *whyNot) {
  std::string names;
  for (const LayoutFacts &facts : kLayouts) {
    if (facts.name == text)
      return facts.layout;
    names.append(names.empty() ? "" : ", ").append(facts.name);
  }
  if (whyNot)
    *whyNot = refusal("packed layout", "'" + std::string(text) + "'", names);
  return std::nullopt;
}

//===- Shapes -----------------------------------------------------------------------------------===//

static std::optional<std::string> invalidShape(const PackedShape &shape) {
  struct Extent {
    std::string_view field;
    int64_t value, least;
  };
  for (const Extent &extent :
       {Extent{"batch", shape.batch, 1}, Extent{"heads", shape.heads, 1}, Extent{"tokens", shape.tokens, 0},
        Extent{"channels", shape.channels, 1}, Extent{"blockTokens", shape.blockTokens, 1}})
    if (extent.value < extent.least || extent.value > kLargestExtent)
      return refusal(extent.field, std::to_string(extent.value), std::to_string(extent.least) + " to 2^40");
  // No tensor of this file spends more than 4 bytes on an element and its share of the scales, once both extents are
  // padded to whole atoms.
  auto padded = [](int64_t extent) { return extent + kAtomRows - 1; };
  if (!fitsInt64({shape.batch, shape.heads, padded(shape.paddedTokens()), padded(shape.channels), 4}))
    return "the packed tensor may need 2^63 bytes or more";
  return std::nullopt;
}

static std::optional<std::string> invalidFormat(LowFormat format) {
  if (format == LowFormat::F16)
    return refusal("format", name(format), "fp8, mxfp4, nvfp4 (f16 is not packed)");
  return std::nullopt;
}

static std::optional<std::string> notMultiple(std::string_view field, int64_t value, int64_t divisor,
                                              std::string_view reason) {
  if (value % divisor == 0)
    return std::nullopt;
  std::string allowed = "multiples of " + std::to_string(divisor);
  return refusal(field, std::to_string(value), allowed.append(", ").append(reason));
}

int64_t PackedShape::tokensInBlock(int64_t block) const {
  return std::clamp<int64_t>(tokens - block * blockTokens, 0, blockTokens);
}

bool operator==(const PackedShape &a, const PackedShape &b) {
  return a.batch == b.batch && a.heads == b.heads && a.tokens == b.tokens && a.channels == b.channels &&
         a.blockTokens == b.blockTokens;
}

//===- Rows -------------------------------------------------------------------------------------===//

std::optional<std::string> RowsLayout::invalid() const {
  if (auto why = invalidFormat(format))
    return why;
  if (auto why = invalidShape(shape))
    return why;
  if (int group = scaleGroup(format))
    return notMultiple("channels", shape.channels, group, "the scale group of the format");
  return std::nullopt;
}

int64_t RowsLayout::rowBytes() const { return shape.channels * elementBits(format) / 8; }

int64_t RowsLayout::rowScaleBytes() const {
  int group = scaleGroup(format);
  return group == 0 ? 0 : shape.channels / group;
}

int64_t RowsLayout::dataBytes() const { return shape.batch * shape.heads * shape.paddedTokens() * rowBytes(); }

static ScaleAtoms atomsOf(const RowsLayout &rows) { return {rows.shape.paddedTokens(), rows.rowScaleBytes()}; }

int64_t RowsLayout::scaleBytes() const {
  int64_t heads = shape.batch * shape.heads;
  if (scaleGroup(format) == 0)
    return heads * shape.blocks() * kF32Bytes;
  if (layout == PackedLayout::Sm100)
    return heads * atomsOf(*this).bytes();
  return heads * shape.paddedTokens() * rowScaleBytes();
}

int64_t RowsLayout::dataOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  int64_t row = (b * shape.heads + h) * shape.paddedTokens() + token;
  return row * rowBytes() + channel * elementBits(format) / 8;
}

int64_t RowsLayout::scaleOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  int64_t head = b * shape.heads + h;
  int group = scaleGroup(format);
  if (group == 0)
    return (head * shape.blocks() + token / shape.blockTokens) * kF32Bytes;
  if (layout == PackedLayout::Sm100)
    return head * atomsOf(*this).bytes() + atomsOf(*this).offset(token, channel / group);
  return (head * shape.paddedTokens() + token) * rowScaleBytes() + channel / group;
}

//===- Transposed -------------------------------------------------------------------------------===//

std::optional<std::string> TransposedLayout::invalid() const {
  if (auto why = invalidFormat(format))
    return why;
  if (auto why = invalidShape(shape))
    return why;
  return notMultiple("blockTokens", shape.blockTokens, kTileTokens, "the tokens of a V tile");
}

int64_t TransposedLayout::channelBytes() const { return kTileTokens * elementBits(format) / 8; }

int64_t TransposedLayout::channelScaleBytes() const {
  int group = scaleGroup(format);
  return group == 0 ? 0 : kTileTokens / group;
}

int64_t TransposedLayout::dataBytes() const {
  return shape.batch * shape.heads * tiles() * shape.channels * channelBytes();
}

/// The scales of one tile.
static ScaleAtoms atomsOf(const TransposedLayout &columns) {
  return {columns.shape.channels, columns.channelScaleBytes()};
}

int64_t TransposedLayout::scaleBytes() const {
  int64_t heads = shape.batch * shape.heads;
  if (scaleGroup(format) == 0)
    return heads * shape.blocks() * kF32Bytes;
  if (layout == PackedLayout::Sm100)
    return heads * tiles() * atomsOf(*this).bytes();
  return heads * tiles() * shape.channels * channelScaleBytes();
}

int64_t TransposedLayout::dataOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  int64_t tile = (b * shape.heads + h) * tiles() + token / kTileTokens;
  int64_t inTile = token % kTileTokens;
  int64_t position = layout == PackedLayout::Portable ? positionOfToken(inTile) : inTile;
  return (tile * shape.channels + channel) * channelBytes() + position * elementBits(format) / 8;
}

int64_t TransposedLayout::scaleOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const {
  int64_t head = b * shape.heads + h;
  int group = scaleGroup(format);
  if (group == 0)
    return (head * shape.blocks() + token / shape.blockTokens) * kF32Bytes;
  int64_t tile = head * tiles() + token / kTileTokens, inTile = token % kTileTokens / group;
  if (layout == PackedLayout::Sm100)
    return tile * atomsOf(*this).bytes() + atomsOf(*this).offset(channel, inTile);
  return (tile * shape.channels + channel) * channelScaleBytes() + inTile;
}

//===- Means ------------------------------------------------------------------------------------===//

std::optional<std::string> MeansLayout::invalid() const { return invalidShape(shape); }

int64_t MeansLayout::bytes() const { return shape.batch * shape.heads * shape.blocks() * shape.channels * kF32Bytes; }

int64_t MeansLayout::offset(int64_t b, int64_t h, int64_t block, int64_t channel) const {
  return (((b * shape.heads + h) * shape.blocks() + block) * shape.channels + channel) * kF32Bytes;
}

} // namespace thrift
