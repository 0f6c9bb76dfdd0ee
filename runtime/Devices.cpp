//===- Devices.cpp - find, choose and open devices --------------------------===//

#include "runtime/Devices.h"

#include "runtime/cuda/CudaDevice.h"

namespace thrift {

DeviceOptions DeviceOptions::from(const Environment &environment) {
  DeviceOptions options;
  options.sim.launch.threads = environment.simThreads;
  options.sim.launch.instructionBudget = environment.simInstructionBudget;
  // Environment::read has checked both.
  (void)setDelivery("THRIFTJIT_SIM_DELIVERY", environment.simDelivery, options.sim.launch);
  (void)setChecks("THRIFTJIT_SIM_CHECKS", environment.simChecks, options.sim.launch);
  return options;
}

static Status checkUsable(const DeviceAttributes &attributes, int least) {
  if (attributes.computeCapability() >= least)
    return Status::ok();
  return Status(StatusCode::DeviceUnavailable,
                attributes.id + " (" + attributes.name + ") has compute capability " +
                    std::to_string(attributes.computeMajor) + "." + std::to_string(attributes.computeMinor) +
                    "; needed: " + std::to_string(least / 10) + "." + std::to_string(least % 10) + " or newer");
}

static Result<std::shared_ptr<Device>> openCuda(const std::shared_ptr<const cuda::Driver> &driver, int ordinal,
                                                int leastComputeCapability) {
  Result<DeviceAttributes> attributes = cuda::CudaDevice::query(*driver, ordinal);
  if (!attributes)
    return attributes.status();
  if (Status status = checkUsable(*attributes, leastComputeCapability); !status)
    return status;
  Result<std::shared_ptr<cuda::CudaDevice>> device = cuda::CudaDevice::open(driver, ordinal);
  if (!device)
    return device.status();
  return std::shared_ptr<Device>(std::move(*device));
}

/// The GPU `ordinal`, or for -1 the first that opens; the Status is the first GPU's reason.
static Result<std::shared_ptr<Device>> findCuda(int ordinal, const DeviceOptions &options) {
  Result<std::shared_ptr<const cuda::Driver>> driver = cuda::Driver::load(options.cudaLibrary);
  if (!driver)
    return driver.status();
  if (ordinal >= 0)
    return openCuda(*driver, ordinal, options.leastComputeCapability);
  Result<std::shared_ptr<Device>> first = openCuda(*driver, 0, options.leastComputeCapability);
  for (int i = 1; !first && i < (*driver)->deviceCount(); ++i)
    if (Result<std::shared_ptr<Device>> device = openCuda(*driver, i, options.leastComputeCapability))
      return device;
  return first;
}

Result<SelectedDevice> selectDevice(const DeviceRequest &request, const DeviceOptions &options) {
  std::string reason;
  if (request.kind != DeviceRequest::Kind::Sim) {
    Result<std::shared_ptr<Device>> device = findCuda(request.ordinal, options);
    if (device)
      return SelectedDevice{*device, "using " + (*device)->description()};
    if (request.kind == DeviceRequest::Kind::Cuda)
      return device.status();
    // What is wrong, without the advice behind the semicolon: here it is not an error.
    const std::string message = device.status().message();
    reason = "; no usable GPU: " + message.substr(0, message.find(';'));
  }
  Result<std::shared_ptr<SimDevice>> simulator = SimDevice::create(options.sim);
  if (!simulator)
    return simulator.status();
  return SelectedDevice{*simulator, "using " + (*simulator)->description() + reason};
}

std::vector<DeviceListing> listDevices(const DeviceOptions &options) {
  std::vector<DeviceListing> all;
  if (Result<std::shared_ptr<const cuda::Driver>> driver = cuda::Driver::load(options.cudaLibrary)) {
    for (int i = 0; i < (*driver)->deviceCount(); ++i) {
      DeviceListing listing{"cuda:" + std::to_string(i), Status::ok(), {}};
      Result<DeviceAttributes> attributes = cuda::CudaDevice::query(**driver, i);
      if (attributes) {
        listing.attributes = *attributes;
        listing.status = checkUsable(*attributes, options.leastComputeCapability);
      } else {
        listing.status = attributes.status();
      }
      all.push_back(std::move(listing));
    }
  } else {
    all.push_back({"cuda", driver.status(), {}});
  }
  Result<std::shared_ptr<SimDevice>> simulator = SimDevice::create(options.sim);
  all.push_back({"sim", simulator.status(), simulator ? (*simulator)->attributes() : DeviceAttributes()});
  return all;
}

} // namespace thrift
