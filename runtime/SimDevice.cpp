//===- SimDevice.cpp - the Device interface on the simulator ----------------===//

#include "runtime/SimDevice.h"

#include "runtime/sim/TensorMap.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <thread>
#include <unistd.h>
#include <vector>

namespace thrift {

namespace {
using Clock = std::chrono::steady_clock;

struct SimEvent {
  std::atomic<bool> recorded{false};
  std::atomic<Clock::rep> time{0};
};

class SimKernel final : public LoadedKernel {
public:
  SimKernel(std::shared_ptr<sim::Module> module, const Device *device, const sim::Kernel &kernel,
            KernelAttributes attributes)
      : LoadedKernel(device, kernel.info().name, attributes), module_(std::move(module)), kernel_(kernel) {}

  const sim::Kernel &kernel() const { return kernel_; }

private:
  std::shared_ptr<sim::Module> module_;
  const sim::Kernel &kernel_;
};

class SimModule final : public LoadedModule {
public:
  SimModule(std::shared_ptr<const Device> device, std::shared_ptr<sim::Module> module)
      : device_(std::move(device)), module_(std::move(module)) {}

  Result<std::shared_ptr<const LoadedKernel>> find(const std::string &name) const override {
    Result<const sim::Kernel *> kernel = module_->find(name);
    if (!kernel)
      return kernel.status();
    const sim::KernelInfo &info = (*kernel)->info();
    KernelAttributes attributes;
    attributes.localBytes = int(info.localBytes);
    attributes.staticSharedBytes = int(info.staticSharedBytes);
    // The deleter holds the device: a kernel keeps it alive, as on CUDA.
    auto *loaded = new SimKernel(module_, device_.get(), **kernel, attributes);
    return std::shared_ptr<const LoadedKernel>(loaded, [device = device_](const SimKernel *k) { delete k; });
  }

private:
  std::shared_ptr<const Device> device_;
  std::shared_ptr<sim::Module> module_;
};

struct SharedLimit {
  int computeCapability;
  uint32_t kibibytes;
};
} // namespace

// CUDA programming guide, "maximum amount of shared memory per thread block".
static constexpr SharedLimit kSharedLimits[] = {{80, 163},  {86, 99},   {87, 163}, {89, 99}, {90, 227},
                                                {100, 227}, {103, 227}, {120, 99}, {121, 99}};

uint32_t sharedBytesPerBlockOf(int computeCapability) {
  for (const SharedLimit &limit : kSharedLimits)
    if (limit.computeCapability == computeCapability)
      return limit.kibibytes * 1024;
  return 0;
}

Status setDelivery(const std::string &field, std::string_view text, sim::Options &options) {
  constexpr std::string_view random = "random";
  if (text == "lazy" || text == "eager") {
    options.delivery = text == "lazy" ? sim::Delivery::Lazy : sim::Delivery::Eager;
    return Status::ok();
  }
  if (text.substr(0, random.size()) == random) {
    std::string_view seed = text.substr(random.size());
    uint64_t value = 1;
    bool good = seed.empty();
    if (!good && seed[0] == ':') {
      const char *end = seed.data() + seed.size();
      auto [stop, error] = std::from_chars(seed.data() + 1, end, value);
      good = error == std::errc() && stop == end;
    }
    if (good) {
      options.delivery = sim::Delivery::Random;
      options.seed = value;
      return Status::ok();
    }
  }
  return Status::invalid(field, "'" + std::string(text) + "'", "lazy, eager, random or random:SEED");
}

Status setChecks(const std::string &field, std::string_view text, sim::Options &options) {
  if (text != "memory" && text != "races" && text != "strict")
    return Status::invalid(field, "'" + std::string(text) + "'", "memory, races or strict");
  options.checkRaces = text != "memory";
  options.lints = text == "strict";
  return Status::ok();
}

Result<std::shared_ptr<SimDevice>> SimDevice::create(SimDeviceOptions options) {
  if (sharedBytesPerBlockOf(options.computeCapability) == 0) {
    std::string allowed;
    for (const SharedLimit &limit : kSharedLimits)
      allowed += (allowed.empty() ? "" : ", ") + std::to_string(limit.computeCapability);
    return Status::invalid("compute capability of the simulator", std::to_string(options.computeCapability), allowed);
  }
  return std::shared_ptr<SimDevice>(new SimDevice(std::move(options)));
}

SimDevice::SimDevice(SimDeviceOptions options) : options_(std::move(options)) {
  unsigned threads = options_.launch.threads ? options_.launch.threads : std::thread::hardware_concurrency();
  attributes_.backend = "sim";
  attributes_.id = "sim";
  attributes_.name = "ThriftJIT simulator";
  attributes_.computeMajor = options_.computeCapability / 10;
  attributes_.computeMinor = options_.computeCapability % 10;
  attributes_.multiprocessors = threads ? int(threads) : 1;
  attributes_.sharedBytesPerBlock = sharedBytesPerBlockOf(options_.computeCapability);
  attributes_.maxThreadsPerBlock = 1024;
  attributes_.memoryBytes = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGE_SIZE));
}

