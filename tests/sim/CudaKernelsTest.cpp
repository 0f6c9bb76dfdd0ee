//===- CudaKernelsTest.cpp - kernels that CUDA compilers made ---------------===//
//
// tests/data/sim/kernels.cu as PTX of nvcc and clang for two targets, against references in C++.
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/Float16.h"
#include "tests/sim/SimHarness.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace thrift::sim::test {

class CudaKernels : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Result<std::shared_ptr<Module>> module = Module::load(readData(std::string("kernels.") + GetParam() + ".ptx"));
    ASSERT_TRUE(module) << module.status().message();
    module_ = *module;
  }

  Report run(const std::string &entry, const LaunchConfig &config, const Arguments &arguments,
             const Options &options = {}) {
    Result<const Kernel *> kernel = module_->find(entry);
    if (!kernel) {
      ADD_FAILURE() << kernel.status().message();
      return {};
    }
    Report report = launch(**kernel, memory, config, arguments, options);
    EXPECT_TRUE(report.status) << report.status.message();
    for (const Finding &finding : report.findings)
      EXPECT_NE(finding.severity, Severity::Warning) << finding.describe();
    return report;
  }

  std::shared_ptr<Module> module_;
  Memory memory;
};

INSTANTIATE_TEST_SUITE_P(Compilers, CudaKernels,
                         ::testing::Values("nvcc-sm_80", "nvcc-sm_100a", "clang-sm_80", "clang-sm_100a"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

static std::vector<float> uniform(size_t count, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(random);
  return values;
}

TEST_P(CudaKernels, Reduction) {
  // Whole numbers: the sum is exact in any order.
  std::vector<float> in(10007);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<float>(i % 97) - 48;
  uint64_t source = upload(memory, in), out = upload(memory, std::vector<float>{0});
  Report report = run("reduction", {{7}, {256}}, Arguments().add(source).add(out).add(int(in.size())));
  EXPECT_EQ(download<float>(memory, out, 1)[0], std::accumulate(in.begin(), in.end(), 0.0f));
  EXPECT_EQ(report.statistics.ctas, 7u);
  EXPECT_EQ(report.statistics.globalReadBytes, 4 * in.size() + 7 * 4);
}

TEST_P(CudaKernels, Softmax) {
  constexpr int kRows = 5, kColumns = 333;
  std::vector<float> in = uniform(kRows * kColumns, 3, -10, 10);
  uint64_t source = upload(memory, in), out = allocate(memory, in.size() * 4);
  run("softmax", {{kRows}, {128}, kColumns * 4}, Arguments().add(source).add(out).add(kColumns));
  std::vector<float> result = download<float>(memory, out, in.size());
  for (int row = 0; row < kRows; ++row) {
    double largest = *std::max_element(&in[row * kColumns], &in[row * kColumns] + kColumns), sum = 0;
    for (int i = 0; i < kColumns; ++i)
      sum += std::exp(in[row * kColumns + i] - largest);
    for (int i = 0; i < kColumns; ++i)
      EXPECT_NEAR(result[row * kColumns + i], std::exp(in[row * kColumns + i] - largest) / sum, 1e-6);
  }
}

TEST_P(CudaKernels, MatmulTiled) {
  constexpr int kM = 37, kN = 50, kK = 29;
  std::vector<float> a = uniform(kM * kK, 1), b = uniform(kK * kN, 2);
  uint64_t da = upload(memory, a), db = upload(memory, b), dc = allocate(memory, kM * kN * 4);
  run("matmulTiled", {{4, 3}, {16, 16}}, Arguments().add(da).add(db).add(dc).add(kM).add(kN).add(kK));
  std::vector<float> c = download<float>(memory, dc, kM * kN);
  for (int i = 0; i < kM; ++i)
    for (int j = 0; j < kN; ++j) {
      float sum = 0;
      for (int k = 0; k < kK; ++k)
        sum = std::fma(a[i * kK + k], b[k * kN + j], sum);
      EXPECT_EQ(c[i * kN + j], sum) << i << " " << j;
    }
}

TEST_P(CudaKernels, MatmulMma) {
  constexpr int kM = 128, kN = 192, kK = 160;
  std::vector<uint16_t> a(kM * kK), b(kK * kN);
  std::vector<float> fa = uniform(a.size(), 1), fb = uniform(b.size(), 2);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = f16FromF32(fa[i]);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = f16FromF32(fb[i]);
  for (Delivery delivery : {Delivery::Lazy, Delivery::Eager}) {
    uint64_t da = upload(memory, a), db = upload(memory, b), dc = allocate(memory, kM * kN * 4);
    Options options;
    options.delivery = delivery;
    Report report = run("matmulMma", {{kN / 64, kM / 64}, {128}},
                        Arguments().add(da).add(db).add(dc).add(kM).add(kN).add(kK), options);
    EXPECT_EQ(report.statistics.mmaMacs, uint64_t(kM) * kN * kK);
    std::vector<float> c = download<float>(memory, dc, kM * kN);
    for (int i = 0; i < kM; ++i)
      for (int j = 0; j < kN; ++j) {
        double sum = 0, magnitude = 0;
        for (int k = 0; k < kK; ++k) {
          double product = double(f32FromF16(a[i * kK + k])) * f32FromF16(b[k * kN + j]);
          sum += product, magnitude += std::fabs(product);
        }
        // 25 fraction bits, truncated, once per 16 products and once per rounding of the accumulator.
        EXPECT_NEAR(c[i * kN + j], sum, magnitude * std::ldexp(1.0, -20)) << i << " " << j;
      }
  }
}

TEST_P(CudaKernels, Histogram) {
  std::mt19937 random(5);
  std::vector<uint8_t> in(5000);
  std::vector<uint32_t> expected(256);
  for (uint8_t &value : in) {
    value = static_cast<uint8_t>(random() % 40 * 5);
    ++expected[value];
  }
  uint64_t source = upload(memory, in), counts = upload(memory, std::vector<uint32_t>(256));
  Options options;
  options.threads = 4;
  run("histogram", {{9}, {96}}, Arguments().add(source).add(counts).add(int(in.size())), options);
  EXPECT_EQ(download<uint32_t>(memory, counts, 256), expected);
}

TEST_P(CudaKernels, Scan) {
  std::vector<int> in(3 * 256);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<int>(i * 7919 % 101) - 50;
  uint64_t source = upload(memory, in), out = allocate(memory, in.size() * 4);
  run("scan", {{3}, {256}}, Arguments().add(source).add(out));
  std::vector<int> result = download<int>(memory, out, in.size());
  for (size_t block = 0; block < 3; ++block) {
    int sum = 0;
    for (size_t i = 0; i < 256; ++i)
      EXPECT_EQ(result[block * 256 + i], sum += in[block * 256 + i]);
  }
}

TEST_P(CudaKernels, CallsWithStructs) {
  std::vector<int> in(64);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<int>(i * 31 % 200);
  uint64_t source = upload(memory, in), out = allocate(memory, 64 * 4);
  run("calls", {{1}, {64}}, Arguments().add(source).add(out).add(7));
  std::vector<int> result = download<int>(memory, out, 64);
  for (int i = 0; i < 64; ++i) {
    int expected;
    if (in[i] % 3 != 0) {
      expected = in[i] / 7 * i + in[i] % 7;
    } else {
      int x = in[i] & 7, value = 0;
      for (int coefficient : {1, i, 2, in[i], 3})
        value = value * x + coefficient;
      expected = value;
    }
    EXPECT_EQ(result[i], expected) << i;
  }
}

static int switched(int x) {
  switch (x % 11) {
  case 0:
    return x * 3 + 1;
  case 1:
    return x ^ 0x55;
  case 2: {
    unsigned u = static_cast<unsigned>(x);
    for (unsigned j = 0; j < (u & 15); ++j)
      u += j * u;
    return static_cast<int>(u);
  }
  case 3:
    return -x;
  case 4:
    return x << 3;
  case 5:
    return x / 7;
  case 6:
    return __builtin_popcount(static_cast<unsigned>(x));
  case 7:
    return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x));
  case 8:
    return static_cast<int>(static_cast<unsigned>(x) * static_cast<unsigned>(x));
  case 9:
    return x - 1000;
  default:
    return 42;
  }
}

