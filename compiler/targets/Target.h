//===- Target.h - facts about the machines that kernels are compiled for ------===//
//
// One row per target. Pure C++: the runtime reads it too.

#ifndef THRIFTJIT_COMPILER_TARGETS_TARGET_H
#define THRIFTJIT_COMPILER_TARGETS_TARGET_H

#include "dialect/formats/Format.h"
#include "dialect/formats/PackedLayout.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thrift {

/// Which of the low formats' conversions from f32 are instructions; the others are made of integer arithmetic.
enum class NativeConversions : uint8_t {
  None,
  Fp8, ///< to E4M3
  Fp4, ///< to E4M3, E2M1 and UE8M0
};

std::string_view name(NativeConversions conversions); ///< "none", "fp8", "fp4"
std::optional<NativeConversions> parseNativeConversions(std::string_view text);

struct Target {
  std::string_view name;     ///< as the user spells it
  std::string_view chip;     ///< as LLVM and ptxas spell it
  int capability;            ///< compute capability, 10 * major + minor
  bool exactCapability;      ///< architecture-specific code: runs on this capability only
  int ptxVersion;            ///< lowest PTX version that knows the chip, 10 * major + minor
  int64_t sharedLimit;       ///< bytes of shared memory that one CTA may use
  std::string_view lowering; ///< the folder under targets/
  PackedLayout packedLayout; ///< in which its kernels write and read packed tensors
  NativeConversions conversions;
  std::string_view lowFormats; ///< what the low formats mean here, in words
  std::string_view notice;     ///< what the user should know when asking for this name, or empty
};

/// True where products are computed in the packed formats, from tiles that tensor maps bring: P takes V's format, and every
/// tensor starts its rows at multiples of 16 bytes. Elsewhere packed operands are widened in registers.
bool multipliesPacked(const Target &target);
/// The low pair of a spec that names none: nvfp4:fp8 where products are computed in the packed formats, for P in e4m3 costs
/// the softmax least; nvfp4 elsewhere, where it takes least memory.
LowPair defaultLow(const Target &target);
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
