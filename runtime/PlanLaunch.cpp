//===- PlanLaunch.cpp - checks arguments and starts kernels -----------------===//

#include "runtime/WorkspaceLayout.h"
#include "runtime/reference/Budget.h"

#include "dialect/formats/PackedLayout.h"

#include <array>
#include <cassert>
#include <cmath>
#include <initializer_list>

using namespace thrift;

namespace {

/// One launch: the values of every argument that some kernel asks for.
class Launch {
public:
  Launch(const PlanState &plan, NativeStream stream) : plan(plan), stream{stream} {}

  Status bind(const AttentionArguments &arguments, Workspace workspace);
  Status bindKeys(const TensorView &k, const TensorView &v, const PackedKV &packed);
  /// Starts kernels one after another, once the arguments of all are known to be good. Empty ones are left out.
  Status start(std::initializer_list<const std::optional<PlannedKernel> *> kernels) const;

  bool packsKeys = true;

private:
  Status checkTensor(const TensorView &view, const char *field, int64_t channels, size_t alignment, bool output) const;
  Status checkExtents(const AttentionArguments &arguments);
  Status bindRouter(const AttentionArguments &arguments, const WorkspaceLayout &layout, char *workspace);
  Status bindRoutes(const AttentionArguments &arguments, const WorkspaceLayout &layout, char *workspace);
  void setExtents();
  void setTensor(Slot first, MappedTensor mapped, const TensorView &view);
  void setPacked(const PackedKV &packed);

  const PlanState &plan;
  Stream stream;
  Extents extents;
  LaunchValues values;
};

constexpr size_t mostKernels = 5;

uint64_t addressOf(const void *data, size_t offset) { return reinterpret_cast<uintptr_t>(data) + offset; }

} // namespace

/// A tensor of the plan's type with `channels`, whose rows start at multiples of `alignment` bytes.
Status Launch::checkTensor(const TensorView &view, const char *field, int64_t channels, size_t alignment,
                           bool output) const {
  if (Status status = output ? validateOutput(view, field) : validate(view, field); !status)
    return status;
  if (view.rank != 4)
    return Status::invalid(std::string(field) + ".rank", std::to_string(view.rank),
                           "4: [batch, heads, tokens, channels]");
  if (view.dtype != plan.spec.dtype)
    return Status::invalid(std::string(field) + ".dtype", std::string(name(view.dtype)),
                           std::string(name(plan.spec.dtype)) + ", as the plan was made for");
  if (view.shape[3] != channels)
    return Status::invalid(std::string(field) + ".shape[3]", std::to_string(view.shape[3]),
                           std::to_string(channels) + ", as the plan was made for");
  for (int dim = 0; dim < 4; ++dim)
    if (view.shape[dim] < 1)
      return Status::invalid(std::string(field) + ".shape[" + std::to_string(dim) + "]",
                             std::to_string(view.shape[dim]), "1 or more");
  const char *hint = plan.spec.alignment > 2 ? "; a plan with alignment 2 takes any" : "";
  if (reinterpret_cast<uintptr_t>(view.data) % alignment)
    return Status::invalid(std::string(field) + ".data",
                           "an address that is " + std::to_string(reinterpret_cast<uintptr_t>(view.data) % alignment) +
                               " mod " + std::to_string(alignment),
                           "a multiple of " + std::to_string(alignment) + " bytes" + hint);
  for (int dim = 0; dim < 3; ++dim)
    if (view.shape[dim] > 1 && view.stride[dim] % static_cast<int64_t>(alignment / 2))
      return Status::invalid(
          std::string(field) + ".stride[" + std::to_string(dim) + "]", std::to_string(view.stride[dim]),
          "a multiple of " + std::to_string(alignment / 2) + " elements, so that rows are aligned to " +
              std::to_string(alignment) + " bytes" + hint);
  return Status::ok();
}

static Status agree(const char *field, int64_t value, const char *other, int64_t expected) {
  if (value == expected)
    return Status::ok();
  return Status::invalid(field, std::to_string(value), std::to_string(expected) + ", as " + other + " has");
}

