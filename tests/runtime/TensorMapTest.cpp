//===- TensorMapTest.cpp - tensor maps, from a description to shared memory ---===//
//
// The same boxes in the simulator and on a GPU, skipped where there is none of compute capability 9.0.
//
//===----------------------------------------------------------------------===//

#include "runtime/TensorMap.h"
#include "runtime/Devices.h"
#include "runtime/SimDevice.h"

#include "BoxKernel.h"

#include <functional>

using namespace thrift;
using namespace thrift::test;

namespace {

std::shared_ptr<Device> simulator() {
  SimDeviceOptions options;
  options.computeCapability = 90;
  options.launch.checkRaces = true;
  Result<std::shared_ptr<SimDevice>> device = SimDevice::create(options);
  EXPECT_TRUE(device) << device.status().message();
  return device ? *device : nullptr;
}

/// A GPU that has tensor maps, or null.
std::shared_ptr<Device> gpu(std::string &whyNot) {
  DeviceOptions options;
  options.leastComputeCapability = 90;
  Result<SelectedDevice> selected = selectDevice({DeviceRequest::Kind::Cuda}, options);
  if (!selected)
    whyNot = selected.status().message();
  return selected ? selected->device : nullptr;
}

TensorMapDescription matrixOfHalves() {
  TensorMapDescription map;
  map.element = TensorMapElement::F16;
  map.rank = 2;
  map.address = 0x10000;
  map.dims = {256, 1000};
  map.strides = {512};
  map.box = {64, 128};
  map.swizzle = TensorMapSwizzle::B128;
  return map;
}

struct Rule {
  const char *field; ///< that is to blame; null: the map is good
  std::function<void(TensorMapDescription &)> change;
};

const Rule kRules[] = {
    {nullptr, [](TensorMapDescription &) {}},
    {"rank", [](TensorMapDescription &map) { map.rank = 0; }},
    {"rank", [](TensorMapDescription &map) { map.rank = 6; }},
    {"address", [](TensorMapDescription &map) { map.address += 8; }},
    {nullptr, [](TensorMapDescription &map) { map.address += 16; }},
    {"dims[0]", [](TensorMapDescription &map) { map.dims[0] = 0; }},
    {nullptr, [](TensorMapDescription &map) { map.dims[1] = uint64_t(1) << 32; }},
    {"dims[1]", [](TensorMapDescription &map) { map.dims[1] = (uint64_t(1) << 32) + 1; }},
    {"strides[0]", [](TensorMapDescription &map) { map.strides[0] = 520; }},
    {nullptr, [](TensorMapDescription &map) { map.strides[0] = 0; }},
    {nullptr, [](TensorMapDescription &map) { map.strides[0] = 16; }},
    {"strides[0]", [](TensorMapDescription &map) { map.strides[0] = uint64_t(1) << 40; }},
    {nullptr, [](TensorMapDescription &map) { map.strides[0] = (uint64_t(1) << 40) - 16; }},
    {"box[0]", [](TensorMapDescription &map) { map.box[0] = 0; }},
    {"box[1]", [](TensorMapDescription &map) { map.box[1] = 257; }},
    {nullptr, [](TensorMapDescription &map) { map.box[1] = 256; }},
    {"box[0]", [](TensorMapDescription &map) { map.box[0] = 60; }},
    {"box[0]", [](TensorMapDescription &map) { map.box[0] = 72; }},
    {"box[0]", [](TensorMapDescription &map) { map.swizzle = TensorMapSwizzle::B64; }},
    {"box[0]", [](TensorMapDescription &map) { map.swizzle = TensorMapSwizzle::B32; }},
    {nullptr,
     [](TensorMapDescription &map) {
       map.element = TensorMapElement::U8;
       map.swizzle = TensorMapSwizzle::B64;
     }},
    {nullptr,
     [](TensorMapDescription &map) {
       map.element = TensorMapElement::BF16;
       map.swizzle = TensorMapSwizzle::None;
       map.box[0] = 256;
     }},
    {"box",
     [](TensorMapDescription &map) {
       map.rank = 3;
       map.dims[2] = 9;
       map.strides[1] = 512;
       map.box = {64, 153, 12};
     }},
};

/// A device and `validateTensorMap` must agree, so that a caller gets the field's name in any case.
void checkRules(Device &device) {
  for (const Rule &rule : kRules) {
    TensorMapDescription map = matrixOfHalves();
    rule.change(map);
    Status valid = validateTensorMap(map), encoded = device.encodeTensorMap(map).status();
    EXPECT_EQ(bool(valid), rule.field == nullptr) << valid.message();
    EXPECT_EQ(valid.field(), rule.field ? rule.field : "");
    EXPECT_EQ(encoded.message(), valid.message());
  }
}

/// f16 [batch, heads, tokens, channels] within [batch, tokens + 3, heads, channels + 24], as rows of a fused
/// projection.
struct StridedHalves {
  uint64_t batch = 2, heads = 3, tokens = 100, channels = 128;
  uint64_t rowElements = channels + 24, tokenElements = heads * rowElements,
           batchElements = (tokens + 3) * tokenElements;
  std::vector<uint16_t> data = std::vector<uint16_t>(batch * batchElements);

