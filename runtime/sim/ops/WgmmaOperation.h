//===- WgmmaOperation.h - one wgmma of a warpgroup --------------------------===//
//
// The four warps of a warpgroup issue a wgmma one after another, each for its 16 rows; it can be performed when the
// last has, and is performed as a whole, in the order of issue. The first warp's issue makes the operation, the others
// join it and must mean the same.
//
// What an operation reads of shared memory is checked when it is issued: B by the first warp, the rows of A by each
// warp, because a warp may have written its own. Unordered accesses are looked for by every warp, with what it knows.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_WGMMAOPERATION_H
#define THRIFTJIT_RUNTIME_SIM_OPS_WGMMAOPERATION_H

#include "runtime/sim/arith/Mma.h"
#include "runtime/sim/decode/Types.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/machine/MatrixDescriptor.h"

namespace thrift::sim {

constexpr unsigned kWarpgroupWarps = 4;
constexpr uint32_t kWgmmaM = 64;
/// K fills two chunks, whatever the type.
constexpr uint32_t kWgmmaChunks = 2;

/// Element types and what they allow: PTX ISA, tables "Matrix Shape" and "Matrix Data-types" of wgmma.
struct WgmmaType {
  Ty type;
  MmaElement element;
  MmaModel toF32, toF16;
  bool hasF16;       ///< accumulators may be f16
  bool mayTranspose; ///< operands in shared memory may be MN-major
  bool mayMix;       ///< A and B may differ

  uint32_t k() const { return kWgmmaChunks * kChunkBytes * 8 / bitsOf(type); }
};
const WgmmaType *findWgmmaType(Ty type);

/// Everything about a wgmma but its operands; packed into Inst::flags.
struct WgmmaShape {
  const WgmmaType *a = nullptr, *b = nullptr;
  uint32_t n = 0;
  bool f16 = false;       ///< accumulators
  bool fragments = false; ///< A is in registers
  bool negate = false;    ///< the product
  MatrixMajor majorA = MatrixMajor::K, majorB = MatrixMajor::K;

  uint32_t accumulators() const { return f16 ? n / 4 : n / 2; }
  uint32_t pack() const;
  static WgmmaShape unpack(uint32_t flags);
};

class WgmmaOperation final : public AsyncOperation {
public:
  /// Of the first warp to issue it.
  WgmmaOperation(Warp &warp, const Inst &inst, uint32_t number);
  ~WgmmaOperation() override;

  /// The operation number `number` of the warp's group, or null.
  static WgmmaOperation *find(Warp &warp, uint32_t number);
  /// Of its group's operations up to `number`: the oldest that misses a warp, or null.
  static const AsyncOperation *oldestIncomplete(Warp &warp, uint32_t number);
  /// Performs the operations of the warp's group up to `number`.
  static bool performUpTo(Warp &warp, uint32_t number);

  /// A warp issues it, `inst` with these operands.
  Step join(Warp &warp, const Inst &inst, uint64_t descriptorA, uint64_t descriptorB, bool addsToD);

  bool isReady() const override { return joined_ == (1u << kWarpgroupWarps) - 1; }
  bool perform(Cta &cta) override;
  Epoch epoch() const { return epoch_; }

private:
  struct Sums;

  Step begin(Warp &warp, const Inst &inst, uint64_t descriptorA, uint64_t descriptorB, bool addsToD);
  Step layOut(Warp &warp, const Inst &inst, const char *name, uint64_t descriptor, MatrixMajor major, uint32_t size,
              std::vector<uint32_t> &addresses);
  Step checkWritten(Warp &warp, const Inst &inst, const uint32_t *addresses, size_t count);
  Step checkOrder(Warp &warp, const Inst &inst, const char *name, const uint32_t *addresses, size_t count);
  Step checkRowsOfA(Warp &warp, const Inst &inst);

  void bringA(Cta &cta, float *values) const;
  void bringB(Cta &cta, float *values) const;
  void bringAccumulators(Cta &cta, float *sums) const;
  void storeAccumulators(Cta &cta, const float *sums) const;
  WgmmaOperation *successor(Cta &cta) const;
  Warp &member(Cta &cta, uint32_t rank) const { return *cta.warps[firstWarp_ + rank]; }

  WgmmaShape shape_;
  const uint32_t *registers_; ///< of D, then of A
  uint32_t number_, firstWarp_, joined_ = 0;
  bool addsToD_ = false;
  uint64_t descriptorA_ = 0, descriptorB_ = 0;
  std::vector<uint32_t> chunksA_, chunksB_; ///< shared addresses, row by row of the layout
  std::unique_ptr<Sums> sums_;              ///< the accumulators, where the wgmma before this one left them
  Epoch epoch_ = kNoEpoch;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_WGMMAOPERATION_H
