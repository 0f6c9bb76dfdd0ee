//===- Async.cpp - cp.async and its groups ----------------------------------===//
//
// PTX ISA "Data Movement and Conversion Instructions: Asynchronous copy", the non-bulk forms.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/BulkCopy.h"
#include "runtime/sim/ops/MBarrier.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kWideDestination = 4;

/// Source a + imm (global), destination d + list[0] (shared), list[1] bytes, b source size, c ignore-source predicate.
Step runCopy(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  AsyncCopy copy;
  copy.pc = warp.indexOf(inst);
  copy.lanes = mask;
  copy.bytes = inst.list[1];

  Inst destination = inst;
  destination.a = inst.d;
  destination.imm = static_cast<int32_t>(inst.list[0]);
  destination.flags = inst.flags & kWideDestination ? kWideAddress : 0;
  Places places;
  laneAddresses(warp, destination, mask, places.address);
  for (LaneIterator lane(mask); lane; ++lane) {
    uint64_t offset = places.address[*lane];
    if (offset % copy.bytes != 0)
      return warp.fault(inst, Check::Misaligned, static_cast<int>(*lane),
                        "shared address " + std::to_string(offset) + " is not a multiple of " +
                            std::to_string(copy.bytes));
    if (copy.bytes > cta.sharedBytes || offset > cta.sharedBytes - copy.bytes)
      return warp.fault(inst, Check::OutOfBounds, static_cast<int>(*lane),
                        "copy of " + std::to_string(copy.bytes) + " bytes to shared byte " + std::to_string(offset) +
                            ", shared memory has " + std::to_string(cta.sharedBytes) + " bytes");
    copy.destination[*lane] = static_cast<uint32_t>(offset);
    places.shadow[*lane] = reinterpret_cast<uint64_t>(cta.sharedShadow + offset);
  }
  bool overlaps = false;
  for (LaneIterator lane(mask); lane; ++lane)
    overlaps |= std::memchr(places.shadowOf(*lane), kPending, copy.bytes) != nullptr;
  if (overlaps)
    return reportPendingStore(warp, inst, mask, places, copy.bytes);

  // Only bytes that are read must exist.
  const uint32_t *sizes = warp.plane<uint32_t>(inst.b);
  uint32_t ignored = warp.condition(inst.c), whole = 0;
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t size = hasLane(ignored, *lane) ? 0 : sizes[*lane];
    if (size > copy.bytes)
      return warp.fault(inst, Check::BadOperand, static_cast<int>(*lane),
                        "source size is " + std::to_string(size) + "; allowed: 0 to " + std::to_string(copy.bytes));
    copy.sourceBytes[*lane] = size;
    copy.source[*lane] = nullptr;
    copy.sourceShadow[*lane] = nullptr;
    whole |= uint32_t(size == copy.bytes) << *lane;
  }
  auto fetch = [&](uint32_t lanes, uint32_t bytes) {
    Step step = resolve(Window::Global, warp, inst, lanes, bytes, copy.bytes, false, places);
    for (LaneIterator lane(step == Step::Next ? lanes : 0); lane; ++lane) {
      copy.source[*lane] = places.data(*lane);
      copy.sourceShadow[*lane] = places.hasShadow ? places.shadowOf(*lane) : nullptr;
    }
    return step;
  };
  if (whole != 0)
    if (Step step = fetch(whole, copy.bytes); step != Step::Next)
      return step;
  for (LaneIterator lane(mask & ~whole); lane; ++lane) {
    static constexpr uint8_t kNothing = 0;
    copy.source[*lane] = &kNothing;
    if (copy.sourceBytes[*lane] != 0)
      if (Step step = fetch(1u << *lane, copy.sourceBytes[*lane]); step != Step::Next)
        return step;
  }
  for (LaneIterator lane(mask); lane; ++lane)
    cta.stats.globalReadBytes += copy.sourceBytes[*lane];
  cta.stats.sharedWriteBytes += uint64_t(static_cast<unsigned>(__builtin_popcount(mask))) * copy.bytes;
  if (cta.races) {
    HappensBefore &races = *cta.races;
    Actor actor = races.warpActor(warp.index, copy.pc);
    actor.epoch = copy.epoch = races.begin(races.streamOf(warp.index, Stream::CopyAsync));
    for (LaneIterator lane(mask); lane; ++lane)
      if (Step step = cta.orderShared(actor, warp, static_cast<int>(*lane), {copy.destination[*lane], copy.bytes}, true,
                                      "the copy");
          step != Step::Next)
        return step;
  }
  if (cta.async.delivery() == Delivery::Eager)
    AsyncCopies::deliver(copy, mask, cta.shared, cta.sharedShadow);
  else
    warp.copies.issue(copy, cta.shared, cta.sharedShadow);
  return Step::Next;
}

