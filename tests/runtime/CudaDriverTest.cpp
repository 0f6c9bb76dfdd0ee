//===- CudaDriverTest.cpp - the CUDA backend against a stand-in driver ------===//
//
// Needs no GPU: what the real driver answers is tested in CudaDeviceTest.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/Devices.h"
#include "runtime/cuda/CudaDevice.h"

#include "FakeCudaDriver.h"
#include "TestSupport.h"

#include <algorithm>
#include <dlfcn.h>

using namespace thrift;
using namespace thrift::cuda;
using namespace thrift::test;

class CudaDriver : public testing::Test {
protected:
  void SetUp() override {
    // Never closed: Driver keeps the library loaded as well.
    void *library = dlopen(THRIFTJIT_FAKE_CUDA_DRIVER, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    ASSERT_TRUE(library) << dlerror();
    auto state = reinterpret_cast<FakeCudaDriver *(*)()>(dlsym(library, "fakeCudaDriver"));
    ASSERT_TRUE(state);
    fake_ = state();
    *fake_ = FakeCudaDriver();
  }

  static Result<std::shared_ptr<const Driver>> load() { return Driver::load(THRIFTJIT_FAKE_CUDA_DRIVER); }

  std::shared_ptr<CudaDevice> open(int ordinal = 0) {
    Result<std::shared_ptr<const Driver>> driver = load();
    EXPECT_TRUE(driver) << driver.status().message();
    if (!driver)
      return nullptr;
    Result<std::shared_ptr<CudaDevice>> device = CudaDevice::open(*driver, ordinal);
    EXPECT_TRUE(device) << device.status().message();
    return device ? *device : nullptr;
  }

  static std::shared_ptr<const LoadedKernel> storeKernel(Device &device) { return kernelOf(device, "store"); }

  static std::shared_ptr<const LoadedKernel> kernelOf(Device &device, const std::string &name) {
    auto module = device.loadModule({ImageKind::Ptx, "text"});
    EXPECT_TRUE(module) << module.status().message();
    if (!module)
      return nullptr;
    auto kernel = (*module)->find(name);
    EXPECT_TRUE(kernel) << kernel.status().message();
    return kernel ? *kernel : nullptr;
  }

  FakeCudaDriver *fake_ = nullptr;
};

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

TEST_F(CudaDriver, MissingLibraryIsUnavailableAndSaysWhatToDo) {
  Status status = Driver::load("libno-such-cuda.so.1").status();
  EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
  EXPECT_TRUE(mentions(status, "no CUDA driver"));
  EXPECT_TRUE(mentions(status, "libno-such-cuda.so.1"));
  EXPECT_TRUE(mentions(status, "install the NVIDIA driver"));
  EXPECT_TRUE(mentions(status, "simulator"));
}

TEST_F(CudaDriver, LibraryWithoutTheEntryIsTooOld) {
  Status status = Driver::load("libm.so.6").status();
  EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
  EXPECT_TRUE(mentions(status, "CUDA 12.0 or newer"));
}

TEST_F(CudaDriver, EveryFunctionIsAskedForWithItsAbi) {
  ASSERT_TRUE(load());
  // The error functions come first, so that failures while loading can be explained.
  ASSERT_GE(fake_->requests.size(), 30u);
  EXPECT_EQ(fake_->requests[0], "cuGetErrorName 6000");
  EXPECT_EQ(fake_->requests[1], "cuGetErrorString 6000");
  auto asked = [&](const std::string &request) {
    return std::count(fake_->requests.begin(), fake_->requests.end(), request) == 1;
  };
  EXPECT_TRUE(asked("cuMemAlloc 3020"));
  EXPECT_TRUE(asked("cuStreamDestroy 4000"));
  EXPECT_TRUE(asked("cuDevicePrimaryCtxRelease 11000"));
  EXPECT_TRUE(asked("cuTensorMapEncodeTiled 12000"));
}

static constexpr const char *kRequired[] = {
#define CUDA_OPTIONAL_SYMBOL(name, abi, parameters)
#define CUDA_SYMBOL(name, abi, parameters) #name,
#include "runtime/cuda/Symbols.def"
};

TEST_F(CudaDriver, EachRequiredSymbolIsNamedWhenMissing) {
  for (const char *name : kRequired) {
    fake_->missingSymbol = name;
    Status status = load().status();
    EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
    EXPECT_TRUE(mentions(status, "lacks " + std::string(name) + " of CUDA"));
  }
}

TEST_F(CudaDriver, OptionalSymbolMayBeMissing) {
  fake_->missingSymbol = "cuFuncGetParamInfo";
  auto device = open();
  ASSERT_TRUE(device);
  auto kernel = storeKernel(*device);
  ASSERT_TRUE(kernel);
  Result<Buffer> buffer = device->allocate(4);
  ASSERT_TRUE(buffer);
  EXPECT_TRUE(device->launch(*kernel, {}, LaunchArguments().addPointer(buffer->address()).addU32(1), {}));
}

TEST_F(CudaDriver, NoGpu) {
  fake_->initResult = DriverResult::NoDevice;
  EXPECT_TRUE(mentions(load().status(), "sees no GPU"));
  EXPECT_EQ(load().status().code(), StatusCode::DeviceUnavailable);
  fake_->initResult = DriverResult::Success;
  fake_->devices = 0;
  EXPECT_TRUE(mentions(load().status(), "sees no GPU"));
}

TEST_F(CudaDriver, DriverThatDoesNotStart) {
  fake_->initResult = DriverResult::SystemDriverMismatch;
  EXPECT_TRUE(mentions(load().status(), "differ in version"));
  fake_->initResult = DriverResult(304);
  EXPECT_TRUE(mentions(load().status(), "cuInit failed: CUDA_ERROR_SOMETHING (as the driver explains it)"));
  fake_->initResult = DriverResult::Unknown; // for which the stand-in has no name
  EXPECT_TRUE(mentions(load().status(), "error 999"));
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

TEST_F(CudaDriver, Attributes) {
  auto device = open(1);
  ASSERT_TRUE(device);
  const DeviceAttributes &a = device->attributes();
  EXPECT_EQ(a.id, "cuda:1");
  EXPECT_EQ(a.backend, "cuda");
  EXPECT_EQ(a.name, "Imaginary GPU");
  EXPECT_EQ(a.computeCapability(), 120);
  EXPECT_EQ(a.multiprocessors, 132);
  EXPECT_EQ(a.sharedBytesPerBlock, 232448u);
  EXPECT_EQ(a.maxThreadsPerBlock, 1024u);
  EXPECT_EQ(a.l2Bytes, size_t(50) << 20);
  EXPECT_EQ(a.memoryBytes, size_t(1) << 20);
  EXPECT_EQ(a.driverVersion, 12040);
  EXPECT_EQ(device->description(), "cuda:1, Imaginary GPU, sm_120, 132 SMs, driver for CUDA 12.4");
}

TEST_F(CudaDriver, OrdinalOutOfRange) {
  auto driver = load();
  ASSERT_TRUE(driver);
  for (int ordinal : {-1, 2, 1000}) {
    Status status = CudaDevice::open(*driver, ordinal).status();
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
    EXPECT_EQ(status.allowed(), "cuda:0 to cuda:1");
  }
}

TEST_F(CudaDriver, ContextIsRetainedOnceAndReleased) {
  auto device = open();
  EXPECT_EQ(fake_->retained, 1);
  Result<Buffer> buffer = device->allocate(16);
  ASSERT_TRUE(buffer);
  auto kernel = storeKernel(*device);
  device.reset();
  EXPECT_EQ(fake_->retained, 1) << "buffer and kernel keep the device";
  *buffer = Buffer();
  EXPECT_EQ(fake_->allocations, 0);
  EXPECT_EQ(fake_->modules, 1);
  kernel.reset();
  EXPECT_EQ(fake_->modules, 0);
  EXPECT_EQ(fake_->retained, 0);
}

TEST_F(CudaDriver, ContextThatCannotBeHad) {
  fake_->contextResult = DriverResult(46);
  auto driver = load();
  ASSERT_TRUE(driver);
  Status status = CudaDevice::open(*driver, 0).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
  EXPECT_TRUE(mentions(status, "cuDevicePrimaryCtxRetain failed"));
  EXPECT_EQ(fake_->retained, 0);
}

TEST_F(CudaDriver, CurrentContextIsRestored) {
  auto device = open();
  ASSERT_TRUE(device);
  auto own = reinterpret_cast<ContextHandle>(uintptr_t(0x100)),
       foreign = reinterpret_cast<ContextHandle>(uintptr_t(0x999));
  auto kernel = storeKernel(*device);
  Result<Buffer> buffer = device->allocate(4);
  ASSERT_TRUE(kernel && buffer);
  LaunchArguments arguments;
  arguments.addPointer(buffer->address()).addU32(1);
  for (std::vector<ContextHandle> before : {std::vector<ContextHandle>{}, {foreign}, {own}}) {
    fake_->contexts = before;
    EXPECT_TRUE(device->launch(*kernel, {}, arguments, {}));
    EXPECT_EQ(fake_->contextOfLaunch, own);
    EXPECT_EQ(fake_->contexts, before);
  }
  fake_->contexts.clear();
}

//===----------------------------------------------------------------------===//
// Memory, streams, events
//===----------------------------------------------------------------------===//

TEST_F(CudaDriver, CopiesAndFillsUseTheStream) {
  auto device = open();
  ASSERT_TRUE(device);
  Result<Buffer> a = device->allocate(8), b = device->allocate(8);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->bytes(), 8u);
  int handle = 0;
  Stream stream{&handle}; // an opaque stream of the caller
  const char text[8] = "thrift!";
  char back[8] = {};
  EXPECT_TRUE(device->copyIn(a->address(), text, 8, stream));
  EXPECT_EQ(fake_->stream, &handle);
  EXPECT_TRUE(device->copy(b->address(), a->address(), 8, stream));
  EXPECT_TRUE(device->fill(b->address(), 'x', 2, stream));
  EXPECT_TRUE(device->copyOut(back, b->address(), 8, stream));
  EXPECT_STREQ(back, "xxrift!");
  EXPECT_TRUE(device->synchronize(stream));
  EXPECT_EQ(fake_->calls, (std::vector<std::string>{"HtoD", "DtoD", "Memset", "DtoH", "Synchronize"}));
  // Nothing to do is nothing done.
  EXPECT_TRUE(device->copyIn(0, nullptr, 0, stream));
  EXPECT_TRUE(device->fill(0, 1, 0, stream));
  EXPECT_EQ(fake_->calls.size(), 5u);
}

TEST_F(CudaDriver, OutOfMemoryNamesBothSizes) {
  auto device = open();
  ASSERT_TRUE(device);
  Status status = device->allocate(3 << 20).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_TRUE(mentions(status, "CUDA_ERROR_OUT_OF_MEMORY"));
  EXPECT_TRUE(mentions(status, "3145728 bytes"));
  EXPECT_TRUE(mentions(status, "1048576"));
}

TEST_F(CudaDriver, EmptyBuffer) {
  auto device = open();
  Result<Buffer> empty = device->allocate(0);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->address(), 0u);
  EXPECT_EQ(empty->bytes(), 0u);
  EXPECT_EQ(fake_->allocations, 0);
}

