//===- Operands.h - Q, K and V in float64 -----------------------------------------------------===//
//
// The operands of one head as the loops want them: keys transposed in tiles, so that a row of logits is a sum of rows
// of the tile, and values row-major. `exact` and the high tier use them as they are, the low tier rounded to its
// formats.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_OPERANDS_H
#define THRIFTJIT_RUNTIME_REFERENCE_OPERANDS_H

#include "runtime/reference/Visibility.h"

#include <cmath>
#include <limits>

namespace thrift {

/// Keys and values of one KV head. Keys past the length are zero in both.
struct KvTiles {
  int64_t tileKeys = 0, headDim = 0, valueDim = 0;
  std::vector<double> keys;    ///< [tile][headDim][tileKeys]
  std::vector<double> values;  ///< [tile][tileKeys][valueDim]
  std::vector<uint8_t> finite; ///< [tile]: all its values are finite

  const double *tileOfKeys(int64_t tile) const { return keys.data() + tile * headDim * tileKeys; }
  const double *tileOfValues(int64_t tile) const { return values.data() + tile * tileKeys * valueDim; }
};

/// Reads KV head (b, head), rounds it to `formats` in blocks of `blockKeys`, and cuts it in tiles of `tileKeys`, which
/// divides blockKeys.
KvTiles readKvTiles(const AttentionInputs &inputs, const AttentionShape &shape, int64_t b, int64_t head,
                    LowPair formats, int64_t blockKeys, int64_t tileKeys, unsigned threads);

/// Queries `rows` of head (b, head), rounded to `format` as one block: [rows][headDim].
std::vector<double> readQueries(const AttentionInputs &inputs, const AttentionShape &shape, int64_t b, int64_t head,
                                IndexRange rows, LowFormat format);

/// The logit of a visible pair with product `dot`, in the natural-log domain. A row that sees a non-finite input must
/// end non-finite; an infinite product would vanish in exp or in the soft-cap, so it becomes NaN here.
inline double logit(const AttentionShape &shape, double dot) {
  if (!std::isfinite(dot))
    return std::numeric_limits<double>::quiet_NaN();
  double scaled = dot * shape.scale;
  return shape.softcap > 0 ? shape.softcap * std::tanh(scaled / shape.softcap) : scaled;
}

/// o += P V for one tile, and weight += P |V| where `weight` is set. P has a row for each of `rows` and is zero where a
/// pair is masked; there V counts as absent even if it is not finite.
void addValues(const KvTiles &kv, int64_t tile, const AttentionShape &shape, IndexRange rows, const double *p,
               int64_t pRowStride, double *o, double *weight);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_OPERANDS_H
