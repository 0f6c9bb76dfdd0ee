//===- Pipelines.cpp - the two hand-written pipelines of tests/data/sim ------===//

#include "tests/sim/Pipelines.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/TensorMap.h"
#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

namespace {

/// Row-major f16 integers from -2 to 2.
std::vector<uint16_t> smallIntegers(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint16_t> values(count);
  for (uint16_t &value : values)
    value = f16FromF32(static_cast<float>(random() % 5) - 2);
  return values;
}

/// C[m][n] = A[m][k] B[n][k]^T.
std::vector<float> product(const std::vector<uint16_t> &a, const std::vector<uint16_t> &b, size_t m, size_t n,
                           size_t k) {
  std::vector<float> c(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        c[i * n + j] += f32FromF16(a[i * k + l]) * f32FromF16(b[j * k + l]);
  return c;
}

/// A map over a row-major matrix.
TensorMapBytes mapOf(TensorElement element, uint64_t address, uint64_t columns, uint64_t rows, uint32_t boxColumns,
                     uint32_t boxRows, SwizzleMode swizzle) {
  TensorMapDescription description;
  description.element = element;
  description.rank = 2;
  description.address = address;
  description.dims = {columns, rows};
  description.strides = {columns * tensorElementBits(element) / 8};
  description.box = {boxColumns, boxRows};
  description.swizzle = swizzle;
  Result<TensorMapBytes> map = encodeTensorMap(description);
  EXPECT_TRUE(map) << map.status().message();
  return map ? *map : TensorMapBytes();
}

/// Loads `ptx` and runs its only entry, whose outputs are `count` f32 at `output`.
Result<MutantRun> runKernel(const std::string &ptx, const char *entry, Memory &memory, const LaunchConfig &config,
                            const Arguments &arguments, const Options &options, uint64_t output, size_t count) {
  Result<std::shared_ptr<Module>> module = Module::load(ptx);
  if (!module)
    return module.status();
  Result<const Kernel *> kernel = (*module)->find(entry);
  if (!kernel)
    return kernel.status();
  MutantRun run;
  run.report = launch(**kernel, memory, config, arguments, options);
  run.outputs = rawBytes(download<float>(memory, output, count));
  return run;
}

constexpr uint32_t kSteps = 5; // odd: the slots of the ring are used unequally often

} // namespace

Pipeline hopperPipeline() {
  constexpr size_t kRows = 64, kColumns = 64, kDepth = 64 * kSteps;
  auto a = smallIntegers(kRows * kDepth, 1), b = smallIntegers(kColumns * kDepth, 2);
  Pipeline pipeline;
  pipeline.entry = "product";
  pipeline.ptx = readData("pipelines/hopper.ptx");
  pipeline.expected = product(a, b, kRows, kColumns, kDepth);
  pipeline.run = [a, b](const std::string &ptx, const Options &options) {
    Memory memory;
    uint64_t aAddress = upload(memory, a), bAddress = upload(memory, b), c = allocate(memory, 4 * kRows * kColumns);
    Arguments arguments;
    arguments.add(mapOf(TensorElement::F16, aAddress, kDepth, kRows, 64, 64, SwizzleMode::B128))
        .add(mapOf(TensorElement::F16, bAddress, kDepth, kColumns, 64, 64, SwizzleMode::B128))
        .add(mapOf(TensorElement::F32, c, kColumns, kRows, 64, 64, SwizzleMode::None))
        .add(kSteps);
    LaunchConfig config;
    config.block = {160};
    config.dynamicSharedBytes = 49184;
    return runKernel(ptx, "product", memory, config, arguments, options, c, kRows * kColumns);
  };
  return pipeline;
}

Pipeline blackwellPipeline() {
  constexpr size_t kTiles = 3, kRows = 128 * kTiles, kKeys = 64, kChannels = 64, kDepth = 64 * kSteps;
  auto a = smallIntegers(kRows * kDepth, 3), b = smallIntegers(kKeys * kDepth, 4),
       v = smallIntegers(kChannels * kKeys, 5);
  Pipeline pipeline;
  pipeline.entry = "chain";
  pipeline.ptx = readData("pipelines/blackwell.ptx");
  std::vector<uint16_t> p;
  for (float s : product(a, b, kRows, kKeys, kDepth))
    p.push_back(f16FromF32(s)); // an integer below 2048: exact
  pipeline.expected = product(p, v, kRows, kChannels, kKeys);
  pipeline.run = [a, b, v](const std::string &ptx, const Options &options) {
    Memory memory;
    uint64_t aAddress = upload(memory, a), bAddress = upload(memory, b), vAddress = upload(memory, v);
    uint64_t o = allocate(memory, 4 * kRows * kChannels);
    Arguments arguments;
    arguments.add(mapOf(TensorElement::F16, aAddress, kDepth, kRows, 64, 128, SwizzleMode::B128))
        .add(mapOf(TensorElement::F16, bAddress, kDepth, kKeys, 64, 64, SwizzleMode::B128))
        .add(mapOf(TensorElement::F16, vAddress, kKeys, kChannels, 64, 64, SwizzleMode::B128))
        .add(o)
        .add(kSteps)
        .add(uint32_t(kTiles));
    LaunchConfig config;
    config.block = {256};
    config.dynamicSharedBytes = 57424;
    return runKernel(ptx, "chain", memory, config, arguments, options, o, kRows * kChannels);
  };
  return pipeline;
}

std::vector<Options> checkedPolicies() {
  Options checked;
  checked.checkRaces = checked.lints = true;
  checked.threads = 1;
  std::vector<Options> all(5, checked);
  all[1].delivery = Delivery::Eager;
  for (size_t i = 2; i < all.size(); ++i) {
    all[i].delivery = Delivery::Random;
    all[i].seed = i;
  }
  return all;
}

std::string edited(const std::string &text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from << " is there twice";
  return at == std::string::npos ? text : text.substr(0, at) + to + text.substr(at + from.size());
}

} // namespace thrift::sim::test
