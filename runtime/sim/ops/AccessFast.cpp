//===- AccessFast.cpp - the usual access: all lanes in one place ------------===//
//
// Compiled for the baseline and for AVX2, like the handlers, but once per window and not once per instruction.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Compiled.h"
#include "runtime/sim/ops/Access.h"

namespace thrift::sim {

namespace {

/// Addresses of all lanes: register plane a plus imm. Lanes off the mask repeat a live one.
THRIFT_SIM_INLINE void fillAddresses(Warp &warp, const Inst &inst, uint32_t mask, uint64_t *address) {
  auto offset = static_cast<uint64_t>(inst.imm);
  if (inst.flags & kWideAddress) {
    const uint64_t *a = warp.plane<uint64_t>(inst.a);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      address[lane] = a[lane] + offset;
  } else {
    const uint32_t *a = warp.plane<uint32_t>(inst.a);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      address[lane] = static_cast<uint32_t>(a[lane] + offset);
  }
  if (mask != kFullMask) {
    uint64_t live = address[lowestLane(mask)];
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      address[lane] = blendLane(mask, lane, address[lane], live);
  }
}

/// Whether all addresses lie in [base, base + limit], and the bits by which they miss alignment.
THRIFT_SIM_INLINE bool allWithin(const uint64_t *address, uint64_t base, uint64_t limit, uint64_t &low) {
  uint64_t outside = 0, bits = 0;
  THRIFT_SIM_LANES
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    outside |= uint64_t(address[lane] - base > limit);
    bits |= address[lane];
  }
  low = bits;
  return outside == 0;
}

/// From addresses in a window to host addresses: lane i's data and shadow begin at base + i * stride.
THRIFT_SIM_INLINE void translate(Places &places, uint64_t data, uint64_t dataStride, uint64_t shadow,
                                 uint64_t shadowStride) {
  THRIFT_SIM_LANES
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    places.shadow[lane] = places.address[lane] + shadow + lane * shadowStride;
    places.address[lane] += data + lane * dataStride;
  }
}

/// Checks an access of `bytes` per lane and fills `places`. Step::Next, or Step::Fault after a report.
template <Window W>
THRIFT_SIM_INLINE Step resolveFast(Warp &warp, const Inst &inst, uint32_t mask, uint32_t bytes, uint32_t align,
                                   bool isStore, Places &places) {
  fillAddresses(warp, inst, mask, places.address);
  uint64_t low;
  if constexpr (W == Window::Global || W == Window::Generic) {
    const Region *region = warp.hint;
    if (region && region->bytes >= bytes && !(isStore && region->readOnly) &&
        allWithin(places.address, region->base, region->bytes - bytes, low)) {
      if (low & (align - 1))
        return reportMisaligned(warp, inst, mask, places, align);
      places.hasShadow = region->shadow != nullptr;
      if (places.hasShadow)
        translate(places, 0, 0, reinterpret_cast<uint64_t>(region->shadow) - region->base, 0);
      return Step::Next;
    }
  }
  if constexpr (W == Window::Shared || W == Window::Generic) {
    Cta &cta = warp.cta;
    constexpr uint64_t kBase = W == Window::Generic ? kSharedWindow : 0;
    if (cta.sharedBytes >= bytes && allWithin(places.address, kBase, cta.sharedBytes - bytes, low)) {
      if (low & (align - 1))
        return reportMisaligned(warp, inst, mask, places, align);
      places.hasShadow = places.isShared = true;
      translate(places, reinterpret_cast<uint64_t>(cta.shared) - kBase, 0,
                reinterpret_cast<uint64_t>(cta.sharedShadow) - kBase, 0);
      return Step::Next;
    }
  }
  if constexpr (W == Window::Local || W == Window::Generic) {
    uint64_t size = warp.program.info.localBytes;
    constexpr uint64_t kBase = W == Window::Generic ? kLocalWindow : 0;
    if (size >= bytes && allWithin(places.address, kBase, size - bytes, low)) {
      if (low & (align - 1))
        return reportMisaligned(warp, inst, mask, places, align);
      places.hasShadow = true;
      translate(places, reinterpret_cast<uint64_t>(warp.local) - kBase, size,
                reinterpret_cast<uint64_t>(warp.localShadow) - kBase, size);
      return Step::Next;
    }
  }
  return resolveSlowly(warp, inst, mask, W, bytes, align, isStore, places);
}

/// The bits in which the shadow of an access differs from "all written", over all lanes; 0 is good.
template <unsigned Bytes>
THRIFT_SIM_INLINE uint64_t unwrittenBits(const Places &places) {
  uint64_t bits = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    const uint8_t *shadow = places.shadowOf(lane);
    if (!shadow)
      continue;
    if constexpr (Bytes >= 8) {
      for (unsigned i = 0; i < Bytes; i += 8) {
        uint64_t word;
        std::memcpy(&word, shadow + i, 8);
        bits |= word ^ kWritten64;
      }
    } else if constexpr (Bytes == 4) {
      uint32_t word;
      std::memcpy(&word, shadow, 4);
      bits |= word ^ kWritten32;
    } else {
      for (unsigned i = 0; i < Bytes; ++i)
        bits |= shadow[i] ^ kWritten;
    }
  }
  return bits;
}

