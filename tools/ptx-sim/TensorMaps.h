//===- TensorMaps.h - tensor maps of a launch file -----------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_TENSORMAPS_H
#define THRIFTJIT_TOOLS_PTXSIM_TENSORMAPS_H

#include "tools/ptx-sim/LaunchFile.h"

namespace thrift::ptxsim {

/// Writes the 128 bytes of a tensor map over memory at `address`, of which `bytes` bytes are there; `path` is its place
/// in the launch file.
Status encodeMap(const TensorMapValue &map, uint64_t address, uint64_t bytes, const std::string &path, uint8_t *out);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_TENSORMAPS_H
