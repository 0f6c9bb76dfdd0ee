//===- EmulatedOnline.h - `emulated` under the online router ----------------------------------===//
//
// No ranking: the low logits decide inside the sweep. For each query block
//
//   1. the seeds run high, ascending: the first `sink` blocks and `local` blocks up to the diagonal (forcedBlocks)
//   2. the other visible blocks run low, descending; each granule of rows decides from its largest low logits
//   3. the blocks that some granule promoted run high, descending; the other granules' P is zero there
//
// A row's mass, in the log2 domain, is
//
//   mass = log2(l 2^m + x)      m, l: the state of the blocks kept so far;  x: the sum of 2^y over promoted blocks
//   y    = the row's largest low logit in a block, times log2(e)
//
// x lives apart from the state, so promotion leaves m, l and O alone. A row without a visible key in the block has no
// say. Of the others, in one granule:
//
//   promoted   some row has y >= mass + log2(tau)      and `most` promotions are not used up; else it stays low
//   skipped    not wanted high, and every row has y < mass + log2(lambda): P = 0, and neither l nor x sees the block
//   low        otherwise
//
// A row that has seen nothing has mass = -inf: whatever it sees promotes. A NaN promotes nothing and is never skipped.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_EMULATEDONLINE_H
#define THRIFTJIT_RUNTIME_REFERENCE_EMULATEDONLINE_H

#include "runtime/reference/Budget.h"
#include "runtime/reference/Decisions.h"
#include "runtime/reference/EmulationPlan.h"

namespace thrift {

struct OnlineRouter {
  double tau = 0.2;     ///< above 0
  double skip = 0;      ///< lambda, at most tau; 0: nothing is skipped
  int64_t granule = 32; ///< rows that decide together; divides block.q
  int64_t sink = 1, local = 1;
  /// Most promotions of one granule, as a share of the visible blocks in millionths, rounded up, or as a number. Seeds
  /// do not count.
  int64_t ppm = RouteBudget::kWhole;
  std::optional<int64_t> topK = {};
  /// The mass that judges a block is the one before the block before it: a kernel may compute ahead.
  bool massLags = false;
};

Status validate(const OnlineRouter &router, const RoutingBlock &block);

struct OnlineOutput {
  AttentionOutput attention;
  Decisions decisions; ///< that were followed
  int64_t refused = 0; ///< (granule, block) pairs that wanted to run high and stayed low, past the cap

  /// Of recorded decisions: how many differ from those that this reference would take in the same place, and how far
  /// from the threshold (natural log) the farthest of them lies: infinite where no threshold explains it.
  int64_t differing = 0;
  double farthest = 0;
};

/// With `recorded`, which must be valid, those decisions are followed; without, the reference's own.
Result<OnlineOutput> emulatedOnline(const AttentionInputs &inputs, const AttentionShape &shape,
                                    const OnlineRouter &router, const EmulationPlan &plan,
                                    const Decisions *recorded = nullptr, const ReferenceOptions &options = {});

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_EMULATEDONLINE_H
