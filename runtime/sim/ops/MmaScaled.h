//===- MmaScaled.h - mma.sync with block scaling ----------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MMASCALED_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MMASCALED_H

#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

/// mma.sync.aligned with .block_scale; .sync and .aligned are taken already.
void decodeScaledMma(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MMASCALED_H