/// The warp knows what has arrived.
void learnArrived(Warp &warp) {
  if (HappensBefore *races = warp.cta.races.get())
    races->learn(warp.index, warp.copies.arrivedUpTo(races->latest(races->streamOf(warp.index, Stream::CopyAsync))));
}

Step runCommit(Warp &warp, const Inst &, uint32_t mask) {
  warp.copies.commit(mask);
  return Step::Next;
}
Step runWaitGroup(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.copies.waitGroup(mask, static_cast<uint32_t>(inst.imm), warp.cta.shared, warp.cta.sharedShadow);
  learnArrived(warp);
  return Step::Next;
}
Step runWaitAll(Warp &warp, const Inst &, uint32_t mask) {
  warp.copies.waitAll(mask, warp.cta.shared, warp.cta.sharedShadow);
  learnArrived(warp);
  return Step::Next;
}

void decodeCopy(Form &form) {
  bool bypass = form.takeOne({"ca", "cg"}) == 1;
  if (!form.take("shared") && !form.take("shared::cta"))
    return form.noSuchForm();
  if (!form.take("global"))
    return form.noSuchForm();
  bool hasPolicy = form.opcode().has("L2::cache_hint");
  form.takeHints({"L2::"});
  int64_t destinationOffset;
  bool wideDestination, wideSource;
  takeAddress(form, 0, form.inst.d, destinationOffset, wideDestination);
  takeAddress(form, 1, form.inst.a, form.inst.imm, wideSource);
  form.inst.flags = (wideDestination ? kWideDestination : 0) | (wideSource ? kWideAddress : 0);
  int64_t bytes = form.immediate(2);
  if (bytes != 16 && (bypass || (bytes != 4 && bytes != 8)))
    return form.invalid("the size is " + std::to_string(bytes) + "; allowed: 16" + (bypass ? "" : ", 8, 4"));
  form.list({static_cast<uint32_t>(destinationOffset), static_cast<uint32_t>(bytes)});

  size_t operands = form.operandCount() - (hasPolicy ? 1 : 0);
  if (hasPolicy)
    form.source(operands, Ty::B64);
  form.inst.b = form.constant(static_cast<uint64_t>(bytes), false);
  form.inst.c = kPredFalse << 1;
  if (operands > 3) {
    const ptx::Operand &last = form.operand(3);
    bool isPredicate = last.kind == ptx::OperandKind::Register && form.registerBits(last) == 0;
    if (isPredicate)
      form.inst.c = form.predicateSource(last);
    else
      form.inst.b = form.source(last, Ty::B32);
  }
  form.use(&runCopy);
}

void decodeCp(Form &form) {
  if (form.opcode().has("reduce"))
    return form.unsupported("the simulator has no bulk reductions");
  if (!form.take("async"))
    return form.noSuchForm();
  if (form.take("bulk"))
    return decodeBulk(form);
  if (form.take("commit_group"))
    return form.use(&runCommit);
  if (form.take("wait_all"))
    return form.use(&runWaitAll);
  if (form.take("wait_group")) {
    form.inst.imm = form.immediate(0);
    if (form.inst.imm < 0)
      return form.invalid("a negative number of groups");
    return form.use(&runWaitGroup);
  }
  if (form.opcode().has("mbarrier"))
    return decodeCopyArrive(form);
  decodeCopy(form);
}

constexpr OpcodeEntry kOpcodes[] = {
    {"cp", Domain::Any, InstructionClass::Async, decodeCp},
};

} // namespace

OpcodeTable asyncOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
