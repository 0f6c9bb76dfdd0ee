//===- Wgmma.cpp - wgmma.mma_async fence commit_group wait_group ------------===//
//
// PTX ISA "Asynchronous Warpgroup Level Matrix Multiply-Accumulate", sm_90a. A warpgroup is four warps, the first of
// which has an index that is a multiple of four. Sparse, integer and single-bit forms are not simulated.
// All others give the bits of an H100 (565 forms, 2,012 sets of operands).
//
// The operation itself is in WgmmaOperation.h, what it does to the registers of a warp in machine/WgmmaTracker.h.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/WgmmaTracker.h"
#include "runtime/sim/ops/Members.h"
#include "runtime/sim/ops/WgmmaOperation.h"

#include <unordered_set>

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

WgmmaTracker &trackerOf(Warp &warp, const Inst &inst) {
  if (!warp.wgmma)
    warp.wgmma = std::make_unique<WgmmaTracker>(warp, inst);
  return *warp.wgmma;
}

/// All warps of the group must exist, be whole, and live or have issued their part already.
Step checkWarpgroup(Warp &warp, const Inst &inst, uint32_t number) {
  Cta &cta = warp.cta;
  unsigned first = warp.index / kWarpgroupWarps * kWarpgroupWarps;
  for (unsigned index = first; index < first + kWarpgroupWarps; ++index) {
    const Warp *member = index < cta.warps.size() ? cta.warps[index].get() : nullptr;
    if (member && (member->live == kFullMask || (member->wgmma && member->wgmma->nextNumber() > number)))
      continue;
    bool exited = member && member->born == kFullMask;
    return warp.fault(inst, Check::DivergentAligned, -1,
                      "a warpgroup is four whole warps, here " + std::to_string(first) + " to " +
                          std::to_string(first + 3) + "; " +
                          (exited ? "threads of warp " + std::to_string(index) + " have exited"
                                  : "the CTA has " + std::to_string(cta.launch.config.block.count()) + " threads"));
  }
  return Step::Next;
}

/// The value of a descriptor, which all lanes must agree on.
Step uniformValue(Warp &warp, const Inst &inst, uint32_t place, const char *what, uint64_t &value) {
  const uint64_t *plane = warp.plane<uint64_t>(place);
  value = plane[0];
  for (unsigned lane = 1; lane < kWarpSize; ++lane)
    if (plane[lane] != value)
      return warp.fault(inst, Check::Uniformity, static_cast<int>(lane),
                        std::string("the descriptor of ") + what + " is not that of lane 0");
  return Step::Next;
}

/// list = registers of D, then of A; a, b descriptors, c scale-d, flags WgmmaShape.
Step runMmaAsync(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  WgmmaTracker &tracker = trackerOf(warp, inst);
  if (Step step = checkWarpgroup(warp, inst, tracker.nextNumber()); step != Step::Next)
    return step;
  WgmmaShape shape = WgmmaShape::unpack(inst.flags);
  uint64_t descriptorA = 0, descriptorB = 0;
  if (!shape.fragments)
    if (Step step = uniformValue(warp, inst, inst.a, "A", descriptorA); step != Step::Next)
      return step;
  if (Step step = uniformValue(warp, inst, inst.b, "B", descriptorB); step != Step::Next)
    return step;
  uint32_t addsToD = warp.condition(inst.c);
  if (addsToD != 0 && addsToD != kFullMask)
    return warp.fault(inst, Check::Uniformity, static_cast<int>(lowestLane(addsToD & 1 ? ~addsToD : addsToD)),
                      "scale-d is not that of lane 0");

  Cta &cta = warp.cta;
  WgmmaOperation *operation = WgmmaOperation::find(warp, tracker.nextNumber());
  if (!operation) {
    auto made = std::make_unique<WgmmaOperation>(warp, inst, tracker.nextNumber());
    operation = made.get();
    if (!cta.async.issue(cta, std::move(made)))
      return Step::Fault;
  }
  if (Step step = operation->join(warp, inst, descriptorA, descriptorB, addsToD != 0); step != Step::Next)
    return step;
  uint32_t accumulators = shape.accumulators(), fragments = shape.fragments ? 4 : 0;
  WgmmaRegisters registers = {inst.list, inst.list + accumulators, accumulators, fragments,
                              shape.n << 8 | shape.a->k() << 1 | uint32_t(shape.f16)};
  if (Step step = tracker.issue(inst, registers, operation->epoch()); step != Step::Next)
    return step;
  if (!operation->isReady())
    return Step::Next;
  unsigned first = warp.index / kWarpgroupWarps * kWarpgroupWarps;
  for (unsigned index = first; index < first + kWarpgroupWarps; ++index)
    cta.warps[index]->wake(SplitState::WaitsAsync, 0);
  return cta.async.becameReady(cta, *operation) ? Step::Next : Step::Fault;
}

Step runFence(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  trackerOf(warp, inst).fence();
  return Step::Next;
}

