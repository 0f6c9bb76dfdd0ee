//===- LowOperands.h - what the low tier reads, by way of the packed form ----------------------===//

#ifndef THRIFTJIT_TESTS_NUMERICS_REFERENCE_LOWOPERANDS_H
#define THRIFTJIT_TESTS_NUMERICS_REFERENCE_LOWOPERANDS_H

#include "dialect/formats/Pack.h"
#include "tests/numerics/reference/AttentionCase.h"

namespace thrift {

/// A tensor through its packed form and back: what a kernel would read.
inline std::vector<float> throughRows(LowFormat format, const HostTensor &x, const PackedShape &shape) {
  RowReader read = [&](int64_t b, int64_t h, int64_t token, float *row) {
    for (int64_t d = 0; d < shape.channels; ++d)
      row[d] = x.at(b, h, token, d);
  };
  RowsLayout layout{format, shape};
  PackedTensor packed = packRows(layout, read);
  return unpackRows(layout, packed.data.data(), packed.scales.data());
}

inline std::vector<float> throughTransposed(LowFormat format, const HostTensor &x, const PackedShape &shape) {
  RowReader read = [&](int64_t b, int64_t h, int64_t token, float *row) {
    for (int64_t d = 0; d < shape.channels; ++d)
      row[d] = x.at(b, h, token, d);
  };
  TransposedLayout layout{format, shape};
  PackedTensor packed = packTransposed(layout, read);
  return unpackTransposed(layout, packed.data.data(), packed.scales.data());
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_NUMERICS_REFERENCE_LOWOPERANDS_H
