//===- Address.cpp - conversions between windows, hints ---------------------===//
//
// PTX ISA "cvta", "isspacep", "prefetch", "prefetchu", "applypriority", "discard", "createpolicy".
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/ops/Map.h"
#include "runtime/sim/ops/MemoryForm.h"

namespace thrift::sim {

namespace {

/// d = a + imm. Global and const addresses are generic addresses already; a window's tag is added or taken off.
template <typename L>
struct AddOffset {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    L *d = warp.plane<L>(inst.d);
    const L *a = warp.plane<L>(inst.a);
    auto offset = static_cast<L>(inst.imm);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, static_cast<L>(a[lane] + offset));
    return Step::Next;
  }
};

/// Kernel parameters lie in a buffer whose address is known at launch only.
struct ParameterAddress {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint64_t *d = warp.plane<uint64_t>(inst.d);
    const uint64_t *a = warp.plane<uint64_t>(inst.a);
    uint64_t block = warp.cta.launch.parameters;
    uint64_t base = inst.flags ? 0 - block : block;
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, a[lane] + base);
    return Step::Next;
  }
};

void decodeCvta(Form &form) {
  bool toSpace = form.take("to");
  int space =
      form.takeOne({"global", "const", "shared", "shared::cta", "shared::cluster", "local", "param", "param::entry"});
  Ty type = form.type();
  form.d(0, 64), form.a(1, type);
  if (type != Ty::U64 || space < 0)
    return form.noSuchForm();
  if (space == 6 || space == 7) {
    if (!form.owner().isEntry()) // a parameter of a device function is local memory
      space = 5;
    else {
      form.inst.flags = toSpace;
      return form.use<ParameterAddress>();
    }
  }
  uint64_t tag = space < 2 ? 0 : space < 5 ? kSharedWindow : kLocalWindow;
  form.inst.imm = static_cast<int64_t>(toSpace ? 0 - tag : tag);
  form.use<AddOffset<uint64_t>>();
}

/// flags: 0 global, 1 shared, 2 local, 3 const, 4 param.
Step runIsspacep(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *a = warp.plane<uint64_t>(inst.a);
  const Cta &cta = warp.cta;
  uint32_t bits = 0;
  for (LaneIterator lane(mask); lane; ++lane) {
    uint64_t tag = a[*lane] & kWindowMask;
    const Region *region = tag == 0 ? cta.launch.regions.find(a[*lane]) : nullptr;
    bool isParameter = region && region->base == cta.launch.parameters;
    bool isConst = region && region->readOnly && !isParameter;
    bool inside = false;
    switch (inst.flags) {
    case 0:
      inside = tag == 0 && !isConst && !isParameter;
      break;
    case 1:
      inside = tag == kSharedWindow;
      break;
    case 2:
      inside = tag == kLocalWindow;
      break;
    case 3:
      inside = isConst;
      break;
    default:
      inside = isParameter;
      break;
    }
    bits |= uint32_t(inside) << *lane;
  }
  warp.setPredicate(inst.d, mask, bits);
  return Step::Next;
}

void decodeIsspacep(Form &form) {
  static constexpr uint32_t kFlags[] = {0, 1, 1, 1, 2, 3, 4, 4};
  int space =
      form.takeOne({"global", "shared", "shared::cta", "shared::cluster", "local", "const", "param", "param::entry"});
  form.inst.d = form.predicateDestination(0);
  form.a(1, Ty::U64);
  if (space < 0)
    return form.noSuchForm();
  form.inst.flags = kFlags[space];
  form.use(&runIsspacep);
}

Step runNothing(Warp &, const Inst &, uint32_t) { return Step::Next; }

void decodePrefetch(Form &form) {
  form.takeOne({"global", "local", "const", "param"});
  form.takeHints({"L1", "L2"});
  form.take("tensormap");
  takeAddress(form, 0);
  form.use(&runNothing);
}

/// applypriority and discard: hints about a cache line. discard makes the line undefined, which nothing here needs.
void decodeLineHint(Form &form) {
  form.take("global");
  form.takeHints({"L2"});
  takeAddress(form, 0);
  form.immediate(1);
  form.use(&runNothing);
}

/// A policy is opaque: zero.
Step runCreatepolicy(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t *d = warp.plane<uint64_t>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = 0;
  return Step::Next;
}
void decodeCreatepolicy(Form &form) {
  form.takeOne({"fractional", "range", "cvt"});
  form.takeHints({"L2", "global"});
  form.takeOne({"b64"});
  form.d(0, 64);
  for (size_t i = 1; i < form.operandCount(); ++i)
    form.operand(i);
  form.use(&runCreatepolicy);
}

constexpr InstructionClass kOther = InstructionClass::Other;

constexpr OpcodeEntry kOpcodes[] = {
    {"applypriority", Domain::Any, kOther, decodeLineHint},
    {"createpolicy", Domain::Any, kOther, decodeCreatepolicy},
    {"cvta", Domain::Any, InstructionClass::Move, decodeCvta},
    {"discard", Domain::Any, kOther, decodeLineHint},
    {"isspacep", Domain::Any, InstructionClass::Compare, decodeIsspacep},
    {"prefetch", Domain::Any, kOther, decodePrefetch},
    {"prefetchu", Domain::Any, kOther, decodePrefetch},
};

} // namespace

OpcodeTable addressOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
