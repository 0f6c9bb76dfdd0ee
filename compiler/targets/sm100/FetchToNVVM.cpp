//===- FetchToNVVM.cpp - tiles by TMA ---------------------------------------===//

#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"
#include "compiler/targets/sm100/Sm100.h"

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
        slotAddress(e, adaptor.getSignals().front(), number, op.getSignals().getType().getStages(), kMBarrierBytes);
    MatrixLayout layout(tile);
    bool alongTokens = op.getView().getType().getShape().back() != tile.getColumns();
    int64_t scaleBytes = scaleAtoms(tile, alongTokens) * kAtomBytes;
    SmallVector<Value> indices = portable::firsts(adaptor.getIndices());
    Value map = adaptor.getView()[0];
    e.assembly("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r", {},
               {signal, e.i32(layout.elementBytes() + scaleBytes)});
    for (int64_t panel = 0; panel < layout.panels(); ++panel) {
      SmallVector<Value> operands = {e.add(slot, panel * layout.panelBytes()), map, signal};
      operands.append(coordinates(op, tile, indices, panel, e));
      copyBox(operands, e);
    }
    if (scaleBytes)
      e.assembly("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1], $2, [$3];", "r,l,r,r",
                 {},
                 {e.add(slot, layout.elementBytes()), scaleSource(op, tile, adaptor.getView()[1], indices, e),
                  e.i32(scaleBytes), signal});
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

  /// Innermost first, as the runtime makes its maps: see runtime/MapBinding.h.
  static SmallVector<Value> coordinates(FetchOp op, TileType tile, ArrayRef<Value> indices, int64_t panel, Emitter &e) {
    ViewType view = op.getView().getType();
    if (!hasScales(tile.elementFormat())) // [batch, heads, tokens, channels]
      return {e.i32(panel * kPanelColumns), e.mul(indices[2], tile.rows()), indices[1], indices[0]};
    portable::PackedPlace place = portable::placeOfPacked(e, op, view, tile, indices);
    Value head = e.truncate(place.head, e.i32());
    if (!place.transposed) // [batch * heads, tokens, bytes of a row]
      return {e.i32(panel * MatrixLayout(tile).swizzle()), e.mul(place.tile, tile.rows()), head};
    // [batch * heads * panels of 64 tokens, channels, bytes of 64 tokens]
    Value block = e.add(e.mul(head, place.tiles), place.tile);
    return {e.i32(0), e.i32(0), e.add(e.mul(block, tile.columns() / kPanelColumns), panel)};
  }

  /// Where the atoms of a tile begin: dialect/formats/PACKED_LAYOUT_SM100.md.
  static Value scaleSource(FetchOp op, TileType tile, Value scales, ArrayRef<Value> indices, Emitter &e) {
    portable::PackedPlace place = portable::placeOfPacked(e, op, op.getView().getType(), tile, indices);
    Value atom;
    if (place.transposed) {
      Value block = e.add(e.mul(place.head, e.extend64(place.tiles)), e.extend64(place.tile));
      atom = e.mul(block, tile.columns() / kPanelColumns);
    } else {
      // Atoms have 128 rows, whatever a block has.
      Value lines = e.ceilDivide(e.mul(place.tiles, tile.rows()), kAtomRows);
      Value line = e.divide(e.mul(place.tile, tile.rows()), kAtomRows);
      atom = e.mul(e.add(e.mul(place.head, e.extend64(lines)), e.extend64(line)), scaleAtoms(tile, false));
    }
    return e.address(scales, e.mul(atom, kAtomBytes));
  }
};

} // namespace

void sm100::populateFetchPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertFetch>(converter, patterns.getContext());
}
