//===- FetchToNVVM.cpp - tiles by TMA ---------------------------------------===//

#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;

namespace {

struct ConvertFetch : TilePattern<FetchOp> {
  using TilePattern::TilePattern;

  Fragments emit(FetchOp op, Adaptor adaptor, Emitter &e) const override {
    RingType ring = op.getRing().getType();
    TileType tile = ring.getTile();
    Value number = adaptor.getNumber().front();
    Value slot = slotAddress(e, adaptor.getRing().front(), number, ring.getStages(), slotBytes(tile));
    Value signal =
        slotAddress(e, adaptor.getSignals().front(), number, op.getSignals().getType().getStages(), /*bytes=*/8);
    MatrixLayout layout(tile);
    bool alongTokens = op.getView().getType().getShape().back() != tile.getColumns();
    int64_t scaleBytes = scaleAtoms(tile, alongTokens) * kAtomBytes;
    SmallVector<Value> indices = portable::firsts(adaptor.getIndices());
    Value map = adaptor.getView()[0];
    e.assembly("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r", {},
               {signal, e.i32(layout.elementBytes() + scaleBytes)});
    for (int64_t panel = 0; panel < layout.panels(); ++panel) {
      SmallVector<Value> operands = {e.add(slot, panel * layout.panelBytes()), map, signal};
      operands.append(coordinates(op, tile, indices, alongTokens, panel, e));
      copyBox(operands, e);
    }
    if (scaleBytes)
      e.assembly("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1], $2, [$3];", "r,l,r,r",
                 {},
                 {e.add(slot, layout.elementBytes()),
                  scaleSource(op, tile, adaptor.getView()[1], indices, alongTokens, e), e.i32(scaleBytes), signal});
    return SmallVector<SmallVector<Value>>();
  }

private:
  /// `operands`: destination, map, mbarrier, coordinates.
  static void copyBox(ValueRange operands, Emitter &e) {
    size_t rank = operands.size() - 3;
    std::string names, constraints = "r,l,r";
    for (size_t n = 0; n < rank; ++n) {
      names += (n ? ", $" : "$") + std::to_string(3 + n);
      constraints += ",r";
    }
    e.assembly("cp.async.bulk.tensor." + std::to_string(rank) +
                   "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [$0], [$1, {" + names + "}], [$2];",
               constraints, {}, operands);
  }

  /// batch * heads + head, for packed views, whose outer dimensions are one in the map.
  static Value head(FetchOp op, ViewType view, ArrayRef<Value> indices, Emitter &e) {
    Value heads = portable::extentValue(e, op, view.getShape()[1]);
    return e.add(e.mul(indices[0], heads), indices[1]);
  }

  /// Tiles of a block of tokens in all, for a view whose last dimension is cut.
  static Value blocksOf(FetchOp op, ViewType view, size_t dim, int64_t extent, Emitter &e) {
    return e.ceilDivide(portable::extentValue(e, op, view.getShape()[dim]), extent);
  }

  /// Innermost first, as the runtime makes its maps: see runtime/LaunchBinding.h.
  static SmallVector<Value> coordinates(FetchOp op, TileType tile, ArrayRef<Value> indices, bool alongTokens,
                                        int64_t panel, Emitter &e) {
    ViewType view = op.getView().getType();
    int64_t tokens = alongTokens ? tile.columns() : tile.rows();
    if (!hasScales(tile.elementFormat())) // [batch, heads, tokens, channels]
      return {e.i32(panel * kPanelColumns), e.mul(indices[2], tokens), indices[1], indices[0]};
    if (!alongTokens) // [batch * heads, tokens, bytes of a row]
      return {e.i32(panel * MatrixLayout(tile).swizzle()), e.mul(indices[2], tokens), head(op, view, indices, e)};
    // [batch * heads * panels of 64 tokens, channels, bytes of 64 tokens]
    Value block = e.add(e.mul(head(op, view, indices, e), blocksOf(op, view, 3, tokens, e)), indices[2]);
    return {e.i32(0), e.i32(0), e.add(e.mul(block, tokens / kPanelColumns), panel)};
  }

  /// Where the atoms of a tile begin: dialect/formats/PACKED_LAYOUT.md, layout `sm100`.
  static Value scaleSource(FetchOp op, TileType tile, Value scales, ArrayRef<Value> indices, bool alongTokens,
                           Emitter &e) {
    ViewType view = op.getView().getType();
    Value atom;
    if (alongTokens) {
      Value block = e.add(e.mul(head(op, view, indices, e), blocksOf(op, view, 3, tile.columns(), e)), indices[2]);
      atom = e.mul(block, tile.columns() / kPanelColumns);
    } else {
      // Atoms have 128 rows, whatever a block has.
      Value padded = e.mul(blocksOf(op, view, 2, tile.rows(), e), tile.rows());
      Value row = e.add(e.mul(head(op, view, indices, e), e.ceilDivide(padded, kAtomRows)),
                        e.divide(e.mul(indices[2], tile.rows()), kAtomRows));
      atom = e.mul(row, scaleAtoms(tile, alongTokens));
    }
    return e.address(scales, e.mul(e.extend64(atom), kAtomBytes));
  }
};

} // namespace

void sm100::populateFetchPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertFetch>(converter, patterns.getContext());
}
