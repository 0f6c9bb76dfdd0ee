//===- TensorToNVVM.cpp - tensor memory and its way to registers ------------===//

#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;
using portable::FloatPredicate;
using portable::Predicate;

/// Columns that one instruction moves: enough to keep it busy, few enough to leave registers to others.
constexpr int64_t kColumnsAtOnce = 32;

Value sm100::ownLanes(Emitter &e, Value address) {
  return e.add(address, e.shl(e.band(e.warp(), 3), 21)); // 32 lanes for each warp, lanes at bit 16
}

/// "{$0, $1, ...}".
static std::string registerList(size_t first, size_t count) {
  std::string text = "{";
  for (size_t n = 0; n < count; ++n)
    text += (n ? ", $" : "$") + std::to_string(first + n);
  return text + "}";
}

SmallVector<Value> sm100::readColumns(Emitter &e, Value address, int64_t count, Type type) {
  // Registers of a load are not there before the wait, so both are one piece of code for LLVM.
  std::string ptx, constraints;
  for (int64_t n = 0; n < count; ++n)
    constraints += n ? ",=r" : "=r";
  SmallVector<Value> operands;
  for (int64_t first = 0; first < count; first += kColumnsAtOnce) {
    int64_t columns = std::min(kColumnsAtOnce, count - first);
    ptx += "tcgen05.ld.sync.aligned.32x32b.x" + std::to_string(columns) + ".b32 " + registerList(first, columns) +
           ", [$" + std::to_string(count + operands.size()) + "];\n\t";
    constraints += ",r";
    operands.push_back(e.add(address, first));
  }
  ptx += "tcgen05.wait::ld.sync.aligned;";
  SmallVector<Value> words = e.assembly(ptx, constraints, SmallVector<Type>(count, e.i32()), operands);
  for (Value &word : words)
    word = e.bitcast(word, type);
  return words;
}

void sm100::writeColumns(Emitter &e, Value address, ValueRange values) {
  for (size_t first = 0; first < values.size();) {
    size_t columns = std::min<size_t>(kColumnsAtOnce, values.size() - first);
    while (columns & (columns - 1)) // powers of two only
      columns &= columns - 1;
    SmallVector<Value> operands = {e.add(address, first)};
    std::string constraints = "r";
    for (Value value : values.slice(first, columns)) {
      operands.push_back(e.bitcast(value, e.i32()));
      constraints += ",r";
    }
    e.assembly("tcgen05.st.sync.aligned.32x32b.x" + std::to_string(columns) + ".b32 [$0], " + registerList(1, columns) +
                   ";",
               constraints, {}, operands);
    first += columns;
  }
}

void sm100::waitForWrites(Emitter &e) { e.assembly("tcgen05.wait::st.sync.aligned;", "", {}, {}); }

