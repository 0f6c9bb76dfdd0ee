//===- ConvertPacked.h - cvt of pairs, 8-bit formats and tf32 ---------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPACKED_H
#define THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPACKED_H

#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

/// Whether a cvt names a packed type or tf32.
bool isPackedConvert(const ptx::Opcode &opcode);
void decodePackedConvert(Form &form);

/// cvt.pack, which saturates integers.
void decodePackConvert(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_CONVERTPACKED_H
