//===- Launch.h - limits of a launch ----------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_LAUNCH_H
#define THRIFTJIT_RUNTIME_SIM_LAUNCH_H

#include "runtime/sim/Simulator.h"

namespace thrift::sim {

/// Largest shared memory of a CTA on a compute capability (80 for sm_80).
uint32_t maxSharedBytes(unsigned smVersion);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_LAUNCH_H
