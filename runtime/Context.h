//===- Context.h - makes plans for one device -------------------------------===//
//
//   Result<std::shared_ptr<Context>> context = Context::create();     // the first GPU, else the simulator
//   Result<Plan> plan = (*context)->plan(spec);
//
// Thread-safe. A context holds the device, the kernel cache and the loaded modules; plans keep it alive.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CONTEXT_H
#define THRIFTJIT_RUNTIME_CONTEXT_H

#include "runtime/Plan.h"

#include <functional>
#include <memory>
#include <string>

namespace thrift {

class Device;

struct ContextOptions {
  std::string device = "auto";   ///< auto, cuda, cuda:N, sim; none: compile only, for a named target
  std::shared_ptr<Device> opened; ///< a device that the caller has opened, in place of `device`
  bool diskCache = true;         ///< keep compiled kernels in THRIFTJIT_CACHE_DIR or its defaults
  std::string reproducerDir;     ///< where failed compilations leave a file to reproduce them; empty: the temporary directory
  unsigned simThreads = 0;       ///< of the simulator; 0: THRIFTJIT_SIM_THREADS, or all cores
  std::string simDelivery;       ///< lazy, eager, random or random:SEED; empty: THRIFTJIT_SIM_DELIVERY
  std::string simChecks;         ///< memory, races or strict; empty: THRIFTJIT_SIM_CHECKS
  std::function<void(const std::string &)> warn; ///< gets each warning, one sentence; may be null
};

class Context : public std::enable_shared_from_this<Context> {
public:
  static Result<std::shared_ptr<Context>> create(ContextOptions options = {});
  virtual ~Context() = default;

  /// Compiles or loads what the spec needs. Unsupported lists every rule that the spec breaks on the target.
  virtual Result<Plan> plan(const Spec &spec) = 0;

  /// The device, or null for `none`. Its memory functions are a convenience; plans take any address that it can reach.
  virtual std::shared_ptr<Device> device() const = 0;
  /// Which device it is, and for `auto` why; a sentence for people.
  virtual std::string deviceSentence() const = 0;

protected:
  Context() = default;
  /// For implementations: wraps a finished state.
  static Plan makePlan(std::shared_ptr<const PlanState> state) { return Plan(std::move(state)); }
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_CONTEXT_H
