//===- Vectors.cpp - results of forms in a file -----------------------------===//

#include "tests/sim/hardware/Vectors.h"

#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

namespace thrift::sim::hardware {

static constexpr const char *kFirstLine = "thriftjit hardware vectors";

std::vector<uint8_t> hashOutput(const std::vector<uint8_t> &output) {
  std::vector<uint8_t> hashes;
  for (size_t at = 0; at < output.size(); at += kHashedBytes) {
    uint64_t hash = hashBytes(output.data() + at, std::min<size_t>(kHashedBytes, output.size() - at));
    const auto *bytes = reinterpret_cast<const uint8_t *>(&hash);
    hashes.insert(hashes.end(), bytes, bytes + sizeof hash);
  }
  return hashes;
}

Vectors condense(const Vectors &vectors, const std::vector<Form> &forms, uint64_t seed, uint32_t wholeBytes) {
  std::map<std::string, const Form *> byName;
  for (const Form &form : forms)
    byName[form.name] = &form;
  Vectors condensed = vectors;
  condensed.records.clear();
  for (const Record &record : vectors.records) {
    auto found = byName.find(record.form);
    if (found == byName.end() || record.hashed)
      continue;
    const Form &form = *found->second;
    Record kept = record;
    kept.cases = std::min(record.cases, form.storedCases);
    kept.fingerprint = fingerprint(form, seed, kept.cases);
    kept.bytes.resize(size_t(kept.cases) * form.outBytes);
    if (kept.bytes.size() > wholeBytes && form.judge.number == Number::Bits) {
      kept.bytes = hashOutput(kept.bytes);
      kept.hashed = true;
    }
    condensed.records.push_back(std::move(kept));
  }
  return condensed;
}

template <typename T>
static void put(std::ostream &out, T value) {
  out.write(reinterpret_cast<const char *>(&value), sizeof value);
}

Status writeVectors(const std::string &path, const Vectors &vectors) {
  std::ofstream out(path, std::ios::binary);
  out << kFirstLine << "\ngenerator " << vectors.generator << "\nseed " << vectors.seed << "\ndevice " << vectors.device
      << "\ndriver " << vectors.driver << "\nrecords " << vectors.records.size() << "\n\n";
  for (const Record &record : vectors.records) {
    put(out, static_cast<uint16_t>(record.form.size()));
    out << record.form;
    put(out, record.fingerprint);
    put(out, record.cases);
    put(out, static_cast<uint8_t>(record.hashed));
    put(out, static_cast<uint32_t>(record.bytes.size()));
    out.write(reinterpret_cast<const char *>(record.bytes.data()), static_cast<std::streamsize>(record.bytes.size()));
  }
  out.flush();
  if (!out)
    return Status(StatusCode::IoError, path + " cannot be written");
  return Status::ok();
}

namespace {
/// Takes values off the front of a text and remembers whether there was enough.
class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string_view take(size_t bytes) {
    if (bytes > text_.size()) {
      failed_ = true;
      bytes = text_.size();
    }
    std::string_view taken = text_.substr(0, bytes);
    text_.remove_prefix(bytes);
    return taken;
  }
  template <typename T>
  T number() {
    T value{};
    std::string_view bytes = take(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string_view line() {
    size_t end = text_.find('\n');
    if (end == std::string_view::npos) {
      failed_ = true;
      return {};
    }
    std::string_view taken = take(end);
    take(1);
    return taken;
  }
  /// The rest of a line that begins with `key`.
  std::string value(std::string_view key) {
    std::string_view text = line();
    if (text.substr(0, key.size()) != key || text.substr(key.size(), 1) != " ") {
      failed_ = true;
      return {};
    }
    return std::string(text.substr(key.size() + 1));
  }
  uint64_t count(std::string_view key) {
    std::string text = value(key);
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos) {
      failed_ = true;
      return 0;
    }
    return std::stoull(text);
  }
  bool failed() const { return failed_; }
  bool empty() const { return text_.empty(); }

private:
  std::string_view text_;
  bool failed_ = false;
};
} // namespace

Result<Vectors> readVectors(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream stream;
  stream << file.rdbuf();
  if (!file)
    return Status(StatusCode::IoError, path + " cannot be read");
  std::string text = stream.str();
  Reader reader(text);
  if (reader.line() != kFirstLine)
    return Status::invalid("first line of " + path, "something else", kFirstLine);
  Vectors vectors;
  vectors.generator = static_cast<uint32_t>(reader.count("generator"));
  vectors.seed = reader.count("seed");
  vectors.device = reader.value("device");
  vectors.driver = reader.value("driver");
  uint64_t records = reader.count("records");
  reader.line();
  for (uint64_t i = 0; i < records && !reader.failed(); ++i) {
    Record record;
    record.form = std::string(reader.take(reader.number<uint16_t>()));
    record.fingerprint = reader.number<uint64_t>();
    record.cases = reader.number<uint32_t>();
    record.hashed = reader.number<uint8_t>() != 0;
    std::string_view bytes = reader.take(reader.number<uint32_t>());
    record.bytes.assign(bytes.begin(), bytes.end());
    vectors.records.push_back(std::move(record));
  }
  if (reader.failed() || !reader.empty())
    return Status::invalid(path, "a damaged file", "a header and " + std::to_string(records) + " whole records");
  return vectors;
}

} // namespace thrift::sim::hardware
