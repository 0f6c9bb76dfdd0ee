//===- Members.h - waiting for the lanes of a member mask -------------------===//
//
// A .sync instruction runs for a group of lanes with one member mask once all live lanes of that mask are there.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MEMBERS_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MEMBERS_H

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

/// Inst::flags: the member mask is inst.imm.
constexpr uint32_t kConstantMembers = 1u << 30;

/// Takes the member mask operand into `place`, and into imm where it is an immediate.
void takeMembers(Form &form, size_t index, uint32_t &place);

/// Parks the lanes whose partners are missing. The others are `ready`; Step::Next if there are any.
Step waitForMembers(Warp &warp, const Inst &inst, uint32_t mask, uint32_t place, uint32_t &ready);

/// Calls `visit(lanes)` for each group of `ready` with a common member mask.
template <typename Visit>
void forEachGroup(Warp &warp, const Inst &inst, uint32_t place, uint32_t ready, Visit visit) {
  if (inst.flags & kConstantMembers)
    return visit(ready);
  const uint32_t *members = warp.plane<uint32_t>(place);
  for (uint32_t rest = ready; rest != 0;) {
    uint32_t value = members[lowestLane(rest)], group = 0;
    for (LaneIterator lane(rest); lane; ++lane)
      group |= uint32_t(members[*lane] == value) << *lane;
    rest &= ~group;
    visit(group);
  }
}

/// Parks until all 32 lanes of the warp are at `inst`; for instructions that need a whole warp.
inline Step waitForWarp(Warp &warp, const Inst &inst, uint32_t mask) {
  if (mask == kFullMask)
    return Step::Next;
  if (mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  return warp.fault(inst, Check::DivergentAligned, -1, "the instruction needs all 32 lanes, some have exited");
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MEMBERS_H
