//===- Format.cpp - names and sizes of data types and low formats -----------------------------===//

#include "dialect/formats/Format.h"

#include <array>
#include <cassert>

namespace thrift {

namespace {

struct DTypeFacts {
  DType dtype;
  std::string_view name;
  int64_t bytes;
};

struct LowFormatFacts {
  LowFormat format;
  std::string_view name;
  int elementBits;
  int scaleGroup;
};

} // namespace

// In the order of the enumerators, which index the tables.
static constexpr std::array<DTypeFacts, 5> kDTypes = {{
    {DType::F32, "f32", 4},
    {DType::F16, "f16", 2},
    {DType::BF16, "bf16", 2},
    {DType::I32, "i32", 4},
    {DType::U8, "u8", 1},
}};

static constexpr std::array<LowFormatFacts, 4> kLowFormats = {{
    {LowFormat::F16, "f16", 16, 0},
    {LowFormat::Fp8, "fp8", 8, 0},
    {LowFormat::Mxfp4, "mxfp4", 4, 32},
    {LowFormat::Nvfp4, "nvfp4", 4, 16},
}};

static const DTypeFacts &factsOf(DType dtype) {
  const DTypeFacts &facts = kDTypes[static_cast<size_t>(dtype)];
  assert(facts.dtype == dtype && "table out of order");
  return facts;
}

static const LowFormatFacts &factsOf(LowFormat format) {
  const LowFormatFacts &facts = kLowFormats[static_cast<size_t>(format)];
  assert(facts.format == format && "table out of order");
  return facts;
}

std::string_view name(DType dtype) { return factsOf(dtype).name; }
int64_t sizeInBytes(DType dtype) { return factsOf(dtype).bytes; }

std::string_view name(LowFormat format) { return factsOf(format).name; }
int elementBits(LowFormat format) { return factsOf(format).elementBits; }
int scaleGroup(LowFormat format) { return factsOf(format).scaleGroup; }

template <typename Table>
static std::string namesIn(const Table &table) {
  std::string names;
  for (const auto &entry : table) {
    if (!names.empty())
      names += ", ";
    names += entry.name;
  }
  return names;
}

template <typename Table>
static const typename Table::value_type *findByName(const Table &table, std::string_view text) {
  for (const auto &entry : table)
    if (entry.name == text)
      return &entry;
  return nullptr;
}

static void explain(std::string *whyNot, std::string_view field, std::string_view seen, const std::string &allowed) {
  if (!whyNot)
    return;
  *whyNot = field;
  whyNot->append(" is '").append(seen).append("'; allowed: ").append(allowed);
}

std::optional<DType> parseDType(std::string_view text, std::string *whyNot) {
  if (const DTypeFacts *facts = findByName(kDTypes, text))
    return facts->dtype;
  explain(whyNot, "dtype", text, namesIn(kDTypes));
  return std::nullopt;
}

std::optional<LowFormat> parseLowFormat(std::string_view text, std::string *whyNot) {
  if (const LowFormatFacts *facts = findByName(kLowFormats, text))
    return facts->format;
  explain(whyNot, "low format", text, namesIn(kLowFormats));
  return std::nullopt;
}

std::optional<LowPair> LowPair::parse(std::string_view text, std::string *whyNot) {
  size_t colon = text.find(':');
  std::string_view first = text.substr(0, colon);
  std::string_view second = colon == std::string_view::npos ? first : text.substr(colon + 1);
  const LowFormatFacts *qk = findByName(kLowFormats, first);
  const LowFormatFacts *pv = findByName(kLowFormats, second);
  if (qk && pv)
    return LowPair{qk->format, pv->format};
  explain(whyNot, "low pair", text, "one of " + namesIn(kLowFormats) + ", or two of them as qk:pv");
  return std::nullopt;
}

std::string LowPair::print() const {
  std::string text(name(qk));
  if (pv != qk)
    text.append(":").append(name(pv));
  return text;
}

} // namespace thrift
