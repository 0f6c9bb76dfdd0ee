//===- PartitionRoutes.cpp - thrift-partition-routes: one sweep per precision -===//

#include "compiler/Passes.h"
#include "dialect/Checks.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace thrift;

namespace thrift {
#define GEN_PASS_DEF_PARTITIONROUTES
#include "compiler/Passes.h.inc"
} // namespace thrift

/// In the online router's low sweep the logits pass `thrift.promote`, which withholds what a granule does not take low.
static void decideFromLogits(OpBuilder &builder, SweepOp clean, RouteOp route, IRMapping &mapping) {
  Value logits = mapping.lookupOrDefault(route.getLogits()), state = mapping.lookupOrDefault(route.getState());
  auto promote = PromoteOp::create(builder, route.getLoc(), logits.getType(), logits, state, clean.getBlockIndex(),
                                   route.getRouter(), /*times=*/Value());
  mapping.map(route.getLogits(), promote.getKept());
}

/// In its closing sweep a block is there for the granules that promoted it.
static void keepPromoted(OpBuilder &builder, SweepOp clean, RouteOp route) {
  for (OnlineSoftmaxOp softmax : clean.getBody().getOps<OnlineSoftmaxOp>()) {
    builder.setInsertionPoint(softmax);
    Value logits = softmax.getLogits();
    softmax.getLogitsMutable().assign(KeepPromotedOp::create(builder, route.getLoc(), logits.getType(), logits,
                                                             clean.getBlockIndex(), route.getRouter()));
  }
}

/// Where logits are withheld, a row may come to a block without having seen a key.
static void guardRows(SweepOp clean) {
  for (OnlineSoftmaxOp softmax : clean.getBody().getOps<OnlineSoftmaxOp>())
    softmax.setGuard(true);
}

/// Creates a sweep like `sweep`, over `list`, from `state`, in whose body the route is replaced by one of its regions.
static Value createSweep(OpBuilder &builder, SweepOp sweep, RouteOp route, BlockList list, Value state) {
  bool routed = list == BlockList::Low || list == BlockList::High, online = isRouterList(list);
  bool high = list == BlockList::High || list == BlockList::Seeds || list == BlockList::Promoted;
  auto clean = SweepOp::create(builder, sweep.getLoc(), sweep.getType(), list, sweep.getPart(), sweep.getMask(),
                               sweep.getI(), state,
                               routed   ? Value(route.getRoutes())
                               : online ? Value(route.getRouter())
                                        : Value(),
                               routed ? ValueRange(route.getIndices()) : ValueRange());
  Block *body = builder.createBlock(&clean.getBody(), {}, {builder.getI32Type(), sweep.getType()},
                                    {sweep.getLoc(), sweep.getLoc()});
  IRMapping mapping;
  mapping.map(sweep.getBlockIndex(), clean.getBlockIndex());
  mapping.map(sweep.getState(), clean.getState());
  builder.setInsertionPointToStart(body);
  for (Operation &op : sweep.getBody().front()) {
    if (&op != route) {
      builder.clone(op, mapping);
      continue;
    }
    if (list == BlockList::Rest)
      decideFromLogits(builder, clean, route, mapping);
    Region &chosen = high ? route.getHigh() : route.getLow();
    for (Operation &inner : chosen.front().without_terminator())
      builder.clone(inner, mapping);
    Value yielded = cast<YieldOp>(chosen.front().getTerminator()).getState();
    mapping.map(route.getNext(), mapping.lookupOrDefault(yielded));
  }
  if (list == BlockList::Promoted)
    keepPromoted(builder, clean, route);
  if (list == BlockList::Promoted || list == BlockList::Rest)
    guardRows(clean);
  builder.setInsertionPointAfter(clean);
  return clean.getFinal();
}

/// As above, for kernels that hold one precision only: the list is everything visible.
static Value createOnlySweep(OpBuilder &builder, SweepOp sweep, RouteOp route, bool high) {
  Region &other = high ? route.getLow() : route.getHigh();
  Region &chosen = high ? route.getHigh() : route.getLow();
  // Reuse createSweep, which takes the low region for every list but `high`.
  if (high)
    other.takeBody(chosen);
  return createSweep(builder, sweep, route, BlockList::Visible, sweep.getInitial());
}

