//===- NonFiniteRows.cpp - which outputs may be infinite or NaN -------------------------------===//

#include "runtime/reference/NonFiniteRows.h"
#include "runtime/reference/ReadTensor.h"

#include <algorithm>
#include <cmath>

namespace thrift {

/// Prefix counts of the tokens of (b, head) with a non-finite channel: element i counts tokens below i.
static std::vector<int64_t> countNonFinite(const std::vector<const TensorView *> &views, int64_t b, int64_t head) {
  std::vector<int64_t> below = {0};
  for (int64_t token = 0; token < views.front()->shape[2]; ++token) {
    bool bad = false;
    for (const TensorView *view : views) {
      std::vector<float> row(static_cast<size_t>(view->shape[3]));
      readRow(*view, b, head, token, row.data());
      bad |= std::any_of(row.begin(), row.end(), [](float x) { return !std::isfinite(x); });
    }
    below.push_back(below.back() + bad);
  }
  return below;
}

Result<std::vector<RowState>> classifyRows(const AttentionInputs &inputs, const AttentionShape &shape,
                                           const RoutingBlock &block) {
  if (Status status = validate(inputs, shape); !status)
    return status;
  if (Status status = validate(block); !status)
    return status;
  std::vector<RowState> states;
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t head = 0; head < shape.qHeads; ++head) {
      std::vector<int64_t> queries = countNonFinite({&inputs.q}, b, head);
      std::vector<int64_t> keys = countNonFinite({&inputs.k, &inputs.v}, b, shape.kvHeadOf(head));
      auto any = [](const std::vector<int64_t> &below, int64_t begin, int64_t end) {
        return below[end] > below[begin];
      };
      for (int64_t row = 0; row < shape.qLen; ++row) {
        IndexRange seen = visibleKeys(shape, row);
        int64_t queryBlock = row / block.q;
        IndexRange rows = block.rows(shape, queryBlock), blocks = visibleBlocks(shape, block, queryBlock);
        if (!seen.empty() && (any(queries, row, row + 1) || any(keys, seen.begin, seen.end)))
          states.push_back(RowState::NonFinite);
        else if (any(queries, rows.begin, rows.end) ||
                 any(keys, blocks.begin * block.kv, std::min(blocks.end * block.kv, shape.kvLen)))
          states.push_back(RowState::Either);
        else
          states.push_back(RowState::Finite);
      }
    }
  return states;
}

} // namespace thrift
