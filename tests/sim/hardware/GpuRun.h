//===- GpuRun.h - forms on a GPU --------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_GPURUN_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_GPURUN_H

#include "tests/sim/hardware/Vectors.h"

namespace thrift::sim::hardware {

/// Runs the cases of the forms, at most `mostCases` of each, on the first GPU. A form that fails is named on stderr and
/// left out. The kernels run in a child process: an error that spoils the GPU's context, or a kernel that hangs, ends
/// that child, and another one goes on behind the form that did it.
Result<Vectors> runOnGpu(const std::vector<const Form *> &forms, uint64_t seed, uint32_t mostCases);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_GPURUN_H
