//===- Routes.cpp - which blocks run high -----------------------------------------------------===//

#include "runtime/reference/Routes.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>

namespace thrift {

bool operator==(const Routes &a, const Routes &b) {
  return a.batch == b.batch && a.heads == b.heads && a.queryBlocks == b.queryBlocks && a.capacity == b.capacity &&
         a.counts == b.counts && a.ids == b.ids;
}

static int64_t listCount(const AttentionShape &shape, const RoutingBlock &block) {
  return shape.batch * shape.qHeads * block.queryBlocks(shape);
}

Routes Routes::fromLists(const AttentionShape &shape, const RoutingBlock &block,
                         const std::vector<std::vector<int32_t>> &lists, int64_t capacity) {
  assert(static_cast<int64_t>(lists.size()) == listCount(shape, block) && "one list per query block");
  if (capacity == 0)
    for (const std::vector<int32_t> &list : lists)
      capacity = std::max(capacity, static_cast<int64_t>(list.size()));
  Routes routes;
  routes.batch = shape.batch;
  routes.heads = shape.qHeads;
  routes.queryBlocks = block.queryBlocks(shape);
  routes.capacity = capacity;
  routes.ids.assign(lists.size() * static_cast<size_t>(capacity), kNoBlock);
  for (size_t i = 0; i < lists.size(); ++i) {
    assert(static_cast<int64_t>(lists[i].size()) <= capacity && "a list longer than the capacity");
    routes.counts.push_back(static_cast<int32_t>(lists[i].size()));
    std::copy(lists[i].begin(), lists[i].end(), routes.ids.begin() + static_cast<int64_t>(i) * capacity);
  }
  return routes;
}

Routes Routes::none(const AttentionShape &shape, const RoutingBlock &block) {
  return fromLists(shape, block, std::vector<std::vector<int32_t>>(static_cast<size_t>(listCount(shape, block))));
}

Routes Routes::allVisible(const AttentionShape &shape, const RoutingBlock &block) {
  std::vector<std::vector<int32_t>> lists;
  for (int64_t i = 0; i < listCount(shape, block); ++i) {
    IndexRange visible = visibleBlocks(shape, block, i % block.queryBlocks(shape));
    lists.emplace_back(static_cast<size_t>(visible.size()));
    std::iota(lists.back().begin(), lists.back().end(), static_cast<int32_t>(visible.begin));
  }
  return fromLists(shape, block, lists);
}

Status validateLayout(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block) {
  struct Extent {
    const char *field;
    int64_t value, expected;
  };
  if (Status status = validate(block); !status)
    return status;
  if (routes.capacity < 0 || routes.capacity > int64_t(1) << 31)
    return Status::invalid("routes.capacity", std::to_string(routes.capacity), "0 to 2^31");
  int64_t lists = listCount(shape, block), ids = 0;
  if (__builtin_mul_overflow(lists, routes.capacity, &ids))
    return Status::invalid("routes.capacity", std::to_string(routes.capacity), "capacities that fit in memory");
  for (const Extent &extent :
       {Extent{"routes.batch", routes.batch, shape.batch}, Extent{"routes.heads", routes.heads, shape.qHeads},
        Extent{"routes.query_blocks", routes.queryBlocks, block.queryBlocks(shape)},
        Extent{"routes.counts.size", static_cast<int64_t>(routes.counts.size()), lists},
        Extent{"routes.ids.size", static_cast<int64_t>(routes.ids.size()), ids}})
    if (extent.value != extent.expected)
      return Status::invalid(extent.field, std::to_string(extent.value), std::to_string(extent.expected));
  for (int64_t i = 0; i < lists; ++i)
    if (routes.counts[i] < 0 || routes.counts[i] > routes.capacity)
      return Status::invalid("routes.counts[" + std::to_string(i) + "]", std::to_string(routes.counts[i]),
                             "0 to the capacity, " + std::to_string(routes.capacity));
  return Status::ok();
}

Status validate(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block) {
  if (Status status = validateLayout(routes, shape, block); !status)
    return status;
  for (size_t i = 0; i < routes.counts.size(); ++i) {
    const int32_t *list = routes.list(static_cast<int64_t>(i));
    IndexRange visible = visibleBlocks(shape, block, static_cast<int64_t>(i) % routes.queryBlocks);
    for (int32_t n = 0; n < routes.counts[i]; ++n) {
      std::string field = "routes.ids[" + std::to_string(i) + "][" + std::to_string(n) + "]";
      if (!visible.contains(list[n]))
        return Status::invalid(field, std::to_string(list[n]),
                               "the visible blocks, " + std::to_string(visible.begin) + " to below " +
                                   std::to_string(visible.end));
      if (n > 0 && list[n] <= list[n - 1])
        return Status::invalid(field, std::to_string(list[n]),
                               "ids above the one before, " + std::to_string(list[n - 1]));
    }
  }
  return Status::ok();
}

Result<NormalizedRoutes> normalize(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block) {
  if (Status status = validate(shape); !status)
    return status;
  if (Status status = validateLayout(routes, shape, block); !status)
    return status;
  NormalizedRoutes result;
  std::vector<std::vector<int32_t>> lists(routes.counts.size());
  for (size_t i = 0; i < lists.size(); ++i) {
    const int32_t *given = routes.list(static_cast<int64_t>(i));
    IndexRange visible = visibleBlocks(shape, block, static_cast<int64_t>(i) % routes.queryBlocks);
    std::vector<int32_t> &list = lists[i];
    std::copy_if(given, given + routes.counts[i], std::back_inserter(list),
                 [&](int32_t id) { return visible.contains(id); });
    result.invisible += routes.counts[i] - static_cast<int64_t>(list.size());
    std::sort(list.begin(), list.end());
    auto end = std::unique(list.begin(), list.end());
    result.duplicates += list.end() - end;
    list.erase(end, list.end());
  }
  result.routes = Routes::fromLists(shape, block, lists, routes.capacity);
  return result;
}

int64_t promotedBlocks(const Routes &routes) {
  return std::accumulate(routes.counts.begin(), routes.counts.end(), int64_t(0));
}

int64_t visibleBlockPairs(const AttentionShape &shape, const RoutingBlock &block) {
  int64_t pairs = 0;
  for (int64_t t = 0; t < block.queryBlocks(shape); ++t)
    pairs += visibleBlocks(shape, block, t).size();
  return pairs * shape.batch * shape.qHeads;
}

} // namespace thrift
