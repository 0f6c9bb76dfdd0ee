//===- LaunchBinding.cpp - from named values to a kernel's launch arguments ---===//

#include "runtime/LaunchBinding.h"

#include "compiler/Compiler.h"

#include <algorithm>
#include <cstring>

using namespace thrift;

namespace {

enum class Width : uint8_t { I32, I64, F32 };

struct Name {
  const char *spelled;
  Slot slot;
  Width width;
};

constexpr Name names[] = {
    {"batch", Slot::Batch, Width::I32},
    {"q_heads", Slot::QHeads, Width::I32},
    {"kv_heads", Slot::KvHeads, Width::I32},
    {"q_len", Slot::QLen, Width::I32},
    {"kv_len", Slot::KvLen, Width::I32},
    {"q_tiles", Slot::QTiles, Width::I32},
    {"kv_tiles", Slot::KvTiles, Width::I32},
    {"budget_ppm", Slot::BudgetPpm, Width::I32},
    {"top_k", Slot::TopK, Width::I32},
    {"min_blocks", Slot::MinBlocks, Width::I32},
    {"sink", Slot::Sink, Width::I32},
    {"local", Slot::Local, Width::I32},
    {"routes.capacity", Slot::RouteCapacity, Width::I32},
    {"softmax_scale", Slot::SoftmaxScale, Width::F32},
    {"tau", Slot::Tau, Width::F32},
    {"lambda", Slot::Lambda, Width::F32},
    {"q_low.elements", Slot::QElements, Width::I64},
    {"q_low.scales", Slot::QScales, Width::I64},
    {"k_low.elements", Slot::KElements, Width::I64},
    {"k_low.scales", Slot::KScales, Width::I64},
    {"v_low.elements", Slot::VElements, Width::I64},
    {"v_low.scales", Slot::VScales, Width::I64},
    {"routes.counts", Slot::RouteCounts, Width::I64},
    {"routes.ids", Slot::RouteIds, Width::I64},
    {"decisions.sets", Slot::DecisionSets, Width::I64},
    {"decisions.counts", Slot::DecisionCounts, Width::I64},
    {"decisions.tiers", Slot::DecisionTiers, Width::I64},
    {"q", Slot::Q, Width::I64},
    {"q.stride.0", Slot::QStride0, Width::I64},
    {"q.stride.1", Slot::QStride1, Width::I64},
    {"q.stride.2", Slot::QStride2, Width::I64},
    {"k", Slot::K, Width::I64},
    {"k.stride.0", Slot::KStride0, Width::I64},
    {"k.stride.1", Slot::KStride1, Width::I64},
    {"k.stride.2", Slot::KStride2, Width::I64},
    {"v", Slot::V, Width::I64},
    {"v.stride.0", Slot::VStride0, Width::I64},
    {"v.stride.1", Slot::VStride1, Width::I64},
    {"v.stride.2", Slot::VStride2, Width::I64},
    {"o", Slot::O, Width::I64},
    {"o.stride.0", Slot::OStride0, Width::I64},
    {"o.stride.1", Slot::OStride1, Width::I64},
    {"o.stride.2", Slot::OStride2, Width::I64},
    {"lse", Slot::Lse, Width::I64},
    {"lse.stride.0", Slot::LseStride0, Width::I64},
    {"lse.stride.1", Slot::LseStride1, Width::I64},
    {"q_mean", Slot::QMean, Width::I64},
    {"q_mean.stride.0", Slot::QMeanStride0, Width::I64},
    {"q_mean.stride.1", Slot::QMeanStride1, Width::I64},
    {"q_mean.stride.2", Slot::QMeanStride2, Width::I64},
    {"k_mean", Slot::KMean, Width::I64},
    {"k_mean.stride.0", Slot::KMeanStride0, Width::I64},
    {"k_mean.stride.1", Slot::KMeanStride1, Width::I64},
    {"k_mean.stride.2", Slot::KMeanStride2, Width::I64},
    {"scores", Slot::Scores, Width::I64},
    {"scores.stride.0", Slot::ScoresStride0, Width::I64},
    {"scores.stride.1", Slot::ScoresStride1, Width::I64},
    {"scores.stride.2", Slot::ScoresStride2, Width::I64},
    {"watchdog", Slot::Watchdog, Width::I64},
};

const Name *findName(const std::string &spelled) {
  for (const Name &name : names)
    if (spelled == name.spelled)
      return &name;
  return nullptr;
}

} // namespace

