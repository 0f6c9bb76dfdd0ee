//===- StoredKernel.cpp - kernels of other compilers, ready to launch -------===//

#include "tests/sim/compilers/StoredKernel.h"

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float8.h"
#include "runtime/sim/TensorMap.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace thrift::sim::test {

using nlohmann::json;

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static std::filesystem::path folder() { return std::filesystem::path(THRIFTJIT_TEST_DATA) / "sim/compilers/ptx"; }

static std::string readText(const std::string &name) {
  std::ifstream file(folder() / name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

static const json &catalog() {
  static const json kCatalog = json::parse(readText("catalog.json"))["kernels"];
  return kCatalog;
}

std::vector<std::string> storedKernels(const std::string &family) {
  std::vector<std::string> stems;
  for (const auto &[stem, facts] : catalog().items())
    if (family.empty() || facts["family"] == family)
      stems.push_back(stem);
  return stems;
}

std::string testName(const ::testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return name;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static size_t elementBytes(const std::string &type) {
  return type == "f32" ? 4 : type == "f16" || type == "bf16" ? 2 : 1;
}

size_t StoredBuffer::count() const {
  size_t count = 1;
  for (uint64_t extent : shape)
    count *= extent;
  return count;
}

double StoredBuffer::number(size_t index) const {
  const uint8_t *at = bytes.data() + index * elementBytes(type);
  if (type == "f32") {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  if (type == "f16" || type == "bf16") {
    uint16_t code;
    std::memcpy(&code, at, sizeof code);
    return type == "f16" ? f32FromF16(code) : f32FromBf16(code);
  }
  return type == "e4m3" ? f32FromE4m3(*at) : *at;
}

static void store(uint8_t *at, const std::string &type, float value) {
  if (type == "tf32") {
    uint32_t bits = bitsOfF32(value) & 0xFFFFE000u;
    std::memcpy(at, &bits, sizeof bits);
  } else if (type == "f32") {
    std::memcpy(at, &value, sizeof value);
  } else if (type == "e4m3") {
    *at = e4m3FromF32(value);
  } else {
    uint16_t code = type == "f16" ? f16FromF32(value) : bf16FromF32(value);
    std::memcpy(at, &code, sizeof code);
  }
}

void StoredKernel::fill(const std::string &name, uint64_t seed, double deviation, const std::string &type) {
  StoredBuffer &buffer = buffers_.at(name);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, static_cast<float>(deviation));
  for (size_t i = 0; i < buffer.count(); ++i)
    if (buffer.type == "u8")
      buffer.bytes[i] = static_cast<uint8_t>(random());
    else
      store(&buffer.bytes[i * elementBytes(buffer.type)], type.empty() ? buffer.type : type, normal(random));
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

StoredKernel::StoredKernel(const std::string &stem)
    : stem_(stem), facts_(catalog().at(stem)), launch_(json::parse(readText(stem + ".json"))) {
  for (const auto &[name, buffer] : launch_["buffers"].items()) {
    StoredBuffer &made = buffers_[name];
    made.type = buffer["dtype"];
    made.shape = buffer["shape"].get<std::vector<uint64_t>>();
    made.bytes.assign(made.count() * elementBytes(made.type), 0xFF);
  }
}

std::string StoredKernel::ptx() const { return readText(stem_ + ".ptx"); }

const std::vector<Policy> &policies() {
  static const std::vector<Policy> kAll = [] {
    std::vector<Policy> all = {{"lazy", {}}, {"eager", {}}, {"random", {}}};
    all[1].options.delivery = Delivery::Eager;
    all[2].options.delivery = Delivery::Random;
    all[2].options.seed = 1;
    for (Policy &policy : all)
      policy.options.checkRaces = true;
    return all;
  }();
  return kAll;
}

static Dim3 dim3(const json &extents) {
  Dim3 dim;
  uint32_t *at[] = {&dim.x, &dim.y, &dim.z};
  for (size_t i = 0; i < extents.size(); ++i)
    *at[i] = extents[i];
  return dim;
}

namespace {

/// Device copies of the buffers, and the arguments that point to them.
class Placement {
public:
  Placement(Memory &memory, const std::map<std::string, StoredBuffer> &buffers) : memory_(memory) {
    for (const auto &[name, buffer] : buffers)
      addresses_[name] = place(buffer.bytes);
  }

  uint64_t operator[](const std::string &name) const { return addresses_.at(name); }

  void add(Arguments &arguments, const json &argument) {
    const auto &item = argument.begin();
    if (item.key() == "buffer")
      arguments.add(addresses_.at(item.value()));
    else if (item.key() == "f32")
      arguments.add(item.value().get<float>());
    else if (item.key() == "u8")
      arguments.add(item.value().get<uint8_t>());
    else if (item.key() == "u32")
      arguments.add(item.value().get<uint32_t>());
    else if (item.key() == "u64")
      arguments.add(item.value().get<uint64_t>());
    else if (item.key() == "tensor_map")
      addTensorMap(arguments, item.value());
    else
      ADD_FAILURE() << "no such kind of argument: " << argument;
  }

private:
  void addTensorMap(Arguments &arguments, const json &map) {
    TensorMapDescription description;
    EXPECT_TRUE(tensorElementNamed(map["element"].get<std::string>(), description.element)) << map;
    description.address = addresses_.at(map["buffer"]);
    description.rank = static_cast<unsigned>(map["dims"].size());
    ASSERT_LE(description.rank, kMaxTensorRank);
    std::copy(map["dims"].begin(), map["dims"].end(), description.dims.begin());
    std::copy(map["strides"].begin(), map["strides"].end(), description.strides.begin());
    std::copy(map["box"].begin(), map["box"].end(), description.box.begin());
    static const std::map<std::string, SwizzleMode> kSwizzles = {
        {"none", SwizzleMode::None}, {"32B", SwizzleMode::B32}, {"64B", SwizzleMode::B64}, {"128B", SwizzleMode::B128}};
    description.swizzle = kSwizzles.at(map["swizzle"]);
    Result<TensorMapBytes> bytes = encodeTensorMap(description);
    ASSERT_TRUE(bytes) << bytes.status().message();
    arguments.add(*bytes);
  }
  uint64_t place(const std::vector<uint8_t> &bytes) {
    Result<uint64_t> address = memory_.allocate(bytes.size());
    EXPECT_TRUE(address && memory_.write(*address, bytes.data(), bytes.size()));
    return *address;
  }

  Memory &memory_;
  std::map<std::string, uint64_t> addresses_;
};

} // namespace

void StoredKernel::run(const Policy &policy) {
  Result<std::shared_ptr<Module>> module = Module::load(ptx());
  ASSERT_TRUE(module) << module.status().message();
  Result<const Kernel *> kernel = (*module)->find(launch_["entry"].get<std::string>());
  ASSERT_TRUE(kernel) << kernel.status().message();

  Memory memory;
  Placement placement(memory, buffers_);
  Arguments arguments;
  for (const json &argument : launch_["arguments"])
    placement.add(arguments, argument);
  LaunchConfig config{dim3(launch_["grid"]), dim3(launch_["block"]), launch_["shared_bytes"]};
  Report report = launch(**kernel, memory, config, arguments, policy.options);
  for (const Finding &finding : report.findings)
    EXPECT_EQ(finding.severity, Severity::Note) << finding.describe();
  ASSERT_TRUE(report.status) << report.status.message();
  for (auto &[name, buffer] : buffers_)
    ASSERT_TRUE(memory.read(placement[name], buffer.bytes.data(), buffer.bytes.size()));
}

void StoredKernel::runInAllPolicies(const std::function<void()> &compare) {
  const std::map<std::string, StoredBuffer> before = buffers_;
  for (const Policy &policy : policies()) {
    SCOPED_TRACE(policy.name);
    buffers_ = before;
    ASSERT_NO_FATAL_FAILURE(run(policy));
    compare();
    if (::testing::Test::HasFailure())
      return;
  }
}

} // namespace thrift::sim::test
