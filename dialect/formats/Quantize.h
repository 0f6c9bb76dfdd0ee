//===- Quantize.h - group quantisers ----------------------------------------------------------===//
//
// How a group of floats becomes codes and a scale. Everything is f32 arithmetic in the order that the formulas state,
// each operation correctly rounded to nearest even and none fused, so that references, simulator and GPUs agree bit for
// bit.
//
// Notation: e4m3(x), ue8m0(x), e2m1(x) encode (Float8.h, Float4.h); f32(s) decodes a scale; amax is the largest |x|.
// `amax` arguments come from largestMagnitude and are NaN for a group that holds a NaN or an infinity; the scale is
// then NaN and all elements have code 0, so the whole group decodes to NaN.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_QUANTIZE_H
#define THRIFTJIT_DIALECT_FORMATS_QUANTIZE_H

#include "dialect/formats/Float4.h"
#include "dialect/formats/Float8.h"

namespace thrift {

constexpr int kNvfp4Group = 16;
constexpr int kMxfp4Group = 32;
/// Largest |x| that nvfp4 represents: the largest element times the largest scale, 6 * 448.
constexpr float kNvfp4Max = kE2m1Max * kE4m3Max;

/// max |x[i]|; 0 for an empty group, NaN if any x[i] is NaN or infinite.
float largestMagnitude(const float *x, int64_t count);

//===- nvfp4: E2M1 elements, an E4M3 scale per 16 -----------------------------------------------===//
//   scale   = e4m3(amax / 6)
//   inverse = scale == 0 ? 0 : 1 / f32(scale)
//   code[i] = e2m1(x[i] * inverse)
//   x'[i]   = f32(code[i]) * f32(scale)
// From amax = 2688 on the scale is 448 and larger elements saturate to 2688. Up to amax = 6 * 2^-10 the scale is 0 and
// the elements are +-0. A caller with an f32 scale t per (batch, head) quantises x * (1 / t).

uint8_t nvfp4Scale(float amax);
float nvfp4Inverse(uint8_t scale);
/// Quantises one group of `count` <= 16 values: one code per byte. Returns the scale.
uint8_t quantizeNvfp4(const float *x, int64_t count, uint8_t *codes);
void dequantizeNvfp4(const uint8_t *codes, int64_t count, uint8_t scale, float *x);

//===- mxfp4: E2M1 elements, a UE8M0 scale per 32 -----------------------------------------------===//
//   scale   = ue8m0(amax / 6), rounded up
//   code[i] = e2m1(x[i] * (1 / f32(scale)))
//   x'[i]   = f32(code[i]) * f32(scale)
// Rounding the scale up means that no element saturates. A zero group has scale code 0 (2^-127) and elements +-0.

uint8_t mxfp4Scale(float amax);
float mxfp4Inverse(uint8_t scale);
/// Quantises one group of `count` <= 32 values: one code per byte. Returns the scale.
uint8_t quantizeMxfp4(const float *x, int64_t count, uint8_t *codes);
void dequantizeMxfp4(const uint8_t *codes, int64_t count, uint8_t scale, float *x);

//===- fp8: E4M3 elements, an f32 scale per block -----------------------------------------------===//
//   Q, K:   scale = amax / 448
//   V:      scale = smallest power of two >= amax / 448
//   either: scale = 1 where amax / 448 < 2^-126
//   code[i] = e4m3(x[i] * (1 / scale))
//   x'[i]   = f32(code[i]) * scale
// Below 2^-126, zero blocks included, 1 / scale could overflow; with scale 1 the elements become +-0.
// V's scale is a power of two so that it folds into the exponent of P without a rounding.

float fp8Scale(float amax);
float fp8PowerOfTwoScale(float amax);
/// Quantises `count` values that share `scale`; with a NaN scale all codes are 0.
void quantizeFp8(const float *x, int64_t count, float scale, uint8_t *codes);
void dequantizeFp8(const uint8_t *codes, int64_t count, float scale, float *x);

//===- P, the probabilities, where the target multiplies in V's format --------------------------===//
// p lies in [0, 2^t]; t is the headroom of conditional rescaling in bits, 0 without it. In nvfp4 and mxfp4 the
// numerator of O and the denominator both use the p' below; in fp8 the denominator may sum p itself.
//
// nvfp4, per 16 keys:
//   scale   = e4m3(448 * (amax * 2^-t))
//   inverse = scale == 0 ? 0 : 2688 / f32(scale)
//   code[i] = e2m1((p[i] * 2^-t) * inverse)
//   p'[i]   = f32(code[i]) * f32(scale) * 2^t / 2688           (one rounding, in the division)
// mxfp4, per 32 keys: as above, quantizeMxfp4.
// fp8, no scale:
//   code    = e4m3(256 * p)                                    (p' = f32(code) / 256, exact)
// 256 rather than 448 keeps the factor a power of two, which is exact in P, and leaves room up to p = 1.75;
// so t is 0 here.

/// Quantises one group of `count` <= 16 probabilities. Returns the scale.
uint8_t quantizeNvfp4P(const float *p, int64_t count, int headroomBits, uint8_t *codes);
void dequantizeNvfp4P(const uint8_t *codes, int64_t count, uint8_t scale, int headroomBits, float *p);

inline uint8_t quantizeFp8P(float p) { return e4m3FromF32(256.0f * p); }
inline float dequantizeFp8P(uint8_t code) { return f32FromE4m3(code) * 0x1p-8f; }

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_QUANTIZE_H
