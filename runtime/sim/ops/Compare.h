//===- Compare.h - what the comparisons share -------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_COMPARE_H
#define THRIFTJIT_RUNTIME_SIM_OPS_COMPARE_H

#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

/// The boolean operation after a comparison, in inst.flags.
enum class Combine : uint32_t { None, And, Or, Xor };

THRIFT_SIM_INLINE uint32_t combine(Combine how, uint32_t bits, uint32_t other) {
  switch (how) {
  case Combine::And:
    return bits & other;
  case Combine::Or:
    return bits | other;
  case Combine::Xor:
    return bits ^ other;
  case Combine::None:
    break;
  }
  return bits;
}

/// Comparisons in the order of Form::takeOne: eq ne lt le gt ge equ neu ltu leu gtu geu num nan lo ls hi hs.
constexpr int kFirstUnordered = 6, kFirstUnsigned = 14;

/// set and setp where 16-bit floats take part, as source or as result; comparison and boolean operation are taken.
void decodeHalfSet(Form &form, int comparison, bool ftz, Ty result, Ty type);
void decodeHalfSetp(Form &form, int comparison, bool ftz, Ty type);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_COMPARE_H
