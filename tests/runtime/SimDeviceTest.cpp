//===- SimDeviceTest.cpp - the Device interface on the simulator ------------===//

#include "runtime/SimDevice.h"

#include "TestSupport.h"

#include <numeric>

using namespace thrift;
using namespace thrift::test;

class SimDeviceTest : public testing::Test {
protected:
  void SetUp() override { device_ = make({}); }

  static std::shared_ptr<SimDevice> make(SimDeviceOptions options) {
    Result<std::shared_ptr<SimDevice>> device = SimDevice::create(std::move(options));
    EXPECT_TRUE(device) << device.status().message();
    return device ? *device : nullptr;
  }

  static std::shared_ptr<const LoadedKernel> scaleKernel(Device &device) {
    auto module = device.loadModule({ImageKind::Ptx, kScalePtx});
    EXPECT_TRUE(module) << module.status().message();
    if (!module)
      return nullptr;
    auto kernel = (*module)->find("scale");
    EXPECT_TRUE(kernel) << kernel.status().message();
    return kernel ? *kernel : nullptr;
  }

  std::shared_ptr<SimDevice> device_;
};

TEST_F(SimDeviceTest, Attributes) {
  EXPECT_TRUE(device_->attributes().isSimulator());
  EXPECT_EQ(device_->attributes().id, "sim");
  EXPECT_EQ(device_->attributes().computeCapability(), 80);
  EXPECT_EQ(device_->attributes().sharedBytesPerBlock, 163u * 1024);
  EXPECT_GE(device_->attributes().multiprocessors, 1);
  EXPECT_GT(device_->attributes().memoryBytes, size_t(1) << 28);
  SimDeviceOptions options;
  options.computeCapability = 100;
  options.launch.threads = 3;
  auto blackwell = make(options);
  EXPECT_EQ(blackwell->attributes().sharedBytesPerBlock, 227u * 1024);
  EXPECT_EQ(blackwell->attributes().multiprocessors, 3);
  EXPECT_EQ(blackwell->description(), "sim, PTX simulator on 3 CPU threads, standing for sm_100");
}

TEST_F(SimDeviceTest, UnknownComputeCapability) {
  SimDeviceOptions options;
  options.computeCapability = 70;
  Status status = SimDevice::create(options).status();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.value(), "70");
}

TEST_F(SimDeviceTest, CopiesAndFills) {
  std::vector<uint8_t> data(3 << 20), back(data.size());
  std::iota(data.begin(), data.end(), uint8_t(0));
  Result<Buffer> a = device_->allocate(data.size()), b = device_->allocate(data.size());
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->address() % 256, 0u);
  ASSERT_TRUE(device_->copyIn(a->address(), data.data(), data.size(), {}));
  ASSERT_TRUE(device_->copy(b->address(), a->address(), data.size(), {}));
  ASSERT_TRUE(device_->fill(b->address() + 5, 0xee, 3, {}));
  ASSERT_TRUE(device_->copyOut(back.data(), b->address(), back.size(), {}));
  data[5] = data[6] = data[7] = 0xee;
  EXPECT_TRUE(back == data);
  // Past the end is an error, not a write.
  EXPECT_FALSE(device_->copyIn(a->address() + 1, data.data(), data.size(), {}));
  EXPECT_FALSE(device_->fill(a->address(), 0, data.size() + 1, {}));
  EXPECT_FALSE(device_->copyOut(back.data(), a->address() - 1, 4, {}));
}

TEST_F(SimDeviceTest, EmptyBuffer) {
  Result<Buffer> empty = device_->allocate(0);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->address(), 0u);
  EXPECT_TRUE(device_->copyIn(0, nullptr, 0, {}));
}

TEST_F(SimDeviceTest, RunsAKernel) {
  auto kernel = scaleKernel(*device_);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->name(), "scale");
  EXPECT_EQ(kernel->attributes().localBytes, 0);
  std::vector<float> data(1000), back(data.size());
  std::iota(data.begin(), data.end(), 0.f);
  Result<Buffer> buffer = device_->allocate(4 * data.size());
  Result<OwnedStream> stream = device_->createStream();
  ASSERT_TRUE(buffer && stream);
  ASSERT_TRUE(device_->copyIn(buffer->address(), data.data(), 4 * data.size(), *stream));
  Status status = device_->launch(*kernel, {{8}, {128}, 0},
                                  LaunchArguments().addPointer(buffer->address()).addU32(1000).addF32(2.5f), *stream);
  ASSERT_TRUE(status) << status.message();
  ASSERT_TRUE(device_->synchronize(*stream));
  ASSERT_TRUE(device_->copyOut(back.data(), buffer->address(), 4 * data.size(), *stream));
  for (size_t i = 0; i < data.size(); ++i)
    ASSERT_EQ(back[i], 2.5f * data[i]) << i;
}

TEST_F(SimDeviceTest, KernelOutlivesModuleAndDevice) {
  auto kernel = scaleKernel(*device_);
  Result<Buffer> buffer = device_->allocate(4);
  ASSERT_TRUE(kernel && buffer);
  std::weak_ptr<SimDevice> watch = device_;
  device_.reset();
  EXPECT_FALSE(watch.expired());
  *buffer = Buffer();
  EXPECT_FALSE(watch.expired());
  kernel.reset();
  EXPECT_TRUE(watch.expired());
}

