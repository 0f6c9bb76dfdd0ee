//===- LaunchValues.cpp - arguments and fields in a launch file ----------------===//

#include "tools/ptx-sim/LaunchValues.h"

#include "runtime/sim/TensorMap.h"
#include "tools/safetensors/Header.h"

#include <algorithm>
#include <charconv>

namespace thrift::ptxsim {

// A kernel's parameters are at most 32764 bytes (PTX ISA, "Kernel Function Parameters").
static constexpr uint64_t kMaxStructBytes = 32764;

uint64_t Value::bytes() const {
  struct Size {
    uint64_t operator()(const ScalarValue &scalar) const { return static_cast<uint64_t>(scalar.type->bytes); }
    uint64_t operator()(const PointerValue &) const { return sizeof(uint64_t); }
    uint64_t operator()(const TensorMapValue &) const { return sim::kTensorMapBytes; }
    uint64_t operator()(const StructValue &value) const { return value.bytes; }
  };
  return std::visit(Size(), content);
}

/// "0x3f80" with no more digits than the type has.
static std::optional<uint64_t> parseBits(const ElementType &type, const std::string &text) {
  uint64_t bits = 0;
  const char *first = text.data() + 2, *end = text.data() + text.size();
  if (text.size() < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
    return std::nullopt;
  auto [stopped, error] = std::from_chars(first, end, bits, 16);
  bool fits = type.bytes == 8 || bits >> (8 * type.bytes) == 0;
  return error == std::errc() && stopped == end && fits ? std::optional(bits) : std::nullopt;
}

uint64_t parseElement(const ElementType &type, const JsonPlace &place) {
  std::string allowed = (type.isFloat() ? "a number that " : "a whole number that ") + std::string(type.name) +
                        " can hold" + (type.isFloat() ? ", \"nan\", \"inf\", \"-inf\"" : "") +
                        ", or its bits, like \"0x" + std::string(static_cast<size_t>(2 * type.bytes), '0') + "\"";
  if (place.isText())
    if (std::optional<uint64_t> bits = parseBits(type, place.text("")))
      return *bits;
  long double number = place.extendedNumber(allowed);
  if (!place.ok())
    return 0;
  std::optional<uint64_t> bits = encode(type, number);
  if (!bits)
    place.refuse(allowed);
  return bits.value_or(0);
}

PointerValue ValueParser::pointer(const JsonPlace &place) const {
  PointerValue pointer;
  JsonPlace name = place.require("buffer", "the name of a buffer");
  std::string names;
  for (const std::string &buffer : buffers_)
    names.append(names.empty() ? "" : ", ").append(buffer);
  std::string allowed = buffers_.empty() ? "the name of a buffer, of which there are none" : names;
  std::string text = name.text(allowed);
  auto found = std::find(buffers_.begin(), buffers_.end(), text);
  if (found == buffers_.end())
    name.refuse(allowed);
  else
    pointer.buffer = static_cast<size_t>(found - buffers_.begin());
  if (std::optional<JsonPlace> offset = place.get("buffer_offset"))
    pointer.offset = offset->integer(0, UINT64_MAX);
  return pointer;
}

template <typename T>
static std::vector<T> integers(const JsonPlace &place, size_t least, size_t most, uint64_t largest,
                               const std::string &what) {
  std::vector<T> values;
  for (const JsonPlace &element : place.list(least, most, what))
    values.push_back(static_cast<T>(element.integer(0, largest)));
  return values;
}

TensorMapValue ValueParser::tensorMap(const JsonPlace &place) const {
  place.expectKeys({"buffer", "buffer_offset", "element", "dims", "strides", "box", "element_strides", "interleave",
                    "swizzle", "fill"});
  TensorMapValue map;
  map.start = pointer(place);
  map.element = place.require("element", "the type of an element").text("the type of an element");
  // Ranges within these are the encoder's to judge: it knows how they depend on each other.
  map.dims = integers<uint64_t>(place.require("dims", "1 to 5 numbers, innermost first"), 1, 5, UINT64_MAX,
                                "1 to 5 numbers, innermost first");
  if (!place.ok())
    return map;
  size_t rank = map.dims.size();
  std::string perDimension = std::to_string(rank) + " numbers, one for each of dims";
  std::string others = std::to_string(rank - 1) + " numbers: the bytes from one element to the next, in every " +
                       "dimension but the first";
  if (rank > 1 || place.has("strides"))
    map.strides = integers<uint64_t>(place.require("strides", others), rank - 1, rank - 1, UINT64_MAX, others);
  map.box = integers<uint32_t>(place.require("box", perDimension), rank, rank, UINT32_MAX, perDimension);
  map.elementStrides.assign(rank, 1);
  if (std::optional<JsonPlace> strides = place.get("element_strides"))
    map.elementStrides = integers<uint32_t>(*strides, rank, rank, UINT32_MAX, perDimension);
  auto option = [&](std::string_view key, const std::string &otherwise) {
    std::optional<JsonPlace> given = place.get(key);
    return given ? given->text("a word") : otherwise;
  };
  map.interleave = option("interleave", "none");
  map.swizzle = option("swizzle", "none");
  map.fill = option("fill", "zeros");
  return map;
}

std::vector<Field> ValueParser::fields(const JsonPlace &list, uint64_t bytes) const {
  std::vector<Field> fields;
  for (const JsonPlace &place : list.list(0, SIZE_MAX, "a list of values with \"offset\"")) {
    Field field;
    field.offset = place.require("offset", "bytes from the start").integer(0, UINT64_MAX);
    field.value = value(place, true);
    if (!place.ok())
      return fields;
    uint64_t size = field.value.bytes();
    if (size > bytes || field.offset > bytes - size)
      place.refuse(std::to_string(size) + " bytes at offset " + std::to_string(field.offset),
                   "fields within the " + std::to_string(bytes) + " bytes");
    fields.push_back(std::move(field));
  }
  std::sort(fields.begin(), fields.end(), [](const Field &a, const Field &b) { return a.offset < b.offset; });
  for (size_t i = 1; i < fields.size(); ++i)
    if (fields[i].offset < fields[i - 1].offset + fields[i - 1].value.bytes())
      list.refuse("a list with two fields over byte " + std::to_string(fields[i].offset), "fields that do not overlap");
  return fields;
}

Value ValueParser::value(const JsonPlace &place) const { return value(place, false); }

Value ValueParser::value(const JsonPlace &place, bool isField) const {
  Value result;
  result.path = place.path();
  result.content = ScalarValue{findElementType("u8"), 0}; // where something is wrong
  if (place.has("buffer")) {
    isField ? place.expectKeys({"offset", "buffer", "buffer_offset"}) : place.expectKeys({"buffer", "buffer_offset"});
    result.content = pointer(place);
  } else if (place.has("tensor_map")) {
    isField ? place.expectKeys({"offset", "tensor_map"}) : place.expectKeys({"tensor_map"});
    result.content = tensorMap(*place.get("tensor_map"));
  } else if (place.has("fields") || place.has("bytes")) {
    isField ? place.expectKeys({"offset", "bytes", "fields"}) : place.expectKeys({"bytes", "fields"});
    StructValue value;
    value.bytes = place.require("bytes", "the size of the struct").integer(1, kMaxStructBytes);
    if (std::optional<JsonPlace> list = place.get("fields"))
      value.fields = fields(*list, value.bytes);
    result.content = std::move(value);
  } else {
    const std::string allowed = "an object with one of buffer, tensor_map, bytes, or a type: " + elementTypeNames() +
                                "; or s8 to s64, b8 to b64";
    if (!place.isObject())
      return place.refuse(allowed), result;
    const ElementType *type = nullptr;
    for (const auto &[key, number] : place.members()) {
      if (isField && key == "offset")
        continue;
      if (type || !(type = findElementType(key)))
        return place.refuse("an object with the key " + quoteForMessage(key), allowed), result;
      result.content = ScalarValue{type, parseElement(*type, number)};
    }
    if (!type)
      place.refuse(allowed);
  }
  return result;
}

} // namespace thrift::ptxsim
