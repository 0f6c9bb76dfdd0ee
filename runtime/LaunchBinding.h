//===- LaunchBinding.h - from named values to a kernel's launch arguments -----===//
//
// The compiler spells each launch argument of a kernel ("q_len", "k.stride.1", "v_low.scales", "q.map.64x128.128"). A
// binding resolves the names once, when a plan is made; a launch then copies numbered values, encodes tensor maps
// (MapBinding.h) and looks nothing up.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_LAUNCHBINDING_H
#define THRIFTJIT_RUNTIME_LAUNCHBINDING_H

#include "runtime/Device.h"
#include "runtime/LaunchArguments.h"
#include "runtime/MapBinding.h"
#include "runtime/Status.h"
#include "runtime/TensorView.h"

#include <array>
#include <string>
#include <vector>

namespace thrift {

struct KernelInfo;

// clang-format off
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
  Watchdog,
  Count
};
// clang-format on

/// The values of one launch, and the tensors that may be mapped. Floats are stored by their bits.
class LaunchValues {
public:
  void set(Slot slot, uint64_t value) { values_[index(slot)] = value; }
  void setFloat(Slot slot, float value);
  /// Sets the address and the strides that follow it in the enumeration, one for each dimension but the last.
  void setTensor(Slot first, const TensorView &view);
  uint64_t get(Slot slot) const { return values_[index(slot)]; }

  void setMapped(MappedTensor tensor, const MapSource &source) { mapped_[static_cast<size_t>(tensor)] = source; }
  const MapSource &mapped(MappedTensor tensor) const { return mapped_[static_cast<size_t>(tensor)]; }

private:
  static size_t index(Slot slot) { return static_cast<size_t>(slot); }
  std::array<uint64_t, static_cast<size_t>(Slot::Count)> values_{};
  std::array<MapSource, static_cast<size_t>(MappedTensor::Count)> mapped_{};
};

class LaunchBinding {
public:
  LaunchBinding() = default;
  /// Internal if the kernel asks for a name that is not known here or for a tensor map that no device can make:
  /// compiler and runtime disagree.
  static Result<LaunchBinding> resolve(const KernelInfo &kernel);

  bool asksFor(Slot slot) const;
  LaunchShape shape(const LaunchValues &values) const;
  /// For a launch on `device`. InvalidArgument names a stride or an address of the caller's that no tensor map takes;
  /// never fails for a kernel without maps.
  Result<LaunchArguments> arguments(const LaunchValues &values, const Device &device) const;

private:
  enum class Kind : uint8_t { Word, Long, Map }; ///< 32 bits, 64 bits, a tensor map
  struct Argument {
    Kind kind;
    uint8_t index; ///< a slot, or one of maps_
  };

  std::vector<Argument> arguments_;
  std::vector<MapRequest> maps_;
  std::array<Slot, 3> grid_ = {Slot::Count, Slot::Count, Slot::Count}; ///< x, y, z; Count means 1
  uint32_t threads_ = 0, sharedBytes_ = 0;
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_LAUNCHBINDING_H
