//===- Tcgen05Operand.h - the matrices of a tcgen05.mma ------------------------===//
//
// How A, B, their scale factors and D lie in shared memory and TMEM (PTX ISA "Matrix Layout Organization", "Packing
// formats", "Data Path Layout Organization", "Block Scaling"), and how they become arrays of f32. One instruction reads
// 32 bytes of every row of A and of every column of B, whatever the kind.
//
//   A in TMEM       row m in lane laneOf(m), its 32 bytes in 8 columns
//   D               row m in lane laneOf(m), column n in column n; f16 in the lower half
//   laneOf(m)       M = 128: m.  M = 64: 32 (m / 16) + m % 16, and 16 more if the address says so
//   scale factors   of row r: lane r % 32 of all four quadrants, column r / 32, the bytes that the id selects
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05OPERAND_H
#define THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05OPERAND_H

#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/machine/InstructionDescriptor.h"
#include "runtime/sim/machine/MatrixDescriptor.h"
#include "runtime/sim/ops/Tcgen05Elements.h"

namespace thrift::sim {

constexpr uint32_t kRowBytes = 32;
constexpr uint32_t kRowColumns = kRowBytes / 4;
constexpr int kMaxM = 128, kMaxN = 256, kMaxK = 64;

/// The lane of row m of A or D, relative to the lane of the address.
constexpr uint32_t laneOfRow(int rows, int m) { return static_cast<uint32_t>(rows == 64 ? m / 16 * 32 + m % 16 : m); }
/// Columns of a matrix in TMEM, in the lanes of `rows` rows.
TmemRegion rowsInTmem(int rows, uint32_t lane, uint32_t column, uint32_t columns);

/// A or B: `outer` rows of K elements.
class Multiplicand {
public:
  Multiplicand() = default;
  Multiplicand(MmaKind kind, MmaElement element, bool transposed, bool negated, int outer)
      : element_(element), packedFp4_(isPackedFp4(kind)), transposed_(transposed), negated_(negated), outer_(outer),
        k_(kOf(kind)) {}
  void placeInShared(const MatrixLayout &layout) { layout_ = layout; }
  void placeInTmem(uint32_t address);

  bool isInTmem() const { return inTmem_; }
  TmemRegion region() const { return rowsInTmem(outer_, lane_, column_, kRowColumns); }
  /// The shared addresses of its chunks, and how many bytes of each are data.
  size_t chunks(uint32_t *addresses) const;
  uint32_t bytesPerChunk() const { return dataBytes(packing()); }

  /// The elements as f32. `rowMajor`: values[outer][k], else values[k][outer].
  void gather(Cta &cta, float *values, bool &rowMajor) const;
  MmaElement element() const { return element_; }
  int k() const { return k_; }
  int outer() const { return outer_; }

private:
  ChunkPacking packing() const;
  void gatherShared(const uint8_t *shared, uint8_t *bytes) const;
  void gatherTmem(Tmem &tmem, uint8_t *bytes) const;

  MmaElement element_ = MmaElement::F16;
  bool packedFp4_ = false, transposed_ = false, negated_ = false, inTmem_ = false;
  int outer_ = 0, k_ = 0;
  MatrixLayout layout_;
  uint32_t lane_ = 0, column_ = 0;
};

/// The most chunks a multiplicand can have.
constexpr size_t kMaxChunks = size_t(kMaxN) * (kRowBytes / kChunkBytes);

/// The scale factors of A or B.
class ScaleFactors {
public:
  ScaleFactors() = default;
  ScaleFactors(uint32_t address, int outer, unsigned count, unsigned id)
      : lane_(tmemLane(address)), column_(tmemColumn(address)), outer_(static_cast<uint32_t>(outer)), count_(count),
        id_(id) {}

  uint32_t lane() const { return lane_; }
  void addRegions(std::vector<TmemRegion> &regions) const;
  /// codes[outer][4], the first `count` of each four. Returns what is wrong with them; "" is good.
  std::string gather(Tmem &tmem, uint8_t *codes) const;

private:
  uint32_t lane_ = 0, column_ = 0, outer_ = 0;
  unsigned count_ = 0, id_ = 0;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05OPERAND_H
