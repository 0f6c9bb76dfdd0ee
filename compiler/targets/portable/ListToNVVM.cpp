//===- ListToNVVM.cpp - places in the lists of KV blocks --------------------===//

#include "compiler/targets/portable/Conversion.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::portable;

RouteRow portable::locateRoutes(Emitter &e, Operation *op, RoutesType type, ValueRange routes, ValueRange indices,
                                bool loadCount) {
  ArrayRef<Attribute> shape = type.getShape();
  Value linear = e.extend64(indices[0]);
  for (size_t dim : {1, 2})
    linear = e.add(e.mul(linear, e.extend64(extentValue(e, op, shape[dim]))), e.extend64(indices[dim]));
  RouteRow row;
  row.countAddress = e.address(routes[0], e.mul(linear, 4));
  row.capacity = routes[2];
  row.ids = e.address(routes[1], e.mul(e.mul(linear, e.extend64(row.capacity)), 4));
  if (loadCount)
    row.count = e.load(e.i32(), row.countAddress, 4);
  return row;
}

static Value idAt(Emitter &e, const RouteRow &row, Value cursor) {
  return e.load(e.i32(), e.address(row.ids, e.mul(e.extend64(cursor), 4)), 4);
}

/// The id at `cursor`, or `otherwise` past the end.
static Value idOr(Emitter &e, const RouteRow &row, Value cursor, Value otherwise) {
  auto branch =
      scf::IfOp::create(e.builder, e.loc, TypeRange{e.i32()}, e.less(cursor, row.count), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(e.builder);
  e.builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(e.builder, e.loc, idAt(e, row, cursor));
  e.builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(e.builder, e.loc, otherwise);
  return branch.getResult(0);
}

/// From (j, cursor), the first block at or after j that the routes do not name.
static SmallVector<Value> skipRouted(Emitter &e, const RouteRow &row, Value j, Value cursor) {
  SmallVector<Type> types = {e.i32(), e.i32()};
  auto loop = scf::WhileOp::create(e.builder, e.loc, types, ValueRange{j, cursor});
  OpBuilder::InsertionGuard guard(e.builder);
  Block *before = e.builder.createBlock(&loop.getBefore(), {}, types, {e.loc, e.loc});
  Value routed = e.compare(Predicate::eq, idOr(e, row, before->getArgument(1), e.i32(-1)), before->getArgument(0));
  scf::ConditionOp::create(e.builder, e.loc, routed, before->getArguments());
  Block *after = e.builder.createBlock(&loop.getAfter(), {}, types, {e.loc, e.loc});
  scf::YieldOp::create(e.builder, e.loc, ValueRange{e.add(after->getArgument(0), 1), e.add(after->getArgument(1), 1)});
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// How many routed ids lie below each bound. The lanes of a warp look at 32 ids at a time.
static SmallVector<Value> countBelow(Emitter &e, const RouteRow &row, ArrayRef<Value> bounds) {
  SmallVector<Value> zeros(bounds.size(), e.i32(0));
  return e.loop(e.i32(0), row.count, e.i32(32), zeros, [&](Value first, ValueRange counts) {
    Value id = idOr(e, row, e.add(first, e.lane()), e.i32(std::numeric_limits<int32_t>::max()));
    SmallVector<Value> next;
    for (auto [count, bound] : llvm::zip(counts, bounds))
      next.push_back(e.add(count, e.popcount(e.ballot(e.less(id, bound)))));
    return next;
  });
}

SeedBlocks portable::seedBlocks(Emitter &e, Operation *op, Value i, int64_t blockQ, int64_t blockKv, Value sink, Value local,
                                Value visible) {
  Value zero = e.i32(0), keys = dimension(e, op, "kv_len"), queries = dimension(e, op, "q_len");
  Value diagonal = e.sub(keys, queries);
  SeedBlocks seeds;
  seeds.sink = e.min(e.max(sink, zero), visible);
  // Diagonal keys of the tile's rows; a row whose diagonal key does not exist stands at the nearest key.
  Value firstRow = e.mul(i, blockQ), lastRow = e.sub(e.min(e.add(firstRow, blockQ), queries), e.i32(1));
  auto diagonalBlock = [&](Value query) {
    Value key = e.min(e.max(e.add(query, diagonal), zero), e.sub(keys, e.i32(1)));
    return e.divide(key, blockKv);
  };
  Value begin = e.max(e.sub(diagonalBlock(firstRow), e.sub(local, e.i32(1))), seeds.sink);
  Value end = e.min(e.add(diagonalBlock(lastRow), 1), visible);
  seeds.begin = begin;
  seeds.end = e.select(e.less(zero, local), e.max(end, begin), begin);
  return seeds;
}

namespace {

struct ConvertSeek : TilePattern<SeekOp> {
  using TilePattern::TilePattern;

  Fragments emit(SeekOp op, Adaptor adaptor, Emitter &e) const override {
    auto mask = cast<MaskKindAttr>(op.getMask()).getValue();
    KeyRange keys = keyRange(e, op, mask, adaptor.getI().front(), op.getBlockQ());
    Value interior = e.divide(keys.interior, op.getBlockKv()), visible = e.ceilDivide(keys.visible, op.getBlockKv());
    Value begin = op.getPart() == SweepPart::Boundary ? interior : e.i32(0);
    Value end = op.getPart() == SweepPart::Interior ? interior : visible;
    Value blocks = e.sub(end, begin);
    if (op.getList() == BlockList::Visible)
      return Fragments({{blocks}, {begin}, {e.i32(0)}});

    if (auto router = dyn_cast<RouterType>(op.getRoutes().getType())) {
      ListStart start = seekInRouter(e, RouterParts(adaptor.getRoutes()), router, op.getList(), begin, end);
      return Fragments({{start.count}, {start.j}, {e.i32(0)}});
    }
    RouteRow row = locateRoutes(e, op, cast<RoutesType>(op.getRoutes().getType()), adaptor.getRoutes(),
                                firsts(adaptor.getRouteIndices()), true);
    SmallVector<Value> below = countBelow(e, row, {begin, end});
    Value routed = e.sub(below[1], below[0]);
    if (op.getList() == BlockList::High)
      return Fragments({{routed}, {idOr(e, row, below[0], begin)}, {below[0]}});
    SmallVector<Value> first = skipRouted(e, row, begin, below[0]);
    return Fragments({{e.sub(blocks, routed)}, {first[0]}, {first[1]}});
  }
};

struct ConvertNext : TilePattern<NextOp> {
  using TilePattern::TilePattern;

  Fragments emit(NextOp op, Adaptor adaptor, Emitter &e) const override {
    Value j = adaptor.getAfter().front(), cursor = adaptor.getCursor().front();
    if (op.getList() == BlockList::Visible)
      return Fragments({{e.add(j, 1)}, {cursor}});
    if (auto router = dyn_cast<RouterType>(op.getRoutes().getType()))
      return Fragments({{nextInRouter(e, RouterParts(adaptor.getRoutes()), router, op.getList(), j)}, {cursor}});
    RouteRow row = locateRoutes(e, op, cast<RoutesType>(op.getRoutes().getType()), adaptor.getRoutes(),
                                firsts(adaptor.getRouteIndices()), true);
    if (op.getList() == BlockList::High) {
      Value next = e.add(cursor, 1);
      return Fragments({{idOr(e, row, next, j)}, {next}});
    }
    SmallVector<Value> next = skipRouted(e, row, e.add(j, 1), cursor);
    return Fragments({{next[0]}, {next[1]}});
  }
};

} // namespace

void portable::populateListPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertSeek, ConvertNext>(converter, patterns.getContext());
}
