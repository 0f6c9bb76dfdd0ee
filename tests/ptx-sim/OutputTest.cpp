//===- OutputTest.cpp - tensor files in and out, comparisons -------------------===//

#include "PtxSimRun.h"
#include "tools/npy/Npy.h"
#include "tools/ptx-sim/TensorFiles.h"

#include <cmath>
#include <cstring>

using namespace thrift;
using namespace thrift::ptxsim;

static const std::string kArange = R"("dtype": "f32", "shape": [10, 10], "init": "arange")";

static std::vector<float> floats(std::string_view bytes) {
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST_F(PtxSim, NpyInAndOut) {
  std::vector<float> values(100);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 0.25f * static_cast<float>(i);
  std::string bytes(reinterpret_cast<const char *>(values.data()), 400);
  ASSERT_TRUE(writeNpy(folder.file("in.npy"), {'f', 4}, {10, 10}, bytes));
  PtxSimResult result = run(scale(R"("init": {"file": "in.npy"}, "output": "out.npy")", "4"));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(result.saysOnOut("written     x f32 [10, 10] to " + folder.file("out.npy"))) << result.out;
  Result<NpyArray> out = readNpy(folder.file("out.npy"));
  ASSERT_TRUE(out) << out.status().message();
  EXPECT_EQ(out->shape, (std::vector<int64_t>{10, 10}));
  for (size_t i = 0; i < 100; ++i)
    ASSERT_EQ(floats(out->data())[i], static_cast<float>(i));
}

TEST_F(PtxSim, OptionWritesToTheCurrentFolder) {
  std::string path = folder.file("sub.npy");
  nlohmann::json json = run(scale(kArange), {"--output", "x=" + path, "--json"}).json();
  EXPECT_EQ(json["outputs"], nlohmann::json::parse(R"([{"buffer": "x", "file": ")" + path +
                                                   R"(", "dtype": "f32", "shape": "[10, 10]"}])"));
  EXPECT_TRUE(readNpy(path));
  expectRefusal(run(scale(kArange), {"--output", "y=" + path}), 2,
                "--output is 'y=" + path + "'; allowed: NAME=FILE where NAME is one of x");
  expectRefusal(run(scale(kArange), {"--output", "x"}), 2,
                "--output is 'x'; allowed: NAME=FILE, where FILE ends in .npy or .safetensors");
  expectRefusal(run(scale(kArange), {"--output", "x=a.npy", "--output", "x=b.npy"}), 2,
                "--output is 'x=b.npy'; allowed: every buffer once");
}

TEST_F(PtxSim, SafetensorsOfEveryTypeComeBack) {
  // One buffer of each type, written by one launch and compared by the next.
  const std::vector<std::string> types = {"f16", "bf16", "f32", "f64", "e4m3", "e5m2", "i8",  "i16",
                                          "i32", "i64",  "u8",  "u16", "u32",  "u64",  "bool"};
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry nothing() { ret; }\n");
  std::string written, expected, mistaken;
  for (const std::string &type : types) {
    std::string begin = "\"" + type + R"(": {"dtype": ")" + type + R"(", "shape": [2, 1], "init": )";
    written += (written.empty() ? "" : ", ") + begin + R"({"values": [1, 0]}, "output": "all.safetensors"})";
    expected += (expected.empty() ? "" : ", ") + begin + R"({"file": "all.safetensors", "tensor": ")" + type +
                R"("}, "expect": {"values": [1, 0]}})";
    mistaken += (mistaken.empty() ? "" : ", ") + begin + R"({"file": "all.safetensors", "tensor": ")" + type +
                R"("}, "expect": {"values": [1, 1]}})";
  }
  auto launch = [](const std::string &buffers) {
    return R"({"grid": 1, "block": 1, "buffers": {)" + buffers + R"(}, "arguments": []})";
  };
  EXPECT_EQ(run(launch(written)).code, 0);
  PtxSimResult good = run(launch(expected), {"--json"});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_EQ(good.json()["comparisons"].size(), types.size());
  nlohmann::json bad = run(launch(mistaken), {"--json"}).json();
  for (const nlohmann::json &comparison : bad["comparisons"])
    EXPECT_EQ(comparison["wrong"], 1) << comparison;
}

