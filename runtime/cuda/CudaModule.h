//===- CudaModule.h - code loaded by the CUDA driver ------------------------===//
//
// Modules from PTX (compiled by the driver) or cubin, and their kernels.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H
#define THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H

#include "runtime/Device.h"
#include "runtime/cuda/DriverTypes.h"

#include <atomic>

namespace thrift::cuda {

class CudaDevice;
struct Symbols;

class CudaModule final : public LoadedModule, public std::enable_shared_from_this<CudaModule> {
public:
  static Result<std::shared_ptr<const LoadedModule>> load(std::shared_ptr<CudaDevice> device, const ModuleImage &image);
  ~CudaModule() override;

  Result<std::shared_ptr<const LoadedKernel>> find(const std::string &name) const override;

private:
  CudaModule(std::shared_ptr<CudaDevice> device, ModuleHandle handle);

  std::shared_ptr<CudaDevice> device_;
  ModuleHandle handle_;
};

/// LaunchArguments::signature of arguments that fit one kernel, so that they are compared once, not at every launch.
/// No lock is needed: whatever fits is a prefix of the kernel's parameters, so that words of two signatures, read while
/// they are replaced, are one of the two, or differ in length and equal no signature.
class KnownSignature {
public:
  bool holds(LaunchArguments::Signature signature) const {
    return signature.wide == wide_.load(std::memory_order_relaxed) &&
           signature.maps == maps_.load(std::memory_order_relaxed);
  }
  void remember(LaunchArguments::Signature signature) {
    wide_.store(signature.wide, std::memory_order_relaxed);
    maps_.store(signature.maps, std::memory_order_relaxed);
  }

private:
  std::atomic<uint64_t> wide_{0}, maps_{0}; // 0 equals no signature
};

class CudaKernel final : public LoadedKernel {
public:
  CudaKernel(std::shared_ptr<const CudaModule> module, const CudaDevice &device, std::string name,
             KernelAttributes attributes, FunctionHandle function);

  FunctionHandle function() const { return function_; }
  /// Ok when shape and arguments fit the kernel. Too few arguments go unnoticed: the driver tells the number of
  /// parameters only through an error, which compute-sanitizer would report in every run. The simulator refuses them.
  Status checkLaunch(const Symbols &api, const LaunchShape &shape, const LaunchArguments &arguments) const;

private:
  Status compareSizes(const Symbols &api, const LaunchArguments &arguments) const;

  std::shared_ptr<const CudaModule> module_;
  FunctionHandle function_;
  uint32_t sharedBytesLimit_; ///< of dynamic shared memory
  mutable KnownSignature known_;
};

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H
