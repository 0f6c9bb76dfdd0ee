//===- TmaTest.cpp - cp.async.bulk.tensor -----------------------------------===//

#include "tests/sim/SimHarness.h"
#include "tests/sim/TmaCases.h"

#include <map>

namespace thrift::sim::test {

static const Delivery kPolicies[] = {Delivery::Lazy, Delivery::Eager, Delivery::Random};

namespace {

/// Kernels, loaded once.
const Kernel *tmaKernelFor(unsigned rank, bool isStore, const std::string &target, const std::string &destination) {
  static std::map<std::string, LoadedKernel> kernels;
  std::string key = std::to_string(rank) + (isStore ? "store" : "load") + target + destination;
  auto it = kernels.find(key);
  if (it == kernels.end())
    it = kernels.emplace(key, loadKernel(tmaKernel(rank, isStore, kTileBytes, target, destination))).first;
  return it->second.kernel;
}

struct TmaRun {
  Report report;
  std::vector<uint8_t> memory; ///< the tile after a load, the tensor after a store
};

TmaRun runTma(TmaCase each, const Options &options, const std::string &target = "sm_100a",
              const std::string &destination = "shared::cluster") {
  TmaRun run;
  const Kernel *kernel = tmaKernelFor(each.map.rank, each.isStore, target, destination);
  if (!kernel)
    return run;
  Memory memory;
  each.map.address = upload(memory, each.tensor);
  uint64_t before = upload(memory, each.tile), after = allocate(memory, each.tile.size());
  Result<TensorMapBytes> map = encodeTensorMap(each.map);
  EXPECT_TRUE(map) << map.status().message() << "\n" << each.describe();
  if (!map)
    return run;
  Arguments arguments;
  arguments.add(*map).add(before).add(after).add(each.shared).add(each.copiedBytes());
  for (int32_t coordinate : each.coordinates)
    arguments.add(coordinate);
  run.report = launch(*kernel, memory, {{1}, {128}}, arguments, options);
  if (run.report.status)
    run.memory = each.isStore ? download<uint8_t>(memory, each.map.address, each.tensor.size())
                              : download<uint8_t>(memory, after, each.tile.size());
  return run;
}

/// The first byte in which they differ, or -1.
int64_t firstDifference(const std::vector<uint8_t> &a, const std::vector<uint8_t> &b,
                        const std::vector<bool> &defined) {
  for (size_t i = 0; i < a.size(); ++i)
    if (defined[i] && a[i] != b[i])
      return static_cast<int64_t>(i);
  return -1;
}

void checkRandomCases(const TmaLimits &limits, unsigned count, uint64_t seed, const std::string &target) {
  std::mt19937_64 random(seed);
  for (unsigned i = 0; i < count; ++i) {
    TmaCase each = randomTmaCase(random, limits);
    std::vector<bool> defined;
    std::vector<uint8_t> expected = modelTma(each, defined);
    Options options;
    options.delivery = kPolicies[i % 3];
    options.seed = i;
    options.checkRaces = i % 2 == 0;
    // The kernel reads gaps, which nobody has written.
    options.checkUninitialized = each.map.element < TensorElement::U4Align16;
    TmaRun run = runTma(each, options, target, i % 2 == 0 ? "shared::cluster" : "shared::cta");
    ASSERT_TRUE(run.report.status) << run.report.status.message() << "\n" << each.describe();
    ASSERT_EQ(run.memory.size(), expected.size());
    ASSERT_EQ(firstDifference(run.memory, expected, defined), -1) << "case " << i << ": " << each.describe();
    uint64_t counted = each.isStore ? run.report.statistics.bulkStoreBytes : run.report.statistics.bulkLoadBytes;
    EXPECT_LE(counted, each.copiedBytes());
    if (!each.isStore) {
      EXPECT_EQ(counted, each.copiedBytes());
    }
  }
}

} // namespace

TEST(Tma, RandomLoads) { checkRandomCases({}, 400, 1, "sm_90a"); }

TEST(Tma, RandomLoadsWithNewTypesAndSwizzles) {
  TmaLimits limits;
  limits.newTypes = true;
  checkRandomCases(limits, 400, 2, "sm_100a");
}

TEST(Tma, RandomStores) {
  TmaLimits limits;
  limits.isStore = true;
  limits.negative = false;
  checkRandomCases(limits, 400, 3, "sm_90a");
}

TEST(Tma, RandomStoresWithNewTypesAndSwizzles) {
  TmaLimits limits;
  limits.isStore = true;
  limits.negative = false;
  limits.newTypes = true;
  checkRandomCases(limits, 400, 4, "sm_100a");
}

} // namespace thrift::sim::test
