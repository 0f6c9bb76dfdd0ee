//===- Tcgen05.h - what the tcgen05 instructions share -----------------------===//
//
// PTX ISA "TensorCore 5th Generation Family Instructions", for sm_100a and cta_group::1. A decoder per family, and the
// checks that every asynchronous operation passes when it is issued.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05_H
#define THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/ops/Access.h"
#include "runtime/sim/ops/Members.h"

namespace thrift::sim {

void decodeTcgen05Alloc(Form &form);
void decodeTcgen05Dealloc(Form &form);
void decodeTcgen05Relinquish(Form &form);
void decodeTcgen05Load(Form &form);
void decodeTcgen05Store(Form &form);
void decodeTcgen05Wait(Form &form, bool isLoad);
void decodeTcgen05Fence(Form &form, bool isBefore);
void decodeTcgen05Commit(Form &form);
void decodeTcgen05Copy(Form &form);
void decodeTcgen05Mma(Form &form);

/// Takes .cta_group::1; a failure if it is another one or none.
void takeCtaGroup(Form &form);
/// Takes .sync and .aligned; a failure if one is missing.
void takeAligned(Form &form);
/// Takes the type; a failure if it is missing.
void takeType(Form &form, std::string_view type);
/// Takes the space of an address of shared memory: `space`, or none for a generic one.
Window takeSharedWindow(Form &form, std::string_view space, size_t operand);
/// A TMEM address in brackets: a 32-bit register and an offset.
void takeTmemAddress(Form &form, size_t operand, uint32_t &place, uint32_t &offset);

/// Checks that a new operation may touch its cells: that they are allocated, that what it reads is written, and that it
/// is ordered after all others that touch them. Then it has its epoch, and what it writes counts as written.
Step admit(Warp &warp, const Inst &inst, TmemOperation &operation, Stream stream);

/// Checks that an operation may read these bytes of shared memory through the async proxy: written, and ordered.
/// admit() comes before.
Step readShared(Warp &warp, const Inst &inst, const TmemOperation &operation, uint32_t offset, uint32_t bytes);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05_H
