//===- Carry.h - arithmetic with the carry flag -----------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_CARRY_H
#define THRIFTJIT_RUNTIME_SIM_OPS_CARRY_H

namespace thrift::sim {

class Form;

/// add.cc addc sub.cc subc mad.cc madc; the modifier .cc may have been taken already.
void decodeCarry(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_CARRY_H
