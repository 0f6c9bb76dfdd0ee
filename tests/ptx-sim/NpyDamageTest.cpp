//===- NpyDamageTest.cpp - damaged .npy files ----------------------------------===//
//
// A damaged file is refused with a whole sentence or read as something consistent; every byte of what is read is
// touched, so that the address sanitizer sees any range that is wrong.
//
//===----------------------------------------------------------------------===//

#include "tests/Damage.h"
#include "tests/Repetition.h"
#include "tools/npy/Npy.h"

#include <gtest/gtest.h>

using namespace thrift;

TEST(NpyDamage, DamagedFilesAreRefusedOrConsistent) {
  const std::string good = npyHeader({'i', 2}, {2, 3}) + "abcdefghijkl";
  constexpr std::string_view kPlausible = "0123456789,()'\" {}:TrueFalse<>|=fiubVL\n\x93\xff";
  std::mt19937 random(20241124);
  int read = 0, refused = 0;
  unsigned sum = 0;
  for (int i = 0; i < repetitions(200'000, 30'000); ++i) {
    std::string bytes = good;
    damage(bytes, kPlausible, 2, random);
    Result<NpyArray> array = parseNpy(bytes);
    if (!array) {
      ++refused;
      EXPECT_FALSE(array.status().field().empty());
      EXPECT_FALSE(array.status().allowed().empty());
      continue;
    }
    ++read;
    size_t count = static_cast<size_t>(array->element.bytes);
    for (int64_t extent : array->shape)
      count *= static_cast<size_t>(extent);
    ASSERT_EQ(count, array->data().size());
    for (char c : array->data())
      sum += static_cast<unsigned char>(c);
  }
  // Both outcomes were exercised, and the reads did read.
  EXPECT_GT(read, 500);
  EXPECT_GT(refused, 1000);
  EXPECT_GT(sum, 0u);
}

TEST(NpyDamage, EverySingleByteReplacedByEveryValue) {
  const std::string good = npyHeader({'f', 4}, {1, 2}) + "abcdefgh";
  ASSERT_TRUE(parseNpy(good));
  for (size_t at = 0; at < good.size(); ++at)
    for (int value = 0; value < 256; value += repetitions(1, 7)) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      Result<NpyArray> array = parseNpy(bytes);
      EXPECT_TRUE(array || !array.status().allowed().empty()) << at << " " << value;
    }
}
