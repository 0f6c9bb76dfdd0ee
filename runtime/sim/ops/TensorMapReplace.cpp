//===- TensorMapReplace.cpp - tensor maps that kernels make -----------------===//
//
// PTX ISA "tensormap.replace", "tensormap.cp_fenceproxy". A map is built in shared or global memory, field by field,
// and used from global memory. Host memory is coherent, so the proxy fence is a copy only.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/TensorMapLayout.h"
#include "runtime/sim/ops/BulkCopy.h"
#include "runtime/sim/ops/Members.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

// The object has 1024 bits.
constexpr uint32_t kMapAlign = 128;

//===----------------------------------------------------------------------===//
// tensormap.replace
//===----------------------------------------------------------------------===//

struct FieldFacts {
  const char *name;
  TensorMapField field;
  bool isWide, hasOrdinal, isImmediate;
};
constexpr FieldFacts kFields[] = {
    {"global_address", TensorMapField::GlobalAddress, true, false, false},
    {"rank", TensorMapField::Rank, false, false, false},
    {"box_dim", TensorMapField::BoxDim, false, true, false},
    {"global_dim", TensorMapField::GlobalDim, false, true, false},
    {"global_stride", TensorMapField::GlobalStride, true, true, false},
    {"element_stride", TensorMapField::ElementStride, false, true, false},
    {"elemtype", TensorMapField::ElementType, false, false, true},
    {"interleave_layout", TensorMapField::InterleaveLayout, false, false, true},
    {"swizzle_mode", TensorMapField::SwizzleMode, false, false, true},
    {"swizzle_atomicity", TensorMapField::SwizzleAtomicity, false, false, true},
    {"fill_mode", TensorMapField::FillMode, false, false, true},
};

/// Inst::flags, above those of memory instructions.
constexpr uint32_t kWideValue = 1u << 8;

/// Map a + imm, new value b, ordinal c, field d.
Step runReplace(Warp &warp, const Inst &inst, uint32_t mask) {
  Places places;
  if (Step step = resolve(windowOf(inst), warp, inst, mask, kTensorMapBytes, kMapAlign, true, places);
      step != Step::Next)
    return step;
  // It reads and writes the whole object.
  if (places.hasShadow)
    if (Step step = reportUninitialized(warp, inst, mask, places, kTensorMapBytes); step != Step::Next)
      return step;
  if (warp.cta.races)
    if (Step step = checkRaces(warp, inst, mask, places, kTensorMapBytes, true); step != Step::Next)
      return step;
  for (LaneIterator lane(mask); lane; ++lane) {
    TensorMapLayout map;
    std::memcpy(&map, places.data(*lane), sizeof map);
    uint64_t value =
        inst.flags & kWideValue ? warp.plane<uint64_t>(inst.b)[*lane] : warp.plane<uint32_t>(inst.b)[*lane];
    std::string problem = replaceField(map, static_cast<TensorMapField>(inst.d), inst.c, value);
    if (!problem.empty())
      return warp.fault(inst, Check::BadDescriptor, static_cast<int>(*lane), std::move(problem));
    std::memcpy(places.data(*lane), &map, sizeof map);
  }
  return Step::Next;
}

void decodeReplace(Form &form) {
  form.take("tile");
  const FieldFacts *facts = nullptr;
  for (const FieldFacts &each : kFields)
    if (!facts && form.take(each.name))
      facts = &each;
  if (!facts || !form.take("b1024"))
    return form.noSuchForm();
  if (!form.take(facts->isWide ? "b64" : "b32"))
    return form.invalid(std::string(".") + facts->name + " needs a value of type " + (facts->isWide ? ".b64" : ".b32"));
  Window window = takeWindow(form, 0);
  if (window != Window::Global && window != Window::Shared && window != Window::Generic)
    return form.invalid("a tensor map that is changed is in global or shared memory");
  takeAddress(form, 0);
  size_t next = 1;
  if (facts->hasOrdinal) {
    int64_t ordinal = form.immediate(next++);
    if (ordinal < 0 || ordinal >= int64_t(kMaxTensorRank))
      return form.invalid("the ordinal is " + std::to_string(ordinal) + "; allowed: 0 to 4");
    form.inst.c = static_cast<uint32_t>(ordinal);
  }
  if (facts->isImmediate) {
    TensorMapLayout scratch;
    std::string problem = replaceField(scratch, facts->field, 0, static_cast<uint64_t>(form.immediate(next)));
    if (!problem.empty())
      return form.unsupported(problem);
  }
  form.inst.b = form.source(next, facts->isWide ? Ty::B64 : Ty::B32);
  form.inst.d = static_cast<uint32_t>(facts->field);
  if (facts->isWide)
    form.inst.flags |= kWideValue;
  form.use(&runReplace);
}

