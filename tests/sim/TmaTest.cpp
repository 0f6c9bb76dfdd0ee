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

//===----------------------------------------------------------------------===//
// By hand
//===----------------------------------------------------------------------===//

namespace {

/// A matrix of 64 x 64 words, element (row, column) = 64 row + column, in boxes of 32 x 8.
struct Matrix {
  TensorMapDescription map;
  size_t bytes = 64 * 64 * 4;
  std::string module, target = "sm_100a";
  Options options;
  bool asParameter = true; ///< else the map is in the buffer %global

  Matrix() {
    map.element = TensorElement::U32;
    map.rank = 2;
    map.dims = {64, 64};
    map.strides = {256};
    map.box = {32, 8};
    map.swizzle = SwizzleMode::B128;
    options.checkRaces = true;
  }
};

struct MatrixRun {
  Report report;
  std::vector<uint32_t> out, tensor;
};

/// Runs a body on 32 threads. %map and %global are generic addresses of the map, as parameter and in global memory,
/// %out that of 1024 words; `tile` are 4096 bytes of shared memory, `bar` an initialised mbarrier; %first is thread 0.
MatrixRun runMatrix(Matrix matrix, const std::string &body) {
  MatrixRun run;
  LoadedKernel kernel = loadKernel(header(matrix.target) + matrix.module + R"(
.shared .align 1024 .b8 tile[4096];
.shared .align 8 .b64 bar[64];
.visible .entry test(.param .align 64 .b8 map[128], .param .u64 out, .param .u64 global)
{
    .reg .b64 %map, %out, %global, %o;
    .reg .b32 %t, %v, %w, %s;
    .reg .pred %first, %q;
    mov.u32 %t, %tid.x;
    ld.param.u64 %out, [out];
    ld.param.u64 %global, [global];
    mov.b64 %map, map;
    cvta.param.u64 %map, %map;
    setp.eq.u32 %first, %t, 0;
    @%first mbarrier.init.shared::cta.b64 [bar], 1;
    fence.proxy.async.shared::cta;
    bar.sync 0;
)" + body + "\n    ret;\n}\n");
  if (!kernel)
    return run;
  Memory memory;
  std::vector<uint32_t> words(matrix.bytes / 4);
  for (uint32_t i = 0; i < words.size(); ++i)
    words[i] = i;
  matrix.map.address += upload(memory, words);
  Result<TensorMapBytes> map = encodeTensorMap(matrix.map);
  EXPECT_TRUE(map) << map.status().message();
  uint64_t out = upload(memory, std::vector<uint32_t>(1024)), global = upload(memory, std::vector<uint8_t>(256));
  if (!map || !memory.write(global, map->data(), map->size()))
    return run;
  run.report = launch(*kernel.kernel, memory, {{1}, {32}}, Arguments().add(*map).add(out).add(global), matrix.options);
  run.out = download<uint32_t>(memory, out, 1024);
  run.tensor = download<uint32_t>(memory, matrix.map.address, words.size());
  return run;
}

void expectMatrixError(const Matrix &matrix, const std::string &body, Check check, const std::string &words = "") {
  MatrixRun run = runMatrix(matrix, body);
  ASSERT_FALSE(run.report.status) << body;
  ASSERT_FALSE(run.report.findings.empty()) << run.report.status.message();
  EXPECT_EQ(checkName(run.report.findings.front().check), std::string(checkName(check)))
      << run.report.findings.front().describe();
  EXPECT_NE(run.report.findings.front().message.find(words), std::string::npos)
      << run.report.findings.front().describe();
}

std::string expectBytes(unsigned bytes) {
  return "@%first mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], " + std::to_string(bytes) + ";\n";
}
std::string load(const std::string &map = "%map", const std::string &coordinates = "32, 8") {
  return "@%first cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes [tile], [" + map +
         ", {" + coordinates + "}], [bar];\n";
}
std::string store(const std::string &map = "%map", const std::string &coordinates = "32, 8") {
  return "@%first cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [" + map + ", {" + coordinates +
         "}], [tile];\n@%first cp.async.bulk.commit_group;\n";
}
const std::string kWait = R"(
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %q, [bar], 0;
    @!%q bra WAIT;
)";
/// out[i] = tile[i], 256 words.
const std::string kDump = R"(
    shl.b32 %v, %t, 2;
