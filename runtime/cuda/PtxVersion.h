//===- PtxVersion.h - which driver does a PTX text need? --------------------===//
//
// For the message when a driver refuses PTX that is newer than itself.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_PTXVERSION_H
#define THRIFTJIT_RUNTIME_CUDA_PTXVERSION_H

#include <string>
#include <string_view>

namespace thrift::cuda {

/// The `.version` of a PTX text as 10 * major + minor, or 0 where it has none.
int ptxVersion(std::string_view ptx);

/// The first CUDA version (1000 * major + 10 * minor) whose driver reads this PTX version, or 0 if it is not in the
/// table.
int driverForPtx(int version);

/// "PTX 8.7 needs a driver for CUDA 12.8 or newer; this one is for CUDA 12.4; ..."
std::string explainPtxVersion(std::string_view ptx, int driverVersion);

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_PTXVERSION_H