SimDevice::~SimDevice() = default;

std::string SimDevice::description() const {
  return "sim, PTX simulator on " + std::to_string(attributes().multiprocessors) + " CPU threads, standing for sm_" +
         std::to_string(attributes().computeCapability());
}

Result<Buffer> SimDevice::allocate(size_t bytes) {
  if (bytes == 0)
    return Buffer();
  Result<uint64_t> address = memory_.allocate(bytes);
  if (!address)
    return address.status();
  return Buffer(shared_from_this(), *address, bytes);
}

void SimDevice::freeMemory(DevicePointer address) { (void)memory_.free(address); }

Status SimDevice::copyIn(DevicePointer destination, const void *source, size_t bytes, Stream) {
  return bytes ? memory_.write(destination, source, bytes) : Status::ok();
}

Status SimDevice::copyOut(void *destination, DevicePointer source, size_t bytes, Stream) {
  return bytes ? memory_.read(source, destination, bytes) : Status::ok();
}

Status SimDevice::copy(DevicePointer destination, DevicePointer source, size_t bytes, Stream) {
  // By pieces, so that a copy of many gigabytes needs no second buffer of that size.
  std::vector<unsigned char> piece(std::min<size_t>(bytes, 1 << 20));
  for (size_t done = 0; done < bytes; done += piece.size()) {
    size_t now = std::min(piece.size(), bytes - done);
    if (Status status = memory_.read(source + done, piece.data(), now); !status)
      return status;
    if (Status status = memory_.write(destination + done, piece.data(), now); !status)
      return status;
  }
  return Status::ok();
}

Status SimDevice::fill(DevicePointer destination, uint8_t value, size_t bytes, Stream) {
  return bytes ? memory_.fill(destination, value, bytes) : Status::ok();
}

Result<std::shared_ptr<const LoadedModule>> SimDevice::loadModule(const ModuleImage &image) {
  if (image.kind != ImageKind::Ptx)
    return Status::unsupported("module image on the simulator", "a cubin", "PTX text");
  Result<std::shared_ptr<sim::Module>> module =
      options_.rewrite ? sim::Module::load(options_.rewrite(std::string(image.bytes))) : sim::Module::load(image.bytes);
  if (!module)
    return module.status();
  return std::shared_ptr<const LoadedModule>(std::make_shared<SimModule>(shared_from_this(), std::move(*module)));
}

static sim::TensorElement simulated(TensorMapElement element) {
  switch (element) {
  case TensorMapElement::U8:
    return sim::TensorElement::U8;
  case TensorMapElement::F16:
    return sim::TensorElement::F16;
  case TensorMapElement::BF16:
    return sim::TensorElement::BF16;
  }
  return sim::TensorElement::U8;
}

static sim::SwizzleMode simulated(TensorMapSwizzle swizzle) {
  switch (swizzle) {
  case TensorMapSwizzle::None:
    return sim::SwizzleMode::None;
  case TensorMapSwizzle::B32:
    return sim::SwizzleMode::B32;
  case TensorMapSwizzle::B64:
    return sim::SwizzleMode::B64;
  case TensorMapSwizzle::B128:
    return sim::SwizzleMode::B128;
  }
  return sim::SwizzleMode::None;
}