THRIFT_SIM_INLINE Step checkFast(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  uint64_t bits = 0;
  switch (bytes) {
  case 1:
    bits = unwrittenBits<1>(places);
    break;
  case 2:
    bits = unwrittenBits<2>(places);
    break;
  case 4:
    bits = unwrittenBits<4>(places);
    break;
  case 8:
    bits = unwrittenBits<8>(places);
    break;
  case 16:
    bits = unwrittenBits<16>(places);
    break;
  default:
    bits = unwrittenBits<32>(places);
    break;
  }
  return bits == 0 ? Step::Next : reportUninitialized(warp, inst, mask, places, bytes);
}

/// Ors all shadow bytes of a store into `before`, or marks them as written.
template <unsigned Bytes, bool Mark>
THRIFT_SIM_INLINE void visitShadow(const Places &places, uint32_t mask, uint64_t &before) {
  auto visit = [&](unsigned lane) {
    using Word =
        std::conditional_t<(Bytes >= 8), uint64_t,
                           std::conditional_t<Bytes == 4, uint32_t, std::conditional_t<Bytes == 2, uint16_t, uint8_t>>>;
    uint8_t *shadow = places.shadowOf(lane);
    if (!shadow)
      return;
    for (unsigned i = 0; i < Bytes; i += sizeof(Word)) {
      Word word = static_cast<Word>(kWritten64);
      if constexpr (Mark) {
        std::memcpy(shadow + i, &word, sizeof word);
      } else {
        std::memcpy(&word, shadow + i, sizeof word);
        before |= word;
      }
    }
  };
  if (mask == kFullMask)
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      visit(lane);
  else
    for (LaneIterator lane(mask); lane; ++lane)
      visit(*lane);
}

template <bool Mark>
THRIFT_SIM_INLINE void visitShadow(const Places &places, uint32_t mask, uint32_t bytes, uint64_t &before) {
  switch (bytes) {
  case 1:
    return visitShadow<1, Mark>(places, mask, before);
  case 2:
    return visitShadow<2, Mark>(places, mask, before);
  case 4:
    return visitShadow<4, Mark>(places, mask, before);
  case 8:
    return visitShadow<8, Mark>(places, mask, before);
  case 16:
    return visitShadow<16, Mark>(places, mask, before);
  default:
    return visitShadow<32, Mark>(places, mask, before);
  }
}

THRIFT_SIM_INLINE Step markFast(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  uint64_t before = 0;
  if (places.isShared) {
    visitShadow<false>(places, mask, bytes, before);
    constexpr uint64_t kNotForStores = kWritten64 * (kPending | kBarrierObject);
    if (before & kNotForStores)
      return reportPendingStore(warp, inst, mask, places, bytes);
  }
  visitShadow<true>(places, mask, bytes, before);
  return Step::Next;
}

#define THRIFT_SIM_AVX2 [[gnu::target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c")]]

template <Window W>
Step resolveBaseline(Warp &warp, const Inst &inst, uint32_t mask, uint32_t bytes, uint32_t align, bool isStore,
                     Places &places) {
  return resolveFast<W>(warp, inst, mask, bytes, align, isStore, places);
}
Step checkBaseline(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  return checkFast(warp, inst, mask, places, bytes);
}
Step markBaseline(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  return markFast(warp, inst, mask, places, bytes);
}
constexpr AccessFunctions kBaseline = {{&resolveBaseline<Window::Global>, &resolveBaseline<Window::Shared>,
                                        &resolveBaseline<Window::Local>, &resolveBaseline<Window::Generic>,
                                        &resolveBaseline<Window::KernelParameter>},
                                       &checkBaseline,
                                       &markBaseline};

#if defined(__x86_64__)
template <Window W>
THRIFT_SIM_AVX2 Step resolveAvx2(Warp &warp, const Inst &inst, uint32_t mask, uint32_t bytes, uint32_t align,
                                 bool isStore, Places &places) {
  return resolveFast<W>(warp, inst, mask, bytes, align, isStore, places);
}
THRIFT_SIM_AVX2 Step checkAvx2(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  return checkFast(warp, inst, mask, places, bytes);
}
THRIFT_SIM_AVX2 Step markAvx2(Warp &warp, const Inst &inst, uint32_t mask, const Places &places, uint32_t bytes) {
  return markFast(warp, inst, mask, places, bytes);
}
constexpr AccessFunctions kAvx2 = {{&resolveAvx2<Window::Global>, &resolveAvx2<Window::Shared>,
                                    &resolveAvx2<Window::Local>, &resolveAvx2<Window::Generic>,
                                    &resolveAvx2<Window::KernelParameter>},
                                   &checkAvx2,
                                   &markAvx2};
#endif

} // namespace

void laneAddresses(Warp &warp, const Inst &inst, uint32_t mask, uint64_t *address) {
  fillAddresses(warp, inst, mask, address);
}

const AccessFunctions &accessFunctions() {
#if defined(__x86_64__)
  if (detectVectorUnit() == VectorUnit::Avx2)
    return kAvx2;
#endif
  return kBaseline;
}

} // namespace thrift::sim
