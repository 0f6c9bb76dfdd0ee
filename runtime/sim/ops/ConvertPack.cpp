//===- ConvertPack.cpp - cvt.pack --------------------------------------------===//
//
// PTX ISA "cvt.pack": two s32 are saturated to 2 to 16 bits and packed, a above b, in the low bits of d; for types of
// up to 8 bits the bits of c move up above them.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/ConvertPacked.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

/// imm: bits of a result; flags: signed; e: whether there is a c.
Step runPack(Warp &warp, const Inst &inst, uint32_t mask) {
  auto bits = static_cast<unsigned>(inst.imm);
  bool isSigned = inst.flags;
  int64_t lowest = isSigned ? -(int64_t(1) << (bits - 1)) : 0;
  int64_t highest = (int64_t(1) << (isSigned ? bits - 1 : bits)) - 1;
  uint32_t element = (1u << bits) - 1;
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const int32_t *a = warp.plane<int32_t>(inst.a), *b = warp.plane<int32_t>(inst.b);
  const uint32_t *c = warp.plane<uint32_t>(inst.c);
  auto saturate = [&](int32_t x) {
    return static_cast<uint32_t>(x < lowest ? lowest : x > highest ? highest : x) & element;
  };
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t rest = inst.e ? c[*lane] << 2 * bits : 0;
    d[*lane] = rest | saturate(a[*lane]) << bits | saturate(b[*lane]);
  }
  return Step::Next;
}

} // namespace

void decodePackConvert(Form &form) {
  if (!form.take("pack") || !form.take("sat"))
    return form.noSuchForm();
  int to = form.takeOne({"u2", "s2", "u4", "s4", "u8", "s8", "u16", "s16"});
  bool hasRest = to >= 0 && to < 6;
  Ty from = form.type(), rest = form.optionalType();
  if (to < 0 || from != Ty::S32 || rest != (hasRest ? Ty::B32 : Ty::None))
    return form.noSuchForm();
  form.d(0, 32), form.a(1, Ty::S32), form.b(2, Ty::S32);
  if (hasRest)
    form.c(3, Ty::B32);
  form.inst.imm = 2 << to / 2;
  form.inst.flags = to % 2;
  form.inst.e = hasRest;
  form.use(&runPack);
}

} // namespace thrift::sim
