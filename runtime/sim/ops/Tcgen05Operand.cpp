//===- Tcgen05Operand.cpp - the matrices of a tcgen05.mma ----------------------===//

#include "runtime/sim/ops/Tcgen05Operand.h"

#include <cstring>

namespace thrift::sim {

TmemRegion rowsInTmem(int rows, uint32_t lane, uint32_t column, uint32_t columns) {
  return rows == 64 ? TmemRegion::ofQuadrants(lane, 16, column, columns)
                    : TmemRegion::of(lane, static_cast<uint32_t>(rows), column, columns);
}

//===----------------------------------------------------------------------===//
// Multiplicand
//===----------------------------------------------------------------------===//

void Multiplicand::placeInTmem(uint32_t address) {
  inTmem_ = true;
  lane_ = tmemLane(address);
  column_ = tmemColumn(address);
}

/// In shared memory 4- and 6-bit elements of the kinds with containers are packed, in TMEM they are containers.
ChunkPacking Multiplicand::packing() const {
  if (inTmem_ || packedFp4_ || bitsOf(element_) >= 8)
    return ChunkPacking::None;
  return bitsOf(element_) == 4 ? ChunkPacking::B4x16P64 : ChunkPacking::B6x16P32;
}

size_t Multiplicand::chunks(uint32_t *addresses) const {
  uint32_t rows = static_cast<uint32_t>(outer_), perRow = kRowBytes / kChunkBytes;
  MatrixMajor major = MatrixMajor::K;
  if (transposed_) {
    major = MatrixMajor::MN;
    rows = static_cast<uint32_t>(k_);
    perRow = static_cast<uint32_t>(outer_ * bitsOf(element_) / 8) / kChunkBytes;
  }
  layout_.chunks(major, 0, rows, perRow, addresses);
  return size_t(rows) * perRow;
}

void Multiplicand::gatherShared(const uint8_t *shared, uint8_t *bytes) const {
  uint32_t addresses[kMaxChunks];
  size_t count = chunks(addresses);
  if (packing() == ChunkPacking::None) {
    for (size_t i = 0; i < count; ++i)
      std::memcpy(bytes + i * kChunkBytes, shared + addresses[i], kChunkBytes);
    return;
  }
  for (size_t i = 0; i < count; ++i)
    expandChunk(packing(), shared + addresses[i], bytes + i * kChunkBytes);
}

void Multiplicand::gatherTmem(Tmem &tmem, uint8_t *bytes) const {
  uint32_t words[kMaxM * kRowColumns];
  for (uint32_t column = 0; column < kRowColumns; ++column) {
    const uint32_t *cells = tmem.cells(lane_, column_ + column);
    for (int row = 0; row < outer_; ++row)
      words[static_cast<uint32_t>(row) * kRowColumns + column] = cells[laneOfRow(outer_, row)];
  }
  std::memcpy(bytes, words, static_cast<size_t>(outer_) * kRowBytes);
}

void Multiplicand::gather(Cta &cta, float *values, bool &rowMajor) const {
  alignas(64) uint8_t bytes[size_t(kMaxN) * kRowBytes];
  rowMajor = !transposed_;
  if (inTmem_)
    gatherTmem(*cta.tmem, bytes);
  else
    gatherShared(cta.shared, bytes);
  size_t count = static_cast<size_t>(outer_) * static_cast<size_t>(k_);
  if (packedFp4_) {
    widenPackedE2m1(bytes, values, count);
  } else {
    if (bitsOf(element_) == 4)
      for (size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<uint8_t>(bytes[i] >> kNibbleShift & 0xF);
    widenElements(element_, bytes, values, count);
  }
  if (negated_)
    for (size_t i = 0; i < count; ++i)
      values[i] = -values[i];
}

//===----------------------------------------------------------------------===//
// ScaleFactors
//===----------------------------------------------------------------------===//

void ScaleFactors::addRegions(std::vector<TmemRegion> &regions) const {
  if (outer_ >= 32)
    regions.push_back(TmemRegion::ofQuadrants(0, 32, column_, outer_ / 32));
  if (outer_ % 32 != 0)
    regions.push_back(TmemRegion::ofQuadrants(0, outer_ % 32, column_ + outer_ / 32, 1));
}

static std::string hexByte(uint32_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  return std::string("0x") + kDigits[value >> 4 & 15] + kDigits[value & 15];
}

std::string ScaleFactors::gather(Tmem &tmem, uint8_t *codes) const {
  uint32_t mask = (count_ == 4 ? 0xFFFFFFFFu : (1u << 8 * count_) - 1) << 8 * id_;
  for (uint32_t row = 0; row < outer_; ++row) {
    const uint32_t *cells = tmem.cells(row % 32, column_ + row / 32);
    for (uint32_t quadrant = 1; quadrant < 4; ++quadrant)
      if (uint32_t difference = (cells[0] ^ cells[32 * quadrant]) & mask) {
        unsigned shift = static_cast<unsigned>(__builtin_ctz(difference)) / 8 * 8;
        return "byte " + std::to_string(shift / 8) + " of column " + std::to_string(column_ + row / 32) + " is " +
               hexByte(cells[0] >> shift) + " in lane " + std::to_string(row % 32) + " and " +
               hexByte(cells[32 * quadrant] >> shift) + " in lane " + std::to_string(row % 32 + 32 * quadrant) +
               "; allowed: the same in all four quadrants of lanes";
      }
    uint32_t word = cells[0] >> 8 * id_;
    std::memcpy(codes + 4 * row, &word, 4);
  }
  return "";
}

} // namespace thrift::sim
