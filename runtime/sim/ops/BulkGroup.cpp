//===- BulkGroup.cpp - what begins with cp.async.bulk -----------------------===//
//
// PTX ISA "cp.async.bulk.commit_group", "cp.async.bulk.wait_group"; the copies are in BulkMemory and BulkTensor.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/BulkCopy.h"

#include <algorithm>

namespace thrift::sim {

namespace {

Step runCommit(Warp &warp, const Inst &, uint32_t mask) {
  warp.bulkGroups.commit(mask);
  return Step::Next;
}

/// The warp may overwrite what its stores have read.
void learnRead(Warp &warp) {
  HappensBefore *races = warp.cta.races.get();
  if (!races)
    return;
  Epoch epoch = races->latest(races->streamOf(warp.index, Stream::Bulk));
  warp.cta.async.visit([&](AsyncOperation &operation) {
    if (operation.kind == AsyncKind::BulkStore && operation.warp == &warp)
      if (const auto &store = static_cast<const BulkStore &>(operation); !store.isRead())
        epoch = std::min(epoch, store.epoch - 1);
  });
  races->learn(warp.index, epoch);
}

/// Waits until at most imm of the latest groups of a lane are incomplete; flags: .read, their sources suffice.
Step runWait(Warp &warp, const Inst &inst, uint32_t mask) {
  Cta &cta = warp.cta;
  auto isCovered = [&](const AsyncOperation &operation) {
    if (operation.kind != AsyncKind::BulkStore || operation.warp != &warp)
      return false;
    auto lane = static_cast<unsigned>(operation.lane);
    uint32_t group = static_cast<const BulkStore &>(operation).group;
    return hasLane(mask, lane) && warp.bulkGroups.covers(lane, group, static_cast<uint64_t>(inst.imm));
  };
  bool good = true;
  if (inst.flags)
    cta.async.visit([&](AsyncOperation &operation) {
      if (isCovered(operation))
        good = good && static_cast<BulkStore &>(operation).read(cta);
    });
  else
    good = cta.async.performAll(cta, isCovered);
  learnRead(warp);
  return good ? Step::Next : Step::Fault;
}

} // namespace

void decodeBulk(Form &form) {
  form.requireSm(90, "cp.async.bulk");
  if (form.take("commit_group"))
    return form.use(&runCommit);
  if (form.take("wait_group")) {
    form.inst.flags = form.take("read");
    form.inst.imm = form.immediate(0);
    if (form.inst.imm < 0)
      return form.invalid("a negative number of groups");
    return form.use(&runWait);
  }
  bool isPrefetch = form.take("prefetch"), isTensor = form.take("tensor");
  if (isTensor)
    return isPrefetch ? decodeBulkTensorPrefetch(form) : decodeBulkTensor(form);
  return isPrefetch ? decodeBulkPrefetch(form) : decodeBulkMemory(form);
}

} // namespace thrift::sim