TEST_F(CudaDriver, BuffersMove) {
  auto device = open();
  Result<Buffer> made = device->allocate(8);
  ASSERT_TRUE(made);
  Buffer first = std::move(*made), second;
  DevicePointer address = first.address();
  second = std::move(first);
  EXPECT_EQ(second.address(), address);
  EXPECT_EQ(second.bytes(), 8u);
  EXPECT_EQ(first.address(), 0u); // NOLINT: what is left after a move is the subject
  EXPECT_EQ(first.bytes(), 0u);
  EXPECT_EQ(fake_->allocations, 1);
  second = Buffer();
  EXPECT_EQ(fake_->allocations, 0);
}

TEST_F(CudaDriver, StreamsAndEvents) {
  auto device = open(), other = open(1);
  {
    Result<OwnedStream> stream = device->createStream();
    Result<Event> begin = device->createEvent(), end = device->createEvent(), foreign = other->createEvent();
    ASSERT_TRUE(stream && begin && end && foreign);
    EXPECT_TRUE(device->record(*begin, *stream));
    EXPECT_EQ(fake_->stream, stream->stream().native);
    EXPECT_TRUE(device->record(*end, *stream));
    Result<double> time = device->elapsedMicroseconds(*begin, *end);
    ASSERT_TRUE(time);
    EXPECT_DOUBLE_EQ(*time, 500.0);
    EXPECT_EQ(fake_->calls.back(), "EventSynchronize");
    EXPECT_EQ(device->record(*foreign, *stream).field(), "event");
    EXPECT_EQ(device->record(Event(), *stream).field(), "event");
    EXPECT_EQ(device->elapsedMicroseconds(*begin, *foreign).status().field(), "event");
  }
  EXPECT_EQ(fake_->streams, 0);
  EXPECT_EQ(fake_->events, 0);
}

