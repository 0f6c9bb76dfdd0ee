//===- SourcePlaces.h - the source line that an instruction was made from ------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_SOURCEPLACES_H
#define THRIFTJIT_TOOLS_PTXSIM_SOURCEPLACES_H

#include "runtime/sim/Simulator.h"

#include <string>
#include <string_view>
#include <vector>

namespace thrift::ptxsim {

/// For every finding what the `.loc` in force at its PTX line says: "kernel.py:30:10", with ", inlined at
/// kernel.py:41:3" as often as it was; "" where the PTX has no such line. Compilers write them: Triton always, nvcc
/// with -lineinfo.
std::vector<std::string> sourcePlaces(std::string_view ptx, const std::vector<sim::Finding> &findings);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_SOURCEPLACES_H
