//===- Access.cpp - accesses that are unusual, or wrong ---------------------===//

#include "runtime/sim/ops/Access.h"

#include <cstdio>

namespace thrift::sim {

static std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

static const char *verb(bool isStore) { return isStore ? "write" : "read"; }

/// Resolves one lane. Empty if it is fine, else the sentence and the kind of error.
static std::string resolveLane(Warp &warp, unsigned lane, Window window, uint32_t bytes, uint32_t align, bool isStore,
                               Places &places, Check &check) {
  Cta &cta = warp.cta;
  uint64_t address = places.address[lane];
  if (window == Window::Generic) {
    uint64_t tag = address & kWindowMask;
    window = tag == kSharedWindow ? Window::Shared : tag == kLocalWindow ? Window::Local : Window::Global;
    if (window != Window::Global)
      address &= ~kWindowMask;
  }
  if (static_cast<uint32_t>(places.address[lane] >> 32) == kRegisterCanary) {
    check = Check::Uninitialized;
    return "the address " + hex(places.address[lane]) + " comes from a register that nobody wrote";
  }
  if (address & (align - 1)) {
    check = Check::Misaligned;
    return "address " + hex(address) + " is not a multiple of " + std::to_string(align);
  }
  auto outside = [&](const char *space, uint64_t size) {
    check = Check::OutOfBounds;
    return std::string(verb(isStore)) + " of " + std::to_string(bytes) + " bytes at " + hex(address) + ", " + space +
           " memory has " + std::to_string(size) + " bytes";
  };
  switch (window) {
  case Window::Shared:
    places.isShared = true;
    if (bytes > cta.sharedBytes || address > cta.sharedBytes - bytes)
      return outside("shared", cta.sharedBytes);
    places.address[lane] = reinterpret_cast<uint64_t>(cta.shared + address);
    places.shadow[lane] = reinterpret_cast<uint64_t>(cta.sharedShadow + address);
    return "";
  case Window::Local: {
    uint32_t size = warp.program.info.localBytes;
    if (bytes > size || address > size - bytes)
      return outside("local", size);
    uint64_t offset = size_t(size) * lane + address;
    places.address[lane] = reinterpret_cast<uint64_t>(warp.local + offset);
    places.shadow[lane] = reinterpret_cast<uint64_t>(warp.localShadow + offset);
    return "";
  }
  case Window::KernelParameter: {
    uint32_t size = warp.program.parameterBytes;
    if (isStore) {
      check = Check::WriteToReadOnly;
      return "write to a kernel parameter";
    }
    if (bytes > size || address > size - bytes)
      return outside("parameter", size);
    places.address[lane] = cta.launch.parameters + address;
    places.shadow[lane] = 0;
    return "";
  }
  case Window::Global:
  case Window::Generic:
    break;
  }
  const Region *region =
      warp.hint && warp.hint->contains(address, bytes) ? warp.hint : cta.launch.regions.find(address);
  if (!region || !region->contains(address, bytes)) {
    check = Check::OutOfBounds;
    return std::string(verb(isStore)) + " of " + std::to_string(bytes) + " bytes at " + hex(address) + ": " +
           (region ? "it reaches beyond the end of a " + std::string(region->what) + " buffer of " +
                         std::to_string(region->bytes) + " bytes"
                   : cta.launch.regions.describeNeighbours(address));
  }
  if (isStore && region->readOnly) {
    check = Check::WriteToReadOnly;
    return "write to " + std::string(region->what) + " memory";
  }
  warp.hint = region;
  places.shadow[lane] = region->shadow ? reinterpret_cast<uint64_t>(region->shadow + (address - region->base)) : 0;
  return "";
}

Step resolveSlowly(Warp &warp, const Inst &inst, uint32_t mask, Window window, uint32_t bytes, uint32_t align,
                   bool isStore, Places &places) {
  places.hasShadow = true;
  places.isShared = false;
  for (LaneIterator lane(mask); lane; ++lane) {
    Check check = Check::OutOfBounds;
    std::string sentence = resolveLane(warp, *lane, window, bytes, align, isStore, places, check);
    if (!sentence.empty())
      return warp.fault(inst, check, static_cast<int>(*lane), std::move(sentence));
  }
  unsigned live = lowestLane(mask);
  for (LaneIterator lane(~mask); lane; ++lane) {
    places.address[*lane] = places.address[live];
    places.shadow[*lane] = places.shadow[live];
  }
  return Step::Next;
}

Step reportMisaligned(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t align) {
  for (LaneIterator lane(mask); lane; ++lane)
    if (places.address[*lane] & (align - 1))
      return warp.fault(inst, Check::Misaligned, static_cast<int>(*lane),
                        "address " + hex(places.address[*lane]) + " is not a multiple of " + std::to_string(align));
  return Step::Next;
}

std::string describePending(const Cta &cta, uint32_t offset) {
  for (const auto &warp : cta.warps)
    if (const AsyncCopy *copy = warp->copies.pendingAt(offset))
      return "the cp.async of line " + std::to_string(cta.program.lines[copy->pc]);
  const AsyncOperation *operation =
      cta.async.find([offset](const AsyncOperation &each) { return each.writesShared(offset); });
  return operation ? operation->describe(cta) : "an asynchronous operation";
}

Step reportUninitialized(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  Cta &cta = warp.cta;
  for (LaneIterator lane(mask); lane; ++lane) {
    const uint8_t *shadow = places.shadowOf(*lane);
    for (uint32_t i = 0; shadow && i < bytes; ++i) {
      if (shadow[i] == kWritten)
        continue;
      int who = static_cast<int>(*lane);
      bool inShared = shadow >= cta.sharedShadow && shadow < cta.sharedShadow + cta.sharedBytes;
      if (!inShared) {
        const Region *region = cta.launch.regions.find(places.address[*lane]);
        std::string where = region ? hex(places.address[*lane] + i) + ", byte " +
                                         std::to_string(places.address[*lane] + i - region->base) + " of a " +
                                         region->what + " buffer of " + std::to_string(region->bytes) + " bytes"
                                   : "local memory of the thread";
        return warp.fault(inst, Check::Uninitialized, who, "read of a byte that nobody wrote: " + where);
      }
      auto offset = static_cast<uint64_t>(shadow + i - cta.sharedShadow);
      if (shadow[i] == kPending)
        return warp.fault(inst, Check::PendingAsync, who,
                          "read of shared byte " + std::to_string(offset) + " before " +
                              describePending(cta, static_cast<uint32_t>(offset)) +
                              " has arrived: no wait for it came between");
      if (shadow[i] == kBarrierObject)
        return warp.fault(inst, Check::MBarrierMisuse, who,
                          "read of shared byte " + std::to_string(offset) +
                              ", which is part of an mbarrier: only mbarrier instructions may touch it");
      return warp.fault(inst, Check::Uninitialized, who,
                        "read of a byte that nobody wrote: shared byte " + std::to_string(offset));
    }
  }
  return Step::Next;
}

Step reportPendingStore(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  Cta &cta = warp.cta;
  for (LaneIterator lane(mask); lane; ++lane) {
    const uint8_t *shadow = places.shadowOf(*lane);
    for (uint32_t i = 0; shadow && i < bytes; ++i)
      if (shadow[i] == kPending || shadow[i] == kBarrierObject) {
        auto offset = static_cast<uint64_t>(shadow + i - cta.sharedShadow);
        if (shadow[i] == kBarrierObject)
          return warp.fault(inst, Check::MBarrierMisuse, static_cast<int>(*lane),
                            "write to shared byte " + std::to_string(offset) +
                                ", which is part of an mbarrier: only mbarrier instructions may touch it");
        return warp.fault(inst, Check::PendingAsync, static_cast<int>(*lane),
                          "write to shared byte " + std::to_string(offset) + ", which " +
                              describePending(cta, static_cast<uint32_t>(offset)) + " is still going to overwrite");
      }
  }
  return Step::Next;
}

/// Whether memory holds already what the lane stores. Compilers let warps of one role write the same constant.
static bool storesWhatIsThere(const Warp &warp, const Inst &inst, unsigned lane, const Places &places, uint32_t bytes) {
  if (!(inst.flags & kWholeStore))
    return false;
  uint32_t size = bytes / inst.count;
  for (uint32_t i = 0; i < inst.count; ++i) {
    uint64_t value = inst.flags & kWideValues ? warp.plane<uint64_t>(inst.list[i])[lane]
                                              : warp.plane<uint32_t>(inst.list[i])[lane];
    if (std::memcmp(places.data(lane) + i * size, &value, size) != 0)
      return false;
  }
  return true;
}

Step checkRaces(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes, bool isStore) {
  Cta &cta = warp.cta;
  HappensBefore &races = *cta.races;
  if (inst.flags & kStrongAccess) {
    races.synchronize(warp.index);
    return Step::Next;
  }
  if (!places.isShared)
    return Step::Next;
  Actor actor = races.warpActor(warp.index, warp.indexOf(inst));
  for (LaneIterator lane(mask); lane; ++lane) {
    uint64_t offset = places.address[*lane] - reinterpret_cast<uint64_t>(cta.shared);
    if (offset >= cta.sharedBytes) // a generic access to several spaces
      continue;
    auto first = static_cast<uint32_t>(offset);
    Conflict conflict;
    bool ordered = isStore ? races.shared.writeBytes(actor, first, bytes, conflict)
                           : races.shared.readBytes(actor, first, bytes, conflict);
    if (ordered)
      continue;
    if (isStore && conflict.earlierWrites && !conflict.proxyOnly &&
        storesWhatIsThere(warp, inst, *lane, places, bytes)) {
      if (cta.launch.options.lints)
        warp.note(inst, Check::Race, Severity::Warning, static_cast<int>(*lane),
                  "warps write shared byte " + std::to_string(first) + " in no order, but the same value");
      uint32_t word = first / 4, words = (first + bytes + 3) / 4 - word;
      races.shared.forget(word, words);
      races.shared.writeBytes(actor, first, bytes, conflict);
      continue;
    }
    cta.reportConflict(actor.pc, &warp, static_cast<int>(*lane), conflict,
                       "shared byte " + std::to_string(4 * conflict.cell), isStore ? "the write" : "the read");
    return Step::Fault;
  }
  return Step::Next;
}

uint8_t *hostPointer(Warp &warp, unsigned lane, uint64_t genericAddress, uint64_t bytes) {
  Cta &cta = warp.cta;
  uint64_t tag = genericAddress & kWindowMask, offset = genericAddress & ~kWindowMask;
  if (tag == kSharedWindow)
    return bytes <= cta.sharedBytes && offset <= cta.sharedBytes - bytes ? cta.shared + offset : nullptr;
  if (tag == kLocalWindow) {
    uint64_t size = warp.program.info.localBytes;
    return bytes <= size && offset <= size - bytes ? warp.local + size * lane + offset : nullptr;
  }
  const Region *region = cta.launch.regions.find(genericAddress);
  return region && region->contains(genericAddress, bytes) ? reinterpret_cast<uint8_t *>(genericAddress) : nullptr;
}

} // namespace thrift::sim
