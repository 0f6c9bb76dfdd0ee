//===- WorkspaceLayout.cpp - where intermediate results lie -----------------===//

#include "runtime/WorkspaceLayout.h"

#include "dialect/formats/PackedLayout.h"
#include "runtime/reference/Budget.h"

using namespace thrift;

static constexpr size_t kAlignment = 256;

/// Reserves `bytes` at the end of what is laid out so far and returns their offset.
static size_t reserve(size_t &end, int64_t bytes) {
  size_t offset = end;
  end += (static_cast<size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  return offset;
}

/// Reserves the two parts of a packed tensor. One that is not lowered takes no room.
template <typename Layout>
static void reservePacked(size_t &end, const Layout &layout, size_t &elements, size_t &scales) {
  elements = scales = end;
  if (layout.format == LowFormat::F16)
    return;
  elements = reserve(end, layout.dataBytes());
  scales = reserve(end, layout.scaleBytes());
}

static int64_t tiles(int64_t length, int64_t block) { return (length + block - 1) / block; }

Status thrift::validateExtents(const Extents &extents, const Spec &spec) {
  struct Field {
    const char *name;
    int64_t value, most;
  };
  constexpr int64_t grid = 65535;                       // of a launch, along y and z
  constexpr int64_t length = (int64_t(1) << 31) - 1024; // room for a tile past the end in 32 bits
  for (auto [name, value, most] : {Field{"batch", extents.batch, grid}, Field{"q_heads", extents.qHeads, grid},
                                   Field{"kv_heads", extents.kvHeads, grid}, Field{"q_len", extents.qLen, length},
                                   Field{"kv_len", extents.kvLen, length}})
    if (value < 1 || value > most)
      return Status::invalid(name, std::to_string(value), "1 to " + std::to_string(most));
  if (extents.qHeads % extents.kvHeads)
    return Status::invalid("q_heads", std::to_string(extents.qHeads),
                           "a multiple of kv_heads = " + std::to_string(extents.kvHeads));
  // The largest array of a launch must have a size that a 64-bit number holds with room to spare.
  double bytes =
      4.0 * extents.batch * extents.qHeads * tiles(extents.qLen, spec.blockQ) * tiles(extents.kvLen, spec.blockKv);
  if (bytes > 0x1p60)
    return Status::invalid("extents", "more than 2^60 bytes of scores", "fewer heads, tokens or a smaller batch");
  return Status::ok();
}

int64_t thrift::routeCapacity(const Spec &spec, Budget budget, const Extents &extents) {
  if (budget != Budget::Mixed || spec.isOnline())
    return 0;
  int64_t visible = tiles(extents.kvLen, spec.blockKv);
  // Blocks with a diagonal key of one query block: its rows span at most so many.
  int64_t diagonal = spec.local > 0 ? tiles(spec.blockQ, spec.blockKv) + spec.local : 0;
  int64_t forced = spec.sink + diagonal;
  int64_t share = (visible * budgetPpm(spec) + 999999) / 1000000;
  int64_t wanted;
  if (spec.topK)
    wanted = std::max(*spec.topK, forced);
  else if (spec.rule == "published")
    wanted = std::max(publishedTopK(visible, budgetPpm(spec), spec.causal), forced);
  else
    wanted = std::max({spec.minBlocks, forced, share});
  return std::max<int64_t>(1, std::min(visible, wanted));
}

PackedKV thrift::packedLayout(const PlanState &plan, const Extents &extents) {
  const Spec &spec = plan.spec;
  PackedKV packed;
  packed.layout = plan.target->packedLayout;
  packed.version = packedLayoutVersion(packed.layout);
  packed.low = *spec.low;
  packed.batch = extents.batch;
  packed.kvHeads = extents.kvHeads;
  packed.kvLen = extents.kvLen;
  packed.headDim = spec.headDim;
  packed.valueDim = spec.valueDim;
  packed.blockKv = spec.blockKv;
  PackedShape keys{extents.batch, extents.kvHeads, extents.kvLen, spec.headDim, spec.blockKv}, values = keys;
  values.channels = spec.valueDim;
  RowsLayout rows{spec.low->qk, keys, packed.layout};
  TransposedLayout columns{spec.low->pv, values, packed.layout};
  reservePacked(packed.end, rows, packed.keyElements, packed.keyScales);
  packed.keyMeans = reserve(packed.end, MeansLayout{keys}.bytes());
  reservePacked(packed.end, columns, packed.valueElements, packed.valueScales);
  return packed;
}

WorkspaceLayout thrift::workspaceLayout(const PlanState &plan, const Extents &extents, bool packed) {
  const Spec &spec = plan.spec;
  WorkspaceLayout layout;
  if (plan.budget == Budget::AllHigh)
    return layout;
  PackedShape queries{extents.batch, extents.qHeads, extents.qLen, spec.headDim, spec.blockQ};
  RowsLayout rows{spec.low->qk, queries, plan.target->packedLayout};
  reservePacked(layout.end, rows, layout.queryElements, layout.queryScales);
  layout.queryMeans = reserve(layout.end, MeansLayout{queries}.bytes());
  if (!packed)
    layout.packed = reserve(layout.end, static_cast<int64_t>(packedLayout(plan, extents).bytes()));
  int64_t lists = extents.batch * extents.qHeads * tiles(extents.qLen, spec.blockQ);
  if (spec.isOnline()) {
    // A bit for each granule and KV block; two counts for each granule.
    int64_t granules = lists * (spec.blockQ / plan.granule);
    layout.decisionSets = reserve(layout.end, 4 * granules * tiles(tiles(extents.kvLen, spec.blockKv), 32));
    layout.decisionCounts = reserve(layout.end, 8 * granules);
  } else if (plan.budget == Budget::Mixed) {
    layout.routeCapacity = routeCapacity(spec, plan.budget, extents);
    layout.scores = reserve(layout.end, 4 * lists * tiles(extents.kvLen, spec.blockKv));
    layout.routeCounts = reserve(layout.end, 4 * lists);
    layout.routeIds = reserve(layout.end, 4 * lists * layout.routeCapacity);
  }
  return layout;
}
