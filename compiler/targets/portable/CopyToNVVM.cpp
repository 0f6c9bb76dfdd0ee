//===- CopyToNVVM.cpp - global memory to registers and shared memory --------===//

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr int64_t kChunkBytes = 16; // of one cp.async

static int64_t threadsOf(Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  return function->getAttrOfType<IntegerAttr>("thrift.threads").getInt();
}

//===----------------------------------------------------------------------===//
// Where tiles lie
//===----------------------------------------------------------------------===//

StridedTile portable::locateStrided(Emitter &e, Operation *op, ViewType type, ValueRange view, TileType tile,
                                    ValueRange indices, int64_t elementBytes) {
  ArrayRef<Attribute> shape = type.getShape();
  bool vector = tile.columns() == 1; // one value per row: the rows are the view's last dimension
  size_t rowDim = shape.size() - (vector ? 1 : 2);
  Value offset = e.i64(0);
  for (size_t dim = 0; dim < rowDim; ++dim)
    offset = e.add(offset, e.mul(e.extend64(indices[dim]), view[1 + dim]));
  StridedTile place;
  place.base = e.address(view[0], e.mul(offset, elementBytes));
  place.rowStride = vector ? e.i64(1) : view[1 + rowDim];
  place.firstRow = indices.size() > rowDim ? e.mul(indices[rowDim], tile.rows()) : e.i32(0);
  place.rows = extentValue(e, op, shape[rowDim]);
  return place;
}

Value portable::rowAddress(Emitter &e, const StridedTile &tile, Value row, int64_t elementBytes) {
  Value absolute = e.extend64(e.add(tile.firstRow, row));
  return e.address(tile.base, e.mul(e.mul(absolute, tile.rowStride), elementBytes));
}

PackedPlace portable::placeOfPacked(Emitter &e, Operation *op, ViewType type, TileType tile, ValueRange indices) {
  ArrayRef<Attribute> shape = type.getShape();
  size_t rank = shape.size();
  PackedPlace place;
  // The tiled dimension is the one that the tile does not hold whole.
  place.transposed = shape[rank - 1] != tile.getColumns();
  size_t tiled = place.transposed ? rank - 1 : rank - 2;
  int64_t extent = place.transposed ? tile.columns() : tile.rows();
  place.head = e.i64(0);
  for (size_t dim = 0; dim + 2 < rank; ++dim)
    place.head = e.add(e.mul(place.head, e.extend64(extentValue(e, op, shape[dim]))), e.extend64(indices[dim]));
  place.tile = indices[rank - 2];
  place.tiles = e.ceilDivide(extentValue(e, op, shape[tiled]), extent);
  return place;
}

PackedTile portable::locatePacked(Emitter &e, Operation *op, ViewType type, ValueRange view, TileType tile,
                                  ValueRange indices) {
  PackedPlace place = placeOfPacked(e, op, type, tile, indices);
  Value linear = e.add(e.mul(place.head, e.extend64(place.tiles)), e.extend64(place.tile));
  return {e.address(view[0], e.mul(linear, packedElementBytes(tile))),
          e.address(view[1], e.mul(linear, packedScaleBytes(tile)))};
}

FragmentPlace portable::fragmentPlace(Emitter &e) {
  Value lane = e.lane();
  FragmentPlace place;
  place.g = e.shr(lane, 2);
  place.q = e.band(lane, 3);
  place.row = e.add(e.mul(e.warp(), kRowsPerWarp), place.g);
  return place;
}

Value portable::swizzledOffset(Emitter &e, Value row, Value chunk, int64_t rowBytes) {
  Value swizzled = e.bxor(chunk, e.band(row, 7));
  return e.add(e.mul(row, rowBytes), e.mul(swizzled, kChunkBytes));
}

//===----------------------------------------------------------------------===//
// copy: cp.async into a ring
//===----------------------------------------------------------------------===//

/// Calls `body` with the chunk numbers that this thread copies, out of `chunks`.
static void forChunks(Emitter &e, int64_t chunks, int64_t threads, function_ref<void(Value)> body) {
  for (int64_t first = 0; first < chunks; first += threads) {
    Value chunk = e.add(e.thread(), first);
    if (first + threads <= chunks)
      body(chunk);
    else
      e.ifThen(e.less(chunk, e.i32(chunks)), [&] { body(chunk); });
  }
}

