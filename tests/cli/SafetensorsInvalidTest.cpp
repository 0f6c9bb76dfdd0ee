//===- SafetensorsInvalidTest.cpp - files that are no safetensors files: one rule each -------===//

#include "tests/cli/SafetensorsBytes.h"
#include "tests/cli/TestFiles.h"
#include "tools/safetensors/Safetensors.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

using namespace thrift;

namespace {

struct BadFile {
  const char *name;
  std::string bytes;
  /// The whole message behind "safetensors: ".
  const char *message;
};

std::string tensorHeader(const char *fields) { return std::string(R"({"q":{)") + fields + "}}"; }
std::string oneTensor(const char *fields, size_t dataBytes) {
  return fileBytes(tensorHeader(fields), countingBytes(dataBytes));
}
std::string withLength(uint64_t length, std::string rest) {
  std::string bytes = fileBytes("", rest);
  for (int i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes;
}

const std::string kGood = R"("dtype":"U8","shape":[2],"data_offsets":[0,2])";
const char *const kAllElements =
    "F32, F16, BF16, I32, U8, BOOL, I8, F8_E4M3, F8_E5M2, F8_E8M0, F4, F6_E2M3, F6_E3M2, I16, U16, "
    "U32, F64, I64, U64, C64";

class SafetensorsInvalidFile : public testing::TestWithParam<BadFile> {};

TEST_P(SafetensorsInvalidFile, IsRefusedWithItsReason) {
  auto file = SafetensorsFile::parse(GetParam().bytes);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.status().code(), StatusCode::InvalidArgument);
  EXPECT_EQ(file.status().message(), std::string("safetensors: ") + GetParam().message);
  EXPECT_FALSE(file.status().field().empty());
  EXPECT_FALSE(file.status().value().empty());
  EXPECT_FALSE(file.status().allowed().empty());
}

const BadFile kBadFiles[] = {
    {"EmptyFile", "", "file size is 0; allowed: 8 bytes or more: the file starts with a header length"},
    {"SevenBytes", "1234567", "file size is 7; allowed: 8 bytes or more: the file starts with a header length"},
    {"HeaderPastTheEnd", withLength(100, "{}"), "header length is 100; allowed: at most 2, the bytes that follow it"},
    {"HeaderOverTheLimit", withLength(100'000'001, "{}"),
     "header length is 100000001; allowed: at most 100000000 bytes"},
    {"HeaderLengthAllOnes", withLength(~uint64_t(0), "{}"),
     "header length is 18446744073709551615; allowed: at most 100000000 bytes"},
    {"NoHeader", withLength(0, "{}"), "header is empty; allowed: one JSON object, from '{'"},
    {"SpaceFirst", fileBytes(" {}", ""), "header is a text that starts with \" \"; allowed: one JSON object, from '{'"},
    {"NotJson", fileBytes("{\"q\":", ""), "header is broken at byte 6; allowed: one JSON object in UTF-8"},
    {"TextBehind", fileBytes("{}x", ""), "header is broken at byte 3; allowed: one JSON object in UTF-8"},
    {"NotUtf8", fileBytes("{\"q\xff\":{" + kGood + "}}", "ab"),
     "header is broken at byte 4; allowed: one JSON object in UTF-8"},
    {"OverlongUtf8", fileBytes("{\"q\xc0\x80\":{" + kGood + "}}", "ab"),
     "header is broken at byte 4; allowed: one JSON object in UTF-8"},
    {"LoneSurrogate", fileBytes("{\"\\ud800\":{" + kGood + "}}", "ab"),
     "header is broken at byte 9; allowed: one JSON object in UTF-8"},
    {"ListInsteadOfTensor", fileBytes(R"({"q":[]})", ""), "header entry \"q\" is a list; allowed: an object"},
    {"NumberInsteadOfTensor", fileBytes(R"({"q":1})", ""), "header entry \"q\" is a number; allowed: an object"},
    {"NullInsteadOfTensor", fileBytes(R"({"q":null})", ""), "header entry \"q\" is null; allowed: an object"},
    {"ObjectInsteadOfShape", oneTensor(R"("dtype":"U8","shape":{},"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is an object; allowed: a list of integers"},
    {"DeepNesting", oneTensor((R"("dtype":"U8","shape":)" + std::string(5000, '[')).c_str(), 2),
     "tensor \"q\" shape is a list with a list; allowed: integers from 0 to 2^63 - 1"},
    {"MetadataNotText", fileBytes(R"({"__metadata__":{"a":1}})", ""),
     "__metadata__ \"a\" is a number; allowed: a string"},
    {"MetadataTwice", fileBytes(R"({"__metadata__":{},"__metadata__":{}})", ""),
     "header is with two __metadata__ keys; allowed: one"},
    {"MetadataKeyTwice", fileBytes(R"({"__metadata__":{"a":"1","a":"2"}})", ""),
     "__metadata__ \"a\" is given twice; allowed: once"},
    {"TensorTwice", fileBytes("{\"q\":{" + kGood + "},\"q\":{" + kGood + "}}", "ab"),
     "tensor \"q\" is given twice; allowed: unique names"},
    {"FieldTwice", oneTensor(R"("dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2])", 2),
     "tensor \"q\" dtype is given twice; allowed: once"},
    {"UnknownField", oneTensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,2],"stride":[1])", 2),
     "tensor \"q\" field is \"stride\"; allowed: dtype, shape, data_offsets"},
    {"NoDtype", oneTensor(R"("shape":[2],"data_offsets":[0,2])", 2),
     "tensor \"q\" dtype is missing; allowed: dtype, shape and data_offsets in every tensor"},
    {"NoShape", oneTensor(R"("dtype":"U8","data_offsets":[0,2])", 2),
     "tensor \"q\" shape is missing; allowed: dtype, shape and data_offsets in every tensor"},
    {"NoOffsets", oneTensor(R"("dtype":"U8","shape":[2])", 2),
     "tensor \"q\" data_offsets is missing; allowed: dtype, shape and data_offsets in every tensor"},
    {"ShapeIsText", oneTensor(R"("dtype":"U8","shape":"2","data_offsets":[0,2])", 2),
     "tensor \"q\" shape is a string; allowed: a list of integers"},
    {"NegativeDim", oneTensor(R"("dtype":"U8","shape":[-2],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is -2; allowed: integers from 0 to 2^63 - 1"},
    {"FractionalDim", oneTensor(R"("dtype":"U8","shape":[2.5],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is 2.5; allowed: integers from 0 to 2^63 - 1"},
    {"DimOf63Bits", oneTensor(R"("dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is 9223372036854775808; allowed: integers from 0 to 2^63 - 1"},
    {"DimPast64Bits", oneTensor(R"("dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is 18446744073709551616; allowed: integers from 0 to 2^63 - 1"},
    {"DimIsText", oneTensor(R"("dtype":"U8","shape":["2"],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is a list with a string; allowed: integers from 0 to 2^63 - 1"},
    {"ProductOverflows", oneTensor(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])", 0),
     "tensor \"q\" shape is [4294967296,4294967296]; allowed: an extent of whole bytes, fewer than 2^60"},
    {"ProductOverflowsBesideZero",
     oneTensor(R"("dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0])", 0),
     "tensor \"q\" shape is [0,4294967296,4294967296]; allowed: an extent of whole bytes, fewer than 2^60"},
    {"HalfAByte", oneTensor(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])", 2),
     "tensor \"q\" shape is [3]; allowed: an extent of whole bytes, fewer than 2^60"},
    {"OffsetsBackwards", oneTensor(R"("dtype":"U8","shape":[2],"data_offsets":[2,0])", 2),
     "tensor \"q\" data_offsets is [2, 0]; allowed: begin <= end <= 2, the bytes after the header"},
    {"OffsetsPastTheEnd", oneTensor(R"("dtype":"U8","shape":[3],"data_offsets":[0,3])", 2),
     "tensor \"q\" data_offsets is [0, 3]; allowed: begin <= end <= 2, the bytes after the header"},
    {"ThreeOffsets", oneTensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,1,2])", 2),
     "tensor \"q\" data_offsets is a list of 3; allowed: [begin, end]"},
    {"SizeDiffers", oneTensor(R"("dtype":"F16","shape":[2],"data_offsets":[0,2])", 2),
     "tensor \"q\" data_offsets is [0, 2]; allowed: 4 bytes, as its shape and dtype say"},
    {"HoleInFront", oneTensor(R"("dtype":"U8","shape":[1],"data_offsets":[1,2])", 2),
     "tensor \"q\" data_offsets is from byte 1; allowed: from byte 0, so that there are no holes"},
    {"BytesBehind", oneTensor(kGood.c_str(), 3), "data is of 3 bytes; allowed: 2 bytes, where the last tensor ends"},
    {"Overlap",
     fileBytes(R"({"q":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
               R"("k":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
               "abc"),
     "tensor \"k\" data_offsets is from byte 1; allowed: from byte 2, so that tensors do not overlap"},
};

INSTANTIATE_TEST_SUITE_P(Files, SafetensorsInvalidFile, testing::ValuesIn(kBadFiles),
                         [](const testing::TestParamInfo<BadFile> &info) { return info.param.name; });

TEST(SafetensorsInvalid, UnknownDtypeNamesAllOfThem) {
  auto file = SafetensorsFile::parse(oneTensor(R"("dtype":"f16","shape":[1],"data_offsets":[0,2])", 2));
  EXPECT_EQ(file.status().message(),
            std::string("safetensors: tensor \"q\" dtype is \"f16\"; allowed: ") + kAllElements);
}

TEST(SafetensorsInvalid, LongAndOddNamesAreShortenedInMessages) {
  std::string name(1000, 'x');
  auto file = SafetensorsFile::parse(fileBytes("{\"\\n" + name + "\":1}", ""));
  EXPECT_EQ(file.status().field(), "safetensors: header entry \"\\n" + std::string(59, 'x') + "...\"");
}

TEST(SafetensorsInvalid, EveryTruncationOfAFileIsRefused) {
  std::string whole = fileBytes(
      R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}})",
      countingBytes(7));
  ASSERT_TRUE(SafetensorsFile::parse(whole));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(SafetensorsFile::parse(std::string_view(whole).substr(0, size))) << size;
}