Status Launch::checkExtents(const AttentionArguments &arguments) {
  const TensorView &q = arguments.q, &k = arguments.k, &v = arguments.v, &o = arguments.o;
  const Spec &spec = plan.spec;
  // K and V are copied in pieces of 16 bytes; on the portable target Q and O move in pairs of elements. (quantize
  // copies Q as well.)
  size_t pieces = spec.alignment, pairs = multipliesPacked(*plan.target) ? pieces : std::min<size_t>(4, pieces);
  size_t queries = plan.budget == Budget::AllHigh ? pairs : pieces;
  Status checks[] = {
      checkTensor(q, "q", spec.headDim, queries, false), checkTensor(k, "k", spec.headDim, pieces, false),
      checkTensor(v, "v", spec.valueDim, pieces, false), checkTensor(o, "o", spec.valueDim, pairs, true)};
  for (Status &status : checks)
    if (!status)
      return status;
  Status shapes[] = {agree("k.shape[0]", k.shape[0], "q", q.shape[0]), agree("v.shape[0]", v.shape[0], "q", q.shape[0]),
                     agree("o.shape[0]", o.shape[0], "q", q.shape[0]), agree("v.shape[1]", v.shape[1], "k", k.shape[1]),
                     agree("o.shape[1]", o.shape[1], "q", q.shape[1]), agree("v.shape[2]", v.shape[2], "k", k.shape[2]),
                     agree("o.shape[2]", o.shape[2], "q", q.shape[2])};
  for (Status &status : shapes)
    if (!status)
      return status;
  extents = {q.shape[0], q.shape[1], k.shape[1], q.shape[2], k.shape[2]};
  if (Status status = validateExtents(extents, spec); !status)
    return status;
  if (spec.rule == "published" && !spec.isOnline() && extents.qLen != extents.kvLen)
    return Status::invalid("q_len", std::to_string(extents.qLen),
                           "kv_len = " + std::to_string(extents.kvLen) + ", which the published rule assumes");
  if (arguments.lse) {
    const TensorView &lse = *arguments.lse;
    if (Status status = validateOutput(lse, "lse"); !status)
      return status;
    if (lse.rank != 3 || lse.dtype != DType::F32 || lse.shape[0] != q.shape[0] || lse.shape[1] != q.shape[1] ||
        lse.shape[2] != q.shape[2])
      return Status::invalid("lse", std::string(name(lse.dtype)) + " " + printShape(lse),
                             "f32 [batch, q_heads, q_len] of q");
  }
  float scale = arguments.scale.value_or(1.0f);
  if (!(std::isfinite(scale) && scale > 0))
    return Status::invalid("scale", std::to_string(scale), "a positive finite number");
  return Status::ok();
}

void Launch::setExtents() {
  const Spec &spec = plan.spec;
  auto tiles = [](int64_t length, int64_t block) { return static_cast<uint64_t>((length + block - 1) / block); };
  values.set(Slot::Batch, extents.batch);
  values.set(Slot::QHeads, extents.qHeads);
  values.set(Slot::KvHeads, extents.kvHeads);
  values.set(Slot::QLen, extents.qLen);
  values.set(Slot::KvLen, extents.kvLen);
  values.set(Slot::QTiles, tiles(extents.qLen, spec.blockQ));
  values.set(Slot::KvTiles, tiles(extents.kvLen, spec.blockKv));
}

/// A tensor of the caller's that kernels may also copy by tensor maps.
void Launch::setTensor(Slot first, MappedTensor mapped, const TensorView &view) {
  values.setTensor(first, view);
  values.setMapped(mapped, MapSource::of(view));
}

