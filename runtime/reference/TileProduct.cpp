//===- TileProduct.cpp - dense float64 products -----------------------------------------------===//

#include "runtime/reference/TileProduct.h"

namespace thrift {

/// Columns of one panel: a constant, so that g++ -O2 vectorises the loops over it, and few enough that a panel of B
/// with 128 rows (16 KiB) stays in the first-level cache while all rows of A pass.
static constexpr int64_t kPanelCols = 16;

static void addPanel(const double *__restrict a, int64_t aStride, const double *__restrict b, int64_t bStride,
                     double *__restrict c, int64_t cStride, int64_t rows, int64_t depth) {
  for (int64_t r = 0; r < rows; ++r) {
    const double *aRow = a + r * aStride;
    double *__restrict cRow = c + r * cStride;
    int64_t k = 0;
    // Four terms per visit of C halve the loads and stores; the additions keep their order.
    for (; k + 4 <= depth; k += 4) {
      double a0 = aRow[k], a1 = aRow[k + 1], a2 = aRow[k + 2], a3 = aRow[k + 3];
      const double *b0 = b + k * bStride, *b1 = b0 + bStride, *b2 = b1 + bStride, *b3 = b2 + bStride;
      for (int64_t j = 0; j < kPanelCols; ++j)
        cRow[j] = (((cRow[j] + a0 * b0[j]) + a1 * b1[j]) + a2 * b2[j]) + a3 * b3[j];
    }
    for (; k < depth; ++k)
      for (int64_t j = 0; j < kPanelCols; ++j)
        cRow[j] += aRow[k] * b[k * bStride + j];
  }
}

void addProduct(MatrixRef a, MatrixRef b, double *c, int64_t cRowStride, int64_t rows, int64_t cols, int64_t depth) {
  int64_t col = 0;
  for (; col + kPanelCols <= cols; col += kPanelCols)
    addPanel(a.data, a.rowStride, b.data + col, b.rowStride, c + col, cRowStride, rows, depth);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = col; j < cols; ++j)
        c[r * cRowStride + j] += a.data[r * a.rowStride + k] * b.data[k * b.rowStride + j];
}

} // namespace thrift
