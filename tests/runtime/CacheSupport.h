//===- CacheSupport.h - numbered kernels and a cache directory --------------===//

#ifndef THRIFTJIT_TESTS_RUNTIME_CACHESUPPORT_H
#define THRIFTJIT_TESTS_RUNTIME_CACHESUPPORT_H

#include "runtime/KernelCache.h"

#include "TestSupport.h"

#include <iterator>
#include <vector>

namespace thrift::test {

inline KernelCacheKey keyOf(int id) {
  return {"kernel " + std::to_string(id), "config", "sm_80", "0.1.0", "ptxas 13.0.88", kScalePtx};
}

/// A kernel that can be told from every other one; `cubinBytes` that do not compress.
inline CachedKernel kernelOf(int id, size_t cubinBytes = 300) {
  CachedKernel kernel;
  kernel.entries = {"entry" + std::to_string(id)};
  kernel.metadata = "{\"id\": " + std::to_string(id) + "}";
  kernel.ptx = kScalePtx + std::string("// ") + std::to_string(id);
  uint32_t state = uint32_t(id) + 1;
  for (size_t i = 0; i < cubinBytes; ++i) {
    state = state * 1664525u + 1013904223u;
    kernel.cubin += char(state >> 24);
  }
  return kernel;
}

inline KernelCache::Compile compiles(int id, int *count = nullptr) {
  return [=]() -> Result<CachedKernel> {
    if (count)
      ++*count;
    return kernelOf(id);
  };
}

inline KernelCache::Compile mustNotCompile() {
  return []() -> Result<CachedKernel> {
    ADD_FAILURE() << "compiled although the cache should have it";
    return Status(StatusCode::Internal, "compiled although the cache should have it");
  };
}

inline bool isKernel(const std::shared_ptr<const CachedKernel> &kernel, int id) {
  return kernel && *kernel == kernelOf(id);
}
inline bool isKernel(const KernelCache::Compiled &kernel, int id) { return kernel && isKernel(*kernel, id); }

inline std::string contentOf(const std::string &file) {
  std::ifstream stream(file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
}

inline void overwrite(const std::string &file, const std::string &content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

class CacheDirectoryTest : public ScratchDirectory {
protected:
  std::string directory() const { return path("cache/thriftjit"); }
  std::string fileOf(int id) const { return directory() + "/" + keyOf(id).digest() + ".kernel"; }
  std::vector<std::string> &warnings() { return warnings_; }

  KernelCache open() {
    return KernelCache({directory(), [this](const std::string &warning) { warnings_.push_back(warning); }});
  }

  std::vector<std::string> filesWithSuffix(const std::string &suffix) const {
    std::vector<std::string> found;
    for (const auto &entry : std::filesystem::directory_iterator(directory()))
      if (entry.path().extension() == suffix)
        found.push_back(entry.path().string());
    return found;
  }

private:
  std::vector<std::string> warnings_;
};

} // namespace thrift::test

#endif // THRIFTJIT_TESTS_RUNTIME_CACHESUPPORT_H
