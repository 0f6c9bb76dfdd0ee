//===- EmulationPlan.h - the roundings that a kernel is allowed -------------------------------===//
//
// What `emulated` must know about a kernel beyond the problem and the routes: block sizes, formats, the order of
// blocks, and what happens to P. A plan of the runtime states the same facts about its kernel.
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_REFERENCE_EMULATIONPLAN_H
#define THRIFTJIT_RUNTIME_REFERENCE_EMULATIONPLAN_H

#include "dialect/formats/Format.h"
#include "runtime/reference/Visibility.h"

#include <string_view>

namespace thrift {

/// What P is rounded to before it multiplies V. F32 stands for no rounding worth emulating.
enum class PFormat : uint8_t { F32, F16, BF16, Fp8, Mxfp4, Nvfp4 };

/// `f32`, `f16`, `bf16`, `fp8`, `mxfp4`, `nvfp4`.
std::string_view name(PFormat format);

/// Which P the denominator sums.
enum class Denominator : uint8_t { Unrounded, Rounded };

struct PRule {
  PFormat format = PFormat::F16;
  /// F16 and BF16: p is rounded as round(p 2^exponent) 2^-exponent, which keeps small p out of the subnormals.
  int exponent = 0;
  Denominator denominator = Denominator::Unrounded;
};

inline bool operator==(const PRule &a, const PRule &b) {
  return a.format == b.format && a.exponent == b.exponent && a.denominator == b.denominator;
}
inline bool operator!=(const PRule &a, const PRule &b) { return !(a == b); }

struct EmulationPlan {
  RoutingBlock block;
  /// Keys between two updates of the row maximum; divides block.kv. 0 means block.kv.
  int64_t keysPerUpdate = 0;
  LowPair low;
  PRule lowP, highP;
  /// 0: every update of the maximum rescales. t > 0: a row keeps its old reference until the maximum exceeds it by more
  /// than t in the log2 domain, so p reaches 2^t.
  int headroomBits = 0;
  bool highFirst = false;  ///< the high blocks before the low ones
  bool descending = false; ///< within a tier, from the last block to the first

  int64_t updateKeys() const { return keysPerUpdate == 0 ? block.kv : keysPerUpdate; }

  /// The rule that DESIGN 2.2 gives to a tier whose P multiplies V in `format`: mxfp4 and nvfp4 sum the rounded values.
  static PRule pRule(PFormat format, int exponent = 0);
  /// The portable target for inputs of type f16 or bf16. It widens V_low in registers, so P is f16 with a factor 2^7
  /// for nvfp4 (the kernel carries it), f16 for fp8, bf16 for mxfp4, whose scales overflow f16; high, and f16 as a low
  /// format, use the inputs' type.
  static Result<EmulationPlan> portable(LowPair low, DType inputType, RoutingBlock block = {});
  /// sm_100a, which multiplies in the packed formats: P takes V's. The f16 of a low pair is the inputs' type.
  static Result<EmulationPlan> sm100(LowPair low, DType inputType, RoutingBlock block = {});
};

bool operator==(const EmulationPlan &a, const EmulationPlan &b);
inline bool operator!=(const EmulationPlan &a, const EmulationPlan &b) { return !(a == b); }

/// Block sizes that divide each other and hold whole scale groups, and a head dim that does.
Status validate(const EmulationPlan &plan, const AttentionShape &shape);

/// Rounds consecutive p of one row, starting at the first key of a scale group, as `rule` says.
void roundP(const PRule &rule, int headroomBits, double *p, int64_t count);

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_REFERENCE_EMULATIONPLAN_H
