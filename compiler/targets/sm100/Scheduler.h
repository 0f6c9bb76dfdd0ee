//===- Scheduler.h - the sm100 schedule in the making -----------------------===//
//
// Schedule.cpp: memory, pipelines, phases. Roles.cpp: what each role does with them.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_TARGETS_SM100_SCHEDULER_H
#define THRIFTJIT_COMPILER_TARGETS_SM100_SCHEDULER_H

#include "compiler/targets/Lowering.h"
#include "compiler/targets/sm100/MatrixLayout.h"
#include "compiler/targets/sm100/Sm100.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <memory>

namespace thrift::sm100 {

namespace arith = mlir::arith;
using llvm::ArrayRef;
using llvm::cast;
using llvm::dyn_cast;
using llvm::function_ref;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;
using mlir::BlockArgument;
using mlir::Location;
using mlir::LogicalResult;
using mlir::NameLoc;
using mlir::OpBuilder;
using mlir::StringAttr;
using mlir::Value;
using mlir::ValueRange;

constexpr int64_t kSoftmaxWarps = 4, kLoadWarp = 4, kMultiplyWarp = 5, kWarps = 6;

/// One precision: the tiles that stream through its rings.
struct Tier {
  Value keyView; ///< by which sweeps of one tier are told from the other's
  LoadOp query;
  Value queryTile, keyRing, valueRing, keysFull, keysFree, valuesFull, valuesFree;
  Value scaleRing; ///< where P has scales: shared memory for them
  Value keyScales, valueScales, p;
  Value queryScale; ///< of a query tile in fp8
  Value number;     ///< blocks of this tier before the sweep at hand
};

/// A sweep, with the place in its list where it begins.
struct Stretch {
  SweepParts parts;
  Tier *tier;
  SeekOp seek;
  Value number, step; ///< blocks of the tier and of all tiers before it
};

class Scheduler {
public:
  Scheduler(KernelOp kernel, const ScheduleChoices &options)
      : kernel(kernel), options(options), loc(kernel.getLoc()), builder(kernel.getContext()) {}

  LogicalResult run();

private:
  Tier *tierOf(const SweepParts &parts);
  void allocateShared();
  void allocateTensor();
  /// The roles for some stretches, from `state`. They end with `last`, or, where it is null, with the state returned.
  Value runPhase(ArrayRef<Stretch *> phase, bool first, FinishOp last, Value state);
  void seek(ArrayRef<Stretch *> phase);
  void load(ArrayRef<Stretch *> phase, bool first);
  void multiply(ArrayRef<Stretch *> phase, bool first, bool last);
  Value softmax(ArrayRef<Stretch *> phase, Value state);
  Value softmaxBlock(Stretch &stretch, Value step, Value j, Value state);
  Value scaleOf(LoadOp load, SweepOp sweep, Value j, int64_t tokens);
  void finish(FinishOp finish, Value state);

  Value constant(int64_t value) { return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value)); }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value isPositive(Value a) { return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, a, constant(0)); }
  /// A location that names a value where IR is printed for people.
  Location named(const Twine &name) { return NameLoc::get(builder.getStringAttr(name), loc); }
  /// What the kernel calls the view behind a load: "k", "v_low".
  StringRef nameOf(LoadOp load) {
    auto argument = dyn_cast<BlockArgument>(load.getView());
    return argument ? cast<StringAttr>(kernel.getArgNames()[argument.getArgNumber()]).getValue() : "tile";
  }
  Value allocate(const Twine &name, TileType tile, int64_t stages) {
    RingType ring = RingType::get(builder.getContext(), stages, tile.withLayout(TileLayout::Swizzled));
    auto alloc = AllocOp::create(builder, named(name), ring, builder.getI32IntegerAttr(sharedBytes));
    sharedBytes += stages * slotBytes(tile);
    return alloc.getRing();
  }
  Value mbarriers(const Twine &name, int64_t stages, int64_t arrivals) {
    auto made = MBarriersOp::create(builder, named(name), MBarriersType::get(builder.getContext(), stages),
                                    builder.getI32IntegerAttr(sharedBytes), builder.getI32IntegerAttr(arrivals));
    sharedBytes += stages * kMBarrierBytes;
    return made.getBarriers();
  }
  Value slot(Value ring, Value number) {
    return SlotOp::create(builder, loc, cast<RingType>(ring.getType()).getTile(), ring, number);
  }
  /// A tile of tensor memory behind those before it.
  Value tensor(const Twine &name, TileType tile, int64_t &column) {
    auto made = TensorOp::create(builder, named(name), tile.withLayout(TileLayout::Tensor), memory,
                                 builder.getI32IntegerAttr(column));
    column += llvm::divideCeil(tile.columns() * bitsOf(tile.elementFormat()), 32);
    return made.getTile();
  }
  void await(Value barriers, Value number, bool free, bool orderTensor) {
    AwaitOp::create(builder, loc, barriers, number, free, orderTensor);
  }
  void role(StringRef name, int64_t warp, function_ref<void()> body);
  /// A loop over the blocks of a stretch. `body` gets the block's number in its tier, its number in all, its index and
  /// what is carried, and returns what is carried on. Without `places` the index is null, and nobody walks the list.
  SmallVector<Value> forBlocks(Stretch &stretch, ValueRange carried, bool places,
                               function_ref<SmallVector<Value>(Value, Value, Value, ValueRange)> body);

  KernelOp kernel;
  const ScheduleChoices &options;
  Location loc;
  OpBuilder builder;
  SmallVector<std::unique_ptr<Tier>> tiers;
  SmallVector<Stretch> stretches;
  int64_t sharedBytes = 0;
  Value memory, s, o, queriesFull, logitsFull, pFull, oDone, total;
};

} // namespace thrift::sm100

#endif // THRIFTJIT_COMPILER_TARGETS_SM100_SCHEDULER_H
