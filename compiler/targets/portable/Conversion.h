//===- Conversion.h - what the portable conversions share -------------------===//
//
// Scheduled tiles become the values of one thread, one to many:
//
//   tile, accumulator          C fragments of mma.sync: per 8 columns 4 f32 (row g: c, c+1; row g+8: c, c+1); one column: 2 f32
//   tile, operand_a(_widened)  A fragments: per 16 columns 4 pairs of 16-bit values: vector<2xf16>, or i32 for bf16
//   tile, groups               16 f32 of one group; packed: 2 i32 of elements, 1 i32 of scale
//   tile, columns / lanes      1 f32 / columns / 32 f32
//   tile, shared               its address
//   softmax                    m, m+8, l, l+8, then the accumulator as C fragments. l is this thread's part of the row sum
//   view                       pointer and strides (in elements); packed: pointers to elements and scales
//   routes                     counts, ids, capacity
//   decisions                  sets, counts, tiers (null: not wanted)
//   router                     RouterParts
//
// README.md of this folder draws them.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_PORTABLE_CONVERSION_H
#define THRIFTJIT_COMPILER_TARGETS_PORTABLE_CONVERSION_H

#include "compiler/targets/Lowering.h"
#include "compiler/targets/portable/Emitter.h"
#include "compiler/targets/portable/Portable.h"
#include "compiler/targets/portable/Widen.h"

#include "mlir/Transforms/DialectConversion.h"

namespace thrift::portable {

class PortableTypeConverter : public mlir::TypeConverter {
public:
  explicit PortableTypeConverter(mlir::MLIRContext *context);
};

/// Converts a module of kernels by `patterns`, and declares the shared memory that they share.
mlir::LogicalResult convert(mlir::ModuleOp module, const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet patterns, int64_t sharedAlignment);

template <typename OpT>
class TilePattern : public mlir::OpConversionPattern<OpT> {
public:
  using mlir::OpConversionPattern<OpT>::OpConversionPattern;
  using Adaptor = typename mlir::OpConversionPattern<OpT>::OneToNOpAdaptor;

  /// Emits the op's instructions; the op is replaced by what this returns, one list for each result, or erased.
  virtual mlir::FailureOr<llvm::SmallVector<llvm::SmallVector<Value>>> emit(OpT op, Adaptor adaptor,
                                                                            Emitter &e) const = 0;

  mlir::LogicalResult matchAndRewrite(OpT op, Adaptor adaptor,
                                      mlir::ConversionPatternRewriter &rewriter) const override {
    Emitter emitter(rewriter, op.getLoc());
    auto values = emit(op, adaptor, emitter);
    if (failed(values))
      return mlir::failure();
    if (values->empty())
      rewriter.eraseOp(op);
    else
      rewriter.replaceOpWithMultiple(op, std::move(*values));
    return mlir::success();
  }
};

using Fragments = mlir::FailureOr<llvm::SmallVector<llvm::SmallVector<Value>>>;

/// The type of two 16-bit values as mma.sync takes them.
Type operandType(ElementFormat format, mlir::MLIRContext *context);

/// The single values behind operands that stay one to one, such as indices.
inline llvm::SmallVector<Value> firsts(llvm::ArrayRef<ValueRange> ranges) {
  return llvm::map_to_vector(ranges, [](ValueRange range) -> Value { return range.front(); });
}

/// An extent as a value: a constant, or the launch argument that carries the dimension.
Value extentValue(Emitter &e, mlir::Operation *op, mlir::Attribute extent);
/// The dimension called `name`.
Value dimension(Emitter &e, mlir::Operation *op, llvm::StringRef name);

/// Where a tile of a strided view lies.
struct StridedTile {
  Value base;      ///< address of element (row 0 of the view, column 0), at the given outer indices
  Value rowStride; ///< in elements, i64
  Value firstRow;  ///< of the tile, i32
  Value rows;      ///< that the view has, i32
};
StridedTile locateStrided(Emitter &e, mlir::Operation *op, ViewType type, ValueRange view, TileType tile,
                          ValueRange indices, int64_t elementBytes);
/// Address of (row, 0) of a strided tile; `row` counts from the tile's first one.
Value rowAddress(Emitter &e, const StridedTile &tile, Value row, int64_t elementBytes);

/// Which tile of a packed view: `tile` of `tiles`, in the matrix `head` of those that the outer indices number.
struct PackedPlace {
  bool transposed; ///< tiles follow one another along the view's last dimension
  Value head;      ///< i64
  Value tile, tiles;
};
PackedPlace placeOfPacked(Emitter &e, mlir::Operation *op, ViewType type, TileType tile, ValueRange indices);

/// Where a tile of a packed view in layout `portable` lies.
struct PackedTile {
  Value elements, scales;
};
PackedTile locatePacked(Emitter &e, mlir::Operation *op, ViewType type, ValueRange view, TileType tile,
                        ValueRange indices);

/// This thread's place in a fragment: lane = 4 g + q.
struct FragmentPlace {
  Value g, q, row; ///< row = 16 warp + g
};
FragmentPlace fragmentPlace(Emitter &e);

/// Byte offset of 16-byte chunk `chunk` of row `row` of a shared tile of `rowBytes` per row. Chunks are exchanged
/// within groups of eight, so that the eight rows that ldmatrix reads at one column lie in different banks.
Value swizzledOffset(Emitter &e, Value row, Value chunk, int64_t rowBytes);

/// The thread's place in a slice whose groups run along an extent of `contracted` elements: which row, which group.
struct GroupPlace {
  Value row, group;
};
GroupPlace groupPlace(Emitter &e, int64_t contracted);

/// Which keys query tile i sees: `visible` of them at least by one row, `interior` by every row.
struct KeyRange {
  Value visible, interior;
};
KeyRange keyRange(Emitter &e, mlir::Operation *op, MaskKind mask, Value i, int64_t blockQ);

/// The routes of one query tile.
struct RouteRow {
  Value count, ids, capacity, countAddress;
};
RouteRow locateRoutes(Emitter &e, mlir::Operation *op, RoutesType type, ValueRange routes, ValueRange indices,
                      bool loadCount);

/// The seeds of a query tile: blocks [0, sink) and [begin, end), disjoint and visible.
struct SeedBlocks {
  Value sink, begin, end;
};
SeedBlocks seedBlocks(Emitter &e, mlir::Operation *op, Value i, int64_t blockQ, int64_t blockKv, Value sink, Value local,
                      Value visible);

/// What stands for a router in one thread. A granule is the rows of a warp. What changes lies in three local variables, which LLVM keeps
/// in registers.
struct RouterParts {
  Value sets, counts, tiers;      ///< addresses of the tile's decisions: those of its first granule
  Value words, kvBlocks;          ///< i32: words of a set, and bytes of a granule's tiers
  Value wantsTiers;               ///< i1
  Value sink, begin, end;         ///< i32: SeedBlocks
  Value rows, most;               ///< i32: rows of the tile that exist, promotions that a granule may make
  Value tau, lambda, scale;       ///< f32
  Value mass, massHigh, promoted; ///< addresses: log2 of the promoted mass of rows g and g + 8, f32; promotions so far, i32