TEST_P(CudaKernels, Switch) {
  std::vector<int> in(1000);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<int>(i * 2654435761u % 100000);
  uint64_t source = upload(memory, in), out = allocate(memory, in.size() * 4);
  run("switches", {{8}, {128}}, Arguments().add(source).add(out).add(1000));
  std::vector<int> result = download<int>(memory, out, in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    // The loop of case 2 reads x while it changes it.
    int expected = in[i];
    if (in[i] % 11 == 2)
      for (int j = 0; j < (expected & 15); ++j)
        expected = static_cast<int>(static_cast<unsigned>(expected) +
                                    static_cast<unsigned>(j) * static_cast<unsigned>(expected));
    else
      expected = switched(in[i]);
    EXPECT_EQ(result[i], expected) << in[i];
  }
}

TEST_P(CudaKernels, CollatzLoopsWithDifferentTripCounts) {
  uint64_t out = allocate(memory, 512 * 4);
  Report report = run("collatz", {{4}, {128}}, Arguments().add(out));
  std::vector<int> steps = download<int>(memory, out, 512);
  for (uint64_t i = 0; i < 512; ++i) {
    int count = 0;
    for (uint64_t x = i + 1; x != 1; x = x % 2 ? 3 * x + 1 : x / 2)
      ++count;
    EXPECT_EQ(steps[i], count) << i;
  }
  EXPECT_GT(report.statistics.divergentBranches, 0u);
}

