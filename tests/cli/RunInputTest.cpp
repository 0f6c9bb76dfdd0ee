//===- RunInputTest.cpp - inputs that `run` refuses ---------------------------===//

#include "CommandLineRun.h"
#include "QkvFile.h"
#include "TestFiles.h"

#include <limits>

using namespace thrift;

namespace {

/// A file of its own for each case; refusals start with its path.
class RunInput : public testing::Test {
protected:
  void expectRefused(const QkvFile &qkv, const std::string &sentence, std::vector<std::string> more = {}) {
    std::string path = qkv.write(folder.file("qkv.safetensors"));
    std::vector<std::string> arguments = {"run", "--device", "sim", "--input", path};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expectRefusal(arguments, 2, path + ": " + sentence);
  }

  TemporaryFolder folder;
  QkvFile qkv;
};

} // namespace

TEST_F(RunInput, FileIsNeeded) {
  expectRefusal({"run"}, 2, "--input is not given; allowed: a .safetensors file with q, k and v");
  std::string absent = folder.file("absent.safetensors");
  expectRefusal({"run", "--input", absent}, 6, absent + ": cannot open: No such file or directory");
}

TEST_F(RunInput, FileMustBeSafetensors) {
  std::string path = folder.file("text.safetensors");
  writeFile(path, "this is no header");
  expectRefusal({"run", "--input", path}, 2, path + ": header length is ");
}

TEST_F(RunInput, EveryTensorIsNeeded) {
  for (const char *name : {"q", "k", "v"}) {
    qkv.omit = name;
    expectRefused(qkv, "tensor \"" + std::string(name) + "\" is missing");
  }
}

TEST_F(RunInput, RankIsFour) {
  qkv.q.shape = {2, 100, 64};
  expectRefused(qkv, "q.rank is 3; allowed: 4: [batch, heads, tokens, channels]");
  qkv = QkvFile();
  qkv.v.shape = {1, 1, 1, 200, 64};
  expectRefused(qkv, "v.rank is 5; allowed: 4");
}

TEST_F(RunInput, TensorsHaveOneType) {
  qkv.k.dtype = DType::BF16;
  expectRefused(qkv, "k.dtype is bf16; allowed: f16, as q has");
  qkv = QkvFile();
  qkv.v.dtype = DType::BF16;
  expectRefused(qkv, "v.dtype is bf16; allowed: f16, as q has");
}

TEST_F(RunInput, F32NeedsATypeToRoundTo) {
  qkv.setDType(DType::F32);
  expectRefused(qkv, "q.dtype is f32; allowed: f16, bf16; or f32 with --dtype f16 or bf16");
  qkv.setDType(DType::F16);
  qkv.k.dtype = DType::F32;
  expectRefused(qkv, "k.dtype is f32; allowed: f16, as q has", {"--dtype", "f16"});
}

TEST_F(RunInput, QueryHeadsAreAMultiple) {
  qkv.q.shape[1] = 3;
  qkv.k.shape[1] = qkv.v.shape[1] = 2;
  expectRefused(qkv, "q.shape[1] is 3 query heads; allowed: a multiple of the 2 heads of k");
}

TEST_F(RunInput, ExtentsAgree) {
  qkv.k.shape[0] = 2;
  expectRefused(qkv, "k.shape[0] is 2; allowed: 1, as q has");
  qkv = QkvFile();
  qkv.v.shape[0] = 2;
  expectRefused(qkv, "v.shape[0] is 2; allowed: 1, as q has");
  qkv = QkvFile();
  qkv.v.shape[1] = 2;
  expectRefused(qkv, "v.shape[1] is 2; allowed: 1, as k has");
  qkv = QkvFile();
  qkv.v.shape[2] = 199;
  expectRefused(qkv, "v.shape[2] is 199; allowed: 200, as k has");
  qkv = QkvFile();
  qkv.k.shape[3] = 128;
  expectRefused(qkv, "k.shape[3] is 128; allowed: 64, as q has");
}

