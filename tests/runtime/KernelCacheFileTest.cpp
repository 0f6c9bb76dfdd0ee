//===- KernelCacheFileTest.cpp - the file format against damage -------------===//

#include "runtime/KernelCacheFile.h"

#include "runtime/KernelCacheKey.h"

#include "TestSupport.h"

#include <nlohmann/json.hpp>

using namespace thrift;
using nlohmann::json;
using thrift::test::mentions;

static constexpr size_t kPrefixBytes = 48;

static CachedKernel sample() {
  CachedKernel kernel;
  kernel.entries = {"prefill", "combine"};
  kernel.metadata = R"({"threads": 128, "note": "ü"})";
  kernel.ptx = test::kScalePtx;
  kernel.cubin = std::string("\x7f"
                             "ELF\0\1\2\3",
                             8) +
                 std::string(200, '\x5a');
  return kernel;
}

static std::string encoded(const CachedKernel &kernel = sample()) {
  Result<std::string> file = encodeCacheFile("key", kernel);
  EXPECT_TRUE(file) << file.status().message();
  return file ? *file : std::string();
}

/// A file whose checksums are right, around any header text: what a bug, not a disk, would write.
static std::string withHeader(const std::string &header, const std::string &sections) {
  std::string file("thriftjk\1\0\0\0", 12);
  for (int shift = 0; shift < 32; shift += 8)
    file += char(header.size() >> shift & 255);
  std::string hex = sha256(header);
  for (size_t i = 0; i < hex.size(); i += 2)
    file += char(std::stoi(hex.substr(i, 2), nullptr, 16));
  return file + header + sections;
}

static json headerOf(const std::string &file) {
  size_t bytes = 0;
  for (int i = 3; i >= 0; --i)
    bytes = bytes << 8 | uint8_t(file[12 + i]);
  return json::parse(file.substr(kPrefixBytes, bytes));
}

static std::string sectionsOf(const std::string &file) {
  return file.substr(kPrefixBytes + headerOf(file).dump().size());
}

TEST(KernelCacheFile, RoundTrip) {
  Result<CachedKernel> back = decodeCacheFile(encoded(), "key");
  ASSERT_TRUE(back) << back.status().message();
  EXPECT_TRUE(*back == sample());
}

TEST(KernelCacheFile, RoundTripOfUnusualContents) {
  CachedKernel empty;
  Result<CachedKernel> back = decodeCacheFile(encoded(empty), "key");
  ASSERT_TRUE(back) << back.status().message();
  EXPECT_TRUE(*back == empty);

  CachedKernel large = sample();
  large.ptx = std::string(3 << 20, 'p');
  large.cubin.clear();
  for (int i = 0; i < 1 << 20; ++i)
    large.cubin += char(i * 2654435761u >> 13);
  back = decodeCacheFile(encoded(large), "key");
  ASSERT_TRUE(back) << back.status().message();
  EXPECT_TRUE(*back == large);
  EXPECT_LT(encoded(large).size(), large.cubin.size() + 4096) << "the PTX is stored compressed";
}

TEST(KernelCacheFile, EveryDamagedByteIsFound) {
  const std::string good = encoded();
  for (size_t i = 0; i < good.size(); ++i)
    for (char flip : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[i] ^= flip;
      EXPECT_FALSE(decodeCacheFile(bad, "key")) << "byte " << i << " of " << good.size();
    }
}

TEST(KernelCacheFile, EveryTruncationAndExtensionIsFound) {
  const std::string good = encoded();
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(decodeCacheFile(good.substr(0, length), "key")) << length;
  EXPECT_FALSE(decodeCacheFile(good + '\0', "key"));
  EXPECT_FALSE(decodeCacheFile(good + good, "key"));
}

