//===- HeatMap.h - routes as a picture of characters --------------------------===//
//
// One head: query blocks down, KV blocks across, scaled down where there are more than fit. A cell shows which share of
// its visible blocks runs high, and never shows none where there is one:
//
//   blank   nothing visible         '.' or a middle dot   all low
//   four shades, from light to solid: up to 1/4, 1/2, 3/4, and more
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_THRIFTJIT_HEATMAP_H
#define THRIFTJIT_TOOLS_THRIFTJIT_HEATMAP_H

#include "runtime/reference/Routes.h"

#include <string>
#include <vector>

namespace thrift {

struct HeatMapStyle {
  int64_t columns = 64, rows = 8; ///< most cells
  bool utf8 = true;               ///< block characters, else ASCII
};

/// The lines of one head, without frame, all equally wide. `routes` are valid.
std::vector<std::string> heatMap(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block,
                                 int64_t b, int64_t head, const HeatMapStyle &style);

/// Some heads, framed and labelled, with a legend; as many as `mostHeads`, and how many more there are.
std::string heatMaps(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block, int64_t mostHeads,
                     const HeatMapStyle &style);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_THRIFTJIT_HEATMAP_H
