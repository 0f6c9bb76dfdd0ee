//===- PipelineToNVVM.cpp - roles, rings, mbarriers -------------------------===//

#include "compiler/WatchdogLayout.h"
#include "compiler/targets/Lowering.h"
#include "compiler/targets/sm100/Conversion.h"
#include "compiler/targets/sm100/MatrixLayout.h"
#include "compiler/targets/sm100/Sm100.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace thrift;
using namespace thrift::sm100;
using portable::Predicate;

Value sm100::sharedAddress(Emitter &e, int64_t offset) {
  Value base = LLVM::AddressOfOp::create(e.builder, e.loc, e.pointer(portable::kSharedSpace), "thrift_shared");
  return e.add(LLVM::PtrToIntOp::create(e.builder, e.loc, e.i32(), base), offset);
}

Value sm100::slotAddress(Emitter &e, Value ring, Value number, int64_t stages, int64_t bytes) {
  if (stages == 1)
    return ring;
  return e.add(ring, e.mul(e.remainder(number, stages), bytes));
}

namespace {

struct ConvertRole : OpConversionPattern<RoleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(RoleOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Emitter e(rewriter, loc);
    Value warp = e.warp(), first = e.i32(op.getFirstWarp());
    Value mine = op.getWarps() == 1 ? e.compare(Predicate::eq, warp, first)
                                    : e.compare(Predicate::ult, e.sub(warp, first), e.i32(op.getWarps()));
    SmallVector<Type> types;
    SmallVector<size_t> sizes; // how many values each result becomes
    for (Type type : op.getResultTypes()) {
      size_t before = types.size();
      if (failed(getTypeConverter()->convertType(type, types)))
        return failure();
      sizes.push_back(types.size() - before);
    }
    auto branch = scf::IfOp::create(rewriter, loc, types, mine, /*withElseRegion=*/!types.empty());
    if (!types.empty()) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(branch.elseBlock());
      SmallVector<Value> others;
      for (ValueRange values : adaptor.getOtherwise())
        llvm::append_range(others, values);
      scf::YieldOp::create(rewriter, loc, others);
    }
    Block *body = branch.thenBlock();
    if (op.getSingle()) {
      // The others of the warp wait for the one, so that the warp is whole again where it meets the CTA.
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(body);
      Emitter inside(rewriter, loc);
      auto thread = scf::IfOp::create(rewriter, loc, inside.compare(Predicate::eq, inside.lane(), inside.i32(0)),
                                      /*withElseRegion=*/false);
      NVVM::SyncWarpOp::create(rewriter, loc, inside.i32(-1));
      body = thread.thenBlock();
    }
    Operation *done = op.getBody().front().getTerminator();
    SmallVector<Value> handed;
    if (!types.empty()) { // values of a role that is no single thread
      SmallVector<Value> values(done->getOperands());
      rewriter.setInsertionPoint(done);
      scf::YieldOp::create(rewriter, loc, values);
    }
    rewriter.eraseOp(done);
    if (types.empty())
      rewriter.inlineBlockBefore(&op.getBody().front(), body->getTerminator());
    else
      rewriter.inlineBlockBefore(&op.getBody().front(), body, body->end());
    SmallVector<SmallVector<Value>> results;
    size_t next = 0;
    for (size_t size : sizes) {
      results.emplace_back(branch.getResults().begin() + next, branch.getResults().begin() + next + size);
      next += size;
    }
    if (results.empty())
      rewriter.eraseOp(op);
    else
      rewriter.replaceOpWithMultiple(op, std::move(results));
    return success();
  }
};

struct ConvertAlloc : TilePattern<AllocOp> {
  using TilePattern::TilePattern;
  Fragments emit(AllocOp op, Adaptor, Emitter &e) const override {
    return Fragments({{sharedAddress(e, op.getOffset())}});
  }
};

struct ConvertSlot : TilePattern<SlotOp> {
  using TilePattern::TilePattern;
  Fragments emit(SlotOp op, Adaptor adaptor, Emitter &e) const override {
    RingType ring = op.getRing().getType();
    return Fragments({{slotAddress(e, adaptor.getRing().front(), adaptor.getNumber().front(), ring.getStages(),
                                   slotBytes(ring.getTile()))}});
  }
};

struct ConvertMBarriers : TilePattern<MBarriersOp> {
  using TilePattern::TilePattern;
  Fragments emit(MBarriersOp op, Adaptor, Emitter &e) const override {
    Value base = sharedAddress(e, op.getOffset());
    e.ifThen(e.compare(Predicate::eq, e.thread(), e.i32(0)), [&] {
      for (int64_t n = 0; n < op.getBarriers().getType().getStages(); ++n)
        e.assembly("mbarrier.init.shared::cta.b64 [$0], $1;", "r,r", {},
                   {e.add(base, n * kMBarrierBytes), e.i32(op.getArrivals())});
    });
    return Fragments({{base}});
  }
};

struct ConvertPublish : TilePattern<PublishOp> {
  using TilePattern::TilePattern;
  Fragments emit(PublishOp, Adaptor, Emitter &e) const override {
    e.ifThen(e.compare(Predicate::eq, e.thread(), e.i32(0)),
             [&] { e.assembly("fence.mbarrier_init.release.cluster;", "", {}, {}); });
    return SmallVector<SmallVector<Value>>();
  }
};

bool hasWatchdog(AwaitOp op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  return function && function->hasAttr(kWatchdogAttr);
}

