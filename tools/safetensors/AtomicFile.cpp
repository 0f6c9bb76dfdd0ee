//===- AtomicFile.cpp - a file that appears whole or not at all ------------------------------===//

#include "tools/safetensors/AtomicFile.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace thrift {
namespace {

Status ioError(const std::string &path, const char *action) {
  return Status(StatusCode::IoError, path + ": cannot " + action + ": " + std::strerror(errno));
}

/// The folder of `path`, to be opened.
std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace

AtomicFile::AtomicFile(std::string target, std::string temporary, int descriptor)
    : target_(std::move(target)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : target_(std::move(other.target_)), temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0)
    return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Status AtomicFile::failed(const char *action) const { return ioError(target_, action); }

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  if (path.empty() || path.back() == '/')
    return Status::invalid("output path", "\"" + path + "\"", "the name of a file");
  std::string target = path;
  if (char *resolved = ::realpath(path.c_str(), nullptr)) {
    target = resolved;
    std::free(resolved);
  }
  struct stat about;
  if (::lstat(target.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
    return Status::invalid("output path " + path,
                           S_ISDIR(about.st_mode)   ? "a directory"
                           : S_ISLNK(about.st_mode) ? "a link to nothing"
                                                    : "not a regular file",
                           "a new name or a regular file");
  // Exclusive creation under a random name, with the permissions that the caller's umask leaves: mkstemp would make the
  // result private.
  std::random_device random;
  for (int attempt = 0; attempt < 100; ++attempt) {
    uint64_t number = static_cast<uint64_t>(random()) << 32 | random();
    std::string temporary = target + ".tmp-" + std::to_string(number);
    int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0)
      return AtomicFile(std::move(target), std::move(temporary), descriptor);
    if (errno != EEXIST)
      return ioError(path, "create");
  }
  return ioError(path, "create");
}

Status AtomicFile::write(const void *bytes, size_t size) {
  auto *next = static_cast<const char *>(bytes);
  while (size > 0) {
    // Linux transfers at most 2 GiB a call.
    ssize_t done = ::write(descriptor_, next, std::min<size_t>(size, 1u << 30));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return failed("write");
    next += done;
    size -= static_cast<size_t>(done);
  }
  return Status::ok();
}

Status AtomicFile::commit() {
  if (::fsync(descriptor_) != 0)
    return failed("sync");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    return failed("rename to");
  ::close(std::exchange(descriptor_, -1));
  // The new name is on the disk once its folder is. Some file systems cannot sync folders; the file is whole either
  // way.
  int folder = ::open(folderOf(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
  return Status::ok();
}

} // namespace thrift