DUMP:
    cvt.u64.u32 %o, %v;  add.s64 %o, %out, %o;
    mov.u32 %w, tile;  add.u32 %w, %w, %v;
    ld.shared.u32 %s, [%w];
    st.global.u32 [%o], %s;
    add.u32 %v, %v, 128;
    setp.lt.u32 %q, %v, 1024;
    @%q bra DUMP;
)";
/// tile[i] = i + 5000, 256 words.
const std::string kFill = R"(
    shl.b32 %v, %t, 2;
FILL:
    mov.u32 %w, tile;  add.u32 %w, %w, %v;
    shr.u32 %s, %v, 2;  add.u32 %s, %s, 5000;
    st.shared.u32 [%w], %s;
    add.u32 %v, %v, 128;
    setp.lt.u32 %q, %v, 1024;
    @%q bra FILL;
)";
const std::string kFence = "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
const std::string kStored = "@%first cp.async.bulk.wait_group 0;\n";

/// What `load()` leaves in the tile.
void expectBox(const std::vector<uint32_t> &out) {
  for (uint32_t row = 0; row < 8; ++row)
    for (uint32_t column = 0; column < 32; ++column)
      ASSERT_EQ(out[row * 32 + ((column / 4) ^ row) * 4 + column % 4], (row + 8) * 64 + column + 32);
}

} // namespace

TEST(Tma, MapsInEverySpace) {
  const std::string kAcquire = "fence.proxy.tensormap::generic.acquire.gpu [%global], 128;\n";
  for (Delivery policy : kPolicies) {
    Matrix matrix;
    matrix.options.delivery = policy;
    for (const std::string &body :
         {"prefetch.tensormap [%map];\n" + load(), "prefetch.param.tensormap [map];\n" + load("map"),
          ".reg .b64 %raw; mov.b64 %raw, map;\n" + load("%raw"), kAcquire + load("%global"),
          "prefetch.tensormap [%global];\n" + load("%global+0")}) {
      MatrixRun run = runMatrix(matrix, expectBytes(1024) + body + kWait + kDump);
      ASSERT_TRUE(run.report.status) << body << run.report.status.message();
      expectBox(run.out);
    }
  }
}

TEST(Tma, Spellings) {
  const std::string kForms[] = {
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [tile], [%map, {%x, 8}], [bar];",
      "cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes.L2::cache_hint [tile], [%map, {32, "
      "%y}], [bar], %policy;",
      "cp.async.bulk.tensor.2d.tile.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_"
      "hint "
      "[tile], [%map, {%x, %y}], [bar], %mask, %policy;",
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster.cta_group::"
      "1 "
      "[tile], [%map, {%x, %y}], [bar], %mask;",
      "cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes.cta_group::1 [%tile], [%map, {%x, "
      "%y}], [%bar];",
  };
  const std::string kSetup = R"(
    .reg .b64 %policy, %tile, %bar; .reg .b16 %mask; .reg .b32 %x, %y;
    mov.u64 %policy, 0;  mov.u16 %mask, 1;  mov.u32 %x, 32;  mov.u32 %y, 8;  mov.u64 %tile, tile;  mov.u64 %bar, bar;
)";
  for (const std::string &form : kForms) {
    MatrixRun run = runMatrix(Matrix(), kSetup + expectBytes(1024) + "@%first " + form + kWait + kDump);
    ASSERT_TRUE(run.report.status) << form << "\n" << run.report.status.message();
    expectBox(run.out);
    EXPECT_EQ(run.report.statistics.bulkLoadBytes, 1024u);
  }
}

TEST(Tma, PrefetchHasNoEffect) {
  MatrixRun run = runMatrix(Matrix(), ".reg .b64 %policy; mov.u64 %policy, 0;\n"
                                      "cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%map, {32, 8}];\n"
                                      "cp.async.bulk.prefetch.tensor.2d.L2.global.L2::cache_hint [%map, {32, 8}], "
                                      "%policy;\n");
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  expectMatrixError(Matrix(), "cp.async.bulk.prefetch.tensor.3d.L2.global.tile [%map, {32, 8, 1}];\n",
                    Check::BadDescriptor);
}

