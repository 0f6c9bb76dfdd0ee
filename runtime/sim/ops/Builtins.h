//===- Builtins.h - functions that the machine provides ---------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_BUILTINS_H
#define THRIFTJIT_RUNTIME_SIM_OPS_BUILTINS_H

#include "runtime/sim/machine/Inst.h"

#include <cstddef>
#include <string_view>

namespace thrift::sim {

/// The handler of vprintf or __assertfail; null for other names or another number of arguments. inst.list has the
/// places of arguments and results in local memory.
Handler findBuiltin(std::string_view name, size_t arguments, size_t results);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_BUILTINS_H
