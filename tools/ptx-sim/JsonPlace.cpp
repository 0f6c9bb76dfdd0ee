//===- JsonPlace.cpp - a checked walk through a JSON document ------------------===//

#include "tools/ptx-sim/JsonPlace.h"

#include "tools/safetensors/Header.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace thrift::ptxsim {

using json = nlohmann::ordered_json;

Status behind(const std::string &name, const Status &status) {
  if (status.field().empty())
    return Status(status.code(), name + ": " + status.message());
  std::string field = name + ": " + status.field();
  return status.code() == StatusCode::Unsupported ? Status::unsupported(field, status.value(), status.allowed())
                                                  : Status::invalid(field, status.value(), status.allowed());
}

static std::string join(std::initializer_list<std::string_view> words) {
  std::string text;
  for (std::string_view word : words)
    text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

//===----------------------------------------------------------------------===//
// A place
//===----------------------------------------------------------------------===//

std::string JsonPlace::seen() const {
  constexpr size_t kLongest = 60;
  if (value_->is_string())
    return quoteForMessage(value_->get_ref<const std::string &>());
  if (value_->is_object())
    return value_->empty() ? "an empty object" : "an object";
  std::string text = value_->dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

void JsonPlace::refuse(const std::string &seen, const std::string &allowed) const {
  if (ok())
    *failure_ = Status::invalid(path_.empty() ? "the document" : path_, seen, allowed);
}

void JsonPlace::refuse(const std::string &allowed) const { refuse(seen(), allowed); }

static std::string childPath(const std::string &path, std::string_view key) {
  bool plain = !key.empty() && std::all_of(key.begin(), key.end(),
                                           [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
  if (!plain)
    return path + "[" + quoteForMessage(key) + "]";
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members() const {
  std::vector<std::pair<std::string, JsonPlace>> result;
  if (!value_->is_object())
    return refuse("an object"), result;
  for (const auto &[key, value] : value_->items())
    if (key != "comment")
      result.emplace_back(key, JsonPlace(&value, childPath(path_, key), failure_));
  return result;
}

void JsonPlace::expectKeys(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object())
    return refuse("an object with " + join(keys));
  for (const auto &[key, value] : value_->items())
    if (key != "comment" && std::find(keys.begin(), keys.end(), key) == keys.end())
      refuse("an object with the key " + quoteForMessage(key), join(keys) + ", comment");
}

std::string_view JsonPlace::oneOf(std::initializer_list<std::string_view> keys) const {
  std::string_view found = *keys.begin();
  size_t count = 0;
  for (std::string_view key : keys)
    if (has(key)) {
      ++count;
      found = key;
    }
  if (count != 1)
    refuse(count == 0 ? seen() + " with none of these keys" : "an object with several of these keys",
           "one of " + join(keys));
  return found;
}

bool JsonPlace::has(std::string_view key) const {
  return value_->is_object() && value_->find(std::string(key)) != value_->end();
}

std::optional<JsonPlace> JsonPlace::get(std::string_view key) const {
  if (!has(key))
    return std::nullopt;
  return JsonPlace(&*value_->find(std::string(key)), childPath(path_, key), failure_);
}

JsonPlace JsonPlace::require(std::string_view key, const std::string &what) const {
  static const json kNothing;
  if (std::optional<JsonPlace> place = get(key))
    return *place;
  JsonPlace missing(&kNothing, childPath(path_, key), failure_);
  missing.refuse("missing", what);
  return missing;
}

std::vector<JsonPlace> JsonPlace::list(size_t least, size_t most, const std::string &what) const {
  std::vector<JsonPlace> result;
  if (!value_->is_array())
    return refuse(what), result;
  if (value_->size() < least || value_->size() > most)
    return refuse("a list of " + std::to_string(value_->size()), what), result;
  for (size_t i = 0; i < value_->size(); ++i)
    result.emplace_back(&(*value_)[i], path_ + "[" + std::to_string(i) + "]", failure_);
  return result;
}

uint64_t JsonPlace::integer(uint64_t least, uint64_t most) const {
  std::string allowed = "a whole number, " + std::to_string(least) + " to " + std::to_string(most);
  if (!value_->is_number_unsigned())
    return refuse(allowed), least;
  auto value = value_->get<uint64_t>();
  if (value < least || value > most)
    return refuse(allowed), least;
  return value;
}

int64_t JsonPlace::signedInteger(int64_t least, int64_t most) const {
  std::string allowed = "a whole number, " + std::to_string(least) + " to " + std::to_string(most);
  if (value_->is_number_unsigned() && value_->get<uint64_t>() > static_cast<uint64_t>(most))
    return refuse(allowed), least;
  if (!value_->is_number_integer() || value_->get<int64_t>() < least || value_->get<int64_t>() > most)
    return refuse(allowed), least;
  return value_->get<int64_t>();
}

double JsonPlace::number() const {
  if (!value_->is_number())
    return refuse("a number"), 0;
  return value_->get<double>();
}

long double JsonPlace::extendedNumber(const std::string &allowed) const {
  if (value_->is_number_unsigned())
    return static_cast<long double>(value_->get<uint64_t>());
  if (value_->is_number_integer())
    return static_cast<long double>(value_->get<int64_t>());
  if (value_->is_number_float())
    return value_->get<double>();
  if (value_->is_boolean())
    return value_->get<bool>() ? 1 : 0;
  if (value_->is_string()) {
    const auto &text = value_->get_ref<const std::string &>();
    if (text == "nan")
      return std::numeric_limits<long double>::quiet_NaN();
    if (text == "inf" || text == "-inf")
      return text[0] == '-' ? -HUGE_VALL : HUGE_VALL;
  }
  return refuse(allowed), 0;
}

bool JsonPlace::boolean() const {
  if (!value_->is_boolean())
    return refuse("true, false"), false;
  return value_->get<bool>();
}

std::string JsonPlace::text(const std::string &what) const {
  if (!value_->is_string())
    return refuse(what), std::string();
  return value_->get<std::string>();
}

size_t JsonPlace::word(std::initializer_list<std::string_view> words) const {
  if (value_->is_string()) {
    auto found = std::find(words.begin(), words.end(), value_->get_ref<const std::string &>());
    if (found != words.end())
      return static_cast<size_t>(found - words.begin());
  }
  std::string allowed;
  for (std::string_view word : words)
    allowed.append(allowed.empty() ? "\"" : ", \"").append(word).append("\"");
  return refuse(allowed), 0;
}

//===----------------------------------------------------------------------===//
// A document
//===----------------------------------------------------------------------===//

namespace {

constexpr size_t kMaxDepth = 32;

/// What nlohmann's document does not keep: keys that come twice, and how deep the text is nested.
struct Structure {
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  bool tooDeep = false;

  bool accept(json::parse_event_t event, const json &value) {
    switch (event) {
    case json::parse_event_t::object_start:
    case json::parse_event_t::array_start:
      keys.emplace_back();
      tooDeep |= keys.size() > kMaxDepth;
      return !tooDeep;
    case json::parse_event_t::object_end:
    case json::parse_event_t::array_end:
      keys.pop_back();
      return true;
    case json::parse_event_t::key:
      if (!keys.back().insert(value.get<std::string>()).second && duplicate.empty())
        duplicate = value.get<std::string>();
      return true;
    case json::parse_event_t::value:
      return true;
    }
    return true;
  }
};

std::string lineAndColumn(std::string_view text, size_t byte) {
  std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  size_t lastBreak = before.rfind('\n');
  size_t column = before.size() - (lastBreak == std::string_view::npos ? 0 : lastBreak + 1);
  return "line " + std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ", column " +
         std::to_string(column + 1);
}

} // namespace

Result<JsonDocument> JsonDocument::parse(std::string_view text, const std::string &name) {
  Structure structure;
  JsonDocument document;
  document.name_ = name;
  document.failure_ = std::make_unique<Status>();
  try {
    document.value_ = std::make_unique<json>(
        json::parse(text, [&](int, json::parse_event_t event, json &value) { return structure.accept(event, value); }));
  } catch (const json::parse_error &error) {
    return Status::invalid(name + ": " + lineAndColumn(text, error.byte), "no JSON there", "one JSON document");
  } catch (const json::exception &) { // a number beyond a double
    return Status::invalid(name, "with a number that is out of range", "numbers of at most 1.8e308");
  }
  if (structure.tooDeep)
    return Status::invalid(name, "nested deeper than " + std::to_string(kMaxDepth) + " levels", "less");
  if (!structure.duplicate.empty())
    return Status::invalid(name + ": key " + quoteForMessage(structure.duplicate), "given twice in one object", "once");
  return document;
}

Status JsonDocument::status() const { return failure_->isOk() ? Status::ok() : behind(name_, *failure_); }

} // namespace thrift::ptxsim
