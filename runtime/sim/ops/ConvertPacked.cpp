//===- ConvertPacked.cpp - cvt of pairs, 8-bit formats and tf32 -------------===//
//
//   two f32 to a pair:   cvt.rn.f16x2.f32 d, a, b    a goes to the upper half, b to the lower
//   a pair to a pair:    cvt.rn.satfinite.e4m3x2.f16x2 d, a;  cvt.rn.f16x2.e4m3x2 d, a;  cvt.rn.bf16x2.ue8m0x2 d, a
//   f32 to tf32:         cvt.rna.tf32.f32 d, a
//   two f32 to a pair, stochastically:   cvt.rs.f16x2.f32 d, a, b, random bits
//
// Not here: .rs to four values of 4 to 8 bits, for the ISA shows only in pictures how they share the random bits; and
// the fixed-point .s2f6x2 of PTX 9.1.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/ConvertPacked.h"

#include "dialect/formats/Float16.h"
#include "dialect/formats/Float8.h"
#include "runtime/sim/arith/Convert.h"
#include "runtime/sim/arith/Elements.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Half.h"
#include "runtime/sim/ops/Map.h"

namespace thrift::sim {

namespace {

//===----------------------------------------------------------------------===//
// Which conversions exist
//===----------------------------------------------------------------------===//

/// Types that are treated alike.
enum class Family : uint8_t { None, F32, TF32, F16, BF16, Narrow, Scale };

Family familyOf(Ty type) {
  switch (type) {
  case Ty::F32:
    return Family::F32;
  case Ty::TF32:
    return Family::TF32;
  case Ty::F16x2:
    return Family::F16;
  case Ty::BF16x2:
    return Family::BF16;
  case Ty::E4M3x2:
  case Ty::E5M2x2:
  case Ty::E3M2x2:
  case Ty::E2M3x2:
  case Ty::E2M1x2:
    return Family::Narrow;
  case Ty::UE8M0x2:
    return Family::Scale;
  default:
    return Family::None;
  }
}

/// Rounding modifiers, as bits. One of them must be written.
enum : uint8_t { kRn = 1, kRz = 2, kRp = 4, kRna = 8, kRs = 16 };
enum class Saturation : uint8_t { Never, May, Must };

struct PackedRule {
  Family to, from;
  uint8_t modes;
  Saturation satFinite;
  bool relu;
};
/// PTX ISA 9.1, syntax of cvt.
constexpr PackedRule kRules[] = {
    {Family::F16, Family::F32, kRn | kRz | kRs, Saturation::May, true},
    {Family::BF16, Family::F32, kRn | kRz | kRs, Saturation::May, true},
    {Family::TF32, Family::F32, kRn | kRz, Saturation::May, true},
    {Family::TF32, Family::F32, kRna, Saturation::May, false},
    {Family::Narrow, Family::F32, kRn, Saturation::Must, true},
    {Family::Narrow, Family::F16, kRn, Saturation::Must, true},  // since 9.1, but for the 8-bit formats
    {Family::Narrow, Family::BF16, kRn, Saturation::Must, true}, // since 9.1
    {Family::F16, Family::Narrow, kRn, Saturation::Never, true},
    {Family::Scale, Family::F32, kRz | kRp, Saturation::May, false},
    {Family::Scale, Family::BF16, kRz | kRp, Saturation::May, false},
    {Family::BF16, Family::Scale, kRn, Saturation::Never, false},
};

bool exists(Ty to, Ty from, uint8_t mode, bool satFinite, bool relu) {
  for (const PackedRule &rule : kRules)
    if (rule.to == familyOf(to) && rule.from == familyOf(from) && rule.modes & mode)
      return (rule.satFinite == Saturation::May || satFinite == (rule.satFinite == Saturation::Must)) &&
             (rule.relu || !relu);
  return false;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

constexpr uint32_t kRelu = 1, kSatFinite = 2;
constexpr uint32_t kBelowTf32 = 0x1FFF; ///< bits of an f32 that tf32 does not have

/// .relu: negative numbers become +0, NaN stays.
float relu(float x, uint32_t flags) { return flags & kRelu && x <= 0 ? 0.0f : x; }

using Encode = uint32_t (*)(float x, RoundingMode mode, Overflow overflow);
using Decode = float (*)(uint32_t code);

uint32_t encodeF16(float x, RoundingMode mode, Overflow overflow) { return cvtF16(x, mode, overflow); }
uint32_t encodeBf16(float x, RoundingMode mode, Overflow overflow) { return cvtBf16(x, mode, overflow); }
uint32_t encodeE4m3(float x, RoundingMode mode, Overflow) { return cvtE4m3(x, mode); }
uint32_t encodeE5m2(float x, RoundingMode mode, Overflow) { return cvtE5m2(x, mode); }
uint32_t encodeE3m2(float x, RoundingMode mode, Overflow) { return cvtE3m2(x, mode); }
uint32_t encodeE2m3(float x, RoundingMode mode, Overflow) { return cvtE2m3(x, mode); }
uint32_t encodeE2m1(float x, RoundingMode mode, Overflow) { return cvtE2m1(x, mode); }
uint32_t encodeUe8m0(float x, RoundingMode mode, Overflow overflow) { return cvtUe8m0(x, mode, overflow); }

float decodeF16(uint32_t code) { return f32FromF16(static_cast<uint16_t>(code)); }
float decodeBf16(uint32_t code) { return f32FromBf16(static_cast<uint16_t>(code)); }
template <MmaElement Element>
float decodeElement(uint32_t code) {
  return widenElement(Element, code);
}
float decodeUe8m0(uint32_t code) { return f32FromUe8m0(static_cast<uint8_t>(code)); }

/// One row per packed type: `bits` of an element, and of the place it has in the pair.
struct PackedFacts {
  Ty type;
  unsigned bits;
  Encode encode;
  Decode decode;
};
constexpr PackedFacts kPacked[] = {
    {Ty::F16x2, 16, encodeF16, decodeF16},
    {Ty::BF16x2, 16, encodeBf16, decodeBf16},
    {Ty::E4M3x2, 8, encodeE4m3, decodeElement<MmaElement::E4M3>},
    {Ty::E5M2x2, 8, encodeE5m2, decodeElement<MmaElement::E5M2>},
    {Ty::E3M2x2, 8, encodeE3m2, decodeElement<MmaElement::E3M2>},
    {Ty::E2M3x2, 8, encodeE2m3, decodeElement<MmaElement::E2M3>},
    {Ty::E2M1x2, 4, encodeE2m1, decodeElement<MmaElement::E2M1>},
    {Ty::UE8M0x2, 8, encodeUe8m0, decodeUe8m0},
};

const PackedFacts *factsOf(Ty type) {
  for (const PackedFacts &facts : kPacked)
    if (facts.type == type)
      return &facts;
  return nullptr;
}

uint32_t pack(const PackedFacts &facts, float low, float high, const Inst &inst) {
  auto mode = static_cast<RoundingMode>(inst.imm);
  Overflow overflow = inst.flags & kSatFinite ? Overflow::SatFinite : Overflow::Ieee;
  return facts.encode(relu(low, inst.flags), mode, overflow) | facts.encode(relu(high, inst.flags), mode, overflow)
                                                                   << facts.bits;
}

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

/// list[0]: row of the destination type, list[1]: of the source type.
Step runPackF32(Warp &warp, const Inst &inst, uint32_t mask) {
  const PackedFacts &facts = kPacked[inst.list[0]];
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const float *a = warp.plane<float>(inst.a), *b = warp.plane<float>(inst.b);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = pack(facts, b[*lane], a[*lane], inst);
  return Step::Next;
}
Step runRepack(Warp &warp, const Inst &inst, uint32_t mask) {
  const PackedFacts &to = kPacked[inst.list[0]], &from = kPacked[inst.list[1]];
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const uint32_t *a = warp.plane<uint32_t>(inst.a);
  uint32_t element = (1u << from.bits) - 1;
  for (LaneIterator lane(mask); lane; ++lane) {
    uint32_t pair = a[*lane];
    d[*lane] = pack(to, from.decode(pair & element), from.decode(pair >> from.bits & element), inst);
  }
  return Step::Next;
}

/// Random bits for the upper value lie in the upper half of c, those for the lower in the lower half.
template <uint16_t (*Encode)(float, uint32_t, Overflow)>
Step runStochastic(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const float *a = warp.plane<float>(inst.a), *b = warp.plane<float>(inst.b);
  const uint32_t *random = warp.plane<uint32_t>(inst.c);
  Overflow overflow = inst.flags & kSatFinite ? Overflow::SatFinite : Overflow::Ieee;
  for (LaneIterator lane(mask); lane; ++lane) {
    uint16_t high = Encode(relu(a[*lane], inst.flags), highHalf(random[*lane]), overflow);
    uint16_t low = Encode(relu(b[*lane], inst.flags), lowHalf(random[*lane]), overflow);
    d[*lane] = packHalves(low, high);
  }
  return Step::Next;
}

/// cvt.rn.f16x2.f32 and .bf16x2.f32 without further modifiers, which attention kernels do all the time.
template <typename H>
struct NarrowPair {
  THRIFT_SIM_INLINE static uint32_t apply(float a, float b) { return packHalves(H::round(b).bits, H::round(a).bits); }
};

Step runTf32(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  const float *a = warp.plane<float>(inst.a);
  Overflow overflow = inst.flags & kSatFinite ? Overflow::SatFinite : Overflow::Ieee;
  for (LaneIterator lane(mask); lane; ++lane) {
    float x = relu(a[*lane], inst.flags);
    uint32_t tf32 = x != x && inst.count ? bitsOf(x) // .rna cuts a NaN like a number (seen on an H100)
                    : inst.count         ? cvtTf32NearestAway(x, overflow)
                                         : cvtTf32(x, static_cast<RoundingMode>(inst.imm), overflow);
    d[*lane] = tf32 & ~kBelowTf32;
  }
  return Step::Next;
}

void decodeTf32(Form &form, bool nearestAway) {
  form.d(0, 32), form.a(1, Ty::F32);
  form.inst.count = nearestAway;
  form.use(&runTf32);
}

void decodeStochastic(Form &form, Ty to) {
  form.d(0, 32), form.a(1, Ty::F32), form.b(2, Ty::F32), form.c(3, Ty::B32);
  form.use(to == Ty::F16x2 ? &runStochastic<cvtF16Stochastic> : &runStochastic<cvtBf16Stochastic>);
}

} // namespace

bool isPackedConvert(const ptx::Opcode &opcode) {
  for (const std::string &modifier : opcode.modifiers) {
    Ty type = typeNamed(modifier);
    if (type == Ty::TF32 || factsOf(type) || modifier == "rs")
      return true;
  }
  return false;
}

void decodePackedConvert(Form &form) {
  int rounding = form.takeOne({"rn", "rz", "rp", "rna", "rs"});
  form.inst.flags = (form.take("relu") ? kRelu : 0) | (form.take("satfinite") ? kSatFinite : 0);
  Ty to = form.optionalType(), from = form.optionalType();
  if (rounding < 0)
    return form.invalid("a rounding mode is missing");
  if (to == Ty::None || from == Ty::None)
    return form.unsupported(rounding == 4 ? "simulated to f16x2 and bf16x2 only" : "these types");
  auto mode = static_cast<uint8_t>(1 << rounding);
  if (!exists(to, from, mode, form.inst.flags & kSatFinite, form.inst.flags & kRelu))
    return form.noSuchForm();
  form.inst.imm = static_cast<int64_t>(mode == kRz   ? RoundingMode::Zero
                                       : mode == kRp ? RoundingMode::Up
                                                     : RoundingMode::Nearest);
  if (to == Ty::TF32)
    return decodeTf32(form, mode == kRna);
  if (mode == kRs)
    return decodeStochastic(form, to);
  const PackedFacts *toFacts = factsOf(to), *fromFacts = factsOf(from);
  auto row = [](const PackedFacts *facts) { return static_cast<uint32_t>(facts - kPacked); };
  form.d(0, bitsOf(to));
  if (from == Ty::F32) {
    form.a(1, Ty::F32), form.b(2, Ty::F32);
    form.list({row(toFacts)});
    if (form.inst.flags == 0 && mode == kRn && to == Ty::F16x2)
      return form.use<Map2<NarrowPair<F16>, uint32_t, float>>();
    if (form.inst.flags == 0 && mode == kRn && to == Ty::BF16x2)
      return form.use<Map2<NarrowPair<BF16>, uint32_t, float>>();
    return form.use(&runPackF32);
  }
  form.inst.a = form.source(1, from);
  form.list({row(toFacts), row(fromFacts)});
  form.use(&runRepack);
}

} // namespace thrift::sim
