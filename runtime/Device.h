//===- Device.h - the one interface in front of a GPU and of the simulator ---===//
//
// Memory, modules, launches, streams and events of one device. Backends: `cuda` (runtime/cuda) and `sim` (SimDevice.h);
// Devices.h picks one.
//
//   Result<Buffer> x = device->allocate(bytes);
//   Result<std::shared_ptr<const LoadedModule>> module = device->loadModule({ImageKind::Ptx, ptx});
//   Result<std::shared_ptr<const LoadedKernel>> kernel = (*module)->find("scale");
//   Status s = device->launch(**kernel, {{grid}, {256}}, LaunchArguments().addPointer(x->address()), stream);
//   s = device->synchronize(stream);   // errors inside a kernel appear here at the latest
//
// Ownership: buffers, streams, events, modules and kernels keep their device alive and release themselves.
// Threads: every function may be called from any thread at any time.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_DEVICE_H
#define THRIFTJIT_RUNTIME_DEVICE_H

#include "runtime/LaunchArguments.h"
#include "runtime/Status.h"
#include "runtime/TensorMap.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace thrift {

class Buffer;
class Device;
class Event;
class OwnedStream;

/// What is known about a device once it is open. Constant for its lifetime.
struct DeviceAttributes {
  std::string backend;  ///< "cuda" or "sim"
  std::string id;       ///< what selects it: "cuda:0", "sim"
  std::string name;     ///< as the driver spells it: "NVIDIA H100 80GB HBM3"
  int computeMajor = 0; ///< compute capability 9.0 runs sm_90 and sm_90a
  int computeMinor = 0;
  int multiprocessors = 0;          ///< SMs; host threads on the simulator
  uint32_t sharedBytesPerBlock = 0; ///< most shared memory of one CTA, static and dynamic together, with opt-in
  uint32_t maxThreadsPerBlock = 0;
  size_t l2Bytes = 0;     ///< 0 on the simulator
  size_t memoryBytes = 0; ///< of the whole device
  int driverVersion = 0;  ///< newest CUDA version of the driver, 1000 * major + 10 * minor; 0 on the simulator

  /// 90 for 9.0, 120 for 12.0.
  int computeCapability() const { return 10 * computeMajor + computeMinor; }
  bool isSimulator() const { return backend == "sim"; }
};

/// A queue of work, by value and not owned: `native` is the caller's CUstream (or cudaStream_t). The default value is
/// CUDA's legacy default stream. The simulator finishes each call before it returns, so there all streams are the same.
struct Stream {
  void *native = nullptr;
};

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;

  uint64_t count() const { return uint64_t(x) * y * z; }
};

struct LaunchShape {
  Dim3 grid, block;         ///< in CTAs and in threads
  uint32_t sharedBytes = 0; ///< dynamic shared memory of a CTA, beside what the kernel declares itself
};

enum class ImageKind { Ptx, Cubin };

/// Code to load. `bytes` is only read during the call. PTX is text without a terminating zero.
struct ModuleImage {
  ImageKind kind = ImageKind::Ptx;
  std::string_view bytes;
};

/// What the loader knows about a kernel; -1 where the backend cannot tell.
struct KernelAttributes {
  int registers = -1;          ///< per thread
  int localBytes = -1;         ///< local memory per thread: spills and indexed arrays; 0 is the aim
  int staticSharedBytes = -1;  ///< per CTA
  int maxThreadsPerBlock = -1; ///< with this kernel's registers
};

/// An entry of a loaded module, ready to launch. Keeps module and device alive.
class LoadedKernel {
public:
  virtual ~LoadedKernel() = default;
  LoadedKernel(const LoadedKernel &) = delete;
  LoadedKernel &operator=(const LoadedKernel &) = delete;

  const std::string &name() const { return name_; }
  const KernelAttributes &attributes() const { return attributes_; }
  const Device *device() const { return device_; }

protected:
  LoadedKernel(const Device *device, std::string name, KernelAttributes attributes)
      : device_(device), name_(std::move(name)), attributes_(attributes) {}

private:
  const Device *device_;
  std::string name_;
  KernelAttributes attributes_;
};

/// Code on a device.
class LoadedModule {
public:
  virtual ~LoadedModule() = default;
  LoadedModule(const LoadedModule &) = delete;
  LoadedModule &operator=(const LoadedModule &) = delete;

  /// The entry `name`, with all of the device's shared memory opened to it. Slow (it asks the driver): do it once per
  /// plan. InvalidArgument when there is no such entry.
  virtual Result<std::shared_ptr<const LoadedKernel>> find(const std::string &name) const = 0;

protected:
  LoadedModule() = default;
};

class Device : public std::enable_shared_from_this<Device> {
public:
  virtual ~Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const DeviceAttributes &attributes() const { return attributes_; }
  /// One line for people: "cuda:0, NVIDIA H100 80GB HBM3, sm_90, 132 SMs, driver 13.0".
  virtual std::string description() const = 0;

