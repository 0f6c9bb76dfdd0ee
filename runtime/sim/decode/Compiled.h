//===- Compiled.h - a handler for each vector unit --------------------------===//
//
// The same always-inlined body, compiled for the baseline and, on x86, for AVX2 with FMA; decode picks one. Kernels
// must not call functions that are compiled in the body's flavour but shared with others: the linker would keep either.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_DECODE_COMPILED_H
#define THRIFTJIT_RUNTIME_SIM_DECODE_COMPILED_H

#include "runtime/sim/machine/Inst.h"
#include "runtime/sim/machine/Lanes.h"

namespace thrift::sim {

enum class VectorUnit : uint8_t { Baseline, Avx2 };

/// The best one that this machine has.
VectorUnit detectVectorUnit();

template <typename Kernel>
struct Compiled {
  static Step full(Warp &warp, const Inst &inst, uint32_t mask) { return Kernel::template run<true>(warp, inst, mask); }
  static Step masked(Warp &warp, const Inst &inst, uint32_t mask) {
    return Kernel::template run<false>(warp, inst, mask);
  }
#if defined(__x86_64__)
  [[gnu::target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c")]] static Step fullAvx2(Warp &warp, const Inst &inst,
                                                                              uint32_t mask) {
    return Kernel::template run<true>(warp, inst, mask);
  }
  [[gnu::target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c")]] static Step maskedAvx2(Warp &warp, const Inst &inst,
                                                                                uint32_t mask) {
    return Kernel::template run<false>(warp, inst, mask);
  }
#endif
};

template <typename Kernel>
Handler pickFull(VectorUnit unit) {
#if defined(__x86_64__)
  if (unit == VectorUnit::Avx2)
    return &Compiled<Kernel>::fullAvx2;
#endif
  return &Compiled<Kernel>::full;
}

template <typename Kernel>
Handler pickMasked(VectorUnit unit) {
#if defined(__x86_64__)
  if (unit == VectorUnit::Avx2)
    return &Compiled<Kernel>::maskedAvx2;
#endif
  return &Compiled<Kernel>::masked;
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_DECODE_COMPILED_H
