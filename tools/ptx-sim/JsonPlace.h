//===- JsonPlace.h - a checked walk through a JSON document --------------------===//
//
// A value and the path that leads to it. What is wrong is kept, the first thing only, and named with its path, the
// value seen and what is allowed; what is asked for after that is a harmless default. So a parser reads straight
// through and looks at `ok()` where it must not go on:
//
//   JsonDocument document = ...;
//   JsonPlace root = document.root();
//   root.expectKeys({"grid", "block"});
//   uint64_t grid = root.require("grid", "a number").integer(1, 65535);
//   if (!document.status()) ...            // "launch.json: grid is 0; allowed: 1 to 65535"
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_JSONPLACE_H
#define THRIFTJIT_TOOLS_PTXSIM_JSONPLACE_H

#include "runtime/Status.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thrift::ptxsim {

class JsonPlace {
public:
  using Value = nlohmann::ordered_json; ///< members keep their order

  JsonPlace(const Value *value, std::string path, Status *failure)
      : value_(value), path_(std::move(path)), failure_(failure) {}

  const std::string &path() const { return path_; }
  /// Nothing was wrong so far, anywhere in the document.
  bool ok() const { return failure_->isOk(); }
  const Status &failure() const { return *failure_; }

  /// This value is wrong.
  void refuse(const std::string &allowed) const;
  void refuse(const std::string &seen, const std::string &allowed) const;

  bool isObject() const { return value_->is_object(); }
  bool isList() const { return value_->is_array(); }
  bool isText() const { return value_->is_string(); }

  /// An object with no other keys than these, and "comment", which is for people.
  void expectKeys(std::initializer_list<std::string_view> keys) const;
  /// Exactly one of `keys` is there: the one.
  std::string_view oneOf(std::initializer_list<std::string_view> keys) const;
  bool has(std::string_view key) const;
  std::optional<JsonPlace> get(std::string_view key) const;
  /// `what` describes what should be there.
  JsonPlace require(std::string_view key, const std::string &what) const;
  /// Keys of an object with their values, without "comment".
  std::vector<std::pair<std::string, JsonPlace>> members() const;

  /// Elements of a list that has `least` to `most` of them.
  std::vector<JsonPlace> list(size_t least, size_t most, const std::string &what) const;
  uint64_t integer(uint64_t least, uint64_t most) const;
  int64_t signedInteger(int64_t least, int64_t most) const;
  double number() const;
  /// A number, or one of "inf", "-inf", "nan"; exact for 64-bit integers.
  long double extendedNumber(const std::string &allowed) const;
  bool boolean() const;
  std::string text(const std::string &what) const;
  /// Index of the word.
  size_t word(std::initializer_list<std::string_view> words) const;

  /// As it stands in the file, shortened.
  std::string seen() const;

private:
  const Value *value_;
  std::string path_;
  Status *failure_;
};

class JsonDocument {
public:
  /// Duplicate keys and nesting beyond 32 levels are refused. `name` starts the messages.
  static Result<JsonDocument> parse(std::string_view text, const std::string &name);

  JsonPlace root() const { return JsonPlace(value_.get(), "", failure_.get()); }
  /// The first thing that was wrong, with the document's name in front.
  Status status() const;

private:
  std::string name_;
  std::unique_ptr<JsonPlace::Value> value_;
  std::unique_ptr<Status> failure_; ///< has its own address, so that places survive moving the document
};

/// `status` with "`name`: " in front of its field or sentence.
Status behind(const std::string &name, const Status &status);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_JSONPLACE_H
