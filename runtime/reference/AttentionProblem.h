//===- AttentionProblem.h - what the references compute ---------------------------------------===//
//
// Shape, mask and inputs of one attention, and the float64 answer that every reference returns.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_ATTENTIONPROBLEM_H
#define THRIFTJIT_RUNTIME_REFERENCE_ATTENTIONPROBLEM_H

#include "runtime/Status.h"
#include "runtime/TensorView.h"

#include <cstdint>
#include <vector>

namespace thrift {

/// Q is [batch, qHeads, qLen, headDim], K [batch, kvHeads, kvLen, headDim], V [batch, kvHeads, kvLen, valueDim].
/// Query head h attends to KV head h / (qHeads / kvHeads).
struct AttentionShape {
  int64_t batch = 1, qHeads = 1, kvHeads = 1;
  int64_t qLen = 0, kvLen = 0; ///< either may be 0
  int64_t headDim = 128, valueDim = 128;
  bool causal = false; ///< bottom-right: key j is visible to query i iff j <= i + kvLen - qLen
  double scale = 1;    ///< of the logits; fromViews sets 1 / sqrt(headDim)
  int64_t window = 0;  ///< w > 0: also j > i + kvLen - qLen - w
  double softcap = 0;  ///< c > 0: logit x becomes c tanh(x / c), after scaling

  int64_t kvHeadOf(int64_t qHead) const { return qHead / (qHeads / kvHeads); }
  /// Key i + diagonal() stands on the diagonal of query i.
  int64_t diagonal() const { return kvLen - qLen; }

  /// Reads the extents off three tensors of rank 4; mask and soft-cap stay off.
  static Result<AttentionShape> fromViews(const TensorView &q, const TensorView &k, const TensorView &v);
};

bool operator==(const AttentionShape &a, const AttentionShape &b);
inline bool operator!=(const AttentionShape &a, const AttentionShape &b) { return !(a == b); }

/// Tensors in host memory, read only: f16, bf16 or f32, any strides with the last dimension contiguous.
struct AttentionInputs {
  TensorView q, k, v;
};

Status validate(const AttentionShape &shape);
/// The shape, the three views, and that they agree.
Status validate(const AttentionInputs &inputs, const AttentionShape &shape);

struct ReferenceOptions {
  unsigned threads = 0;    ///< 0: all cores
  bool withWeight = false; ///< fill AttentionOutput::weight, which costs half as much again
};

/// Unrounded. A row that sees no key has o = 0, lse = -inf, weight = 0.
struct AttentionOutput {
  std::vector<double> o;      ///< [batch, qHeads, qLen, valueDim]
  std::vector<double> lse;    ///< [batch, qHeads, qLen], natural logarithm
  std::vector<double> weight; ///< [batch, qHeads, qLen, valueDim]: sum_j p_j |v_j|, or empty; see BoundCheck.h

  /// All zero, with `weight` as the options ask.
  static AttentionOutput zeros(const AttentionShape &shape, const ReferenceOptions &options);
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_ATTENTIONPROBLEM_H
