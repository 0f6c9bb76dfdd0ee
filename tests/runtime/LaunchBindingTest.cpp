//===- LaunchBindingTest.cpp - from named values to launch arguments -----------===//

#include "runtime/LaunchBinding.h"

#include "compiler/Compiler.h"
#include "runtime/SimDevice.h"

#include "BoxKernel.h"
#include "TestSupport.h"

#include <cstring>

using namespace thrift;
using namespace thrift::test;

namespace {

/// A kernel that asks for these launch arguments.
KernelInfo kernelWith(std::vector<std::string> abi) {
  KernelInfo kernel;
  kernel.name = "box";
  kernel.abi = std::move(abi);
  kernel.threads = kBoxThreads;
  return kernel;
}

class LaunchBindingTest : public testing::Test {
protected:
  void SetUp() override {
    SimDeviceOptions options;
    options.computeCapability = 100;
    options.launch.checkRaces = true;
    Result<std::shared_ptr<SimDevice>> device = SimDevice::create(options);
    ASSERT_TRUE(device) << device.status().message();
    device_ = *device;
  }

  LaunchBinding resolved(std::vector<std::string> abi) {
    Result<LaunchBinding> binding = LaunchBinding::resolve(kernelWith(std::move(abi)));
    EXPECT_TRUE(binding) << binding.status().message();
    return binding ? *binding : LaunchBinding();
  }

  Buffer uploaded(const void *data, size_t bytes) {
    Result<Buffer> buffer = device_->allocate(bytes);
    EXPECT_TRUE(buffer && device_->copyIn(buffer->address(), data, bytes, {}));
    return buffer ? std::move(*buffer) : Buffer();
  }

  /// The box that `map` names at the coordinates, by way of names, values and a launch. Any i32 and any address will do
  /// for the numbers of the kernel.
  std::vector<uint8_t> boxOf(const std::string &map, const LaunchValues &tensors, std::vector<uint32_t> at,
                             uint32_t bytes) {
    const std::pair<const char *, Slot> numbers[] = {
        {"top_k", Slot::TopK}, {"min_blocks", Slot::MinBlocks}, {"sink", Slot::Sink}, {"local", Slot::Local}};
    std::vector<std::string> abi = {map, "lse"};
    LaunchValues values = tensors;
    for (size_t i = 0; i < at.size(); ++i) {
      abi.push_back(numbers[i].first);
      values.set(numbers[i].second, at[i]);
    }
    Result<Buffer> out = device_->allocate(bytes);
    auto kernel = loadBoxKernel(*device_, unsigned(at.size()), bytes);
    EXPECT_TRUE(out && kernel);
    if (!out || !kernel)
      return {};
    values.set(Slot::Lse, out->address());
    Result<LaunchArguments> arguments = resolved(abi).arguments(values, *device_);
    EXPECT_TRUE(arguments) << arguments.status().message();
    return arguments ? runBox(*device_, *kernel, *arguments, out->address(), bytes) : std::vector<uint8_t>();
  }

  std::shared_ptr<SimDevice> device_;
};

} // namespace

TEST_F(LaunchBindingTest, ValuesHaveTheSizesOfTheirNames) {
  LaunchBinding binding = resolved({"q_len", "q", "softmax_scale", "q.stride.1", "q.map.64x128.128", "top_k"});
  std::vector<uint16_t> data(2 * 128);
  TensorView view = TensorView::contiguous(data.data(), DType::F16, {1, 2, 1, 128});
  view.data = reinterpret_cast<void *>(0x4000);
  LaunchValues values;
  values.set(Slot::QLen, 77);
  values.setTensor(Slot::Q, view);
  values.setFloat(Slot::SoftmaxScale, 0.25f);
  values.set(Slot::TopK, static_cast<uint64_t>(-1));
  values.setMapped(MappedTensor::Q, MapSource::of(view));
  Result<LaunchArguments> arguments = binding.arguments(values, *device_);
  ASSERT_TRUE(arguments) << arguments.status().message();
  const size_t sizes[] = {4, 8, 4, 8, 128, 4};
  ASSERT_EQ(arguments->count(), 6u);
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(arguments->bytes(i), sizes[i]) << i;
  EXPECT_EQ(*static_cast<const uint32_t *>(arguments->value(0)), 77u);
  EXPECT_EQ(*static_cast<const uint64_t *>(arguments->value(1)), 0x4000u);
  EXPECT_EQ(*static_cast<const float *>(arguments->value(2)), 0.25f);
  EXPECT_EQ(*static_cast<const int64_t *>(arguments->value(3)), 128);
  EXPECT_EQ(*static_cast<const int32_t *>(arguments->value(5)), -1);
  // The map is the one that the device makes of the same description.
  Result<TensorMapDescription> description = describeMap(*MapRequest::parse("q.map.64x128.128"), MapSource::of(view));
  ASSERT_TRUE(description);
  Result<TensorMap> map = device_->encodeTensorMap(*description);
  ASSERT_TRUE(map);
  EXPECT_EQ(std::memcmp(arguments->value(4), map->bytes.data(), map->bytes.size()), 0);
}

