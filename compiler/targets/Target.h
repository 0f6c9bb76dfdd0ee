//===- Target.h - facts about the machines that kernels are compiled for ------===//
//
// One row per target. Pure C++: the runtime reads it too.

#ifndef THRIFTJIT_COMPILER_TARGETS_TARGET_H
#define THRIFTJIT_COMPILER_TARGETS_TARGET_H

#include <cstdint>
#include <string>
#include <string_view>

namespace thrift {

struct Target {
  std::string_view name;       ///< as the user spells it
  std::string_view chip;       ///< as LLVM and ptxas spell it
  int capability;              ///< compute capability, 10 * major + minor
  bool exactCapability;        ///< architecture-specific code: runs on this capability only
  int ptxVersion;              ///< lowest PTX version that knows the chip, 10 * major + minor
  int64_t sharedLimit;         ///< bytes of shared memory that one CTA may use
  std::string_view lowering;   ///< the folder under targets/
  std::string_view lowFormats; ///< what the low formats mean here, in words
  std::string_view notice;     ///< what the user should know when asking for this name, or empty
};

/// The target called `name`, or null.
const Target *findTarget(std::string_view name);
/// The best target for a device of this compute capability (10 * major + minor), or null below sm_80.
const Target *targetForCapability(int capability);
/// True if code for `target` runs on a device of this compute capability.
bool runsOn(const Target &target, int capability);
/// Every name, for messages.
std::string targetNames();

} // namespace thrift

#endif // THRIFTJIT_COMPILER_TARGETS_TARGET_H
