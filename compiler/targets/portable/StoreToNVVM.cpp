//===- StoreToNVVM.cpp - registers to global memory -------------------------===//
//
// Outputs, vectors of one value per row, means. Slices of quantised groups: GroupsToNVVM.cpp.

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

namespace {

class ConvertStore : public TilePattern<StoreOp> {
public:
  ConvertStore(const TypeConverter &converter, MLIRContext *context, PackedLayout packedLayout)
      : TilePattern(converter, context), packedLayout(packedLayout) {}

  Fragments emit(StoreOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getTile().getType();
    SmallVector<Value> indices = firsts(adaptor.getIndices());
    ValueRange values = adaptor.getTile(), view = adaptor.getView();
    auto layout = tile.tileLayout();
    if (layout == TileLayout::Accumulator && tile.columns() == 1)
      storeVector(op, tile, values, view, indices, e);
    else if (layout == TileLayout::Accumulator)
      storeFragments(op, tile, values, view, indices, e);
    else if (layout == TileLayout::Columns)
      storeColumns(op, tile, values, view, indices, e);
    else if (layout == TileLayout::Groups && failed(checkStoredGroups(op, packedLayout)))
      return failure();
    else if (layout == TileLayout::Groups)
      storeGroups(op, packedLayout, values, view, indices, adaptor.getFirst().front(), e);
    else
      return op.emitOpError("the portable target cannot store ") << tile;
    return SmallVector<SmallVector<Value>>();
  }

private:
  static void storeFragments(StoreOp op, TileType tile, ValueRange values, ValueRange view, ValueRange indices,
                             Emitter &e) {
    StridedTile to = locateStrided(e, op, op.getView().getType(), view, tile, indices, 2);
    FragmentPlace place = fragmentPlace(e);
    auto format = cast<ElementFormatAttr>(op.getView().getType().getFormat()).getValue();
    StringRef pack = format == ElementFormat::BF16 ? "llvm.nvvm.ff2bf16x2.rn" : "llvm.nvvm.ff2f16x2.rn";
    Type packed =
        e.vector(2, format == ElementFormat::BF16 ? Type(e.builder.getBF16Type()) : Type(e.builder.getF16Type()));
    for (int64_t half : {0, 1}) {
      Value row = e.add(place.row, 8 * half);
      e.ifThen(e.less(e.add(to.firstRow, row), to.rows), [&] {
        Value address = e.address(rowAddress(e, to, row, 2), e.mul(place.q, 4));
        for (int64_t n = 0; n < tile.columns() / 8; ++n) {
          Value first = values[4 * n + 2 * half], second = values[4 * n + 2 * half + 1];
          // The first operand of the conversion becomes the upper half.
          Value pair = e.bitcast(e.intrinsic(pack, packed, {second, first}), e.i32());
          if (op.getAlignment() >= 4) {
            e.store(pair, e.address(address, 16 * n), 4);
            continue;
          }
          e.store(e.truncate(pair, e.i16()), e.address(address, 16 * n), 2);
          e.store(e.truncate(e.shr(pair, 16), e.i16()), e.address(address, 16 * n + 2), 2);
        }
      });
    }
  }

  /// One f32 per row. A caller that does not want the vector passes a null pointer.
  static void storeVector(StoreOp op, TileType tile, ValueRange values, ValueRange view, ValueRange indices,
                          Emitter &e) {
    Value null = LLVM::ZeroOp::create(e.builder, e.loc, view[0].getType());
    Value wanted = LLVM::ICmpOp::create(e.builder, e.loc, LLVM::ICmpPredicate::ne, view[0], null);
    FragmentPlace place = fragmentPlace(e);
    Value first = e.compare(Predicate::eq, place.q, e.i32(0)); // the quad's lanes hold the same value
    e.ifThen(e.band(wanted, first), [&] {
      StridedTile to = locateStrided(e, op, op.getView().getType(), view, tile, indices, 4);
      for (int64_t half : {0, 1}) {
        Value row = e.add(place.row, 8 * half);
        e.ifThen(e.less(e.add(to.firstRow, row), to.rows),
                 [&] { e.store(values[half], rowAddress(e, to, row, 4), 4); });
      }
    });
  }

  static void storeColumns(StoreOp op, TileType tile, ValueRange values, ValueRange view, ValueRange indices,
                           Emitter &e) {
    e.ifThen(e.less(e.thread(), e.i32(tile.columns())), [&] {
      StridedTile to = locateStrided(e, op, op.getView().getType(), view, tile, indices, 4);
      e.store(values[0], e.address(rowAddress(e, to, e.i32(0), 4), e.mul(e.thread(), 4)), 4);
    });
  }

  PackedLayout packedLayout;
};

} // namespace

void portable::populateStorePatterns(const TypeConverter &converter, RewritePatternSet &patterns,
                                     const ConversionChoices &options) {
  patterns.add<ConvertStore>(converter, patterns.getContext(), options.packedLayout);
}
