//===- SafetensorsBytes.h - safetensors files as strings, tensors as vectors, for tests ---===//

#ifndef THRIFTJIT_TESTS_CLI_SAFETENSORSBYTES_H
#define THRIFTJIT_TESTS_CLI_SAFETENSORSBYTES_H

#include "runtime/TensorView.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// A file with this very header, right or wrong.
inline std::string fileBytes(std::string_view header, std::string_view data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes += static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i));
  return bytes.append(header).append(data);
}

/// A string of `size` bytes 0, 1, 2, ...
inline std::string countingBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i);
  return bytes;
}

/// The elements of a view, row-major.
template <typename T>
std::vector<T> elementsOf(const TensorView &view) {
  std::vector<T> result(static_cast<size_t>(view.numElements()));
  if (!result.empty())
    std::memcpy(result.data(), view.data, result.size() * sizeof(T));
  return result;
}

inline std::vector<int64_t> shapeOf(const TensorView &view) {
  return {view.shape.begin(), view.shape.begin() + view.rank};
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_CLI_SAFETENSORSBYTES_H
