//===- QueryBlock.h - the softmax state of one query block ------------------------------------===//
//
// How a block of keys enters the running softmax of a query block, with a kernel's roundings and exact arithmetic
// between them (the formulas stand in Emulated.h). Which blocks, in which precision and order, is the caller's
// business.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_QUERYBLOCK_H
#define THRIFTJIT_RUNTIME_REFERENCE_QUERYBLOCK_H

#include "runtime/reference/EmulationPlan.h"
#include "runtime/reference/Operands.h"

#include <functional>

namespace thrift {

/// One precision: its operands for the query block at hand, and what it does to P.
struct PrecisionTier {
  const KvTiles &kv;
  std::vector<double> queries; ///< [rows][headDim]
  const PRule &pRule;
};

class QueryBlock {
public:
  /// `o` and, unless null, `weight` are [rows][valueDim], zero: the accumulators are the output itself.
  QueryBlock(const AttentionShape &shape, const EmulationPlan &plan, IndexRange rows, double *o, double *weight);

  /// Takes KV block `block` into the state of every row, or of those with takes[row] where it is given: the others
  /// have P = 0 and keep their state.
  void addBlock(const PrecisionTier &tier, int64_t block, const std::vector<uint8_t> *takes = nullptr);

  /// The largest logit of each row in the block, in the log2 domain: -inf where the row sees none of its keys, NaN
  /// where one of them is not finite.
  std::vector<double> blockMaxima(const PrecisionTier &tier, int64_t block) const;

  /// log2 of the row's softmax mass so far: m + log2(l), -inf before the first key.
  double log2Mass(int64_t row) const;

  /// Divides and writes the log-sum-exp. A row that took no key has o = 0, lse = -inf.
  void finish(double *lse);

private:
  void addTile(const PrecisionTier &tier, int64_t tile, const std::vector<uint8_t> *takes);
  void updateRow(const PRule &rule, int64_t row, IndexRange visible, int64_t firstKey);
  double rowSum(const double *values) const;
  void scaleRow(int64_t row, double factor);

  const AttentionShape &shape;
  const EmulationPlan &plan;
  IndexRange rows;
  double *o, *weight;
  std::vector<double> maximum, sum; ///< of each row, the maximum in the log2 domain
  std::vector<double> p;            ///< [rows][updateKeys]: S, then x, then P
};

/// Calls `attend` for every query block, beside others, with the operands of its KV head in the low tier and in the
/// high.
void forQueryBlocks(const AttentionInputs &inputs, const AttentionShape &shape, const EmulationPlan &plan,
                    const ReferenceOptions &options,
                    const std::function<void(const KvTiles &lowKv, const KvTiles &highKv, int64_t b, int64_t head,
                                             int64_t queryBlock)> &attend);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_QUERYBLOCK_H
