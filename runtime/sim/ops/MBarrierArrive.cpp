//===- MBarrierArrive.cpp - arrivals at an mbarrier -------------------------===//
//
// PTX ISA "mbarrier.arrive", "mbarrier.arrive_drop". Each lane arrives for itself: 32 lanes that arrive at one barrier
// are 32 arrivals. They are counted in one go unless the phase completes between two of them.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MBarrier.h"
#include "runtime/sim/ops/MBarrierForm.h"

namespace thrift::sim {

namespace {

constexpr uint32_t kExpectsTx = 1u << 8;   ///< b holds bytes, and each lane arrives once
constexpr uint32_t kDrops = 1u << 9;       ///< leaves the later phases
constexpr uint32_t kNoComplete = 1u << 10; ///< promises that it does not complete the phase
constexpr uint32_t kRelaxed = 1u << 11;

/// One arrival of `count`, after expecting `bytes`; "" or what is wrong.
std::string arriveOnce(Warp &warp, const Inst &inst, uint32_t offset, uint32_t count, uint32_t bytes) {
  Cta &cta = warp.cta;
  uint32_t pc = warp.indexOf(inst);
  if (inst.flags & kExpectsTx)
    if (std::string misuse = cta.mbarriers.expectTx(cta, warp, pc, offset, bytes); !misuse.empty())
      return misuse;
  bool relaxed = (inst.flags & kRelaxed) != 0;
  return inst.flags & kDrops ? cta.mbarriers.arriveDrop(cta, warp, pc, offset, count, relaxed)
                             : cta.mbarriers.arrive(cta, warp, pc, offset, count, relaxed);
}

/// The arrivals of `lanes` at one barrier.
std::string arriveAll(Warp &warp, const Inst &inst, uint32_t offset, uint32_t lanes) {
  Cta &cta = warp.cta;
  const MBarrier *barrier = cta.mbarriers.find(offset);
  if (!barrier)
    return cta.mbarriers.missing(cta, offset);
  const uint32_t *b = warp.plane<uint32_t>(inst.b);
  bool expects = (inst.flags & kExpectsTx) != 0;
  uint64_t count = 0, bytes = 0;
  for (LaneIterator lane(lanes); lane; ++lane) {
    count += expects ? 1 : b[*lane];
    bytes += expects ? b[*lane] : 0;
    if (!expects && (b[*lane] == 0 || b[*lane] > kMaxMBarrierCount))
      return "the count of an arrival is " + std::to_string(b[*lane]) + "; allowed: 1 to " +
             std::to_string(kMaxMBarrierCount);
    if (bytes > kMaxMBarrierCount)
      return "the lanes of the warp expect more than " + std::to_string(kMaxMBarrierCount) + " bytes";
  }
  if (inst.flags & kNoComplete && count == barrier->pending && barrier->tx == 0)
    return "the arrival completes a phase of " + cta.mbarriers.describe(offset) + ", though it says .noComplete";

  uint64_t *states = warp.plane<uint64_t>(inst.d);
  if (count <= barrier->pending) {
    uint64_t state = MBarriers::stateOf(*barrier), before = 0;
    for (LaneIterator lane(lanes); lane; ++lane) {
      states[*lane] = state - before; // the pending count is in its low bits
      before += expects ? 1 : b[*lane];
    }
    return arriveOnce(warp, inst, offset, static_cast<uint32_t>(count), static_cast<uint32_t>(bytes));
  }
  for (LaneIterator lane(lanes); lane; ++lane) {
    states[*lane] = MBarriers::stateOf(*barrier);
    std::string misuse = arriveOnce(warp, inst, offset, expects ? 1 : b[*lane], b[*lane]);
    if (!misuse.empty())
      return misuse;
  }
  return "";
}

Step runArrive(Warp &warp, const Inst &inst, uint32_t mask) {
  bool good = forEachMBarrier(warp, inst, mask, [&](uint32_t offset, uint32_t lanes) {
    return mbarrierOk(warp, inst, lanes, arriveAll(warp, inst, offset, lanes));
  });
  return good ? Step::Next : Step::Fault;
}

} // namespace

void decodeMBarrierArrive(Form &form, bool drops) {
  bool expects = form.take("expect_tx"), noComplete = form.take("noComplete");
  bool relaxed = takeMBarrierOrder(form, "release");
  bool isCluster = takeMBarrier(form, 1);
  takeMBarrierType(form);
  form.d(0, 64);
  if (expects && noComplete)
    return form.noSuchForm();
  if (isCluster && form.operand(0).kind != ptx::OperandKind::Sink)
    return form.invalid("an arrival in .shared::cluster returns nothing; allowed: the sink _");
  if (noComplete && (relaxed || isCluster || form.opcode().has("cluster")))
    return form.noSuchForm();
  if (expects)
    form.requireSm(90, "a transaction count");
  form.inst.flags |=
      (expects ? kExpectsTx : 0) | (drops ? kDrops : 0) | (noComplete ? kNoComplete : 0) | (relaxed ? kRelaxed : 0);
  if (form.operandCount() > 2 || expects || noComplete) {
    form.b(2, Ty::U32);
    if (!expects && !noComplete)
      form.requireSm(90, "a count without .noComplete");
  } else {
    form.inst.b = form.constant(1, false);
  }
  form.use(&runArrive);
}

} // namespace thrift::sim