  StridedHalves() {
    for (size_t i = 0; i < data.size(); ++i)
      data[i] = uint16_t(i * 40503u >> 3 | 1); // none of them zero
  }
  uint16_t at(uint64_t b, uint64_t h, uint64_t token, uint64_t channel) const {
    if (b >= batch || h >= heads || token >= tokens || channel >= channels)
      return 0;
    return data[b * batchElements + token * tokenElements + h * rowElements + channel];
  }
};

void checkStridedBoxes(Device &device) {
  StridedHalves tensor;
  const uint32_t bytes = 64 * 128 * 2;
  Result<Buffer> data = device.allocate(2 * tensor.data.size()), out = device.allocate(bytes);
  ASSERT_TRUE(data && out);
  ASSERT_TRUE(device.copyIn(data->address(), tensor.data.data(), data->bytes(), {}));
  TensorMapDescription description;
  description.element = TensorMapElement::F16;
  description.rank = 4;
  description.address = data->address();
  description.dims = {tensor.channels, tensor.tokens, tensor.heads, tensor.batch};
  description.strides = {2 * tensor.tokenElements, 2 * tensor.rowElements, 2 * tensor.batchElements};
  description.box = {64, 128, 1, 1};
  description.swizzle = TensorMapSwizzle::B128;
  Result<TensorMap> map = device.encodeTensorMap(description);
  ASSERT_TRUE(map) << map.status().message();
  auto kernel = loadBoxKernel(device, 4, bytes);
  ASSERT_TRUE(kernel);
  const uint32_t places[][4] = {{0, 0, 0, 0},   {64, 0, 1, 1}, {0, 37, 2, 0},
                                {64, 96, 2, 1}, {96, 0, 0, 0}, {0, 0, 3, 0}};
  for (auto [channel, token, head, b] : places) {
    LaunchArguments arguments;
    arguments.addTensorMap(*map).addPointer(out->address());
    arguments.addU32(channel).addU32(token).addU32(head).addU32(b);
    std::vector<uint8_t> box = runBox(device, *kernel, arguments, out->address(), bytes);
    for (uint32_t row = 0; row < 128; ++row)
      for (uint32_t column = 0; column < 64; ++column) {
        uint16_t value = 0;
        std::memcpy(&value, &box[swizzled(row, 2 * column, 128, 128)], 2);
        ASSERT_EQ(value, tensor.at(b, head, token + row, channel + column))
            << "row " << row << " column " << column << " of the box at channel " << channel << ", token " << token
            << ", head " << head << ", batch " << b;
      }
  }
}

/// A stride of zero repeats a dimension: every head is the first one.
void checkRepeatedHeads(Device &device) {
  StridedHalves tensor;
  const uint32_t bytes = 32 * 16 * 2;
  Result<Buffer> data = device.allocate(2 * tensor.data.size()), out = device.allocate(bytes);
  ASSERT_TRUE(data && out);
  ASSERT_TRUE(device.copyIn(data->address(), tensor.data.data(), data->bytes(), {}));
  TensorMapDescription description;
  description.element = TensorMapElement::F16;
  description.rank = 4;
  description.address = data->address();
  description.dims = {tensor.channels, tensor.tokens, 7, tensor.batch};
  description.strides = {2 * tensor.tokenElements, 0, 2 * tensor.batchElements};
  description.box = {32, 16, 1, 1};
  description.swizzle = TensorMapSwizzle::B64;
  Result<TensorMap> map = device.encodeTensorMap(description);
  ASSERT_TRUE(map) << map.status().message();
  auto kernel = loadBoxKernel(device, 4, bytes);
  ASSERT_TRUE(kernel);
  for (uint32_t head : {0, 1, 6}) {
    LaunchArguments arguments;
    arguments.addTensorMap(*map).addPointer(out->address()).addU32(96).addU32(90).addU32(head).addU32(1);
    std::vector<uint8_t> box = runBox(device, *kernel, arguments, out->address(), bytes);
    for (uint32_t row = 0; row < 16; ++row)
      for (uint32_t column = 0; column < 32; ++column) {
        uint16_t value = 0;
        std::memcpy(&value, &box[swizzled(row, 2 * column, 64, 64)], 2);
        ASSERT_EQ(value, tensor.at(1, 0, 90 + row, 96 + column))
            << "head " << head << " row " << row << " column " << column;
      }
  }
}

/// Packed tiles of bytes, in each swizzle that such tiles have.
void checkTiles(Device &device) {
  for (uint32_t swizzle : {0u, 32u, 64u}) {
    const uint32_t rowBytes = swizzle == 64 ? 64 : 32, rows = 128, tiles = 5, bytes = rowBytes * rows;
    std::vector<uint8_t> tensor(size_t(bytes) * tiles);
    for (size_t i = 0; i < tensor.size(); ++i)
      tensor[i] = uint8_t(i * 2654435761u >> 13) | 1;
    Result<Buffer> data = device.allocate(tensor.size()), out = device.allocate(bytes);
    ASSERT_TRUE(data && out);
    ASSERT_TRUE(device.copyIn(data->address(), tensor.data(), tensor.size(), {}));
    TensorMapDescription description;
    description.rank = 3;
    description.address = data->address();
    description.dims = {rowBytes, rows, tiles};
    description.strides = {rowBytes, bytes};
    description.box = {rowBytes, rows, 1};
    description.swizzle = swizzle == 0    ? TensorMapSwizzle::None
                          : swizzle == 32 ? TensorMapSwizzle::B32
                                          : TensorMapSwizzle::B64;
    Result<TensorMap> map = device.encodeTensorMap(description);
    ASSERT_TRUE(map) << map.status().message();
    auto kernel = loadBoxKernel(device, 3, bytes);
    ASSERT_TRUE(kernel);
    for (uint32_t tile : {0u, 4u, 5u}) { // the last does not exist
      LaunchArguments arguments;
      arguments.addTensorMap(*map).addPointer(out->address()).addU32(0).addU32(0).addU32(tile);
      std::vector<uint8_t> box = runBox(device, *kernel, arguments, out->address(), bytes);
      for (uint32_t row = 0; row < rows; ++row)
        for (uint32_t byte = 0; byte < rowBytes; ++byte)
          ASSERT_EQ(box[swizzled(row, byte, rowBytes, swizzle)],
                    tile < tiles ? tensor[size_t(tile) * bytes + row * rowBytes + byte] : 0)
              << "swizzle " << swizzle << " tile " << tile << " row " << row << " byte " << byte;
    }
  }
}

} // namespace

