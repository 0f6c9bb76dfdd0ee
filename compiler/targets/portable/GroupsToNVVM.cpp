//===- GroupsToNVVM.cpp - quantised groups to packed tensors -----------------===//
//
// One thread holds 16 neighbouring elements along the contraction, as words of codes, and the scale behind them. Where
// they go is said in dialect/formats: PACKED_LAYOUT.md, PACKED_LAYOUT_SM100.md, ScaleAtoms.h.

#include "compiler/targets/portable/Conversion.h"
#include "dialect/formats/ScaleAtoms.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

constexpr int64_t kTileThreads = kTokenTile / kThreadGroup; ///< threads that share a channel of a V tile

namespace {

class GroupStore {
public:
  GroupStore(StoreOp op, PackedLayout layout, ValueRange values, ValueRange view, ValueRange indices, Value first,
             Emitter &e)
      : e(e), whole(cast<TileType>(*op.getWhole())), format(whole.elementFormat()), layout(layout), view(view),
        words(values.drop_back()), scale(values.back()),
        packed(placeOfPacked(e, op, op.getView().getType(), whole, indices)), first(first) {
    GroupPlace place = groupPlace(e, op.getTile().getType().columns());
    row = e.add(first, place.row);
    group = place.group;
    linear = e.add(e.mul(packed.head, e.extend64(packed.tiles)), e.extend64(packed.tile));
    elements = e.address(view[0], e.mul(linear, packedElementBytes(whole)));
  }

  void run() {
    if (!packed.transposed)
      storeRow();
    else if (layout == PackedLayout::Portable)
      storePermuted();
    else
      storeInOrder();
    if (format == ElementFormat::FP8)
      storeBlockScale();
    else if (layout == PackedLayout::Portable)
      storeByteScale();
    else
      storeAtomScale();
  }

private:
  Value byte(Value word) { return e.truncate(word, e.i8()); }
  void storeWords(Value address) { e.store(e.pack(words), address, 4 * words.size()); }

  void storeRow() {
    int64_t threadBytes = 4 * words.size(), rowBytes = whole.columns() / kThreadGroup * threadBytes;
    storeWords(e.address(elements, e.add(e.mul(row, rowBytes), e.mul(group, threadBytes))));
  }

  /// Where the 64 tokens of this channel and tile begin.
  Value channel() {
    int64_t channelBytes = kTileThreads * 4 * words.size();
    Value sub = e.divide(group, kTileThreads);
    return e.address(elements, e.add(e.mul(sub, whole.rows() * channelBytes), e.mul(row, channelBytes)));
  }

  /// sm100: tokens in natural order.
  void storeInOrder() { storeWords(e.address(channel(), e.mul(e.remainder(group, kTileThreads), 4 * words.size()))); }

  /// portable: token 16 s + 2 q + (r & 1) + 8 (r >> 1) stands at 16 q + 4 s + r: for each q two bytes of nibbles, or
  /// four bytes.
  void storePermuted() {
    Value s = e.remainder(group, kTileThreads);
    bool nibbles = words.size() == 2;
    Value address = e.address(channel(), e.mul(s, nibbles ? 2 : 4));
    for (int64_t q = 0; q < 4; ++q) {
      if (nibbles) { // byte q of a word holds tokens 2q, 2q + 1
        Value bytes = e.bor(e.band(e.shr(words[0], 8 * q), 0xFF), e.shl(e.band(e.shr(words[1], 8 * q), 0xFF), 8));
        e.store(e.truncate(bytes, e.i16()), e.address(address, 8 * q), 2);
        continue;
      }
      auto half = [&](Value word) { return e.band(e.shr(word, 16 * (q % 2)), 0xFFFF); };
      e.store(e.bor(half(words[q / 2]), e.shl(half(words[2 + q / 2]), 16)), e.address(address, 16 * q), 4);
    }
  }

  /// fp8: one thread writes the block's f32.
  void storeBlockScale() {
    Value isFirst = e.compare(Predicate::eq, e.bor(e.thread(), first), e.i32(0));
    e.ifThen(isFirst, [&] { e.store(scale, e.address(view[1], e.mul(linear, 4)), 4); });
  }

  /// Two threads share a scale of mxfp4: the first one writes it.
  void asOwner(function_ref<void()> body) {
    if (format == ElementFormat::NVFP4)
      return body();
    e.ifThen(e.compare(Predicate::eq, e.band(group, 1), e.i32(0)), body);
  }
  int64_t threadsPerScale() const { return scaleGroup(format) / kThreadGroup; }

