//===- KernelCacheKey.h - everything that changes a compiled kernel ---------===//
//
// A plain value with one canonical text and its SHA-256. Only content goes in: never paths, times or run-time values.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_KERNELCACHEKEY_H
#define THRIFTJIT_RUNTIME_KERNELCACHEKEY_H

#include <string>
#include <string_view>

namespace thrift {

struct KernelCacheKey {
  std::string spec;             ///< the kernel spec as it prints itself
  std::string config;           ///< the kernel config as it prints itself
  std::string target;           ///< architecture with suffix: "sm_90a"
  std::string generatorVersion; ///< of the compiler that makes the PTX
  std::string assemblerVersion; ///< Assembler::identity(), or empty when the driver compiles the PTX
  std::string source;           ///< the PTX or template text that the code is made from

  /// All fields, each with its length, so that no two keys share a text. The source and whatever is long or not plain
  /// ASCII is represented by its SHA-256.
  std::string canonical() const;
  /// SHA-256 of `canonical`, 64 hexadecimal digits: the name of the cache entry.
  std::string digest() const;

  friend bool operator==(const KernelCacheKey &a, const KernelCacheKey &b) {
    return a.spec == b.spec && a.config == b.config && a.target == b.target &&
           a.generatorVersion == b.generatorVersion && a.assemblerVersion == b.assemblerVersion && a.source == b.source;
  }
  friend bool operator!=(const KernelCacheKey &a, const KernelCacheKey &b) { return !(a == b); }
};

/// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_KERNELCACHEKEY_H
