//===- LaunchBinding.h - from named values to a kernel's launch arguments -----===//
//
// The compiler spells each launch argument of a kernel ("q_len", "k.stride.1", "v_low.scales"). A binding resolves the names
// once, when a plan is made; a launch then copies numbered values and looks nothing up.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_LAUNCHBINDING_H
#define THRIFTJIT_RUNTIME_LAUNCHBINDING_H

#include "runtime/Device.h"
#include "runtime/LaunchArguments.h"
#include "runtime/Status.h"
#include "runtime/TensorView.h"

#include <array>
#include <string>
#include <vector>

namespace thrift {

struct KernelInfo;

/// Every value that some kernel may ask for.
enum class Slot : uint8_t {
  Batch, QHeads, KvHeads, QLen, KvLen, QTiles, KvTiles,       // i32 dimensions
  BudgetPpm, TopK, MinBlocks, Sink, Local,                    // i32
  RouteCapacity,                                              // i32
  SoftmaxScale, Tau, Lambda,                                  // f32
  QElements, QScales, KElements, KScales, VElements, VScales, // addresses
  RouteCounts, RouteIds, DecisionSets, DecisionCounts, DecisionTiers,
  Q, QStride0, QStride1, QStride2, K, KStride0, KStride1, KStride2, V, VStride0, VStride1, VStride2,
  O, OStride0, OStride1, OStride2, Lse, LseStride0, LseStride1,
  QMean, QMeanStride0, QMeanStride1, QMeanStride2, KMean, KMeanStride0, KMeanStride1, KMeanStride2,
  Scores, ScoresStride0, ScoresStride1, ScoresStride2,
  Count
};

/// The values of one launch. Floats are stored by their bits.
class LaunchValues {
public:
  void set(Slot slot, uint64_t value) { values_[index(slot)] = value; }
  void setFloat(Slot slot, float value);
  /// Sets the address and the strides that follow it in the enumeration, one for each dimension but the last.
  void setTensor(Slot first, const TensorView &view);
  uint64_t get(Slot slot) const { return values_[index(slot)]; }

private:
  static size_t index(Slot slot) { return static_cast<size_t>(slot); }
  std::array<uint64_t, static_cast<size_t>(Slot::Count)> values_{};
};

class LaunchBinding {
public:
  LaunchBinding() = default;
  /// Internal if the kernel asks for a name that is not known here: compiler and runtime disagree.
  static Result<LaunchBinding> resolve(const KernelInfo &kernel);

  LaunchShape shape(const LaunchValues &values) const;
  LaunchArguments arguments(const LaunchValues &values) const;

private:
  std::vector<Slot> arguments_;
  std::array<Slot, 3> grid_ = {Slot::Count, Slot::Count, Slot::Count}; ///< x, y, z; Count means 1
  uint32_t threads_ = 0, sharedBytes_ = 0;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_LAUNCHBINDING_H
