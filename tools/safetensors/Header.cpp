//===- Header.cpp - the JSON header of a safetensors file -----------------------------------===//
//
// The header is read as a stream of events, not into a JSON document: duplicate keys stay visible, and nesting or
// length that the format does not have ends the parse at once instead of filling memory.
//
//===-------------------------------------------------------------------------------------------===//

#include "tools/safetensors/Header.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <tuple>

namespace thrift {
namespace {

using nlohmann::json;

constexpr const char *kIntegers = "integers from 0 to 2^63 - 1";

constexpr SafetensorsElement kElements[] = {
    {"F32", 32, DType::F32},
    {"F16", 16, DType::F16},
    {"BF16", 16, DType::BF16},
    {"I32", 32, DType::I32},
    {"U8", 8, DType::U8},
    // Known to the format, sized and skipped here: a file may hold such tensors beside those that are asked for.
    {"BOOL", 8, std::nullopt},
    {"I8", 8, std::nullopt},
    {"F8_E4M3", 8, std::nullopt},
    {"F8_E5M2", 8, std::nullopt},
    {"F8_E8M0", 8, std::nullopt},
    {"F4", 4, std::nullopt},
    {"F6_E2M3", 6, std::nullopt},
    {"F6_E3M2", 6, std::nullopt},
    {"I16", 16, std::nullopt},
    {"U16", 16, std::nullopt},
    {"U32", 32, std::nullopt},
    {"F64", 64, std::nullopt},
    {"I64", 64, std::nullopt},
    {"U64", 64, std::nullopt},
    {"C64", 64, std::nullopt},
};

std::string elementNames(bool readableOnly) {
  std::string text;
  for (const SafetensorsElement &element : kElements)
    if (element.dtype || !readableOnly)
      text += (text.empty() ? "" : ", ") + std::string(element.name);
  return text;
}

std::string fieldOf(const std::string &tensor, std::string_view field) {
  return "tensor " + quoteForMessage(tensor) + " " + std::string(field);
}

/// Consumes the JSON events of a header. Every method returns false, with `failure` set, at the first thing that the
/// format does not have.
class HeaderEvents final : public json::json_sax_t {
public:
  SafetensorsHeader header;
  Status failure;

  bool start_object(std::size_t) override {
    if (place_ == Place::Outside)
      return enter(Place::Header);
    if (place_ == Place::Header) {
      if (key_ == "__metadata__")
        return seenMetadata_ ? fail(Status::invalid("header", "with two __metadata__ keys", "one"))
                             : (seenMetadata_ = true, enter(Place::Metadata));
      header.tensors.emplace_back().name = key_;
      seenDtype_ = seenShape_ = seenOffsets_ = false;
      return enter(Place::Tensor);
    }
    return refuse("an object");
  }

  bool key(std::string &text) override {
    if (place_ == Place::Tensor) {
      bool *seen = text == "dtype" ? &seenDtype_ : text == "shape" ? &seenShape_ : &seenOffsets_;
      if (seen == &seenOffsets_ && text != "data_offsets")
        return fail(
            Status::invalid(fieldOf(tensor().name, "field"), quoteForMessage(text), "dtype, shape, data_offsets"));
      if (*seen)
        return fail(Status::invalid(fieldOf(tensor().name, text), "given twice", "once"));
      *seen = true;
    }
    key_ = std::move(text);
    return true;
  }

  bool string(std::string &text) override {
    if (place_ == Place::Metadata) {
      if (!header.metadata.emplace(key_, std::move(text)).second)
        return fail(Status::invalid("__metadata__ " + quoteForMessage(key_), "given twice", "once"));
      return true;
    }
    if (place_ != Place::Tensor || key_ != "dtype")
      return refuse("a string");
    tensor().element = findSafetensorsElement(text);
    if (!tensor().element)
      return fail(Status::invalid(fieldOf(tensor().name, "dtype"), quoteForMessage(text), elementNames(false)));
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::Tensor || key_ == "dtype")
      return refuse("a list");
    numbers_.clear();
    return enter(Place::Numbers);
  }

