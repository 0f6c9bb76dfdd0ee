//===- ScaleAtoms.h - the 128 x 4 tiles in which tensor cores read block scales ---------------===//
//
// tcgen05.mma with block scales wants the scale bytes of 128 rows by 4 scale groups as one *atom* of 512 bytes, which
// tcgen05.cp.32x128b.warpx4 moves to tensor memory as it lies (the layout that cuBLAS and CUTLASS use):
//
//   byte of row r, group k in its atom:  (r % 32) * 16 + (r % 128 / 32) * 4 + k % 4
//
//               byte 0    4    8    12
//             +----+----+----+----+
//   16 bytes  | r=0| 32 | 64 | 96 |    each cell: four groups of one row
//             +----+----+----+----+
//             | 1  | 33 | 65 | 97 |
//             +----+----+----+----+
//               ...                    32 lines in all
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_DIALECT_FORMATS_SCALEATOMS_H
#define THRIFTJIT_DIALECT_FORMATS_SCALEATOMS_H

#include <cstdint>

namespace thrift {

constexpr int64_t kAtomRows = 128;
constexpr int64_t kAtomGroups = 4;
constexpr int64_t kAtomBytes = kAtomRows * kAtomGroups;

/// A matrix of scale bytes as atoms, those of one line of atoms (128 rows) one after another.
struct ScaleAtoms {
  int64_t rows = 0;
  int64_t groups = 0; ///< scales of a row

  int64_t atomsPerLine() const { return (groups + kAtomGroups - 1) / kAtomGroups; }
  int64_t lines() const { return (rows + kAtomRows - 1) / kAtomRows; }
  int64_t bytes() const { return lines() * atomsPerLine() * kAtomBytes; }
  int64_t offset(int64_t row, int64_t group) const {
    int64_t atom = row / kAtomRows * atomsPerLine() + group / kAtomGroups;
    return atom * kAtomBytes + row % 32 * 16 + row % kAtomRows / 32 * 4 + group % kAtomGroups;
  }
};

} // namespace thrift

#endif // THRIFTJIT_DIALECT_FORMATS_SCALEATOMS_H
