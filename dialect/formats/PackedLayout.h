//===- PackedLayout.h - where the elements of a packed tensor live ----------------------------===//
//
// Sizes and offsets, in bytes, of the tensors that the `quantize` kernel writes and the attention kernels read, in the
// layouts `portable` and `sm100`. PACKED_LAYOUT.md and PACKED_LAYOUT_SM100.md are the specifications, with pictures;
// this file is the same in code.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_PACKEDLAYOUT_H
#define THRIFTJIT_DIALECT_FORMATS_PACKEDLAYOUT_H

#include "dialect/formats/Format.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thrift {

/// How the bytes of packed tensors are arranged. The values of elements and scales are the same in both.
enum class PackedLayout : uint8_t {
  Portable, ///< for plain loads into the fragments of mma.sync
  Sm100,    ///< for TMA and tcgen05: scales in atoms, V's tokens in natural order
};

/// `portable`, `sm100`.
std::string_view name(PackedLayout layout);
/// On failure the result is empty and `whyNot`, where given, says what was seen and what is allowed.
std::optional<PackedLayout> parsePackedLayout(std::string_view text, std::string *whyNot = nullptr);
/// Changes whenever the bytes of any packed tensor of the layout change their meaning.
int packedLayoutVersion(PackedLayout layout);
/// What the address of a packed tensor must be a multiple of, in bytes.
int64_t packedAlignment(PackedLayout layout);

/// Tokens of one V tile.
constexpr int64_t kTileTokens = 64;

/// Position inside a V tile (nibble index in mxfp4 and nvfp4, byte index in fp8) -> token of the tile, and back.
///   position  p = 16*lane + 4*step + r     lane 0..3, step 0..3, r 0..3
///   token       = 16*step + 2*lane + (r & 1) + 8*(r >> 1)
constexpr int64_t tokenAtPosition(int64_t position) {
  int64_t lane = position / 16, step = position % 16 / 4, r = position % 4;
  return 16 * step + 2 * lane + (r & 1) + 8 * (r >> 1);
}
constexpr int64_t positionOfToken(int64_t token) {
  int64_t step = token / 16, lane = token % 8 / 2, r = (token & 1) + 2 * (token % 16 / 8);
  return 16 * lane + 4 * step + r;
}

/// The logical tensor [batch, heads, tokens, channels] and its block size. Token counts are padded up to whole blocks.
struct PackedShape {
  int64_t batch = 1;
  int64_t heads = 1;
  int64_t tokens = 0;
  int64_t channels = 128;
  int64_t blockTokens = 64;

  int64_t blocks() const { return (tokens + blockTokens - 1) / blockTokens; }
  int64_t paddedTokens() const { return blocks() * blockTokens; }
  /// Tokens of `block` that exist.
  int64_t tokensInBlock(int64_t block) const;
};

/// Q_low and K_low: one row of channels per token, channels contiguous.
///   data    [batch][heads][paddedTokens][rowBytes]       nvfp4, mxfp4: D/2, element d in byte d/2, even d low; fp8: D
///   scales  [batch][heads][paddedTokens][rowScaleBytes]  nvfp4: D/16, mxfp4: D/32
///           [batch][heads] atoms of tokens by groups     the same in sm100
///           [batch][heads][blocks] f32                   fp8
struct RowsLayout {
  LowFormat format = LowFormat::Nvfp4;
  PackedShape shape;
  PackedLayout layout = PackedLayout::Portable;

  /// Why no such packed tensor exists, or empty. Everything below needs a valid layout.
  std::optional<std::string> invalid() const;

  int64_t rowBytes() const;
  /// 0 for fp8, whose scales belong to blocks.
  int64_t rowScaleBytes() const;
  int64_t dataBytes() const;
  int64_t scaleBytes() const;
  /// Byte that holds the element; with 4-bit elements, odd channels are in its high nibble.
  int64_t dataOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const;
  /// First byte of the scale of the element.
  int64_t scaleOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const;
};

/// V_low: tiles of 64 tokens, transposed, the tokens of one channel contiguous; in portable permuted (tokenAtPosition).
///   data    [batch][heads][tiles][channels][channelBytes]       nvfp4, mxfp4: 32; fp8: 64
///   scales  [batch][heads][tiles][channels][channelScaleBytes]  nvfp4: 4, mxfp4: 2, in natural token order
///           [batch][heads][tiles] atoms of channels by groups   the same in sm100
///           [batch][heads][blocks] f32                          fp8, powers of two
struct TransposedLayout {
  LowFormat format = LowFormat::Nvfp4;
  PackedShape shape;
  PackedLayout layout = PackedLayout::Portable;

  /// Why no such packed tensor exists, or empty. Everything below needs a valid layout.
  std::optional<std::string> invalid() const;

  int64_t tiles() const { return shape.paddedTokens() / kTileTokens; }
  int64_t channelBytes() const;
  /// 0 for fp8, whose scales belong to blocks.
  int64_t channelScaleBytes() const;
  int64_t dataBytes() const;
  int64_t scaleBytes() const;
  /// Byte that holds the element; with 4-bit elements, odd positions (odd tokens) are in its high nibble.
  int64_t dataOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const;
  /// First byte of the scale of the element.
  int64_t scaleOffset(int64_t b, int64_t h, int64_t token, int64_t channel) const;
};

/// Block means: f32 [batch][heads][blocks][channels].
struct MeansLayout {
  PackedShape shape;

  /// Why no such tensor exists, or empty. Everything below needs a valid layout.
  std::optional<std::string> invalid() const;

  int64_t bytes() const;
  /// First byte of the f32.
  int64_t offset(int64_t b, int64_t h, int64_t block, int64_t channel) const;
};

bool operator==(const PackedShape &a, const PackedShape &b);
inline bool operator!=(const PackedShape &a, const PackedShape &b) { return !(a == b); }
inline bool operator==(const RowsLayout &a, const RowsLayout &b) {
  return a.format == b.format && a.shape == b.shape && a.layout == b.layout;
}
inline bool operator!=(const RowsLayout &a, const RowsLayout &b) { return !(a == b); }
inline bool operator==(const TransposedLayout &a, const TransposedLayout &b) {
  return a.format == b.format && a.shape == b.shape && a.layout == b.layout;
}
inline bool operator!=(const TransposedLayout &a, const TransposedLayout &b) { return !(a == b); }
inline bool operator==(const MeansLayout &a, const MeansLayout &b) { return a.shape == b.shape; }
inline bool operator!=(const MeansLayout &a, const MeansLayout &b) { return !(a == b); }

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_PACKEDLAYOUT_H