TEST_F(PtxSim, Bfloat16ArrivesAsBits) {
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry nothing() { ret; }\n");
  std::string bytes("\x80\x3f\xc0\x40", 4); // 1 and 6 in bf16
  for (NpyElement element : {NpyElement{'u', 2}, {'V', 2}}) {
    ASSERT_TRUE(writeNpy(folder.file("x.npy"), element, {2}, bytes));
    PtxSimResult result = run(R"({"grid": 1, "block": 1, "arguments": [], "buffers": {"x": {"dtype": "bf16",
        "init": {"file": "x.npy"}, "expect": {"values": [1, 6]}, "output": "y.npy"}}})");
    EXPECT_EQ(result.code, 0) << result.out << result.err;
    EXPECT_EQ(readNpy(folder.file("y.npy"))->element.descr(), "<u2");
  }
  PtxSimResult raw = run(R"({"grid": 1, "block": 1, "arguments": [], "buffers": {"x": {"init": {"file": "x.npy"}}}})");
  expectRefusal(raw, 2,
                folder.file("x.npy") + ": descr is '|V2', raw bytes; allowed: a buffer with a dtype that says "
                                       "what they are: bf16, e4m3, e5m2, u8, u16");
}

TEST_F(PtxSim, FilesThatDoNotFit) {
  ASSERT_TRUE(writeNpy(folder.file("in.npy"), {'f', 2}, {2}, "abcd"));
  std::string in = folder.file("in.npy");
  expectRefusal(run(scale(R"("dtype": "f32", "init": {"file": "in.npy"})")), 2,
                json + ": buffers.x.dtype is f32; allowed: f16, as " + in + " has");
  expectRefusal(run(scale(R"("shape": [3], "init": {"file": "in.npy"})")), 2,
                json + ": buffers.x.shape is [3]; allowed: [2], as " + in + " has");
  EXPECT_EQ(run(scale(R"("init": {"file": "absent.npy"})")).code, 6);
  EXPECT_EQ(run(scale(R"("init": {"file": "absent.safetensors", "tensor": "q"})")).code, 6);
  expectRefusal(run(scale(kArange + R"(, "expect": {"file": "in.npy"})")), 2,
                json + ": buffers.x.expect.file is " + in + " of shape [2]; allowed: [10, 10], as the buffer has");
  ASSERT_TRUE(writeNpy(folder.file("empty.npy"), {'f', 4}, {0}, ""));
  EXPECT_EQ(run(scale(R"("init": {"file": "empty.npy"})")).code, 2);
  writeFile(folder.file("damaged.npy"), readFile(in).substr(0, 100));
  EXPECT_EQ(run(scale(R"("init": {"file": "damaged.npy"})")).code, 2);
}

TEST_F(PtxSim, OutputThatCannotBeWrittenIsRefusedBeforeTheLaunch) {
  writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry spin() {\nL:\n  bra L;\n}\n");
  EXPECT_EQ(run(R"({"grid": 1, "block": 1, "arguments": [],
                    "buffers": {"x": {"bytes": 4, "init": "zeros", "output": "no/such/folder.npy"}}})")
                .code,
            6);
}

TEST_F(PtxSim, ComparisonWithTolerance) {
  PtxSimResult right = run(scale(kArange + R"(, "expect": {"fill": 99, "atol": 99.5})"));
  EXPECT_EQ(right.code, 0) << right.out;
  EXPECT_TRUE(right.saysOnOut("compared    x: all 100 elements are right; max_abs 99, rel_l2 ")) << right.out;
  PtxSimResult wrong = run(scale(kArange + R"(, "expect": {"fill": 99, "atol": 97})"));
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(
      wrong.saysOnOut("compared    x: FAILED: 2 of 100 elements are wrong; the first, [0, 0] is 0, expected 99"))
      << wrong.out;
  EXPECT_TRUE(wrong.saysOnOut("result      FAILED: an output is wrong\n"));
  nlohmann::json json = run(scale(kArange + R"(, "expect": {"fill": 99, "rtol": 0.5})"), {"--json"}).json();
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["comparisons"][0]["wrong"], 50); // 2 i is within 99 / 2 of 99 for i from 25 to 74
  EXPECT_EQ(json["comparisons"][0]["max_abs"], 99.0);
}

