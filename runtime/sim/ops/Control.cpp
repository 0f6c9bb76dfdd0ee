//===- Control.cpp - branches, calls, exits ---------------------------------===//
//
// PTX ISA "Control Flow Instructions" and "Miscellaneous Instructions": bra brx call ret exit, trap brkpt nanosleep.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Control.h"

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/ops/Builtins.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

namespace {

constexpr uint32_t kUniform = 1; ///< .uni: all lanes of the split must take it together

void checkUniform(Warp &warp, const Inst &inst, uint32_t mask) {
  if ((inst.flags & kUniform) && mask != warp.mask)
    warp.note(inst, Check::Uniformity, Severity::Warning, static_cast<int>(lowestLane(mask)),
              "lanes disagree at an instruction that is marked .uni");
}

//===----------------------------------------------------------------------===//
// bra, brx
//===----------------------------------------------------------------------===//

Step runBra(Warp &warp, const Inst &inst, uint32_t mask) {
  checkUniform(warp, inst, mask);
  auto target = static_cast<uint32_t>(inst.imm);
  bool backward = target < warp.pc;
  if (mask == warp.mask)
    warp.pc = target;
  else
    warp.branch(mask, target, warp.frame);
  return backward ? warp.backward() : Step::Next;
}

void decodeBra(Form &form) {
  if (form.take("uni"))
    form.inst.flags |= kUniform;
  const ptx::Operand &target = form.operand(0);
  if (target.kind != ptx::OperandKind::Label)
    return form.unsupported("the target is not a label");
  form.owner().jumpsTo(target.id);
  form.use(&runBra);
}

/// The lanes go where their index says: a branch for each distinct target.
Step runBrx(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *index = warp.plane<uint32_t>(inst.a);
  bool backward = false;
  if ((inst.flags & kUniform) != 0)
    for (LaneIterator lane(mask); lane; ++lane)
      if (index[*lane] != index[lowestLane(mask)])
        warp.note(inst, Check::Uniformity, Severity::Warning, static_cast<int>(*lane),
                  "lanes disagree at an instruction that is marked .uni");
  for (uint32_t rest = mask; rest != 0;) {
    uint32_t value = index[lowestLane(rest)];
    if (value >= inst.count)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(lowestLane(rest)),
                        "branch index is " + std::to_string(value) + "; allowed: 0 to " +
                            std::to_string(inst.count - 1));
    uint32_t lanes = 0;
    for (LaneIterator lane(rest); lane; ++lane)
      lanes |= uint32_t(index[*lane] == value) << *lane;
    rest &= ~lanes;
    uint32_t target = inst.list[value];
    backward = backward || target < warp.pc;
    if (lanes == warp.mask) {
      warp.pc = target;
      break;
    }
    // The others keep the pc behind this instruction until their turn comes, here.
    uint32_t next = warp.pc, remaining = warp.mask & ~lanes;
    Split split;
    split.pc = target;
    split.mask = lanes;
    split.frame = warp.frame;
    warp.others.push_back(split);
    warp.mask = remaining;
    warp.pc = next;
  }
  return backward ? warp.backward() : Step::Next;
}

void decodeBrx(Form &form) {
  if (!form.take("idx"))
    return form.noSuchForm();
  if (form.take("uni"))
    form.inst.flags |= kUniform;
  form.a(0, Ty::U32);
  const ptx::Operand &table = form.operand(1);
  if (table.kind != ptx::OperandKind::BranchTable)
    return form.unsupported("the targets are not a table");
  const std::vector<uint32_t> &labels = form.owner().function().branchTables[table.id];
  if (labels.size() > UINT16_MAX)
    return form.unsupported("a table of more than 65535 targets");
  form.list(std::vector<uint32_t>(labels.size()));
  for (size_t i = 0; i < labels.size(); ++i)
    form.owner().listJumpsTo(form.inst.list + i, labels[i]);
  form.use(&runBrx);
}

//===----------------------------------------------------------------------===//
// call, ret
//===----------------------------------------------------------------------===//

