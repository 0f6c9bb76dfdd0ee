//===- CudaDeviceTest.cpp - the CUDA backend on a real GPU ------------------===//
//
// Skipped, with the reason, where there is no driver or GPU.
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/CudaDevice.h"
#include "runtime/Assembler.h"
#include "runtime/Devices.h"

#include "TestSupport.h"

#include <numeric>
#include <optional>
#include <thread>

using namespace thrift;
using namespace thrift::cuda;
using namespace thrift::test;

/// Writes where nobody may.
static constexpr const char *kFaultPtx = R"(.version 7.0
.target sm_80
.address_size 64
.visible .entry fault(.param .u64 where)
{
	.reg .b64 %rd<2>;
	ld.param.u64 %rd1, [where];
	st.global.u32 [%rd1], 1;
	ret;
}
)";

/// Copies 4 bytes through dynamic shared memory, at its very end.
static constexpr const char *kSharedPtx = R"(.version 7.0
.target sm_80
.address_size 64
.extern .shared .align 16 .b8 pool[];
.visible .entry through(.param .u64 data, .param .u32 last)
{
	.reg .b64 %rd<3>;
	.reg .b32 %r<6>;
	ld.param.u64 %rd1, [data];
	cvta.to.global.u64 %rd2, %rd1;
	ld.param.u32 %r1, [last];
	mov.u32 %r2, pool;
	add.u32 %r3, %r2, %r1;
	ld.global.u32 %r4, [%rd2];
	st.shared.u32 [%r3], %r4;
	bar.sync 0;
	ld.shared.u32 %r5, [%r3];
	add.u32 %r5, %r5, 1;
	st.global.u32 [%rd2], %r5;
	ret;
}
)";

class CudaDeviceTest : public testing::Test {
protected:
  void SetUp() override {
    Result<SelectedDevice> selected = selectDevice({DeviceRequest::Kind::Cuda}, {});
    if (!selected)
      GTEST_SKIP() << selected.status().message();
    device_ = std::static_pointer_cast<CudaDevice>(selected->device);
  }

  std::shared_ptr<const LoadedKernel> load(const ModuleImage &image, const std::string &entry) {
    auto module = device_->loadModule(image);
    EXPECT_TRUE(module) << module.status().message();
    if (!module)
      return nullptr;
    auto kernel = (*module)->find(entry);
    EXPECT_TRUE(kernel) << kernel.status().message();
    return kernel ? *kernel : nullptr;
  }

  /// Scales 1000 numbers in `stream` and compares.
  void runScale(const LoadedKernel &kernel, Stream stream) {
    std::vector<float> data(1000), back(data.size());
    std::iota(data.begin(), data.end(), 0.f);
    Result<Buffer> buffer = device_->allocate(4 * data.size());
    ASSERT_TRUE(buffer) << buffer.status().message();
    ASSERT_TRUE(device_->copyIn(buffer->address(), data.data(), 4 * data.size(), stream));
    Status status = device_->launch(kernel, {{8}, {128}, 0},
                                    LaunchArguments().addPointer(buffer->address()).addU32(1000).addF32(2.5f), stream);
    ASSERT_TRUE(status) << status.message();
    ASSERT_TRUE(device_->copyOut(back.data(), buffer->address(), 4 * data.size(), stream));
    status = device_->synchronize(stream);
    ASSERT_TRUE(status) << status.message();
    for (size_t i = 0; i < data.size(); ++i)
      ASSERT_EQ(back[i], 2.5f * data[i]) << i;
  }

  std::shared_ptr<CudaDevice> device_;
};

