//===- MBarrierForm.h - what all instructions on mbarriers share ------------===//
//
// An mbarrier operand is an address in shared memory, or a generic address that lies there. A warp may name several
// barriers at once; the lanes that name the same one are handled together.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MBARRIERFORM_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MBARRIERFORM_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/ops/Access.h"

namespace thrift::sim {

/// Takes `.shared{::cta}`, `.shared::cluster` or nothing, and the address operand: a, imm and flags of the Inst. True
/// if it is `.shared::cluster`.
bool takeMBarrier(Form &form, size_t operand);
/// Takes `.sem.scope`, which come together or not at all; true if the order is relaxed. The other order is the default.
bool takeMBarrierOrder(Form &form, std::string_view strong);
/// Takes `.b64`.
void takeMBarrierType(Form &form);

/// The offset in shared memory of an mbarrier operand; "" or what is wrong with it.
std::string mbarrierOffset(const Cta &cta, Window window, uint64_t address, uint32_t &offset);
/// Those of all lanes of an instruction that was decoded by takeMBarrier. False after a finding.
bool mbarrierOffsets(Warp &warp, const Inst &inst, uint32_t mask, uint32_t *offsets);

/// Calls `visit(offset, lanes)` for each barrier that the lanes of `mask` name, until it says false.
template <typename Visit>
bool forEachMBarrier(Warp &warp, const Inst &inst, uint32_t mask, Visit visit) {
  uint32_t offsets[kWarpSize];
  if (!mbarrierOffsets(warp, inst, mask, offsets))
    return false;
  for (uint32_t rest = mask; rest != 0;) {
    uint32_t offset = offsets[lowestLane(rest)], group = 0;
    for (LaneIterator lane(rest); lane; ++lane)
      group |= uint32_t(offsets[*lane] == offset) << *lane;
    rest &= ~group;
    if (!visit(offset, group))
      return false;
  }
  return true;
}

/// Reports a sentence of MBarriers; true if there is none.
inline bool mbarrierOk(Warp &warp, const Inst &inst, uint32_t lanes, std::string misuse) {
  if (misuse.empty())
    return true;
  warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(lowestLane(lanes)), std::move(misuse));
  return false;
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MBARRIERFORM_H