Step runCommit(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  trackerOf(warp, inst).commit();
  return Step::Next;
}

Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  WgmmaTracker &tracker = trackerOf(warp, inst);
  uint32_t number = tracker.coveredBy(static_cast<uint32_t>(inst.imm));
  if (number == 0)
    return Step::Next;
  if (WgmmaOperation::oldestIncomplete(warp, number))
    return warp.park(inst, mask, SplitState::WaitsAsync);
  if (!WgmmaOperation::performUpTo(warp, number))
    return Step::Fault;
  Epoch done = tracker.complete(number);
  if (warp.cta.races)
    warp.cta.races->learn(warp.index, done);
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// Takes m64n<N>k<K>; false if there is none.
bool takeShape(Form &form, uint32_t &n, uint32_t &k) {
  for (const std::string &modifier : form.opcode().modifiers)
    for (k = 8; k <= 32; k *= 2)
      for (n = 8; n <= 256; n += 8)
        if (modifier == "m64n" + std::to_string(n) + "k" + std::to_string(k))
          return form.take(modifier);
  return false;
}

void addRegisters(Form &form, const char *name, size_t index, uint32_t count, std::vector<uint32_t> &places) {
  const ptx::Operand &operand = form.operand(index);
  if (operand.kind != ptx::OperandKind::Vector)
    return form.invalid(std::string(name) + " is not a vector of registers");
  auto elements = form.elementsOf(operand);
  if (elements.size() != count)
    return form.invalid(std::string(name) + " has " + std::to_string(elements.size()) +
                        " registers; allowed: " + std::to_string(count));
  for (const ptx::Operand &element : elements) {
    if (form.registerBits(element) != 32)
      return form.invalid(std::string(name) + " has an element that is not a register of 32 bits");
    places.push_back(form.owner().place(element.id));
  }
}

/// An immediate operand that is one of two values; whether it is the second.
bool takeChoice(Form &form, const char *name, size_t index, int64_t first, int64_t second) {
  if (index >= form.operandCount() || !form.isImmediate(index)) {
    form.invalid(std::string(name) + " is not an immediate");
    return false;
  }
  int64_t value = form.immediate(index);
  if (value != first && value != second)
    form.invalid(std::string(name) + " is " + std::to_string(value) + "; allowed: " + std::to_string(first) + " and " +
                 std::to_string(second));
  return value == second;
}

void decodeMmaAsync(Form &form) {
  for (const char *unsupported : {"sp", "s32", "b1"})
    if (form.opcode().has(unsupported))
      return form.unsupported("sparse, integer and single-bit forms of wgmma are not simulated");
  WgmmaShape shape;
  uint32_t k = 0;
  if (!takeShape(form, shape.n, k))
    return form.unsupported("a shape that is not m64n<8..256 in steps of 8>k<8, 16, 32>");
  Ty typeD = form.type();
  shape.a = findWgmmaType(form.type());
  shape.b = findWgmmaType(form.type());
  shape.f16 = typeD == Ty::F16;
  bool legal = shape.a && shape.b && k == shape.a->k() &&
               (shape.a == shape.b || (shape.a->mayMix && shape.b->mayMix)) &&
               (typeD == Ty::F32 || (shape.f16 && shape.a->hasF16));
  if (!legal)
    return form.noSuchForm();

  std::vector<uint32_t> places;
  addRegisters(form, "D", 0, shape.accumulators(), places);
  shape.fragments = form.operand(1).kind == ptx::OperandKind::Vector;
  std::unordered_set<uint32_t> distinct(places.begin(), places.end());
  if (distinct.size() != places.size())
    return form.invalid("D names a register twice");
  if (shape.fragments) {
    addRegisters(form, "A", 1, 4, places);
    for (size_t i = shape.accumulators(); i < places.size(); ++i)
      if (distinct.count(places[i]))
        return form.invalid("a register of A is one of D, too");
  } else {
    form.inst.a = form.source(1, Ty::B64);
  }
  form.inst.b = form.source(2, Ty::B64);
  if (form.operandCount() > 3)
    form.inst.c = form.predicateSource(3);
  bool negateA = takeChoice(form, "imm-scale-a", 4, 1, -1), negateB = takeChoice(form, "imm-scale-b", 5, 1, -1);
  shape.negate = negateA != negateB;
  if (shape.a->mayTranspose) {
    size_t next = 6;
    if (!shape.fragments && takeChoice(form, "imm-trans-a", next++, 0, 1))
      shape.majorA = MatrixMajor::MN;
    if (takeChoice(form, "imm-trans-b", next, 0, 1))
      shape.majorB = MatrixMajor::MN;
  }
  if (form.failed())
    return;
  for (uint32_t place : places)
    form.owner().isWgmmaRegister(place);
  form.owner().touchesNothing();
  form.list(std::move(places));
  form.inst.flags = shape.pack();
  form.use(&runMmaAsync);
}

void decodeWait(Form &form) {
  form.inst.imm = form.immediate(0);
  if (form.inst.imm < 0 || form.inst.imm > 0xFFFF)
    return form.invalid("the number of groups is " + std::to_string(form.inst.imm) + "; allowed: 0 and more");
  form.use(&runWait);
}

void decodeWgmma(Form &form) {
  if (form.owner().smVersion() != 90)
    return form.unsupported("wgmma needs the target sm_90a");
  int which = form.takeOne({"mma_async", "fence", "commit_group", "wait_group"});
  if (which < 0 || !form.take("sync") || !form.take("aligned"))
    return form.noSuchForm();
  switch (which) {
  case 0:
    return decodeMmaAsync(form);
  case 1:
    return form.use(&runFence);
  case 2:
    return form.use(&runCommit);
  default:
    return decodeWait(form);
  }
}

constexpr OpcodeEntry kOpcodes[] = {
    {"wgmma", Domain::Any, InstructionClass::Matrix, decodeWgmma},
};

} // namespace

OpcodeTable wgmmaOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