TEST_F(CudaDeviceTest, Attributes) {
  const DeviceAttributes &a = device_->attributes();
  EXPECT_GE(a.computeCapability(), 80);
  EXPECT_GT(a.multiprocessors, 0);
  EXPECT_GE(a.sharedBytesPerBlock, 48u << 10);
  EXPECT_EQ(a.sharedBytesPerBlock, sharedBytesPerBlockOf(a.computeCapability())) << "the simulator's table agrees";
  EXPECT_EQ(a.maxThreadsPerBlock, 1024u);
  EXPECT_GT(a.l2Bytes, 0u);
  EXPECT_GT(a.memoryBytes, size_t(1) << 30);
  EXPECT_GE(a.driverVersion, 12000);
  EXPECT_FALSE(a.name.empty());
  RecordProperty("device", device_->description());
}

TEST_F(CudaDeviceTest, RunsPtx) {
  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  ASSERT_TRUE(kernel);
  EXPECT_GT(kernel->attributes().registers, 3);
  EXPECT_EQ(kernel->attributes().localBytes, 0);
  EXPECT_EQ(kernel->attributes().staticSharedBytes, 0);
  EXPECT_EQ(kernel->attributes().maxThreadsPerBlock, 1024);
  runScale(*kernel, {});
  Result<OwnedStream> stream = device_->createStream();
  ASSERT_TRUE(stream);
  runScale(*kernel, *stream);
}

class CudaDeviceCubinTest : public CudaDeviceTest {
protected:
  void SetUp() override {
    CudaDeviceTest::SetUp();
    if (IsSkipped())
      return;
    Result<Environment> environment = Environment::read();
    ASSERT_TRUE(environment);
    Result<Assembler> found = Assembler::find(*environment);
    if (!found)
      GTEST_SKIP() << found.status().message();
    assembler_ = *found;
  }
  std::optional<Assembler> assembler_;
};

TEST_F(CudaDeviceCubinTest, RunsCubin) {
  Result<Assembled> code =
      assembler_->assemble(kScalePtx, "sm_" + std::to_string(device_->attributes().computeCapability()));
  ASSERT_TRUE(code) << code.status().message();
  auto kernel = load({ImageKind::Cubin, code->cubin}, "scale");
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->attributes().registers, code->entries.at(0).registers);
  runScale(*kernel, {});
}

TEST_F(CudaDeviceCubinTest, CodeForAnotherArchitectureIsRefused) {
  Result<Assembled> code = assembler_->assemble(kScalePtx, device_->attributes().computeMajor == 8 ? "sm_90" : "sm_80");
  ASSERT_TRUE(code) << code.status().message();
  Status status = device_->loadModule({ImageKind::Cubin, code->cubin}).status();
  EXPECT_EQ(status.code(), StatusCode::Unsupported) << status.message();
  EXPECT_TRUE(mentions(status, "another architecture"));
}

