//===- Cluster.h - the barrier of a cluster, as a part of barrier -----------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_CLUSTER_H
#define THRIFTJIT_RUNTIME_SIM_OPS_CLUSTER_H

#include "runtime/sim/decode/Form.h"

namespace thrift::sim {

/// barrier.cluster.arrive and wait; `.cluster` has been taken.
void decodeClusterBarrier(Form &form);

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_CLUSTER_H