TEST_F(CudaDriver, ErrorsOfKernelsAppearAtSynchronize) {
  auto device = open();
  fake_->synchronizeResult = DriverResult(700);
  Status status = device->synchronize({});
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_EQ(status.message(), "cuStreamSynchronize failed: CUDA_ERROR_SOMETHING (as the driver explains it)");
}

//===----------------------------------------------------------------------===//
// Modules and launches
//===----------------------------------------------------------------------===//

TEST_F(CudaDriver, ImageIsPassedWithATerminatingZero) {
  auto device = open();
  std::string text = "some PTX, and more";
  ASSERT_TRUE(device->loadModule({ImageKind::Ptx, std::string_view(text).substr(0, 8)}));
  EXPECT_EQ(fake_->loadedImage, "some PTX");
}

TEST_F(CudaDriver, LogOfTheDriversCompilerIsInTheStatus) {
  auto device = open();
  fake_->loadResult = DriverResult::InvalidPtx;
  Status status = device->loadModule({ImageKind::Ptx, "text"}).status();
  EXPECT_EQ(status.code(), StatusCode::CompileFailed);
  EXPECT_TRUE(mentions(status, "does not compile this PTX for cuda:0 (sm_90)"));
  EXPECT_TRUE(mentions(status, "line 5; error: this is wrong"));
  EXPECT_NE(status.message().back(), '\n');
}

