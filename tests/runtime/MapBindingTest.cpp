//===- MapBindingTest.cpp - names of tensor maps, and what they describe -------===//

#include "runtime/MapBinding.h"

#include "TestSupport.h"

#include <limits>

using namespace thrift;
using namespace thrift::test;

static MapRequest parsed(const std::string &spelled) {
  Result<MapRequest> request = MapRequest::parse(spelled);
  EXPECT_TRUE(request) << request.status().message();
  return request ? *request : MapRequest();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

TEST(MapRequest, IsParsed) {
  struct Case {
    const char *spelled;
    MappedTensor tensor;
    unsigned rank;
    std::array<uint32_t, 5> box;
    TensorMapSwizzle swizzle;
  };
  const Case cases[] = {
      {"q.map.64x128.128", MappedTensor::Q, 4, {64, 128, 1, 1, 1}, TensorMapSwizzle::B128},
      {"k.map.32x64x1x1.64", MappedTensor::K, 4, {32, 64, 1, 1, 1}, TensorMapSwizzle::B64},
      {"v.map.256x2x3x4.0", MappedTensor::V, 4, {256, 2, 3, 4, 1}, TensorMapSwizzle::None},
      {"q_low.map.32x128.32", MappedTensor::QLow, 3, {32, 128, 1, 1, 1}, TensorMapSwizzle::B32},
      {"k_low.map.64x64.64", MappedTensor::KLow, 3, {64, 64, 1, 1, 1}, TensorMapSwizzle::B64},
      {"v_low.map.32x128x1.32", MappedTensor::VLow, 3, {32, 128, 1, 1, 1}, TensorMapSwizzle::B32},
      {"v_low.map.16.0", MappedTensor::VLow, 3, {16, 1, 1, 1, 1}, TensorMapSwizzle::None},
  };
  for (const Case &each : cases) {
    MapRequest request = parsed(each.spelled);
    EXPECT_EQ(request.tensor, each.tensor) << each.spelled;
    EXPECT_EQ(request.rank, each.rank) << each.spelled;
    EXPECT_EQ(request.box, each.box) << each.spelled;
    EXPECT_EQ(request.swizzle, each.swizzle) << each.spelled;
  }
}

TEST(MapRequest, OtherSpellingsAreRefused) {
  for (const char *spelled : {"q",
                              "q.map",
                              "q.map.",
                              "q.map..128",
                              "q.map.64x128",
                              "q.map.64x128.",
                              "q.map.64x128.16",
                              "q.map.64x128.128.",
                              "q.map.64x128.128x",
                              "q.map.64x.128",
                              "q.map.x128.128",
                              "q.map.64xx1.128",
                              "q.map.64 x128.128",
                              "q.map.-64x128.128",
                              "q.map.64x128.+128",
                              "q.map.4294967360x128.128",
                              "q.map.64x128x1x1x1.128",
                              "k_low.map.64x64x1x1.64",
                              "o.map.64x128.128",
                              "Q.map.64x128.128",
                              ".map.64x128.128",
                              "q.map.map.64x128.128",
                              "q_low.elements.map.64.64"}) {
    Status status = MapRequest::parse(spelled).status();
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument) << spelled;
    EXPECT_EQ(status.field(), "tensor map") << status.message();
    EXPECT_EQ(status.value(), "'" + std::string(spelled) + "'");
  }
}

TEST(MapRequest, BoxesThatNoMapHasAreRefused) {
  const std::pair<const char *, const char *> cases[] = {
      {"q.map.0x128.128", "box[0]"},  {"q.map.64x0.128", "box[1]"},  {"q.map.64x257.128", "box[1]"},
      {"q.map.60x128.128", "box[0]"}, {"q.map.64x128.64", "box[0]"}, {"k_low.map.64x64.32", "box[0]"},
      {"k_low.map.8x64.0", "box[0]"}, {"q.map.256x256x2.0", "box"},
  };
  for (auto [spelled, field] : cases) {
    Status status = MapRequest::parse(spelled).status();
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument) << spelled;
    EXPECT_EQ(status.field(), std::string(spelled) + ", " + field) << status.message();
  }
}

//===----------------------------------------------------------------------===//
// Descriptions
//===----------------------------------------------------------------------===//

/// [2, 3, 100, 128] within [2, 100, 3, 128].
static TensorView tokensFirst(DType dtype) {
  return TensorView::contiguous(reinterpret_cast<void *>(0x4000), dtype, {2, 100, 3, 128}).transposed(1, 2);
}

TEST(DescribeMap, TensorOfTheCaller) {
  for (auto [dtype, element] :
       {std::pair(DType::F16, TensorMapElement::F16), std::pair(DType::BF16, TensorMapElement::BF16)}) {
    Result<TensorMapDescription> map = describeMap(parsed("q.map.64x128.128"), MapSource::of(tokensFirst(dtype)));
    ASSERT_TRUE(map) << map.status().message();
    EXPECT_EQ(map->element, element);
    EXPECT_EQ(map->rank, 4u);
    EXPECT_EQ(map->address, 0x4000u);
    EXPECT_EQ(map->dims, (std::array<uint64_t, 5>{128, 100, 3, 2, 0}));
    EXPECT_EQ(map->strides, (std::array<uint64_t, 4>{2 * 3 * 128, 2 * 128, 2 * 300 * 128, 0}));
    EXPECT_EQ(map->box, (std::array<uint32_t, 5>{64, 128, 1, 1, 1}));
    EXPECT_EQ(map->swizzle, TensorMapSwizzle::B128);
    EXPECT_TRUE(validateTensorMap(*map));
  }
}

