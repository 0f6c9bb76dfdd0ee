//===- KernelCacheFile.h - one compiled kernel as the bytes of a file -------===//
//
//   offset  bytes
//        0      8  "thriftjk"
//        8      4  format version, 1        (integers are little-endian)
//       12      4  size of the header
//       16     32  SHA-256 of the header
//       48         header: JSON with key, entries, metadata, and size and SHA-256 of the two sections
//                  cubin (may be empty)
//                  PTX, compressed with zstd
//
// Every byte is covered by a checksum or compared, and the sizes must add up to the size of the file.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_KERNELCACHEFILE_H
#define THRIFTJIT_RUNTIME_KERNELCACHEFILE_H

#include "runtime/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// What the cache holds for one key.
struct CachedKernel {
  std::vector<std::string> entries; ///< names of the kernels in the code
  std::string metadata;             ///< JSON text of whoever made it, given back as it is: launch shape, statistics
  std::string ptx;
  std::string cubin; ///< may be empty: then the driver compiles the PTX

  friend bool operator==(const CachedKernel &a, const CachedKernel &b) {
    return a.entries == b.entries && a.metadata == b.metadata && a.ptx == b.ptx && a.cubin == b.cubin;
  }
};

/// Largest file that is read; a longer one is damaged.
constexpr size_t kMaxCacheFileBytes = size_t(1) << 30;

/// InvalidArgument when names or metadata are not UTF-8, or something is too large for the format.
Result<std::string> encodeCacheFile(const std::string &canonicalKey, const CachedKernel &kernel);

/// The kernel in a file, or IoError with what is wrong with it: damaged, or made for another key.
Result<CachedKernel> decodeCacheFile(std::string_view file, const std::string &canonicalKey);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_KERNELCACHEFILE_H
