//===- ParallelFor.h - a loop over all cores --------------------------------------------------===//
//
// Runs body(i) for i in [0, count), each once, in no order, on `threads` threads (0: one per core). Indices are handed
// out one by one, so that unequal work balances; results must not depend on the order.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_PARALLELFOR_H
#define THRIFTJIT_RUNTIME_REFERENCE_PARALLELFOR_H

#include <cstdint>
#include <functional>

namespace thrift {

void parallelFor(int64_t count, unsigned threads, const std::function<void(int64_t)> &body);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_PARALLELFOR_H
