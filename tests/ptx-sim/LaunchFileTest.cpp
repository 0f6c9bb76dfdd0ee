//===- LaunchFileTest.cpp - launch files, right and wrong ----------------------===//

#include "tools/ptx-sim/LaunchFile.h"
#include "tests/Repetition.h"

#include <gtest/gtest.h>

#include <random>

using namespace thrift;
using namespace thrift::ptxsim;

namespace {

/// A file whose buffers and arguments are given.
std::string launchFile(const std::string &buffers, const std::string &arguments) {
  return R"({"grid": 1, "block": 32, "buffers": {)" + buffers + R"(}, "arguments": [)" + arguments + "]}";
}

LaunchFile parsed(const std::string &text) {
  Result<LaunchFile> file = parseLaunchFile(text, "l.json");
  EXPECT_TRUE(file) << file.status().message();
  return file ? *file : LaunchFile();
}

std::string error(const std::string &text) {
  Result<LaunchFile> file = parseLaunchFile(text, "l.json");
  return file ? "accepted" : file.status().message();
}

/// The buffer `x`, described by these members.
BufferSpec buffer(const std::string &members) {
  return parsed(launchFile("\"x\": {" + members + "}", "")).buffers.at(0);
}
std::string bufferError(const std::string &members) { return error(launchFile("\"x\": {" + members + "}", "")); }
std::string argumentError(const std::string &argument) {
  return error(launchFile(R"("x": {"bytes": 64, "init": "zeros"})", argument));
}
Value argument(const std::string &text) {
  return parsed(launchFile(R"("x": {"bytes": 64, "init": "zeros"}, "y": {"bytes": 64, "init": "zeros"})", text))
      .arguments.at(0);
}

uint64_t scalarBits(const std::string &text) { return std::get<ScalarValue>(argument(text).content).bits; }

} // namespace

TEST(LaunchFile, EveryFieldOfTheRoot) {
  LaunchFile file = parsed(R"({"comment": "a test", "entry": "k", "grid": [2, 3], "block": [32, 2, 4],
                              "cluster": 1, "shared_bytes": 1024, "buffers": {}, "arguments": []})");
  EXPECT_EQ(file.entry, "k");
  EXPECT_EQ(file.grid, (std::array<uint32_t, 3>{2, 3, 1}));
  EXPECT_EQ(*file.block, (std::array<uint32_t, 3>{32, 2, 4}));
  EXPECT_EQ(*file.cluster, (std::array<uint32_t, 3>{1, 1, 1}));
  EXPECT_EQ(file.dynamicSharedBytes, 1024u);
}

TEST(LaunchFile, RootRefusals) {
  EXPECT_EQ(error("[]"), "l.json: the document is []; allowed: an object with entry, grid, block, cluster, "
                         "shared_bytes, buffers, arguments");
  EXPECT_EQ(error(R"({"arguments": []})"),
            "l.json: grid is missing; allowed: the number of CTAs: a number, or a list of 1 to 3");
  EXPECT_EQ(error(R"({"grid": 1})"),
            "l.json: arguments is missing; allowed: a list, one value for each parameter of the entry");
  EXPECT_EQ(error(R"({"grid": 0, "arguments": []})"), "l.json: grid is 0; allowed: a whole number, 1 to 4294967295");
  EXPECT_EQ(error(R"({"grid": [1, 2, 3, 4], "arguments": []})"),
            "l.json: grid is a list of 4; allowed: a number, or a list of 1 to 3");
  EXPECT_EQ(error(R"({"grid": [1, "2"], "arguments": []})"),
            "l.json: grid[1] is \"2\"; allowed: a whole number, 1 to 4294967295");
  EXPECT_EQ(error(R"({"grid": 1, "shared": 4, "arguments": []})"),
            "l.json: the document is an object with the key \"shared\"; allowed: entry, grid, block, cluster, "
            "shared_bytes, buffers, arguments, comment");
  EXPECT_EQ(error(R"({"grid": 1, "shared_bytes": -1, "arguments": []})"),
            "l.json: shared_bytes is -1; allowed: a whole number, 0 to 4294967295");
  EXPECT_EQ(error(R"({"grid": 1, "entry": 7, "arguments": []})"), "l.json: entry is 7; allowed: the name of an entry");
  EXPECT_EQ(error(R"({"grid": 1, "buffers": [], "arguments": []})"), "l.json: buffers is []; allowed: an object");
  EXPECT_EQ(error(R"({"grid": 1, "arguments": {}})"),
            "l.json: arguments is an empty object; allowed: a list, one value for each parameter of the entry");
}