static void copyChunk(Emitter &e, Value to, Value from, Value bytes = {}) {
  NVVM::CpAsyncOp::create(e.builder, e.loc, to, from, kChunkBytes, NVVM::LoadCacheModifierKind::CG, bytes);
}

namespace {

struct ConvertCopy : TilePattern<CopyOp> {
  using TilePattern::TilePattern;

  Fragments emit(CopyOp op, Adaptor adaptor, Emitter &e) const override {
    RingType ring = op.getRing().getType();
    TileType tile = ring.getTile();
    SmallVector<Value> indices = firsts(adaptor.getIndices());
    e.ifThen(adaptor.getCondition().front(), [&] {
      Value slot = e.remainder(adaptor.getNumber().front(), ring.getStages());
      Value to = e.address(adaptor.getRing().front(), e.mul(slot, sharedTileBytes(tile)));
      if (hasScales(tile.elementFormat()))
        copyPacked(op, tile, adaptor.getView(), indices, to, e);
      else
        copyStrided(op, tile, adaptor.getView(), indices, to, e);
    });
    return SmallVector<SmallVector<Value>>();
  }

private:
  static void copyPacked(CopyOp op, TileType tile, ValueRange view, ValueRange indices, Value to, Emitter &e) {
    PackedTile from = locatePacked(e, op, op.getView().getType(), view, tile, indices);
    int64_t elementBytes = packedElementBytes(tile), scaleBytes = packedScaleBytes(tile);
    int64_t threads = threadsOf(op);
    auto stream = [&](Value source, int64_t offset, int64_t bytes) {
      forChunks(e, bytes / kChunkBytes, threads, [&](Value chunk) {
        Value byte = e.mul(chunk, kChunkBytes);
        copyChunk(e, e.address(e.address(to, offset), byte), e.address(source, byte));
      });
    };
    stream(from.elements, 0, elementBytes);
    if (scaleBytes % kChunkBytes == 0)
      return stream(from.scales, elementBytes, scaleBytes);
    // fp8: one f32
    e.ifThen(e.compare(Predicate::eq, e.thread(), e.i32(0)), [&] {
      NVVM::CpAsyncOp::create(e.builder, e.loc, e.address(to, elementBytes), from.scales, scaleBytes,
                              NVVM::LoadCacheModifierKind::CA, Value());
    });
  }

  /// One chunk, element by element: cp.async needs aligned addresses.
  static void copyElements(Value to, Value from, Value exists, Emitter &e) {
    Value zero = e.truncate(e.i32(0), e.i16());
    for (int64_t n = 0; n < kChunkBytes / 2; ++n)
      e.store(e.select(exists, e.load(e.i16(), e.address(from, 2 * n), 2), zero), e.address(to, 2 * n), 2);
  }

  static void copyStrided(CopyOp op, TileType tile, ValueRange view, ValueRange indices, Value to, Emitter &e) {
    StridedTile from = locateStrided(e, op, op.getView().getType(), view, tile, indices, 2);
    int64_t rowBytes = tile.columns() * 2, chunksPerRow = rowBytes / kChunkBytes;
    forChunks(e, tile.rows() * chunksPerRow, threadsOf(op), [&](Value number) {
      Value row = e.divide(number, chunksPerRow), chunk = e.remainder(number, chunksPerRow);
      // A row past the end is filled with zeros; its address must stay inside the tensor all the same.
      Value exists = e.less(e.add(from.firstRow, row), from.rows);
      Value safeRow = e.select(exists, row, e.sub(e.i32(0), from.firstRow));
      Value source = e.address(rowAddress(e, from, safeRow, 2), e.mul(chunk, kChunkBytes));
      Value target = e.address(to, swizzledOffset(e, row, chunk, rowBytes));
      if (op.getAlignment() >= kChunkBytes)
        copyChunk(e, target, source, e.select(exists, e.i32(kChunkBytes), e.i32(0)));
      else
        copyElements(target, source, exists, e);
    });
  }
};

//===----------------------------------------------------------------------===//
// load: a query tile straight into fragments, a row of means into lanes
//===----------------------------------------------------------------------===//

struct ConvertLoad : TilePattern<LoadOp> {
  using TilePattern::TilePattern;

