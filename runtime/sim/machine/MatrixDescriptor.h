//===- MatrixDescriptor.h - matrix operands in shared memory ----------------===//
//
// wgmma (sm_90a) and tcgen05.mma (sm_100a) find A and B through a 64-bit descriptor in a register (PTX ISA "Matrix
// Descriptor Format", "Shared memory descriptor", "Canonical Layouts"). All sizes and addresses are in units of 16
// bytes, modulo 256 KiB:
//
//   63   61 60    53 52  51   49 48 46 45            32 31 30 29            16 15 14 13             0
//  +-------+--------+---+-------+-----+----------------+-----+----------------+-----+----------------+
//  |swizzle|   0    | L | base  | c   | stride offset  |  0  | leading offset |  0  | start address  |
//  +-------+--------+---+-------+-----+----------------+-----+----------------+-----+----------------+
//
//            swizzle                                          c     L
//   sm_90    bits 63-62: 0 none, 1 128 B, 2 64 B, 3 32 B      0     0
//   sm_100   bits 63-61: 0 none, 2 128 B, 4 64 B, 6 32 B      001   0; 1 (an absolute leading address) is sm_103a's
//
// The matrix consists of chunks of 16 bytes along its major dimension, K or else M (of A), N (of B). With s chunks in a
// span of the swizzle (1, 2, 4 or 8; 1 is none), LBO and SBO for the two offsets, the chunk lies this many bytes behind
// the start address, before the swizzle:
//
//   K-major     row r, chunk c along k     none      (r % 8) 16   + (r / 8) SBO + c LBO
//                                          swizzled  (r % 8) 16 s + (r / 8) SBO + c 16
//   MN-major    chunk j along MN, row k    none      (k % 8) 16   + (k / 8) LBO + j SBO
//                                          swizzled  (k % 8) 16 s + (k / 8) SBO + (j % s) 16 + (j / s) LBO
//
//   K-major, 64 B:    c = 0  1  2  3             MN-major, 64 B:   j = 0  1  2  3       4  5  6  7
//              r = 0  | 0  1  2  3 |                        k = 0  | 0  1  2  3 |     | 0  1  2  3 |
//                  1  | 4  5  6  7 |                            1  | 4  5  6  7 |     | 4  5  6  7 |
//                 ..  | ..         |                           ..  | ..         |     | ..         |
//                  7  |28 29 30 31 |                            7  |28 29 30 31 |     |28 29 30 31 |
//                  8  at SBO                                    8  at SBO              at LBO
//
// The swizzle acts on the final address (Swizzle.h), so a descriptor may begin anywhere in a pattern, and stepping
// along K is an addition to its start address. Where the patterns do not start at multiples of their own size, the base
// offset has bits 9-7 of the address at which they do; it is subtracted before the swizzle. An H100 reads all of these
// layouts alike, also with offsets that no dense tile has.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_MATRIXDESCRIPTOR_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_MATRIXDESCRIPTOR_H

#include "runtime/sim/machine/Swizzle.h"

#include <cstdint>
#include <string>

namespace thrift::sim {

/// The dimension along which 16 bytes are neighbours.
enum class MatrixMajor : uint8_t { K, MN };

constexpr uint32_t kChunkBytes = 16;

/// Where the chunks of a matrix are: a descriptor, decoded.
class MatrixLayout {
public:
  MatrixLayout() : MatrixLayout(0, 0, 0, SwizzleMode::None, 0) {}
  MatrixLayout(uint32_t start, uint32_t leading, uint32_t stride, SwizzleMode mode, uint32_t base);

  /// The shared address of chunk `chunk` along the major dimension in row `row` of the other one.
  uint32_t chunk(MatrixMajor major, uint32_t row, uint32_t chunk) const {
    const Steps &steps = major == MatrixMajor::K ? kSteps_ : mnSteps_;
    return place(row % 8 * steps.row + row / 8 * steps.rowGroup + chunk % steps.span * kChunkBytes +
                 chunk / steps.span * steps.chunkGroup);
  }
  /// The addresses of chunks 0 .. chunks-1 of the rows first .. first+rows-1, row by row.
  void chunks(MatrixMajor major, uint32_t first, uint32_t rows, uint32_t chunks, uint32_t *addresses) const;

  uint32_t start() const { return start_; }
  SwizzleMode mode() const { return mode_; }
  /// Whether the swizzle's pattern begins at the start address, or in its first line, as `base` says.
  bool startsPattern() const;

private:
  /// Bytes from one to the next.
  struct Steps {
    uint32_t row, rowGroup;    ///< rows, and groups of eight of them
    uint32_t span, chunkGroup; ///< chunks that are neighbours, and groups of so many
  };

  uint32_t place(uint32_t offset) const { return swizzle_(start_ + offset - base_) + base_; }

  uint32_t start_, base_;
  SwizzleMode mode_;
  Swizzle swizzle_;
  Steps kSteps_, mnSteps_;
};

/// Decodes a descriptor of wgmma (sm_90a). Returns what is wrong with it; "" is good.
std::string decodeWgmmaDescriptor(uint64_t descriptor, MatrixLayout &layout);
/// The same for tcgen05 (sm_100a).
std::string decodeTcgen05Descriptor(uint64_t descriptor, MatrixLayout &layout);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_MATRIXDESCRIPTOR_H