TEST(LaunchFile, FilesLieBesideTheLaunchFile) {
  LaunchFile file = *parseLaunchFile(R"({"grid": 1, "arguments": []})", "some/folder/l.json");
  EXPECT_EQ(file.resolve("x.npy"), "some/folder/x.npy");
  EXPECT_EQ(file.resolve("/x.npy"), "/x.npy");
  EXPECT_EQ(parsed(R"({"grid": 1, "arguments": []})").resolve("x.npy"), "x.npy");
  EXPECT_EQ(parseLaunchFile(R"({"grid": 1, "arguments": []})", "/l.json")->resolve("x.npy"), "//x.npy");
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

TEST(LaunchBuffer, KindsOfContents) {
  const std::string f32x4 = R"("dtype": "f32", "shape": [2, 2], "init": )";
  EXPECT_EQ(std::get<Fill>(buffer(f32x4 + "\"zeros\"").contents).bits, 0u);
  EXPECT_TRUE(std::holds_alternative<Uninitialized>(buffer(f32x4 + "\"uninitialized\"").contents));
  EXPECT_EQ(std::get<Arange>(buffer(f32x4 + "\"arange\"").contents).step, 1);
  EXPECT_EQ(std::get<Arange>(buffer(f32x4 + R"({"arange": {"start": -1, "step": 0.5}})").contents).start, -1);
  EXPECT_EQ(std::get<Normal>(buffer(f32x4 + "\"random\"").contents).deviation, 1);
  EXPECT_EQ(std::get<Normal>(buffer(f32x4 + R"({"random": {"seed": 5, "mean": 2, "std": 3}})").contents).seed, 5u);
  EXPECT_EQ(std::get<Uniform>(buffer(f32x4 + R"({"random": {"low": -1, "high": 1}})").contents).low, -1);
  EXPECT_EQ(std::get<Fill>(buffer(f32x4 + R"({"fill": 1})").contents).bits, 0x3F800000u);
  EXPECT_EQ(std::get<Elements>(buffer(f32x4 + R"({"values": [1, 2, "nan", "0x1"]})").contents).bits,
            (std::vector<uint64_t>{0x3F800000u, 0x40000000u, 0x7FC00000u, 1}));
  EXPECT_EQ(std::get<TensorReference>(buffer(R"("init": {"file": "x.npy"})").contents).file, "x.npy");
  EXPECT_EQ(std::get<TensorReference>(buffer(R"("init": {"file": "x.safetensors", "tensor": "q"})").contents).tensor,
            "q");
  EXPECT_EQ(std::get<StructValue>(buffer(R"("bytes": 16, "init": {"fields": [{"offset": 8, "u32": 1}]})").contents)
                .fields.at(0)
                .offset,
            8u);
}

TEST(LaunchBuffer, BytesMeanU8) {
  BufferSpec spec = buffer(R"("bytes": 100, "init": "uninitialized")");
  EXPECT_EQ(spec.type->name, "u8");
  EXPECT_EQ(*spec.shape, (std::vector<int64_t>{100}));
  EXPECT_EQ(bufferError(R"("bytes": 100, "dtype": "f32", "init": "zeros")"),
            "l.json: buffers.x.dtype is \"f32\"; allowed: no such key beside bytes, which means u8");
}

TEST(LaunchBuffer, TypeAndShapeRefusals) {
  EXPECT_EQ(bufferError(R"("dtype": "float", "shape": [1], "init": "zeros")"),
            "l.json: buffers.x.dtype is \"float\"; allowed: f16, bf16, f32, f64, e4m3, e5m2, i8, i16, i32, i64, u8, "
            "u16, u32, u64, bool");
  EXPECT_EQ(bufferError(R"("shape": [1], "init": "zeros")"),
            "l.json: buffers.x.dtype is missing; allowed: dtype and shape, or bytes");
  EXPECT_EQ(bufferError(R"("dtype": "f32", "init": "zeros")"),
            "l.json: buffers.x.shape is missing; allowed: dtype and shape, or bytes");
  EXPECT_EQ(bufferError(R"("dtype": "f32", "shape": [0, 4], "init": "zeros")"),
            "l.json: buffers.x.shape is [0,4]; allowed: one element or more, and fewer than 2^60 bytes");
  EXPECT_EQ(bufferError(R"("dtype": "f32", "shape": [4294967296, 4294967296], "init": "zeros")"),
            "l.json: buffers.x.shape is [4294967296,4294967296]; allowed: one element or more, and fewer than 2^60 "
            "bytes");
  EXPECT_EQ(bufferError(R"("dtype": "f32", "shape": 4, "init": "zeros")"),
            "l.json: buffers.x.shape is 4; allowed: a list of at most 16 numbers");
  EXPECT_EQ(bufferError(R"("dtype": "f32", "shape": [-1], "init": "zeros")"),
            "l.json: buffers.x.shape[0] is -1; allowed: a whole number, 0 to 9223372036854775807");
}

TEST(LaunchBuffer, ContentsRefusals) {
  const std::string i8 = R"("dtype": "i8", "shape": [2], "init": )", f16 = R"("dtype": "f16", "shape": [2], "init": )";
  EXPECT_EQ(bufferError(R"("bytes": 4)"),
            "l.json: buffers.x.init is missing; allowed: what it holds: \"zeros\", \"uninitialized\", \"random\", "
            "{\"file\": ...}, ...");
  EXPECT_EQ(bufferError(i8 + "\"ones\""),
            "l.json: buffers.x.init is \"ones\"; allowed: \"zeros\", \"uninitialized\", \"arange\", \"random\"");
  EXPECT_EQ(bufferError(i8 + "0"),
            "l.json: buffers.x.init is 0; allowed: \"zeros\", \"uninitialized\", \"arange\", \"random\", or an object "
            "with one of fill, values, arange, random, file, fields");
  EXPECT_EQ(bufferError(i8 + "\"random\""),
            "l.json: buffers.x.init is \"random\"; allowed: {\"random\": {\"low\": ..., \"high\": ...}} for i8");
  EXPECT_EQ(bufferError(i8 + R"({"random": {"mean": 1}})"),
            "l.json: buffers.x.init.random.mean is 1; allowed: low and high, for i8");
  EXPECT_EQ(bufferError(i8 + R"({"random": {"low": 1}})"),
            "l.json: buffers.x.init.random.high is missing; allowed: the largest number");
  EXPECT_EQ(bufferError(i8 + R"({"random": {"low": 1, "high": 0}})"),
            "l.json: buffers.x.init.random.high is 0; allowed: low or more");
  EXPECT_EQ(bufferError(i8 + R"({"random": {"low": -200, "high": 0}})"),
            "l.json: buffers.x.init.random.low is -200; allowed: a whole number that i8 can hold");
  EXPECT_EQ(bufferError(f16 + R"({"random": {"std": -1}})"),
            "l.json: buffers.x.init.random.std is -1; allowed: 0 or more");
  EXPECT_EQ(
      bufferError(f16 + R"({"fill": 1e6})"),
      "l.json: buffers.x.init.fill is 1000000.0; allowed: a number that f16 can hold, \"nan\", \"inf\", \"-inf\", "
      "or its bits, like \"0x0000\"");
  EXPECT_EQ(bufferError(i8 + R"({"fill": 1.5})"),
            "l.json: buffers.x.init.fill is 1.5; allowed: a whole number that i8 can hold, or its bits, like \"0x00\"");
  EXPECT_EQ(bufferError(i8 + R"({"values": [1]})"),
            "l.json: buffers.x.init.values is a list of 1; allowed: a list of 2 elements, row-major");
  EXPECT_EQ(
      bufferError(i8 + R"({"values": [1, "0x100"]})"),
      "l.json: buffers.x.init.values[1] is \"0x100\"; allowed: a whole number that i8 can hold, or its bits, like "
      "\"0x00\"");
  EXPECT_EQ(bufferError(i8 + R"({"fill": 1, "values": [1, 2]})"),
            "l.json: buffers.x.init is an object with several of these keys; allowed: one of fill, values, arange, "
            "random, file, fields");
  EXPECT_EQ(bufferError(i8 + R"({"file": "x.bin"})"),
            "l.json: buffers.x.init.file is \"x.bin\"; allowed: the name of an .npy or .safetensors file");
  EXPECT_EQ(bufferError(i8 + R"({"file": "x.npy", "tensor": "q"})"),
            "l.json: buffers.x.init.tensor is \"q\"; allowed: no such key beside an .npy file, which has one array");
  EXPECT_EQ(bufferError(i8 + R"({"file": "x.safetensors"})"),
            "l.json: buffers.x.init.tensor is missing; allowed: the name of a tensor in the file");
  EXPECT_EQ(bufferError(i8 + R"("zeros", "output": "x.txt")"),
            "l.json: buffers.x.output is \"x.txt\"; allowed: the name of an .npy or .safetensors file");
  EXPECT_EQ(bufferError(i8 + R"("zeros", "expected": {})"),
            "l.json: buffers.x is an object with the key \"expected\"; allowed: dtype, shape, bytes, init, output, "
            "expect, comment");
}

TEST(LaunchBuffer, Expectations) {
  BufferSpec spec = buffer(R"("dtype": "f16", "shape": [2], "init": "zeros",
                              "expect": {"values": [1, 2], "atol": 0.5, "rtol": 1e-3})");
  EXPECT_EQ(spec.expected->absolute, 0.5);
  EXPECT_EQ(spec.expected->relative, 1e-3);
  EXPECT_EQ(std::get<Elements>(spec.expected->values).bits, (std::vector<uint64_t>{0x3C00, 0x4000}));
  EXPECT_EQ(bufferError(R"("bytes": 1, "init": "zeros", "expect": {"fill": 1, "atol": -1})"),
            "l.json: buffers.x.expect.atol is -1; allowed: 0 or more");
  EXPECT_EQ(bufferError(R"("bytes": 1, "init": "zeros", "expect": {"atol": 1})"),
            "l.json: buffers.x.expect is an object with none of these keys; allowed: one of file, fill, values");
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

TEST(LaunchArgument, ScalarsOfEveryWidth) {
  EXPECT_EQ(scalarBits(R"({"u8": 255})"), 255u);
  EXPECT_EQ(scalarBits(R"({"s8": -1})") & 0xFF, 0xFFu);
  EXPECT_EQ(scalarBits(R"({"b16": "0xBEEF"})"), 0xBEEFu);
  EXPECT_EQ(scalarBits(R"({"s32": -2})") & 0xFFFFFFFFu, 0xFFFFFFFEu);
  EXPECT_EQ(scalarBits(R"({"u64": 18446744073709551615})"), UINT64_MAX);
  EXPECT_EQ(scalarBits(R"({"i64": -9223372036854775808})"), uint64_t(1) << 63);
  EXPECT_EQ(scalarBits(R"({"f16": 1})"), 0x3C00u);
  EXPECT_EQ(scalarBits(R"({"bf16": 1})"), 0x3F80u);
  EXPECT_EQ(scalarBits(R"({"f32": "-inf"})"), 0xFF800000u);
  EXPECT_EQ(scalarBits(R"({"f64": 0.1, "comment": "eps"})"), 0x3FB999999999999Aull);
  EXPECT_EQ(scalarBits(R"({"bool": true})"), 1u);
}

TEST(LaunchArgument, Pointers) {
  const auto pointer = std::get<PointerValue>(argument(R"({"buffer": "y", "buffer_offset": 16})").content);
  EXPECT_EQ(pointer.buffer, 1u);
  EXPECT_EQ(pointer.offset, 16u);
  EXPECT_EQ(argumentError(R"({"buffer": "z"})"), "l.json: arguments[0].buffer is \"z\"; allowed: x");
  EXPECT_EQ(argumentError(R"({"buffer": 0})"), "l.json: arguments[0].buffer is 0; allowed: x");
  EXPECT_EQ(argumentError(R"({"buffer": "x", "offset": 4})"),
            "l.json: arguments[0] is an object with the key \"offset\"; allowed: buffer, buffer_offset, comment");
}

TEST(LaunchArgument, Structs) {
  const auto value = std::get<StructValue>(
      argument(R"({"bytes": 32, "fields": [{"offset": 8, "buffer": "x", "buffer_offset": 4}, {"offset": 0, "f32": 1},
                   {"offset": 16, "bytes": 8, "fields": [{"offset": 4, "u16": 7}]}]})")
          .content);
  ASSERT_EQ(value.fields.size(), 3u);
  EXPECT_EQ(value.fields[0].offset, 0u); // sorted
  EXPECT_EQ(std::get<PointerValue>(value.fields[1].value.content).offset, 4u);
  EXPECT_EQ(argumentError(R"({"bytes": 8, "fields": [{"offset": 6, "u32": 1}]})"),
            "l.json: arguments[0].fields[0] is 4 bytes at offset 6; allowed: fields within the 8 bytes");
  EXPECT_EQ(argumentError(R"({"bytes": 8, "fields": [{"offset": 18446744073709551615, "u32": 1}]})"),
            "l.json: arguments[0].fields[0] is 4 bytes at offset 18446744073709551615; allowed: fields within the 8 "
            "bytes");
  EXPECT_EQ(argumentError(R"({"bytes": 8, "fields": [{"offset": 0, "u32": 1}, {"offset": 2, "u8": 1}]})"),
            "l.json: arguments[0].fields is a list with two fields over byte 2; allowed: fields that do not overlap");
  EXPECT_EQ(argumentError(R"({"bytes": 8, "fields": [{"u32": 1}]})"),
            "l.json: arguments[0].fields[0].offset is missing; allowed: bytes from the start");
  EXPECT_EQ(argumentError(R"({"bytes": 0})"), "l.json: arguments[0].bytes is 0; allowed: a whole number, 1 to 32764");
}

