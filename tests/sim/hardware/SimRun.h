//===- SimRun.h - a form in the simulator -----------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H

#include "tests/sim/hardware/Form.h"

#include "runtime/sim/Simulator.h"

namespace thrift::sim::hardware {

/// The output of the first `cases` cases. Unsupported when the simulator lacks the instruction. `findings` gets what
/// the simulator had to say, warnings included. One host thread and a small instruction budget, whatever the options.
Result<std::vector<uint8_t>> runInSimulator(const Form &form, uint64_t seed, uint32_t cases, Options options = {},
                                            std::vector<Finding> *findings = nullptr);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_SIMRUN_H