void Launch::setPacked(const PackedKV &packed) {
  PackedShape keys{packed.batch, packed.kvHeads, packed.kvLen, packed.headDim, packed.blockKv}, columns = keys;
  columns.channels = packed.valueDim;
  values.setMapped(MappedTensor::KLow,
                   MapSource::of(addressOf(packed.data, packed.keyElements), RowsLayout{packed.low.qk, keys}));
  values.setMapped(MappedTensor::VLow, MapSource::of(addressOf(packed.data, packed.valueElements),
                                                     TransposedLayout{packed.low.pv, columns}));
  values.set(Slot::KElements, addressOf(packed.data, packed.keyElements));
  values.set(Slot::KScales, addressOf(packed.data, packed.keyScales));
  values.set(Slot::VElements, addressOf(packed.data, packed.valueElements));
  values.set(Slot::VScales, addressOf(packed.data, packed.valueScales));
  values.setTensor(Slot::KMean,
                   TensorView::contiguous(static_cast<char *>(packed.data) + packed.keyMeans, DType::F32,
                                          {packed.batch, packed.kvHeads,
                                           static_cast<int64_t>(values.get(Slot::KvTiles)), packed.headDim}));
}

static Status checkPacked(const PackedKV &packed, const PackedKV &expected) {
  if (!packed.data || reinterpret_cast<uintptr_t>(packed.data) % 256)
    return Status::invalid("packed.data", packed.data ? "an unaligned address" : "null", "a multiple of 256 bytes");
  if (packed.layout != expected.layout)
    return Status::invalid("packed.layout", std::string(name(packed.layout)),
                           std::string(name(expected.layout)) + ", which this plan's target reads");
  if (packed.version != expected.version)
    return Status::invalid("packed.version", std::to_string(packed.version), std::to_string(expected.version));
  bool same = packed.low == expected.low && packed.batch == expected.batch && packed.kvHeads == expected.kvHeads &&
              packed.kvLen == expected.kvLen && packed.headDim == expected.headDim &&
              packed.valueDim == expected.valueDim && packed.blockKv == expected.blockKv && packed.end == expected.end;
  if (same)
    return Status::ok();
  auto describe = [](const PackedKV &p) {
    return p.low.print() + " [" + std::to_string(p.batch) + ", " + std::to_string(p.kvHeads) + ", " +
           std::to_string(p.kvLen) + ", " + std::to_string(p.headDim) + "/" + std::to_string(p.valueDim) +
           "] in blocks of " + std::to_string(p.blockKv);
  };
  return Status::invalid("packed", describe(packed), describe(expected) + ", of this plan and these tensors");
}

Status Launch::bindKeys(const TensorView &k, const TensorView &v, const PackedKV &packed) {
  if (Status status = checkTensor(k, "k", plan.spec.headDim, plan.spec.alignment, false); !status)
    return status;
  if (Status status = checkTensor(v, "v", plan.spec.valueDim, plan.spec.alignment, false); !status)
    return status;
  for (int dim = 0; dim < 3; ++dim)
    if (v.shape[dim] != k.shape[dim])
      return agree(("v.shape[" + std::to_string(dim) + "]").c_str(), v.shape[dim], "k", k.shape[dim]);
  extents = {k.shape[0], k.shape[1], k.shape[1], 1, k.shape[2]};
  if (Status status = validateExtents(extents, plan.spec); !status)
    return status;
  if (Status status = checkPacked(packed, packedLayout(plan, extents)); !status)
    return status;
  setExtents();
  setPacked(packed);
  setTensor(Slot::K, MappedTensor::K, k);
  setTensor(Slot::V, MappedTensor::V, v);
  return Status::ok();
}

