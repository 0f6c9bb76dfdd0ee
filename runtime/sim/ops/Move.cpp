//===- Move.cpp - mov in all its forms --------------------------------------===//
//
// PTX ISA "mov": registers, immediates, special registers, addresses of variables, and packing and unpacking of vectors
// (element 0 in the low bits).
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/decode/Form.h"
#include "runtime/sim/decode/Registry.h"
#include "runtime/sim/machine/Cta.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

struct Copy {
  template <typename T>
  THRIFT_SIM_INLINE static T apply(T a) {
    return a;
  }
};

Step runCopy128(Warp &warp, const Inst &inst, uint32_t mask) {
  for (uint32_t half : {0u, 2 * kPlaneBytes}) {
    uint64_t *d = warp.plane<uint64_t>(inst.d + half);
    const uint64_t *a = warp.plane<uint64_t>(inst.a + half);
    for (LaneIterator lane(mask); lane; ++lane)
      d[*lane] = a[*lane];
  }
  return Step::Next;
}

Step runCopyPredicate(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.setPredicate(inst.d, mask, warp.condition(inst.a));
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Packing and unpacking
//===----------------------------------------------------------------------===//

template <bool Full>
THRIFT_SIM_INLINE void packPair(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t *d = warp.plane<uint64_t>(inst.d);
  const uint32_t *low = warp.plane<uint32_t>(inst.list[0]), *high = warp.plane<uint32_t>(inst.list[1]);
  THRIFT_SIM_LANES
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    storeLane<Full>(d, lane, mask, low[lane] | uint64_t(high[lane]) << 32);
}

/// {b32, b32} to b64 and back: by far the most frequent.
struct PackPair {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    packPair<Full>(warp, inst, mask);
    return Step::Next;
  }
};
struct UnpackPair {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    const uint64_t *a = warp.plane<uint64_t>(inst.a);
    uint32_t *low = warp.plane<uint32_t>(inst.list[0]), *high = warp.plane<uint32_t>(inst.list[1]);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      storeLane<Full>(low, lane, mask, static_cast<uint32_t>(a[lane]));
      storeLane<Full>(high, lane, mask, static_cast<uint32_t>(a[lane] >> 32));
    }
    return Step::Next;
  }
};
/// {b16, b16} to b32 and back.
struct PackHalves {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    uint32_t *d = warp.plane<uint32_t>(inst.d);
    const uint32_t *low = warp.plane<uint32_t>(inst.list[0]), *high = warp.plane<uint32_t>(inst.list[1]);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      storeLane<Full>(d, lane, mask, (low[lane] & 0xFFFF) | high[lane] << 16);
    return Step::Next;
  }
};
struct UnpackHalves {
  template <bool Full>
  THRIFT_SIM_INLINE static Step run(Warp &warp, const Inst &inst, uint32_t mask) {
    const uint32_t *a = warp.plane<uint32_t>(inst.a);
    uint32_t *low = warp.plane<uint32_t>(inst.list[0]), *high = warp.plane<uint32_t>(inst.list[1]);
    THRIFT_SIM_LANES
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      uint32_t value = a[lane];
      storeLane<Full>(low, lane, mask, value & 0xFFFF);
      storeLane<Full>(high, lane, mask, value >> 16);
    }
    return Step::Next;
  }
};

/// A value of up to 128 bits in a plane of any width.
struct Wide {
  uint64_t half[2] = {0, 0};
};

Wide readAny(Warp &warp, uint32_t place, unsigned bits, unsigned lane) {
  Wide value;
  if (bits <= 32)
    value.half[0] = warp.plane<uint32_t>(place)[lane];
  else
    value.half[0] = warp.plane<uint64_t>(place)[lane];
  if (bits == 128)
    value.half[1] = warp.plane<uint64_t>(place + 2 * kPlaneBytes)[lane];
  return value;
}

void writeAny(Warp &warp, uint32_t place, unsigned bits, unsigned lane, Wide value) {
  if (bits <= 32)
    warp.plane<uint32_t>(place)[lane] = static_cast<uint32_t>(value.half[0]);
  else
    warp.plane<uint64_t>(place)[lane] = value.half[0];
  if (bits == 128)
    warp.plane<uint64_t>(place + 2 * kPlaneBytes)[lane] = value.half[1];
}

/// Any packing; flags: bits of the whole, imm: bits of an element.
Step runPack(Warp &warp, const Inst &inst, uint32_t mask) {
  auto element = static_cast<unsigned>(inst.imm);
  for (LaneIterator lane(mask); lane; ++lane) {
    Wide whole;
    for (unsigned i = 0; i < inst.count; ++i) {
      uint64_t value = readAny(warp, inst.list[i], element, *lane).half[0];
      unsigned at = i * element;
      whole.half[at / 64] |= (element < 64 ? value & ((uint64_t(1) << element) - 1) : value) << (at % 64);
    }
    writeAny(warp, inst.d, inst.flags, *lane, whole);
  }
  return Step::Next;
}
Step runUnpack(Warp &warp, const Inst &inst, uint32_t mask) {
  auto element = static_cast<unsigned>(inst.imm);
  for (LaneIterator lane(mask); lane; ++lane) {
    Wide whole = readAny(warp, inst.a, inst.flags, *lane);
    for (unsigned i = 0; i < inst.count; ++i) {
      unsigned at = i * element;
      uint64_t value = whole.half[at / 64] >> (at % 64);
      writeAny(warp, inst.list[i], element, *lane,
               {{element < 64 ? value & ((uint64_t(1) << element) - 1) : value, 0}});
    }
  }
  return Step::Next;
}

