//===- Control.h - instructions that the decoder itself emits ---------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_CONTROL_H
#define THRIFTJIT_RUNTIME_SIM_OPS_CONTROL_H

#include "runtime/sim/machine/Inst.h"

namespace thrift::sim {

/// What ends a body: exit in a kernel, ret in a function.
Inst returnInst(bool isEntry);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_CONTROL_H
