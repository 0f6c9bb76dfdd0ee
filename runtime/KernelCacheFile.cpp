//===- KernelCacheFile.cpp - one compiled kernel as the bytes of a file -----===//

#include "runtime/KernelCacheFile.h"

#include "runtime/KernelCacheKey.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"

#include <nlohmann/json.hpp>

namespace thrift {

using nlohmann::ordered_json;

static constexpr std::string_view kMagic = "thriftjk";
static constexpr uint32_t kFormatVersion = 1;
static constexpr size_t kVersionAt = 8, kHeaderSizeAt = 12, kHeaderHashAt = 16, kHashBytes = 32, kPrefixBytes = 48;
static constexpr size_t kMaxHeaderBytes = size_t(1) << 24;
static constexpr size_t kMaxPtxBytes = size_t(1) << 28;

static llvm::ArrayRef<uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

static std::string hashBytes(std::string_view text) {
  auto hash = llvm::SHA256::hash(bytesOf(text));
  return std::string(hash.begin(), hash.end());
}

static std::string littleEndian(uint32_t value) {
  std::string bytes(4, '\0');
  llvm::support::endian::write32le(bytes.data(), value);
  return bytes;
}

static Status damaged(const std::string &what) { return Status(StatusCode::IoError, what); }

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Result<std::string> encodeCacheFile(const std::string &canonicalKey, const CachedKernel &kernel) {
  if (kernel.ptx.size() > kMaxPtxBytes)
    return Status::invalid("PTX of a cache entry", std::to_string(kernel.ptx.size()) + " bytes",
                           "at most " + std::to_string(kMaxPtxBytes));
  if (!llvm::json::isUTF8(canonicalKey) || !llvm::json::isUTF8(kernel.metadata))
    return Status::invalid("metadata of a cache entry", "not UTF-8", "JSON text in UTF-8");
  for (const std::string &entry : kernel.entries)
    if (!llvm::json::isUTF8(entry))
      return Status::invalid("entry name of a cache entry", "not UTF-8", "UTF-8");

  bool compress = llvm::compression::zstd::isAvailable();
  std::string packed = kernel.ptx;
  if (compress) {
    llvm::SmallVector<uint8_t, 0> buffer;
    llvm::compression::zstd::compress(bytesOf(kernel.ptx), buffer);
    packed.assign(buffer.begin(), buffer.end());
  }
  ordered_json header;
  header["key"] = canonicalKey;
  header["entries"] = kernel.entries;
  header["metadata"] = kernel.metadata;
  header["cubin"] = {{"bytes", kernel.cubin.size()}, {"sha256", sha256(kernel.cubin)}};
  header["ptx"] = {{"encoding", compress ? "zstd" : "none"},
                   {"bytes", packed.size()},
                   {"sha256", sha256(packed)},
                   {"unpacked_bytes", kernel.ptx.size()}};
  std::string text = header.dump();
  size_t total = kPrefixBytes + text.size() + kernel.cubin.size() + packed.size();
  if (text.size() > kMaxHeaderBytes || total > kMaxCacheFileBytes)
    return Status::invalid("size of a cache entry", std::to_string(total) + " bytes",
                           "at most " + std::to_string(kMaxCacheFileBytes) + ", of which the header " +
                               std::to_string(kMaxHeaderBytes));
  return std::string(kMagic) + littleEndian(kFormatVersion) + littleEndian(uint32_t(text.size())) + hashBytes(text) +
         text + kernel.cubin + packed;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
struct Section {
  uint64_t bytes = 0;
  std::string sha256;
};
} // namespace

static bool getText(const ordered_json &object, const char *name, std::string &text) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    return false;
  text = found->get<std::string>();
  return true;
}

static bool getSize(const ordered_json &object, const char *name, uint64_t &value) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned())
    return false;
  value = found->get<uint64_t>();
  return true;
}

static bool getSection(const ordered_json &header, const char *name, Section &section) {
  auto found = header.find(name);
  return found != header.end() && found->is_object() && getSize(*found, "bytes", section.bytes) &&
         getText(*found, "sha256", section.sha256);
}

