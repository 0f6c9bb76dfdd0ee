//===- HeatMap.cpp - routes as a picture of characters ------------------------===//

#include "tools/thriftjit/HeatMap.h"

#include <algorithm>
#include <array>

using namespace thrift;

namespace {

/// Blank, all low, four shades; the frame's bar.
struct Characters {
  std::array<const char *, 6> shades;
  const char *bar;
};

constexpr Characters kBlocks = {{" ", "\u00b7", "\u2591", "\u2592", "\u2593", "\u2588"}, "\u2502"};
constexpr Characters kAscii = {{" ", ".", "-", "+", "*", "#"}, "|"};

const Characters &charactersOf(const HeatMapStyle &style) { return style.utf8 ? kBlocks : kAscii; }

/// How many blocks share a cell, so that no more than `most` cells are needed.
int64_t blocksPerCell(int64_t blocks, int64_t most) { return std::max<int64_t>(1, (blocks + most - 1) / most); }

struct Cell {
  int64_t visible = 0, high = 0;
};

size_t shadeOf(const Cell &cell) {
  if (cell.visible == 0)
    return 0;
  // Rounded up: 0 only for none, 4 from more than three quarters.
  return 1 + static_cast<size_t>((4 * cell.high + cell.visible - 1) / cell.visible);
}

} // namespace

std::vector<std::string> thrift::heatMap(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block,
                                         int64_t b, int64_t head, const HeatMapStyle &style) {
  int64_t queryBlocks = block.queryBlocks(shape), kvBlocks = block.kvBlocks(shape);
  int64_t down = blocksPerCell(queryBlocks, style.rows), across = blocksPerCell(kvBlocks, style.columns);
  size_t cells = static_cast<size_t>((kvBlocks + across - 1) / across);
  std::vector<std::string> lines;
  for (int64_t first = 0; first < queryBlocks; first += down) {
    std::vector<Cell> row(cells);
    for (int64_t queryBlock = first; queryBlock < std::min(first + down, queryBlocks); ++queryBlock) {
      IndexRange visible = visibleBlocks(shape, block, queryBlock);
      for (int64_t kvBlock = visible.begin; kvBlock < visible.end; ++kvBlock)
        ++row[static_cast<size_t>(kvBlock / across)].visible;
      int64_t list = routes.listIndex(b, head, queryBlock);
      for (int32_t i = 0; i < routes.counts[static_cast<size_t>(list)]; ++i)
        ++row[static_cast<size_t>(routes.list(list)[i] / across)].high;
    }
    std::string &line = lines.emplace_back();
    for (const Cell &cell : row)
      line += charactersOf(style).shades[shadeOf(cell)];
  }
  return lines;
}

std::string thrift::heatMaps(const Routes &routes, const AttentionShape &shape, const RoutingBlock &block,
                             int64_t mostHeads, const HeatMapStyle &style) {
  int64_t heads = shape.batch * shape.qHeads, shown = std::min(heads, mostHeads);
  int64_t down = blocksPerCell(block.queryBlocks(shape), style.rows);
  int64_t across = blocksPerCell(block.kvBlocks(shape), style.columns);
  const Characters &characters = charactersOf(style);
  std::string text = "query blocks down, KV blocks across; a cell is " + std::to_string(down) + " x " +
                     std::to_string(across) + " blocks of " + std::to_string(block.q) + " x " +
                     std::to_string(block.kv) + "; " + characters.shades[1] + " low, " + characters.shades[2] +
                     characters.shades[3] + characters.shades[4] + characters.shades[5] + " high\n";
  for (int64_t index = 0; index < shown; ++index) {
    int64_t b = index / shape.qHeads, head = index % shape.qHeads;
    std::string label = (shape.batch > 1 ? "batch " + std::to_string(b) + ", " : "") + "head " + std::to_string(head);
    std::vector<std::string> lines = heatMap(routes, shape, block, b, head, style);
    for (size_t line = 0; line < lines.size(); ++line)
      text += (line == 0 ? label : std::string(label.size(), ' ')) + " " + characters.bar + lines[line] +
              characters.bar + "\n";
  }
  if (shown < heads)
    text += std::to_string(heads - shown) + " more heads\n";
  return text;
}