/// Copies bytes within the local memory of each lane; list: destination, source, bytes, three at a time.
void copyParameters(Warp &warp, const uint32_t *list, uint32_t pieces, uint32_t mask) {
  uint32_t stride = warp.program.info.localBytes;
  for (uint32_t piece = 0; piece < pieces; ++piece, list += 3)
    for (LaneIterator lane(mask); lane; ++lane) {
      uint8_t *local = warp.local + size_t(stride) * *lane, *shadow = warp.localShadow + size_t(stride) * *lane;
      std::memmove(local + list[0], local + list[1], list[2]);
      std::memmove(shadow + list[0], shadow + list[1], list[2]);
    }
}

/// imm: the callee's entry. list: pieces of arguments.
Step runCall(Warp &warp, const Inst &inst, uint32_t mask) {
  checkUniform(warp, inst, mask);
  copyParameters(warp, inst.list, inst.count, mask);
  warp.branch(mask, static_cast<uint32_t>(inst.imm), warp.pushFrame(warp.pc));
  return Step::Next;
}

/// Stands behind a call and fetches its results.
Step runFetchResults(Warp &warp, const Inst &inst, uint32_t mask) {
  copyParameters(warp, inst.list, inst.count, mask);
  return Step::Next;
}

Step runExit(Warp &warp, const Inst &inst, uint32_t mask) {
  if (const AsyncCopy *copy = warp.copies.empty() ? nullptr : warp.copies.pendingOf(mask))
    return warp.fault(inst, Check::AsyncInFlight, static_cast<int>(lowestLane(copy->lanes & mask & ~copy->awaited)),
                      "the thread exits while its cp.async of line " + std::to_string(warp.program.lines[copy->pc]) +
                          " is in flight: no wait covers it");
  warp.exit(mask);
  warp.cta.lanesExited();
  return Step::Switch;
}

Step runRet(Warp &warp, const Inst &inst, uint32_t mask) {
  checkUniform(warp, inst, mask);
  if (warp.frame == 0)
    return runExit(warp, inst, mask);
  warp.branch(mask, warp.returnPcOf(warp.frame), warp.parentOf(warp.frame));
  return Step::Next;
}

/// A piece of local memory that an argument or result occupies in the caller.
struct Place {
  uint32_t offset = 0, bytes = 0;
};

bool placeOf(Form &form, const ptx::Operand &operand, Place &place) {
  const ptx::Function &function = form.owner().function();
  if (operand.kind != ptx::OperandKind::Symbol) {
    form.unsupported("an argument that is not a .param variable");
    return false;
  }
  switch (operand.symbol) {
  case ptx::SymbolKind::CallParam:
    place.bytes = static_cast<uint32_t>(function.callParams[operand.id].byteSize);
    break;
  case ptx::SymbolKind::Param:
    if (form.owner().isEntry()) {
      form.unsupported("a kernel parameter as an argument");
      return false;
    }
    place.bytes = function.params[operand.id].byteSize;
    break;
  case ptx::SymbolKind::Result:
    place.bytes = function.results[operand.id].byteSize;
    break;
  default:
    form.unsupported("an argument that is not a .param variable");
    return false;
  }
  place.offset = static_cast<uint32_t>(form.owner().addressOf(operand.symbol, operand.id).address);
  return true;
}