Status Launch::bind(const AttentionArguments &arguments, Workspace workspace) {
  if (Status status = checkExtents(arguments); !status)
    return status;
  const Spec &spec = plan.spec;
  setExtents();
  setTensor(Slot::Q, MappedTensor::Q, arguments.q);
  setTensor(Slot::K, MappedTensor::K, arguments.k);
  setTensor(Slot::V, MappedTensor::V, arguments.v);
  values.setTensor(Slot::O, arguments.o);
  if (arguments.lse)
    values.setTensor(Slot::Lse, *arguments.lse);
  if (plan.prefill && plan.prefill->binding.asksFor(Slot::Watchdog)) {
    if (!arguments.watchdog || reinterpret_cast<uintptr_t>(arguments.watchdog) % 16)
      return Status::invalid("watchdog", arguments.watchdog ? "an unaligned address" : "null",
                             "a multiple of 16 bytes, as the plan was made with a watchdog");
    values.set(Slot::Watchdog, addressOf(arguments.watchdog, 0));
  }
  values.setFloat(Slot::SoftmaxScale, arguments.scale.value_or(1.0f / std::sqrt(static_cast<float>(spec.headDim))));
  if (plan.budget == Budget::AllHigh)
    return Status::ok();

  packsKeys = !arguments.packed;
  WorkspaceLayout layout = workspaceLayout(plan, extents, !packsKeys);
  if (!workspace.data || reinterpret_cast<uintptr_t>(workspace.data) % 256)
    return Status::invalid("workspace.data", workspace.data ? "an unaligned address" : "null",
                           "a multiple of 256 bytes");
  if (workspace.bytes < layout.end)
    return Status::invalid("workspace.bytes", std::to_string(workspace.bytes),
                           "at least " + std::to_string(layout.end));
  values.set(Slot::QElements, addressOf(workspace.data, layout.queryElements));
  values.set(Slot::QScales, addressOf(workspace.data, layout.queryScales));
  values.setMapped(MappedTensor::QLow,
                   MapSource::of(values.get(Slot::QElements),
                                 RowsLayout{spec.low->qk,
                                            {extents.batch, extents.qHeads, extents.qLen, spec.headDim, spec.blockQ}}));
  auto part = [&](size_t offset) { return static_cast<char *>(workspace.data) + offset; };
  int64_t qTiles = values.get(Slot::QTiles);
  values.setTensor(Slot::QMean, TensorView::contiguous(part(layout.queryMeans), DType::F32,
                                                       {extents.batch, extents.qHeads, qTiles, spec.headDim}));
  PackedKV expected = packedLayout(plan, extents);
  if (packsKeys) {
    expected.data = part(layout.packed);
    setPacked(expected);
  } else {
    if (Status status = checkPacked(*arguments.packed, expected); !status)
      return status;
    setPacked(*arguments.packed);
  }
  if (plan.budget == Budget::AllLow)
    return Status::ok();
  return plan.granule ? bindRouter(arguments, layout, part(0)) : bindRoutes(arguments, layout, part(0));
}

/// The online router's numbers, and where its decisions go.
Status Launch::bindRouter(const AttentionArguments &arguments, const WorkspaceLayout &layout, char *workspace) {
  const OnlineOptions &online = plan.spec.online;
  if (arguments.routes)
    return Status::invalid("routes", "given", "decisions: the online router writes no routes");
  DecisionBuffers buffers = arguments.decisions.value_or(DecisionBuffers());
  if (reinterpret_cast<uintptr_t>(buffers.counts) % 4)
    return Status::invalid("decisions.counts", "an unaligned address", "a multiple of 4 bytes");
  values.set(Slot::DecisionSets, addressOf(workspace, layout.decisionSets));
  values.set(Slot::DecisionCounts,
             buffers.counts ? addressOf(buffers.counts, 0) : addressOf(workspace, layout.decisionCounts));
  values.set(Slot::DecisionTiers, addressOf(buffers.tiers, 0));
  values.setFloat(Slot::Tau, static_cast<float>(online.tau));
  values.setFloat(Slot::Lambda, static_cast<float>(online.skip));
  values.set(Slot::Sink, online.sink);
  values.set(Slot::Local, online.local);
  values.set(Slot::BudgetPpm, budgetPpm(plan.spec));
  values.set(Slot::TopK, static_cast<uint64_t>(plan.spec.topK.value_or(-1)));
  return Status::ok();
}