  /// Memory aligned to 256 bytes, content undefined (the simulator reports reads before writes). Zero bytes give an
  /// empty buffer. DeviceError when there is not enough. May synchronise.
  virtual Result<Buffer> allocate(size_t bytes) = 0;

  /// Copies and fills run in the order of the stream. Host memory must stay valid until the stream is synchronised;
  /// pageable host memory makes the CUDA copies wait. `fill` writes one byte value, for clearing and poisoning.
  virtual Status copyIn(DevicePointer destination, const void *source, size_t bytes, Stream stream) = 0;
  virtual Status copyOut(void *destination, DevicePointer source, size_t bytes, Stream stream) = 0;
  virtual Status copy(DevicePointer destination, DevicePointer source, size_t bytes, Stream stream) = 0;
  virtual Status fill(DevicePointer destination, uint8_t value, size_t bytes, Stream stream) = 0;

  /// CompileFailed with the compiler's log when the code does not load; Unsupported when the backend cannot take this
  /// kind, or the driver is too old for this PTX.
  virtual Result<std::shared_ptr<const LoadedModule>> loadModule(const ModuleImage &image) = 0;

  /// A tensor map for kernels of this device. Computed on the host, in well under a microsecond; nothing is allocated,
  /// and the memory at the description's address is not looked at. InvalidArgument as validateTensorMap says,
  /// Unsupported on GPUs older than compute capability 9.0.
  virtual Result<TensorMap> encodeTensorMap(const TensorMapDescription &description) const = 0;

  /// Starts a kernel. A launch that succeeds allocates nothing on the host or the device, takes no lock of ours and
  /// does not wait, so that it can be captured in a CUDA graph. (The simulator runs the kernel to its end, and
  /// allocates.) InvalidArgument when shape or arguments do not fit the kernel; on CUDA too few arguments go unnoticed.
  virtual Status launch(const LoadedKernel &kernel, const LaunchShape &shape, const LaunchArguments &arguments,
                        Stream stream) = 0;

  virtual Result<OwnedStream> createStream() = 0;
  /// Waits until everything in the stream is done; reports what failed in it.
  virtual Status synchronize(Stream stream) = 0;

  virtual Result<Event> createEvent() = 0;
  virtual Status record(const Event &event, Stream stream) = 0;
  /// Microseconds between two recorded events; waits for `end`. Device time on CUDA, host wall time on the simulator.
  virtual Result<double> elapsedMicroseconds(const Event &begin, const Event &end) = 0;

protected:
  Device() = default;

  friend class Buffer;
  friend class Event;
  friend class OwnedStream;
  virtual void freeMemory(DevicePointer address) = 0;
  virtual void destroyStream(void *handle) = 0;
  virtual void destroyEvent(void *handle) = 0;

  DeviceAttributes attributes_;
};

/// What the three owners below share: they move, keep the device alive, and release once.
template <typename Handle>
class DeviceResource {
public:
  DeviceResource() = default;
  DeviceResource(DeviceResource &&other) noexcept
      : device_(std::move(other.device_)), handle_(std::exchange(other.handle_, Handle{})), release_(other.release_) {}
  DeviceResource &operator=(DeviceResource &&other) noexcept {
    DeviceResource moved(std::move(other));
    std::swap(device_, moved.device_);
    std::swap(handle_, moved.handle_);
    std::swap(release_, moved.release_);
    return *this;
  }
  ~DeviceResource() {
    if (device_ && handle_)
      (device_.get()->*release_)(handle_);
  }

  const Device *device() const { return device_.get(); }

protected:
  using Release = void (Device::*)(Handle);
  DeviceResource(std::shared_ptr<Device> device, Handle handle, Release release)
      : device_(std::move(device)), handle_(handle), release_(release) {}

  Handle handle() const { return handle_; }

private:
  std::shared_ptr<Device> device_;
  Handle handle_{};
  Release release_ = nullptr;
};

/// Device memory. Freeing waits for kernels that may still use it.
class Buffer : public DeviceResource<DevicePointer> {
public:
  Buffer() = default;
  Buffer(std::shared_ptr<Device> device, DevicePointer address, size_t bytes)
      : DeviceResource(std::move(device), address, &Device::freeMemory), bytes_(bytes) {}

  DevicePointer address() const { return handle(); }
  size_t bytes() const { return handle() ? bytes_ : 0; }

private:
  size_t bytes_ = 0;
};

/// A stream of our own; does not synchronise with the default stream. Synchronise before letting it go.
class OwnedStream : public DeviceResource<void *> {
public:
  OwnedStream() = default;
  OwnedStream(std::shared_ptr<Device> device, void *native)
      : DeviceResource(std::move(device), native, &Device::destroyStream) {}

  Stream stream() const { return {handle()}; }
  operator Stream() const { return stream(); }
};

/// A point in a stream.
class Event : public DeviceResource<void *> {
public:
  Event() = default;
  Event(std::shared_ptr<Device> device, void *native)
      : DeviceResource(std::move(device), native, &Device::destroyEvent) {}

  void *native() const { return handle(); }
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_DEVICE_H
