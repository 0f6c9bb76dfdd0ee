//===- SafetensorsFuzzTest.cpp - damaged safetensors files -----------------------------------===//
//
// Damages a good file at random, thousands of times. A damaged file is refused with a whole sentence or read as
// something consistent; every byte of what is read is touched, so that the address sanitizer sees any range that is
// wrong.
//
//===-------------------------------------------------------------------------------------------===//

#include "tests/Damage.h"
#include "tests/Repetition.h"
#include "tests/cli/SafetensorsBytes.h"
#include "tools/safetensors/Safetensors.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

std::string goodFile() {
  return fileBytes(
      R"({"__metadata__":{"note":"caf\u00e9"},"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
      R"("q":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},"k":{"dtype":"U8","shape":[3],"data_offsets":[32,35]},)"
      R"("v":{"dtype":"BF16","shape":[1,1,2,2],"data_offsets":[35,43]},"e":{"dtype":"F16","shape":[0],"data_offsets":[43,43]}})",
      countingBytes(43));
}

constexpr std::string_view kPlausible = "0123456789-+.eE{}[]\",:\\ufFBIUnull true\xff\xc3";

/// Adjusts the length field to the header that is there, so that damage behind the length is reached at all.
void repairLength(std::string &bytes) {
  size_t end = bytes.rfind('}');
  if (bytes.size() < 8 || end == std::string::npos || end < 8)
    return;
  uint64_t length = end + 1 - 8;
  for (int i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(length >> (8 * i));
}

TEST(SafetensorsFuzz, DamagedFilesAreRefusedOrConsistent) {
  std::mt19937 random(20240605);
  int read = 0, refused = 0;
  uint64_t sum = 0;
  for (int i = 0; i < repetitions(200'000, 30'000); ++i) {
    std::string bytes = goodFile();
    damage(bytes, kPlausible, 4, random);
    if (i % 4)
      repairLength(bytes);
    auto file = SafetensorsFile::parse(bytes);
    if (!file) {
      ++refused;
      EXPECT_EQ(file.status().code(), StatusCode::InvalidArgument) << file.status().message();
      EXPECT_FALSE(file.status().field().empty());
      EXPECT_FALSE(file.status().allowed().empty());
      continue;
    }
    ++read;
    uint64_t total = 0;
    for (const SafetensorsEntry &entry : file->tensors()) {
      total += entry.end - entry.begin;
      auto view = file->tensor(entry.name);
      if (!view)
        continue;
      ASSERT_TRUE(validate(*view, entry.name)) << validate(*view, entry.name).message();
      auto size = static_cast<uint64_t>(view->numElements() * sizeInBytes(view->dtype));
      ASSERT_EQ(size, entry.end - entry.begin);
      for (uint64_t b = 0; b < size; ++b)
        sum += static_cast<const uint8_t *>(view->data)[b];
    }
    ASSERT_LE(total, bytes.size());
  }
  // Both outcomes were exercised, and the reads did read.
  EXPECT_GT(read, 1000);
  EXPECT_GT(refused, 1000);
  EXPECT_GT(sum, 0u);
}

TEST(SafetensorsFuzz, EverySingleByteReplacedByEveryValue) {
  const std::string good = goodFile();
  ASSERT_TRUE(SafetensorsFile::parse(good));
  const int step = repetitions(1, 7);
  for (size_t at = 0; at < good.size(); ++at)
    for (int value = 0; value < 256; value += step) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(value);
      auto file = SafetensorsFile::parse(bytes);
      EXPECT_TRUE(file || !file.status().allowed().empty()) << at << " " << value;
    }
}

} // namespace
