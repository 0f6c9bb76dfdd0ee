//===- CudaModule.h - code loaded by the CUDA driver ------------------------===//
//
// Modules from PTX (compiled by the driver) or cubin, and their kernels.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H
#define THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H

#include "runtime/Device.h"
#include "runtime/cuda/DriverTypes.h"

#include <optional>
#include <vector>

namespace thrift::cuda {

class CudaDevice;

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

class CudaKernel final : public LoadedKernel {
public:
  CudaKernel(std::shared_ptr<const CudaModule> module, const CudaDevice &device, std::string name,
             KernelAttributes attributes, FunctionHandle function, std::optional<std::vector<size_t>> parameterBytes);

  FunctionHandle function() const { return function_; }
  /// Ok when the driver may be given this launch: it would read past missing arguments, and report a bad shape only as
  /// "invalid argument".
  Status checkLaunch(const LaunchShape &shape, const LaunchArguments &arguments) const;

private:
  std::shared_ptr<const CudaModule> module_;
  FunctionHandle function_;
  std::optional<std::vector<size_t>> parameterBytes_; ///< one size for each parameter; none where the driver cannot tell
  uint32_t sharedBytesLimit_;                         ///< of dynamic shared memory
};

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_CUDAMODULE_H