  RouterParts() = default;
  explicit RouterParts(ValueRange values);
  llvm::SmallVector<Value> values() const;
  static void appendTypes(mlir::MLIRContext *context, llvm::SmallVectorImpl<Type> &types);
};

/// A row of this thread, as a granule's vote asks for it.
struct RowSeen {
  Value row;          ///< its number in the tile
  Value largest;      ///< logit of the block, before the scale
  Value maximum, sum; ///< what the state holds: the largest base-2 logit so far, and the sum relative to it
  Value mass;         ///< address: log2 of the promoted mass
};

/// Decides for this warp's granule about block j and writes it down; true where the granule does not take it low.
Value decide(Emitter &e, PromoteOp op, const RouterParts &router, Value j, Value times,
             llvm::MutableArrayRef<RowSeen> rows);

/// How many blocks of a router's list lie in [begin, end), and the first of them.
struct ListStart {
  Value count, j;
};
ListStart seekInRouter(Emitter &e, const RouterParts &router, RouterType type, BlockList list, Value begin, Value end);
/// The block that follows j.
Value nextInRouter(Emitter &e, const RouterParts &router, RouterType type, BlockList list, Value j);

/// log2 of a positive normal number, within 2 ulp of f32, bit-equal everywhere.
Value log2(Emitter &e, Value x);
/// The larger one of the four lanes of a quad, NaN if one is.
Value quadMax(Emitter &e, Value value);

/// exp2 of a finite or minus infinite argument.
Value exp2(Emitter &e, Value x, llvm::StringRef kind);

/// A slice of quantised groups, one for each thread, from row `first` of a tile on: elements and scales.
void storeGroups(StoreOp op, PackedLayout layout, ValueRange values, ValueRange view, ValueRange indices, Value first,
                 Emitter &e);
/// Refuses tiles for which storeGroups has no rule.
mlir::LogicalResult checkStoredGroups(StoreOp op, PackedLayout layout);

void populateKernelPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateRingPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateCopyPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateMmaPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateSoftmaxPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateStorePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns,
                           const ConversionChoices &options);
void populateQuantizePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns,
                              const ConversionChoices &options);
void populateListPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateRankPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
/// thrift.start_router and thrift.keep_promoted, whatever the layout of logits.
void populateRouterPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
/// thrift.promote of fragments.
void populatePromotePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

} // namespace thrift::portable

#endif // THRIFTJIT_COMPILER_TARGETS_PORTABLE_CONVERSION_H
