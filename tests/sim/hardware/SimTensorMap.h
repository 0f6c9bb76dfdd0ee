//===- SimTensorMap.h - a form's tensor map for the simulator ---------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_SIMTENSORMAP_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_SIMTENSORMAP_H

#include "tests/sim/hardware/TensorMap.h"

#include "runtime/sim/TensorMap.h"

namespace thrift::sim::hardware {

/// The simulator's bytes for what the driver would encode.
Result<TensorMapBytes> simulatedTensorMap(const TensorMap &map, uint64_t address);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_SIMTENSORMAP_H
