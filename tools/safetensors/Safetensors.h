//===- Safetensors.h - tensors in files ------------------------------------------------------===//
//
// Reads and writes .safetensors files as TensorViews:
//
//   Result<SafetensorsFile> file = SafetensorsFile::open("qkv.safetensors");
//   if (!file)
//     return file.status();
//   Result<TensorView> q = file->tensor("q");      // points into `file`, which must outlive it
//
//   Status status = writeSafetensors("out.safetensors", {{"o", o}, {"lse", lse}}, {{"source", "thriftjit run"}});
//
// Readable and writable: F32, F16, BF16, I32, U8. Tensors of the format's other types are checked and listed, and
// refused when asked for. Values are little endian, as on every host that this project builds for.
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_SAFETENSORS_SAFETENSORS_H
#define THRIFTJIT_TOOLS_SAFETENSORS_SAFETENSORS_H

#include "runtime/Status.h"
#include "runtime/TensorView.h"
#include "tools/safetensors/Header.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// Bytes aligned for every element type, and for wide loads.
class AlignedBytes {
public:
  static constexpr size_t kAlignment = 64;

  /// Uninitialised; fails where the memory is not there.
  static Result<AlignedBytes> allocate(uint64_t size);

  std::byte *data() { return bytes_.get(); }
  const std::byte *data() const { return bytes_.get(); }

private:
  struct Release {
    void operator()(std::byte *bytes) const;
  };
  std::unique_ptr<std::byte[], Release> bytes_;
};

/// The contents of one file, in memory. The file is read, not mapped: a mapping would turn a file that somebody
/// truncates later into a SIGBUS. Moving a SafetensorsFile leaves its views valid.
class SafetensorsFile {
public:
  /// Messages start with `path`. Only regular files are read.
  static Result<SafetensorsFile> open(const std::string &path);
  /// The same for a file that is in memory already; the bytes are copied. `name` starts the messages.
  static Result<SafetensorsFile> parse(std::string_view bytes, std::string name = "safetensors");

  /// What the header says, in the order of the data.
  const std::vector<SafetensorsEntry> &tensors() const { return header_.tensors; }
  const std::map<std::string, std::string> &metadata() const { return header_.metadata; }
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// The tensor called `name`, row-major, to be read only.
  Result<TensorView> tensor(std::string_view name) const;
  /// The bytes of an entry of tensors(), of any of the format's types; not aligned.
  std::string_view bytesOf(const SafetensorsEntry &entry) const {
    return {reinterpret_cast<const char *>(data_.data()) + entry.begin, entry.end - entry.begin};
  }

private:
  SafetensorsFile(std::string name, SafetensorsHeader header, AlignedBytes data)
      : name_(std::move(name)), header_(std::move(header)), data_(std::move(data)) {}

  static Result<SafetensorsFile> create(std::string name, std::string_view headerText, AlignedBytes data,
                                        uint64_t dataBytes);
  const SafetensorsEntry *find(std::string_view name) const;

  std::string name_;
  SafetensorsHeader header_;
  AlignedBytes data_;
  /// Copies of the tensors that start at an address their element type does not allow, by their offset: the format
  /// permits an F32 tensor right behind three bytes of U8.
  std::map<uint64_t, AlignedBytes> realigned_;
};

/// A tensor and its name in the file. Any strides; the file holds it row-major.
struct NamedTensor {
  std::string name;
  TensorView view;
};

/// Writes a file that appears under `path` whole or not at all. Tensors are laid out by falling element size, so that
/// every one of them is aligned in the file.
Status writeSafetensors(const std::string &path, const std::vector<NamedTensor> &tensors,
                        const std::map<std::string, std::string> &metadata = {});

} // namespace thrift

#endif // THRIFTJIT_TOOLS_SAFETENSORS_SAFETENSORS_H
