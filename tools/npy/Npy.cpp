//===- Npy.cpp - NumPy's array files ---------------------------------------------------------===//

#include "tools/npy/Npy.h"

#include "tools/safetensors/AtomicFile.h"
#include "tools/safetensors/Header.h"
#include "tools/safetensors/WholeFile.h"

#include <optional>

namespace thrift {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr const char *kDescrs = "little-endian f2, f4, f8, i1 to i8, u1 to u8, b1, V1, V2";
// Of NumPy 2; older versions had 32.
constexpr size_t kMaxRank = 64;

/// A cursor over the dictionary. Every method returns an empty optional, or false, where the text has something else.
class HeaderText {
public:
  explicit HeaderText(std::string_view text) : text_(text) {}

  bool take(char c) {
    skipSpace();
    if (at_ >= text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }
  std::optional<std::string> string() {
    skipSpace();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"'))
      return std::nullopt;
    size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos)
      return std::nullopt;
    std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }
  std::optional<bool> boolean() {
    skipSpace();
    for (bool value : {true, false}) {
      std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    return std::nullopt;
  }
  /// (), (3,), (3, 4), (3L,)
  std::optional<std::vector<int64_t>> tuple() {
    std::vector<int64_t> values;
    if (!take('('))
      return std::nullopt;
    while (!take(')')) {
      std::optional<int64_t> value = number();
      if (!value || values.size() == kMaxRank)
        return std::nullopt;
      values.push_back(*value);
      if (!take(',')) {
        if (values.size() > 1 && take(')'))
          return values;
        return std::nullopt; // (3) is a number
      }
    }
    return values;
  }
  bool atEnd() {
    skipSpace();
    return at_ == text_.size();
  }
  /// What stands here, for messages.
  std::string seen() {
    skipSpace();
    return at_ == text_.size() ? "the end" : quoteForMessage(text_.substr(at_));
  }

private:
  void skipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }
  std::optional<int64_t> number() {
    skipSpace();
    size_t first = at_;
    int64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text_[at_] - '0', &value))
        return std::nullopt;
    if (at_ == first)
      return std::nullopt;
    if (at_ < text_.size() && text_[at_] == 'L') // a long of Python 2
      ++at_;
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
};

struct Dictionary {
  std::optional<std::string> descr;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<int64_t>> shape;
};

Result<Dictionary> parseDictionary(std::string_view text, const std::string &name) {
  HeaderText header(text);
  Dictionary dictionary;
  if (!header.take('{'))
    return Status::invalid(name + ": header", header.seen(), "a dictionary");
  while (!header.take('}')) {
    std::string seen = header.seen();
    std::optional<std::string> key = header.string();
    if (!key)
      return Status::invalid(name + ": header key", seen, "'descr', 'fortran_order', 'shape'");
    std::string field = name + ": " + *key;
    if (!header.take(':'))
      return Status::invalid(field, "followed by " + header.seen(), "':' and a value");
    seen = header.seen();
    auto missing = [](const auto &value) { return !value.has_value(); };
    if (*key == "descr" && missing(dictionary.descr)) {
      if (missing(dictionary.descr = header.string()))
        return Status::unsupported(field, seen, kDescrs);
    } else if (*key == "fortran_order" && missing(dictionary.fortranOrder)) {
      if (missing(dictionary.fortranOrder = header.boolean()))
        return Status::invalid(field, seen, "True, False");
    } else if (*key == "shape" && missing(dictionary.shape)) {
      if (missing(dictionary.shape = header.tuple()))
        return Status::invalid(field, seen, "a tuple of at most 64 integers from 0 to 2^63 - 1");
    } else {
      return Status::invalid(name + ": header key", quoteForMessage(*key),
                             "'descr', 'fortran_order' and 'shape', once each");
    }
    if (!header.take(',')) {
      if (header.take('}'))
        break;
      return Status::invalid(field, "followed by " + header.seen(), "',' or '}'");
    }
  }
  if (!header.atEnd())
    return Status::invalid(name + ": header", "followed by " + header.seen(), "spaces");
  for (auto [key, present] : {std::pair("descr", dictionary.descr.has_value()),
                              std::pair("fortran_order", dictionary.fortranOrder.has_value()),
                              std::pair("shape", dictionary.shape.has_value())})
    if (!present)
      return Status::invalid(name + ": " + key, "missing", "'descr', 'fortran_order' and 'shape'");
  return dictionary;
}

Result<NpyElement> parseDescr(const std::string &descr, const std::string &name) {
  Status refusal = Status::unsupported(name + ": descr", quoteForMessage(descr), kDescrs);
  if (descr.size() != 3 || descr[2] < '1' || descr[2] > '8')
    return refusal;
  NpyElement element{descr[1], descr[2] - '0'};
  bool isPower = (element.bytes & (element.bytes - 1)) == 0;
  bool known = element.kind == 'f'                          ? isPower && element.bytes >= 2
               : element.kind == 'i' || element.kind == 'u' ? isPower
               : element.kind == 'b'                        ? element.bytes == 1
               : element.kind == 'V'                        ? element.bytes <= 2
                                                            : false;
  bool ordered = descr[0] == '<' || descr[0] == '=' || (descr[0] == '|' && (element.bytes == 1 || element.kind == 'V'));
  if (!known || !ordered)
    return refusal;
  return element;
}

} // namespace