TEST_F(LaunchBindingTest, NamesThatAreNotKnownAreInternal) {
  for (const char *name :
       {"q_lenght", "q.map", "q.map.64x128.127", "w.map.64x128.128", "q.map.60x128.128", "k_low.map.64x64x1x1.64"}) {
    Status status = LaunchBinding::resolve(kernelWith({"q_len", name})).status();
    EXPECT_EQ(status.code(), StatusCode::Internal) << name;
    EXPECT_TRUE(mentions(status, "kernel box asks for"));
    EXPECT_TRUE(mentions(status, name));
  }
}

TEST_F(LaunchBindingTest, TooManyArgumentsAreInternal) {
  std::vector<std::string> abi(LaunchArguments::kMaxCount, "q_len");
  EXPECT_TRUE(LaunchBinding::resolve(kernelWith(abi)));
  abi.push_back("q_len");
  EXPECT_EQ(LaunchBinding::resolve(kernelWith(abi)).status().code(), StatusCode::Internal);
  abi.assign(LaunchArguments::kMaxBytes / kTensorMapBytes, "q.map.64x128.128");
  EXPECT_TRUE(LaunchBinding::resolve(kernelWith(abi)));
  abi.push_back("q_len");
  Status status = LaunchBinding::resolve(kernelWith(abi)).status();
  EXPECT_EQ(status.code(), StatusCode::Internal);
  EXPECT_TRUE(mentions(status, "at most 63 values and 2048 bytes"));
}

TEST_F(LaunchBindingTest, BadStridesFailAtLaunch) {
  LaunchBinding binding = resolved({"q_len", "k.map.64x64.128"});
  TensorView view = TensorView::contiguous(reinterpret_cast<void *>(0x4000), DType::F16, {1, 2, 64, 64});
  view.stride[1] = 64 * 64 + 2;
  LaunchValues values;
  values.setMapped(MappedTensor::K, MapSource::of(view));
  Status status = binding.arguments(values, *device_).status();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.field(), "k.stride[1]");
  EXPECT_EQ(status.value(), "4098");
  EXPECT_EQ(binding.arguments(LaunchValues(), *device_).status().code(), StatusCode::Internal) << "no k in this launch";
}

TEST_F(LaunchBindingTest, MapsOfTheCallersTensorsLoadTheirBoxes) {
  // [2, 3, 70, 128] within [2, 70, 3, 128].
  std::vector<uint16_t> data(2 * 70 * 3 * 128);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = uint16_t(i * 40503u >> 3 | 1);
  Buffer buffer = uploaded(data.data(), 2 * data.size());
  TensorView view =
      TensorView::contiguous(reinterpret_cast<void *>(buffer.address()), DType::BF16, {2, 70, 3, 128}).transposed(1, 2);
  LaunchValues values;
  values.setMapped(MappedTensor::V, MapSource::of(view));
  std::vector<uint8_t> box = boxOf("v.map.64x128.128", values, {64, 0, 2, 1}, 64 * 128 * 2);
  ASSERT_FALSE(box.empty());
  for (int64_t row = 0; row < 128; ++row)
    for (int64_t column = 0; column < 64; ++column) {
      uint16_t value = 0;
      std::memcpy(&value, &box[swizzled(row, 2 * column, 128, 128)], 2);
      ASSERT_EQ(value, row < 70 ? data[view.offset(1, 2, row, 64 + column)] : 0)
          << "row " << row << " column " << column;
    }
}

TEST_F(LaunchBindingTest, MapsOfPackedTensorsLoadTheirBoxes) {
  const PackedShape shape{2, 3, 100, 128, 64};
  RowsLayout rows{LowFormat::Nvfp4, shape};
  TransposedLayout columns{LowFormat::Nvfp4, shape};
  std::vector<uint8_t> k(rows.dataBytes()), v(columns.dataBytes());
  for (std::vector<uint8_t> *data : {&k, &v})
    for (size_t i = 0; i < data->size(); ++i)
      (*data)[i] = uint8_t(i * 2654435761u >> 13) | 1;
  Buffer kBuffer = uploaded(k.data(), k.size()), vBuffer = uploaded(v.data(), v.size());
  LaunchValues values;
  values.setMapped(MappedTensor::KLow, MapSource::of(kBuffer.address(), rows));
  values.setMapped(MappedTensor::VLow, MapSource::of(vBuffer.address(), columns));
  // The second block of keys of (batch 1, head 2), and its tile of values.
  const uint32_t head = 1 * 3 + 2;
  std::vector<uint8_t> box = boxOf("k_low.map.64x64.64", values, {0, 64, head}, 64 * 64);
  ASSERT_FALSE(box.empty());
  for (int64_t row = 0; row < 64; ++row)
    for (int64_t byte = 0; byte < 64; ++byte)
      ASSERT_EQ(box[swizzled(row, byte, 64, 64)], k[rows.dataOffset(1, 2, 64 + row, 2 * byte)]) << row << " " << byte;
  box = boxOf("v_low.map.32x128x1.32", values, {0, 0, uint32_t(head * columns.tiles() + 1)}, 32 * 128);
  ASSERT_FALSE(box.empty());
  for (int64_t channel = 0; channel < 128; ++channel)
    for (int64_t byte = 0; byte < 32; ++byte)
      ASSERT_EQ(box[swizzled(channel, byte, 32, 32)],
                v[columns.dataOffset(1, 2, 64 + tokenAtPosition(2 * byte), channel)])
          << channel << " " << byte;
}
