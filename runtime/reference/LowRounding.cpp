//===- LowRounding.cpp - what a low format leaves of an operand -------------------------------===//

#include "runtime/reference/LowRounding.h"
#include "dialect/formats/Quantize.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace thrift {

/// One scale group of at most scaleGroup(format) values.
static void roundGroup(LowFormat format, float *values, int64_t count) {
  std::array<uint8_t, std::max(kNvfp4Group, kMxfp4Group)> codes;
  if (format == LowFormat::Nvfp4) {
    uint8_t scale = quantizeNvfp4(values, count, codes.data());
    dequantizeNvfp4(codes.data(), count, scale, values);
    return;
  }
  assert(format == LowFormat::Mxfp4 && "a format without scale groups");
  uint8_t scale = quantizeMxfp4(values, count, codes.data());
  dequantizeMxfp4(codes.data(), count, scale, values);
}

static void roundFp8(float *values, int64_t count, float scale) {
  std::vector<uint8_t> codes(static_cast<size_t>(count));
  quantizeFp8(values, count, scale, codes.data());
  dequantizeFp8(codes.data(), count, scale, values);
}

void roundRows(LowFormat format, float *values, int64_t rows, int64_t channels) {
  if (format == LowFormat::F16)
    return;
  if (format == LowFormat::Fp8)
    return roundFp8(values, rows * channels, fp8Scale(largestMagnitude(values, rows * channels)));
  int64_t group = scaleGroup(format);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < channels; c += group)
      roundGroup(format, values + r * channels + c, std::min(group, channels - c));
}

void roundColumns(LowFormat format, float *values, int64_t rows, int64_t channels) {
  if (format == LowFormat::F16)
    return;
  if (format == LowFormat::Fp8)
    return roundFp8(values, rows * channels, fp8PowerOfTwoScale(largestMagnitude(values, rows * channels)));
  int64_t group = scaleGroup(format);
  std::array<float, std::max(kNvfp4Group, kMxfp4Group)> column;
  for (int64_t r = 0; r < rows; r += group)
    for (int64_t c = 0; c < channels; ++c) {
      int64_t count = std::min(group, rows - r);
      for (int64_t i = 0; i < count; ++i)
        column[i] = values[(r + i) * channels + c];
      roundGroup(format, column.data(), count);
      for (int64_t i = 0; i < count; ++i)
        values[(r + i) * channels + c] = column[i];
    }
}

} // namespace thrift