std::string NpyElement::descr() const {
  return std::string(bytes == 1 || kind == 'V' ? "|" : "<") + kind + std::to_string(bytes);
}

Result<NpyArray> parseNpy(std::string bytes, const std::string &name) {
  constexpr size_t kVersionAt = kMagic.size();
  std::string_view view(bytes);
  if (view.substr(0, kMagic.size()) != kMagic || view.size() < kVersionAt + 2)
    return Status::invalid(name, "a file that starts with " + quoteForMessage(view.substr(0, 8)),
                           "an .npy file, which starts with \"\\x93NUMPY\" and a version");
  auto byte = [&](size_t at) { return static_cast<unsigned char>(view[at]); };
  unsigned major = byte(kVersionAt), minor = byte(kVersionAt + 1);
  if (major < 1 || major > 3 || minor != 0)
    return Status::unsupported(name + ": version", std::to_string(major) + "." + std::to_string(minor),
                               "1.0, 2.0, 3.0");
  size_t lengthBytes = major == 1 ? 2 : 4, headerAt = kVersionAt + 2 + lengthBytes;
  if (view.size() < headerAt)
    return Status::invalid(name + ": file size", std::to_string(view.size()),
                           std::to_string(headerAt) + " bytes or more");
  size_t headerBytes = 0;
  for (size_t i = lengthBytes; i-- > 0;)
    headerBytes = headerBytes << 8 | byte(kVersionAt + 2 + i);
  if (headerBytes > view.size() - headerAt)
    return Status::invalid(name + ": header length", std::to_string(headerBytes),
                           "at most " + std::to_string(view.size() - headerAt) + ", the bytes that follow it");

  Result<Dictionary> dictionary = parseDictionary(view.substr(headerAt, headerBytes), name);
  if (!dictionary)
    return dictionary.status();
  Result<NpyElement> element = parseDescr(*dictionary->descr, name);
  if (!element)
    return element.status();
  std::optional<uint64_t> size = safetensorsBytes(*dictionary->shape, 8 * element->bytes);
  if (!size)
    return Status::invalid(name + ": shape", "of 2^60 bytes or more", "less");
  size_t dataAt = headerAt + headerBytes;
  if (*size != view.size() - dataAt)
    return Status::invalid(name + ": data", std::to_string(view.size() - dataAt) + " bytes",
                           std::to_string(*size) + ", as its shape and descr say");
  // A vector is the same in both orders.
  size_t longDimensions = 0;
  for (int64_t extent : *dictionary->shape)
    longDimensions += extent > 1;
  if (*dictionary->fortranOrder && longDimensions > 1)
    return Status::unsupported(name + ": fortran_order", "True", "False: save numpy.ascontiguousarray(x)");
  return NpyArray{*element, std::move(*dictionary->shape), std::move(bytes), dataAt};
}

Result<NpyArray> readNpy(const std::string &path) {
  Result<std::string> bytes = readWholeFile(path, "an .npy file");
  if (!bytes)
    return bytes.status();
  return parseNpy(std::move(*bytes), path);
}

std::string npyHeader(const NpyElement &element, const std::vector<int64_t> &shape) {
  std::string text = "{'descr': '" + element.descr() + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? " " : "") + std::to_string(shape[i]) + (i + 1 < shape.size() || i == 0 ? "," : "");
  text += "), }";
  size_t lengthBytes = text.size() + 128 > 0xFFFF ? 4 : 2;
  size_t fixed = kMagic.size() + 2 + lengthBytes;
  size_t total = (fixed + text.size() + 1 + 63) / 64 * 64;
  text.append(total - fixed - text.size() - 1, ' ').append("\n");
  std::string header(kMagic);
  header += lengthBytes == 2 ? '\1' : '\2';
  header += '\0';
  for (size_t i = 0; i < lengthBytes; ++i)
    header += static_cast<char>(text.size() >> (8 * i));
  return header + text;
}

Status writeNpy(const std::string &path, const NpyElement &element, const std::vector<int64_t> &shape,
                std::string_view data) {
  std::optional<uint64_t> size = safetensorsBytes(shape, 8 * element.bytes);
  if (!size || *size != data.size())
    return Status::invalid(path + ": data", std::to_string(data.size()) + " bytes", "as many as its shape says");
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.status();
  std::string header = npyHeader(element, shape);
  if (Status status = file->write(header.data(), header.size()); !status)
    return status;
  if (Status status = file->write(data.data(), data.size()); !status)
    return status;
  return file->commit();
}

} // namespace thrift
