//===- LaunchArgumentsTest.cpp ----------------------------------------------===//

#include "runtime/LaunchArguments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

using namespace thrift;

TEST(LaunchArguments, ArePackedAsPtxParametersAre) {
  LaunchArguments arguments;
  arguments.addU32(0x11111111).addPointer(0x2222222222222222).addF32(1.0f).addI32(-1).addI64(-2).addU32(7);
  ASSERT_EQ(arguments.count(), 6u);
  const auto *base = static_cast<const char *>(arguments.packed());
  const size_t offsets[] = {0, 8, 16, 20, 24, 32}, sizes[] = {4, 8, 4, 4, 8, 4};
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(static_cast<const char *>(arguments.value(i)) - base, ptrdiff_t(offsets[i])) << i;
    EXPECT_EQ(arguments.bytes(i), sizes[i]) << i;
  }
  EXPECT_EQ(arguments.packedBytes(), 36u) << "no padding behind the last value";
  uint32_t gap = 1;
  std::memcpy(&gap, base + 4, 4);
  EXPECT_EQ(gap, 0u) << "padding is not left as it was";
  int64_t back = 0;
  std::memcpy(&back, arguments.value(4), 8);
  EXPECT_EQ(back, -2);
}

TEST(LaunchArguments, TensorMapsStartAtMultiplesOf64) {
  TensorMap map;
  for (size_t i = 0; i < map.bytes.size(); ++i)
    map.bytes[i] = uint8_t(i + 1);
  LaunchArguments arguments;
  arguments.addPointer(1).addTensorMap(map).addU32(2).addTensorMap(map).addU64(3);
  const size_t offsets[] = {0, 64, 192, 256, 384}, sizes[] = {8, 128, 4, 128, 8};
  ASSERT_EQ(arguments.count(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(static_cast<const char *>(arguments.value(i)) - static_cast<const char *>(arguments.packed()),
              ptrdiff_t(offsets[i]))
        << i;
    EXPECT_EQ(arguments.bytes(i), sizes[i]) << i;
  }
  EXPECT_EQ(arguments.packedBytes(), 392u);
  EXPECT_TRUE(arguments.hasTensorMaps());
  EXPECT_FALSE(LaunchArguments().hasTensorMaps());
  EXPECT_FALSE(LaunchArguments().addPointer(1).addU32(2).hasTensorMaps());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arguments.packed()) % 64, 0u);
  LaunchArguments copy = arguments;
  for (size_t i : {1, 3})
    EXPECT_EQ(std::memcmp(copy.value(i), map.bytes.data(), map.bytes.size()), 0) << i;
  const auto *base = static_cast<const unsigned char *>(copy.packed());
  EXPECT_TRUE(std::all_of(base + 8, base + 64, [](unsigned char byte) { return byte == 0; }));
  EXPECT_TRUE(std::all_of(base + 196, base + 256, [](unsigned char byte) { return byte == 0; }));
}

TEST(LaunchArguments, CopiesAreIndependent) {
  LaunchArguments first;
  first.addU32(1);
  LaunchArguments second = first;
  second.addU32(2);
  EXPECT_EQ(first.count(), 1u);
  EXPECT_EQ(second.count(), 2u);
  EXPECT_EQ(second.packedBytes(), 8u);
  second = first;
  EXPECT_EQ(second.count(), 1u);
  EXPECT_EQ(second.signature(), first.signature());
}

TEST(LaunchArguments, SignatureTellsSizesApart) {
  // Every sequence of up to 5 values of the three sizes, each with a signature of its own.
  std::set<std::pair<uint64_t, uint64_t>> seen;
  std::vector<LaunchArguments> sequences(1);
  for (size_t next = 0; next < sequences.size(); ++next) {
    LaunchArguments::Signature signature = sequences[next].signature();
    EXPECT_TRUE(seen.insert({signature.wide, signature.maps}).second) << next;
    if (sequences[next].count() == 5)
      continue;
    LaunchArguments u32 = sequences[next], u64 = u32, map = u32;
    sequences.push_back(u32.addU32(1));
    sequences.push_back(u64.addU64(1));
    sequences.push_back(map.addTensorMap(TensorMap()));
  }
  EXPECT_EQ(seen.size(), 1u + 3 + 9 + 27 + 81 + 243);
  EXPECT_EQ(LaunchArguments().addU32(1).addPointer(2).signature(), LaunchArguments().addF32(3).addI64(4).signature());
}

TEST(LaunchArguments, TooManyAreRemembered) {
  LaunchArguments arguments;
  for (size_t i = 0; i < LaunchArguments::kMaxCount; ++i)
    arguments.addU64(i);
  EXPECT_FALSE(arguments.overflowed());
  arguments.addU32(1);
  EXPECT_TRUE(arguments.overflowed());
  EXPECT_EQ(arguments.count(), LaunchArguments::kMaxCount);
}

TEST(LaunchArguments, TooManyBytesAreRemembered) {
  LaunchArguments arguments;
  for (size_t i = 0; i < LaunchArguments::kMaxBytes / kTensorMapBytes; ++i)
    arguments.addTensorMap(TensorMap());
  EXPECT_FALSE(arguments.overflowed());
  EXPECT_EQ(arguments.packedBytes(), LaunchArguments::kMaxBytes);
  EXPECT_TRUE(LaunchArguments(arguments).addU32(1).overflowed());
  EXPECT_FALSE(arguments.overflowed());
}
