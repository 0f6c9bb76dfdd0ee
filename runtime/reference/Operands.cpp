//===- Operands.cpp - Q, K and V in float64 ---------------------------------------------------===//

#include "runtime/reference/Operands.h"
#include "runtime/reference/LowRounding.h"
#include "runtime/reference/ParallelFor.h"
#include "runtime/reference/ReadTensor.h"
#include "runtime/reference/TileProduct.h"

#include <algorithm>

namespace thrift {

static std::vector<float> readRows(const TensorView &view, int64_t b, int64_t head, IndexRange tokens) {
  int64_t channels = view.shape[3];
  std::vector<float> rows(static_cast<size_t>(tokens.size() * channels));
  for (int64_t i = 0; i < tokens.size(); ++i)
    readRow(view, b, head, tokens.begin + i, rows.data() + i * channels);
  return rows;
}

KvTiles readKvTiles(const AttentionInputs &inputs, const AttentionShape &shape, int64_t b, int64_t head,
                    LowPair formats, int64_t blockKeys, int64_t tileKeys, unsigned threads) {
  int64_t blocks = (shape.kvLen + blockKeys - 1) / blockKeys;
  int64_t tiles = blocks * (blockKeys / tileKeys);
  KvTiles kv;
  kv.tileKeys = tileKeys;
  kv.headDim = shape.headDim;
  kv.valueDim = shape.valueDim;
  kv.keys.resize(static_cast<size_t>(tiles * shape.headDim * tileKeys));
  kv.values.resize(static_cast<size_t>(tiles * tileKeys * shape.valueDim));
  kv.finite.assign(static_cast<size_t>(tiles), 1);
  parallelFor(blocks, threads, [&](int64_t block) {
    IndexRange tokens{block * blockKeys, std::min((block + 1) * blockKeys, shape.kvLen)};
    std::vector<float> k = readRows(inputs.k, b, head, tokens);
    std::vector<float> v = readRows(inputs.v, b, head, tokens);
    roundRows(formats.qk, k.data(), tokens.size(), shape.headDim);
    roundColumns(formats.pv, v.data(), tokens.size(), shape.valueDim);
    for (int64_t i = 0; i < tokens.size(); ++i) {
      int64_t tile = (tokens.begin + i) / tileKeys, column = (tokens.begin + i) % tileKeys;
      double *keys = kv.keys.data() + tile * shape.headDim * tileKeys + column;
      for (int64_t d = 0; d < shape.headDim; ++d)
        keys[d * tileKeys] = k[i * shape.headDim + d];
      double *values = kv.values.data() + (tokens.begin + i) * shape.valueDim;
      for (int64_t d = 0; d < shape.valueDim; ++d) {
        values[d] = v[i * shape.valueDim + d];
        if (!std::isfinite(values[d]))
          kv.finite[tile] = 0;
      }
    }
  });
  return kv;
}

std::vector<double> readQueries(const AttentionInputs &inputs, const AttentionShape &shape, int64_t b, int64_t head,
                                IndexRange rows, LowFormat format) {
  std::vector<float> q = readRows(inputs.q, b, head, rows);
  roundRows(format, q.data(), rows.size(), shape.headDim);
  return std::vector<double>(q.begin(), q.end());
}

/// sum += P * values, leaving out the pairs that the mask hides: 0 * NaN would be NaN.
static void addVisibleValues(const AttentionShape &shape, int64_t tileBegin, int64_t tileKeys, IndexRange rows,
                             const double *p, int64_t pRowStride, const double *values, double *sum) {
  for (int64_t r = 0; r < rows.size(); ++r) {
    IndexRange keys = visibleKeys(shape, rows.begin + r);
    for (int64_t j = 0; j < tileKeys; ++j)
      if (keys.contains(tileBegin + j))
        for (int64_t d = 0; d < shape.valueDim; ++d)
          sum[r * shape.valueDim + d] += p[r * pRowStride + j] * values[j * shape.valueDim + d];
  }
}

void addValues(const KvTiles &kv, int64_t tile, const AttentionShape &shape, IndexRange rows, const double *p,
               int64_t pRowStride, double *o, double *weight) {
  auto add = [&](const double *values, double *sum) {
    if (kv.finite[tile])
      addProduct({p, pRowStride}, {values, kv.valueDim}, sum, kv.valueDim, rows.size(), kv.valueDim, kv.tileKeys);
    else
      addVisibleValues(shape, tile * kv.tileKeys, kv.tileKeys, rows, p, pRowStride, values, sum);
  };
  const double *values = kv.tileOfValues(tile);
  add(values, o);
  if (!weight)
    return;
  std::vector<double> magnitudes(values, values + kv.tileKeys * kv.valueDim);
  for (double &magnitude : magnitudes)
    magnitude = std::fabs(magnitude);
  add(magnitudes.data(), weight);
}

} // namespace thrift
