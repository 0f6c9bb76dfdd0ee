//===- Format.h - names and sizes of data types and low formats -------------------------------===//
//
// DType is the element type of a tensor in memory, LowFormat a low-precision tier's number format, LowPair the formats
// of a tier's two products (`nvfp4:fp8`: Q.K in nvfp4, P.V in fp8).
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_FORMAT_H
#define THRIFTJIT_DIALECT_FORMATS_FORMAT_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace thrift {

/// Element type of a tensor in memory. U8 also holds packed bytes.
enum class DType : uint8_t { F32, F16, BF16, I32, U8 };

/// `f32`, `f16`, `bf16`, `i32`, `u8`.
std::string_view name(DType dtype);
int64_t sizeInBytes(DType dtype);

/// Number format of a low tier. F16 means that the product is not lowered.
enum class LowFormat : uint8_t { F16, Fp8, Mxfp4, Nvfp4 };

/// `f16`, `fp8`, `mxfp4`, `nvfp4`.
std::string_view name(LowFormat format);
/// Bits of one element: 16, 8, 4, 4.
int elementBits(LowFormat format);
/// Consecutive elements along the contraction that share a scale byte: 16 (nvfp4), 32 (mxfp4); 0 where the scale is an
/// f32 per block (fp8) or absent (f16).
int scaleGroup(LowFormat format);

/// Parsers of the names above. On failure the result is empty and `whyNot`, where given, says what was seen and what is
/// allowed.
std::optional<DType> parseDType(std::string_view text, std::string *whyNot = nullptr);
std::optional<LowFormat> parseLowFormat(std::string_view text, std::string *whyNot = nullptr);

/// The formats of a low tier: `qk` for the operands of Q.K, `pv` for V (and P, where the target multiplies in it).
struct LowPair {
  LowFormat qk = LowFormat::Nvfp4;
  LowFormat pv = LowFormat::Nvfp4;

  /// `qk:pv`, or one word for both.
  static std::optional<LowPair> parse(std::string_view text, std::string *whyNot = nullptr);
  /// What parse reads: one word where both are equal.
  std::string print() const;
};

inline bool operator==(const LowPair &a, const LowPair &b) { return a.qk == b.qk && a.pv == b.pv; }
inline bool operator!=(const LowPair &a, const LowPair &b) { return !(a == b); }

} // namespace thrift

template <>
struct std::hash<thrift::LowPair> {
  size_t operator()(const thrift::LowPair &pair) const noexcept {
    return static_cast<size_t>(pair.qk) * 4 + static_cast<size_t>(pair.pv);
  }
};

#endif // THRIFTJIT_DIALECT_FORMATS_FORMAT_H