TEST_F(CudaDriver, PtxThatIsTooNewNamesVersions) {
  auto device = open();
  fake_->loadResult = DriverResult::UnsupportedPtxVersion;
  Status status = device->loadModule({ImageKind::Ptx, "// text\n.version 8.7\n.target sm_90a\n"}).status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported);
  EXPECT_TRUE(mentions(status, "PTX 8.7 needs a driver for CUDA 12.8 or newer; this one is for CUDA 12.4"));
}

TEST_F(CudaDriver, CodeForAnotherArchitecture) {
  auto device = open();
  fake_->loadResult = DriverResult::NoBinaryForGpu;
  Status status = device->loadModule({ImageKind::Ptx, "text"}).status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported);
  EXPECT_TRUE(mentions(status, "another architecture"));
}

TEST_F(CudaDriver, BadImagesNeverReachTheDriver) {
  auto device = open();
  EXPECT_EQ(device->loadModule({ImageKind::Ptx, ""}).status().field(), "PTX");
  EXPECT_EQ(device->loadModule({ImageKind::Ptx, std::string_view("a\0b", 3)}).status().field(), "PTX");
  for (const std::string &rubbish : {std::string(),
                                     std::string("\x7f"
                                                 "ELF"),
                                     std::string(4096, 'x')})
    EXPECT_EQ(device->loadModule({ImageKind::Cubin, rubbish}).status().code(), StatusCode::InvalidArgument);
  EXPECT_EQ(fake_->loadedImage, "");
}

