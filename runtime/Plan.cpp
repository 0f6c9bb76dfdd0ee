//===- Plan.cpp - what a plan says about itself -----------------------------===//

#include "runtime/Plan.h"

#include "compiler/WatchdogLayout.h"
#include "runtime/WorkspaceLayout.h"

using namespace thrift;

const PlanState &thrift::stateOf(const Plan &plan) { return *plan.state_; }

const Spec &Plan::spec() const { return state_->spec; }
std::string Plan::target() const { return std::string(state_->target->name); }
std::string Plan::lowering() const {
  return std::string(state_->target->lowering) + "; " + std::string(state_->target->lowFormats);
}
std::string Plan::notice() const { return std::string(state_->target->notice); }
const std::vector<PlanKernel> &Plan::kernels() const { return state_->kernels; }

int Plan::launches(bool packed) const {
  int keys = state_->quantizeK.has_value() + state_->quantizeV.has_value();
  return state_->quantizeQ.has_value() + (packed ? 0 : keys) + state_->rank.has_value() + state_->prefill.has_value();
}

int64_t Plan::granule() const { return state_->granule; }

int64_t Plan::routeCapacity(const Extents &extents) const {
  return thrift::routeCapacity(state_->spec, state_->budget, extents);
}

size_t Plan::watchdogBytes() const {
  return state_->prefill && state_->prefill->binding.asksFor(Slot::Watchdog) ? watchdog::kBytes : 0;
}

WatchdogReport Plan::readWatchdog(const void *records) const {
  return watchdogBytes() ? thrift::readWatchdog(records, state_->prefill->barriers) : WatchdogReport();
}

Result<size_t> Plan::workspaceBytes(const Extents &extents, bool packed) const {
  if (Status status = validateExtents(extents, state_->spec); !status)
    return status;
  return workspaceLayout(*state_, extents, packed).end;
}

Result<PackedKV> Plan::packedLayout(const Extents &extents) const {
  if (Status status = validateExtents(extents, state_->spec); !status)
    return status;
  if (state_->budget == Budget::AllHigh)
    return Status::invalid("budget", "1", "less than 1: nothing is packed when every block runs high");
  return thrift::packedLayout(*state_, extents);
}
