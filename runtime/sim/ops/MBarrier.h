//===- MBarrier.h - the parts of the mbarrier family ------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MBARRIER_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MBARRIER_H

#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

class Cta;

// After the name of the operation was taken.
void decodeMBarrierArrive(Form &form, bool drops);
void decodeMBarrierWait(Form &form, bool maySuspend);
/// Lets the time go by until the suspended waits that have a time limit give up. False if there are none.
bool passTimeLimits(Cta &cta);
/// cp.async.mbarrier.arrive, after `.async`.
void decodeCopyArrive(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MBARRIER_H
