//===- SimDevice.h - the Device interface on the simulator ------------------===//
//
// Runs PTX on the CPU. Every call is finished when it returns, so streams are all the same; time is host wall time.
// What the simulator finds wrong becomes a DeviceError with the first finding's sentence and the number of findings.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIMDEVICE_H
#define THRIFTJIT_RUNTIME_SIMDEVICE_H

#include "runtime/Device.h"
#include "runtime/sim/Simulator.h"

#include <functional>
#include <string>
#include <string_view>

namespace thrift {

struct SimDeviceOptions {
  sim::Options launch;        ///< threads, instruction budget, checks of every launch
  int computeCapability = 80; ///< what the device says it is; limits on shared memory follow from it
  /// Applied to PTX text before it is loaded; for experiments with changed kernels. May be null.
  std::function<std::string(const std::string &ptx)> rewrite;
  /// Called after every launch, on the launching thread, with warnings, statistics and what the kernel printed.
  std::function<void(const std::string &kernel, const sim::Report &report)> onReport;
};

class SimDevice final : public Device {
public:
  /// InvalidArgument for a compute capability whose limits are not known.
  static Result<std::shared_ptr<SimDevice>> create(SimDeviceOptions options = {});
  ~SimDevice() override;

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
  explicit SimDevice(SimDeviceOptions options);

  SimDeviceOptions options_;
  sim::Memory memory_;
};

/// When asynchronous results appear: "lazy", "eager", "random" or "random:SEED" into delivery and seed. `field` names
/// the setting in an error.
Status setDelivery(const std::string &field, std::string_view text, sim::Options &options);
/// How much is checked: "memory" (bounds, alignment, unwritten bytes, protocols), "races" (also accesses that no
/// synchronisation orders) or "strict" (also what the ISA demands and NVIDIA's own kernels leave out).
Status setChecks(const std::string &field, std::string_view text, sim::Options &options);

/// Most shared memory of one CTA in bytes on GPUs of a compute capability (90 for 9.0), or 0 if it is not known here.
uint32_t sharedBytesPerBlockOf(int computeCapability);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_SIMDEVICE_H
