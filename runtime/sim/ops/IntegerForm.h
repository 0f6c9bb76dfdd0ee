//===- IntegerForm.h - decoding what integer instructions share -------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_INTEGERFORM_H
#define THRIFTJIT_RUNTIME_SIM_OPS_INTEGERFORM_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/ops/Map.h"

#include <type_traits>

namespace thrift::sim {

template <typename T>
using Unsigned = std::make_unsigned_t<T>;

/// d, a, b of one type.
inline void operands2(Form &form, Ty type) { form.d(0, bitsOf(type)), form.a(1, type), form.b(2, type); }
inline void operands3(Form &form, Ty type) { operands2(form, type), form.c(3, type); }

/// Wrapping arithmetic is the same for signed and unsigned.
template <typename Op>
void useUnsigned2(Form &form, Ty type) {
  switch (bitsOf(type)) {
  case 16:
    return form.use<Map2<Op, uint16_t, uint16_t>>();
  case 32:
    return form.use<Map2<Op, uint32_t, uint32_t>>();
  case 64:
    return form.use<Map2<Op, uint64_t, uint64_t>>();
  default:
    return form.noSuchForm();
  }
}

/// Calls `visit` with a value of the C++ type of an integer type of 16 to 64 bits.
template <typename Visit>
void withInteger(Form &form, Ty type, Visit visit) {
  switch (type) {
  case Ty::U16:
    return visit(uint16_t());
  case Ty::U32:
    return visit(uint32_t());
  case Ty::U64:
    return visit(uint64_t());
  case Ty::S16:
    return visit(int16_t());
  case Ty::S32:
    return visit(int32_t());
  case Ty::S64:
    return visit(int64_t());
  default:
    return form.noSuchForm();
  }
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_INTEGERFORM_H
