//===- Tmem.h - tensor memory ------------------------------------------------===//
//
// The memory of the fifth-generation tensor core (PTX ISA "Tensor Memory"): 512 columns of 128 lanes of 32 bits.
//
//                 column 0   1   2  ...                          511
//       lane 0          [  ][  ][  ]                            [  ]     warps 0, 4, 8, ... load and store lanes 0-31,
//       lane 1          [  ][  ][  ]                            [  ]     warps 1, 5, 9, ... lanes 32-63, and so on;
//       ...                                                              mma and cp reach all of them
//       lane 127        [  ][  ][  ]                            [  ]
//
//     address: lane << 16 | column
//
// It is kept column by column, because a register of 32x32b and a column of an accumulator are consecutive lanes.
// Columns belong to the program from alloc to dealloc. What is asynchronous says which cells it reads and writes
// (TmemOperation); two operations on the same cells must be ordered by what the ISA promises.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_TMEM_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_TMEM_H

#include "runtime/sim/machine/AsyncQueue.h"
#include "runtime/sim/machine/HappensBefore.h"
#include "runtime/sim/machine/Warp.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace thrift::sim {

constexpr uint32_t kTmemLanes = 128, kTmemColumns = 512;
constexpr uint32_t kTmemCells = kTmemLanes * kTmemColumns;
/// Columns are given out in blocks of this size.
constexpr uint32_t kTmemBlock = 32;
constexpr uint32_t kTmemBlocks = kTmemColumns / kTmemBlock;

constexpr uint32_t tmemLane(uint32_t address) { return address >> 16; }
constexpr uint32_t tmemColumn(uint32_t address) { return address & 0xFFFFu; }
constexpr uint32_t tmemCell(uint32_t lane, uint32_t column) { return column * kTmemLanes + lane; }

/// All combinations of some lanes and of consecutive columns.
struct TmemRegion {
  uint64_t lanes[2] = {0, 0}; ///< a bit per lane
  uint32_t column = 0, columns = 0;

  static TmemRegion of(uint32_t firstLane, uint32_t laneCount, uint32_t column, uint32_t columns);
  /// The same lanes of all four quadrants: of M = 64, and of what is replicated.
  static TmemRegion ofQuadrants(uint32_t firstLane, uint32_t laneCount, uint32_t column, uint32_t columns);
  void addLanes(uint32_t firstLane, uint32_t laneCount);
  bool overlaps(const TmemRegion &other) const {
    return ((lanes[0] & other.lanes[0]) | (lanes[1] & other.lanes[1])) != 0 && column < other.column + other.columns &&
           other.column < column + columns;
  }
  bool operator==(const TmemRegion &o) const {
    return lanes[0] == o.lanes[0] && lanes[1] == o.lanes[1] && column == o.column && columns == o.columns;
  }
  bool hasLane(uint32_t lane) const { return lanes[lane / 64] >> (lane % 64) & 1; }

  /// Calls visit(firstCell, count) for each run of consecutive cells until it returns false; whether it never did.
  template <typename Visit>
  bool forEachRun(Visit visit) const {
    if (lanes[0] == ~0ull && lanes[1] == ~0ull)
      return columns == 0 || visit(tmemCell(0, column), columns * kTmemLanes);
    for (uint32_t c = column; c < column + columns; ++c)
      for (uint32_t lane = 0; lane < kTmemLanes;) {
        if (!hasLane(lane)) {
          ++lane;
          continue;
        }
        uint32_t first = lane;
        while (lane < kTmemLanes && hasLane(lane))
          ++lane;
        if (!visit(tmemCell(first, c), lane - first))
          return false;
      }
    return true;
  }
};

/// "TMEM lane 3, column 17"
std::string describeTmemCell(uint32_t cell);
/// A cell that is in one of `a` and in one of `b`.
bool findCommonCell(const std::vector<TmemRegion> &a, const std::vector<TmemRegion> &b, uint32_t &cell);

/// An asynchronous tcgen05 operation.
class TmemOperation : public AsyncOperation {
public:
  using AsyncOperation::AsyncOperation;

  bool mustFollow(const AsyncOperation &earlier) const override;
  /// Whether one of the two writes what the other one touches.
  bool conflictsWith(const TmemOperation &other) const;

