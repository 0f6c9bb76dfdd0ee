//===- SafetensorsReadTest.cpp - reading safetensors files that are right --------------------===//

#include "tests/cli/SafetensorsBytes.h"
#include "tools/safetensors/Safetensors.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

TEST(SafetensorsRead, HandWrittenFile) {
  auto file = SafetensorsFile::parse(
      fileBytes(R"({"__metadata__":{"made":"by hand"},"b":{"dtype":"U8","shape":[2,3],"data_offsets":[4,10]},)"
                R"("a":{"data_offsets":[0,4],"shape":[2],"dtype":"F16"}}   )",
                countingBytes(10)));
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(file->metadata().at("made"), "by hand");
  ASSERT_EQ(file->tensors().size(), 2u);
  EXPECT_EQ(file->tensors()[0].name, "a");
  EXPECT_TRUE(file->contains("b"));
  EXPECT_FALSE(file->contains("c"));

  auto a = file->tensor("a"), b = file->tensor("b");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->dtype, DType::F16);
  EXPECT_EQ(elementsOf<uint16_t>(*a), (std::vector<uint16_t>{0x0100, 0x0302}));
  EXPECT_EQ(shapeOf(*b), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(b->stride[0], 3);
  EXPECT_EQ(b->stride[1], 1);
  EXPECT_EQ(elementsOf<uint8_t>(*b), (std::vector<uint8_t>{4, 5, 6, 7, 8, 9}));
}

TEST(SafetensorsRead, ViewsPointIntoTheFileAndSurviveItsMove) {
  auto file = SafetensorsFile::parse(fileBytes(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
      countingBytes(12)));
  ASSERT_TRUE(file) << file.status().message();
  TensorView a = *file->tensor("a"), b = *file->tensor("b");
  EXPECT_EQ(static_cast<std::byte *>(b.data) - static_cast<std::byte *>(a.data), 8);
  SafetensorsFile moved = std::move(*file);
  EXPECT_EQ(moved.tensor("b")->data, b.data);
  EXPECT_EQ(elementsOf<uint8_t>(TensorView::readOnly(b.data, DType::U8, {4})), (std::vector<uint8_t>{8, 9, 10, 11}));
}

TEST(SafetensorsRead, MisalignedTensorIsRealigned) {
  auto file = SafetensorsFile::parse(fileBytes(
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[2],"data_offsets":[3,11]},)"
      R"("none":{"dtype":"F32","shape":[0],"data_offsets":[3,3]}})",
      countingBytes(11)));
  ASSERT_TRUE(file) << file.status().message();
  auto b = file->tensor("b");
  ASSERT_TRUE(b);
  EXPECT_TRUE(validate(*b, "b")) << validate(*b, "b").message();
  EXPECT_EQ(elementsOf<uint8_t>(TensorView::readOnly(b->data, DType::U8, {8})),
            (std::vector<uint8_t>{3, 4, 5, 6, 7, 8, 9, 10}));
  auto none = file->tensor("none");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->numElements(), 0);
}

TEST(SafetensorsRead, EmptyTensorsAndEmptyFiles) {
  auto nothing = SafetensorsFile::parse(fileBytes("{}", ""));
  ASSERT_TRUE(nothing) << nothing.status().message();
  EXPECT_TRUE(nothing->tensors().empty());
  auto empty =
      SafetensorsFile::parse(fileBytes(R"({"a":{"dtype":"BF16","shape":[4,0,128],"data_offsets":[0,0]}})", ""));
  ASSERT_TRUE(empty) << empty.status().message();
  EXPECT_EQ(shapeOf(*empty->tensor("a")), (std::vector<int64_t>{4, 0, 128}));
}

TEST(SafetensorsRead, OtherTypesAreListedAndRefusedWhenAskedFor) {
  auto file = SafetensorsFile::parse(fileBytes(
      R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"fp4":{"dtype":"F4","shape":[6],"data_offsets":[8,11]},)"
      R"("x":{"dtype":"U8","shape":[1],"data_offsets":[11,12]}})",
      countingBytes(12)));
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_TRUE(file->tensor("x"));
  Status ids = file->tensor("ids").status();
  EXPECT_EQ(ids.code(), StatusCode::Unsupported);
  EXPECT_EQ(ids.message(), "safetensors: tensor \"ids\" dtype is I64; allowed: F32, F16, BF16, I32, U8");
  EXPECT_EQ(file->tensor("fp4").status().value(), "F4");
}

TEST(SafetensorsRead, RankOfAView) {
  auto file =
      SafetensorsFile::parse(fileBytes(R"({"scalar":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                                       R"("seven":{"dtype":"U8","shape":[1,1,1,1,1,1,1],"data_offsets":[1,2]}})",
                                       "ab"));
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(file->tensor("scalar").status().message(), "safetensors: tensor \"scalar\" rank is 0; allowed: 1 to 6");
  EXPECT_EQ(file->tensor("seven").status().value(), "7");
}

TEST(SafetensorsRead, MissingTensorNamesTheOthers) {
  auto file = SafetensorsFile::parse(fileBytes(
      R"({"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"k":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
      "ab"));
  ASSERT_TRUE(file) << file.status().message();
  EXPECT_EQ(file->tensor("v").status().message(), "safetensors: tensor \"v\" is missing; allowed: \"q\", \"k\"");
  auto nothing = SafetensorsFile::parse(fileBytes("{}", ""));
  EXPECT_EQ(nothing->tensor("v").status().allowed(), "nothing, the file holds no tensor");
}

TEST(SafetensorsRead, TheSample) {
  auto file = SafetensorsFile::open(THRIFTJIT_TEST_DATA "/qkv-layer3-chunk8k.safetensors");
  ASSERT_TRUE(file) << file.status().message();
  auto q = file->tensor("q"), k = file->tensor("k"), v = file->tensor("v");
  ASSERT_TRUE(q && k && v);
  EXPECT_EQ(shapeOf(*q), (std::vector<int64_t>{1, 2, 256, 128}));
  EXPECT_EQ(shapeOf(*k), (std::vector<int64_t>{1, 1, 8192, 128}));
  EXPECT_EQ(shapeOf(*v), (std::vector<int64_t>{1, 1, 8192, 128}));
  for (const TensorView &view : {*q, *k, *v}) {
    EXPECT_EQ(view.dtype, DType::F16);
    EXPECT_TRUE(validate(view, "view"));
  }
}

} // namespace
