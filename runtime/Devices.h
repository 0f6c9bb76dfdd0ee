//===- Devices.h - find, choose and open devices ----------------------------===//
//
//   Result<SelectedDevice> selected = selectDevice(request, options);
//   std::cerr << selected->sentence;   // "using cuda:0, NVIDIA H100 ...", or why it is the simulator
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_DEVICES_H
#define THRIFTJIT_RUNTIME_DEVICES_H

#include "runtime/Device.h"
#include "runtime/DeviceRequest.h"
#include "runtime/Environment.h"
#include "runtime/SimDevice.h"

#include <vector>

namespace thrift {

/// The oldest GPUs that any target of ours runs on.
constexpr int kLeastComputeCapability = 80;

struct DeviceOptions {
  SimDeviceOptions sim;
  std::string cudaLibrary = "libcuda.so.1";
  int leastComputeCapability = kLeastComputeCapability; ///< GPUs below this are not usable: 90 for code for sm_90

  static DeviceOptions from(const Environment &environment);
};

struct SelectedDevice {
  std::shared_ptr<Device> device;
  std::string sentence; ///< which device it is, and for `auto` why; for people
};

/// Opens what was asked for. `auto` takes the first usable GPU, else the simulator. `cuda` never falls back:
/// DeviceUnavailable says what is missing.
Result<SelectedDevice> selectDevice(const DeviceRequest &request, const DeviceOptions &options);

/// One device that this machine has, or the reason why a backend has none. No device is opened.
struct DeviceListing {
  std::string id; ///< "cuda:0", "sim"; "cuda" where the driver is missing
  Status status;
  DeviceAttributes attributes; ///< where the status is ok
};
std::vector<DeviceListing> listDevices(const DeviceOptions &options);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_DEVICES_H