TEST_F(CudaDriver, KernelAttributes) {
  auto device = open();
  auto kernel = storeKernel(*device);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->name(), "store");
  EXPECT_EQ(kernel->attributes().registers, 128);
  EXPECT_EQ(kernel->attributes().localBytes, 24);
  EXPECT_EQ(kernel->attributes().staticSharedBytes, 448);
  EXPECT_EQ(kernel->attributes().maxThreadsPerBlock, 512);
  EXPECT_EQ(fake_->dynamicSharedBytes, 232448 - 448) << "all of the shared memory is opened";
  auto module = device->loadModule({ImageKind::Ptx, "text"});
  ASSERT_TRUE(module);
  EXPECT_TRUE(mentions((*module)->find("absent").status(), "'absent'"));
}

TEST_F(CudaDriver, LaunchPassesEverything) {
  auto device = open();
  auto kernel = storeKernel(*device);
  Result<Buffer> buffer = device->allocate(4);
  ASSERT_TRUE(kernel && buffer);
  int handle = 0;
  LaunchShape shape;
  shape.grid = {3, 4, 5};
  shape.block = {32, 2, 4};
  shape.sharedBytes = 1000;
  LaunchArguments arguments;
  arguments.addPointer(buffer->address()).addU32(7);
  ASSERT_TRUE(device->launch(*kernel, shape, arguments, {&handle}));
  EXPECT_EQ(std::vector<unsigned>(fake_->grid, fake_->grid + 3), (std::vector<unsigned>{3, 4, 5}));
  EXPECT_EQ(std::vector<unsigned>(fake_->block, fake_->block + 3), (std::vector<unsigned>{32, 2, 4}));
  EXPECT_EQ(fake_->sharedBytes, 1000u);
  EXPECT_EQ(fake_->stream, &handle);
  uint32_t stored = 0;
  ASSERT_TRUE(device->copyOut(&stored, buffer->address(), 4, {}));
  EXPECT_EQ(stored, 21u);
}

