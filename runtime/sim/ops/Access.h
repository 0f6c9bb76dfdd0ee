//===- Access.h - from addresses to host memory, checked --------------------===//
//
// Every access of every instruction goes through resolve(): it turns the addresses of the lanes into host pointers
// after checking bounds, alignment and permission, and finds the shadow bytes. The usual case, all lanes in one buffer,
// is a few vector operations (AccessFast.cpp); everything else is in Access.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_ACCESS_H
#define THRIFTJIT_RUNTIME_SIM_OPS_ACCESS_H

#include "runtime/sim/machine/Cta.h"

#include <cstring>
#include <string>

namespace thrift::sim {

/// Inst::flags of memory instructions.
constexpr uint32_t kWideAddress = 1; ///< the address register has 64 bits
constexpr unsigned kWindowFlagShift = 4;
/// A strong access (relaxed, acquire, release, volatile): part of the synchronisation, never a race.
constexpr uint32_t kStrongAccess = 1u << 28;
/// A store of inst.count registers in inst.list, all of which is written; with 64-bit lanes.
constexpr uint32_t kWholeStore = 1u << 27, kWideValues = 1u << 26;

/// Which addresses a memory instruction takes.
enum class Window : uint8_t { Global, Shared, Local, Generic, KernelParameter };

inline Window windowOf(const Inst &inst) { return static_cast<Window>(inst.flags >> kWindowFlagShift & 7); }

/// Where each lane's bytes are; lanes that take no part repeat those of one that does.
struct Places {
  alignas(64) uint64_t address[kWarpSize]; ///< host addresses
  alignas(64) uint64_t shadow[kWarpSize];  ///< host addresses of shadow bytes; valid if hasShadow, 0: needs no check
  bool hasShadow = false;
  bool isShared = false;

  uint8_t *data(unsigned lane) const { return reinterpret_cast<uint8_t *>(address[lane]); }
  uint8_t *shadowOf(unsigned lane) const { return reinterpret_cast<uint8_t *>(shadow[lane]); }
};

/// The slow paths: several windows or buffers, and everything that is reported. `places.address` has the addresses as
/// the program gave them.
Step resolveSlowly(Warp &warp, const Inst &inst, uint32_t mask, Window window, uint32_t bytes, uint32_t align,
                   bool isStore, Places &places);
Step reportMisaligned(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t align);
/// Some byte that is read is not written. Finds it and says why.
Step reportUninitialized(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes);
/// A store hits a byte that a pending asynchronous copy will overwrite.
Step reportPendingStore(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes);

/// "the cp.async of line 7": what is going to write a pending byte of shared memory.
std::string describePending(const Cta &cta, uint32_t offset);

/// Host memory behind a generic address of one lane, or null; for builtins.
uint8_t *hostPointer(Warp &warp, unsigned lane, uint64_t genericAddress, uint64_t bytes);

/// Addresses of all lanes: register plane a plus imm. Lanes off the mask repeat a live one.
void laneAddresses(Warp &warp, const Inst &inst, uint32_t mask, uint64_t *address);

/// The fast paths, for the vector unit of this machine.
struct AccessFunctions {
  using Resolve = Step (*)(Warp &warp, const Inst &inst, uint32_t mask, uint32_t bytes, uint32_t align, bool isStore,
                           Places &places);
  using Check = Step (*)(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes);

  Resolve resolve[5]; ///< by Window
  Check checkWritten, markWritten;
};
const AccessFunctions &accessFunctions();

/// Checks an access of `bytes` per lane and fills `places`. Step::Next, or Step::Fault after a report.
inline Step resolve(Window window, Warp &warp, const Inst &inst, uint32_t mask, uint32_t bytes, uint32_t align,
                    bool isStore, Places &places) {
  return warp.access.resolve[static_cast<size_t>(window)](warp, inst, mask, bytes, align, isStore, places);
}

/// Whether the access to shared memory is ordered after those that it conflicts with (Options::checkRaces).
Step checkRaces(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes, bool isStore);

/// Step::Fault if a byte that is about to be read was never written, or the access is a race.
inline Step checkWritten(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  Step step = places.hasShadow ? warp.access.checkWritten(warp, inst, mask, places, bytes) : Step::Next;
  if (step == Step::Next && warp.cta.races)
    return checkRaces(warp, inst, mask, places, bytes, false);
  return step;
}

/// Marks what is about to be stored as written; Step::Fault if an asynchronous copy is on its way there, if it is part
/// of an mbarrier, or if the access is a race.
inline Step markWritten(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  Step step = places.hasShadow ? warp.access.markWritten(warp, inst, mask, places, bytes) : Step::Next;
  if (step == Step::Next && warp.cta.races)
    return checkRaces(warp, inst, mask, places, bytes, true);
  return step;
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_ACCESS_H
