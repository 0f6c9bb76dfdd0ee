//===- LaunchControl.cpp - setmaxnreg and griddepcontrol --------------------===//
//
// PTX ISA "setmaxnreg", "griddepcontrol". A launch is alone on the device, and all that came before it is complete:
// there is no grid to wait for and none to let go.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/Cta.h"

namespace thrift::sim {

namespace {

/// imm registers per thread; flags: inc.
Step runSetmaxnreg(Warp &warp, const Inst &inst, uint32_t mask) {
  if (mask != warp.live)
    return warp.park(inst, mask, SplitState::WaitsAligned);
  bool granted = false;
  std::string lint;
  std::string misuse = warp.cta.registers.resize(warp.cta, warp, warp.indexOf(inst), static_cast<uint32_t>(inst.imm),
                                                 inst.flags != 0, granted, lint);
  if (!misuse.empty())
    return warp.fault(inst, Check::RegisterPool, -1, std::move(misuse));
  if (!lint.empty() && warp.cta.launch.options.lints)
    warp.note(inst, Check::RegisterPool, Severity::Warning, -1, std::move(lint));
  return granted ? Step::Next : warp.park(inst, mask, SplitState::WaitsRegisters);
}

void decodeSetmaxnreg(Form &form) {
  char last = form.owner().module().target.empty() ? ' ' : form.owner().module().target.back();
  if (last != 'a' && last != 'f')
    return form.invalid("setmaxnreg needs an architecture with the suffix a or f, such as sm_90a");
  form.requireSm(90, "setmaxnreg");
  int action = form.takeOne({"inc", "dec"});
  if (!form.take("sync") || !form.take("aligned") || action < 0 || form.type() != Ty::U32)
    return form.noSuchForm();
  form.inst.flags = action == 0;
  form.inst.imm = form.immediate(0);
  if (form.inst.imm < kMinRegisters || form.inst.imm > kMaxRegisters || form.inst.imm % kRegisterGranule != 0)
    return form.invalid("the number of registers is " + std::to_string(form.inst.imm) +
                        "; allowed: multiples of 8 from 24 to 256");
  form.use(&runSetmaxnreg);
}

Step runNothing(Warp &, const Inst &, uint32_t) { return Step::Next; }

void decodeGriddepcontrol(Form &form) {
  form.requireSm(90, "griddepcontrol");
  if (form.takeOne({"launch_dependents", "wait"}) < 0)
    return form.noSuchForm();
  form.use(&runNothing);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"griddepcontrol", Domain::Any, InstructionClass::Control, decodeGriddepcontrol},
    {"setmaxnreg", Domain::Any, InstructionClass::Control, decodeSetmaxnreg},
};

} // namespace

OpcodeTable launchControlOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