TEST(LaunchArgument, ScalarRefusals) {
  const std::string allowed = "; allowed: an object with one of buffer, tensor_map, bytes, or a type: f16, bf16, f32, "
                              "f64, e4m3, e5m2, i8, i16, i32, i64, u8, u16, u32, u64, bool; or s8 to s64, b8 to b64";
  EXPECT_EQ(argumentError("7"), "l.json: arguments[0] is 7" + allowed);
  EXPECT_EQ(argumentError("{}"), "l.json: arguments[0] is an empty object" + allowed);
  EXPECT_EQ(argumentError(R"({"int": 1})"), "l.json: arguments[0] is an object with the key \"int\"" + allowed);
  EXPECT_EQ(argumentError(R"({"u32": 1, "u64": 1})"),
            "l.json: arguments[0] is an object with the key \"u64\"" + allowed);
  EXPECT_EQ(argumentError(R"({"u32": 4294967296})"),
            "l.json: arguments[0].u32 is 4294967296; allowed: a whole number that u32 can hold, or its bits, like "
            "\"0x00000000\"");
  EXPECT_EQ(argumentError(R"({"f32": "1.0"})"),
            "l.json: arguments[0].f32 is \"1.0\"; allowed: a number that f32 can hold, \"nan\", \"inf\", \"-inf\", or "
            "its bits, like \"0x00000000\"");
  EXPECT_NE(argumentError(R"({"f32": "0x"})"), "accepted");
  EXPECT_NE(argumentError(R"({"f32": "0x1g"})"), "accepted");
}

