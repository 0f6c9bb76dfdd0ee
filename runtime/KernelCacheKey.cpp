//===- KernelCacheKey.cpp - everything that changes a compiled kernel -------===//

#include "runtime/KernelCacheKey.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>

namespace thrift {

// A field up to this length stays readable in the cache file.
static constexpr size_t kReadableBytes = 1024;

std::string sha256(std::string_view bytes) {
  auto hash = llvm::SHA256::hash(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  return llvm::toHex(hash, /*LowerCase=*/true);
}

static bool isReadable(std::string_view text) {
  return text.size() <= kReadableBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

static void append(std::string &text, const char *name, std::string_view value, bool readable) {
  text += name;
  if (readable)
    text += " text " + std::to_string(value.size()) + "\n" + std::string(value) + "\n";
  else
    text += " sha256 " + std::to_string(value.size()) + "\n" + sha256(value) + "\n";
}

std::string KernelCacheKey::canonical() const {
  std::string text = "thriftjit-kernel 1\n";
  append(text, "spec", spec, isReadable(spec));
  append(text, "config", config, isReadable(config));
  append(text, "target", target, isReadable(target));
  append(text, "generator", generatorVersion, isReadable(generatorVersion));
  append(text, "assembler", assemblerVersion, isReadable(assemblerVersion));
  append(text, "source", source, /*readable=*/false);
  return text;
}

std::string KernelCacheKey::digest() const { return sha256(canonical()); }

} // namespace thrift
