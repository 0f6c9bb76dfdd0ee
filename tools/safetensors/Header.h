//===- Header.h - the JSON header of a safetensors file -------------------------------------===//
//
// A safetensors file is: 8 bytes with the header's length N (little endian), N bytes of JSON, then the tensors' bytes.
// The JSON is one object:
//
//   {"__metadata__": {"source": "..."},
//    "q": {"dtype": "F16", "shape": [1, 2, 256, 128], "data_offsets": [0, 131072]}, ...}
//
// with offsets from the end of the header. Reading accepts what the format's specification allows and nothing else: no
// duplicate keys, no unknown fields, and tensors that cover the data without holes or overlaps.
// Specification: github.com/huggingface/safetensors, README.md, "Format".
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_SAFETENSORS_HEADER_H
#define THRIFTJIT_TOOLS_SAFETENSORS_HEADER_H

#include "dialect/formats/Format.h"
#include "runtime/Status.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// An element type as the format names it. `dtype` is set for those that a TensorView can hold.
struct SafetensorsElement {
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};

/// The entry of the format's table called `name`, or null.
const SafetensorsElement *findSafetensorsElement(std::string_view name);
/// The format's name for `dtype`: `F16` for DType::F16.
std::string_view safetensorsName(DType dtype);
/// The names that `dtype` can be read from, separated by commas.
std::string readableSafetensorsElements();

/// One tensor as the header describes it.
struct SafetensorsEntry {
  std::string name;
  const SafetensorsElement *element = nullptr;
  std::vector<int64_t> shape;
  /// Bytes from the start of the data.
  uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  /// In the order of their bytes.
  std::vector<SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Longest header that is read: the limit of the format's own implementation.
inline constexpr uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;

/// Reads the JSON `text` of a file whose tensors occupy `dataBytes`. Everything is checked here: a header that is
/// returned describes readable memory.
Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view text, uint64_t dataBytes);

/// The JSON of `header`, padded with spaces to a multiple of 8 bytes, so that the data that follows is aligned.
std::string printSafetensorsHeader(const SafetensorsHeader &header);

/// `text` in quotes, escaped and shortened, for messages.
std::string quoteForMessage(std::string_view text);
/// The bytes that `shape` needs, or nothing where its extent overflows (2^60 bytes) or is no whole number of bytes.
/// Dimensions of zero count as one in the overflow test, so that strides of a returned shape never overflow.
std::optional<uint64_t> safetensorsBytes(const std::vector<int64_t> &shape, int bits);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_SAFETENSORS_HEADER_H
