//===- CudaDevice.h - the Device interface on a CUDA GPU --------------------===//
//
// Works in the GPU's primary context, which it shares with every other user of the CUDA runtime in the process, and
// leaves the calling thread's current context as it was. Streams of the caller are taken as opaque CUstream values.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_CUDADEVICE_H
#define THRIFTJIT_RUNTIME_CUDA_CUDADEVICE_H

#include "runtime/Device.h"
#include "runtime/cuda/Driver.h"

namespace thrift::cuda {

/// Makes a context current for a scope. Costs two driver calls of some ten nanoseconds, none where it is current
/// already.
class ContextScope {
public:
  ContextScope(const Symbols &api, ContextHandle context);
  ~ContextScope();
  ContextScope(const ContextScope &) = delete;
  ContextScope &operator=(const ContextScope &) = delete;

  DriverResult result() const { return result_; }

private:
  const Symbols &api_;
  DriverResult result_;
  bool pushed_ = false;
};

class CudaDevice final : public Device {
public:
  /// GPU number `ordinal` as the driver counts them (CUDA_VISIBLE_DEVICES applied).
  static Result<std::shared_ptr<CudaDevice>> open(std::shared_ptr<const Driver> driver, int ordinal);
  /// What `open` would report, without creating a context.
  static Result<DeviceAttributes> query(const Driver &driver, int ordinal);
  ~CudaDevice() override;

  const Driver &driver() const { return *driver_; }
  ContextHandle context() const { return context_; }

  std::string description() const override;
  Result<Buffer> allocate(size_t bytes) override;
  Status copyIn(DevicePointer destination, const void *source, size_t bytes, Stream stream) override;
  Status copyOut(void *destination, DevicePointer source, size_t bytes, Stream stream) override;
  Status copy(DevicePointer destination, DevicePointer source, size_t bytes, Stream stream) override;
  Status fill(DevicePointer destination, uint8_t value, size_t bytes, Stream stream) override;
  Result<std::shared_ptr<const LoadedModule>> loadModule(const ModuleImage &image) override;
  Result<TensorMap> encodeTensorMap(const TensorMapDescription &description) const override;
  Status launch(const LoadedKernel &kernel, const LaunchShape &shape, const LaunchArguments &arguments,
                Stream stream) override;
  Result<OwnedStream> createStream() override;
  Status synchronize(Stream stream) override;
  Result<Event> createEvent() override;
  Status record(const Event &event, Stream stream) override;
  Result<double> elapsedMicroseconds(const Event &begin, const Event &end) override;

protected:
  void freeMemory(DevicePointer address) override;
  void destroyStream(void *handle) override;
  void destroyEvent(void *handle) override;

private:
  CudaDevice(std::shared_ptr<const Driver> driver, int ordinal);

  template <typename Call>
  Status inContext(const char *name, Call call) const;

  std::shared_ptr<const Driver> driver_;
  DeviceOrdinal ordinal_;
  ContextHandle context_ = nullptr;
};

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_CUDADEVICE_H