TEST_F(CudaDriver, LaunchesThatDoNotFitAreRefused) {
  auto device = open(), other = open(1);
  auto kernel = storeKernel(*device);
  ASSERT_TRUE(kernel);
  LaunchArguments good;
  good.addPointer(64).addU32(7);
  auto refused = [&](const LaunchShape &shape, const LaunchArguments &arguments, const std::string &field) {
    Status status = device->launch(*kernel, shape, arguments, {});
    return status.code() == StatusCode::InvalidArgument && status.field() == field && !status.allowed().empty();
  };
  for (Dim3 grid : {Dim3{0, 1, 1}, Dim3{1, 0, 1}, Dim3{0x80000000u, 1, 1}, Dim3{1, 65536, 1}, Dim3{1, 1, 65536}})
    EXPECT_TRUE(refused({grid, {}, 0}, good, "grid of store"));
  for (Dim3 block :
       {Dim3{0, 1, 1}, Dim3{513, 1, 1}, Dim3{1, 1, 65}, Dim3{32, 32, 1}, Dim3{0x80000000u, 0x80000000u, 8}})
    EXPECT_TRUE(refused({{}, block, 0}, good, "block of store"));
  EXPECT_TRUE(refused({{}, {}, 232001}, good, "dynamic shared memory of store"));
  EXPECT_TRUE(refused({}, LaunchArguments(good).addU32(1), "arguments of store"));
  EXPECT_TRUE(refused({}, LaunchArguments().addPointer(64).addPointer(1), "argument 1 of store"));
  EXPECT_TRUE(refused({}, LaunchArguments().addU32(64).addU32(1), "argument 0 of store"));
  EXPECT_TRUE(refused({}, LaunchArguments().addU32(64).addU32(1).addU32(1), "argument 0 of store")) << "as many bytes";
  EXPECT_TRUE(fake_->calls.empty()) << "nothing of that ran";
  LaunchArguments many;
  for (size_t i = 0; i <= LaunchArguments::kMaxCount; ++i)
    many.addU32(1);
  EXPECT_TRUE(refused({}, many, "arguments of store"));
  EXPECT_EQ(other->launch(*kernel, {}, good, {}).field(), "kernel");
  EXPECT_TRUE(fake_->calls.empty()) << "nothing of that ran";
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

static TensorMapDescription packedTiles() {
  TensorMapDescription map;
  map.rank = 3;
  map.address = 0x10000;
  map.dims = {32, 128, 24};
  map.strides = {32, 4096};
  map.box = {32, 128, 1};
  map.swizzle = TensorMapSwizzle::B32;
  return map;
}

TEST_F(CudaDriver, TensorMapsAreEncodedByTheDriver) {
  auto device = open();
  ASSERT_TRUE(device);
  Result<TensorMap> map = device->encodeTensorMap(packedTiles());
  ASSERT_TRUE(map) << map.status().message();
  for (size_t i = 0; i < map->bytes.size(); ++i)
    ASSERT_EQ(map->bytes[i], i / 8 + 1) << i;
  const FakeTensorMap &seen = fake_->encoded;
  EXPECT_EQ(seen.type, TensorDataType::Uint8);
  EXPECT_EQ(seen.address, 0x10000u);
  EXPECT_EQ(seen.dims, (std::vector<uint64_t>{32, 128, 24}));
  EXPECT_EQ(seen.strides, (std::vector<uint64_t>{32, 4096}));
  EXPECT_EQ(seen.box, (std::vector<uint32_t>{32, 128, 1}));
  EXPECT_EQ(seen.elementStrides, (std::vector<uint32_t>{1, 1, 1}));
  EXPECT_EQ(seen.swizzle, TensorSwizzle::Bytes32);
  EXPECT_EQ(seen.promotion, TensorL2Promotion::Bytes128);
  EXPECT_TRUE(fake_->calls.empty()) << "a computation, nothing on the device";
  EXPECT_TRUE(fake_->contexts.empty());

  const std::pair<TensorMapElement, TensorDataType> types[] = {{TensorMapElement::U8, TensorDataType::Uint8},
                                                               {TensorMapElement::F16, TensorDataType::Float16},
                                                               {TensorMapElement::BF16, TensorDataType::Bfloat16}};
  for (auto [element, type] : types) {
    TensorMapDescription description = packedTiles();
    description.element = element;
    description.box[0] = 16;
    ASSERT_TRUE(device->encodeTensorMap(description));
    EXPECT_EQ(seen.type, type);
  }
  const std::pair<TensorMapSwizzle, TensorSwizzle> swizzles[] = {{TensorMapSwizzle::None, TensorSwizzle::None},
                                                                 {TensorMapSwizzle::B32, TensorSwizzle::Bytes32},
                                                                 {TensorMapSwizzle::B64, TensorSwizzle::Bytes64},
                                                                 {TensorMapSwizzle::B128, TensorSwizzle::Bytes128}};
  for (auto [ours, drivers] : swizzles) {
    TensorMapDescription description = packedTiles();
    description.swizzle = ours;
    ASSERT_TRUE(device->encodeTensorMap(description));
    EXPECT_EQ(seen.swizzle, drivers);
  }
}

TEST_F(CudaDriver, TensorMapsThatCannotBeAreExplained) {
  auto device = open();
  ASSERT_TRUE(device);
  TensorMapDescription map = packedTiles();
  map.strides[0] = 40;
  Status status = device->encodeTensorMap(map).status();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.message(), "strides[0] is 40 bytes; allowed: multiples of 16 bytes below 2^40");
  EXPECT_TRUE(fake_->encoded.dims.empty()) << "the driver was not asked";
  fake_->encodeResult = DriverResult::InvalidValue;
  status = device->encodeTensorMap(packedTiles()).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_TRUE(mentions(status, "cuTensorMapEncodeTiled failed"));
  fake_->encodeResult = DriverResult::Success;
  fake_->computeMajor[0] = 8;
  fake_->computeMinor[0] = 6;
  device = open();
  ASSERT_TRUE(device);
  status = device->encodeTensorMap(packedTiles()).status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported);
  EXPECT_EQ(status.message(), "tensor map on cuda:0 is for compute capability 8.6; allowed: 9.0 or newer");
}

