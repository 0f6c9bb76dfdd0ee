//===- BulkGroups.h - bulk async-groups of the threads of a warp ------------===//
//
// PTX ISA "cp.async.bulk.commit_group": each thread gathers its bulk stores in groups of its own. An operation belongs
// to the group that its lane commits next.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_BULKGROUPS_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_BULKGROUPS_H

#include "runtime/sim/machine/Lanes.h"

#include <array>

namespace thrift::sim {

class BulkGroups {
public:
  void reset() { committed_.fill(0); }
  void commit(uint32_t lanes) {
    for (LaneIterator lane(lanes); lane; ++lane)
      ++committed_[*lane];
  }
  /// The group that an operation of this lane belongs to.
  uint32_t current(unsigned lane) const { return committed_[lane]; }
  /// Whether a wait until at most `pending` groups of the lane are incomplete is one for this group.
  bool covers(unsigned lane, uint32_t group, uint64_t pending) const { return group + pending < committed_[lane]; }

private:
  std::array<uint32_t, kWarpSize> committed_{};
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_BULKGROUPS_H
