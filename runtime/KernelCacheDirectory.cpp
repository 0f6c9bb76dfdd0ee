//===- KernelCacheDirectory.cpp - the cache's files on disk -----------------===//

#include "runtime/KernelCacheDirectory.h"

#include "runtime/KernelCacheFile.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace thrift {

static constexpr std::string_view kTemporarySuffix = ".tmp";
static constexpr const char *kLockName = "locks";
static constexpr int kMaxNameAttempts = 1000;

static Status failure(const std::string &what) {
  return Status(StatusCode::IoError, what + ": " + std::strerror(errno));
}

namespace {
/// A file descriptor that closes itself.
class File {
public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0)
      close(descriptor_);
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  explicit operator bool() const { return descriptor_ >= 0; }

private:
  int descriptor_;
};
} // namespace

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

Result<std::unique_ptr<KernelCacheDirectory>> KernelCacheDirectory::open(const std::string &path) {
  if (std::error_code error =
          llvm::sys::fs::create_directories(path, /*IgnoreExisting=*/true, llvm::sys::fs::owner_all))
    return Status(StatusCode::IoError, "the cache directory " + path + " cannot be created: " + error.message());
  struct stat link;
  if (lstat(path.c_str(), &link) != 0)
    return failure("the cache directory " + path + " cannot be examined");
  if (S_ISLNK(link.st_mode) && link.st_uid != geteuid() && link.st_uid != 0)
    return Status(StatusCode::IoError,
                  "the cache directory " + path + " is a link that belongs to user " + std::to_string(link.st_uid));
  File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return failure("the cache directory " + path + " cannot be opened");
  struct stat info;
  if (fstat(directory.get(), &info) != 0)
    return failure("the cache directory " + path + " cannot be examined");
  if (info.st_uid != geteuid())
    return Status(StatusCode::IoError, "the cache directory " + path + " belongs to user " +
                                           std::to_string(info.st_uid) + ", not to user " + std::to_string(geteuid()));
  if (info.st_mode & (S_IWGRP | S_IWOTH))
    return Status(StatusCode::IoError,
                  "the cache directory " + path + " can be written by other users; allow only its owner: chmod 700");
  return std::unique_ptr<KernelCacheDirectory>(new KernelCacheDirectory(path, directory.release()));
}

KernelCacheDirectory::~KernelCacheDirectory() { close(directory_); }

static std::string fileName(const std::string &digest) { return digest + ".kernel"; }

std::string KernelCacheDirectory::pathOf(const std::string &digest) const { return path_ + "/" + fileName(digest); }

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Result<std::optional<std::string>> KernelCacheDirectory::read(const std::string &digest) const {
  // Not blocking: somebody may have put a pipe here. Not following: or a link to elsewhere.
  File file(openat(directory_, fileName(digest).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT)
    return std::optional<std::string>();
  if (!file)
    return failure("it cannot be opened");
  struct stat info;
  if (fstat(file.get(), &info) != 0)
    return failure("it cannot be examined");
  if (!S_ISREG(info.st_mode))
    return Status(StatusCode::IoError, "it is not a regular file");
  if (info.st_uid != geteuid())
    return Status(StatusCode::IoError, "it belongs to user " + std::to_string(info.st_uid));
  if (uint64_t(info.st_size) > kMaxCacheFileBytes)
    return Status(StatusCode::IoError, "it has " + std::to_string(info.st_size) + " bytes");

  std::string content(size_t(info.st_size), '\0');
  for (size_t done = 0; done < content.size();) {
    ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failure("it cannot be read");
    if (got == 0)
      return Status(StatusCode::IoError, "it is truncated");
    done += size_t(got);
  }
  return std::optional<std::string>(std::move(content));
}

static Status writeAll(int file, std::string_view content) {
  while (!content.empty()) {
    ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return failure("a cache file cannot be written");
    content.remove_prefix(size_t(written));
  }
  // Before the rename: network file systems may otherwise show the name before the bytes, and so may a power cut.
  if (fsync(file) != 0)
    return failure("a cache file cannot be flushed");
  return Status::ok();
}

Status KernelCacheDirectory::publish(const std::string &digest, std::string_view content) {
  // Another thread, another host with our process number, or a killed process may have taken a name.
  std::string temporary;
  int descriptor = -1;
  for (int attempt = 0; attempt < kMaxNameAttempts; ++attempt) {
    temporary = digest + "." + std::to_string(getpid()) + "." + std::to_string(attempt) + std::string(kTemporarySuffix);
    descriptor = openat(directory_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor >= 0 || errno != EEXIST)
      break;
  }
  File file(descriptor);
  if (!file)
    return failure("the cache directory " + path_ + " cannot be written");
  Status status = writeAll(file.get(), content);
  if (status && renameat(directory_, temporary.c_str(), directory_, fileName(digest).c_str()) != 0)
    status = failure("a cache file cannot be renamed in " + path_);
  if (!status)
    unlinkat(directory_, temporary.c_str(), 0);
  return status;
}

void KernelCacheDirectory::sweep(std::chrono::seconds age) const {
  // A descriptor of its own: the stream moves the position of the one it is given, and closes it.
  int descriptor = openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *listing = descriptor < 0 ? nullptr : fdopendir(descriptor);
  if (!listing) {
    if (descriptor >= 0)
      close(descriptor);
    return;
  }
  time_t newest = time(nullptr) - age.count();
  while (const dirent *entry = readdir(listing)) {
    llvm::StringRef name(entry->d_name);
    struct stat info;
    if (name.ends_with(llvm::StringRef(kTemporarySuffix)) &&
        fstatat(directory_, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
        info.st_mtime < newest)
      unlinkat(directory_, entry->d_name, 0);
  }
  closedir(listing);
}

//===----------------------------------------------------------------------===//
// Locks
//===----------------------------------------------------------------------===//

// One file serves all kernels: each digest locks a byte of its own, far beyond the file's end. Locks of open file
// descriptions, not of processes: two threads or two caches in a process exclude each other too.
static bool setLock(int file, long offset, short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

CompileLock::~CompileLock() {
  if (file_ < 0)
    return;
  // Explicitly: a forked child may share the description and would keep the lock beyond our close.
  setLock(file_, offset_, F_UNLCK);
  close(file_);
}

CompileLock KernelCacheDirectory::lock(const std::string &digest, std::chrono::milliseconds limit, bool &waited) const {
  waited = false;
  File file(openat(directory_, kLockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file)
    return {};
  long offset = std::stol(digest.substr(0, 15), nullptr, 16); // 60 bits
  auto deadline = std::chrono::steady_clock::now() + limit;
  std::chrono::milliseconds pause(1);
  while (!setLock(file.get(), offset, F_WRLCK)) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR)
      return {};
    waited = true;
    if (std::chrono::steady_clock::now() >= deadline)
      return {};
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
  return {file.release(), offset};
}

} // namespace thrift
