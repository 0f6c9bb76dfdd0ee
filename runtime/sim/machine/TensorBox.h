//===- TensorBox.h - the part of a tensor that one instruction copies -------===//
//
// PTX ISA "Tensors": a box at some coordinates, row by row. A row runs along dimension 0, so its elements are adjacent
// in global memory; in shared memory the rows lie one behind the other, dimension 1 fastest, and then the swizzle moves
// their pieces. What of the box lies outside of the tensor is filled by loads and left out by stores.
//
//   chunk              16 bytes of a row in shared memory. Of b4x16_p64 the first 8 hold data, of b6x16_p32 the first
//                      12, the rest is a gap that nobody writes; of b6p2x16 (stores) each byte holds 6 bits
//   swizzle            a row takes all of the swizzle's span even if it is shorter: an H100 leaves the rest alone
//   stores             write whole 16 bytes of a row: an H100 does not stop at a last element within them
//   element strides    every n-th coordinate of dimension 1 and up, so that box / n steps remain (rounded up)
//   row list           gather4 and scatter4: four rows of a matrix, each with a coordinate of its own
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORBOX_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORBOX_H

#include "runtime/sim/TensorMap.h"
#include "runtime/sim/machine/AddressSpace.h"

#include <vector>

namespace thrift::sim {

class TensorBox {
public:
  enum class Direction { Load, Store };
  enum class Rows { Box, List };
  /// The box of a checked map at `coordinates`, innermost first, with its first byte at shared address `shared`. Of a
  /// list of rows the coordinates are {column, row, row, row, row}.
  TensorBox(const TensorMapDescription &map, const int32_t *coordinates, uint32_t shared, Direction direction,
            Rows rows);

  /// Shared memory that it takes, gaps included: one range unless rows are shorter than the swizzle's span.
  std::vector<SharedRange> ranges() const;
  /// Bytes from the first byte to the end of the last.
  uint64_t extent() const { return uint64_t(rows_) * rowPitch_; }
  /// Bytes that are copied or filled, without gaps: what the mbarrier counts.
  uint32_t copiedBytes() const { return rows_ * rowData_; }
  /// Bytes of them that are read from, or written to, global memory.
  uint64_t insideBytes() const { return uint64_t(insideRows_) * (validEnd_ - validBegin_); }

  /// The global bytes from the first to the last that it touches; `bytes` is 0 if it lies outside of the tensor
  /// altogether. False if they would be beyond all addresses.
  bool globalRange(uint64_t &first, uint64_t &bytes) const;

  /// Fills the box in shared memory. `region` holds the global range; null if that is empty. Gaps get the shadow `gap`.
  void load(uint8_t *shared, uint8_t *sharedShadow, const Region *region, Shadow gap) const;

  /// Of the bytes that a store reads, the first that is not written; kNone if all are.
  static constexpr uint32_t kNone = 0xFFFFFFFFu;
  uint32_t firstUnwritten(const uint8_t *sharedShadow) const;
  /// What a store writes: read from shared memory, and later put into the tensor.
  std::vector<uint8_t> gather(const uint8_t *shared) const;
  void scatter(const std::vector<uint8_t> &data, const Region &region) const;

private:
  struct Row {
    uint32_t shared = 0; ///< before the swizzle
    uint64_t global = 0; ///< of its first element, wherever that is
    bool inside = false; ///< but for dimension 0
  };

  template <typename Visit>
  void forEachRow(Visit visit) const;
  bool isRowInside() const { return validBegin_ == 0 && validEnd_ == rowData_; }
  uint32_t pieceBytes() const { return swizzle_.atom() < kChunk ? swizzle_.atom() : kChunk; }
  void putRow(uint32_t row, const uint8_t *data, const uint8_t *shadow, uint8_t *shared, uint8_t *sharedShadow,
              Shadow gap) const;

  static constexpr uint32_t kChunk = 16;

  TensorMapDescription map_;
  Swizzle swizzle_;
  uint32_t shared_;
  bool isRowList_;
  uint32_t chunkData_ = kChunk;            ///< bytes of a chunk in global memory
  uint32_t rowBytes_ = 0, rowData_ = 0;    ///< of a row in shared and in global memory
  uint32_t rowPitch_ = 0;                  ///< from row to row in shared memory
  bool isRounded_ = false;                 ///< loads round to tf32
  uint32_t validBegin_ = 0, validEnd_ = 0; ///< the part of each row, of rowData_, that is copied
  uint32_t tensorEnd_ = 0;                 ///< where the tensor ends, before or at validEnd_
  uint32_t rows_ = 1, insideRows_ = 1;
  uint32_t steps_[kMaxTensorRank] = {}; ///< along each dimension
  int64_t start_[kMaxTensorRank] = {};  ///< first coordinates
  int64_t rowCoordinates_[4] = {};      ///< of a row list
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_TENSORBOX_H
