//===- MemoryForm.h - decoding what memory instructions share ---------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MEMORYFORM_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MEMORYFORM_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/ops/Access.h"

namespace thrift::sim {

/// Takes orderings, scopes, cache operators and hints, and a cache policy operand if there is one.
void takeMemoryModifiers(Form &form);

/// Takes the state space into inst.flags. For .param, which is two places, the address operand `addressOperand`
/// decides.
Window takeWindow(Form &form, size_t addressOperand);

/// `[register + offset]`, `[symbol + offset]` or `[offset]` into inst.a and inst.imm, and kWideAddress into inst.flags.
void takeAddress(Form &form, size_t operand);
/// The same into a plane and an offset, for instructions with two addresses; `wide` says how wide the plane is.
void takeAddress(Form &form, size_t operand, uint32_t &place, int64_t &offset, bool &wide);

/// The same for an address that something follows in the brackets.
void takeAddressBase(Form &form, const ptx::Operand &address, uint32_t &place, int64_t &offset, bool &wide);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MEMORYFORM_H
