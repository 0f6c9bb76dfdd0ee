//===- Tcgen05Alloc.cpp - columns of TMEM -------------------------------------===//
//
// PTX ISA "Tensor Memory Allocation and Management Instructions". alloc writes the address of its columns to shared
// memory, and waits until there are some; what a CTA has allocated it must give back.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/MemoryForm.h"
#include "runtime/sim/ops/Tcgen05.h"

#include <cstring>

namespace thrift::sim {

namespace {

/// The value of a register that must be the same in all lanes; false after a report.
bool uniform(Warp &warp, const Inst &inst, uint32_t place, const char *what, uint32_t &value) {
  const uint32_t *lanes = warp.plane<uint32_t>(place);
  value = lanes[0];
  for (unsigned lane = 1; lane < kWarpSize; ++lane)
    if (lanes[lane] != value) {
      warp.fault(inst, Check::Uniformity, static_cast<int>(lane),
                 std::string(what) + " is " + std::to_string(lanes[lane]) + ", in lane 0 it is " +
                     std::to_string(value) + "; allowed: the same in all lanes");
      return false;
    }
  return true;
}

bool isAllocationSize(uint32_t columns) {
  return columns >= kTmemBlock && columns <= kTmemColumns && (columns & (columns - 1)) == 0;
}

Step badSize(Warp &warp, const Inst &inst, uint32_t columns) {
  return warp.fault(inst, Check::TmemMisuse, -1,
                    "the number of columns is " + std::to_string(columns) + "; allowed: powers of two from " +
                        std::to_string(kTmemBlock) + " to " + std::to_string(kTmemColumns));
}

/// Address a + imm, columns b.
Step runAlloc(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Cta &cta = warp.cta;
  Tmem &tmem = cta.tensorMemory();
  uint32_t columns;
  if (!uniform(warp, inst, inst.b, "the number of columns", columns))
    return Step::Fault;
  if (!isAllocationSize(columns))
    return badSize(warp, inst, columns);
  if (tmem.relinquished)
    return warp.fault(inst, Check::TmemMisuse, -1,
                      "an allocation after the CTA gave up the right to allocate, in line " +
                          std::to_string(warp.program.lines[tmem.relinquishPc]));
  if (cta.launch.options.lints && !tmem.allocations().empty() && tmem.allocations().back().columns < columns)
    warp.note(inst, Check::TmemMisuse, Severity::Warning, -1,
              "an allocation of " + std::to_string(columns) + " columns after one of " +
                  std::to_string(tmem.allocations().back().columns) + "; the ISA allows only falling sizes");

  Places places;
  constexpr uint32_t kWriter = 1; // one store for the warp
  if (Step step = resolve(windowOf(inst), warp, inst, kWriter, 4, 4, true, places); step != Step::Next)
    return step;
  if (places.data(0) < cta.shared || places.data(0) >= cta.shared + cta.sharedBytes)
    return warp.fault(inst, Check::OutOfBounds, 0, "the address for the result is not in shared memory");
  uint32_t address;
  bool random = cta.async.delivery() == Delivery::Random;
  if (!tmem.allocate(columns, warp.indexOf(inst), !cta.launch.options.checkUninitialized,
                     random ? &cta.async.random() : nullptr, address))
    return warp.park(inst, mask, SplitState::WaitsTmem, columns);
  if (cta.races)
    cta.races->tmem.forget(tmemCell(0, address), columns * kTmemLanes);
  if (Step step = markWritten(warp, inst, kWriter, places, 4); step != Step::Next)
    return step;
  std::memcpy(places.data(0), &address, 4);
  cta.stats.sharedWriteBytes += 4;
  return Step::Next;
}

/// Address a, columns b.
Step runDealloc(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Cta &cta = warp.cta;
  Tmem &tmem = cta.tensorMemory();
  uint32_t address, columns;
  if (!uniform(warp, inst, inst.a, "the address", address) ||
      !uniform(warp, inst, inst.b, "the number of columns", columns))
    return Step::Fault;
  if (!isAllocationSize(columns))
    return badSize(warp, inst, columns);
  if (std::string error = tmem.release(address, columns); !error.empty())
    return warp.fault(inst, Check::TmemMisuse, -1, error);
  std::vector<TmemRegion> freed = {TmemRegion::of(0, kTmemLanes, address, columns)};
  uint32_t cell;
  const AsyncOperation *user = cta.async.find([&](const AsyncOperation &each) {
    if (!isTmemKind(each.kind))
      return false;
    const auto &operation = static_cast<const TmemOperation &>(each);
    return findCommonCell(operation.reads, freed, cell) || findCommonCell(operation.writes, freed, cell);
  });
  if (user)
    return warp.fault(inst, Check::TmemMisuse, -1,
                      describeTmemCell(cell) + " is deallocated while " + user->describe(cta) + " is in flight");
  if (cta.races) {
    Conflict conflict;
    Actor actor = cta.races->warpActor(warp.index, warp.indexOf(inst));
    if (!cta.races->tmem.write(actor, tmemCell(0, address), columns * kTmemLanes, conflict)) {
      cta.reportConflict(actor.pc, &warp, -1, conflict, describeTmemCell(conflict.cell), "the deallocation");
      return Step::Fault;
    }
  }
  for (const auto &each : cta.warps)
    for (Split &split : each->others)
      if (split.state == SplitState::WaitsTmem)
        split.state = SplitState::Ready;
  return Step::Next;
}

Step runRelinquish(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Tmem &tmem = warp.cta.tensorMemory();
  tmem.relinquished = true;
  tmem.relinquishPc = warp.indexOf(inst);
  return Step::Next;
}

void takeColumns(Form &form, size_t operand) {
  form.b(operand, Ty::B32);
  if (operand < form.operandCount() && form.isImmediate(operand))
    if (auto columns = static_cast<uint64_t>(form.immediate(operand));
        columns > kTmemColumns || !isAllocationSize(static_cast<uint32_t>(columns)))
      form.invalid("the number of columns is " + std::to_string(columns) + "; allowed: powers of two from 32 to 512");
}

} // namespace

void decodeTcgen05Alloc(Form &form) {
  takeCtaGroup(form);
  takeAligned(form);
  takeType(form, "b32");
  takeSharedWindow(form, "shared::cta", 0);
  takeAddress(form, 0);
  takeColumns(form, 1);
  form.use(&runAlloc);
}

void decodeTcgen05Dealloc(Form &form) {
  takeCtaGroup(form);
  takeAligned(form);
  takeType(form, "b32");
  form.a(0, Ty::B32);
  takeColumns(form, 1);
  form.use(&runDealloc);
}

void decodeTcgen05Relinquish(Form &form) {
  takeCtaGroup(form);
  takeAligned(form);
  form.use(&runRelinquish);
}

} // namespace thrift::sim
