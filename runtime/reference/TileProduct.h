//===- TileProduct.h - dense float64 products -------------------------------------------------===//
//
// The one inner loop of the references. Each element of C receives its terms in ascending depth, each product and each
// sum rounded once, whatever the build flags and the vector width.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_TILEPRODUCT_H
#define THRIFTJIT_RUNTIME_REFERENCE_TILEPRODUCT_H

#include <cstdint>

namespace thrift {

/// A row-major matrix: element (r, c) at data[r * rowStride + c].
struct MatrixRef {
  const double *data;
  int64_t rowStride;
};

/// C += A * B, with C rows x cols, A rows x depth, B depth x cols.
void addProduct(MatrixRef a, MatrixRef b, double *c, int64_t cRowStride, int64_t rows, int64_t cols, int64_t depth);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_TILEPRODUCT_H
