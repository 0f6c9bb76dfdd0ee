//===- NonFiniteRows.h - which outputs may be infinite or NaN ---------------------------------===//
//
// Every row that sees a non-finite input is non-finite; other rows may be only where they share its tile or scale
// group.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_NONFINITEROWS_H
#define THRIFTJIT_RUNTIME_REFERENCE_NONFINITEROWS_H

#include "runtime/reference/Visibility.h"

#include <vector>

namespace thrift {

enum class RowState : uint8_t {
  Finite,    ///< must be finite
  Either,    ///< sees only finite inputs, but shares a block with others
  NonFinite, ///< must hold an infinity or a NaN
};

/// The state of each output row, [batch][qHeads][qLen]. A row that sees no key is Finite even if its query is not.
Result<std::vector<RowState>> classifyRows(const AttentionInputs &inputs, const AttentionShape &shape,
                                           const RoutingBlock &block);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_NONFINITEROWS_H
