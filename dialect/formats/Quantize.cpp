//===- Quantize.cpp - group quantisers --------------------------------------------------------===//

#include "dialect/formats/Quantize.h"

#include <cassert>
#include <cmath>
#include <limits>

namespace thrift {

float largestMagnitude(const float *x, int64_t count) {
  // Magnitudes are ordered like their bits, with infinity and NaN above all finite values: one integer maximum finds
  // both the largest value and whether the group is finite.
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, bitsOfF32(x[i]) & ~kF32SignMask);
  return largest >= kF32InfBits ? std::numeric_limits<float>::quiet_NaN() : f32OfBits(largest);
}

static void encodeE2m1(const float *x, int64_t count, float inverse, uint8_t *codes) {
  bool finite = !std::isnan(inverse);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = finite ? e2m1FromF32(x[i] * inverse) : 0;
}

static void decodeE2m1(const uint8_t *codes, int64_t count, float scale, float *x) {
  for (int64_t i = 0; i < count; ++i)
    x[i] = f32FromE2m1(codes[i]) * scale;
}

uint8_t nvfp4Scale(float amax) { return e4m3FromF32(amax / kE2m1Max); }

float nvfp4Inverse(uint8_t scale) { return scale == 0 ? 0.0f : 1.0f / f32FromE4m3(scale); }

uint8_t quantizeNvfp4(const float *x, int64_t count, uint8_t *codes) {
  assert(count <= kNvfp4Group && "more values than share a scale");
  uint8_t scale = nvfp4Scale(largestMagnitude(x, count));
  encodeE2m1(x, count, nvfp4Inverse(scale), codes);
  return scale;
}

void dequantizeNvfp4(const uint8_t *codes, int64_t count, uint8_t scale, float *x) {
  decodeE2m1(codes, count, f32FromE4m3(scale), x);
}

uint8_t mxfp4Scale(float amax) { return ue8m0FromF32RoundUp(amax / kE2m1Max); }

float mxfp4Inverse(uint8_t scale) { return 1.0f / f32FromUe8m0(scale); }

uint8_t quantizeMxfp4(const float *x, int64_t count, uint8_t *codes) {
  assert(count <= kMxfp4Group && "more values than share a scale");
  uint8_t scale = mxfp4Scale(largestMagnitude(x, count));
  encodeE2m1(x, count, mxfp4Inverse(scale), codes);
  return scale;
}

void dequantizeMxfp4(const uint8_t *codes, int64_t count, uint8_t scale, float *x) {
  decodeE2m1(codes, count, f32FromUe8m0(scale), x);
}

float fp8Scale(float amax) {
  float scale = amax / kE4m3Max;
  return scale < std::numeric_limits<float>::min() ? 1.0f : scale; // NaN stays NaN
}

float fp8PowerOfTwoScale(float amax) {
  float scale = amax / kE4m3Max;
  return scale < std::numeric_limits<float>::min() ? 1.0f : f32FromUe8m0(ue8m0FromF32RoundUp(scale));
}

void quantizeFp8(const float *x, int64_t count, float scale, uint8_t *codes) {
  float inverse = 1.0f / scale;
  bool finite = !std::isnan(scale);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = finite ? e4m3FromF32(x[i] * inverse) : 0;
}

void dequantizeFp8(const uint8_t *codes, int64_t count, float scale, float *x) {
  for (int64_t i = 0; i < count; ++i)
    x[i] = f32FromE4m3(codes[i]) * scale;
}

uint8_t quantizeNvfp4P(const float *p, int64_t count, int headroomBits, uint8_t *codes) {
  assert(count <= kNvfp4Group && "more values than share a scale");
  float shrink = std::ldexp(1.0f, -headroomBits);
  uint8_t scale = e4m3FromF32(kE4m3Max * (largestMagnitude(p, count) * shrink));
  float inverse = scale == 0 ? 0.0f : kNvfp4Max / f32FromE4m3(scale);
  float shrunk[kNvfp4Group];
  for (int64_t i = 0; i < count; ++i)
    shrunk[i] = p[i] * shrink;
  encodeE2m1(shrunk, count, inverse, codes);
  return scale;
}

void dequantizeNvfp4P(const uint8_t *codes, int64_t count, uint8_t scale, int headroomBits, float *p) {
  float grow = std::ldexp(1.0f, headroomBits);
  float scaleValue = f32FromE4m3(scale);
  for (int64_t i = 0; i < count; ++i)
    p[i] = f32FromE2m1(codes[i]) * scaleValue * grow / kNvfp4Max;
}

} // namespace thrift
