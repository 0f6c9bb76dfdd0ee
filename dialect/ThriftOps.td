//===- ThriftOps.td - every op, for the generators --------------------------===//

#ifndef THRIFTJIT_DIALECT_OPS_TD
#define THRIFTJIT_DIALECT_OPS_TD

include "dialect/TensorOps.td"

#endif // THRIFTJIT_DIALECT_OPS_TD