  std::vector<TmemRegion> reads, writes;
  bool updates = false;     ///< reads what it writes: an accumulator
  uint64_t accumulator = 0; ///< of an mma: address and shape
  Epoch epoch = kNoEpoch;   ///< in its stream
};

inline bool isTmemKind(AsyncKind kind) { return kind >= AsyncKind::TmemLoad; }
/// Whether a commit tracks it.
inline bool isTrackedKind(AsyncKind kind) { return kind == AsyncKind::TmemCopy || kind == AsyncKind::TmemMma; }

/// What the ISA says about two operations on the same cells, the first of which is not complete.
enum class TmemOrder : uint8_t {
  Ordered,
  ByPractice, ///< not promised by the ISA, but done by every kernel: a lint
  Unordered,
};
TmemOrder orderOf(const TmemOperation &earlier, const TmemOperation &later);

/// The registers of a tcgen05.ld that has delivered them. Who has touched them all knows that the load is complete,
/// with or without a wait.
class LoadedRegisters : public AsyncOperation {
public:
  LoadedRegisters(Warp &warp, const Inst &inst, std::vector<uint32_t> places, Epoch epoch);
  bool perform(Cta &) override { return true; }
  Step onTouch(Warp &warp, const Inst &inst) override;
  /// Gives up the locks.
  void release();
  Epoch epoch() const { return epoch_; }

private:
  std::vector<uint32_t> places_;
  Epoch epoch_;
};

class Tmem {
public:
  explicit Tmem(unsigned warps) : threads_(warps * kWarpSize), cells_(kTmemCells), written_(kTmemCells) {}
  /// A CTA begins: nothing is allocated.
  void reset();
  /// A CTA ends. False after a finding: something is still allocated, or was never committed.
  bool finish(Cta &cta) const;

  //===--------------------------------------------------------------------===//
  // Allocation
  //===--------------------------------------------------------------------===//

  /// Whether so many columns are free. Blocks are aligned to their size, so that falling sizes never leave gaps;
  /// `random` (may be null) picks among them.
  bool allocate(uint32_t columns, uint32_t pc, bool zeroed, std::mt19937_64 *random, uint32_t &address);
  /// "" or why this is no allocation.
  std::string release(uint32_t address, uint32_t columns);
  uint32_t freeColumns() const;
  /// "" or the sentence that says which of the columns is nobody's.
  std::string checkAllocated(const TmemRegion &region) const;
  struct Allocation {
    uint32_t column = 0, columns = 0; ///< 0 columns: none
    uint32_t pc = 0;
  };
  const std::vector<Allocation> &allocations() const { return allocations_; }
  bool relinquished = false;
  uint32_t relinquishPc = 0;

  //===--------------------------------------------------------------------===//
  // Cells
  //===--------------------------------------------------------------------===//

  uint32_t *cells(uint32_t lane, uint32_t column) { return cells_.data() + tmemCell(lane, column); }
  /// Whether all cells are written, or will be by an operation that is under way; else one that is not.
  bool isWritten(const TmemRegion &region, uint32_t &cell) const;
  void markWritten(const TmemRegion &region);

  //===--------------------------------------------------------------------===//
  // Operations
  //===--------------------------------------------------------------------===//

  /// What a thread has issued.
  struct Thread {
    uint32_t uncommitted = 0;  ///< mma and cp since its last commit
    bool hasCommitted = false; ///< something, ever: a later commit waits for it as well
    uint32_t pc = 0;           ///< of the last one
  };
  Thread &thread(const Warp &warp, unsigned lane) { return threads_[warp.index * kWarpSize + lane]; }

  std::vector<std::unique_ptr<LoadedRegisters>> loaded; ///< only where races are checked
  /// The warp knows its loads up to the oldest one that may still be under way.
  void learnLoads(Cta &cta, Warp &warp) const;
  /// The warp waited for its loads.
  void dropLoaded(const Warp &warp);

private:
  std::vector<Thread> threads_;
  std::vector<uint32_t> cells_;
  std::vector<uint8_t> written_;
  std::vector<Allocation> allocations_;
  uint16_t taken_ = 0; ///< a bit per block
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_TMEM_H
