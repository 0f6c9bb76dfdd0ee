//===- Map.h - kernels that apply a function lane by lane -------------------===//
//
// Op::apply computes one lane. MapN<Op, R, A...> makes a kernel of it that reads planes inst.a, b, c as types A..., and
// writes plane inst.d as type R; TestN writes predicates. Op may not fault and must be defined for all inputs, for it
// is also evaluated for lanes that are masked off.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_MAP_H
#define THRIFTJIT_RUNTIME_SIM_OPS_MAP_H

#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/machine/Lanes.h"
#include "runtime/sim/machine/Warp.h"

namespace thrift::sim {

template <bool Full, typename L>
THRIFT_SIM_INLINE void storeLane(L *plane, unsigned lane, uint32_t mask, L value) {
  if constexpr (Full)
    plane[lane] = value;
  else
    plane[lane] = blendLane(mask, lane, value, plane[lane]);
}

template <typename Op, typename R, typename A>
struct Map1 {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    auto *d = warp.plane<LaneOf<R>>(inst.d);
    const auto *a = warp.plane<LaneOf<A>>(inst.a);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, toLane<R>(Op::apply(fromLane<A>(a[lane]))));
    return Step::Next;
  }
};

template <typename Op, typename R, typename A, typename B = A>
struct Map2 {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    auto *d = warp.plane<LaneOf<R>>(inst.d);
    const auto *a = warp.plane<LaneOf<A>>(inst.a);
    const auto *b = warp.plane<LaneOf<B>>(inst.b);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, toLane<R>(Op::apply(fromLane<A>(a[lane]), fromLane<B>(b[lane]))));
    return Step::Next;
  }
};

template <typename Op, typename R, typename A, typename B = A, typename C = B>
struct Map3 {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    auto *d = warp.plane<LaneOf<R>>(inst.d);
    const auto *a = warp.plane<LaneOf<A>>(inst.a);
    const auto *b = warp.plane<LaneOf<B>>(inst.b);
    const auto *c = warp.plane<LaneOf<C>>(inst.c);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask,
                      toLane<R>(Op::apply(fromLane<A>(a[lane]), fromLane<B>(b[lane]), fromLane<C>(c[lane]))));
    return Step::Next;
  }
};

/// The lanes for which Op::apply is true, as a mask.
template <typename Op, typename A>
THRIFT_SIM_INLINE uint32_t lanesWhere(const LaneOf<A> *a) {
  uint32_t bits = 0;
  THRIFT_SIM_LANES
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    bits |= static_cast<uint32_t>(Op::apply(fromLane<A>(a[lane]))) << lane;
  return bits;
}

template <typename Op, typename A>
THRIFT_SIM_INLINE uint32_t lanesWhere(const LaneOf<A> *a, const LaneOf<A> *b) {
  uint32_t bits = 0;
  THRIFT_SIM_LANES
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    bits |= static_cast<uint32_t>(Op::apply(fromLane<A>(a[lane]), fromLane<A>(b[lane]))) << lane;
  return bits;
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_MAP_H