TEST_F(CudaDeviceTest, ManyThreads) {
  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  ASSERT_TRUE(kernel);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      Result<OwnedStream> stream = device_->createStream();
      ASSERT_TRUE(stream);
      for (int i = 0; i < 20; ++i)
        runScale(*kernel, *stream);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(CudaDeviceTest, AllSharedMemoryCanBeUsed) {
  auto kernel = load({ImageKind::Ptx, kSharedPtx}, "through");
  ASSERT_TRUE(kernel);
  uint32_t all = device_->attributes().sharedBytesPerBlock, value = 41;
  Result<Buffer> buffer = device_->allocate(4);
  ASSERT_TRUE(buffer);
  ASSERT_TRUE(device_->copyIn(buffer->address(), &value, 4, {}));
  LaunchArguments arguments;
  arguments.addPointer(buffer->address()).addU32(all - 4);
  Status status = device_->launch(*kernel, {{1}, {1}, all}, arguments, {});
  ASSERT_TRUE(status) << status.message();
  ASSERT_TRUE(device_->copyOut(&value, buffer->address(), 4, {}));
  ASSERT_TRUE(device_->synchronize({}));
  EXPECT_EQ(value, 42u);
  EXPECT_EQ(device_->launch(*kernel, {{1}, {1}, all + 1}, arguments, {}).field(), "dynamic shared memory of through");
}

TEST_F(CudaDeviceTest, ArgumentsAreChecked) {
  if (!device_->driver().api().cuFuncGetParamInfo)
    GTEST_SKIP() << "the driver is older than CUDA 12.4";
  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  ASSERT_TRUE(kernel);
  auto field = [&](const LaunchArguments &arguments) { return device_->launch(*kernel, {}, arguments, {}).field(); };
  EXPECT_EQ(field(LaunchArguments().addPointer(1).addU32(1).addF32(1).addU32(1)), "arguments of scale");
  EXPECT_EQ(field(LaunchArguments().addU32(1).addPointer(1).addF32(1)), "argument 0 of scale");
  EXPECT_EQ(field(LaunchArguments().addPointer(1).addU32(1).addU64(1)), "argument 2 of scale");
  EXPECT_EQ(field(LaunchArguments().addU32(1).addU32(1).addU32(1).addF32(1)), "argument 0 of scale") << "as many bytes";
  // A refusal is not a fault: kernel and device work on.
  runScale(*kernel, {});
}

TEST_F(CudaDeviceTest, KernelWithoutArguments) {
  auto kernel =
      load({ImageKind::Ptx, ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry nothing()\n{\n\tret;\n}\n"},
           "nothing");
  ASSERT_TRUE(kernel);
  Status status = device_->launch(*kernel, {{100}, {32}, 0}, {}, {});
  EXPECT_TRUE(status) << status.message();
  EXPECT_TRUE(device_->synchronize({}));
  EXPECT_FALSE(device_->launch(*kernel, {}, LaunchArguments().addU32(1), {}));
}

TEST_F(CudaDeviceTest, BadPtxGivesTheDriversLog) {
  std::string broken(kScalePtx);
  broken.replace(broken.find("mul.f32"), 7, "mulx.f32");
  Status status = device_->loadModule({ImageKind::Ptx, broken}).status();
  EXPECT_EQ(status.code(), StatusCode::CompileFailed);
  EXPECT_TRUE(mentions(status, "CUDA_ERROR_INVALID_PTX"));
  EXPECT_TRUE(mentions(status, "mulx"));
  broken = kScalePtx;
  broken.replace(broken.find("7.0"), 3, "9.9");
  EXPECT_EQ(device_->loadModule({ImageKind::Ptx, broken}).status().code(), StatusCode::Unsupported);
  broken = kScalePtx;
  broken.replace(broken.find("sm_80"), 5, "sm_121a");
  EXPECT_FALSE(device_->loadModule({ImageKind::Ptx, broken}));
}

TEST_F(CudaDeviceTest, EventsMeasureDeviceTime) {
  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  Result<Buffer> buffer = device_->allocate(64 << 20);
  Result<OwnedStream> stream = device_->createStream();
  Result<Event> begin = device_->createEvent(), end = device_->createEvent();
  ASSERT_TRUE(kernel && buffer && stream && begin && end);
  ASSERT_TRUE(device_->record(*begin, *stream));
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(device_->fill(buffer->address(), uint8_t(i), buffer->bytes(), *stream));
  ASSERT_TRUE(device_->record(*end, *stream));
  Result<double> time = device_->elapsedMicroseconds(*begin, *end);
  ASSERT_TRUE(time) << time.status().message();
  EXPECT_GT(*time, 10 * 64e6 / 20e12 * 1e6) << "no memory writes 20 TB/s";
  EXPECT_LT(*time, 1e6);
}

TEST_F(CudaDeviceTest, TooMuchMemory) {
  Status status = device_->allocate(size_t(1) << 50).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_TRUE(mentions(status, "CUDA_ERROR_OUT_OF_MEMORY"));
}

TEST_F(CudaDeviceTest, CallersContextStaysCurrent) {
  ContextHandle before = nullptr, after = nullptr;
  const Symbols &api = device_->driver().api();
  ASSERT_EQ(api.cuCtxGetCurrent(&before), DriverResult::Success);
  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  ASSERT_TRUE(kernel);
  runScale(*kernel, {});
  ASSERT_EQ(api.cuCtxGetCurrent(&after), DriverResult::Success);
  EXPECT_EQ(before, after);
}

TEST_F(CudaDeviceTest, LaunchCanBeCapturedInAGraph) {
  // Functions that only a caller needs; cuda.h: CU_STREAM_CAPTURE_MODE_GLOBAL is 0.
  using BeginCapture = DriverResult (*)(StreamHandle, int);
  using EndCapture = DriverResult (*)(StreamHandle, void **);
  using Instantiate = DriverResult (*)(void **, void *, unsigned long long);
  using LaunchGraph = DriverResult (*)(void *, StreamHandle);
  using Destroy = DriverResult (*)(void *);
  const Driver &driver = device_->driver();
  auto beginCapture = reinterpret_cast<BeginCapture>(driver.find("cuStreamBeginCapture", 10010));
  auto endCapture = reinterpret_cast<EndCapture>(driver.find("cuStreamEndCapture", 10000));
  auto instantiate = reinterpret_cast<Instantiate>(driver.find("cuGraphInstantiateWithFlags", 11040));
  auto launchGraph = reinterpret_cast<LaunchGraph>(driver.find("cuGraphLaunch", 10000));
  auto destroyGraph = reinterpret_cast<Destroy>(driver.find("cuGraphDestroy", 10000));
  auto destroyExec = reinterpret_cast<Destroy>(driver.find("cuGraphExecDestroy", 10000));
  ASSERT_TRUE(beginCapture && endCapture && instantiate && launchGraph && destroyGraph && destroyExec);

  auto kernel = load({ImageKind::Ptx, kScalePtx}, "scale");
  Result<OwnedStream> stream = device_->createStream();
  Result<Buffer> buffer = device_->allocate(4);
  ASSERT_TRUE(kernel && stream && buffer);
  float value = 3;
  ASSERT_TRUE(device_->copyIn(buffer->address(), &value, 4, *stream));
  ASSERT_TRUE(device_->synchronize(*stream));

  ContextScope scope(driver.api(), device_->context());
  auto handle = static_cast<StreamHandle>(stream->stream().native);
  ASSERT_EQ(beginCapture(handle, 0), DriverResult::Success);
  Status status = device_->launch(*kernel, {{1}, {32}, 0},
                                  LaunchArguments().addPointer(buffer->address()).addU32(1).addF32(2), *stream);
  void *graph = nullptr, *exec = nullptr;
  ASSERT_EQ(endCapture(handle, &graph), DriverResult::Success);
  ASSERT_TRUE(status) << status.message();
  ASSERT_EQ(instantiate(&exec, graph, 0), DriverResult::Success);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(launchGraph(exec, handle), DriverResult::Success);
  ASSERT_TRUE(device_->copyOut(&value, buffer->address(), 4, *stream));
  ASSERT_TRUE(device_->synchronize(*stream));
  EXPECT_EQ(value, 24.f);
  destroyExec(exec);
  destroyGraph(graph);
}

// In a process of its own: a fault makes the context useless for everybody in the process.
TEST_F(CudaDeviceTest, FaultAppearsAtSynchronizeDeathTest) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto faults = [this] {
    auto kernel = load({ImageKind::Ptx, kFaultPtx}, "fault");
    Status launched = device_->launch(*kernel, {}, LaunchArguments().addPointer(64), {});
    Status status = device_->synchronize({});
    bool right = launched && status.code() == StatusCode::DeviceError && mentions(status, "CUDA_ERROR_");
    // Everything after it fails too, and releasing what is left does no harm.
    right = right && !device_->allocate(16);
    kernel.reset();
    device_.reset();
    _exit(right ? 0 : 1);
  };
  EXPECT_EXIT(faults(), testing::ExitedWithCode(0), "");
}
