//===- Barriers.h - the sixteen barriers of a CTA ---------------------------===//
//
// bar/barrier sync, arrive and red. Arrivals are counted in threads: a warp whose live lanes have all arrived counts as
// 32, like in hardware. Without a thread count a barrier waits for every live thread of the CTA.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_BARRIERS_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_BARRIERS_H

#include "runtime/sim/machine/HappensBefore.h"
#include "runtime/sim/machine/Inst.h"

#include <array>
#include <string>
#include <vector>

namespace thrift::sim {

class Cta;
class Warp;

enum class Reduction : uint8_t { None, Popc, And, Or };

constexpr uint32_t kNumBarriers = 16;

class Barriers {
public:
  void reset(unsigned warps);

  /// Lanes arrive and will wait (sync, red). `threads` is 0 without a count. The sentence that forbids it, or "".
  std::string sync(Cta &cta, Warp &warp, const Inst &inst, uint32_t lanes, uint32_t barrier, uint32_t threads,
                   Reduction reduction, uint32_t bits);
  /// Lanes arrive and go on (arrive).
  std::string arrive(Cta &cta, Warp &warp, uint32_t lanes, uint32_t barrier, uint32_t threads);
  /// Completes whatever is complete now; called after arrivals and exits.
  void settle(Cta &cta);
  /// "barrier 3: 64 of 128 threads have arrived"
  std::string describe(const Cta &cta, uint32_t barrier) const;

private:
  struct Waiter {
    Warp *warp = nullptr;
    const Inst *inst = nullptr;
    uint32_t lanes = 0;
  };
  struct Barrier {
    bool used = false;
    uint32_t threads = 0;
    Reduction reduction = Reduction::None;
    std::vector<uint32_t> arrived; ///< lanes, per warp
    std::vector<Waiter> waiters;
    uint32_t popc = 0;
    bool all = true, any = false;
    Knowledge known; ///< of those who have arrived
  };

  std::string enter(Cta &cta, Warp &warp, uint32_t lanes, uint32_t barrier, uint32_t threads, Reduction reduction,
                    bool waits);
  uint64_t countOf(const Cta &cta, const Barrier &barrier) const;
  bool isComplete(const Cta &cta, const Barrier &barrier) const;
  void complete(Cta &cta, uint32_t barrier);

  std::array<Barrier, kNumBarriers> barriers_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_BARRIERS_H