TEST_F(SimDeviceTest, FindingsBecomeADeviceError) {
  auto kernel = scaleKernel(*device_);
  Result<Buffer> buffer = device_->allocate(4 * 100);
  ASSERT_TRUE(kernel && buffer);
  ASSERT_TRUE(device_->fill(buffer->address(), 0, 400, {}));
  Status status = device_->launch(*kernel, {{1}, {128}, 0},
                                  LaunchArguments().addPointer(buffer->address()).addU32(128).addF32(1), {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.code(), StatusCode::DeviceError);
  EXPECT_TRUE(mentions(status, "simulating scale failed"));
  EXPECT_TRUE(mentions(status, "out-of-bounds"));
  EXPECT_TRUE(mentions(status, "ld.global.f32"));
}

TEST_F(SimDeviceTest, BudgetStopsAKernelThatHangs) {
  SimDeviceOptions options;
  options.launch.instructionBudget = 100'000;
  auto device = make(options);
  auto module = device->loadModule({ImageKind::Ptx, R"(.version 7.0
.target sm_80
.address_size 64
.visible .entry forever()
{
AGAIN:
	bra AGAIN;
}
)"});
  ASSERT_TRUE(module) << module.status().message();
  auto kernel = (*module)->find("forever");
  ASSERT_TRUE(kernel) << kernel.status().message();
  Status status = device->launch(**kernel, {}, {}, {});
  EXPECT_EQ(status.code(), StatusCode::DeviceError) << status.message();
  EXPECT_TRUE(mentions(status, "simulating forever failed"));
}

TEST_F(SimDeviceTest, ReportsReachTheirOwner) {
  SimDeviceOptions options;
  uint64_t instructions = 0;
  std::string name;
  options.onReport = [&](const std::string &kernel, const sim::Report &report) {
    name = kernel;
    instructions += report.statistics.warpInstructions;
  };
  auto device = make(options);
  auto kernel = scaleKernel(*device);
  Result<Buffer> buffer = device->allocate(4 * 32);
  ASSERT_TRUE(kernel && buffer);
  ASSERT_TRUE(device->fill(buffer->address(), 0, 128, {}));
  ASSERT_TRUE(device->launch(*kernel, {{1}, {32}, 0},
                             LaunchArguments().addPointer(buffer->address()).addU32(32).addF32(1), {}));
  EXPECT_EQ(name, "scale");
  EXPECT_GT(instructions, 10u);
}

TEST_F(SimDeviceTest, LaunchesThatDoNotFitAreRefused) {
  auto kernel = scaleKernel(*device_);
  auto other = make({});
  ASSERT_TRUE(kernel);
  LaunchArguments good;
  good.addPointer(0).addU32(0).addF32(1);
  EXPECT_EQ(other->launch(*kernel, {}, good, {}).field(), "kernel");
  EXPECT_EQ(device_->launch(*kernel, {}, LaunchArguments(), {}).code(), StatusCode::InvalidArgument);
  EXPECT_EQ(device_->launch(*kernel, {}, LaunchArguments().addU32(0).addU32(0).addF32(1), {}).code(),
            StatusCode::InvalidArgument);
  EXPECT_EQ(device_->launch(*kernel, {{0}, {1}, 0}, good, {}).code(), StatusCode::InvalidArgument);
  EXPECT_EQ(device_->launch(*kernel, {{1}, {1025}, 0}, good, {}).code(), StatusCode::InvalidArgument);
  EXPECT_EQ(device_->launch(*kernel, {{1}, {1}, 1 << 20}, good, {}).code(), StatusCode::InvalidArgument);
  LaunchArguments many;
  for (size_t i = 0; i <= LaunchArguments::kMaxCount; ++i)
    many.addU32(1);
  EXPECT_EQ(device_->launch(*kernel, {}, many, {}).field(), "arguments of scale");
}

TEST_F(SimDeviceTest, BadModules) {
  EXPECT_EQ(device_
                ->loadModule({ImageKind::Cubin, "\x7f"
                                                "ELF"})
                .status()
                .code(),
            StatusCode::Unsupported);
  EXPECT_FALSE(device_->loadModule({ImageKind::Ptx, "this is not PTX"}));
  auto module = device_->loadModule({ImageKind::Ptx, kScalePtx});
  ASSERT_TRUE(module);
  EXPECT_FALSE((*module)->find("absent"));
}

TEST_F(SimDeviceTest, EventsMeasureWallTime) {
  Result<Event> begin = device_->createEvent(), end = device_->createEvent();
  auto other = make({});
  Result<Event> foreign = other->createEvent();
  ASSERT_TRUE(begin && end && foreign);
  EXPECT_EQ(device_->elapsedMicroseconds(*begin, *end).status().field(), "event") << "not recorded yet";
  ASSERT_TRUE(device_->record(*begin, {}));
  ASSERT_TRUE(device_->record(*end, {}));
  Result<double> time = device_->elapsedMicroseconds(*begin, *end);
  ASSERT_TRUE(time);
  EXPECT_GE(*time, 0);
  EXPECT_LT(*time, 1e7);
  EXPECT_EQ(device_->record(*foreign, {}).field(), "event");
  EXPECT_EQ(device_->record(Event(), {}).field(), "event");
}
