//===- Visibility.cpp - which keys and blocks a query sees ------------------------------------===//

#include "runtime/reference/Visibility.h"

#include <algorithm>

namespace thrift {

IndexRange visibleKeys(const AttentionShape &shape, int64_t row) {
  int64_t diagonal = row + shape.diagonal();
  IndexRange keys{0, shape.kvLen};
  if (shape.causal)
    keys.end = std::min(keys.end, diagonal + 1);
  if (shape.window > 0)
    keys.begin = std::max(keys.begin, diagonal - shape.window + 1);
  return keys.empty() ? IndexRange{} : keys;
}

IndexRange visibleKeys(const AttentionShape &shape, int64_t rowBegin, int64_t rowEnd) {
  // Both ends of a row's range grow with the row, by at most one, and the first row that sees anything sees key 0
  // unless it is row 0 of the run; rows before it have begin = 0 too. So the union has no gap and these two ends.
  IndexRange keys{visibleKeys(shape, rowBegin).begin, visibleKeys(shape, rowEnd - 1).end};
  return keys.empty() ? IndexRange{} : keys;
}

IndexRange RoutingBlock::rows(const AttentionShape &shape, int64_t queryBlock) const {
  return {queryBlock * q, std::min((queryBlock + 1) * q, shape.qLen)};
}

Status validate(const RoutingBlock &block) {
  constexpr int64_t kLargestBlock = int64_t(1) << 20;
  if (block.q < 1 || block.q > kLargestBlock)
    return Status::invalid("block_q", std::to_string(block.q), "1 to 2^20");
  if (block.kv < 1 || block.kv > kLargestBlock)
    return Status::invalid("block_kv", std::to_string(block.kv), "1 to 2^20");
  return Status::ok();
}

IndexRange visibleBlocks(const AttentionShape &shape, const RoutingBlock &block, int64_t queryBlock) {
  IndexRange rows = block.rows(shape, queryBlock);
  IndexRange keys = visibleKeys(shape, rows.begin, rows.end);
  if (keys.empty())
    return {};
  return {keys.begin / block.kv, (keys.end - 1) / block.kv + 1};
}

} // namespace thrift