TEST(LaunchArgument, TensorMaps) {
  const auto map = std::get<TensorMapValue>(
      argument(R"({"tensor_map": {"buffer": "x", "element": "f16", "dims": [8, 4], "strides": [16], "box": [8, 2]}})")
          .content);
  EXPECT_EQ(map.dims, (std::vector<uint64_t>{8, 4}));
  EXPECT_EQ(map.elementStrides, (std::vector<uint32_t>{1, 1}));
  EXPECT_EQ(map.swizzle, "none");
  auto mapError = [](const std::string &members) {
    return argumentError(R"({"tensor_map": {"buffer": "x", "element": "u8", )" + members + "}}");
  };
  EXPECT_EQ(mapError(R"("dims": [], "box": [])"),
            "l.json: arguments[0].tensor_map.dims is a list of 0; allowed: 1 to 5 numbers, innermost first");
  EXPECT_EQ(mapError(R"("dims": [8, 4], "box": [8, 2])"),
            "l.json: arguments[0].tensor_map.strides is missing; allowed: 1 numbers: the bytes from one element to the "
            "next, in every dimension but the first");
  EXPECT_EQ(mapError(R"("dims": [16], "box": [16, 1])"),
            "l.json: arguments[0].tensor_map.box is a list of 2; allowed: 1 numbers, one for each of dims");
  EXPECT_EQ(mapError(R"("dims": [16], "box": [16], "swizle": "128B")"),
            "l.json: arguments[0].tensor_map is an object with the key \"swizle\"; allowed: buffer, buffer_offset, "
            "element, dims, strides, box, element_strides, interleave, swizzle, fill, comment");
}

