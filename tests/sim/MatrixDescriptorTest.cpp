//===- MatrixDescriptorTest.cpp - matrix operands in shared memory ----------===//
//
// The oracle is CanonicalLayout.h, and the examples that the ISA gives beside its table.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/CanonicalLayout.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace thrift::sim::test {

/// The byte of an element, by way of its chunk.
static uint32_t byteOf(const MatrixLayout &layout, MatrixMajor major, unsigned elementBytes, uint32_t mn, uint32_t k) {
  uint32_t major_ = major == MatrixMajor::K ? k : mn, minor = major == MatrixMajor::K ? mn : k;
  uint32_t perChunk = kChunkBytes / elementBytes;
  return layout.chunk(major, minor, major_ / perChunk) + major_ % perChunk * elementBytes;
}

TEST(MatrixDescriptor, CanonicalLayouts) {
  std::mt19937 random(3);
  for (int run = 0; run < 400; ++run) {
    unsigned swizzleBits = random() % 4, elementBytes = 1u << random() % 3;
    MatrixMajor major = random() % 2 ? MatrixMajor::K : MatrixMajor::MN;
    uint32_t start = random() % 2048 * 16;
    uint32_t leading = random() % 1024 * 16, stride = random() % 1024 * 16;
    CanonicalLayout expected =
        canonical(major, swizzleBits, elementBytes, leading / elementBytes, stride / elementBytes);
    MatrixLayout layout;
    ASSERT_EQ(decodeWgmmaDescriptor(encode(start, leading, stride) | wgmmaBits(swizzleBits), layout), "");
    EXPECT_EQ(layout.start(), start);
    uint32_t mnEnd = 64, kEnd = 32 / elementBytes;
    for (uint32_t mn = 0; mn < mnEnd; ++mn)
      for (uint32_t k = 0; k < kEnd; ++k)
        ASSERT_EQ(byteOf(layout, major, elementBytes, mn, k), expected.byteOf(start, mn, k))
            << "swizzle bits " << swizzleBits << ", element " << elementBytes << ", major "
            << (major == MatrixMajor::K ? "K" : "MN") << ", (" << mn << ", " << k << ")";
  }
}

TEST(MatrixDescriptor, ExamplesOfTheManual) {
  struct Example {
    CanonicalLayout exact;
    MatrixMajor major;
    uint32_t leading, stride; ///< encoded, as the manual gives them
  };
  const Example kExamples[] = {
      {{0, {{8}, {4, 32}}, {{4}, {1, 64}}, 4}, MatrixMajor::K, 16, 8},
      {{1, {{8}, {8, 64}}, {{4}, {1, 4}}, 4}, MatrixMajor::K, 1, 16},
      {{0, {{8, 1}, {1, 8, 64}}, {{8}, {8, 128}}, 2}, MatrixMajor::MN, 16, 8},
      {{1, {{8, 2}, {1, 8, 128}}, {{8}, {16, 256}}, 2}, MatrixMajor::MN, 16, 32},
      {{2, {{8, 4}, {1, 8, 256}}, {{8}, {32, 512}}, 2}, MatrixMajor::MN, 32, 64},
  };
  for (const Example &example : kExamples) {
    uint64_t descriptor = encode(0, example.leading * 16, example.stride * 16) | wgmmaBits(example.exact.swizzleBits);
    MatrixLayout layout;
    ASSERT_EQ(decodeWgmmaDescriptor(descriptor, layout), "");
    for (uint32_t mn = 0; mn < 16; ++mn)
      for (uint32_t k = 0; k < 16; ++k)
        ASSERT_EQ(byteOf(layout, example.major, example.exact.elementBytes, mn, k), example.exact.byteOf(0, mn, k))
            << "example " << &example - kExamples << " (" << mn << ", " << k << ")";
  }
}

TEST(MatrixDescriptor, ChunksInOrder) {
  std::mt19937 random(5);
  for (int run = 0; run < 200; ++run) {
    auto mode = static_cast<SwizzleMode>(random() % 4);
    MatrixLayout layout(random() % 512 * 16, random() % 512 * 16, random() % 512 * 16, mode, 0);
    MatrixMajor major = random() % 2 ? MatrixMajor::K : MatrixMajor::MN;
    uint32_t first = random() % 20, rows = 1 + random() % 40, chunks = 1 + random() % 33;
    std::vector<uint32_t> addresses(rows * chunks);
    layout.chunks(major, first, rows, chunks, addresses.data());
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t i = 0; i < chunks; ++i)
        ASSERT_EQ(addresses[row * chunks + i], layout.chunk(major, first + row, i));
  }
}

