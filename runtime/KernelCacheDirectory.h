//===- KernelCacheDirectory.h - the cache's files on disk -------------------===//
//
// One directory with one file per kernel, `<digest>.kernel`. A file appears whole or not at all: it is written under a
// temporary name in the same directory, fsynced, and renamed. Many processes may share the directory.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_KERNELCACHEDIRECTORY_H
#define THRIFTJIT_RUNTIME_KERNELCACHEDIRECTORY_H

#include "runtime/Status.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace thrift {

/// Right to compile one kernel, among all processes that use the directory. Only saves work: nothing breaks without it.
/// The kernel drops it when the process dies, however it dies.
class CompileLock {
public:
  CompileLock() = default;
  CompileLock(int file, long offset) : file_(file), offset_(offset) {}
  CompileLock(CompileLock &&other) noexcept : file_(other.file_), offset_(other.offset_) { other.file_ = -1; }
  CompileLock &operator=(CompileLock &&) = delete;
  ~CompileLock();

  bool isHeld() const { return file_ >= 0; }

private:
  int file_ = -1;
  long offset_ = 0;
};

class KernelCacheDirectory {
public:
  /// Opens `path`, creating it and its parents with mode 0700. IoError when it cannot be created, is no directory,
  /// belongs to another user, or can be written by others: whoever can write it could plant code.
  static Result<std::unique_ptr<KernelCacheDirectory>> open(const std::string &path);
  ~KernelCacheDirectory();
  KernelCacheDirectory(const KernelCacheDirectory &) = delete;
  KernelCacheDirectory &operator=(const KernelCacheDirectory &) = delete;

  const std::string &path() const { return path_; }
  std::string pathOf(const std::string &digest) const;

  /// The whole file, nothing if there is none, or IoError if what is there cannot be a cache file.
  Result<std::optional<std::string>> read(const std::string &digest) const;
  /// Puts a file in place, replacing what is there.
  Status publish(const std::string &digest, std::string_view content);

  /// Waits up to `limit` for the right to compile this kernel; not held when time runs out or the file system has no
  /// locks. `waited` tells whether somebody else held it, so that their result may be there now.
  CompileLock lock(const std::string &digest, std::chrono::milliseconds limit, bool &waited) const;

  /// Removes temporary files that a killed process left more than `age` ago.
  void sweep(std::chrono::seconds age) const;

private:
  KernelCacheDirectory(std::string path, int directory) : path_(std::move(path)), directory_(directory) {}

  std::string path_;
  int directory_; ///< held open, so that nobody can swap the directory under us
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_KERNELCACHEDIRECTORY_H
