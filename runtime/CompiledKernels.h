//===- CompiledKernels.h - a template, compiled or from the cache -------------===//

#ifndef THRIFTJIT_RUNTIME_COMPILEDKERNELS_H
#define THRIFTJIT_RUNTIME_COMPILEDKERNELS_H

#include "compiler/Compiler.h"
#include "runtime/Assembler.h"
#include "runtime/KernelCache.h"

#include <optional>

namespace thrift {

/// The kernels of one template for one spec.
struct CompiledKernels {
  std::shared_ptr<const CachedKernel> code;
  std::vector<KernelInfo> kernels;
  std::string digest;       ///< of the cache key
  bool fromCache = false;
  double milliseconds = 0;  ///< of this lookup: compilation included
};

/// Compiles templates through a cache.
class KernelSource {
public:
  /// `assembler` may be absent: then the driver compiles the PTX.
  KernelSource(KernelCache &cache, std::optional<Assembler> assembler, std::string reproducerDir)
      : cache_(cache), assembler_(std::move(assembler)), reproducerDir_(std::move(reproducerDir)) {}

  /// Unsupported with every rule that fails, CompileFailed with the compiler's diagnostics.
  Result<CompiledKernels> get(const KernelSpec &spec, const KernelConfig &config, const Target &target) const;

private:
  KernelCache &cache_;
  std::optional<Assembler> assembler_;
  std::string reproducerDir_;
};

/// Identifies the compiler: changes with every change of its sources, of the dialect's or of LLVM.
std::string generatorVersion();

/// How the cache keeps KernelInfo, as JSON.
std::string encodeKernels(const std::vector<KernelInfo> &kernels);
Result<std::vector<KernelInfo>> decodeKernels(const std::string &metadata);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_COMPILEDKERNELS_H
