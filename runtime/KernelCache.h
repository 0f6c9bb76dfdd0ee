//===- KernelCache.h - compiled kernels, in memory and on disk --------------===//
//
// Content-addressed: the key is everything that changes the code (KernelCacheKey.h). A kernel is looked for in memory,
// then on disk, then compiled:
//
//   KernelCache cache({environment.cacheDirectory(), warn});
//   Result<std::shared_ptr<const CachedKernel>> kernel = cache.getOrCompile(key, [&] { return compile(spec); });
//
// The disk is an extra. Without a usable directory the cache works in memory and says so once; a damaged file is
// reported, compiled again and replaced; whoever loses a race between processes runs what it compiled itself.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_KERNELCACHE_H
#define THRIFTJIT_RUNTIME_KERNELCACHE_H

#include "runtime/KernelCacheFile.h"
#include "runtime/KernelCacheKey.h"
#include "runtime/Status.h"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace thrift {

class KernelCacheDirectory;

struct KernelCacheOptions {
  std::string directory; ///< Environment::cacheDirectory(); empty: memory only, with a warning
  /// Gets each warning, one sentence. May be called from any thread that uses the cache; null drops them.
  std::function<void(const std::string &)> warn;
  bool useDisk = true; ///< false: memory only, without a warning
  /// How long to wait for another process that compiles the same kernel before compiling it too.
  std::chrono::milliseconds lockWait = std::chrono::seconds(60);
};

/// What happened so far. Every lookup is one hit or one miss.
struct KernelCacheCounters {
  uint64_t memoryHits = 0; ///< waiting for another thread that compiles the kernel included
  uint64_t diskHits = 0;
  uint64_t misses = 0;       ///< compiled, or not found by `find`
  uint64_t damagedFiles = 0; ///< found on disk, but not usable
  uint64_t failedWrites = 0; ///< compiled, but not stored
};

/// Thread-safe. Kernels stay in memory as long as the cache lives.
class KernelCache {
public:
  using Compiled = Result<std::shared_ptr<const CachedKernel>>;
  using Compile = std::function<Result<CachedKernel>()>;

  explicit KernelCache(KernelCacheOptions options);
  ~KernelCache();

  /// The kernel, or null when neither memory nor disk has it. Waits for a thread that is compiling it.
  std::shared_ptr<const CachedKernel> find(const KernelCacheKey &key);

  /// The kernel from memory, disk, or `compile`, which runs at most once per key at a time and must neither throw nor
  /// ask the cache for the same key. A failure of `compile` is returned to everybody who waits, and not remembered.
  Compiled getOrCompile(const KernelCacheKey &key, const Compile &compile);

  KernelCacheCounters counters() const;
  /// The directory in use, or empty when the cache is in memory only.
  std::string directory() const;

private:
  using Slot = std::shared_future<Compiled>;

  std::shared_ptr<const CachedKernel> load(const std::string &digest, const std::string &canonical, bool &damaged);
  Compiled loadOrCompile(const std::string &digest, const std::string &canonical, const Compile &compile);
  void store(const std::string &digest, const std::string &canonical, const CachedKernel &kernel);
  void warn(const std::string &message) const;
  void count(uint64_t KernelCacheCounters::*counter);

  KernelCacheOptions options_;
  std::unique_ptr<KernelCacheDirectory> directory_; ///< null: memory only

  mutable std::mutex mutex_; ///< guards what follows; never held while compiling or reading
  std::unordered_map<std::string, Slot> kernels_;
  KernelCacheCounters counters_;
  bool swept_ = false;
  bool warnedAboutWrites_ = false;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_KERNELCACHE_H