/// The loop of a wait that gives up. A wait looks at the records only when it has to wait, and before it suspends, so
/// that with the first entry there no other one loses time. %globaltimer counts nanoseconds. One lane speaks for its
/// warp.
void awaitBounded(Emitter &e, AwaitOp op, Value mbarrier, Value number, Value parity) {
  using namespace watchdog;
  std::string text = llvm::formatv("{{\n"
                                   "\t.reg .pred done, over;\n"
                                   "\t.reg .b32 count, x, y, z, waited;\n"
                                   "\t.reg .b64 begin, passed, entry;\n"
                                   "\tmov.u64 begin, %globaltimer;\n"
                                   "WAIT_${{:uid}:\n"
                                   "\tmbarrier.test_wait.parity.shared::cta.b64 done, [$0], $1;\n"
                                   "\t@done bra DONE_${{:uid};\n"
                                   "\tld.relaxed.gpu.global.u32 count, [$2];\n"
                                   "\tsetp.ne.u32 over, count, 0;\n"
                                   "\t@over bra RECORD_${{:uid};\n"
                                   "\tmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1, {0};\n"
                                   "\t@done bra DONE_${{:uid};\n"
                                   "\tmov.u64 passed, %globaltimer;\n"
                                   "\tsub.u64 passed, passed, begin;\n"
                                   "\tsetp.lt.u64 over, passed, {1};\n"
                                   "\t@over bra WAIT_${{:uid};\n"
                                   "RECORD_${{:uid}:\n"
                                   "\tsetp.ne.u32 over, $6, 0;\n"
                                   "\t@over bra DONE_${{:uid};\n"
                                   "\tatom.relaxed.gpu.global.add.u32 count, [$2], 1;\n"
                                   "\tsetp.ge.u32 over, count, {2};\n"
                                   "\t@over bra DONE_${{:uid};\n"
                                   "\tmad.wide.u32 entry, count, {3}, $2;\n"
                                   "\tmov.u64 passed, %globaltimer;\n"
                                   "\tsub.u64 passed, passed, begin;\n"
                                   "\tcvt.u32.u64 waited, passed;\n"
                                   "\tmov.u32 x, %ctaid.x;\n"
                                   "\tmov.u32 y, %ctaid.y;\n"
                                   "\tmov.u32 z, %ctaid.z;\n"
                                   "\tst.global.v4.u32 [entry+{4}], {{$3, $4, $5, {6}};\n"
                                   "\tst.global.v4.u32 [entry+{5}], {{x, y, z, waited};\n"
                                   "DONE_${{:uid}:\n"
                                   "\t}",
                                   kSuspendNanoseconds, kPatienceNanoseconds, kEntries, kEntryBytes, kHeaderBytes,
                                   kHeaderBytes + 16, op.getFree() ? 1 : 0);
  Value records = portable::dimension(e, op, "watchdog");
  e.assembly(text, "r,r,l,r,r,r,r", {},
             {mbarrier, parity, LLVM::PtrToIntOp::create(e.builder, e.loc, e.i64(), records),
              e.sub(mbarrier, sharedAddress(e, 0)), number, e.warp(), e.lane()});
}

struct ConvertAwait : TilePattern<AwaitOp> {
  using TilePattern::TilePattern;
  Fragments emit(AwaitOp op, Adaptor adaptor, Emitter &e) const override {
    int64_t stages = op.getBarriers().getType().getStages();
    Value number = adaptor.getNumber().front();
    // A fresh mbarrier says of the phase before its first that it is complete: parity 1.
    Value parity = e.band(stages == 1 ? number : e.divide(number, stages), 1);
    if (op.getFree())
      parity = e.bxor(parity, e.i32(1));
    Value mbarrier = slotAddress(e, adaptor.getBarriers().front(), number, stages, kMBarrierBytes);
    if (hasWatchdog(op))
      awaitBounded(e, op, mbarrier, number, parity);
    else
      e.assembly("{\n"
                 "\t.reg .pred done;\n"
                 "WAIT_${:uid}:\n"
                 "\tmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n"
                 "\t@!done bra WAIT_${:uid};\n"
                 "\t}",
                 "r,r", {}, {mbarrier, parity});
    if (op.getTensor())
      e.assembly("tcgen05.fence::after_thread_sync;", "", {}, {});
    return SmallVector<SmallVector<Value>>();
  }
};

struct ConvertArrive : TilePattern<ArriveOp> {
  using TilePattern::TilePattern;
  Fragments emit(ArriveOp op, Adaptor adaptor, Emitter &e) const override {
    waitForWrites(e);
    e.assembly("tcgen05.fence::before_thread_sync;", "", {}, {});
    e.assembly("mbarrier.arrive.shared::cta.b64 _, [$0];", "r", {},
               slotAddress(e, adaptor.getBarriers().front(), adaptor.getNumber().front(),
                           op.getBarriers().getType().getStages(), kMBarrierBytes));
    return SmallVector<SmallVector<Value>>();
  }
};

struct ConvertComplete : TilePattern<CompleteOp> {
  using TilePattern::TilePattern;
  Fragments emit(CompleteOp op, Adaptor adaptor, Emitter &e) const override {
    Value address = slotAddress(e, adaptor.getBarriers().front(), adaptor.getNumber().front(),
                                op.getBarriers().getType().getStages(), kMBarrierBytes);
    e.assembly("tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [$0];", "r", {}, address);
    return SmallVector<SmallVector<Value>>();
  }
};

} // namespace

void sm100::populatePipelinePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertRole, ConvertAlloc, ConvertSlot, ConvertMBarriers, ConvertPublish, ConvertAwait, ConvertArrive,
               ConvertComplete>(converter, patterns.getContext());
}
