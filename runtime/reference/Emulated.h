//===- Emulated.h - a mixed-precision kernel with exact arithmetic between its roundings ------===//
//
// For each query block: the low blocks, then the high blocks (or as the plan says), each in tiles of keysPerUpdate
// keys:
//
//   S    = q . k                 low: operands rounded to the plan's qk format; high: the inputs
//   x    = log2(e) softcap(scale S), absent where masked
//   m'   = max(m, max_j x)       the row keeps m while m' <= m + headroomBits
//   p    = exp2(x - m'),  P = p rounded to the tier's P format
//   l    = l 2^(m - m') + sum p or sum P, as the tier's denominator says
//   O    = O 2^(m - m') + P V    low: V rounded to the plan's pv format
//
//   o = O / l,   lse = ln(2) m + ln(l)
//
// All sums are in float64 and nothing else is rounded. A kernel is correct when it is near this (BoundCheck.h).
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_EMULATED_H
#define THRIFTJIT_RUNTIME_REFERENCE_EMULATED_H

#include "runtime/reference/EmulationPlan.h"
#include "runtime/reference/Routes.h"

namespace thrift {

/// `routes` must be valid (Routes.h: validate); normalize makes them so.
Result<AttentionOutput> emulated(const AttentionInputs &inputs, const AttentionShape &shape, const Routes &routes,
                                 const EmulationPlan &plan, const ReferenceOptions &options = {});

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_EMULATED_H
