//===- WholeFile.cpp - a file as a string ----------------------------------------------------===//

#include "tools/safetensors/WholeFile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace thrift {

static Status ioError(const std::string &path, const char *action) {
  return Status(StatusCode::IoError, path + ": cannot " + action + ": " + std::strerror(errno));
}

static Result<std::string> readAll(int descriptor, const std::string &path, const std::string &kind, uint64_t limit) {
  struct stat about;
  if (::fstat(descriptor, &about) != 0)
    return ioError(path, "examine");
  if (!S_ISREG(about.st_mode))
    return Status::invalid(path, S_ISDIR(about.st_mode) ? "a directory" : "not a regular file", kind);
  auto size = static_cast<uint64_t>(about.st_size);
  if (size > limit)
    return Status::invalid(path, std::to_string(size) + " bytes", "at most " + std::to_string(limit));
  std::string bytes;
  try {
    bytes.resize(size);
  } catch (const std::exception &) { // bad_alloc or length_error
    return Status(StatusCode::IoError, path + ": cannot allocate " + std::to_string(size) + " bytes");
  }
  for (size_t done = 0; done < bytes.size();) {
    // Linux transfers at most 2 GiB a call.
    ssize_t got = ::read(descriptor, bytes.data() + done, std::min<size_t>(bytes.size() - done, 1u << 30));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return ioError(path, "read");
    if (got == 0)
      return Status(StatusCode::IoError, path + ": became shorter while it was read");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

Result<std::string> readWholeFile(const std::string &path, const std::string &kind, uint64_t limit) {
  // Non-blocking: opening a pipe that nobody writes must not wait for ever. Regular files do not care.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return ioError(path, "open");
  Result<std::string> bytes = readAll(descriptor, path, kind, limit);
  ::close(descriptor);
  return bytes;
}

} // namespace thrift