namespace {

struct ConvertTensorAlloc : TilePattern<TensorAllocOp> {
  using TilePattern::TilePattern;
  Fragments emit(TensorAllocOp op, Adaptor, Emitter &e) const override {
    Value holder = sharedAddress(e, op.getOffset());
    e.ifThen(e.compare(Predicate::eq, e.warp(), e.i32(op.getWarp())), [&] {
      e.assembly("tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [$0], $1;", "r,n", {},
                 {holder, e.i32(op.getColumns())});
      e.assembly("tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;", "", {}, {});
    });
    return Fragments({{holder}});
  }
};

struct ConvertTensor : TilePattern<TensorOp> {
  using TilePattern::TilePattern;
  Fragments emit(TensorOp op, Adaptor adaptor, Emitter &e) const override {
    Value base = e.assembly("ld.shared.b32 $0, [$1];", "=r,r", e.i32(), adaptor.getMemory().front())[0];
    return Fragments({{e.add(base, op.getColumn())}});
  }
};

struct ConvertTensorFree : TilePattern<TensorFreeOp> {
  using TilePattern::TilePattern;
  Fragments emit(TensorFreeOp op, Adaptor adaptor, Emitter &e) const override {
    auto alloc = op.getMemory().getDefiningOp<TensorAllocOp>();
    e.ifThen(e.compare(Predicate::eq, e.warp(), e.i32(alloc.getWarp())), [&] {
      Value base = e.assembly("ld.shared.b32 $0, [$1];", "=r,r", e.i32(), adaptor.getMemory().front())[0];
      e.assembly("tcgen05.dealloc.cta_group::1.sync.aligned.b32 $0, $1;", "r,n", {}, {base, e.i32(alloc.getColumns())});
    });
    return SmallVector<SmallVector<Value>>();
  }
};

struct ConvertRead : TilePattern<ReadOp> {
  using TilePattern::TilePattern;
  Fragments emit(ReadOp op, Adaptor adaptor, Emitter &e) const override {
    int64_t columns = op.getTile().getType().columns();
    Value source = adaptor.getSource().front(), zero = e.f32(0);
    SmallVector<Value> values;
    if (adaptor.getCondition().empty()) {
      values = readColumns(e, ownLanes(e, source), columns, e.f32());
    } else {
      auto branch =
          scf::IfOp::create(e.builder, e.loc, SmallVector<Type>(columns, e.f32()), adaptor.getCondition().front(),
                            /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(e.builder);
      e.builder.setInsertionPointToStart(branch.thenBlock());
      scf::YieldOp::create(e.builder, e.loc, readColumns(e, ownLanes(e, source), columns, e.f32()));
      e.builder.setInsertionPointToStart(branch.elseBlock());
      scf::YieldOp::create(e.builder, e.loc, SmallVector<Value>(columns, zero));
      values.assign(branch.getResults().begin(), branch.getResults().end());
    }
    if (op.getPoison())
      for (Value &value : values)
        value = e.fma(value, zero, value); // inf * 0 is NaN
    return Fragments({values});
  }
};

struct ConvertWrite : TilePattern<WriteOp> {
  using TilePattern::TilePattern;
  Fragments emit(WriteOp op, Adaptor adaptor, Emitter &e) const override {
    TileType tile = op.getTile().getType();
    size_t words = tile.columns() * bitsOf(tile.elementFormat()) / 32;
    ValueRange values = adaptor.getTile();
    writeColumns(e, ownLanes(e, adaptor.getTarget().front()), values.take_front(words));
    if (op.getScales())
      writeScales(adaptor.getScales().front(), tile, values.drop_front(words), e);
    return SmallVector<SmallVector<Value>>();
  }

private:
  /// This row's word of each atom, from where tcgen05.cp takes them: row r at (r mod 32) * 16 + r / 32 * 4.
  static void writeScales(Value slot, TileType tile, ValueRange words, Emitter &e) {
    Value row = e.band(e.thread(), kAtomRows - 1);
    Value place = e.add(e.shl(e.band(row, 31), 4), e.shl(e.shr(row, 5), 2));
    Value first = e.add(e.add(slot, MatrixLayout(tile).elementBytes()), place);
    for (auto [n, word] : llvm::enumerate(words))
      e.assembly("st.shared.b32 [$0], $1;", "r,r", {}, {e.add(first, n * kAtomBytes), word});
    e.assembly("fence.proxy.async.shared::cta;", "", {}, {}); // tcgen05.cp reads through the async proxy
  }
};

struct ConvertRescale : TilePattern<RescaleOp> {
  using TilePattern::TilePattern;
  Fragments emit(RescaleOp op, Adaptor adaptor, Emitter &e) const override {
    Value from = adaptor.getFrom()[0], to = adaptor.getTo()[0], address = adaptor.getAccumulator().front();
    int64_t columns = op.getAccumulator().getType().columns();
    // A row that has seen nothing is taken relative to zero, as in online_softmax.
    Value empty = e.fcompare(FloatPredicate::oeq, to, e.f32(-std::numeric_limits<float>::infinity()));
    Value alpha = portable::exp2(e, e.fsub(from, e.select(empty, e.f32(0), to)), op.getExp2());
    alpha = e.fmul(alpha, e.fdiv(adaptor.getTo()[2], adaptor.getFrom()[2]));
    Value changed = e.fcompare(FloatPredicate::une, alpha, e.f32(1.0f)); // NaN counts
    // Moving rows takes a whole warp, so it goes by the warp's votes.
    Value some = e.compare(Predicate::ne, e.ballot(changed), e.i32(0));
    e.ifThen(e.band(some, adaptor.getCondition().front()), [&] {
      Value own = ownLanes(e, address);
      for (int64_t first = 0; first < columns; first += kColumnsAtOnce) {
        Value piece = e.add(own, first);
        SmallVector<Value> values = readColumns(e, piece, std::min(kColumnsAtOnce, columns - first), e.f32());
        for (Value &value : values)
          value = e.fmul(value, alpha);
        writeColumns(e, piece, values);
      }
    });
    return SmallVector<SmallVector<Value>>();
  }
};

} // namespace

void sm100::populateTensorPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertTensorAlloc, ConvertTensor, ConvertTensorFree, ConvertRead, ConvertWrite, ConvertRescale>(
      converter, patterns.getContext());
}
