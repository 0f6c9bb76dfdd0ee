//===- Tcgen05.cpp - what the tcgen05 instructions share ---------------------===//

#include "runtime/sim/ops/Tcgen05.h"

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/MemoryForm.h"

#include <cstring>

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

void takeCtaGroup(Form &form) {
  if (form.take("cta_group::1"))
    return;
  if (form.opcode().has("cta_group::2"))
    return form.unsupported("cta_group::2; supported: cta_group::1");
  form.invalid("the modifier .cta_group is missing");
}

void takeAligned(Form &form) {
  if (!form.take("sync") || !form.take("aligned"))
    form.invalid("the modifiers .sync.aligned are missing");
}

void takeType(Form &form, std::string_view type) {
  if (!form.take(type))
    form.invalid("the type ." + std::string(type) + " is missing");
}

Window takeSharedWindow(Form &form, std::string_view space, size_t operand) {
  if (!form.opcode().has(space))
    for (std::string_view other : {"shared", "shared::cta", "shared::cluster", "global", "local", "const"})
      if (form.opcode().has(other)) {
        form.invalid("the space ." + std::string(other) + "; allowed: ." + std::string(space) + ", or none");
        return Window::Generic;
      }
  return takeWindow(form, operand);
}

void takeTmemAddress(Form &form, size_t operand, uint32_t &place, uint32_t &offset) {
  const ptx::Operand &address = form.operand(operand);
  int64_t distance = 0;
  bool wide = false;
  if (address.kind == ptx::OperandKind::Address && address.base != ptx::AddressBase::Register)
    return form.invalid("a TMEM address is not in a register");
  takeAddress(form, operand, place, distance, wide);
  if (wide)
    form.invalid("a TMEM address has 32 bits");
  offset = static_cast<uint32_t>(distance);
}

//===----------------------------------------------------------------------===//
// Checks at issue
//===----------------------------------------------------------------------===//

static const char *howToWait(AsyncKind kind) {
  switch (kind) {
  case AsyncKind::TmemLoad:
    return "no tcgen05.wait::ld came between";
  case AsyncKind::TmemStore:
    return "no tcgen05.wait::st came between";
  default:
    return "nobody waited for a tcgen05.commit that tracks it";
  }
}

/// What is wrong between two operations on the same cells.
static std::string describeConflict(const Cta &cta, const TmemOperation &earlier, const TmemOperation &later) {
  uint32_t cell = 0;
  std::string who = earlier.describe(cta), text;
  if (findCommonCell(earlier.writes, later.reads, cell) ||
      (later.updates && findCommonCell(earlier.writes, later.writes, cell)))
    text = "read of " + describeTmemCell(cell) + ", which " + who + " has not written yet";
  else if (findCommonCell(earlier.writes, later.writes, cell))
    text = "write to " + describeTmemCell(cell) + ", which " + who + " is still going to write";
  else if (findCommonCell(earlier.reads, later.writes, cell))
    text = "write to " + describeTmemCell(cell) + ", which " + who + " has not read yet";
  return text + ": " + howToWait(earlier.kind);
}

/// Whether pending operations on the same cells are ordered before this one.
static Step checkPending(Warp &warp, const Inst &inst, const TmemOperation &operation) {
  Cta &cta = warp.cta;
  const TmemOperation *lint = nullptr;
  const AsyncOperation *unordered = cta.async.find([&](const AsyncOperation &each) {
    if (!isTmemKind(each.kind))
      return false;
    const auto &earlier = static_cast<const TmemOperation &>(each);
    TmemOrder order = orderOf(earlier, operation);
    if (order == TmemOrder::ByPractice && !lint)
      lint = &earlier;
    // A copy, an mma that reads it, and a copy to the same place: the mma orders the copies.
    else if (lint && lint->kind == AsyncKind::TmemCopy && earlier.kind == AsyncKind::TmemMma &&
             earlier.conflictsWith(*lint) && earlier.conflictsWith(operation))
      lint = nullptr;
    return order == TmemOrder::Unordered;
  });
  if (unordered)
    return warp.fault(inst, Check::PendingAsync, operation.lane,
                      describeConflict(cta, static_cast<const TmemOperation &>(*unordered), operation));
  if (lint && cta.launch.options.lints)
    warp.note(inst, Check::PendingAsync, Severity::Warning, operation.lane,
              describeConflict(cta, *lint, operation) + " (the ISA does not order the two)");
  return Step::Next;
}

static Step checkOrdered(Warp &warp, const Inst &inst, TmemOperation &operation, Stream stream) {
  Cta &cta = warp.cta;
  HappensBefore &races = *cta.races;
  operation.epoch = races.begin(races.streamOf(warp.index, stream));
  Actor actor{operation.epoch, &races.of(warp.index), true, operation.pc};
  Conflict conflict;
  auto report = [&](const char *what) {
    cta.reportConflict(operation.pc, &warp, operation.lane, conflict, describeTmemCell(conflict.cell), what);
    return Step::Fault;
  };
  for (const TmemRegion &region : operation.reads)
    if (!region.forEachRun(
            [&](uint32_t first, uint32_t count) { return races.tmem.read(actor, first, count, conflict); }))
      return report("the read");
  for (const TmemRegion &region : operation.writes)
    if (!region.forEachRun(
            [&](uint32_t first, uint32_t count) { return races.tmem.write(actor, first, count, conflict); }))
      return report(operation.updates ? "the update" : "the write");
  if (conflict.fenceMissing) {
    uint32_t line = cta.program.lines[conflict.earlierPc];
    warp.note(inst, Check::MissingTensorFence, Severity::Warning, operation.lane,
              "the access to TMEM comes after the " + std::string(conflict.earlierWrites ? "write" : "read") +
                  " of line " + std::to_string(line) + " (" + cta.program.textOf(line) +
                  ") by another thread, but the ISA wants a tcgen05.fence::before_thread_sync there and a "
                  "tcgen05.fence::after_thread_sync here");
  }
  return Step::Next;
}