TEST(TensorMap, RulesNameTheField) { checkRules(*simulator()); }
TEST(TensorMap, BoxesOfAStridedTensor) { checkStridedBoxes(*simulator()); }
TEST(TensorMap, StrideZeroRepeats) { checkRepeatedHeads(*simulator()); }
TEST(TensorMap, PackedTiles) { checkTiles(*simulator()); }

TEST(TensorMap, ReadPastTheBufferIsFound) {
  auto device = simulator();
  Result<Buffer> data = device->allocate(64 * 64), out = device->allocate(64 * 64);
  ASSERT_TRUE(data && out);
  ASSERT_TRUE(device->fill(data->address(), 1, data->bytes(), {}));
  TensorMapDescription description;
  description.rank = 3;
  description.address = data->address();
  description.dims = {64, 65, 1}; // one row more than there is
  description.strides = {64, 64 * 65};
  description.box = {64, 64, 1};
  Result<TensorMap> map = device->encodeTensorMap(description);
  auto kernel = loadBoxKernel(*device, 3, 64 * 64);
  ASSERT_TRUE(map && kernel);
  LaunchArguments arguments;
  arguments.addTensorMap(*map).addPointer(out->address()).addU32(0).addU32(1).addU32(0);
  Status status = device->launch(*kernel, {{1}, {kBoxThreads}}, arguments, {});
  EXPECT_EQ(status.code(), StatusCode::DeviceError) << status.message();
  EXPECT_NE(status.message().find("cp.async.bulk.tensor"), std::string::npos) << status.message();
}

class GpuTensorMap : public testing::Test {
protected:
  void SetUp() override {
    std::string whyNot;
    device_ = gpu(whyNot);
    if (!device_)
      GTEST_SKIP() << whyNot;
  }

  std::shared_ptr<Device> device_;
};

TEST_F(GpuTensorMap, RulesNameTheField) { checkRules(*device_); }
TEST_F(GpuTensorMap, BoxesOfAStridedTensor) { checkStridedBoxes(*device_); }
TEST_F(GpuTensorMap, StrideZeroRepeats) { checkRepeatedHeads(*device_); }
TEST_F(GpuTensorMap, PackedTiles) { checkTiles(*device_); }