  Fragments emit(LoadOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getTile().getType();
    SmallVector<Value> indices = firsts(adaptor.getIndices());
    auto layout = tile.tileLayout();
    if (layout == TileLayout::OperandA)
      return Fragments({loadOperand(op, tile, adaptor.getView(), indices, e)});
    if (hasScales(tile.elementFormat()) && layout == TileLayout::OperandAWidened)
      return Fragments({loadWidened(op, tile, adaptor.getView(), indices, e)});
    if (layout == TileLayout::Lanes)
      return Fragments({loadLanes(op, tile, adaptor.getView(), indices, e)});
    return op.emitOpError("the portable target cannot load ") << tile;
  }

private:
  /// Two neighbouring 16-bit values.
  static Value loadPair(LoadOp op, Type pair, Value address, Emitter &e) {
    if (op.getAlignment() >= 4)
      return e.load(pair, address, 4);
    Value low = e.load(e.i16(), address, 2), high = e.load(e.i16(), e.address(address, 2), 2);
    auto wide = [&](Value half) { return e.widen32(half); };
    return e.bitcast(e.bor(wide(low), e.shl(wide(high), 16)), pair);
  }

  static SmallVector<Value> loadOperand(LoadOp op, TileType tile, ValueRange view, ValueRange indices, Emitter &e) {
    StridedTile from = locateStrided(e, op, op.getView().getType(), view, tile, indices, 2);
    FragmentPlace place = fragmentPlace(e);
    // Rows past the end repeat the last one: they are computed and never stored.
    Value last = e.sub(e.sub(from.rows, from.firstRow), e.i32(1));
    Value column = e.mul(place.q, 4);
    Value low = e.address(rowAddress(e, from, e.min(place.row, last), 2), column);
    Value high = e.address(rowAddress(e, from, e.min(e.add(place.row, 8), last), 2), column);
    Type pair = operandType(tile.elementFormat(), e.builder.getContext());
    SmallVector<Value> fragments;
    for (int64_t k = 0; k < tile.columns(); k += 16)
      for (int64_t half : {0, 16})
        for (Value row : {low, high})
          fragments.push_back(loadPair(op, pair, e.address(row, 2 * k + half), e));
    return fragments;
  }

  /// Lane q of a quad owns the channels [q D/4, (q + 1) D/4): any order serves a dot product, as long as K has the
  /// same.
  static SmallVector<Value> loadWidened(LoadOp op, TileType tile, ValueRange view, ValueRange indices, Emitter &e) {
    PackedTile from = locatePacked(e, op, op.getView().getType(), view, tile, indices);
    FragmentPlace place = fragmentPlace(e);
    Widener widener(e, tile.elementFormat());
    int64_t columns = tile.columns(), rowBytes = packedElementBytes(tile) / tile.rows(), words = rowBytes / 16;
    SmallVector<SmallVector<Value>, 2> pairs; // of the two rows
    for (Value row : {place.row, e.add(place.row, 8)}) {
      Value elements = e.address(e.address(from.elements, e.mul(row, rowBytes)), e.mul(place.q, rowBytes / 4));
      SmallVector<Value> &rowPairs = pairs.emplace_back();
      LaneScales scales(e, widener, tile.elementFormat(), columns, place.q);
      Value codes = widener.hasGroups() ? scales.load(e.address(from.scales, e.mul(row, scales.rowBytes))) : Value();
      for (int64_t word = 0; word < words; ++word)
        llvm::append_range(
            rowPairs, widener.widen(e.load(e.i32(), e.address(elements, 4 * word), 4), scales.ofWord(codes, word)));
    }
    SmallVector<Value> fragments;
    for (size_t pair = 0; pair < pairs[0].size(); pair += 2)
      for (int64_t half : {0, 1})
        for (int64_t row : {0, 1})
          fragments.push_back(pairs[row][pair + half]);
    if (!widener.hasGroups())
      fragments.push_back(e.load(e.f32(), from.scales, 4));
    return fragments;
  }

  static SmallVector<Value> loadLanes(LoadOp op, TileType tile, ValueRange view, ValueRange indices, Emitter &e) {
    StridedTile from = locateStrided(e, op, op.getView().getType(), view, tile, indices, 4);
    Value row = e.address(rowAddress(e, from, e.i32(0), 4), e.mul(e.lane(), 4));
    SmallVector<Value> values;
    for (int64_t column = 0; column < tile.columns(); column += 32)
      values.push_back(e.load(e.f32(), e.address(row, 4 * column), 4));
    return values;
  }
};

} // namespace

void portable::populateCopyPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertCopy, ConvertLoad>(converter, patterns.getContext());
}
