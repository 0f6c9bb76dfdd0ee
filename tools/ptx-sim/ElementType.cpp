//===- ElementType.cpp - element types of buffers and scalars -----------------===//

#include "tools/ptx-sim/ElementType.h"

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float8.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace thrift::ptxsim {

static_assert(std::numeric_limits<long double>::digits >= 64, "a long double holds every u64 and every f64");

static constexpr ElementType kTypes[] = {
    {"f16", "", 2, ElementKind::Float, 10, -14, 65504.0L, "F16", {'f', 2}, ""},
    {"bf16", "", 2, ElementKind::Float, 7, -126, 0x1.FEp127L, "BF16", {'u', 2}, "V2"},
    {"f32", "", 4, ElementKind::Float, 23, -126, 0x1.FFFFFEp127L, "F32", {'f', 4}, ""},
    {"f64", "", 8, ElementKind::Float, 52, -1022, 0x1.FFFFFFFFFFFFFp1023L, "F64", {'f', 8}, ""},
    {"e4m3", "", 1, ElementKind::Float, 3, -6, 448.0L, "F8_E4M3", {'u', 1}, "V1"},
    {"e5m2", "", 1, ElementKind::Float, 2, -14, 57344.0L, "F8_E5M2", {'u', 1}, "V1"},
    {"i8", " s8 ", 1, ElementKind::Signed, 0, 0, 0, "I8", {'i', 1}, ""},
    {"i16", " s16 ", 2, ElementKind::Signed, 0, 0, 0, "I16", {'i', 2}, ""},
    {"i32", " s32 ", 4, ElementKind::Signed, 0, 0, 0, "I32", {'i', 4}, ""},
    {"i64", " s64 ", 8, ElementKind::Signed, 0, 0, 0, "I64", {'i', 8}, ""},
    {"u8", " b8 ", 1, ElementKind::Unsigned, 0, 0, 0, "U8", {'u', 1}, "V1"},
    {"u16", " b16 ", 2, ElementKind::Unsigned, 0, 0, 0, "U16", {'u', 2}, "V2"},
    {"u32", " b32 ", 4, ElementKind::Unsigned, 0, 0, 0, "U32", {'u', 4}, ""},
    {"u64", " b64 ", 8, ElementKind::Unsigned, 0, 0, 0, "U64", {'u', 8}, ""},
    {"bool", "", 1, ElementKind::Bool, 0, 0, 0, "BOOL", {'b', 1}, ""},
};

const ElementType *findElementType(std::string_view name) {
  std::string word = " " + std::string(name) + " ";
  for (const ElementType &type : kTypes)
    if (type.name == name || type.ptxNames == word)
      return &type;
  return nullptr;
}

const ElementType *elementTypeOfSafetensors(std::string_view name) {
  for (const ElementType &type : kTypes)
    if (type.safetensors == name)
      return &type;
  return nullptr;
}

const ElementType *elementTypeOfNpy(const NpyElement &element) {
  for (const ElementType &type : kTypes) {
    bool other = type.isFloat() && type.npy.kind != 'f'; // bf16 and the fp8s borrow an unsigned type
    if (!other && type.npy.kind == element.kind && type.npy.bytes == element.bytes)
      return &type;
  }
  return nullptr;
}

bool canHold(const ElementType &type, const NpyElement &element) {
  bool same = type.npy.kind == element.kind && type.npy.bytes == element.bytes;
  return same || type.npyToo == element.kind + std::to_string(element.bytes);
}

std::string elementTypeNames() {
  std::string names;
  for (const ElementType &type : kTypes)
    names.append(names.empty() ? "" : ", ").append(type.name);
  return names;
}

/// To nearest even, in a float format with these many fraction bits; exact as a long double, for it has more.
static long double roundToFormat(const ElementType &type, long double value) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), type.minExponent);
  int spacing = exponent - type.fractionBits;
  return std::ldexp(std::nearbyint(std::ldexp(value, -spacing)), spacing);
}

static uint64_t floatBits(const ElementType &type, long double value) {
  float single = static_cast<float>(value); // exact for all but f64
  switch (type.fractionBits) {
  case 10:
    return f16FromF32(single);
  case 7:
    return bf16FromF32(single);
  case 23:
    return std::isnan(value) ? kF32NanBits : bitsOfF32(single);
  case 3:
    return e4m3FromF32(single);
  case 2:
    return std::isnan(value) ? 0x7F : f16FromF32(single) >> 8; // e5m2 is the upper half of an f16
  default: {
    double number = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(value);
    uint64_t bits;
    std::memcpy(&bits, &number, sizeof bits);
    return bits;
  }
  }
}

std::optional<uint64_t> encode(const ElementType &type, long double value) {
  if (type.isFloat()) {
    long double rounded = roundToFormat(type, value);
    bool fits = !(std::fabs(rounded) > type.largest) || (std::isinf(value) && type.name != "e4m3");
    return fits ? std::optional(floatBits(type, rounded)) : std::nullopt;
  }
  int bits = type.kind == ElementKind::Bool ? 1 : 8 * type.bytes - (type.kind == ElementKind::Signed);
  long double end = std::ldexp(1.0L, bits), begin = type.kind == ElementKind::Signed ? -end : 0;
  if (!(value >= begin && value < end) || value != std::trunc(value))
    return std::nullopt;
  return value < 0 ? static_cast<uint64_t>(static_cast<int64_t>(value)) : static_cast<uint64_t>(value);
}

long double decode(const ElementType &type, uint64_t bits) {
  if (type.isFloat())
    switch (type.fractionBits) {
    case 10:
      return f32FromF16(static_cast<uint16_t>(bits));
    case 7:
      return f32FromBf16(static_cast<uint16_t>(bits));
    case 23:
      return f32OfBits(static_cast<uint32_t>(bits));
    case 3:
      return f32FromE4m3(static_cast<uint8_t>(bits));
    case 2:
      return f32FromF16(static_cast<uint16_t>(bits << 8));
    default: {
      double number;
      std::memcpy(&number, &bits, sizeof number);
      return number;
    }
    }
  if (type.kind == ElementKind::Signed) {
    int unused = 64 - 8 * type.bytes;
    return static_cast<long double>(static_cast<int64_t>(bits << unused) >> unused);
  }
  return static_cast<long double>(bits);
}

uint64_t loadBits(const ElementType &type, const void *data, uint64_t index) {
  uint64_t bits = 0;
  auto size = static_cast<size_t>(type.bytes);
  std::memcpy(&bits, static_cast<const char *>(data) + index * size, size);
  return bits;
}

void storeBits(const ElementType &type, void *data, uint64_t index, uint64_t bits) {
  auto size = static_cast<size_t>(type.bytes);
  std::memcpy(static_cast<char *>(data) + index * size, &bits, size);
}

std::string printElement(const ElementType &type, uint64_t bits) {
  char text[64];
  char *end = text;
  long double value = decode(type, bits);
  if (std::isnan(value))
    return "nan"; // its sign and payload mean nothing
  if (type.kind == ElementKind::Signed)
    end = std::to_chars(text, text + sizeof text, static_cast<int64_t>(value)).ptr;
  else if (!type.isFloat())
    end = std::to_chars(text, text + sizeof text, static_cast<uint64_t>(value)).ptr;
  else if (type.bytes == 8)
    end = std::to_chars(text, text + sizeof text, static_cast<double>(value)).ptr;
  else
    end = std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr;
  return std::string(text, end);
}

} // namespace thrift::ptxsim
