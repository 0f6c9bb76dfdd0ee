//===- Sm100.h - what the sm100 schedule and conversions share --------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_SM100_SM100_H
#define THRIFTJIT_COMPILER_TARGETS_SM100_SM100_H

#include "dialect/ThriftDialect.h"

namespace thrift::sm100 {

constexpr int64_t kMBarrierBytes = 8;
constexpr int64_t kGranule = 32; ///< rows that decide together: those of a warp, which votes by a ballot

/// The ops of one sweep, as the schedule deals them out to roles.
struct SweepParts {
  SweepOp sweep;
  LoadOp query, keys, values; ///< the query is loaded outside of the sweep
  DotOp dot;
  MaskOp mask;         ///< null in interior sweeps
  PromoteOp promote;   ///< of the online router's low sweep, else null
  KeepPromotedOp keep; ///< of its closing sweep, else null
  OnlineSoftmaxOp softmax;
  QuantizeOp quantize;
  AccumulateOp accumulate;

  TileType logits() { return dot.getLogits().getType(); }
  TileType p() { return quantize.getResult().getType(); }
  /// The accumulator: rows of queries by channels of V, f32.
  TileType output();
};

/// The sweeps of a kernel in their order, taken apart; a diagnostic where one has another form than the schedule knows,
/// or a shape that the instructions do not take.
mlir::FailureOr<llvm::SmallVector<SweepParts>> takeApart(KernelOp kernel);

} // namespace thrift::sm100

#endif // THRIFTJIT_COMPILER_TARGETS_SM100_SM100_H
