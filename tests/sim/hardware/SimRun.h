//===- SimRun.h - a form in the simulator -----------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H

#include "tests/sim/hardware/Form.h"

#include "runtime/Status.h"

namespace thrift::sim::hardware {

/// The output of the first `cases` cases. Unsupported when the simulator lacks the instruction.
Result<std::vector<uint8_t>> runInSimulator(const Form &form, uint64_t seed, uint32_t cases);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H