TEST_F(RunInput, EmptyDimensionsAreRefused) {
  for (int dim = 0; dim < 4; ++dim) {
    qkv = QkvFile();
    qkv.q.shape[static_cast<size_t>(dim)] = 0;
    expectRefused(qkv, "q.shape[" + std::to_string(dim) + "] is 0; allowed: 1 or more");
  }
  qkv = QkvFile();
  qkv.k.shape[2] = qkv.v.shape[2] = 0;
  expectRefused(qkv, "k.shape[2] is 0; allowed: 1 or more");
}

TEST_F(RunInput, UnsupportedHeadDimIsRefusedByTheRules) {
  qkv.q.shape[3] = qkv.k.shape[3] = 96;
  std::string path = qkv.write(folder.file("qkv.safetensors"));
  CommandLineResult result = thriftjit({"run", "--device", "sim", "--input", path});
  EXPECT_EQ(result.code, 3);
  EXPECT_TRUE(result.saysOnErr("head_dim is 96; allowed: 64, 128 (target sm_80)")) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST_F(RunInput, NonFiniteValueIsNamed) {
  float infinity = std::numeric_limits<float>::infinity();
  qkv.spoiledIndex = 1 * 6400 + 5 * 64 + 3;
  qkv.spoiledValue = infinity;
  expectRefused(qkv, "q[0, 1, 5, 3] is inf; allowed: finite values");
  qkv.spoiledValue = std::numeric_limits<float>::quiet_NaN();
  expectRefused(qkv, "q[0, 1, 5, 3] is nan; allowed: finite values");
  qkv.setDType(DType::BF16);
  qkv.spoiledValue = -infinity;
  expectRefused(qkv, "q[0, 1, 5, 3] is -inf; allowed: finite values");
}

TEST_F(RunInput, RoundingF32MayNotOverflow) {
  qkv.setDType(DType::F32);
  qkv.spoiledIndex = 0;
  qkv.spoiledValue = 1e6f;
  expectRefused(qkv, "q[0, 0, 0, 0] is inf, rounded from f32 to f16; allowed: finite values", {"--dtype", "f16"});
}

TEST_F(RunInput, OptionsMayNotContradictTheFile) {
  std::string path = qkv.write(folder.file("qkv.safetensors"));
  auto expect = [&](const char *option, const char *value, const std::string &sentence) {
    expectRefusal({"run", "--device", "sim", "--input", path, option, value}, 2,
                  option + (" is " + std::string(value)) + "; allowed: " + sentence);
  };
  expect("--head-dim", "128", "64, as q of the input has");
  expect("--value-dim", "128", "64, as v of the input has");
  expect("--batch", "2", "1, as q of the input has");
  expect("--q-heads", "4", "2, as q of the input has");
  expect("--kv-heads", "2", "1, as k of the input has");
  expect("--q-len", "64", "100, as q of the input has");
  expect("--kv-len", "64", "200, as k of the input has");
  expect("--dtype", "bf16", "f16, as the input has");
}

TEST_F(RunInput, DeviceIsChecked) {
  std::string path = qkv.write(folder.file("qkv.safetensors"));
  expectRefusal({"run", "--input", path, "--device", "gpu"}, 2, "--device is 'gpu'; allowed: auto, cuda, cuda:N, sim");
  expectRefusal({"run", "--input", path, "--device", "none"}, 2,
                "--device is 'none'; allowed: auto, cuda, cuda:N, sim");
}

TEST_F(RunInput, OutputsAreCheckedBeforeTheWork) {
  std::string path = qkv.write(folder.file("qkv.safetensors")), nowhere = folder.file("absent/o.safetensors");
  expectRefusal({"run", "--input", path, "--output", nowhere}, 6, nowhere + ": cannot create");
  expectRefusal({"run", "--input", path, "--dump-routes", nowhere}, 6, nowhere + ": cannot create");
  std::string same = folder.file("o.safetensors");
  expectRefusal({"run", "--input", path, "--output", same, "--dump-routes", same}, 2, "--dump-routes is " + same);
  EXPECT_FALSE(std::filesystem::exists(same));
}
