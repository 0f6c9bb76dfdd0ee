//===- TensorViewTest.cpp - views: strides, validation, reading -------------------------------===//

#include "runtime/TensorView.h"
#include "dialect/formats/Float16.h"
#include "runtime/reference/ReadTensor.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

alignas(16) std::array<uint16_t, 4096> storage;

TensorView dense() { return TensorView::contiguous(storage.data(), DType::F16, {2, 3, 4, 8}); }

} // namespace

TEST(TensorView, ContiguousStridesAreRowMajor) {
  TensorView view = dense();
  EXPECT_EQ(view.rank, 4);
  EXPECT_EQ(view.stride, (std::array<int64_t, TensorView::kMaxRank>{96, 32, 8, 1}));
  EXPECT_EQ(view.numElements(), 192);
  EXPECT_EQ(view.offset(1, 2, 3), 96 + 64 + 24);
  EXPECT_EQ(view.offset(1, 2, 3, 7), 96 + 64 + 24 + 7);
  EXPECT_TRUE(validate(view, "q"));
  EXPECT_TRUE(validateOutput(view, "q"));
}

TEST(TensorView, TransposedReadsTokensFirstTensors) {
  TensorView view = TensorView::contiguous(storage.data(), DType::F16, {2, 4, 3, 8}).transposed(1, 2);
  EXPECT_EQ(printShape(view), "[2, 3, 4, 8]");
  EXPECT_EQ(view.offset(1, 2, 3), 96 + 2 * 8 + 3 * 24);
  EXPECT_TRUE(validateOutput(view, "o"));
}

struct BadView {
  const char *label;
  void (*spoil)(TensorView &);
  const char *field, *value;
};

class TensorViewRefused : public testing::TestWithParam<BadView> {};

TEST_P(TensorViewRefused, NamesFieldAndValue) {
  TensorView view = dense();
  GetParam().spoil(view);
  Status status = validate(view, "q");
  EXPECT_EQ(status.code(), StatusCode::InvalidArgument);
  EXPECT_EQ(status.field(), GetParam().field);
  EXPECT_EQ(status.value(), GetParam().value);
  EXPECT_FALSE(status.allowed().empty());
  EXPECT_FALSE(validateOutput(view, "q"));
}

INSTANTIATE_TEST_SUITE_P(
    All, TensorViewRefused,
    testing::Values(BadView{"RankZero", [](TensorView &v) { v.rank = 0; }, "q.rank", "0"},
                    BadView{"RankTooLarge", [](TensorView &v) { v.rank = 7; }, "q.rank", "7"},
                    BadView{"NegativeLength", [](TensorView &v) { v.shape[2] = -1; }, "q.shape[2]", "-1"},
                    BadView{"LastNotContiguous", [](TensorView &v) { v.stride[3] = 2; }, "q.stride[3]", "2"},
                    BadView{"NegativeStride", [](TensorView &v) { v.stride[1] = -32; }, "q.stride[1]", "-32"},
                    BadView{"NullData", [](TensorView &v) { v.data = nullptr; }, "q.data", "null"},
                    BadView{"Misaligned", [](TensorView &v) { v.data = reinterpret_cast<char *>(storage.data()) + 1; },
                            "q.data", "an address that is 1 mod 2"},
                    BadView{"Overflow", [](TensorView &v) { v.shape[0] = v.stride[0] = int64_t(1) << 40; }, "q.shape",
                            "[1099511627776, 3, 4, 8]"}),
    [](const auto &info) { return info.param.label; });

TEST(TensorView, ShapesWhoseProductOverflowsAreRefused) {
  TensorView view = TensorView::contiguous(storage.data(), DType::F16, {int64_t(1) << 40, int64_t(1) << 40, 1, 8});
  EXPECT_EQ(validate(view, "q").field(), "q.shape");
}

TEST(TensorView, ManyDimensionsAreRefusedNotWritten) {
  TensorView view = TensorView::contiguous(storage.data(), DType::F16, {1, 1, 1, 1, 1, 1, 1, 1, 8});
  EXPECT_EQ(validate(view, "q").value(), "9");
}

TEST(TensorView, EmptyTensorsNeedNoData) {
  EXPECT_TRUE(validate(TensorView::contiguous(nullptr, DType::F16, {2, 3, 0, 8}), "q"));
  EXPECT_TRUE(validateOutput(TensorView::contiguous(nullptr, DType::F16, {2, 3, 0, 8}), "o"));
}

TEST(TensorView, DimensionsOfOneElementMayHaveAnyStride) {
  TensorView view = TensorView::contiguous(storage.data(), DType::F16, {1, 1, 4, 1});
  view.stride = {-5, 3, 1, 77};
  EXPECT_TRUE(validate(view, "q"));
  EXPECT_TRUE(validateOutput(view, "o"));
}

TEST(TensorView, RepeatedDimensionsAreInputsOnly) {
  TensorView view = dense();
  view.stride[1] = 0;
  EXPECT_TRUE(validate(view, "k"));
  Status status = validateOutput(view, "o");
  EXPECT_EQ(status.field(), "o.stride[1]");
  EXPECT_EQ(status.value(), "0");
}

TEST(TensorView, OverlappingOutputsAreRefused) {
  TensorView view = dense();
  view.stride[2] = 7; // rows of 8 channels
  EXPECT_TRUE(validate(view, "o"));
  EXPECT_EQ(validateOutput(view, "o").field(), "o.stride[2]");
}

TEST(ReadTensor, ConvertsEveryTypeInRowMajorOrder) {
  std::array<uint16_t, 12> f16, bf16;
  std::array<float, 12> f32;
  std::vector<double> expected;
  for (int i = 0; i < 12; ++i) {
    f32[i] = 0.25f * static_cast<float>(i) - 1;
    f16[i] = f16FromF32(f32[i]);
    bf16[i] = bf16FromF32(f32[i]);
    expected.push_back(f32[i]);
  }
  EXPECT_EQ(*toDoubles(TensorView::readOnly(f32.data(), DType::F32, {2, 3, 2}), "x"), expected);
  EXPECT_EQ(*toDoubles(TensorView::readOnly(f16.data(), DType::F16, {12}), "x"), expected);
  EXPECT_EQ(*toDoubles(TensorView::readOnly(bf16.data(), DType::BF16, {1, 2, 3, 2}), "x"), expected);
  std::vector<double> transposed = {expected[0], expected[1], expected[6], expected[7], expected[2],  expected[3],
                                    expected[8], expected[9], expected[4], expected[5], expected[10], expected[11]};
  EXPECT_EQ(*toDoubles(TensorView::readOnly(f32.data(), DType::F32, {2, 3, 2}).transposed(0, 1), "x"), transposed);
}

TEST(ReadTensor, RefusesIntegers) {
  std::array<int32_t, 4> ints = {};
  Status status = toDoubles(TensorView::readOnly(ints.data(), DType::I32, {4}), "x").status();
  EXPECT_EQ(status.field(), "x.dtype");
  EXPECT_EQ(status.value(), "i32");
}