TEST_P(CudaKernels, MathFunctions) {
  constexpr int kCount = 64;
  std::vector<float> in = uniform(kCount, 9, -3, 3);
  in[0] = 0.5f, in[1] = -0.5f;
  uint64_t source = upload(memory, in), out = allocate(memory, 10 * kCount * 4);
  run("mathFunctions", {{1}, {kCount}}, Arguments().add(source).add(out).add(kCount));
  std::vector<float> r = download<float>(memory, out, 10 * kCount);
  auto near = [](float got, double expected, double tolerance, const char *what, float x) {
    EXPECT_NEAR(got, expected, std::fabs(expected) * tolerance + 1e-30) << what << " of " << x;
  };
  for (int i = 0; i < kCount; ++i) {
    double x = in[i], size = std::fabs(x);
    near(r[0 * kCount + i], std::exp(x), 1e-6, "exp", in[i]);
    near(r[1 * kCount + i], std::log(size), 1e-5, "log", in[i]);
    EXPECT_NEAR(r[2 * kCount + i], std::sin(x), 2e-7) << "sin of " << x;
    near(r[3 * kCount + i], std::tanh(x), 1e-6, "tanh", in[i]);
    EXPECT_EQ(r[4 * kCount + i], std::sqrt(std::fabs(in[i])));
    near(r[5 * kCount + i], std::exp(x), 1e-7, "exp in f64", in[i]);
    near(r[6 * kCount + i], std::pow(size, 1.25), 2e-6, "pow", in[i]);
    EXPECT_FLOAT_EQ(r[7 * kCount + i], std::rint(in[i]) + std::floor(in[i]) * 0.5f + std::trunc(in[i]) * 0.25f);
    near(r[8 * kCount + i], std::erf(x), 1e-6, "erf", in[i]);
    EXPECT_EQ(r[9 * kCount + i], std::fmod(in[i], 0.75f)) << in[i];
  }
}

TEST_P(CudaKernels, GridBarrier) {
  for (unsigned threads : {1u, 3u}) {
    uint64_t arrived = upload(memory, std::vector<uint32_t>{0}), out = allocate(memory, 6 * 64 * 4);
    Options options;
    options.threads = threads;
    run("gridBarrier", {{6}, {64}}, Arguments().add(arrived).add(out), options);
    std::vector<uint32_t> result = download<uint32_t>(memory, out, 6 * 64);
    for (uint32_t i = 0; i < result.size(); ++i)
      EXPECT_EQ(result[i], i / 64);
  }
}

TEST_P(CudaKernels, LanesFightForALock) {
  uint64_t lock = upload(memory, std::vector<int>{0, 0});
  run("laneLock", {{2}, {64}}, Arguments().add(lock).add(lock + 4));
  EXPECT_EQ(download<int>(memory, lock, 2), (std::vector<int>{0, 128}));
}

TEST_P(CudaKernels, PrintsInOrderOfCtas) {
  Report report = run("prints", {{3}, {64}}, Arguments().add(7));
  std::string expected;
  for (int cta = 0; cta < 3; ++cta)
    for (int thread = 0; thread < 2; ++thread)
      expected += "cta " + std::to_string(cta) + " thread " + std::to_string(thread) + ": 7 3.50 text\n";
  EXPECT_EQ(report.printed, expected);
}

TEST_P(CudaKernels, AssertionIsAFinding) {
  Result<const Kernel *> kernel = module_->find("asserts");
  ASSERT_TRUE(kernel) << kernel.status().message();
  Report good = launch(**kernel, memory, {{1}, {32}}, Arguments().add(32));
  EXPECT_TRUE(good.status) << good.status.message();
  Report bad = launch(**kernel, memory, {{1}, {32}}, Arguments().add(20));
  ASSERT_FALSE(bad.status);
  EXPECT_EQ(bad.findings.front().check, Check::Assertion);
  EXPECT_EQ(bad.findings.front().lane, 20);
  EXPECT_NE(bad.findings.front().message.find("int(threadIdx.x) < limit"), std::string::npos)
      << bad.findings.front().message;
}

} // namespace thrift::sim::test