void LaunchValues::setFloat(Slot slot, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  set(slot, bits);
}

void LaunchValues::setTensor(Slot first, const TensorView &view) {
  size_t slot = index(first);
  values_[slot] = reinterpret_cast<uintptr_t>(view.data);
  for (int dim = 0; dim + 1 < view.rank; ++dim)
    values_[slot + 1 + dim] = static_cast<uint64_t>(view.stride[dim]);
}

Result<LaunchBinding> LaunchBinding::resolve(const KernelInfo &kernel) {
  LaunchBinding binding;
  auto unknown = [&](const std::string &name) {
    return Status(StatusCode::Internal,
                  "kernel " + kernel.name + " asks for " + name + ", which the runtime does not know");
  };
  LaunchArguments room; // of the same sizes
  for (const std::string &argument : kernel.abi) {
    if (const Name *name = findName(argument)) {
      bool isLong = name->width == Width::I64;
      binding.arguments_.push_back({isLong ? Kind::Long : Kind::Word, static_cast<uint8_t>(name->slot)});
      if (isLong)
        room.addU64(0);
      else
        room.addU32(0);
      continue;
    }
    if (argument.find(".map.") == std::string::npos)
      return unknown(argument);
    Result<MapRequest> request = MapRequest::parse(argument);
    if (!request)
      return Status(StatusCode::Internal,
                    "kernel " + kernel.name + " asks for a bad tensor map: " + request.status().message());
    binding.arguments_.push_back({Kind::Map, static_cast<uint8_t>(binding.maps_.size())});
    binding.maps_.push_back(*request);
    room.addTensorMap(TensorMap());
  }
  if (room.overflowed())
    return Status(StatusCode::Internal,
                  "kernel " + kernel.name + " has too many launch arguments; allowed: " + LaunchArguments::limits());
  for (size_t n = 0; n < kernel.grid.size() && n < 3; ++n) { // the last dimension is x
    const Name *name = findName(kernel.grid[kernel.grid.size() - 1 - n]);
    if (!name || name->width != Width::I32)
      return unknown(kernel.grid[kernel.grid.size() - 1 - n]);
    binding.grid_[n] = name->slot;
  }
  binding.threads_ = static_cast<uint32_t>(kernel.threads);
  binding.sharedBytes_ = static_cast<uint32_t>(kernel.sharedBytes);
  return binding;
}

bool LaunchBinding::asksFor(Slot slot) const {
  return std::any_of(arguments_.begin(), arguments_.end(), [&](Argument argument) {
    return argument.kind != Kind::Map && argument.index == static_cast<uint8_t>(slot);
  });
}

LaunchShape LaunchBinding::shape(const LaunchValues &values) const {
  auto extent = [&](size_t n) { return grid_[n] == Slot::Count ? 1u : static_cast<uint32_t>(values.get(grid_[n])); };
  return {{extent(0), extent(1), extent(2)}, {threads_, 1, 1}, sharedBytes_};
}

Result<LaunchArguments> LaunchBinding::arguments(const LaunchValues &values, const Device &device) const {
  LaunchArguments result;
  for (Argument argument : arguments_) {
    switch (argument.kind) {
    case Kind::Word:
      result.addU32(static_cast<uint32_t>(values.get(static_cast<Slot>(argument.index))));
      break;
    case Kind::Long:
      result.addU64(values.get(static_cast<Slot>(argument.index)));
      break;
    case Kind::Map: {
      const MapRequest &request = maps_[argument.index];
      Result<TensorMapDescription> description = describeMap(request, values.mapped(request.tensor));
      if (!description)
        return description.status();
      Result<TensorMap> map = device.encodeTensorMap(*description);
      if (!map)
        return map.status();
      result.addTensorMap(*map);
      break;
    }
    }
  }
  return result;
}
