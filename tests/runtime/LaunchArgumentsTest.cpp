//===- LaunchArgumentsTest.cpp ----------------------------------------------===//

#include "runtime/LaunchArguments.h"

#include <gtest/gtest.h>

#include <set>

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

TEST(LaunchArguments, CopiesAreIndependent) {
  LaunchArguments first;
  first.addU32(1);
  LaunchArguments second = first;
  second.addU32(2);
  EXPECT_EQ(first.count(), 1u);
  EXPECT_EQ(second.count(), 2u);
}

TEST(LaunchArguments, SignatureTellsSizesApart) {
  std::set<uint64_t> seen{LaunchArguments().signature()};
  EXPECT_TRUE(seen.insert(LaunchArguments().addU32(1).signature()).second);
  EXPECT_TRUE(seen.insert(LaunchArguments().addU64(1).signature()).second);
  EXPECT_TRUE(seen.insert(LaunchArguments().addU32(1).addU32(1).signature()).second);
  EXPECT_TRUE(seen.insert(LaunchArguments().addU32(1).addU64(1).signature()).second);
  EXPECT_TRUE(seen.insert(LaunchArguments().addU64(1).addU32(1).signature()).second);
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
