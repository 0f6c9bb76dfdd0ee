//===- MBarrierForm.cpp - what all instructions on mbarriers share ----------===//

#include "runtime/sim/ops/MBarrierForm.h"

#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

bool takeMBarrier(Form &form, size_t operand) {
  bool isCluster = form.opcode().has("shared::cluster");
  Window window = takeWindow(form, operand);
  if (window != Window::Shared && window != Window::Generic)
    form.invalid("an mbarrier is in shared memory");
  takeAddress(form, operand);
  return isCluster;
}

bool takeMBarrierOrder(Form &form, std::string_view strong) {
  int order = form.takeOne({strong, "relaxed"});
  int scope = form.takeOne({"cta", "cluster"});
  if ((order < 0) != (scope < 0))
    form.invalid("an order and a scope come together");
  if (order == 1 || scope == 1)
    form.requireSm(90, order == 1 ? ".relaxed" : ".cluster");
  return order == 1;
}

void takeMBarrierType(Form &form) {
  if (form.type() != Ty::B64)
    form.noSuchForm();
}

std::string mbarrierOffset(const Cta &cta, Window window, uint64_t address, uint32_t &offset) {
  if (static_cast<uint32_t>(address >> 32) == kRegisterCanary || address == kRegisterCanary)
    return "the address of an mbarrier comes from a register that nobody wrote";
  if (window == Window::Generic) {
    if ((address & kWindowMask) != kSharedWindow)
      return "the generic address of an mbarrier is not in shared memory";
    address &= ~kWindowMask;
  }
  if (address >= cta.sharedBytes)
    return "the address of an mbarrier is shared byte " + std::to_string(address) + ", shared memory has " +
           std::to_string(cta.sharedBytes) + " bytes";
  offset = static_cast<uint32_t>(address);
  return "";
}

bool mbarrierOffsets(Warp &warp, const Inst &inst, uint32_t mask, uint32_t *offsets) {
  alignas(64) uint64_t addresses[kWarpSize];
  laneAddresses(warp, inst, mask, addresses);
  for (LaneIterator lane(mask); lane; ++lane)
    if (!mbarrierOk(warp, inst, 1u << *lane,
                    mbarrierOffset(warp.cta, windowOf(inst), addresses[*lane], offsets[*lane])))
      return false;
  return true;
}

} // namespace thrift::sim
