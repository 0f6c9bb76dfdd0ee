//===- DevicesTest.cpp - requests, and machines without a driver ------------===//

#include "runtime/Devices.h"

#include "TestSupport.h"

using namespace thrift;
using thrift::test::mentions;

TEST(DeviceRequest, Parses) {
  EXPECT_EQ(DeviceRequest::parse("auto")->kind, DeviceRequest::Kind::Auto);
  EXPECT_EQ(DeviceRequest::parse("sim")->kind, DeviceRequest::Kind::Sim);
  EXPECT_EQ(DeviceRequest::parse("cuda")->ordinal, -1);
  EXPECT_EQ(DeviceRequest::parse("cuda:7")->ordinal, 7);
  for (const char *text : {"auto", "sim", "cuda", "cuda:0", "cuda:12"})
    EXPECT_EQ(DeviceRequest::parse(text)->print(), text);
  for (const char *bad :
       {"", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:99999999999", "gpu", "sim:0", "auto "}) {
    Result<DeviceRequest> request = DeviceRequest::parse(bad, "--device");
    ASSERT_FALSE(request) << bad;
    EXPECT_EQ(request.status().field(), "--device");
    EXPECT_EQ(request.status().allowed(), "auto, cuda, cuda:N, sim");
  }
}

static DeviceOptions withoutDriver() {
  DeviceOptions options;
  options.cudaLibrary = "libno-such-cuda.so.1";
  return options;
}

TEST(Devices, AutoWithoutADriverIsTheSimulatorAndSaysSo) {
  Result<SelectedDevice> selected = selectDevice({}, withoutDriver());
  ASSERT_TRUE(selected) << selected.status().message();
  EXPECT_TRUE(selected->device->attributes().isSimulator());
  EXPECT_EQ(selected->sentence.rfind("using sim, PTX simulator on ", 0), 0u) << selected->sentence;
  EXPECT_NE(selected->sentence.find("no usable GPU: no CUDA driver: libno-such-cuda.so.1"), std::string::npos)
      << selected->sentence;
}

TEST(Devices, CudaWithoutADriverIsUnavailable) {
  Status status = selectDevice({DeviceRequest::Kind::Cuda}, withoutDriver()).status();
  EXPECT_EQ(status.code(), StatusCode::DeviceUnavailable);
  EXPECT_TRUE(mentions(status, "install the NVIDIA driver"));
}

TEST(Devices, SimulatorOnRequest) {
  Result<SelectedDevice> selected = selectDevice({DeviceRequest::Kind::Sim}, withoutDriver());
  ASSERT_TRUE(selected);
  EXPECT_EQ(selected->sentence.find("no usable GPU"), std::string::npos) << "nobody asked for a GPU";
}

TEST(Devices, ListingWithoutADriver) {
  std::vector<DeviceListing> all = listDevices(withoutDriver());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "cuda");
  EXPECT_EQ(all[0].status.code(), StatusCode::DeviceUnavailable);
  EXPECT_EQ(all[1].id, "sim");
  EXPECT_TRUE(all[1].status);
}

TEST(Devices, OptionsFollowTheEnvironment) {
  Environment environment;
  environment.simThreads = 3;
  environment.simInstructionBudget = 1234;
  environment.simDelivery = "random:42";
  environment.simChecks = "races";
  DeviceOptions options = DeviceOptions::from(environment);
  EXPECT_EQ(options.sim.launch.threads, 3u);
  EXPECT_EQ(options.sim.launch.instructionBudget, 1234u);
  EXPECT_EQ(options.sim.launch.delivery, sim::Delivery::Random);
  EXPECT_EQ(options.sim.launch.seed, 42u);
  EXPECT_TRUE(options.sim.launch.checkRaces);
  EXPECT_FALSE(options.sim.launch.lints);
}

TEST(Devices, ThisMachine) {
  // Whatever this machine has, the answer is a device or a sentence that helps.
  Result<SelectedDevice> selected = selectDevice({DeviceRequest::Kind::Cuda}, {});
  if (selected) {
    EXPECT_GE(selected->device->attributes().computeCapability(), kLeastComputeCapability);
    return;
  }
  EXPECT_EQ(selected.status().code(), StatusCode::DeviceUnavailable) << selected.status().message();
  EXPECT_TRUE(selectDevice({}, {}));
}