//===----------------------------------------------------------------------===//
// tensormap.cp_fenceproxy
//===----------------------------------------------------------------------===//

enum Slot : unsigned { kDestination, kSource };

/// The lanes of the warp copy together; they name the same map.
Step runCopyFence(Warp &warp, const Inst &inst, uint32_t mask) {
  if (Step step = waitForWarp(warp, inst, mask); step != Step::Next)
    return step;
  Cta &cta = warp.cta;
  uint64_t destination = operandOf(inst, kDestination).of(warp, 0), source = operandOf(inst, kSource).of(warp, 0);
  for (unsigned lane = 1; lane < kWarpSize; ++lane)
    if (operandOf(inst, kDestination).of(warp, lane) != destination ||
        operandOf(inst, kSource).of(warp, lane) != source)
      return warp.fault(inst, Check::Uniformity, static_cast<int>(lane),
                        "the lanes of the warp name different tensor maps");
  if (Step step = checkShared(warp, inst, 0, "source", source, kTensorMapBytes, kMapAlign); step != Step::Next)
    return step;
  if (destination % kMapAlign != 0)
    return warp.fault(inst, Check::Misaligned, 0, "the address of the tensor map is no multiple of 128");
  const Region *region = nullptr;
  if (Step step = checkGlobal(warp, inst, 0, destination, kTensorMapBytes, true, region); step != Step::Next)
    return step;
  for (uint32_t i = 0; i < kTensorMapBytes; ++i)
    if (auto byte = static_cast<uint32_t>(source + i); cta.sharedShadow[byte] != kWritten)
      return checkSource(warp, inst, 0, byte);
  if (cta.races) {
    Actor actor = cta.races->warpActor(warp.index, warp.indexOf(inst));
    SharedRange range{static_cast<uint32_t>(source), kTensorMapBytes};
    if (Step step = cta.orderShared(actor, warp, 0, range, false, "the read"); step != Step::Next)
      return step;
  }
  std::memcpy(reinterpret_cast<uint8_t *>(destination), cta.shared + source, kTensorMapBytes);
  if (region->shadow)
    std::memset(region->shadow + (destination - region->base), kWritten, kTensorMapBytes);
  return Step::Next;
}

void decodeCopyFence(Form &form) {
  for (const char *modifier : {"global", "shared::cta", "tensormap::generic", "release", "sync", "aligned"})
    if (!form.take(modifier))
      return form.invalid(std::string(".") + modifier + " is missing");
  if (form.takeOne({"cta", "cluster", "gpu", "sys"}) < 0)
    return form.invalid("a scope is missing");
  BulkOperand destination = takeBulkAddress(form, 0), source = takeBulkAddress(form, 1);
  if (int64_t size = form.immediate(2); size != kTensorMapBytes)
    return form.invalid("the size is " + std::to_string(size) + "; allowed: 128");
  keepOperands(form, {destination, source});
  form.use(&runCopyFence);
}

void decodeTensormap(Form &form) {
  form.requireSm(90, "tensormap");
  if (form.take("replace"))
    return decodeReplace(form);
  if (form.take("cp_fenceproxy"))
    return decodeCopyFence(form);
  form.noSuchForm();
}

constexpr OpcodeEntry kOpcodes[] = {
    {"tensormap", Domain::Any, InstructionClass::Async, decodeTensormap},
};

} // namespace

OpcodeTable tensormapOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
