//===- Members.cpp - waiting for the lanes of a member mask -----------------===//

#include "runtime/sim/ops/Members.h"

namespace thrift::sim {

void takeMembers(Form &form, size_t index, uint32_t &place) {
  if (index < form.operandCount() && form.isImmediate(index)) {
    form.inst.flags |= kConstantMembers;
    form.inst.imm = static_cast<uint32_t>(form.immediate(index));
  }
  place = form.source(index, Ty::B32);
}

Step waitForMembers(Warp &warp, const Inst &inst, uint32_t mask, uint32_t place, uint32_t &ready) {
  ready = mask;
  if (inst.flags & kConstantMembers && (static_cast<uint32_t>(inst.imm) & warp.live) == mask)
    return Step::Next;
  const uint32_t *members = warp.plane<uint32_t>(place);
  for (uint32_t rest = mask; rest != 0;) {
    uint32_t value = members[lowestLane(rest)], group = 0;
    for (LaneIterator lane(rest); lane; ++lane)
      group |= uint32_t(members[*lane] == value) << *lane;
    rest &= ~group;
    if (uint32_t strangers = group & ~value)
      return warp.fault(inst, Check::BadMask, static_cast<int>(lowestLane(strangers)),
                        "the lane is not in its own member mask");
    if (group != (value & warp.live)) {
      ready &= ~group;
      warp.park(inst, group, SplitState::WaitsMask, value);
    }
  }
  return ready != 0 ? Step::Next : Step::Switch;
}

} // namespace thrift::sim