void decodeCall(Form &form) {
  if (form.take("uni"))
    form.inst.flags |= kUniform;
  const ptx::Operand &results = form.operand(ptx::Instruction::kCallResults);
  const ptx::Operand &callee = form.operand(ptx::Instruction::kCallCallee);
  const ptx::Operand &arguments = form.operand(ptx::Instruction::kCallArguments);
  if (callee.kind != ptx::OperandKind::Symbol)
    return form.unsupported("an indirect call");
  std::vector<Place> in, out;
  for (const ptx::Operand &argument : form.elementsOf(arguments)) {
    Place place;
    if (!placeOf(form, argument, place))
      return;
    in.push_back(place);
  }
  for (const ptx::Operand &result : form.elementsOf(results)) {
    Place place;
    if (!placeOf(form, result, place))
      return;
    out.push_back(place);
  }
  const ptx::Function &function = form.owner().module().functions[callee.id];
  if (!function.isDefined) {
    std::vector<uint32_t> places;
    for (const Place &place : in)
      places.push_back(place.offset);
    for (const Place &place : out)
      places.push_back(place.offset);
    form.list(std::move(places));
    if (Handler builtin = findBuiltin(function.name, in.size(), out.size()))
      return form.use(builtin);
    return form.unsupported("function " + function.name + " is not defined, and the simulator does not provide it");
  }
  const FunctionLayout *layout = form.owner().layoutOf(callee.id);
  if (!layout || in.size() != function.params.size() || out.size() != function.results.size())
    return form.invalid("arguments do not match the parameters of " + function.name);
  std::vector<uint32_t> copies;
  for (size_t i = 0; i < in.size(); ++i) {
    copies.push_back(layout->params + function.params[i].offset);
    copies.push_back(in[i].offset);
    copies.push_back(std::min(in[i].bytes, function.params[i].byteSize));
  }
  form.list(std::move(copies));
  form.inst.count = static_cast<uint16_t>(in.size());
  form.inst.imm = layout->entryPc;
  form.use(&runCall);
  if (out.empty())
    return;
  std::vector<uint32_t> fetches;
  for (size_t i = 0; i < out.size(); ++i) {
    fetches.push_back(out[i].offset);
    fetches.push_back(layout->results + function.results[i].offset);
    fetches.push_back(std::min(out[i].bytes, function.results[i].byteSize));
  }
  Inst fetch;
  fetch.full = fetch.masked = &runFetchResults;
  fetch.guard = form.inst.guard;
  fetch.cls = InstructionClass::Control;
  fetch.count = static_cast<uint16_t>(out.size());
  fetch.list = form.owner().keepList(std::move(fetches));
  form.follow(fetch);
}

void decodeRet(Form &form) {
  if (form.take("uni"))
    form.inst.flags |= kUniform;
  form.use(form.owner().isEntry() ? &runExit : &runRet);
}
void decodeExit(Form &form) { form.use(&runExit); }

//===----------------------------------------------------------------------===//
// Miscellaneous
//===----------------------------------------------------------------------===//

Step runTrap(Warp &warp, const Inst &inst, uint32_t mask) {
  return warp.fault(inst, Check::Trap, static_cast<int>(lowestLane(mask)), "the kernel executes trap");
}
void decodeTrap(Form &form) { form.use(&runTrap); }

Step runBrkpt(Warp &warp, const Inst &inst, uint32_t mask) {
  return warp.fault(inst, Check::Trap, static_cast<int>(lowestLane(mask)), "the kernel executes brkpt");
}
void decodeBrkpt(Form &form) { form.use(&runBrkpt); }

Step runNanosleep(Warp &, const Inst &, uint32_t) { return Step::Yield; }
void decodeNanosleep(Form &form) {
  form.type();
  form.a(0, Ty::U32);
  form.use(&runNanosleep);
}

Step runNothing(Warp &, const Inst &, uint32_t) { return Step::Next; }
void decodePmevent(Form &form) {
  form.take("mask");
  form.immediate(0);
  form.use(&runNothing);
}

constexpr InstructionClass kClass = InstructionClass::Control;

constexpr OpcodeEntry kOpcodes[] = {
    {"bra", Domain::Any, kClass, decodeBra},         {"brkpt", Domain::Any, kClass, decodeBrkpt},
    {"brx", Domain::Any, kClass, decodeBrx},         {"call", Domain::Any, kClass, decodeCall},
    {"exit", Domain::Any, kClass, decodeExit},       {"nanosleep", Domain::Any, kClass, decodeNanosleep},
    {"pmevent", Domain::Any, kClass, decodePmevent}, {"ret", Domain::Any, kClass, decodeRet},
    {"trap", Domain::Any, kClass, decodeTrap},
};

} // namespace

OpcodeTable controlOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

Inst returnInst(bool isEntry) {
  Inst inst;
  inst.full = inst.masked = isEntry ? &runExit : &runRet;
  inst.cls = InstructionClass::Control;
  return inst;
}

} // namespace thrift::sim