TEST(Tma, GatherAndScatter) {
  Matrix matrix;
  matrix.map.box = {32, 1};
  for (Delivery policy : kPolicies) {
    matrix.options.delivery = policy;
    MatrixRun run = runMatrix(
        matrix, expectBytes(512) +
                    "@%first cp.async.bulk.tensor.2d.shared::cta.global.tile::gather4.mbarrier::complete_tx::bytes "
                    "[tile], [%map, {16, 3, 60, 64, -1}], [bar];\n" +
                    kWait + "bar.sync 0;\n@%first st.shared.u32 [tile+512], 0;\n" + R"(
    shl.b32 %v, %t, 2;
DUMP:
    cvt.u64.u32 %o, %v;  add.s64 %o, %out, %o;
    mov.u32 %w, tile;  add.u32 %w, %w, %v;
    ld.shared.u32 %s, [%w];
    st.global.u32 [%o], %s;
    add.u32 %v, %v, 128;
    setp.lt.u32 %q, %v, 512;
    @%q bra DUMP;
)");
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    const uint32_t kRows[] = {3, 60, 64, 64};
    for (uint32_t row = 0; row < 4; ++row)
      for (uint32_t column = 0; column < 32; ++column)
        EXPECT_EQ(run.out[row * 32 + ((column / 4) ^ row) * 4 + column % 4],
                  kRows[row] < 64 ? kRows[row] * 64 + column + 16 : 0);
    run = runMatrix(matrix, kFill + kFence +
                                "@%first cp.async.bulk.tensor.2d.global.shared::cta.tile::scatter4.bulk_group [%map, "
                                "{32, 9, 2, 64, 63}], [tile];\n@%first cp.async.bulk.commit_group;\n" +
                                kStored);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    std::vector<uint32_t> expected(64 * 64);
    for (uint32_t i = 0; i < expected.size(); ++i)
      expected[i] = i;
    const uint32_t kTargets[] = {9, 2, 64, 63};
    for (uint32_t row = 0; row < 4; ++row)
      for (uint32_t column = 0; kTargets[row] < 64 && column < 32; ++column)
        expected[kTargets[row] * 64 + 32 + column] = 5000 + row * 32 + ((column / 4) ^ row) * 4 + column % 4;
    EXPECT_EQ(run.tensor, expected);
  }
  Matrix boxes;
  expectMatrixError(boxes,
                    "@%first cp.async.bulk.tensor.2d.shared::cta.global.tile::gather4.mbarrier::complete_tx::bytes "
                    "[tile], [%map, {16, 3, 60, 64, -1}], [bar];\n",
                    Check::BadDescriptor, "box[1]");
}

TEST(Tma, StoresClipTheTensor) {
  Matrix matrix;
  matrix.map.dims = {62, 12}; // the row's last 16 bytes are written as a whole
  MatrixRun run = runMatrix(matrix, kFill + kFence + store() + kStored);
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t i = 0; i < run.tensor.size(); ++i) {
    uint32_t row = i / 64 - 8, column = i % 64 - 32;
    bool inside = row < 4 && column < 32;
    EXPECT_EQ(run.tensor[i], inside ? 5000 + row * 32 + ((column / 4) ^ row) * 4 + column % 4 : i);
  }
  EXPECT_EQ(run.report.statistics.bulkStoreBytes, 4 * 128u);
}

