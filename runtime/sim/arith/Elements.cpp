//===- Elements.cpp - element formats of tensor-core operands ---------------===//

#include "runtime/sim/arith/Elements.h"

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float4.h"
#include "dialect/formats/Float8.h"
#include "runtime/sim/arith/Rounding.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thrift::sim {

/// A 6-bit code: sign, `exponentBits`, `mantissaBits`; neither infinity nor NaN.
static float widen6(uint32_t code, int mantissaBits, int bias) {
  uint32_t magnitude = code & 0x1Fu;
  int field = static_cast<int>(magnitude >> mantissaBits);
  int mantissa = static_cast<int>(magnitude & ((1u << mantissaBits) - 1));
  int significand = field ? mantissa + (1 << mantissaBits) : mantissa;
  int exponent = (field ? field : 1) - bias - mantissaBits;
  float power = f32OfBits(static_cast<uint32_t>(exponent + kF32Bias) << kF32MantissaBits);
  float value = static_cast<float>(significand) * power;
  return code & 0x20u ? -value : value;
}

static float widenAny(MmaElement element, uint32_t code) {
  switch (element) {
  case MmaElement::F16:
    return f32FromF16(static_cast<uint16_t>(code));
  case MmaElement::BF16:
    return f32FromBf16(static_cast<uint16_t>(code));
  case MmaElement::TF32:
    return f32OfBits(code & 0xFFFFE000u);
  case MmaElement::E4M3:
    return f32FromE4m3(static_cast<uint8_t>(code));
  case MmaElement::E5M2: // the upper byte of an f16
    return f32FromF16(static_cast<uint16_t>(code << 8));
  case MmaElement::E3M2:
    return widen6(code, 2, 3);
  case MmaElement::E2M3:
    return widen6(code, 3, 1);
  case MmaElement::E2M1:
    return f32FromE2m1(static_cast<uint8_t>(code));
  }
  return 0.0f;
}

float widenElement(MmaElement element, uint32_t code) {
  float value = widenAny(element, code);
  return value != value ? f32OfBits(kCanonicalNan) : value;
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void widenF16Avx(const uint16_t *codes, float *values, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(values + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(codes + i))));
  for (; i < count; ++i)
    values[i] = f32FromF16(codes[i]);
}
#endif

static void widenF16(const uint16_t *codes, float *values, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) // every CPU with AVX2 has F16C
    return widenF16Avx(codes, values, count);
#endif
  for (size_t i = 0; i < count; ++i)
    values[i] = f32FromF16(codes[i]);
}

static std::array<float, 256> tableOf(MmaElement element) {
  std::array<float, 256> table;
  for (uint32_t code = 0; code < 256; ++code)
    table[code] = widenElement(element, code);
  return table;
}

static const std::array<float, 256> &widenTable(MmaElement element) {
  static const std::array<std::array<float, 256>, 5> kTables = {tableOf(MmaElement::E4M3), tableOf(MmaElement::E5M2),
                                                                tableOf(MmaElement::E3M2), tableOf(MmaElement::E2M3),
                                                                tableOf(MmaElement::E2M1)};
  return kTables[static_cast<size_t>(element) - static_cast<size_t>(MmaElement::E4M3)];
}

void widenElements(MmaElement element, const void *codes, float *values, size_t count) {
  switch (element) {
  case MmaElement::F16:
    return widenF16(static_cast<const uint16_t *>(codes), values, count);
  case MmaElement::BF16: {
    const auto *halves = static_cast<const uint16_t *>(codes);
    for (size_t i = 0; i < count; ++i)
      values[i] = f32FromBf16(halves[i]);
    return;
  }
  case MmaElement::TF32: {
    const auto *words = static_cast<const uint32_t *>(codes);
    for (size_t i = 0; i < count; ++i)
      values[i] = f32OfBits(words[i] & 0xFFFFE000u);
    return;
  }
  default: {
    const std::array<float, 256> &table = widenTable(element);
    const auto *bytes = static_cast<const uint8_t *>(codes);
    for (size_t i = 0; i < count; ++i)
      values[i] = table[bytes[i]];
  }
  }
}

void widenPackedE2m1(const uint8_t *bytes, float *values, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = f32FromE2m1(nibbleAt(bytes, static_cast<int64_t>(i)));
}

} // namespace thrift::sim
