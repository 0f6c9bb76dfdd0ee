//===- Reader.cpp - safetensors files into memory --------------------------------------------===//
//
// No length from the file is believed before it is compared with the file's own size.
//
//===-------------------------------------------------------------------------------------------===//

#include "tools/safetensors/Safetensors.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace thrift {
namespace {

constexpr uint64_t kLengthBytes = 8;

/// `status` with the name of the file in front of the field.
Status inFile(const std::string &name, const Status &status) {
  if (status.field().empty())
    return Status(status.code(), name + ": " + status.message());
  return status.code() == StatusCode::Unsupported
             ? Status::unsupported(name + ": " + status.field(), status.value(), status.allowed())
             : Status::invalid(name + ": " + status.field(), status.value(), status.allowed());
}

Status ioError(const std::string &name, const char *action) {
  return Status(StatusCode::IoError, name + ": cannot " + action + ": " + std::strerror(errno));
}

class FileDescriptor {
public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  FileDescriptor(const FileDescriptor &) = delete;
  FileDescriptor &operator=(const FileDescriptor &) = delete;

  int number() const { return number_; }

private:
  int number_;
};

Status readExactly(const FileDescriptor &file, const std::string &name, char *target, uint64_t size) {
  while (size > 0) {
    // Linux transfers at most 2 GiB a call.
    ssize_t got = ::read(file.number(), target, std::min<uint64_t>(size, 1u << 30));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return ioError(name, "read");
    if (got == 0)
      return Status(StatusCode::IoError, name + ": became shorter while it was read");
    target += got;
    size -= static_cast<uint64_t>(got);
  }
  return Status::ok();
}

uint64_t decodeLength(const char *bytes) {
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

/// Whether a file of `fileBytes` can have a header of `headerBytes`.
Status checkHeaderLength(uint64_t headerBytes, uint64_t fileBytes) {
  if (headerBytes > kMaxSafetensorsHeaderBytes)
    return Status::invalid("header length", std::to_string(headerBytes),
                           "at most " + std::to_string(kMaxSafetensorsHeaderBytes) + " bytes");
  if (headerBytes > fileBytes - kLengthBytes)
    return Status::invalid("header length", std::to_string(headerBytes),
                           "at most " + std::to_string(fileBytes - kLengthBytes) + ", the bytes that follow it");
  return Status::ok();
}

Status tooShort(uint64_t fileBytes) {
  return Status::invalid("file size", std::to_string(fileBytes),
                         "8 bytes or more: the file starts with a header length");
}

} // namespace

void AlignedBytes::Release::operator()(std::byte *bytes) const {
  ::operator delete[](bytes, std::align_val_t(kAlignment));
}

Result<AlignedBytes> AlignedBytes::allocate(uint64_t size) {
  AlignedBytes result;
  void *memory = ::operator new[](std::max<uint64_t>(size, 1), std::align_val_t(kAlignment), std::nothrow);
  if (!memory)
    return Status(StatusCode::IoError, "cannot allocate " + std::to_string(size) + " bytes");
  result.bytes_.reset(static_cast<std::byte *>(memory));
  return result;
}

Result<SafetensorsFile> SafetensorsFile::create(std::string name, std::string_view headerText, AlignedBytes data,
                                                uint64_t dataBytes) {
  Result<SafetensorsHeader> header = parseSafetensorsHeader(headerText, dataBytes);
  if (!header)
    return inFile(name, header.status());
  SafetensorsFile file(std::move(name), std::move(*header), std::move(data));
  for (const SafetensorsEntry &entry : file.header_.tensors) {
    uint64_t size = entry.end - entry.begin;
    if (!entry.element->dtype || size == 0 ||
        entry.begin % static_cast<uint64_t>(sizeInBytes(*entry.element->dtype)) == 0)
      continue;
    Result<AlignedBytes> copy = AlignedBytes::allocate(size);
    if (!copy)
      return inFile(file.name_, copy.status());
    std::memcpy(copy->data(), file.data_.data() + entry.begin, size);
    file.realigned_.emplace(entry.begin, std::move(*copy));
  }
  return file;
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  // Non-blocking: opening a pipe that nobody writes must not wait for ever. Regular files do not care.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0)
    return ioError(path, "open");
  struct stat about;
  if (::fstat(file.number(), &about) != 0)
    return ioError(path, "examine");
  if (!S_ISREG(about.st_mode))
    return Status::invalid(path, S_ISDIR(about.st_mode) ? "a directory" : "not a regular file",
                           "a regular .safetensors file");

  auto fileBytes = static_cast<uint64_t>(about.st_size);
  if (fileBytes < kLengthBytes)
    return inFile(path, tooShort(fileBytes));
  char length[kLengthBytes];
  if (Status status = readExactly(file, path, length, kLengthBytes); !status)
    return status;
  uint64_t headerBytes = decodeLength(length);
  if (Status status = checkHeaderLength(headerBytes, fileBytes); !status)
    return inFile(path, status);
  std::string headerText(headerBytes, '\0');
  if (Status status = readExactly(file, path, headerText.data(), headerBytes); !status)
    return status;

  uint64_t dataBytes = fileBytes - kLengthBytes - headerBytes;
  Result<AlignedBytes> data = AlignedBytes::allocate(dataBytes);
  if (!data)
    return inFile(path, data.status());
  if (Status status = readExactly(file, path, reinterpret_cast<char *>(data->data()), dataBytes); !status)
    return status;
  return create(path, headerText, std::move(*data), dataBytes);
}

Result<SafetensorsFile> SafetensorsFile::parse(std::string_view bytes, std::string name) {
  if (bytes.size() < kLengthBytes)
    return inFile(name, tooShort(bytes.size()));
  uint64_t headerBytes = decodeLength(bytes.data());
  if (Status status = checkHeaderLength(headerBytes, bytes.size()); !status)
    return inFile(name, status);
  std::string_view payload = bytes.substr(kLengthBytes + headerBytes);
  Result<AlignedBytes> data = AlignedBytes::allocate(payload.size());
  if (!data)
    return inFile(name, data.status());
  if (!payload.empty())
    std::memcpy(data->data(), payload.data(), payload.size());
  return create(std::move(name), bytes.substr(kLengthBytes, headerBytes), std::move(*data), payload.size());
}

const SafetensorsEntry *SafetensorsFile::find(std::string_view name) const {
  auto found = std::find_if(header_.tensors.begin(), header_.tensors.end(),
                            [&](const SafetensorsEntry &entry) { return entry.name == name; });
  return found == header_.tensors.end() ? nullptr : &*found;
}

Result<TensorView> SafetensorsFile::tensor(std::string_view name) const {
  const SafetensorsEntry *entry = find(name);
  if (!entry) {
    std::string names;
    for (const SafetensorsEntry &other : header_.tensors)
      if (names.size() < 200)
        names += (names.empty() ? "" : ", ") + quoteForMessage(other.name);
    return Status::invalid(name_ + ": tensor " + quoteForMessage(name), "missing",
                           names.empty() ? "nothing, the file holds no tensor" : names);
  }
  std::string field = name_ + ": tensor " + quoteForMessage(name);
  if (!entry->element->dtype)
    return Status::unsupported(field + " dtype", std::string(entry->element->name), readableSafetensorsElements());
  if (entry->shape.empty() || entry->shape.size() > TensorView::kMaxRank)
    return Status::unsupported(field + " rank", std::to_string(entry->shape.size()),
                               "1 to " + std::to_string(TensorView::kMaxRank));

  TensorView view;
  view.dtype = *entry->element->dtype;
  view.rank = static_cast<int>(entry->shape.size());
  int64_t step = 1;
  for (int d = view.rank - 1; d >= 0; --d) {
    view.shape[d] = entry->shape[d];
    view.stride[d] = step;
    step *= std::max<int64_t>(entry->shape[d], 1);
  }
  auto copy = realigned_.find(entry->begin);
  bool realigned = copy != realigned_.end() && entry->end > entry->begin;
  const std::byte *bytes = realigned ? copy->second.data() : data_.data() + entry->begin;
  // A view carries no constness; the documentation of tensor() does.
  view.data = const_cast<std::byte *>(bytes);
  return view;
}

} // namespace thrift
