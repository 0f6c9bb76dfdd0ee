//===- SafetensorsWriteTest.cpp - writing safetensors files ----------------------------------===//

#include "tests/cli/SafetensorsBytes.h"
#include "tests/cli/TestFiles.h"
#include "tools/safetensors/Safetensors.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace thrift;

namespace {

template <typename T>
std::vector<T> counting(size_t count, T first) {
  std::vector<T> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(SafetensorsWrite, EveryTypeComesBack) {
  TemporaryFolder folder;
  auto f32 = counting<uint32_t>(6, 0x3f800000), i32 = counting<uint32_t>(3, 0xfffffffe);
  auto f16 = counting<uint16_t>(5, 0x7bfe), bf16 = counting<uint16_t>(4, 0xff7e);
  auto u8 = counting<uint8_t>(7, 250);
  std::string path = folder.file("all.safetensors");
  Status written = writeSafetensors(path,
                                    {{"u8", TensorView::readOnly(u8.data(), DType::U8, {7})},
                                     {"f16", TensorView::readOnly(f16.data(), DType::F16, {5, 1})},
                                     {"f32", TensorView::readOnly(f32.data(), DType::F32, {1, 2, 3})},
                                     {"bf16", TensorView::readOnly(bf16.data(), DType::BF16, {2, 2})},
                                     {"i32", TensorView::readOnly(i32.data(), DType::I32, {3})},
                                     {"empty", TensorView::readOnly(nullptr, DType::F32, {2, 0})}},
                                    {{"source", "a test with \"quotes\" and \xc3\xbc"}});
  ASSERT_TRUE(written) << written.message();

  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(file->metadata().at("source"), "a test with \"quotes\" and \xc3\xbc");
  EXPECT_EQ(elementsOf<uint32_t>(*file->tensor("f32")), f32);
  EXPECT_EQ(elementsOf<uint32_t>(*file->tensor("i32")), i32);
  EXPECT_EQ(elementsOf<uint16_t>(*file->tensor("f16")), f16);
  EXPECT_EQ(elementsOf<uint16_t>(*file->tensor("bf16")), bf16);
  EXPECT_EQ(elementsOf<uint8_t>(*file->tensor("u8")), u8);
  EXPECT_EQ(file->tensor("bf16")->dtype, DType::BF16);
  EXPECT_EQ(shapeOf(*file->tensor("f32")), (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(shapeOf(*file->tensor("empty")), (std::vector<int64_t>{2, 0}));
  // Readers that map the file find every tensor aligned: the data starts at a multiple of 8, larger elements first.
  std::string bytes = readFile(path);
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);
  for (const SafetensorsEntry &entry : file->tensors())
    EXPECT_EQ(entry.begin % (entry.element->bits / 8), 0u) << entry.name;
}

TEST(SafetensorsWrite, StridedViewsAreWrittenRowMajor) {
  TemporaryFolder folder;
  // [B, S, H, D] = [2, 3, 4, 5], written as [B, H, S, D].
  auto values = counting<uint16_t>(2 * 3 * 4 * 5, 0);
  TensorView view = TensorView::readOnly(values.data(), DType::F16, {2, 3, 4, 5}).transposed(1, 2);
  std::vector<uint16_t> expected;
  for (int b = 0; b < 2; ++b)
    for (int h = 0; h < 4; ++h)
      for (int s = 0; s < 3; ++s)
        for (int d = 0; d < 5; ++d)
          expected.push_back(static_cast<uint16_t>(((b * 3 + s) * 4 + h) * 5 + d));
  // One row repeated four times.
  TensorView repeated = TensorView::readOnly(values.data(), DType::F16, {4, 5});
  repeated.stride[0] = 0;
  // Rows longer than the writer's buffer, with a gap behind each.
  constexpr int64_t kLong = 300'000;
  auto longRows = counting<uint32_t>(2 * (kLong + 1), 7);
  TensorView gaps = TensorView::readOnly(longRows.data(), DType::I32, {2, kLong});
  gaps.stride[0] = kLong + 1;

  std::string path = folder.file("strided.safetensors");
  Status written = writeSafetensors(path, {{"view", view}, {"repeated", repeated}, {"gaps", gaps}});
  ASSERT_TRUE(written) << written.message();
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(shapeOf(*file->tensor("view")), (std::vector<int64_t>{2, 4, 3, 5}));
  EXPECT_EQ(elementsOf<uint16_t>(*file->tensor("view")), expected);
  EXPECT_EQ(elementsOf<uint16_t>(*file->tensor("repeated")),
            (std::vector<uint16_t>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4}));
  auto rows = elementsOf<uint32_t>(*file->tensor("gaps"));
  ASSERT_EQ(rows.size(), 2u * kLong);
  EXPECT_EQ(rows[kLong - 1], 7u + kLong - 1);
  EXPECT_EQ(rows[kLong], 7u + kLong + 1);
  EXPECT_EQ(rows.back(), 7u + 2 * kLong);
}

TEST(SafetensorsWrite, RefusesWhatCouldNotBeRead) {
  TemporaryFolder folder;
  std::string path = folder.file("refused.safetensors");
  uint8_t byte = 0;
  TensorView good = TensorView::readOnly(&byte, DType::U8, {1});
  TensorView negative = TensorView::readOnly(&byte, DType::U8, {-1});
  TensorView null = TensorView::readOnly(nullptr, DType::U8, {1});
  auto message = [&](const std::vector<NamedTensor> &tensors, const std::map<std::string, std::string> &metadata = {}) {
    return writeSafetensors(path, tensors, metadata).message();
  };
  EXPECT_EQ(message({{"", good}}), "tensor name is \"\"; allowed: UTF-8 text other than \"\" and \"__metadata__\"");
  EXPECT_EQ(message({{"__metadata__", good}}),
            "tensor name is \"__metadata__\"; allowed: UTF-8 text other than \"\" and \"__metadata__\"");
  EXPECT_EQ(message({{"q\xff", good}}),
            "tensor name is \"q\xef\xbf\xbd\"; allowed: UTF-8 text other than \"\" and \"__metadata__\"");
  EXPECT_EQ(message({{"q", good}, {"k", good}, {"q", good}}), "tensor \"q\" is given twice; allowed: unique names");
  EXPECT_EQ(message({{"q", negative}}), "tensor \"q\".shape[0] is -1; allowed: 0 or more");
  EXPECT_EQ(message({{"q", null}}), "tensor \"q\".data is null; allowed: an address, since the tensor has elements");
  EXPECT_EQ(message({{"q", good}}, {{"k", "\xc3"}}),
            "metadata \"k\" is \"\xef\xbf\xbd\"; allowed: keys and values in UTF-8");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SafetensorsWrite, KeepsTheSampleByteForByte) {
  TemporaryFolder folder;
  auto sample = SafetensorsFile::open(THRIFTJIT_TEST_DATA "/qkv-layer3-chunk8k.safetensors");
  ASSERT_TRUE(sample) << sample.status().message();
  std::string path = folder.file("copy.safetensors");
  std::vector<NamedTensor> tensors;
  for (const SafetensorsEntry &entry : sample->tensors())
    tensors.push_back({entry.name, *sample->tensor(entry.name)});
  Status written = writeSafetensors(path, tensors, sample->metadata());
  ASSERT_TRUE(written) << written.message();
  auto copy = SafetensorsFile::open(path);
  ASSERT_TRUE(copy) << copy.status().message();
  for (const NamedTensor &tensor : tensors) {
    TensorView again = *copy->tensor(tensor.name);
    ASSERT_EQ(again.numElements(), tensor.view.numElements());
    EXPECT_EQ(std::memcmp(again.data, tensor.view.data, static_cast<size_t>(again.numElements()) * 2), 0)
        << tensor.name;
  }
}

} // namespace