  bool number_unsigned(json::number_unsigned_t value) override {
    if (place_ != Place::Numbers)
      return refuse("a number");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return fail(Status::invalid(fieldOf(tensor().name, key_), std::to_string(value), kIntegers));
    numbers_.push_back(static_cast<int64_t>(value));
    return true;
  }
  bool number_integer(json::number_integer_t value) override {
    if (place_ == Place::Numbers && value < 0)
      return fail(Status::invalid(fieldOf(tensor().name, key_), std::to_string(value), kIntegers));
    return number_unsigned(static_cast<json::number_unsigned_t>(value));
  }
  bool number_float(json::number_float_t, const std::string &text) override {
    if (place_ != Place::Numbers)
      return refuse("a number");
    return fail(Status::invalid(fieldOf(tensor().name, key_), text.substr(0, 40), kIntegers));
  }

  bool end_array() override {
    place_ = Place::Tensor;
    if (key_ == "shape") {
      tensor().shape = numbers_;
      return true;
    }
    if (numbers_.size() != 2)
      return fail(Status::invalid(fieldOf(tensor().name, "data_offsets"),
                                  "a list of " + std::to_string(numbers_.size()), "[begin, end]"));
    tensor().begin = static_cast<uint64_t>(numbers_[0]);
    tensor().end = static_cast<uint64_t>(numbers_[1]);
    return true;
  }

  bool end_object() override {
    if (place_ == Place::Tensor && !(seenDtype_ && seenShape_ && seenOffsets_))
      return fail(Status::invalid(fieldOf(tensor().name, !seenDtype_   ? "dtype"
                                                         : !seenShape_ ? "shape"
                                                                       : "data_offsets"),
                                  "missing", "dtype, shape and data_offsets in every tensor"));
    place_ = place_ == Place::Header ? Place::Outside : Place::Header;
    return true;
  }

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool binary(json::binary_t &) override { return refuse("binary data"); }

  bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override {
    return fail(Status::invalid("header", "broken at byte " + std::to_string(position), "one JSON object in UTF-8"));
  }

private:
  enum class Place { Outside, Header, Metadata, Tensor, Numbers };

  SafetensorsEntry &tensor() { return header.tensors.back(); }

  bool enter(Place place) {
    place_ = place;
    return true;
  }
  bool fail(Status status) {
    failure = std::move(status);
    return false;
  }
  /// `seen` stands where the format wants something else.
  bool refuse(const char *seen) {
    switch (place_) {
    case Place::Outside:
      return fail(Status::invalid("header", seen, "one JSON object"));
    case Place::Header:
      return fail(Status::invalid("header entry " + quoteForMessage(key_), seen, "an object"));
    case Place::Metadata:
      return fail(Status::invalid("__metadata__ " + quoteForMessage(key_), seen, "a string"));
    case Place::Tensor:
      return fail(Status::invalid(fieldOf(tensor().name, key_), seen,
                                  key_ == "dtype" ? elementNames(false) : "a list of integers"));
    case Place::Numbers:
      return fail(Status::invalid(fieldOf(tensor().name, key_), "a list with " + std::string(seen), kIntegers));
    }
    return false;
  }

  Place place_ = Place::Outside;
  std::string key_;
  bool seenMetadata_ = false, seenDtype_ = false, seenShape_ = false, seenOffsets_ = false;
  std::vector<int64_t> numbers_;
};

Status checkNames(const std::vector<SafetensorsEntry> &tensors) {
  std::vector<std::string_view> names;
  for (const SafetensorsEntry &tensor : tensors)
    names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin != names.end())
    return Status::invalid("tensor " + quoteForMessage(*twin), "given twice", "unique names");
  return Status::ok();
}