TEST(MatrixDescriptor, SteppingAlongKIsAnAddition) {
  // Four steps of 32 bytes within the span of 128 bytes show the four pairs of chunks of the whole.
  MatrixLayout whole(4096, 0, 1024, SwizzleMode::B128, 0);
  for (uint32_t step = 0; step < 4; ++step) {
    MatrixLayout part(4096 + 32 * step, 0, 1024, SwizzleMode::B128, 0);
    for (uint32_t row = 0; row < 64; ++row)
      for (uint32_t chunk = 0; chunk < 2; ++chunk)
        EXPECT_EQ(part.chunk(MatrixMajor::K, row, chunk), whole.chunk(MatrixMajor::K, row, 2 * step + chunk));
  }
}

TEST(MatrixDescriptor, BaseOffset) {
  // A pattern that begins three lines behind a multiple of its size looks like one that does not.
  const uint32_t kStart = 2048 + 3 * 128;
  MatrixLayout aligned(2048, 0, 1024, SwizzleMode::B128, 0), shifted;
  ASSERT_EQ(decodeWgmmaDescriptor(encode(kStart, 0, 1024) | uint64_t(3) << 49 | uint64_t(1) << 62, shifted), "");
  for (uint32_t row = 0; row < 32; ++row)
    for (uint32_t chunk = 0; chunk < 2; ++chunk)
      EXPECT_EQ(shifted.chunk(MatrixMajor::K, row, chunk), aligned.chunk(MatrixMajor::K, row, chunk) + 3 * 128);
  EXPECT_TRUE(aligned.startsPattern());
  EXPECT_TRUE(shifted.startsPattern());
  EXPECT_FALSE(MatrixLayout(kStart, 0, 1024, SwizzleMode::B128, 0).startsPattern());
  EXPECT_TRUE(MatrixLayout(2048 + 96, 0, 1024, SwizzleMode::B128, 0).startsPattern()) << "a step along K";
  EXPECT_TRUE(MatrixLayout(kStart, 0, 128, SwizzleMode::None, 0).startsPattern());
}

TEST(MatrixDescriptor, Tcgen05HasTheSameLayouts) {
  static constexpr uint64_t kCodes[4] = {0, 6, 4, 2};
  for (unsigned swizzleBits = 0; swizzleBits < 4; ++swizzleBits) {
    uint64_t fields = encode(8192, 2048, 1024);
    MatrixLayout hopper, blackwell;
    ASSERT_EQ(decodeWgmmaDescriptor(fields | wgmmaBits(swizzleBits), hopper), "");
    ASSERT_EQ(decodeTcgen05Descriptor(fields | uint64_t(1) << 46 | kCodes[swizzleBits] << 61, blackwell), "");
    for (MatrixMajor major : {MatrixMajor::K, MatrixMajor::MN})
      for (uint32_t row = 0; row < 32; ++row)
        for (uint32_t chunk = 0; chunk < 16; ++chunk)
          ASSERT_EQ(hopper.chunk(major, row, chunk), blackwell.chunk(major, row, chunk));
  }
}

TEST(MatrixDescriptor, BadBitsAreNamed) {
  MatrixLayout layout;
  const uint64_t kGood = encode(1024, 16, 1024);
  for (unsigned bit = 0; bit < 64; ++bit) {
    uint64_t descriptor = kGood | uint64_t(1) << 62 | uint64_t(1) << bit;
    bool reserved =
        bit == 14 || bit == 15 || bit == 30 || bit == 31 || (bit >= 46 && bit <= 48) || (bit >= 52 && bit < 62);
    std::string complaint = decodeWgmmaDescriptor(descriptor, layout);
    EXPECT_EQ(!complaint.empty(), reserved) << bit << ": " << complaint;
    EXPECT_EQ(complaint.find("must be 0") != std::string::npos, reserved) << complaint;
  }
  // A base offset has no meaning without a swizzle.
  EXPECT_EQ(decodeWgmmaDescriptor(kGood | uint64_t(1) << 50, layout), "");
  EXPECT_EQ(layout.chunk(MatrixMajor::K, 9, 1), 1024u + 16 + 1024 + 16);

  const uint64_t kGood100 = kGood | uint64_t(1) << 46 | uint64_t(2) << 61;
  EXPECT_EQ(decodeTcgen05Descriptor(kGood100, layout), "");
  EXPECT_NE(decodeTcgen05Descriptor(kGood, layout).find("bits 48-46 are 0; allowed: 1"), std::string::npos);
  EXPECT_NE(decodeTcgen05Descriptor(kGood100 | uint64_t(1) << 52, layout).find("60-52"), std::string::npos);
  EXPECT_NE(decodeTcgen05Descriptor(kGood100 | uint64_t(3) << 61, layout).find("the swizzle is 3"), std::string::npos);
  EXPECT_NE(decodeTcgen05Descriptor(kGood | uint64_t(1) << 46 | uint64_t(1) << 61, layout).find("atoms of 32"),
            std::string::npos);
  EXPECT_NE(decodeTcgen05Descriptor(kGood100 | 1u << 15, layout).find("15-14"), std::string::npos);
}

} // namespace thrift::sim::test
