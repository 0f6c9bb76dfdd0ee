//===- Spec.h - what attention a plan computes ------------------------------===//
//
// Everything that is fixed when a plan is made. Lengths, batch and head counts are not in it: one plan serves them all.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SPEC_H
#define THRIFTJIT_RUNTIME_SPEC_H

#include "dialect/formats/Format.h"
#include "runtime/Status.h"

#include <cstdint>
#include <optional>
#include <string>

namespace thrift {

/// The online router (select = "online"): no ranking, the low logits decide inside the kernel. Ranked options do not
/// concern it, but Spec::topK does: the most promotions of a granule, instead of a share.
struct OnlineOptions {
  double tau = 0.2;    ///< a granule promotes a block whose largest logit in some row reaches the share tau of its mass
  double skip = 0;     ///< lambda: a granule skips a block whose largest logits all stay below this share; 0: never
  int64_t granule = 0; ///< query rows that decide together; 0: what the target likes best
  int64_t sink = 1;    ///< seeds, which run high first: so many first blocks,
  int64_t local = 1;   ///< and each block on the diagonal of a query block, with local - 1 before
  double budget = 1;   ///< most promotions of a granule, as a share of the visible blocks, seeds not counted; 1: no cap
};

struct Spec {
  std::string target;         ///< "sm_90a" and so on; empty: the best one for the context's device
  DType dtype = DType::F16;   ///< of Q, K, V and O: f16 or bf16
  int64_t headDim = 128;      ///< of Q and K
  int64_t valueDim = 128;     ///< of V and O
  bool causal = true;         ///< bottom-right: key j is visible to query i iff j <= i + kvLen - qLen
  std::optional<LowPair> low; ///< formats of the low tier; absent: the target's own, which Plan::spec() tells

  int64_t blockQ = 128; ///< query rows that share one choice of blocks
  int64_t blockKv = 64; ///< keys of one block

  std::string select = "block_mean"; ///< how blocks are scored; or online: they are not, see OnlineOptions
  double budget = 0.05;              ///< share of the visible blocks that run high: 0 none, 1 all
  std::optional<int64_t> topK;       ///< a number of blocks per query block instead of a share
  std::string rule = "per_row";      ///< per_row, or published: one k for all rows, as the paper's code has it
  int64_t minBlocks = 3;             ///< at least so many per query block, where the budget is neither 0 nor 1
  int64_t sink = 0;                  ///< so many first blocks always run high
  int64_t local = 0; ///< n: each block on the diagonal of a query block, and n - 1 before, always run high
  OnlineOptions online;

  bool isOnline() const { return select == "online"; }

  std::string exp2 = "approx"; ///< approx, or poly: bit-equal on every machine
  int alignment = 16;          ///< of the rows of tensors, in bytes: 16, or 2 for any strides, slower
  int stages = 2;              ///< tiles of K and V in flight or in use
  /// Waits inside kernels give up after 2 s and are recorded (Watchdog.h): a broken kernel ends. Slower; for diagnosis.
  /// Changes nothing on the portable lowering, whose waits cannot hang.
  bool watchdog = false;
};

/// The share of the router in use in parts per million, rounded: what routers compute with. Of a valid spec.
int64_t budgetPpm(const Spec &spec);

/// Ranges of every field, without regard to a target.
Status validate(const Spec &spec);

/// One line, the same for equal specs.
std::string print(const Spec &spec);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_SPEC_H
