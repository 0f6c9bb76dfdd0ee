//===- ReadTensor.h - elements of a view as numbers -------------------------------------------===//
//
// Reads f16, bf16 and f32 tensors of any strides. All three convert to f32 without rounding.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_READTENSOR_H
#define THRIFTJIT_RUNTIME_REFERENCE_READTENSOR_H

#include "runtime/Status.h"
#include "runtime/TensorView.h"

#include <vector>

namespace thrift {

/// The channels of token (b, h, token) of a valid f16, bf16 or f32 view of rank 4.
void readRow(const TensorView &view, int64_t b, int64_t h, int64_t token, float *row);

/// All elements in row-major order: what the comparisons in Metrics.h and BoundCheck.h take. `field` names the tensor
/// in messages.
Result<std::vector<double>> toDoubles(const TensorView &view, std::string_view field);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_READTENSOR_H