TEST(SafetensorsOpen, WhatIsNotARegularFile) {
  TemporaryFolder folder;
  std::string missing = folder.file("missing.safetensors");
  Status status = SafetensorsFile::open(missing).status();
  EXPECT_EQ(status.code(), StatusCode::IoError);
  EXPECT_EQ(status.message(), missing + ": cannot open: No such file or directory");

  status = SafetensorsFile::open(folder.path().string()).status();
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.message(), folder.path().string() + " is a directory; allowed: a regular .safetensors file");

  EXPECT_EQ(SafetensorsFile::open("/dev/zero").status().value(), "not a regular file");

  // Nobody writes this pipe: opening it must not wait.
  std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(SafetensorsFile::open(pipe).status().value(), "not a regular file");
}

TEST(SafetensorsOpen, MessagesStartWithThePath) {
  TemporaryFolder folder;
  std::string path = folder.file("bad.safetensors");
  writeFile(path, withLength(100, "{}"));
  EXPECT_EQ(SafetensorsFile::open(path).status().field(), path + ": header length");
  writeFile(path, "123");
  EXPECT_EQ(SafetensorsFile::open(path).status().field(), path + ": file size");
  writeFile(path, oneTensor(kGood.c_str(), 3));
  EXPECT_EQ(SafetensorsFile::open(path).status().field(), path + ": data");
}

} // namespace
