//===- Exact.h - plain attention in float64 ---------------------------------------------------===//
//
//   x_ij = softcap(scale * q_i . k_j)    for the keys j that query i sees
//   o_i  = sum_j exp(x_ij - m_i) v_j / sum_j exp(x_ij - m_i),   m_i = max_j x_ij
//   lse_i = m_i + ln sum_j exp(x_ij - m_i)
//
// All logits of a row exist before its softmax begins; there is no blocking to get wrong. Quality is the distance to
// this.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_EXACT_H
#define THRIFTJIT_RUNTIME_REFERENCE_EXACT_H

#include "runtime/reference/AttentionProblem.h"

namespace thrift {

Result<AttentionOutput> exact(const AttentionInputs &inputs, const AttentionShape &shape,
                              const ReferenceOptions &options = {});

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_EXACT_H