Status Launch::bindRoutes(const AttentionArguments &arguments, const WorkspaceLayout &layout, char *workspace) {
  const Spec &spec = plan.spec;
  if (arguments.decisions)
    return Status::invalid("decisions", "given", "routes: only the online router decides block by block");
  auto part = [&](size_t offset) { return workspace + offset; };
  int64_t qTiles = values.get(Slot::QTiles), kvTiles = values.get(Slot::KvTiles);
  values.setTensor(Slot::Scores, TensorView::contiguous(part(layout.scores), DType::F32,
                                                        {extents.batch, extents.qHeads, qTiles, kvTiles}));
  RouteBuffers routes{part(layout.routeCounts), part(layout.routeIds), layout.routeCapacity};
  if (arguments.routes) {
    routes = *arguments.routes;
    if (!routes.counts || !routes.ids)
      return Status::invalid("routes", "null", "addresses of counts and ids");
    if (routes.capacity < layout.routeCapacity)
      return Status::invalid("routes.capacity", std::to_string(routes.capacity),
                             "at least " + std::to_string(layout.routeCapacity));
  }
  values.set(Slot::RouteCounts, addressOf(routes.counts, 0));
  values.set(Slot::RouteIds, addressOf(routes.ids, 0));
  values.set(Slot::RouteCapacity, routes.capacity);
  int64_t ppm = budgetPpm(spec), topK = spec.topK.value_or(-1);
  if (!spec.topK && spec.rule == "published")
    topK = publishedTopK(kvTiles, ppm, spec.causal);
  values.set(Slot::BudgetPpm, ppm);
  values.set(Slot::TopK, static_cast<uint64_t>(topK));
  values.set(Slot::MinBlocks, spec.minBlocks);
  values.set(Slot::Sink, spec.sink);
  values.set(Slot::Local, spec.local);
  return Status::ok();
}

Status Launch::start(std::initializer_list<const std::optional<PlannedKernel> *> kernels) const {
  std::array<LaunchArguments, mostKernels> arguments; // of each kernel that is there
  assert(kernels.size() <= mostKernels && "no launch has so many kernels");
  size_t count = 0;
  for (const std::optional<PlannedKernel> *kernel : kernels) {
    if (!*kernel)
      continue;
    if (!plan.device || !(*kernel)->loaded)
      return Status(StatusCode::DeviceUnavailable,
                    "this plan was made without a device; it can be compiled and printed only");
    Result<LaunchArguments> bound = (*kernel)->binding.arguments(values, *plan.device);
    if (!bound)
      return bound.status();
    arguments[count++] = *bound;
  }
  count = 0;
  for (const std::optional<PlannedKernel> *kernel : kernels)
    if (*kernel)
      if (Status status =
              plan.device->launch(*(*kernel)->loaded, (*kernel)->binding.shape(values), arguments[count++], stream);
          !status)
        return status;
  return Status::ok();
}

Status Plan::quantize(const TensorView &k, const TensorView &v, const PackedKV &packed, NativeStream stream) const {
  if (state_->budget == Budget::AllHigh)
    return Status::invalid("budget", "1", "less than 1: nothing is packed when every block runs high");
  Launch launch(*state_, stream);
  if (Status status = launch.bindKeys(k, v, packed); !status)
    return status;
  return launch.start({&state_->quantizeK, &state_->quantizeV});
}

Status Plan::launchStep(const std::string &step, const AttentionArguments &arguments, Workspace workspace,
                        NativeStream stream) const {
  Launch launch(*state_, stream);
  if (Status status = launch.bind(arguments, workspace); !status)
    return status;
  if (step == "rank")
    return launch.start({&state_->rank});
  if (step == "prefill")
    return launch.start({&state_->prefill});
  if (step != "quantize")
    return Status::invalid("step", step, "quantize, rank, prefill");
  if (!launch.packsKeys)
    return launch.start({&state_->quantizeQ});
  return launch.start({&state_->quantizeQ, &state_->quantizeK, &state_->quantizeV});
}

Status Plan::launch(const AttentionArguments &arguments, Workspace workspace, NativeStream stream) const {
  Launch launch(*state_, stream);
  if (Status status = launch.bind(arguments, workspace); !status)
    return status;
  const PlanState &state = *state_;
  if (!launch.packsKeys)
    return launch.start({&state.quantizeQ, &state.rank, &state.prefill});
  return launch.start({&state.quantizeQ, &state.quantizeK, &state.quantizeV, &state.rank, &state.prefill});
}