TEST(Tma, BadMaps) {
  const std::string begin = expectBytes(1024);
  expectMatrixError(Matrix(), begin + load("%out") + kWait, Check::BadDescriptor, "all zero");
  expectMatrixError(Matrix(), begin + "mov.u64 %o, 0x123456789;\nst.global.u64 [%out+96], %o;\n" + load("%out") + kWait,
                    Check::BadDescriptor, "no tensor map");
  expectMatrixError(Matrix(), begin + load("%global+64") + kWait, Check::BadDescriptor, "");
  expectMatrixError(Matrix(), begin + load("%global+32") + kWait, Check::Misaligned, "multiple of 64");
  expectMatrixError(Matrix(), begin + load("%global+256") + kWait, Check::OutOfBounds, "");
  expectMatrixError(Matrix(), begin + "mov.u64 %o, tile;\ncvta.shared.u64 %o, %o;\n" + load("%o") + kWait,
                    Check::BadDescriptor, "shared or local memory");
  expectMatrixError(Matrix(),
                    begin +
                        "@%first cp.async.bulk.tensor.1d.shared::cta.global.tile.mbarrier::complete_tx::bytes [tile], "
                        "[%map, {32}], [bar];\n" +
                        kWait,
                    Check::BadDescriptor, "2 dimensions");
  // A swizzle narrower than the box: tensormap.replace makes maps that the driver would refuse.
  expectMatrixError(Matrix(),
                    begin + "@%first tensormap.replace.tile.swizzle_mode.global.b1024.b32 [%global], 1;\n" +
                        load("%global") + kWait,
                    Check::BadDescriptor, "at most the 32 bytes of the swizzle");
  Matrix atoms;
  atoms.map.swizzle = SwizzleMode::B128Atom64;
  atoms.target = "sm_90a";
  expectMatrixError(atoms, begin + load() + kWait, Check::BadDescriptor, "sm_90");
  atoms.target = "sm_120a";
  expectMatrixError(atoms, begin + load() + kWait, Check::BadDescriptor, "sm_120");
}

TEST(Tma, MapChangedInFlight) {
  std::string change = "@%first tensormap.replace.tile.box_dim.global.b1024.b32 [%global], 1, 4;\n";
  expectMatrixError(Matrix(), expectBytes(1024) + load("%global") + change + kWait, Check::BadDescriptor, "in flight");
  expectMatrixError(Matrix(), kFill + kFence + store("%global") + change + kStored, Check::BadDescriptor, "in flight");
  MatrixRun run = runMatrix(Matrix(), kFill + kFence + store("%global") + "@%first cp.async.bulk.wait_group.read 0;\n" +
                                          change + kStored);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
}

TEST(Tma, BadOperands) {
  const std::string begin = expectBytes(1024);
  auto loadTo = [&](const std::string &tile, const std::string &bar = "bar") {
    return begin + "@%first cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes [" + tile +
           "], [%map, {32, 8}], [" + bar + "];\n" + kWait;
  };
  expectMatrixError(Matrix(), loadTo("tile+64"), Check::Misaligned, "128");
  expectMatrixError(Matrix(), loadTo("tile+3200"), Check::MBarrierMisuse, "");
  expectMatrixError(Matrix(), loadTo("tile+3712"), Check::OutOfBounds, "");
  expectMatrixError(Matrix(), loadTo("tile", "tile"), Check::MBarrierMisuse, "");
  expectMatrixError(Matrix(), begin + load("%map", "33, 8") + kWait, Check::Misaligned, "multiples of 4");
  expectMatrixError(Matrix(), begin + load("%map", "-2, 8") + kWait, Check::Misaligned, "multiples of 4");
  // A box of 4 GiB, which the driver lets pass: its steps are rounded down.
  Matrix huge;
  huge.map.element = TensorElement::U64;
  huge.map.rank = 5;
  huge.map.swizzle = SwizzleMode::None;
  huge.map.dims = {256, 2, 1, 1, 1};
  huge.map.strides = {2048, 4096, 4096, 4096};
  huge.map.box = {256, 256, 256, 32, 1};
  huge.map.elementStrides = {1, 1, 1, 1, 2};
  expectMatrixError(huge,
                    begin +
                        "@%first cp.async.bulk.tensor.5d.shared::cta.global.tile.mbarrier::complete_tx::bytes [tile], "
                        "[%map, {0, 0, 0, 0, 0}], [bar];\n" +
                        kWait,
                    Check::OutOfBounds, "4294967296 bytes");
  expectMatrixError(Matrix(), kFill + kFence + store("%map", "32, -1") + kStored, Check::BadOperand, "coordinate 1");
  expectMatrixError(Matrix(), kFill + kFence + store("%map", "-4, 1") + kStored, Check::BadOperand, "coordinate 0");
}