TEST_F(CudaDriver, TensorMapsAreLaunchedByValue) {
  auto device = open();
  ASSERT_TRUE(device);
  auto kernel = kernelOf(*device, "take");
  Result<TensorMap> map = device->encodeTensorMap(packedTiles());
  ASSERT_TRUE(kernel && map);
  LaunchArguments arguments;
  arguments.addTensorMap(*map).addU32(5);
  for (int times = 0; times < 2; ++times) { // compared with the parameters, then known
    std::fill_n(fake_->taken, sizeof fake_->taken, 0);
    Status status = device->launch(*kernel, {}, arguments, {});
    ASSERT_TRUE(status) << status.message();
    EXPECT_EQ(fake_->value, 5u);
    EXPECT_TRUE(std::equal(map->bytes.begin(), map->bytes.end(), fake_->taken));
  }
  size_t launches = fake_->calls.size();
  auto refused = [&](const LaunchArguments &wrong) { return device->launch(*kernel, {}, wrong, {}).field(); };
  EXPECT_EQ(refused(LaunchArguments().addTensorMap(*map).addU64(1)), "argument 1 of take");
  EXPECT_EQ(refused(LaunchArguments().addU32(5).addTensorMap(*map)), "argument 0 of take");
  EXPECT_EQ(refused(LaunchArguments(arguments).addTensorMap(*map)), "arguments of take");
  EXPECT_EQ(fake_->calls.size(), launches) << "nothing of that ran";
  // Too few go unnoticed, but what the driver reads for them is defined.
  EXPECT_TRUE(device->launch(*kernel, {}, LaunchArguments().addTensorMap(*map), {}));
  EXPECT_EQ(fake_->value, 0u);
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static DeviceOptions fakeOptions() {
  DeviceOptions options;
  options.cudaLibrary = THRIFTJIT_FAKE_CUDA_DRIVER;
  return options;
}

TEST_F(CudaDriver, AutoTakesTheFirstUsableGpu) {
  auto selected = selectDevice({}, fakeOptions());
  ASSERT_TRUE(selected);
  EXPECT_EQ(selected->device->attributes().id, "cuda:0");
  EXPECT_EQ(selected->sentence, "using cuda:0, Imaginary GPU, sm_90, 132 SMs, driver for CUDA 12.4");
  fake_->computeMajor[0] = 7;
  selected = selectDevice({}, fakeOptions());
  ASSERT_TRUE(selected);
  EXPECT_EQ(selected->device->attributes().id, "cuda:1");
}

TEST_F(CudaDriver, AutoFallsBackAndSaysWhy) {
  fake_->computeMajor[0] = fake_->computeMajor[1] = 7;
  auto selected = selectDevice({}, fakeOptions());
  ASSERT_TRUE(selected);
  EXPECT_TRUE(selected->device->attributes().isSimulator());
  EXPECT_NE(selected->sentence.find("no usable GPU: cuda:0 (Imaginary GPU) has compute capability 7.0"),
            std::string::npos)
      << selected->sentence;
}

TEST_F(CudaDriver, CudaNeverFallsBack) {
  DeviceOptions options = fakeOptions();
  options.leastComputeCapability = 100;
  DeviceRequest first{DeviceRequest::Kind::Cuda, 0};
  Status status = selectDevice(first, options).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
  EXPECT_TRUE(mentions(status, "compute capability 9.0; needed: 10.0 or newer"));
  auto any = selectDevice({DeviceRequest::Kind::Cuda}, options);
  ASSERT_TRUE(any) << any.status().message();
  EXPECT_EQ(any->device->attributes().id, "cuda:1");
  EXPECT_EQ(selectDevice({DeviceRequest::Kind::Cuda, 2}, options).status().field(), "device");
}

TEST_F(CudaDriver, Listing) {
  fake_->computeMajor[1] = 7;
  auto all = listDevices(fakeOptions());
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, "cuda:0");
  EXPECT_TRUE(all[0].status);
  EXPECT_EQ(all[0].attributes.multiprocessors, 132);
  EXPECT_EQ(all[1].id, "cuda:1");
  EXPECT_TRUE(mentions(all[1].status, "compute capability 7.0; needed: 8.0"));
  EXPECT_EQ(all[2].id, "sim");
  EXPECT_TRUE(all[2].status);
  EXPECT_EQ(fake_->retained, 0) << "listing opens nothing";
}
