//===- ClusterBarrier.h - the barrier of a cluster --------------------------===//
//
// PTX ISA "barrier.cluster": one barrier, split into arrive and wait. It completes when all threads of the cluster that
// have not exited have arrived. A cluster is one CTA here. Misuse is returned as a sentence; "" is good.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_CLUSTERBARRIER_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_CLUSTERBARRIER_H

#include "runtime/sim/machine/HappensBefore.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thrift::sim {

class Cta;
class Warp;

class ClusterBarrier {
public:
  void reset(unsigned warps);

  std::string arrive(Cta &cta, Warp &warp, uint32_t lanes, bool relaxed);
  /// `pending` becomes the lanes whose barrier has not completed; the others have waited.
  std::string wait(Cta &cta, Warp &warp, uint32_t lanes, uint32_t &pending);
  /// Completes the barrier if nobody is missing any more.
  void settle(Cta &cta);
  /// "the cluster barrier (96 of 128 threads have arrived)"
  std::string describe(const Cta &cta) const;

private:
  std::vector<uint32_t> arrived_; ///< by warp: lanes that have arrived since the last completion
  std::vector<uint32_t> owed_;    ///< by warp: lanes that have arrived and not waited
  bool used_ = false;             ///< somebody has arrived since the last completion
  Knowledge arriving_, completed_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_CLUSTERBARRIER_H
