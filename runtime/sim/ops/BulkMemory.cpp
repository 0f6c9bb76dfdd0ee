//===- BulkMemory.cpp - cp.async.bulk of plain bytes ------------------------===//
//
// PTX ISA "cp.async.bulk", "cp.async.bulk.prefetch". Sizes and addresses are multiples of 16.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/BulkCopy.h"

#include <cstring>

namespace thrift::sim {

namespace {

constexpr uint32_t kAlign = 16;

enum Slot : unsigned { kDestination, kSource, kSize, kBarrier, kCtaMask, kByteMask };

/// Inst::flags.
constexpr uint32_t kFromShared = 1; ///< of a load: the source is shared memory

/// Bytes somewhere in host memory.
struct Bytes {
  uint8_t *data = nullptr, *shadow = nullptr; ///< shadow null: everything is written
};

class MemoryLoad : public BulkLoad {
public:
  using BulkLoad::BulkLoad;
  Bytes from;

private:
  std::string move(Cta &cta) override {
    if (bytes == 0) // nothing, from nowhere
      return "";
    uint32_t offset = destination[0].offset;
    std::memmove(cta.shared + offset, from.data, bytes);
    // Bytes that were never written stay so: whoever reads them is told, not the copy.
    if (from.shadow)
      std::memmove(cta.sharedShadow + offset, from.shadow, bytes);
    else
      std::memset(cta.sharedShadow + offset, kWritten, bytes);
    return "";
  }
};

class MemoryStore : public BulkStore {
public:
  using BulkStore::BulkStore;
  Bytes to;
  uint32_t byteMask = 0xFFFF; ///< of each 16 bytes, those that are copied

private:
  std::string capture(const Cta &cta) override {
    const uint8_t *first = cta.shared + source[0].offset;
    data_.assign(first, first + source[0].bytes);
    return "";
  }
  void write() const override {
    for (size_t i = 0; i < data_.size(); ++i)
      if (byteMask >> i % kAlign & 1) {
        to.data[i] = data_[i];
        if (to.shadow)
          to.shadow[i] = kWritten;
      }
  }
};

uint32_t firstUnwritten(const Cta &cta, SharedRange range, uint32_t byteMask) {
  for (uint32_t i = 0; i < range.bytes; ++i)
    if (byteMask >> i % kAlign & 1 && cta.sharedShadow[range.offset + i] != kWritten)
      return range.offset + i;
  return TensorBox::kNone;
}

Step checkSize(Warp &warp, const Inst &inst, unsigned lane, uint64_t size) {
  if (size % kAlign == 0)
    return Step::Next;
  return warp.fault(inst, Check::BadOperand, static_cast<int>(lane),
                    "the size is " + std::to_string(size) + " bytes; allowed: multiples of 16");
}

Step checkGlobalAlign(Warp &warp, const Inst &inst, unsigned lane, uint64_t address) {
  if (address % kAlign == 0)
    return Step::Next;
  return warp.fault(inst, Check::Misaligned, static_cast<int>(lane),
                    "the global address " + std::to_string(address) + " is no multiple of 16");
}

/// Global memory of one side of a copy.
Step resolveGlobal(Warp &warp, const Inst &inst, unsigned lane, uint64_t address, uint64_t size, bool isStore,
                   Bytes &bytes) {
  const Region *region = nullptr;
  if (Step step = checkGlobalAlign(warp, inst, lane, address); step != Step::Next)
    return step;
  if (size == 0)
    return Step::Next;
  if (Step step = checkGlobal(warp, inst, lane, address, size, isStore, region); step != Step::Next)
    return step;
  bytes.data = reinterpret_cast<uint8_t *>(address);
  bytes.shadow = region->shadow ? region->shadow + (address - region->base) : nullptr;
  return Step::Next;
}

Step loadLane(Warp &warp, const Inst &inst, unsigned lane) {
  Cta &cta = warp.cta;
  uint64_t destination = operandOf(inst, kDestination).of(warp, lane), source = operandOf(inst, kSource).of(warp, lane);
  uint64_t size = operandOf(inst, kSize).of(warp, lane);
  uint32_t barrier = 0;
  if (Step step = checkCtaMask(warp, inst, lane, operandOf(inst, kCtaMask).of(warp, lane)); step != Step::Next)
    return step;
  if (Step step = checkSize(warp, inst, lane, size); step != Step::Next)
    return step;
  if (Step step = checkShared(warp, inst, lane, "destination", destination, size, kAlign); step != Step::Next)
    return step;
  if (Step step = checkBarrier(warp, inst, lane, operandOf(inst, kBarrier).of(warp, lane), barrier); step != Step::Next)
    return step;
  auto load = std::make_unique<MemoryLoad>(warp, inst, lane, barrier);
  load->bytes = static_cast<uint32_t>(size);
  load->destination = {{static_cast<uint32_t>(destination), load->bytes}};
  if (inst.flags & kFromShared) {
    if (Step step = checkShared(warp, inst, lane, "source", source, size, kAlign); step != Step::Next)
      return step;
    load->from = {cta.shared + source, cta.sharedShadow + source};
    load->source = {{static_cast<uint32_t>(source), load->bytes}};
    if (Step step = checkSource(warp, inst, lane, firstUnwritten(cta, load->source[0], 0xFFFF)); step != Step::Next)
      return step;
  } else {
    if (Step step = resolveGlobal(warp, inst, lane, source, size, false, load->from); step != Step::Next)
      return step;
    cta.stats.globalReadBytes += size;
  }
  return issueLoad(warp, inst, std::move(load));
}

Step storeLane(Warp &warp, const Inst &inst, unsigned lane) {
  uint64_t destination = operandOf(inst, kDestination).of(warp, lane), source = operandOf(inst, kSource).of(warp, lane);
  uint64_t size = operandOf(inst, kSize).of(warp, lane);
  if (Step step = checkSize(warp, inst, lane, size); step != Step::Next)
    return step;
  if (Step step = checkShared(warp, inst, lane, "source", source, size, kAlign); step != Step::Next)
    return step;
  auto store = std::make_unique<MemoryStore>(warp, inst, lane);
  if (Step step = resolveGlobal(warp, inst, lane, destination, size, true, store->to); step != Step::Next)
    return step;
  store->byteMask = static_cast<uint32_t>(operandOf(inst, kByteMask).of(warp, lane));
  store->source = {{static_cast<uint32_t>(source), static_cast<uint32_t>(size)}};
  store->bytes = size / kAlign * static_cast<unsigned>(__builtin_popcount(store->byteMask & 0xFFFF));
  if (Step step = checkSource(warp, inst, lane, firstUnwritten(warp.cta, store->source[0], store->byteMask));
      step != Step::Next)
    return step;
  return issueStore(warp, inst, std::move(store));
}

Step prefetchLane(Warp &warp, const Inst &inst, unsigned lane) {
  if (Step step = checkSize(warp, inst, lane, operandOf(inst, kSize).of(warp, lane)); step != Step::Next)
    return step;
  return checkGlobalAlign(warp, inst, lane, operandOf(inst, kSource).of(warp, lane));
}

} // namespace

void decodeBulkMemory(Form &form) {
  BulkOperand none, byteMask{form.constant(0xFFFF, false), 0};
  BulkOperand destination = takeBulkAddress(form, 0), source = takeBulkAddress(form, 1);
  BulkOperand size{form.source(2, Ty::U32), 0};
  if (form.take("bulk_group")) {
    bool isStore = isBefore(form, "global", "shared::cta");
    if (!form.take("shared::cta") || !form.take("global") || !isStore)
      return form.unsupported("with .bulk_group only .global.shared::cta is supported");
    size_t next = 3;
    takeCachePolicy(form, next);
    if (form.take("cp_mask")) {
      form.requireSm(100, ".cp_mask");
      byteMask.place = form.source(next++, Ty::B16);
    }
    keepOperands(form, {destination, source, size, none, none, byteMask});
    return form.use(&forEachLane<storeLane>);
  }
  if (!form.take("mbarrier::complete_tx::bytes"))
    return form.invalid("a completion mechanism is missing");
  bool toCluster = form.take("shared::cluster");
  bool toCta = form.take("shared::cta");
  bool fromGlobal = form.take("global");
  // shared::cluster is written where shared::cta can be read; a CTA is its own cluster.
  bool isLoad =
      fromGlobal && toCluster != toCta && isBefore(form, toCluster ? "shared::cluster" : "shared::cta", "global");
  bool isCopy = !fromGlobal && toCluster && toCta && isBefore(form, "shared::cluster", "shared::cta");
  if (!isLoad && !isCopy)
    return form.unsupported("with an mbarrier only .shared::cluster.global, .shared::cta.global and "
                            ".shared::cluster.shared::cta are supported");
  BulkOperand barrier = takeBulkAddress(form, 3);
  size_t next = 4;
  BulkOperand ctaMask = takeMulticast(form, next);
  takeCachePolicy(form, next);
  form.inst.flags = isCopy ? kFromShared : 0;
  keepOperands(form, {destination, source, size, barrier, ctaMask, byteMask});
  form.use(&forEachLane<loadLane>);
}

void decodeBulkPrefetch(Form &form) {
  if (!form.take("L2") || !form.take("global"))
    return form.noSuchForm();
  BulkOperand none, source = takeBulkAddress(form, 0), size{form.source(1, Ty::U32), 0};
  size_t next = 2;
  takeCachePolicy(form, next);
  keepOperands(form, {none, source, size});
  form.use(&forEachLane<prefetchLane>);
}

} // namespace thrift::sim
