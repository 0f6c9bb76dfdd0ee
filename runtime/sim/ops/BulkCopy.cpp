//===- BulkCopy.cpp - bulk copies between issue and completion --------------===//

#include "runtime/sim/ops/BulkCopy.h"

#include "runtime/sim/ops/MBarrierForm.h"
#include "runtime/sim/ops/MemoryForm.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

bool BulkLoad::writesShared(uint32_t byte) const {
  return std::any_of(destination.begin(), destination.end(),
                     [byte](const SharedRange &range) { return range.contains(byte); });
}

bool BulkLoad::perform(Cta &cta) {
  if (std::string problem = move(cta); !problem.empty()) {
    cta.report(pc, warp, lane, Severity::Error, Check::BadDescriptor, std::move(problem));
    return false;
  }
  if (std::string problem = cta.mbarriers.completeTx(cta, barrier, bytes, epoch); !problem.empty()) {
    cta.report(pc, warp, lane, Severity::Error, Check::MBarrierMisuse, std::move(problem));
    return false;
  }
  return true;
}

bool BulkStore::read(Cta &cta) {
  if (isRead_)
    return true;
  if (std::string problem = capture(cta); !problem.empty()) {
    cta.report(pc, warp, lane, Severity::Error, Check::BadDescriptor, std::move(problem));
    return false;
  }
  isRead_ = true;
  return true;
}

/// An access to shared memory that is not ordered after earlier ones: Step::Fault.
static Step checkRaces(Warp &warp, const Inst &inst, int lane, Epoch epoch, const std::vector<SharedRange> &ranges,
                       bool isStore) {
  Actor actor{epoch, &warp.cta.races->of(warp.index), true, warp.indexOf(inst)};
  const char *what = isStore ? "the copy's write" : "the copy's read";
  for (const SharedRange &range : ranges)
    if (Step step = warp.cta.orderShared(actor, warp, lane, range, isStore, what); step != Step::Next)
      return step;
  return Step::Next;
}

Step issueLoad(Warp &warp, const Inst &inst, std::unique_ptr<BulkLoad> load) {
  Cta &cta = warp.cta;
  for (const SharedRange &range : load->destination)
    if (Step step = checkFree(warp, inst, static_cast<unsigned>(load->lane), range); step != Step::Next)
      return step;
  if (cta.races) {
    load->epoch = cta.races->begin(cta.races->barrierAgent(load->barrier));
    if (Step step = checkRaces(warp, inst, load->lane, load->epoch, load->source, false); step != Step::Next)
      return step;
    if (Step step = checkRaces(warp, inst, load->lane, load->epoch, load->destination, true); step != Step::Next)
      return step;
  }
  if (cta.async.delivery() != Delivery::Eager)
    for (const SharedRange &range : load->destination) {
      std::memset(cta.shared + range.offset, kPoison, range.bytes);
      std::memset(cta.sharedShadow + range.offset, kPending, range.bytes);
    }
  cta.stats.bulkLoadBytes += load->bytes;
  cta.stats.sharedWriteBytes += load->bytes;
  return cta.async.issue(cta, std::move(load)) ? Step::Next : Step::Fault;
}

