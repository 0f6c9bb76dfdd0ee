//===- ConvertPlan.h - one cvt, taken apart ---------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPLAN_H
#define THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPLAN_H

#include "runtime/sim/arith/Rounding.h"
#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

enum class IntegerRounding : uint8_t { None, Nearest, Zero, Down, Up };

struct ConvertPlan {
  Ty to = Ty::None, from = Ty::None;
  RoundingMode mode = RoundingMode::Nearest;
  IntegerRounding integer = IntegerRounding::None;
  bool ftz = false, sat = false, relu = false, satFinite = false;
  uint8_t registerBits = 32; ///< of the destination
  bool wideSource = false;   ///< the source plane has 64-bit lanes
};

/// Picks a vectorised kernel if there is one for the plan.
bool useFrequentConversion(Form &form, const ConvertPlan &plan);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPLAN_H