  void storeByteScale() {
    Value scales = e.address(view[1], e.mul(linear, packedScaleBytes(whole))), offset;
    if (packed.transposed) {
      int64_t tileScales = kTokenTile / scaleGroup(format);
      Value sub = e.divide(group, kTileThreads), inTile = e.divide(e.remainder(group, kTileThreads), threadsPerScale());
      offset = e.add(e.mul(sub, whole.rows() * tileScales), e.add(e.mul(row, tileScales), inTile));
    } else {
      offset = e.add(e.mul(row, whole.columns() / scaleGroup(format)), e.divide(group, threadsPerScale()));
    }
    asOwner([&] { e.store(byte(scale), e.address(scales, offset), 1); });
  }

  void storeAtomScale() {
    int64_t half = kAtomRows / 2; // extents are multiples of 64, so an atom's lower half may lack rows
    Value atoms, atomRow, index, lacksRows;
    ScaleAtoms shape;
    if (packed.transposed) { // rows are channels
      shape = {whole.rows(), kTokenTile / scaleGroup(format)};
      Value tile = e.add(e.mul(linear, whole.columns() / kTokenTile), e.extend64(e.divide(group, kTileThreads)));
      atoms = e.address(view[1], e.mul(tile, shape.bytes()));
      atomRow = row;
      index = e.divide(e.remainder(group, kTileThreads), threadsPerScale());
      if (shape.rows % kAtomRows)
        lacksRows = e.compare(Predicate::sge, row, e.i32(shape.rows - half));
    } else { // rows are tokens: the head's line of atoms
      shape.groups = whole.columns() / scaleGroup(format);
      Value tokens = e.mul(packed.tiles, whole.rows()), lines = e.ceilDivide(tokens, kAtomRows);
      Value bytes = e.mul(e.extend64(lines), shape.atomsPerLine() * kAtomBytes);
      atoms = e.address(view[1], e.mul(packed.head, bytes));
      atomRow = e.add(e.mul(packed.tile, whole.rows()), row);
      index = e.divide(group, threadsPerScale());
      if (whole.rows() % kAtomRows) { // the last tokens of a head write for those that no block has
        Value isShort = e.compare(Predicate::ne, e.band(tokens, kAtomRows - 1), e.i32(0));
        Value isLast = e.compare(Predicate::sge, atomRow, e.sub(tokens, e.i32(half)));
        lacksRows = e.band(isShort, isLast);
      }
    }
    Value line = e.mul(e.extend64(e.divide(atomRow, kAtomRows)), shape.atomsPerLine() * kAtomBytes);
    Value inLine = e.add(e.mul(e.divide(index, kAtomGroups), kAtomBytes), e.remainder(index, kAtomGroups));
    Value inAtom = e.add(e.mul(e.band(atomRow, 31), 16), e.mul(e.band(e.shr(atomRow, 5), 3), 4));
    Value address = e.address(e.address(atoms, line), e.add(inLine, inAtom));
    constexpr int64_t halfBytes = 8; // rows r and r + 64 lie two words apart

    // A format's groups may fill two bytes of a word: the threads before the gap write its zeros.
    bool lacksGroups = shape.groups % kAtomGroups;
    Value beforeGap = lacksGroups ? e.compare(Predicate::sge, index, e.i32(shape.groups - 2)) : Value();
    Value zero = byte(e.i32(0));
    auto storeAt = [&](Value code, int64_t offset) {
      e.store(code, e.address(address, offset), 1);
      if (lacksGroups)
        e.ifThen(beforeGap, [&] { e.store(zero, e.address(address, offset + 2), 1); });
    };
    asOwner([&] {
      storeAt(byte(scale), 0);
      if (lacksRows)
        e.ifThen(lacksRows, [&] { storeAt(zero, halfBytes); });
    });
  }

  Emitter &e;
  TileType whole;
  ElementFormat format;
  PackedLayout layout;
  ValueRange view, words;
  Value scale;
  PackedPlace packed;
  Value first, row, group, linear, elements;
};

} // namespace

LogicalResult portable::checkStoredGroups(StoreOp op, PackedLayout layout) {
  auto whole = cast<TileType>(*op.getWhole());
  bool transposed = op.getView().getType().getShape().back() != whole.getColumns();
  if (layout == PackedLayout::Sm100 && whole.rows() % (kAtomRows / 2))
    return op.emitOpError("layout sm100 packs a multiple of ")
           << kAtomRows / 2 << (transposed ? " channels" : " tokens") << ", got " << whole;
  return success();
}

void portable::storeGroups(StoreOp op, PackedLayout layout, ValueRange values, ValueRange view, ValueRange indices,
                           Value first, Emitter &e) {
  GroupStore(op, layout, values, view, indices, first, e).run();
}