TEST_F(PtxSim, NanAndInfinityCompareAsThemselves) {
  auto wrong = [&](const std::string &value, const std::string &expected) {
    std::string buffer = R"("dtype": "f32", "shape": [100], "init": {"fill": )" + value +
                         R"(}, "expect": {"atol": 1e30, "fill": )" + expected + "}";
    return run(scale(buffer, "1"), {"--json"}).json()["comparisons"][0]["wrong"].get<int>();
  };
  EXPECT_EQ(wrong("\"nan\"", "\"nan\""), 0);
  EXPECT_EQ(wrong("\"inf\"", "\"inf\""), 0);
  EXPECT_EQ(wrong("\"inf\"", "\"-inf\""), 100);
  EXPECT_EQ(wrong("\"nan\"", "0"), 100);
  EXPECT_EQ(wrong("0", "\"nan\""), 100);
  EXPECT_EQ(wrong("1", "\"inf\""), 100);
}

TEST_F(PtxSim, RandomNumbersAreReproducible) {
  auto numbers = [&](const std::string &name, const std::string &type, const std::string &init) {
    writeFile(ptx, ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry nothing() { ret; }\n");
    PtxSimResult result = run(R"({"grid": 1, "block": 1, "arguments": [], "buffers": {")" + name + R"(": {"dtype": ")" +
                              type + R"(", "shape": [4096], "init": )" + init + R"(, "output": "o.npy"}}})");
    EXPECT_EQ(result.code, 0) << result.err;
    return std::string(readNpy(folder.file("o.npy"))->data());
  };
  std::string normal = numbers("x", "f32", "\"random\"");
  EXPECT_EQ(normal, numbers("x", "f32", R"({"random": {"seed": 0}})"));
  EXPECT_NE(normal, numbers("x", "f32", R"({"random": {"seed": 1}})"));
  EXPECT_NE(normal, numbers("y", "f32", "\"random\"")) << "buffers of one seed differ";
  double sum = 0, squares = 0;
  for (float value : floats(normal)) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 4096, 0, 0.08);     // 5 standard deviations of a mean
  EXPECT_NEAR(squares / 4096, 1, 0.12); // and of a variance
  std::vector<float> uniform = floats(numbers("x", "f32", R"({"random": {"low": -3, "high": 5}})"));
  EXPECT_GE(*std::min_element(uniform.begin(), uniform.end()), -3);
  EXPECT_LT(*std::max_element(uniform.begin(), uniform.end()), 5);
  EXPECT_LT(*std::min_element(uniform.begin(), uniform.end()), -2.9);
  std::string bytes = numbers("x", "i8", R"({"random": {"low": -2, "high": 2}})");
  for (char value : {-2, -1, 0, 1, 2})
    EXPECT_NE(bytes.find(value), std::string::npos) << static_cast<int>(value);
  for (char value : bytes)
    ASSERT_TRUE(value >= -2 && value <= 2);
  numbers("x", "u64", R"({"random": {"low": 0, "high": 18446744073709551615}})");
  EXPECT_EQ(run(R"({"grid": 1, "block": 1, "arguments": [], "buffers": {"x": {"dtype": "f16", "shape": [4096],
                    "init": {"random": {"std": 60000}}}}})")
                .code,
            2)
      << "some are beyond f16";
}

TEST_F(PtxSim, ArangeThatLeavesTheType) {
  expectRefusal(run(R"({"grid": 1, "block": 1, "arguments": [], "buffers": {"x": {"dtype": "u8", "shape": [300],
                        "init": "arange"}}})",
                    {"--entry", "scale"}),
                2, json + ": arguments is a list of 0; allowed: 3, the parameters of scale: x, factor, n");
  expectRefusal(run(scale(R"("dtype": "u8", "shape": [300], "init": "arange")")), 2,
                json + ": buffers.x.init is something that makes element 256 256.000000; allowed: numbers that u8 can "
                       "hold");
}
