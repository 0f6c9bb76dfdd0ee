//===- KernelCache.cpp - compiled kernels, in memory and on disk ------------===//

#include "runtime/KernelCache.h"

#include "runtime/KernelCacheDirectory.h"

#include <optional>
#include <utility>

namespace thrift {

// A temporary file older than this belongs to a process that was killed while writing.
static constexpr std::chrono::hours kTemporaryAge(1);

KernelCache::KernelCache(KernelCacheOptions options) : options_(std::move(options)) {
  if (!options_.useDisk)
    return;
  const std::string consequence =
      "; compiled kernels are kept in memory only; set THRIFTJIT_CACHE_DIR to a directory of yours";
  if (options_.directory.empty()) {
    warn("no cache directory: THRIFTJIT_CACHE_DIR, XDG_CACHE_HOME and HOME are unset" + consequence);
    return;
  }
  Result<std::unique_ptr<KernelCacheDirectory>> directory = KernelCacheDirectory::open(options_.directory);
  if (!directory) {
    warn(directory.status().message() + consequence);
    return;
  }
  directory_ = std::move(*directory);
}

KernelCache::~KernelCache() = default;

KernelCacheCounters KernelCache::counters() const {
  std::lock_guard<std::mutex> guard(mutex_);
  return counters_;
}

std::string KernelCache::directory() const { return directory_ ? directory_->path() : std::string(); }

void KernelCache::warn(const std::string &message) const {
  if (options_.warn)
    options_.warn(message);
}

void KernelCache::count(uint64_t KernelCacheCounters::*counter) {
  std::lock_guard<std::mutex> guard(mutex_);
  ++(counters_.*counter);
}

/// The kernel on disk; null when it is not there, or damaged.
std::shared_ptr<const CachedKernel> KernelCache::load(const std::string &digest, const std::string &canonical,
                                                      bool &damaged) {
  if (!directory_)
    return nullptr;
  Result<std::optional<std::string>> file = directory_->read(digest);
  if (file && !*file)
    return nullptr;
  Result<CachedKernel> kernel = file ? decodeCacheFile(**file, canonical) : Result<CachedKernel>(file.status());
  if (kernel)
    return std::make_shared<const CachedKernel>(std::move(*kernel));
  damaged = true;
  count(&KernelCacheCounters::damagedFiles);
  warn("the cache file " + directory_->pathOf(digest) +
       " is ignored, and replaced once its kernel is compiled: " + kernel.status().message());
  return nullptr;
}

void KernelCache::store(const std::string &digest, const std::string &canonical, const CachedKernel &kernel) {
  if (!directory_)
    return;
  bool sweep = false, firstFailure = false;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    sweep = !std::exchange(swept_, true);
  }
  if (sweep)
    directory_->sweep(kTemporaryAge);
  Result<std::string> file = encodeCacheFile(canonical, kernel);
  Status status = file ? directory_->publish(digest, *file) : file.status();
  if (status)
    return;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    ++counters_.failedWrites;
    firstFailure = !std::exchange(warnedAboutWrites_, true);
  }
  // Later kernels are tried again (a full disk may be emptied), but silently.
  if (firstFailure)
    warn("a compiled kernel is kept in memory only: " + status.message() +
         "; THRIFTJIT_CACHE_DIR chooses the directory");
}

KernelCache::Compiled KernelCache::loadOrCompile(const std::string &digest, const std::string &canonical,
                                                 const Compile &compile) {
  bool damaged = false, waited = false;
  std::shared_ptr<const CachedKernel> found = load(digest, canonical, damaged);
  if (!found) {
    CompileLock lock = directory_ ? directory_->lock(digest, options_.lockWait, waited) : CompileLock();
    // Somebody may have finished between our look and our lock. A damaged file is looked at again only if there was
    // somebody who may have replaced it.
    if (!damaged || waited)
      found = load(digest, canonical, damaged);
    if (!found) {
      count(&KernelCacheCounters::misses);
      Result<CachedKernel> kernel = compile();
      if (!kernel)
        return kernel.status();
      store(digest, canonical, *kernel);
      return std::make_shared<const CachedKernel>(std::move(*kernel));
    }
  }
  count(&KernelCacheCounters::diskHits);
  return found;
}

std::shared_ptr<const CachedKernel> KernelCache::find(const KernelCacheKey &key) {
  const std::string canonical = key.canonical(), digest = sha256(canonical);
  Slot slot;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    if (auto known = kernels_.find(digest); known != kernels_.end())
      slot = known->second;
  }
  if (slot.valid()) {
    Compiled kernel = slot.get();
    count(kernel ? &KernelCacheCounters::memoryHits : &KernelCacheCounters::misses);
    return kernel ? *kernel : nullptr;
  }
  bool damaged = false;
  std::shared_ptr<const CachedKernel> found = load(digest, canonical, damaged);
  count(found ? &KernelCacheCounters::diskHits : &KernelCacheCounters::misses);
  if (found) {
    std::promise<Compiled> ready;
    ready.set_value(found);
    std::lock_guard<std::mutex> guard(mutex_);
    kernels_.try_emplace(digest, ready.get_future().share());
  }
  return found;
}

KernelCache::Compiled KernelCache::getOrCompile(const KernelCacheKey &key, const Compile &compile) {
  const std::string canonical = key.canonical(), digest = sha256(canonical);
  std::optional<std::promise<Compiled>> promise; // of the first thread that asks; the others wait for it
  Slot slot;
  {
    std::lock_guard<std::mutex> guard(mutex_);
    auto [entry, isFirst] = kernels_.try_emplace(digest);
    if (isFirst)
      entry->second = promise.emplace().get_future().share();
    slot = entry->second;
  }
  if (!promise) {
    Compiled kernel = slot.get();
    count(kernel ? &KernelCacheCounters::memoryHits : &KernelCacheCounters::misses);
    return kernel;
  }
  Compiled kernel = loadOrCompile(digest, canonical, compile);
  if (!kernel) {
    std::lock_guard<std::mutex> guard(mutex_);
    kernels_.erase(digest);
  }
  promise->set_value(kernel);
  return kernel;
}

} // namespace thrift