TEST(DescribeMap, PackedRows) {
  RowsLayout layout{LowFormat::Nvfp4, {2, 3, 100, 128, 64}};
  Result<TensorMapDescription> map = describeMap(parsed("k_low.map.64x64.64"), MapSource::of(0x800, layout));
  ASSERT_TRUE(map) << map.status().message();
  EXPECT_EQ(map->element, TensorMapElement::U8);
  EXPECT_EQ(map->rank, 3u);
  EXPECT_EQ(map->dims, (std::array<uint64_t, 5>{64, 128, 6, 0, 0}));
  // Of every dimension the layout says itself where its second element is.
  EXPECT_EQ(map->strides[0], uint64_t(layout.dataOffset(0, 0, 1, 0)));
  EXPECT_EQ(map->strides[1], uint64_t(layout.dataOffset(0, 1, 0, 0)));
  EXPECT_EQ(3 * map->strides[1], uint64_t(layout.dataOffset(1, 0, 0, 0)));
  EXPECT_EQ(map->dims[2] * map->strides[1], uint64_t(layout.dataBytes()));
  EXPECT_TRUE(validateTensorMap(*map));
}

TEST(DescribeMap, PackedTiles) {
  for (LowFormat format : {LowFormat::Nvfp4, LowFormat::Fp8}) {
    TransposedLayout layout{format, {2, 3, 150, 96, 64}};
    Result<TensorMapDescription> map = describeMap(parsed("v_low.map.32x96x1.32"), MapSource::of(0x800, layout));
    ASSERT_TRUE(map) << map.status().message();
    EXPECT_EQ(map->dims, (std::array<uint64_t, 5>{format == LowFormat::Fp8 ? 64u : 32u, 96, 18, 0, 0}));
    EXPECT_EQ(map->strides[0], uint64_t(layout.dataOffset(0, 0, 0, 1)));
    EXPECT_EQ(map->strides[1], uint64_t(layout.dataOffset(0, 0, kTileTokens, 0)));
    EXPECT_EQ(3 * map->strides[1], uint64_t(layout.dataOffset(0, 1, 0, 0)));
    EXPECT_EQ(map->dims[2] * map->strides[1], uint64_t(layout.dataBytes()));
    EXPECT_TRUE(validateTensorMap(*map));
  }
}

TEST(DescribeMap, StrideOfOneElementMayBeAnything) {
  for (int64_t stride : {int64_t(-7), int64_t(0), int64_t(3), int64_t(1) << 62}) {
    TensorView view = TensorView::contiguous(reinterpret_cast<void *>(0x4000), DType::F16, {1, 1, 1, 64});
    view.stride[0] = view.stride[1] = view.stride[2] = stride;
    Result<TensorMapDescription> map = describeMap(parsed("k.map.64x64.128"), MapSource::of(view));
    ASSERT_TRUE(map) << map.status().message();
    EXPECT_TRUE(validateTensorMap(*map)) << validateTensorMap(*map).message();
  }
}

TEST(DescribeMap, StridesOfTheCallerAreNamedInElements) {
  struct Case {
    int dim;
    int64_t stride;
  };
  for (auto [dim, stride] : {Case{0, 4}, Case{1, 100}, Case{2, 129}, Case{0, -128}, Case{1, int64_t(1) << 39},
                             Case{2, int64_t(1) << 62}, Case{0, std::numeric_limits<int64_t>::max() & ~int64_t(7)}}) {
    TensorView view = tokensFirst(DType::F16);
    view.stride[dim] = stride;
    Status status = describeMap(parsed("v.map.64x64.128"), MapSource::of(view)).status();
    EXPECT_EQ(status.code(), StatusCode::InvalidArgument) << stride;
    EXPECT_EQ(status.message(),
              "v.stride[" + std::to_string(dim) + "] is " + std::to_string(stride) +
                  "; allowed: multiples of 8 from 0 to 549755813880, for this kernel copies by tensor maps");
  }
  TensorView view = tokensFirst(DType::F16);
  view.stride[0] = (int64_t(1) << 39) - 8;
  view.stride[1] = 0; // every head the same
  Result<TensorMapDescription> map = describeMap(parsed("v.map.64x64.128"), MapSource::of(view));
  ASSERT_TRUE(map) << map.status().message();
  EXPECT_TRUE(validateTensorMap(*map)) << validateTensorMap(*map).message();
}

TEST(DescribeMap, AddressAndExtentsAreNamed) {
  TensorView view = tokensFirst(DType::BF16);
  view.data = reinterpret_cast<void *>(0x4008);
  Status status = describeMap(parsed("q.map.64x128.128"), MapSource::of(view)).status();
  EXPECT_EQ(status.field(), "q.data");
  EXPECT_EQ(status.value(), "an address that is 8 mod 16");
  // 65535 x 65535 heads have more rows of tiles than a coordinate counts.
  RowsLayout layout{LowFormat::Nvfp4, {65535, 65535, 64, 128, 64}};
  status = describeMap(parsed("k_low.map.64x64.64"), MapSource::of(0x800, layout)).status();
  EXPECT_EQ(status.message(), "k_low.shape[0] is 4294836225; allowed: 1 to 2147483647");
}

TEST(DescribeMap, TensorThatIsNotThere) {
  Status status = describeMap(parsed("k_low.map.64x64.64"), MapSource()).status();
  EXPECT_EQ(status.code(), StatusCode::Internal);
  EXPECT_TRUE(mentions(status, "k_low"));
}
