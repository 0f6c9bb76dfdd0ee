//===- CudaModule.cpp - code loaded by the CUDA driver ----------------------===//

#include "runtime/cuda/CudaModule.h"

#include "runtime/cuda/CubinImage.h"
#include "runtime/cuda/CudaDevice.h"
#include "runtime/cuda/PtxVersion.h"

#include <vector>

namespace thrift::cuda {

// Limits of every GPU since compute capability 3.0: CUDA programming guide, table of technical specifications.
static constexpr uint32_t kMaxGridX = 0x7fffffff, kMaxGridYZ = 65535, kMaxBlockZ = 64;

static Status loadFailure(const CudaDevice &device, DriverResult result, const ModuleImage &image, const char *log) {
  const DeviceAttributes &a = device.attributes();
  std::string what = image.kind == ImageKind::Ptx ? "the driver does not compile this PTX" : "this cubin does not load";
  std::string message =
      what + " for " + a.id + " (sm_" + std::to_string(a.computeCapability()) + "): " + device.driver().explain(result);
  StatusCode code = StatusCode::CompileFailed;
  if (result == DriverResult::UnsupportedPtxVersion) {
    code = StatusCode::Unsupported;
    message += "; " + explainPtxVersion(image.bytes, a.driverVersion);
  } else if (result == DriverResult::NoBinaryForGpu) {
    code = StatusCode::Unsupported;
    message += "; the code is built for another architecture than this GPU's";
  }
  if (log[0])
    message += "; log: " + std::string(log);
  while (!message.empty() && message.back() == '\n')
    message.pop_back();
  return Status(code, message);
}

Result<std::shared_ptr<const LoadedModule>> CudaModule::load(std::shared_ptr<CudaDevice> device,
                                                             const ModuleImage &image) {
  if (image.kind == ImageKind::Cubin) {
    if (Status status = checkCubin(image.bytes); !status)
      return status;
  } else if (image.bytes.empty() || image.bytes.find('\0') != std::string_view::npos) {
    return Status::invalid("PTX", image.bytes.empty() ? "empty" : "text with a zero byte", "text without zero bytes");
  }

  // A copy: the driver wants PTX with a terminating zero, and a cubin aligned.
  std::string code(image.bytes);
  std::vector<char> log(16 * 1024, '\0');
  JitOption options[] = {JitOption::ErrorLogBuffer, JitOption::ErrorLogBufferSizeBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(uintptr_t(log.size()))};
  unsigned count = image.kind == ImageKind::Ptx ? 2 : 0;

  const Symbols &api = device->driver().api();
  ContextScope scope(api, device->context());
  if (scope.result() != DriverResult::Success)
    return device->driver().check(scope.result(), "making the CUDA context current");
  ModuleHandle handle = nullptr;
  DriverResult result = api.cuModuleLoadDataEx(&handle, code.c_str(), count, options, values);
  log.back() = '\0';
  if (result != DriverResult::Success)
    return loadFailure(*device, result, image, log.data());
  return std::shared_ptr<const LoadedModule>(new CudaModule(std::move(device), handle));
}

CudaModule::CudaModule(std::shared_ptr<CudaDevice> device, ModuleHandle handle)
    : device_(std::move(device)), handle_(handle) {}

CudaModule::~CudaModule() {
  const Symbols &api = device_->driver().api();
  ContextScope scope(api, device_->context());
  if (scope.result() == DriverResult::Success)
    (void)api.cuModuleUnload(handle_);
}

Result<std::shared_ptr<const LoadedKernel>> CudaModule::find(const std::string &name) const {
  const Driver &driver = device_->driver();
  const Symbols &api = driver.api();
  ContextScope scope(api, device_->context());
  if (scope.result() != DriverResult::Success)
    return driver.check(scope.result(), "making the CUDA context current");

  FunctionHandle function = nullptr;
  DriverResult result = api.cuModuleGetFunction(&function, handle_, name.c_str());
  if (result == DriverResult::NotFound)
    return Status::invalid("kernel", "'" + name + "'", "an entry of the module");
  if (Status status = driver.check(result, "cuModuleGetFunction"); !status)
    return status;

  KernelAttributes attributes;
  const std::pair<FunctionAttribute, int *> wanted[] = {
      {FunctionAttribute::NumRegs, &attributes.registers},
      {FunctionAttribute::LocalSizeBytes, &attributes.localBytes},
      {FunctionAttribute::SharedSizeBytes, &attributes.staticSharedBytes},
      {FunctionAttribute::MaxThreadsPerBlock, &attributes.maxThreadsPerBlock},
  };
  for (auto [attribute, value] : wanted)
    if (Status status = driver.check(api.cuFuncGetAttribute(value, attribute, function), "cuFuncGetAttribute"); !status)
      return status;

  // Without this a launch may use 48 KiB only. It does not change how L1 and shared memory are split.
  int dynamic = int(device_->attributes().sharedBytesPerBlock) - attributes.staticSharedBytes;
  if (dynamic > 0)
    if (Status status =
            driver.check(api.cuFuncSetAttribute(function, FunctionAttribute::MaxDynamicSharedSizeBytes, dynamic),
                         "cuFuncSetAttribute");
        !status)
      return status;

  return std::shared_ptr<const LoadedKernel>(
      std::make_shared<CudaKernel>(shared_from_this(), *device_, name, attributes, function));
}

CudaKernel::CudaKernel(std::shared_ptr<const CudaModule> module, const CudaDevice &device, std::string name,
                       KernelAttributes attributes, FunctionHandle function)
    : LoadedKernel(&device, std::move(name), attributes), module_(std::move(module)), function_(function) {
  int limit = int(device.attributes().sharedBytesPerBlock) - attributes.staticSharedBytes;
  sharedBytesLimit_ = limit > 0 ? uint32_t(limit) : 0;
}

static std::string print(const Dim3 &dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" + std::to_string(dim.z);
}

Status CudaKernel::checkLaunch(const Symbols &api, const LaunchShape &shape, const LaunchArguments &arguments) const {
  const Dim3 &grid = shape.grid, &block = shape.block;
  if (!grid.count() || grid.x > kMaxGridX || grid.y > kMaxGridYZ || grid.z > kMaxGridYZ)
    return Status::invalid("grid of " + name(), print(grid), "1 to 2147483647 x 65535 x 65535");
  auto threads = uint64_t(attributes().maxThreadsPerBlock);
  if (!block.count() || block.x > threads || block.y > threads || block.z > kMaxBlockZ || block.count() > threads)
    return Status::invalid("block of " + name(), print(block),
                           "1 to " + std::to_string(threads) + " threads, at most 64 in z");
  if (shape.sharedBytes > sharedBytesLimit_)
    return Status::invalid("dynamic shared memory of " + name(), std::to_string(shape.sharedBytes) + " bytes",
                           "at most " + std::to_string(sharedBytesLimit_));
  if (arguments.overflowed())
    return Status::invalid("arguments of " + name(), "too many", LaunchArguments::limits());
  if (known_.holds(arguments.signature()))
    return Status::ok();
  if (Status status = compareSizes(api, arguments); !status)
    return status;
  known_.remember(arguments.signature());
  return Status::ok();
}

Status CudaKernel::compareSizes(const Symbols &api, const LaunchArguments &arguments) const {
  if (!api.cuFuncGetParamInfo)
    return Status::ok();
  for (size_t i = 0; i < arguments.count(); ++i) {
    size_t offset = 0, bytes = 0;
    if (api.cuFuncGetParamInfo(function_, i, &offset, &bytes) != DriverResult::Success)
      return Status::invalid("arguments of " + name(), std::to_string(arguments.count()) + " values",
                             std::to_string(i) + " values");
    if (bytes != arguments.bytes(i))
      return Status::invalid("argument " + std::to_string(i) + " of " + name(),
                             std::to_string(arguments.bytes(i)) + " bytes", std::to_string(bytes) + " bytes");
  }
  return Status::ok();
}

} // namespace thrift::cuda
