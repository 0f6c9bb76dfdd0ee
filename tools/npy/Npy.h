//===- Npy.h - NumPy's array files -----------------------------------------------------------===//
//
// An .npy file is: "\x93NUMPY", a major and a minor version, the header's length (2 bytes in version 1, 4 in versions 2
// and 3; little endian), a Python dictionary as text, and the elements:
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//
// Reading accepts versions 1.0, 2.0 and 3.0 with little-endian numbers of 1 to 8 bytes, booleans and raw bytes, in C
// order, and nothing else. Source: numpy.org, "NEP 1 - A simple file format for NumPy arrays".
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_NPY_NPY_H
#define THRIFTJIT_TOOLS_NPY_NPY_H

#include "runtime/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thrift {

/// Kind and size of an element: {'f', 4} for `<f4`.
struct NpyElement {
  char kind = 'f'; ///< f, i, u, b (boolean), V (raw bytes: what other libraries' bfloat16 arrives as)
  int bytes = 4;

  /// "<f4", "|u1"
  std::string descr() const;
};

struct NpyArray {
  NpyElement element;
  std::vector<int64_t> shape;
  std::string file;      ///< the whole file
  size_t dataOffset = 0; ///< where its elements begin

  std::string_view data() const { return std::string_view(file).substr(dataOffset); }
};

/// Messages start with `path`.
Result<NpyArray> readNpy(const std::string &path);
/// The same for a file that is in memory already; `name` starts the messages.
Result<NpyArray> parseNpy(std::string bytes, const std::string &name = "npy");

/// The bytes in front of the elements, a multiple of 64 as NumPy writes them: version 1.0, or 2.0 where the header is
/// longer than 65535 bytes.
std::string npyHeader(const NpyElement &element, const std::vector<int64_t> &shape);
/// Writes a file that appears under `path` whole or not at all. `data` has as many bytes as `shape` says.
Status writeNpy(const std::string &path, const NpyElement &element, const std::vector<int64_t> &shape,
                std::string_view data);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_NPY_NPY_H
