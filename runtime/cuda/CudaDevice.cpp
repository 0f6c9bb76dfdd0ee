//===- CudaDevice.cpp - the Device interface on a CUDA GPU ------------------===//

#include "runtime/cuda/CudaDevice.h"

#include "runtime/cuda/CudaModule.h"

#include <cstring>

namespace thrift::cuda {

ContextScope::ContextScope(const Symbols &api, ContextHandle context) : api_(api) {
  ContextHandle current = nullptr;
  result_ = api_.cuCtxGetCurrent(&current);
  if (result_ != DriverResult::Success || current == context)
    return;
  result_ = api_.cuCtxPushCurrent(context);
  pushed_ = result_ == DriverResult::Success;
}

ContextScope::~ContextScope() {
  ContextHandle popped = nullptr;
  if (pushed_)
    (void)api_.cuCtxPopCurrent(&popped);
}

static StreamHandle native(Stream stream) { return static_cast<StreamHandle>(stream.native); }

template <typename Call>
Status CudaDevice::inContext(const char *name, Call call) const {
  ContextScope scope(driver_->api(), context_);
  if (scope.result() != DriverResult::Success)
    return driver_->check(scope.result(), "making the CUDA context current");
  return driver_->check(call(driver_->api()), name);
}

CudaDevice::CudaDevice(std::shared_ptr<const Driver> driver, int ordinal)
    : driver_(std::move(driver)), ordinal_(ordinal) {}

Result<DeviceAttributes> CudaDevice::query(const Driver &driver, int ordinal) {
  if (ordinal < 0 || ordinal >= driver.deviceCount())
    return Status::invalid("device", "cuda:" + std::to_string(ordinal),
                           "cuda:0 to cuda:" + std::to_string(driver.deviceCount() - 1));
  const Symbols &api = driver.api();
  DeviceOrdinal device = 0;
  if (Status status = driver.check(api.cuDeviceGet(&device, ordinal), "cuDeviceGet"); !status)
    return status;

  DeviceAttributes attributes;
  attributes.backend = "cuda";
  attributes.id = "cuda:" + std::to_string(ordinal);
  attributes.driverVersion = driver.version();

  char name[256] = {};
  if (Status status = driver.check(api.cuDeviceGetName(name, sizeof name - 1, device), "cuDeviceGetName"); !status)
    return status;
  attributes.name = name;
  if (Status status = driver.check(api.cuDeviceTotalMem(&attributes.memoryBytes, device), "cuDeviceTotalMem"); !status)
    return status;

  int maxThreads = 0, shared = 0, l2 = 0;
  const std::pair<DeviceAttribute, int *> wanted[] = {
      {DeviceAttribute::ComputeCapabilityMajor, &attributes.computeMajor},
      {DeviceAttribute::ComputeCapabilityMinor, &attributes.computeMinor},
      {DeviceAttribute::MultiprocessorCount, &attributes.multiprocessors},
      {DeviceAttribute::MaxThreadsPerBlock, &maxThreads},
      {DeviceAttribute::MaxSharedMemoryPerBlockOptin, &shared},
      {DeviceAttribute::L2CacheSize, &l2},
  };
  for (auto [attribute, value] : wanted)
    if (Status status = driver.check(api.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        !status)
      return status;
  attributes.maxThreadsPerBlock = uint32_t(maxThreads);
  attributes.sharedBytesPerBlock = uint32_t(shared);
  attributes.l2Bytes = size_t(l2);
  return attributes;
}

Result<std::shared_ptr<CudaDevice>> CudaDevice::open(std::shared_ptr<const Driver> driver, int ordinal) {
  Result<DeviceAttributes> attributes = query(*driver, ordinal);
  if (!attributes)
    return attributes.status();
  DeviceOrdinal number = 0;
  if (Status status = driver->check(driver->api().cuDeviceGet(&number, ordinal), "cuDeviceGet"); !status)
    return status;
  std::shared_ptr<CudaDevice> device(new CudaDevice(std::move(driver), number));
  device->attributes_ = std::move(*attributes);
  DriverResult result = device->driver_->api().cuDevicePrimaryCtxRetain(&device->context_, number);
  if (result != DriverResult::Success) {
    device->context_ = nullptr;
    return Status(StatusCode::DeviceUnavailable,
                  device->attributes().id + " (" + device->attributes().name +
                      ") gives no context: cuDevicePrimaryCtxRetain failed: " + device->driver_->explain(result));
  }
  return device;
}

CudaDevice::~CudaDevice() {
  if (context_)
    (void)driver_->api().cuDevicePrimaryCtxRelease(ordinal_);
}

std::string CudaDevice::description() const {
  const DeviceAttributes &a = attributes();
  return a.id + ", " + a.name + ", sm_" + std::to_string(a.computeCapability()) + ", " +
         std::to_string(a.multiprocessors) + " SMs, driver for CUDA " + formatCudaVersion(a.driverVersion);
}

Result<Buffer> CudaDevice::allocate(size_t bytes) {
  if (bytes == 0)
    return Buffer();
  DeviceAddress address = 0;
  DriverResult result = DriverResult::Success;
  Status status = inContext("cuMemAlloc", [&](const Symbols &api) { return result = api.cuMemAlloc(&address, bytes); });
  if (!status)
    return Status(status.code(), status.message() + "; asked for " + std::to_string(bytes) + " bytes on " +
                                     attributes().id + ", which has " + std::to_string(attributes().memoryBytes));
  return Buffer(shared_from_this(), address, bytes);
}

void CudaDevice::freeMemory(DevicePointer address) {
  // After an error inside a kernel every call fails, this one too: there is nobody left to tell.
  (void)inContext("cuMemFree", [&](const Symbols &api) { return api.cuMemFree(address); });
}

Status CudaDevice::copyIn(DevicePointer destination, const void *source, size_t bytes, Stream stream) {
  if (bytes == 0)
    return Status::ok();
  return inContext("cuMemcpyHtoDAsync", [&](const Symbols &api) {
    return api.cuMemcpyHtoDAsync(destination, source, bytes, native(stream));
  });
}

Status CudaDevice::copyOut(void *destination, DevicePointer source, size_t bytes, Stream stream) {
  if (bytes == 0)
    return Status::ok();
  return inContext("cuMemcpyDtoHAsync", [&](const Symbols &api) {
    return api.cuMemcpyDtoHAsync(destination, source, bytes, native(stream));
  });
}

Status CudaDevice::copy(DevicePointer destination, DevicePointer source, size_t bytes, Stream stream) {
  if (bytes == 0)
    return Status::ok();
  return inContext("cuMemcpyDtoDAsync", [&](const Symbols &api) {
    return api.cuMemcpyDtoDAsync(destination, source, bytes, native(stream));
  });
}

Status CudaDevice::fill(DevicePointer destination, uint8_t value, size_t bytes, Stream stream) {
  if (bytes == 0)
    return Status::ok();
  return inContext("cuMemsetD8Async",
                   [&](const Symbols &api) { return api.cuMemsetD8Async(destination, value, bytes, native(stream)); });
}

Result<std::shared_ptr<const LoadedModule>> CudaDevice::loadModule(const ModuleImage &image) {
  return CudaModule::load(std::static_pointer_cast<CudaDevice>(shared_from_this()), image);
}

static TensorDataType driverType(TensorMapElement element) {
  switch (element) {
  case TensorMapElement::U8:
    return TensorDataType::Uint8;
  case TensorMapElement::F16:
    return TensorDataType::Float16;
  case TensorMapElement::BF16:
    return TensorDataType::Bfloat16;
  }
  return TensorDataType::Uint8;
}

static TensorSwizzle driverSwizzle(TensorMapSwizzle swizzle) {
  switch (swizzle) {
  case TensorMapSwizzle::None:
    return TensorSwizzle::None;
  case TensorMapSwizzle::B32:
    return TensorSwizzle::Bytes32;
  case TensorMapSwizzle::B64:
    return TensorSwizzle::Bytes64;
  case TensorMapSwizzle::B128:
    return TensorSwizzle::Bytes128;
  }
  return TensorSwizzle::None;
}

Result<TensorMap> CudaDevice::encodeTensorMap(const TensorMapDescription &description) const {
  const DeviceAttributes &a = attributes();
  if (a.computeMajor < 9)
    return Status::unsupported("tensor map on " + a.id,
                               "for compute capability " + std::to_string(a.computeMajor) + "." +
                                   std::to_string(a.computeMinor),
                               "9.0 or newer");
  if (Status status = validateTensorMap(description); !status)
    return status;
  constexpr uint32_t everyElement[kMaxTensorMapRank] = {1, 1, 1, 1, 1};
  static_assert(sizeof(OpaqueTensorMap) == kTensorMapBytes);
  OpaqueTensorMap encoded;
  Status status = inContext("cuTensorMapEncodeTiled", [&](const Symbols &api) {
    // Fetched into L2 in pieces of 128 bytes: boxes with shorter rows have neighbours that will be wanted too.
    return api.cuTensorMapEncodeTiled(&encoded, driverType(description.element), description.rank,
                                      reinterpret_cast<void *>(description.address), description.dims.data(),
                                      description.strides.data(), description.box.data(), everyElement,
                                      TensorInterleave::None, driverSwizzle(description.swizzle),
                                      TensorL2Promotion::Bytes128, TensorOutOfBoundsFill::None);
  });
  if (!status)
    return status;
  TensorMap map;
  std::memcpy(map.bytes.data(), &encoded, sizeof encoded);
  return map;
}

Status CudaDevice::launch(const LoadedKernel &kernel, const LaunchShape &shape, const LaunchArguments &arguments,
                          Stream stream) {
  if (kernel.device() != this)
    return Status::invalid("kernel", kernel.name() + " of another device",
                           "a kernel that was loaded on " + attributes().id);
  const auto &entry = static_cast<const CudaKernel &>(kernel);
  if (Status status = entry.checkLaunch(driver_->api(), shape, arguments); !status)
    return status;
  // One buffer with its size, and not an array of pointers: that the driver would follow to its end, also past the
  // last argument that is there.
  size_t bytes = arguments.packedBytes();
  void *extra[] = {reinterpret_cast<void *>(kLaunchParamBufferPointer), const_cast<void *>(arguments.packed()),
                   reinterpret_cast<void *>(kLaunchParamBufferSize), &bytes, reinterpret_cast<void *>(kLaunchParamEnd)};
  auto start = [&](void **parameters, void **packed) {
    return inContext("cuLaunchKernel", [&](const Symbols &api) {
      return api.cuLaunchKernel(entry.function(), shape.grid.x, shape.grid.y, shape.grid.z, shape.block.x,
                                shape.block.y, shape.block.z, shape.sharedBytes, native(stream), parameters, packed);
    });
  };
  if (!arguments.hasTensorMaps())
    return start(nullptr, extra);
  // But where in that buffer a tensor map belongs depends on the chip: on an H100 parameters begin 16 bytes past a
  // multiple of 64, and the first map is at byte 48. So here an array, with zeros for parameters beyond the last
  // argument.
  static constexpr unsigned char kZeros[kTensorMapBytes] = {};
  void *parameters[LaunchArguments::kMaxCount + 1];
  for (size_t i = 0; i <= LaunchArguments::kMaxCount; ++i)
    parameters[i] = const_cast<void *>(i < arguments.count() ? arguments.value(i) : kZeros);
  return start(parameters, nullptr);
}

Result<OwnedStream> CudaDevice::createStream() {
  StreamHandle handle = nullptr;
  Status status =
      inContext("cuStreamCreate", [&](const Symbols &api) { return api.cuStreamCreate(&handle, kStreamNonBlocking); });
  if (!status)
    return status;
  return OwnedStream(shared_from_this(), handle);
}

void CudaDevice::destroyStream(void *handle) {
  (void)inContext("cuStreamDestroy",
                  [&](const Symbols &api) { return api.cuStreamDestroy(static_cast<StreamHandle>(handle)); });
}

Status CudaDevice::synchronize(Stream stream) {
  return inContext("cuStreamSynchronize", [&](const Symbols &api) { return api.cuStreamSynchronize(native(stream)); });
}

Result<Event> CudaDevice::createEvent() {
  EventHandle handle = nullptr;
  Status status =
      inContext("cuEventCreate", [&](const Symbols &api) { return api.cuEventCreate(&handle, kEventDefault); });
  if (!status)
    return status;
  return Event(shared_from_this(), handle);
}

void CudaDevice::destroyEvent(void *handle) {
  (void)inContext("cuEventDestroy",
                  [&](const Symbols &api) { return api.cuEventDestroy(static_cast<EventHandle>(handle)); });
}

static Status checkOwner(const Device *device, const Event &event) {
  if (event.device() == device)
    return Status::ok();
  return Status::invalid("event", event.device() ? "one of another device" : "empty",
                         "an event that was created on " + device->attributes().id);
}

Status CudaDevice::record(const Event &event, Stream stream) {
  if (Status status = checkOwner(this, event); !status)
    return status;
  return inContext("cuEventRecord", [&](const Symbols &api) {
    return api.cuEventRecord(static_cast<EventHandle>(event.native()), native(stream));
  });
}

Result<double> CudaDevice::elapsedMicroseconds(const Event &begin, const Event &end) {
  for (const Event *event : {&begin, &end})
    if (Status status = checkOwner(this, *event); !status)
      return status;
  float milliseconds = 0;
  Status status = inContext("measuring between two events", [&](const Symbols &api) {
    auto last = static_cast<EventHandle>(end.native());
    DriverResult result = api.cuEventSynchronize(last);
    if (result != DriverResult::Success)
      return result;
    return api.cuEventElapsedTime(&milliseconds, static_cast<EventHandle>(begin.native()), last);
  });
  if (!status)
    return status;
  return double(milliseconds) * 1e3;
}

} // namespace thrift::cuda