Step issueStore(Warp &warp, const Inst &inst, std::unique_ptr<BulkStore> store) {
  Cta &cta = warp.cta;
  if (cta.races) {
    store->epoch = cta.races->begin(cta.races->streamOf(warp.index, Stream::Bulk));
    if (Step step = checkRaces(warp, inst, store->lane, store->epoch, store->source, false); step != Step::Next)
      return step;
  }
  store->group = warp.bulkGroups.current(static_cast<unsigned>(store->lane));
  cta.stats.bulkStoreBytes += store->bytes;
  cta.stats.sharedReadBytes += store->bytes;
  cta.stats.globalWriteBytes += store->bytes;
  return cta.async.issue(cta, std::move(store)) ? Step::Next : Step::Fault;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static constexpr uint32_t kWideOperand = 0x80000000u;

uint64_t BulkOperand::of(const Warp &warp, unsigned lane) const {
  auto distance = static_cast<int32_t>(offset);
  if (place & kWideOperand)
    return warp.plane<uint64_t>(place & ~kWideOperand)[lane] + static_cast<uint64_t>(int64_t(distance));
  return warp.plane<uint32_t>(place)[lane] + static_cast<uint32_t>(distance);
}

static BulkOperand bulkOperand(Form &form, uint32_t place, int64_t offset, bool wide) {
  if (offset != static_cast<int32_t>(offset))
    form.unsupported("an address offset beyond 32 bits");
  return {place | (wide ? kWideOperand : 0), static_cast<uint32_t>(offset)};
}

BulkOperand takeBulkAddress(Form &form, size_t operand) {
  uint32_t place = 0;
  int64_t offset = 0;
  bool wide = false;
  takeAddressBase(form, form.operand(operand), place, offset, wide);
  return bulkOperand(form, place, offset, wide);
}

BulkOperand takeBulkSize(Form &form, size_t operand) {
  bool wide = form.registerBits(form.operand(operand)) == 64;
  return bulkOperand(form, form.source(operand, wide ? Ty::U64 : Ty::U32), 0, wide);
}

BulkOperand takeMulticast(Form &form, size_t &next) {
  return {form.take("multicast::cluster") ? form.source(next++, Ty::B16) : form.constant(1, false), 0};
}

void takeCachePolicy(Form &form, size_t &next) {
  if (form.take("L2::cache_hint"))
    form.source(next++, Ty::B64);
}

void keepOperands(Form &form, const std::vector<BulkOperand> &operands) {
  std::vector<uint32_t> words;
  for (const BulkOperand &operand : operands) {
    words.push_back(operand.place);
    words.push_back(operand.offset);
  }
  form.list(std::move(words));
}

bool isBefore(const Form &form, std::string_view first, std::string_view second) {
  const auto &modifiers = form.opcode().modifiers;
  return std::find(modifiers.begin(), modifiers.end(), first) < std::find(modifiers.begin(), modifiers.end(), second);
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Step checkBarrier(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint32_t &offset) {
  std::string problem = mbarrierOffset(warp.cta, Window::Shared, address, offset);
  if (problem.empty())
    problem = warp.cta.mbarriers.use(warp.cta, warp, warp.indexOf(inst), offset, true);
  if (problem.empty())
    return Step::Next;
  return warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(lane), std::move(problem));
}

Step checkCtaMask(Warp &warp, const Inst &inst, unsigned lane, uint64_t ctaMask) {
  if (ctaMask == 1)
    return Step::Next;
  return warp.fault(inst, Check::BadOperand, static_cast<int>(lane),
                    "the CTA mask of the multicast is " + hexText(ctaMask) +
                        "; allowed: 0x1, for every CTA is a cluster of its own");
}

Step checkShared(Warp &warp, const Inst &inst, unsigned lane, const char *what, uint64_t address, uint64_t bytes,
                 uint32_t align) {
  if (address % align != 0)
    return warp.fault(inst, Check::Misaligned, static_cast<int>(lane),
                      std::string("the ") + what + " is shared address " + hexText(address) + ", no multiple of " +
                          std::to_string(align));
  uint32_t size = warp.cta.sharedBytes;
  if (bytes > size || address > size - bytes)
    return warp.fault(inst, Check::OutOfBounds, static_cast<int>(lane),
                      std::string("the ") + what + " is " + std::to_string(bytes) + " bytes at shared address " +
                          hexText(address) + ", shared memory has " + std::to_string(size) + " bytes");
  return Step::Next;
}

Step checkFree(Warp &warp, const Inst &inst, unsigned lane, SharedRange range) {
  const Cta &cta = warp.cta;
  const uint8_t *shadow = cta.sharedShadow + range.offset;
  auto byteAt = [&](const void *place) {
    return static_cast<uint32_t>(static_cast<const uint8_t *>(place) - cta.sharedShadow);
  };
  if (const void *pending = std::memchr(shadow, kPending, range.bytes))
    return warp.fault(inst, Check::PendingAsync, static_cast<int>(lane),
                      "write to shared byte " + std::to_string(byteAt(pending)) + ", which " +
                          describePending(cta, byteAt(pending)) + " is still going to overwrite");
  if (const void *object = std::memchr(shadow, kBarrierObject, range.bytes))
    return warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(lane),
                      "write to shared byte " + std::to_string(byteAt(object)) +
                          ", which is part of an mbarrier: only mbarrier instructions may touch it");
  return Step::Next;
}

Step checkGlobal(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint64_t bytes, bool isStore,
                 const Region *&region) {
  Cta &cta = warp.cta;
  region = warp.hint && warp.hint->contains(address, bytes) ? warp.hint : cta.launch.regions.find(address);
  std::string verb = isStore ? "write" : "read";
  if (!region || !region->contains(address, bytes))
    return warp.fault(inst, Check::OutOfBounds, static_cast<int>(lane),
                      verb + " of " + std::to_string(bytes) + " bytes at " + hexText(address) + ": " +
                          (region ? "they reach beyond the end of a " + std::string(region->what) + " buffer of " +
                                        std::to_string(region->bytes) + " bytes"
                                  : cta.launch.regions.describeNeighbours(address)));
  if (isStore && region->readOnly)
    return warp.fault(inst, Check::WriteToReadOnly, static_cast<int>(lane),
                      "write to " + std::string(region->what) + " memory");
  warp.hint = region;
  return Step::Next;
}

Step checkSource(Warp &warp, const Inst &inst, unsigned lane, uint32_t unwritten) {
  if (unwritten == TensorBox::kNone)
    return Step::Next;
  int who = static_cast<int>(lane);
  std::string byte = "shared byte " + std::to_string(unwritten);
  switch (warp.cta.sharedShadow[unwritten]) {
  case kPending:
    return warp.fault(inst, Check::PendingAsync, who,
                      "copy of " + byte + " before " + describePending(warp.cta, unwritten) +
                          " has arrived: no wait for it came between");
  case kBarrierObject:
    return warp.fault(inst, Check::MBarrierMisuse, who,
                      "copy of " + byte + ", which is part of an mbarrier: only mbarrier instructions may touch it");
  default:
    return warp.fault(inst, Check::Uninitialized, who, "copy of a byte that nobody wrote: " + byte);
  }
}

} // namespace thrift::sim