TEST(KernelCacheFile, ReasonsAreNamed) {
  const std::string good = encoded();
  auto reason = [](const std::string &file, const std::string &key = "key") {
    return decodeCacheFile(file, key).status();
  };
  EXPECT_TRUE(mentions(reason(""), "truncated"));
  EXPECT_TRUE(mentions(reason(std::string(100, 'x')), "not a kernel cache file"));
  EXPECT_TRUE(mentions(reason(good, "other"), "another key"));
  std::string newer = good;
  newer[8] = 2;
  EXPECT_TRUE(mentions(reason(newer), "format version is 2, expected 1"));
  std::string header = good;
  header[kPrefixBytes + 5] ^= 1;
  EXPECT_TRUE(mentions(reason(header), "header has a wrong checksum"));
  std::string ptx = good;
  ptx.back() ^= 1;
  EXPECT_TRUE(mentions(reason(ptx), "PTX has a wrong checksum"));
  EXPECT_EQ(reason(ptx).code(), StatusCode::IoError);
}

TEST(KernelCacheFile, HugeHeaderSize) {
  std::string file = encoded();
  for (unsigned size : {0xffffffffu, 0x7fffffffu, 0x01000001u, unsigned(file.size())}) {
    for (int i = 0; i < 4; ++i)
      file[12 + i] = char(size >> (8 * i));
    EXPECT_TRUE(mentions(decodeCacheFile(file, "key").status(), "truncated")) << size;
  }
}

TEST(KernelCacheFile, HeadersThatLieAreRefused) {
  const std::string good = encoded(), sections = sectionsOf(good);
  const json header = headerOf(good);
  ASSERT_TRUE(decodeCacheFile(withHeader(header.dump(), sections), "key")) << "the helper makes good files";

  auto refused = [&](const char *pointer, json value) {
    json bad = header;
    bad[json::json_pointer(pointer)] = std::move(value);
    return !decodeCacheFile(withHeader(bad.dump(), sections), "key");
  };
  const uint64_t huge = ~uint64_t(0);
  for (const char *pointer : {"/cubin/bytes", "/ptx/bytes", "/ptx/unpacked_bytes"})
    for (const json &value : {json(huge), json(huge >> 1), json(uint64_t(1) << 40), json(-1), json(1.5), json("12"),
                              json(nullptr), json(0), json::array({1})})
      EXPECT_TRUE(refused(pointer, value)) << pointer << " = " << value;
  // Sizes whose sum wraps around to the right one.
  json wrapped = header;
  wrapped["cubin"]["bytes"] = huge;
  wrapped["ptx"]["bytes"] = sections.size() + 1;
  EXPECT_FALSE(decodeCacheFile(withHeader(wrapped.dump(), sections), "key"));

  for (const char *pointer :
       {"/key", "/entries", "/metadata", "/cubin", "/ptx", "/cubin/sha256", "/ptx/sha256", "/ptx/encoding"})
    for (const json &value : {json(nullptr), json(7), json("?"), json::object(), json::array({1})})
      if (!(std::string(pointer) == "/metadata" && value.is_string())) {
        EXPECT_TRUE(refused(pointer, value)) << pointer << " = " << value;
      }
  for (const auto &[name, value] : header.items()) {
    json bad = header;
    bad.erase(name);
    EXPECT_FALSE(decodeCacheFile(withHeader(bad.dump(), sections), "key")) << name;
  }
}

TEST(KernelCacheFile, HeadersThatAreNoObjects) {
  for (const std::string &text : {std::string(), std::string("null"), std::string("[1, 2"), std::string("\"x\""),
                                  std::string("{\"key\": \"\xff\"}"), std::string(200000, '['),
                                  std::string(100000, '[') + std::string(100000, ']')})
    EXPECT_FALSE(decodeCacheFile(withHeader(text, ""), "key"));
}

TEST(KernelCacheFile, TextThatIsNotUtf8IsRefused) {
  CachedKernel metadata = sample(), entry = sample();
  metadata.metadata = "\xff";
  entry.entries = {"\xc3"};
  for (const CachedKernel &kernel : {metadata, entry})
    EXPECT_EQ(encodeCacheFile("key", kernel).status().code(), StatusCode::InvalidArgument);
  EXPECT_EQ(encodeCacheFile("\xff", sample()).status().code(), StatusCode::InvalidArgument);
}