/// What the online router's three sweeps rely on.
static LogicalResult verifyPromotion(SweepOp sweep, RouteOp route) {
  if (sweep.getBody().isAncestor(route.getRouter().getParentRegion()))
    return route.emitOpError("needs a router from outside the sweep");
  if (route.getLogits().getParentBlock() != &sweep.getBody().front() || route.getState() != sweep.getState())
    return route.emitOpError("decides from logits and state of the sweep's own body");
  for (Region *region : {&route.getHigh(), &route.getLow()})
    if (llvm::range_size(region->getOps<OnlineSoftmaxOp>()) != 1)
      return route.emitOpError("by promotion needs one online_softmax in each region: that is where P becomes zero");
  return success();
}

/// A route becomes lists only where the sweep's own blocks and query tile are what it decides about.
static LogicalResult verifyRoute(SweepOp sweep, RouteOp route) {
  if (sweep.getList() != BlockList::Visible)
    return route.emitOpError("in a sweep over ") << stringifyBlockList(sweep.getList()) << " blocks; allowed: visible";
  if (route.getJ() != sweep.getBlockIndex())
    return route.emitOpError("decides about another block than the sweep's");
  auto isInside = [&](Value value) { return sweep.getBody().isAncestor(value.getParentRegion()); };
  if (route.isPromotion())
    return verifyPromotion(sweep, route);
  if (isInside(route.getRoutes()) || llvm::any_of(route.getIndices(), isInside))
    return route.emitOpError("needs routes and indices from outside the sweep");
  return success();
}

static LogicalResult partition(SweepOp sweep) {
  auto routes = llvm::to_vector(sweep.getBody().getOps<RouteOp>());
  if (routes.empty())
    return success();
  RouteOp route = routes.front();
  if (routes.size() > 1)
    return routes[1].emitOpError("a sweep holds one route, this one has ") << routes.size();
  if (failed(verifyRoute(sweep, route)))
    return failure();
  auto budget = dyn_cast<BudgetClassAttr>(route.getBudget());
  if (!budget)
    return route.emitOpError("needs a bound budget class, got ") << route.getBudget();

  OpBuilder builder(sweep);
  Value final;
  if (route.isPromotion() && budget.getValue() != BudgetClass::Mixed)
    return route.emitOpError("by promotion has budget ")
           << stringifyBudgetClass(budget.getValue()) << "; allowed: mixed";
  if (route.isPromotion()) {
    final = sweep.getInitial();
    for (BlockList list : {BlockList::Seeds, BlockList::Rest, BlockList::Promoted})
      final = createSweep(builder, sweep, route, list, final);
    sweep.getFinal().replaceAllUsesWith(final);
    sweep.erase();
    return success();
  }
  switch (budget.getValue()) {
  case BudgetClass::Mixed:
    final = createSweep(builder, sweep, route, BlockList::Low, sweep.getInitial());
    final = createSweep(builder, sweep, route, BlockList::High, final);
    break;
  case BudgetClass::AllLow:
  case BudgetClass::AllHigh:
    final = createOnlySweep(builder, sweep, route, budget.getValue() == BudgetClass::AllHigh);
    break;
  }
  sweep.getFinal().replaceAllUsesWith(final);
  sweep.erase();
  return success();
}

/// Erases arguments that nothing reads: a kernel asks its caller for no more than it needs.
static void dropUnusedArguments(KernelOp kernel) {
  Block *body = kernel.getBodyBlock();
  SmallVector<Attribute> names;
  llvm::BitVector unused(body->getNumArguments());
  for (BlockArgument argument : body->getArguments()) {
    if (argument.use_empty())
      unused.set(argument.getArgNumber());
    else
      names.push_back(kernel.getArgNames()[argument.getArgNumber()]);
  }
  body->eraseArguments(unused);
  kernel.setArgNamesAttr(ArrayAttr::get(kernel.getContext(), names));
}

namespace {
struct PartitionRoutes : thrift::impl::PartitionRoutesBase<PartitionRoutes> {
  void runOnOperation() override {
    for (KernelOp kernel : getOperation().getOps<KernelOp>()) {
      auto sweeps = llvm::to_vector(kernel.getBody().getOps<SweepOp>());
      for (SweepOp sweep : sweeps)
        if (failed(partition(sweep)))
          return signalPassFailure();
      IRRewriter rewriter(kernel.getContext());
      (void)runRegionDCE(rewriter, kernel->getRegions());
      dropUnusedArguments(kernel);
    }
  }
};
} // namespace