TEST(Tma, TensorBeyondItsBuffer) {
  Matrix matrix;
  matrix.map.dims = {64, 65}; // one row more than the buffer has
  MatrixRun run = runMatrix(matrix, expectBytes(1024) + load("%map", "32, 56") + kWait);
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  expectMatrixError(matrix, expectBytes(1024) + load("%map", "32, 57") + kWait, Check::OutOfBounds, "beyond the end");
  expectMatrixError(matrix, kFill + kFence + store("%map", "32, 57") + kStored, Check::OutOfBounds, "beyond the end");
  matrix.map.dims = {64, uint64_t(1) << 32};
  matrix.map.strides = {(uint64_t(1) << 40) - 16};
  expectMatrixError(matrix, expectBytes(1024) + load("%map", "32, 2147483647") + kWait, Check::BadDescriptor,
                    "address space");
  // A last row that is not filled up to 16 bytes is written beyond its end.
  Matrix tight;
  tight.map.rank = 1;
  tight.map.dims = {1022};
  tight.map.box = {32};
  tight.bytes = 1022 * 4;
  expectMatrixError(tight,
                    kFill + kFence +
                        "@%first cp.async.bulk.tensor.1d.global.shared::cta.tile.bulk_group [%map, {1000}], [tile];\n"
                        "@%first cp.async.bulk.commit_group;\n" +
                        kStored,
                    Check::OutOfBounds, "beyond the end");
}

TEST(Tma, FindingsOfWaitsAndFences) {
  // Read before the wait.
  expectMatrixError(Matrix(), expectBytes(1024) + load() + kDump + kWait, Check::PendingAsync,
                    "cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes of line");
  // The count of bytes.
  expectMatrixError(Matrix(), expectBytes(1040) + load() + kWait + kDump, Check::Deadlock, "16 bytes are missing");
  expectMatrixError(Matrix(), expectBytes(1008) + load() + kWait + kDump, Check::Deadlock,
                    "16 bytes came that nobody has expected");
  // A destination that is still in use.
  expectMatrixError(Matrix(), expectBytes(2048) + load() + load() + kWait, Check::PendingAsync, "still going to");
  expectMatrixError(Matrix(), expectBytes(1024) + load(), Check::AsyncInFlight, "nobody waited");
  for (Delivery policy : kPolicies) {
    Matrix matrix;
    matrix.options.delivery = policy;
    // A load over what others may still be reading.
    expectMatrixError(matrix,
                      kFill + kFence + kDump + "@!%first bra NEXT;\n" + "NEXT:\n" + store() + expectBytes(1024) +
                          load() + kWait,
                      Check::Race, "");
    expectMatrixError(matrix, kFill + "bar.sync 0;\n" + store() + kStored, Check::MissingProxyFence, "");
  }
  expectMatrixError(Matrix(), kFill + kFence + store(), Check::AsyncInFlight, "nobody waited");
  expectMatrixError(Matrix(), store() + kStored, Check::Uninitialized, "nobody wrote");
  MatrixRun run = runMatrix(Matrix(), kFill + kFence + store() + "@%first cp.async.bulk.wait_group.read 0;\n");
  EXPECT_TRUE(run.report.status) << run.report.status.message();
  EXPECT_EQ(run.tensor[8 * 64 + 32], 5000u);
}

TEST(Tma, LintOfSlotsThatAreRefilled) {
  // The ISA wants a proxy fence between reading a slot and refilling it.
  auto body = [](const std::string &fence) {
    return expectBytes(1024) + load() + kWait + kDump + fence + "bar.sync 0;\n" + expectBytes(1024) + load() + R"(
AGAIN:
    mbarrier.try_wait.parity.shared::cta.b64 %q, [bar], 1;
    @!%q bra AGAIN;
)";
  };
  for (bool lints : {false, true}) {
    Matrix matrix;
    matrix.options.lints = lints;
    MatrixRun run = runMatrix(matrix, body(""));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    ASSERT_EQ(run.report.findings.size(), lints ? 1u : 0u);
    if (lints) {
      EXPECT_EQ(run.report.findings[0].severity, Severity::Warning);
      EXPECT_EQ(run.report.findings[0].check, Check::MissingProxyFence);
    }
    run = runMatrix(matrix, body("fence.proxy.async.shared::cta;\n"));
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_TRUE(run.report.findings.empty()) << run.report.findings[0].describe();
  }
}