Status checkSize(const SafetensorsEntry &tensor, uint64_t dataBytes) {
  std::string range = "[" + std::to_string(tensor.begin) + ", " + std::to_string(tensor.end) + "]";
  if (tensor.begin > tensor.end || tensor.end > dataBytes)
    return Status::invalid(fieldOf(tensor.name, "data_offsets"), range,
                           "begin <= end <= " + std::to_string(dataBytes) + ", the bytes after the header");
  std::optional<uint64_t> bytes = safetensorsBytes(tensor.shape, tensor.element->bits);
  if (!bytes)
    return Status::invalid(fieldOf(tensor.name, "shape"), json(tensor.shape).dump().substr(0, 80),
                           "an extent of whole bytes, fewer than 2^60");
  if (*bytes != tensor.end - tensor.begin)
    return Status::invalid(fieldOf(tensor.name, "data_offsets"), range,
                           std::to_string(*bytes) + " bytes, as its shape and dtype say");
  return Status::ok();
}

/// The specification: "the byte buffer needs to be entirely indexed, and cannot contain holes".
Status checkCoverage(const std::vector<SafetensorsEntry> &sorted, uint64_t dataBytes) {
  uint64_t covered = 0;
  for (const SafetensorsEntry &tensor : sorted) {
    if (tensor.begin != covered)
      return Status::invalid(
          fieldOf(tensor.name, "data_offsets"), "from byte " + std::to_string(tensor.begin),
          "from byte " + std::to_string(covered) +
              (tensor.begin < covered ? ", so that tensors do not overlap" : ", so that there are no holes"));
    covered = tensor.end;
  }
  if (covered != dataBytes)
    return Status::invalid("data", "of " + std::to_string(dataBytes) + " bytes",
                           std::to_string(covered) + " bytes, where the last tensor ends");
  return Status::ok();
}

} // namespace

const SafetensorsElement *findSafetensorsElement(std::string_view name) {
  auto found = std::find_if(std::begin(kElements), std::end(kElements),
                            [&](const SafetensorsElement &element) { return element.name == name; });
  return found == std::end(kElements) ? nullptr : found;
}

std::string_view safetensorsName(DType dtype) {
  for (const SafetensorsElement &element : kElements)
    if (element.dtype == dtype)
      return element.name;
  return {};
}

std::string readableSafetensorsElements() { return elementNames(true); }

std::optional<uint64_t> safetensorsBytes(const std::vector<int64_t> &shape, int bits) {
  int64_t extent = bits;
  bool empty = false;
  for (int64_t dim : shape) {
    empty |= dim == 0;
    if (dim < 0 || __builtin_mul_overflow(extent, std::max<int64_t>(dim, 1), &extent))
      return std::nullopt;
  }
  if (empty)
    return 0;
  if (extent % 8 != 0)
    return std::nullopt;
  return static_cast<uint64_t>(extent) / 8;
}

std::string quoteForMessage(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest)
    shown += "...";
  // `replace`: shortening may have cut a character in two, and a caller's name need not be UTF-8 at all.
  return json(shown).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view text, uint64_t dataBytes) {
  if (text.empty() || text.front() != '{')
    return Status::invalid("header",
                           text.empty() ? "empty" : "a text that starts with " + quoteForMessage(text.substr(0, 1)),
                           "one JSON object, from '{'");
  HeaderEvents events;
  if (!json::sax_parse(text.begin(), text.end(), &events))
    return events.failure;

  std::vector<SafetensorsEntry> &tensors = events.header.tensors;
  if (Status status = checkNames(tensors); !status)
    return status;
  for (const SafetensorsEntry &tensor : tensors)
    if (Status status = checkSize(tensor, dataBytes); !status)
      return status;
  std::sort(tensors.begin(), tensors.end(), [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  if (Status status = checkCoverage(tensors, dataBytes); !status)
    return status;
  return std::move(events.header);
}

std::string printSafetensorsHeader(const SafetensorsHeader &header) {
  auto object = nlohmann::ordered_json::object();
  if (!header.metadata.empty())
    object["__metadata__"] = header.metadata;
  for (const SafetensorsEntry &tensor : header.tensors)
    object[tensor.name] = {{"dtype", tensor.element->name},
                           {"shape", tensor.shape},
                           {"data_offsets", nlohmann::ordered_json::array({tensor.begin, tensor.end})}};
  std::string text = object.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

} // namespace thrift