//===----------------------------------------------------------------------===//
// Damaged files
//===----------------------------------------------------------------------===//

TEST(LaunchFile, DamagedFilesAreRefusedWithASentence) {
  const std::string good = R"({"entry": "k", "grid": [2, 1], "block": 32, "shared_bytes": 16, "buffers": {
    "x": {"dtype": "f16", "shape": [2, 2], "init": {"values": [1, "nan", "0x1", -2]}, "expect": {"fill": 1, "rtol": 0.5}},
    "t": {"bytes": 64, "init": {"fields": [{"offset": 0, "buffer": "x", "buffer_offset": 2}, {"offset": 8, "u32": 1}]}},
    "r": {"dtype": "i8", "shape": [8], "init": {"random": {"seed": 1, "low": -3, "high": 3}}, "output": "r.npy"}},
    "arguments": [{"buffer": "x"}, {"bytes": 16, "fields": [{"offset": 4, "f32": 1.5}]}, {"tensor_map": {"buffer": "x",
    "element": "f16", "dims": [2, 2], "strides": [16], "box": [2, 2], "swizzle": "none"}}]})";
  ASSERT_TRUE(parseLaunchFile(good, "l.json")) << error(good);
  constexpr std::string_view kPlausible = "0123456789-.eE{}[]\",:xfubt ";
  std::mt19937 random(11);
  auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  int accepted = 0, refused = 0;
  for (int i = 0; i < repetitions(50'000, 5'000); ++i) {
    std::string text = good;
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      size_t at = below(text.size());
      if (below(4) == 0)
        text.erase(at, 1 + below(6));
      else if (below(3) == 0)
        text.insert(at, 1, kPlausible[below(kPlausible.size())]);
      else
        text[at] = below(8) ? kPlausible[below(kPlausible.size())] : static_cast<char>(below(256));
    }
    Result<LaunchFile> file = parseLaunchFile(text, "l.json");
    ++(file ? accepted : refused);
    EXPECT_TRUE(file || !file.status().allowed().empty()) << text;
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 1000);
}