Step admit(Warp &warp, const Inst &inst, TmemOperation &operation, Stream stream) {
  Cta &cta = warp.cta;
  Tmem &tmem = cta.tensorMemory();
  for (const auto *regions : {&operation.reads, &operation.writes})
    for (const TmemRegion &region : *regions)
      if (std::string error = tmem.checkAllocated(region); !error.empty())
        return warp.fault(inst, Check::TmemMisuse, operation.lane, "access to TMEM " + error);
  if (Step step = checkPending(warp, inst, operation); step != Step::Next)
    return step;
  auto checkWritten = [&](const TmemRegion &region) {
    uint32_t cell;
    if (!cta.launch.options.checkUninitialized || tmem.isWritten(region, cell))
      return Step::Next;
    std::string message = "read of " + describeTmemCell(cell) + ", which nobody wrote since it was allocated";
    // Registers get a canary, as they do from other registers that nobody wrote. Where a loop runs zero times, Triton's
    // pipelined code loads an accumulator all the same and drops it.
    if (operation.kind == AsyncKind::TmemLoad) {
      warp.note(inst, Check::Uninitialized, cta.launch.options.lints ? Severity::Warning : Severity::Note,
                operation.lane, std::move(message));
      return Step::Next;
    }
    return warp.fault(inst, Check::Uninitialized, operation.lane, std::move(message));
  };
  for (const TmemRegion &region : operation.reads)
    if (Step step = checkWritten(region); step != Step::Next)
      return step;
  for (const TmemRegion &region : operation.writes) {
    if (operation.updates)
      if (Step step = checkWritten(region); step != Step::Next)
        return step;
    tmem.markWritten(region);
  }
  return cta.races ? checkOrdered(warp, inst, operation, stream) : Step::Next;
}

Step readShared(Warp &warp, const Inst &inst, const TmemOperation &operation, uint32_t offset, uint32_t bytes) {
  Cta &cta = warp.cta;
  if (bytes > cta.sharedBytes || offset > cta.sharedBytes - bytes)
    return warp.fault(inst, Check::OutOfBounds, operation.lane,
                      "read of " + std::to_string(bytes) + " bytes at shared byte " + std::to_string(offset) +
                          ", shared memory has " + std::to_string(cta.sharedBytes) + " bytes");
  auto isWritten = [&](uint32_t first, uint32_t count) {
    for (; count >= 4; first += 4, count -= 4) {
      uint32_t states;
      std::memcpy(&states, cta.sharedShadow + first, sizeof states);
      if (states != kWritten32)
        return false;
    }
    return count == 0;
  };
  bool written = bytes % 4 == 0 && isWritten(offset, bytes);
  for (uint32_t i = offset; !written && i < offset + bytes; ++i) {
    uint8_t state = cta.sharedShadow[i];
    if (state == kWritten)
      continue;
    std::string where = "shared byte " + std::to_string(i);
    if (state == kPending)
      return warp.fault(inst, Check::PendingAsync, operation.lane,
                        "read of " + where + " before the asynchronous copy that writes it has arrived");
    if (state == kBarrierObject)
      return warp.fault(inst, Check::MBarrierMisuse, operation.lane,
                        "read of " + where + ", which is part of an mbarrier");
    return warp.fault(inst, Check::Uninitialized, operation.lane, "read of a byte that nobody wrote: " + where);
  }
  if (!cta.races)
    return Step::Next;
  HappensBefore &races = *cta.races;
  Actor actor{operation.epoch, &races.of(warp.index), true, operation.pc};
  Conflict conflict;
  if (races.shared.read(actor, offset / 4, (offset + bytes + 3) / 4 - offset / 4, conflict))
    return Step::Next;
  cta.reportConflict(operation.pc, &warp, operation.lane, conflict, "shared byte " + std::to_string(4 * conflict.cell),
                     "the read");
  return Step::Fault;
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

namespace {

void decodeTcgen05(Form &form) {
  if (unsigned target = form.owner().smVersion(); target < 100 || target >= 120)
    return form.unsupported("the target sm_" + std::to_string(target) + "; allowed: those with tensor memory, sm_100a");
  if (form.take("alloc"))
    return decodeTcgen05Alloc(form);
  if (form.take("dealloc"))
    return decodeTcgen05Dealloc(form);
  if (form.take("relinquish_alloc_permit"))
    return decodeTcgen05Relinquish(form);
  if (form.take("ld"))
    return decodeTcgen05Load(form);
  if (form.take("st"))
    return decodeTcgen05Store(form);
  if (form.take("wait::ld"))
    return decodeTcgen05Wait(form, true);
  if (form.take("wait::st"))
    return decodeTcgen05Wait(form, false);
  if (form.take("fence::before_thread_sync"))
    return decodeTcgen05Fence(form, true);
  if (form.take("fence::after_thread_sync"))
    return decodeTcgen05Fence(form, false);
  if (form.take("commit"))
    return decodeTcgen05Commit(form);
  if (form.take("cp"))
    return decodeTcgen05Copy(form);
  if (form.take("mma"))
    return decodeTcgen05Mma(form);
  form.noSuchForm(); // shift
}

constexpr OpcodeEntry kOpcodes[] = {
    {"tcgen05", Domain::Any, InstructionClass::Async, decodeTcgen05},
};

} // namespace

OpcodeTable tcgen05Opcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
