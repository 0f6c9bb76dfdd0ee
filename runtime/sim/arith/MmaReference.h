//===- MmaReference.h - one tensor-core dot product, in integers ------------===//
//
// The recipe of Mma.h, one output element at a time, written to be obviously right. The tests hold mma() against it,
// and mma() itself calls it for the rare outputs its vectors cannot do (infinities, NaN, extreme exponents).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_ARITH_MMAREFERENCE_H
#define THRIFTJIT_RUNTIME_SIM_ARITH_MMAREFERENCE_H

#include "runtime/sim/arith/Mma.h"

namespace thrift::sim {

/// A row of A or a column of B: `values[i * stride]`, i < k, widened to f32.
struct DotOperand {
  MmaElement element;
  const float *values;
  ptrdiff_t stride = 1;
};

/// The scales that belong to a DotOperand: `codes[j * stride]` holds for k in [j * width, (j + 1) * width).
struct DotScales {
  MmaScaleFormat format;
  int width;
  const uint8_t *codes;
  ptrdiff_t stride = 1;
};

/// c + sum over i < k of a[i] b[i], in steps of model.blockK.
float dotReference(const MmaModel &model, int k, DotOperand a, DotOperand b, float c);

/// The same with block scales; see mmaScaled.
float dotReferenceScaled(const MmaModel &model, int k, DotOperand a, DotScales aScales, DotOperand b, DotScales bScales,
                         float c);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_ARITH_MMAREFERENCE_H