void decodePack(Form &form, Ty type) {
  auto elements = form.elementsOf(form.operand(1));
  unsigned bits = bitsOf(type), element = elements.empty() ? 0 : bits / static_cast<unsigned>(elements.size());
  Ty elementType = element == 8 ? Ty::B8 : element == 16 ? Ty::B16 : element == 32 ? Ty::B32 : Ty::B64;
  if (bitsOf(elementType) != element || element * elements.size() != bits)
    return form.noSuchForm();
  form.d(0, bits);
  std::vector<uint32_t> places;
  for (const ptx::Operand &operand : elements)
    places.push_back(form.source(operand, elementType));
  form.list(std::move(places));
  form.inst.flags = bits;
  form.inst.imm = element;
  if (bits == 64 && element == 32)
    return form.use<PackPair>();
  if (bits == 32 && element == 16)
    return form.use<PackHalves>();
  form.use(&runPack);
}

void decodeUnpack(Form &form, Ty type) {
  auto elements = form.elementsOf(form.operand(0));
  unsigned bits = bitsOf(type), element = elements.empty() ? 0 : bits / static_cast<unsigned>(elements.size());
  bool isSize = element == 8 || element == 16 || element == 32 || element == 64;
  if (!isSize || element * elements.size() != bits)
    return form.noSuchForm();
  if (type == Ty::B128)
    form.inst.a = form.destination(form.operand(1), 128); // a register, read here
  else
    form.a(1, type);
  std::vector<uint32_t> places;
  for (const ptx::Operand &operand : elements)
    places.push_back(form.destination(operand, element));
  form.list(std::move(places));
  form.inst.flags = bits;
  form.inst.imm = element;
  bool inPlace = false;
  for (uint32_t i = 0; i < form.inst.count; ++i)
    inPlace |= form.inst.list[i] == form.inst.a;
  if (bits == 64 && element == 32)
    return form.use<UnpackPair>();
  if (bits == 32 && element == 16 && !inPlace)
    return form.use<UnpackHalves>();
  form.use(&runUnpack);
}

//===----------------------------------------------------------------------===//
// Clocks: the number of instructions that the CTA has executed
//===----------------------------------------------------------------------===//

/// imm: how far to shift the 64-bit clock for this register.
Step runClock(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t now = ++warp.cta.clock >> inst.imm;
  for (LaneIterator lane(mask); lane; ++lane) {
    if (inst.flags)
      warp.plane<uint64_t>(inst.d)[*lane] = now;
    else
      warp.plane<uint32_t>(inst.d)[*lane] = static_cast<uint32_t>(now);
  }
  return Step::Next;
}

bool isClock(ptx::SpecialRegister reg) {
  using SR = ptx::SpecialRegister;
  return reg == SR::Clock || reg == SR::ClockHi || reg == SR::Clock64 || reg == SR::GlobalTimer ||
         reg == SR::GlobalTimerLo || reg == SR::GlobalTimerHi;
}

void decodeMov(Form &form) {
  Ty type = form.type();
  if (form.operandCount() != 2)
    return form.invalid("mov has two operands");
  bool isType = isBits(type) || isInteger(type) || type == Ty::F32 || type == Ty::F64 || type == Ty::Pred;
  if (!isType || bitsOf(type) == 8)
    return form.noSuchForm();
  const ptx::Operand &destination = form.operand(0), &source = form.operand(1);
  if (type == Ty::Pred) {
    form.inst.d = form.predicateDestination(destination);
    if (source.kind == ptx::OperandKind::Special &&
        static_cast<ptx::SpecialRegister>(source.id) == ptx::SpecialRegister::IsExplicitCluster)
      form.inst.a = kPredFalse << 1;
    else
      form.inst.a = form.predicateSource(source);
    return form.use(&runCopyPredicate);
  }
  if (source.kind == ptx::OperandKind::Vector)
    return decodePack(form, type);
  if (destination.kind == ptx::OperandKind::Vector)
    return decodeUnpack(form, type);
  unsigned bits = bitsOf(type);
  if (source.kind == ptx::OperandKind::Special && isClock(static_cast<ptx::SpecialRegister>(source.id))) {
    auto reg = static_cast<ptx::SpecialRegister>(source.id);
    form.inst.flags = bits == 64;
    form.inst.imm = reg == ptx::SpecialRegister::ClockHi || reg == ptx::SpecialRegister::GlobalTimerHi ? 32 : 0;
    form.d(0, bits);
    return form.use(&runClock);
  }
  form.d(0, bits);
  if (bits == 128) {
    form.inst.a = form.destination(source, 128); // a register, read here
    return form.use(&runCopy128);
  }
  form.inst.a = form.source(source, type);
  if (bits == 64)
    return form.use<Map1<Copy, uint64_t, uint64_t>>();
  form.use<Map1<Copy, uint32_t, uint32_t>>();
}

constexpr OpcodeEntry kOpcodes[] = {
    {"mov", Domain::Any, InstructionClass::Move, decodeMov},
};

} // namespace

OpcodeTable moveOpcodes() { return {kOpcodes, sizeof kOpcodes / sizeof kOpcodes[0]}; }

} // namespace thrift::sim
