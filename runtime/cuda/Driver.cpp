//===- Driver.cpp - the CUDA driver library, loaded at run time -------------===//

#include "runtime/cuda/Driver.h"

#include <dlfcn.h>

namespace thrift::cuda {

static constexpr const char *kAdvice = "; the simulator (device sim) needs no driver";

static Status unavailable(std::string message) {
  return Status(StatusCode::DeviceUnavailable, std::move(message) + kAdvice);
}

std::string formatCudaVersion(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Result<std::shared_ptr<const Driver>> Driver::load(const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char *reason = dlerror();
    return unavailable("no CUDA driver: " + std::string(reason ? reason : library + " cannot be opened") +
                       "; install the NVIDIA driver, or make its library visible to this process (in a container: run "
                       "with the NVIDIA runtime)");
  }
  std::shared_ptr<Driver> driver(new Driver);
  driver->getProcAddress_ = reinterpret_cast<GetProcAddress>(dlsym(handle, "cuGetProcAddress_v2"));
  if (!driver->getProcAddress_)
    return unavailable("the CUDA driver in " + library +
                       " is too old: it has no cuGetProcAddress_v2; needed: a driver for CUDA 12.0 or newer");
  if (Status status = driver->resolve(); !status)
    return status;
  if (Status status = driver->initialize(); !status)
    return status;
  return std::shared_ptr<const Driver>(std::move(driver));
}

void *Driver::find(const char *name, int abi) const {
  void *address = nullptr;
  ProcAddressQuery found = ProcAddressQuery::SymbolNotFound;
  DriverResult result = getProcAddress_(name, &address, abi, kProcAddressLegacyStream, &found);
  return result == DriverResult::Success && found == ProcAddressQuery::Success ? address : nullptr;
}

Status Driver::resolve() {
  auto missing = [](const char *name, int abi) {
    return unavailable("the CUDA driver lacks " + std::string(name) + " of CUDA " + formatCudaVersion(abi) +
                       "; needed: a driver for CUDA 12.0 or newer");
  };
#define CUDA_OPTIONAL_SYMBOL(name, abi, parameters) api_.name = reinterpret_cast<decltype(api_.name)>(find(#name, abi));
#define CUDA_SYMBOL(name, abi, parameters)                                                                             \
  CUDA_OPTIONAL_SYMBOL(name, abi, parameters)                                                                          \
  if (!api_.name)                                                                                                      \
    return missing(#name, abi);
#include "runtime/cuda/Symbols.def"
  return Status::ok();
}

Status Driver::initialize() {
  DriverResult result = api_.cuInit(0);
  if (result == DriverResult::NoDevice)
    return unavailable("a CUDA driver is installed, but it sees no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES");
  if (result == DriverResult::SystemDriverMismatch)
    return unavailable("the CUDA driver library and the kernel module differ in version (" + explain(result) +
                       "); restart after the driver update");
  if (result != DriverResult::Success)
    return unavailable("the CUDA driver does not start: cuInit failed: " + explain(result));
  if (Status status = check(api_.cuDriverGetVersion(&version_), "cuDriverGetVersion"); !status)
    return status;
  if (Status status = check(api_.cuDeviceGetCount(&deviceCount_), "cuDeviceGetCount"); !status)
    return status;
  if (deviceCount_ < 1)
    return unavailable("a CUDA driver is installed, but it sees no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES");
  return Status::ok();
}

std::string Driver::explain(DriverResult result) const {
  const char *name = nullptr, *text = nullptr;
  if (api_.cuGetErrorName(result, &name) != DriverResult::Success || !name)
    return "error " + std::to_string(int(result));
  if (api_.cuGetErrorString(result, &text) != DriverResult::Success || !text)
    return name;
  return std::string(name) + " (" + text + ")";
}

Status Driver::check(DriverResult result, const char *call) const {
  if (result == DriverResult::Success)
    return Status::ok();
  bool gone = result == DriverResult::NoDevice || result == DriverResult::DeviceUnavailable ||
              result == DriverResult::InvalidDevice || result == DriverResult::SystemNotReady ||
              result == DriverResult::CompatNotSupportedOnDevice;
  return Status(gone ? StatusCode::DeviceUnavailable : StatusCode::DeviceError,
                std::string(call) + " failed: " + explain(result));
}

} // namespace thrift::cuda
