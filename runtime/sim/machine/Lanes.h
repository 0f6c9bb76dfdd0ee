//===- Lanes.h - 32 lanes at a time -----------------------------------------===//
//
// How a register holds the values of a warp, and how a loop over its lanes is written so that the compiler vectorises
// it.
//
// A plane is one value per lane: uint32_t[32] for every type of up to 32 bits (zero-extended), uint64_t[32] for 64-bit
// types; a 128-bit register is two consecutive 64-bit planes, low half first. Predicates are not planes but bit masks.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_LANES_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_LANES_H

#include <cstdint>
#include <type_traits>

// Before a loop over lanes: destination and sources may be the same plane, but lane i only ever touches lane i.
#if defined(__clang__)
#define THRIFT_SIM_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define THRIFT_SIM_LANES _Pragma("GCC ivdep")
#endif

// Instruction bodies must be part of the handler that is compiled for AVX2, or they would be compiled for the baseline.
#define THRIFT_SIM_INLINE [[gnu::always_inline]] inline

namespace thrift::sim {

constexpr unsigned kWarpSize = 32;
constexpr uint32_t kFullMask = 0xFFFFFFFFu;
constexpr uint32_t kPlaneBytes = kWarpSize * sizeof(uint32_t);

/// How the type T is stored in a plane.
template <typename T>
using LaneOf = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
THRIFT_SIM_INLINE T fromLane(LaneOf<T> bits) {
  if constexpr (sizeof(T) == sizeof(LaneOf<T>))
    return __builtin_bit_cast(T, bits);
  else if constexpr (sizeof(T) == 2)
    return __builtin_bit_cast(T, static_cast<uint16_t>(bits));
  else
    return __builtin_bit_cast(T, static_cast<uint8_t>(bits));
}

template <typename T>
THRIFT_SIM_INLINE LaneOf<T> toLane(T value) {
  if constexpr (sizeof(T) == sizeof(LaneOf<T>))
    return __builtin_bit_cast(LaneOf<T>, value);
  else if constexpr (sizeof(T) == 2)
    return __builtin_bit_cast(uint16_t, value);
  else
    return __builtin_bit_cast(uint8_t, value);
}

/// `value` where the lane takes part, else what was there. Written with a mask of all ones instead of a branch.
template <typename L>
THRIFT_SIM_INLINE L blendLane(uint32_t mask, unsigned lane, L value, L old) {
  L keep = L(0) - static_cast<L>((mask >> lane) & 1u);
  return (value & keep) | (old & ~keep);
}

THRIFT_SIM_INLINE bool hasLane(uint32_t mask, unsigned lane) { return (mask >> lane) & 1u; }

/// Lowest lane of a mask that is not empty.
THRIFT_SIM_INLINE unsigned lowestLane(uint32_t mask) { return static_cast<unsigned>(__builtin_ctz(mask)); }

/// Visits the lanes of a mask in ascending order: for (LaneIterator it(mask); it; ++it) use(*it);
class LaneIterator {
public:
  explicit LaneIterator(uint32_t mask) : rest_(mask) {}
  explicit operator bool() const { return rest_ != 0; }
  unsigned operator*() const { return lowestLane(rest_); }
  LaneIterator &operator++() {
    rest_ &= rest_ - 1;
    return *this;
  }

private:
  uint32_t rest_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_LANES_H