static Result<std::string> unpack(std::string_view packed, const std::string &encoding, uint64_t bytes) {
  if (bytes > kMaxPtxBytes)
    return damaged("its PTX claims " + std::to_string(bytes) + " bytes");
  if (encoding == "none")
    return bytes == packed.size() ? Result<std::string>(std::string(packed)) : damaged("its PTX has another size");
  if (encoding != "zstd" || !llvm::compression::zstd::isAvailable())
    return damaged("its PTX has the encoding '" + encoding + "'");
  std::string ptx(bytes, '\0');
  size_t produced = bytes;
  if (llvm::Error error =
          llvm::compression::zstd::decompress(bytesOf(packed), reinterpret_cast<uint8_t *>(ptx.data()), produced))
    return damaged("its PTX does not unpack: " + llvm::toString(std::move(error)));
  if (produced != bytes)
    return damaged("its PTX has another size");
  return ptx;
}

/// Checks the fixed part; gives the JSON header.
static Result<ordered_json> decodeHeader(std::string_view file, size_t &headerBytes) {
  if (file.size() < kPrefixBytes)
    return damaged("it is truncated");
  if (file.substr(0, kMagic.size()) != kMagic)
    return damaged("it is not a kernel cache file");
  uint32_t version = llvm::support::endian::read32le(file.data() + kVersionAt);
  if (version != kFormatVersion)
    return damaged("its format version is " + std::to_string(version) + ", expected " + std::to_string(kFormatVersion));
  headerBytes = llvm::support::endian::read32le(file.data() + kHeaderSizeAt);
  if (headerBytes > kMaxHeaderBytes || headerBytes > file.size() - kPrefixBytes)
    return damaged("it is truncated");
  std::string_view text = file.substr(kPrefixBytes, headerBytes);
  if (file.substr(kHeaderHashAt, kHashBytes) != hashBytes(text))
    return damaged("its header has a wrong checksum");
  ordered_json header = ordered_json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    return damaged("its header is not a JSON object");
  return header;
}

Result<CachedKernel> decodeCacheFile(std::string_view file, const std::string &canonicalKey) {
  size_t headerBytes = 0;
  Result<ordered_json> header = decodeHeader(file, headerBytes);
  if (!header)
    return header.status();

  CachedKernel kernel;
  std::string key, encoding;
  Section cubin, ptx;
  uint64_t unpackedBytes = 0;
  auto entries = header->find("entries");
  if (!getText(*header, "key", key) || !getText(*header, "metadata", kernel.metadata) ||
      !getSection(*header, "cubin", cubin) || !getSection(*header, "ptx", ptx) ||
      !getText((*header)["ptx"], "encoding", encoding) || !getSize((*header)["ptx"], "unpacked_bytes", unpackedBytes) ||
      entries == header->end() || !entries->is_array())
    return damaged("its header lacks a field");
  if (key != canonicalKey)
    return damaged("it was made for another key");
  for (const ordered_json &entry : *entries) {
    if (!entry.is_string())
      return damaged("its header lacks a field");
    kernel.entries.push_back(entry.get<std::string>());
  }

  std::string_view rest = file.substr(kPrefixBytes + headerBytes);
  if (cubin.bytes > rest.size() || ptx.bytes != rest.size() - cubin.bytes)
    return damaged("its sections do not add up to its size");
  std::string_view code = rest.substr(0, cubin.bytes), packed = rest.substr(cubin.bytes);
  if (sha256(code) != cubin.sha256)
    return damaged("its cubin has a wrong checksum");
  if (sha256(packed) != ptx.sha256)
    return damaged("its PTX has a wrong checksum");
  kernel.cubin = std::string(code);
  Result<std::string> text = unpack(packed, encoding, unpackedBytes);
  if (!text)
    return text.status();
  kernel.ptx = std::move(*text);
  return kernel;
}

} // namespace thrift