TEST(Tma, Unsupported) {
  auto error = [](const std::string &line) {
    return loadError(header() +
                     ".visible .entry test() { .reg .b64 %a; .reg .b32 %s, %x; .reg .b16 %m;\ncp.async.bulk." + line +
                     "\nret; }");
  };
  EXPECT_NE(error("tensor.3d.shared::cta.global.im2col.mbarrier::complete_tx::bytes [%s], [%a, {%x, %x, %x}], [%s], "
                  "{%m};")
                .find("im2col"),
            std::string::npos);
  EXPECT_NE(error("tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.cta_group::2 [%s], [%a, {%x, %x}], "
                  "[%s];")
                .find("peer"),
            std::string::npos);
  EXPECT_NE(error("tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes [%s], [%a, {%x}], [%s];"), "");
  EXPECT_NE(error("tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes [%s], [%a], [%s];"), "");
  EXPECT_NE(error("tensor.3d.shared::cta.global.tile::gather4.mbarrier::complete_tx::bytes [%s], [%a, {%x, %x, %x, %x, "
                  "%x}], [%s];"),
            "");
  EXPECT_NE(error("tensor.2d.shared::cta.global [%s], [%a, {%x, %x}], [%s];"), "");
  EXPECT_NE(error("tensor.2d.global.shared::cta.mbarrier::complete_tx::bytes [%s], [%a, {%x, %x}], [%s];"), "");
  EXPECT_EQ(error("tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes [%s], [%a, {%x, %x}], [%s];"), "");
  for (const char *line :
       {"tensor.2d.shared::cta.global.tile::gather4.mbarrier::complete_tx::bytes [%s], [%a, {%x, %x, %x, %x, %x}], "
        "[%s];",
        "tensor.2d.shared::cta.global.mbarrier::complete_tx::bytes.cta_group::1 [%s], [%a, {%x, %x}], [%s];",
        "global.shared::cta.bulk_group.cp_mask [%a], [%s], %x, %m;"}) {
    EXPECT_EQ(error(line), "");
    std::string old = loadError(
        header("sm_90a") + ".visible .entry test() { .reg .b64 %a; .reg .b32 %s, %x; .reg .b16 %m;\ncp.async.bulk." +
        line + "\nret; }");
    EXPECT_NE(old.find("sm_100"), std::string::npos) << old;
  }
}

TEST(Tma, SpeedOfATile) {
  // 64 x 128 halves, 16 KB, over and over.
  Matrix matrix;
  matrix.map.element = TensorElement::F16;
  matrix.map.dims = {64, 128};
  matrix.map.strides = {128};
  matrix.map.box = {64, 128};
  matrix.options.checkRaces = false;
  matrix.module = ".shared .align 1024 .b8 big[16384];\n";
  constexpr unsigned kTiles = 4000;
  std::string body = R"(
    .reg .b32 %i, %parity;
    mov.u32 %i, 0;
LOOP:
    @%first mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 16384;
    @%first cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes [big], [%map, {0, 0}], [bar];
    and.b32 %parity, %i, 1;
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %q, [bar], %parity;
    @!%q bra WAIT;
    add.u32 %i, %i, 1;
    setp.lt.u32 %q, %i, )" +
                     std::to_string(kTiles) + R"(;
    @%q bra LOOP;
)";
  for (Delivery policy : {Delivery::Eager, Delivery::Lazy}) {
    matrix.options.delivery = policy;
    MatrixRun run = runMatrix(matrix, body);
    ASSERT_TRUE(run.report.status) << run.report.status.message();
    EXPECT_EQ(run.report.statistics.bulkLoadBytes, 16384u * kTiles);
    double each = run.report.statistics.seconds / kTiles * 1e6;
    std::printf("%s: %.2f us per tile of 16 KB\n", policy == Delivery::Eager ? "eager" : "lazy", each);
  }
}

} // namespace thrift::sim::test