Result<TensorMap> SimDevice::encodeTensorMap(const TensorMapDescription &description) const {
  if (Status status = validateTensorMap(description); !status)
    return status;
  static_assert(kMaxTensorMapRank == sim::kMaxTensorRank && kTensorMapBytes == sim::kTensorMapBytes);
  sim::TensorMapDescription map;
  map.element = simulated(description.element);
  map.rank = description.rank;
  map.address = description.address;
  map.dims = description.dims;
  map.strides = description.strides;
  map.box = description.box;
  map.swizzle = simulated(description.swizzle);
  Result<sim::TensorMapBytes> bytes = sim::encodeTensorMap(map);
  if (!bytes)
    return bytes.status();
  return TensorMap{*bytes};
}

/// The report's status, with the first error's sentence and how many there are.
static Status toStatus(const std::string &kernel, const sim::Report &report) {
  if (report.status)
    return Status::ok();
  if (report.status.code() != StatusCode::DeviceError)
    return report.status;
  const sim::Finding *first = nullptr;
  size_t errors = 0;
  for (const sim::Finding &finding : report.findings)
    if (finding.severity == sim::Severity::Error && ++errors == 1)
      first = &finding;
  if (!first)
    return report.status;
  std::string message = "simulating " + kernel + " failed: " + first->describe();
  if (errors > 1)
    message += "; and " + std::to_string(errors - 1) + (errors == 2 ? " more error" : " more errors");
  return Status(StatusCode::DeviceError, message);
}

Status SimDevice::launch(const LoadedKernel &kernel, const LaunchShape &shape, const LaunchArguments &arguments,
                         Stream) {
  if (kernel.device() != this)
    return Status::invalid("kernel", kernel.name() + " of another device",
                           "a kernel that was loaded on this simulator");
  if (arguments.overflowed())
    return Status::invalid("arguments of " + kernel.name(), "too many", LaunchArguments::limits());
  sim::LaunchConfig config;
  config.grid = {shape.grid.x, shape.grid.y, shape.grid.z};
  config.block = {shape.block.x, shape.block.y, shape.block.z};
  config.dynamicSharedBytes = shape.sharedBytes;
  sim::Arguments values;
  for (size_t i = 0; i < arguments.count(); ++i)
    values.addBytes(arguments.value(i), arguments.bytes(i));
  sim::Report report =
      sim::launch(static_cast<const SimKernel &>(kernel).kernel(), memory_, config, values, options_.launch);
  if (options_.onReport)
    options_.onReport(kernel.name(), report);
  return toStatus(kernel.name(), report);
}

// A stream needs an identity only to be owned and released.
Result<OwnedStream> SimDevice::createStream() { return OwnedStream(shared_from_this(), new char(0)); }

void SimDevice::destroyStream(void *handle) { delete static_cast<char *>(handle); }

Status SimDevice::synchronize(Stream) { return Status::ok(); }

Result<Event> SimDevice::createEvent() { return Event(shared_from_this(), new SimEvent); }

void SimDevice::destroyEvent(void *handle) { delete static_cast<SimEvent *>(handle); }

static Status checkOwner(const Device *device, const Event &event) {
  if (event.device() == device)
    return Status::ok();
  return Status::invalid("event", event.device() ? "one of another device" : "empty",
                         "an event that was created on this simulator");
}

Status SimDevice::record(const Event &event, Stream) {
  if (Status status = checkOwner(this, event); !status)
    return status;
  auto &simEvent = *static_cast<SimEvent *>(event.native());
  simEvent.time = Clock::now().time_since_epoch().count();
  simEvent.recorded = true;
  return Status::ok();
}

Result<double> SimDevice::elapsedMicroseconds(const Event &begin, const Event &end) {
  Clock::duration times[2];
  const Event *events[2] = {&begin, &end};
  for (int i = 0; i < 2; ++i) {
    if (Status status = checkOwner(this, *events[i]); !status)
      return status;
    const auto &event = *static_cast<const SimEvent *>(events[i]->native());
    if (!event.recorded)
      return Status::invalid("event", "not recorded", "an event that was recorded in a stream");
    times[i] = Clock::duration(event.time);
  }
  return std::chrono::duration<double, std::micro>(times[1] - times[0]).count();
}

} // namespace thrift
