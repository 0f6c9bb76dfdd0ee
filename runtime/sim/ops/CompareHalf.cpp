//===- CompareHalf.cpp - set and setp of 16-bit floats ----------------------===//
//
// PTX ISA "Half Precision Comparison Instructions": sources f16, bf16 and pairs of them; and set with a result in f16
// or bf16 from any source. A pair is compared half by half: setp gives two predicates, set two halves of the result.
// (setp.f16 and setp.bf16 without .ftz are in Compare.cpp, with the vectorised ones.)
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/ops/Compare.h"

#include "runtime/sim/machine/Warp.h"
#include "runtime/sim/ops/FloatMath.h"
#include "runtime/sim/ops/Half.h"

namespace thrift::sim {

namespace {

/// How two values may stand to each other; a comparison accepts some of these.
enum Order : uint8_t { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };
constexpr uint8_t kAccepted[] = {
    kEqual,              // eq
    kLess | kGreater,    // ne
    kLess,               // lt
    kLess | kEqual,      // le
    kGreater,            // gt
    kGreater | kEqual,   // ge
    kEqual | kUnordered, // equ
    kLess | kGreater | kUnordered,
    kLess | kUnordered,
    kLess | kEqual | kUnordered,
    kGreater | kUnordered,
    kGreater | kEqual | kUnordered,
    kLess | kEqual | kGreater, // num
    kUnordered,                // nan
    kLess,                     // lo ls hi hs
    kLess | kEqual,
    kGreater,
    kGreater | kEqual,
};

template <typename T>
Order orderOf(T a, T b) {
  return a < b ? kLess : a > b ? kGreater : a == b ? kEqual : kUnordered;
}

template <typename H>
float halfValue(uint64_t bits, bool ftz) {
  constexpr uint32_t kExponent = 0x7FFF & ~((1u << H::kFractionBits) - 1);
  return ftz && (bits & kExponent) == 0 ? 0.0f : H{static_cast<uint16_t>(bits)}.value();
}

/// The order of two sources of a scalar type.
Order orderOf(uint64_t a, uint64_t b, Ty type, bool ftz) {
  switch (type) {
  case Ty::F16:
    return orderOf(halfValue<F16>(a, ftz), halfValue<F16>(b, ftz));
  case Ty::BF16:
    return orderOf(halfValue<BF16>(a, false), halfValue<BF16>(b, false));
  case Ty::F32: {
    auto x = floatOf<float>(static_cast<uint32_t>(a)), y = floatOf<float>(static_cast<uint32_t>(b));
    return ftz ? orderOf(flushSubnormal(x), flushSubnormal(y)) : orderOf(x, y);
  }
  case Ty::F64:
    return orderOf(floatOf<double>(a), floatOf<double>(b));
  default: {
    unsigned shift = 64 - bitsOf(type);
    if (isSignedInteger(type))
      return orderOf(static_cast<int64_t>(a << shift), static_cast<int64_t>(b << shift));
    return orderOf(a << shift, b << shift);
  }
  }
}

/// list: accepted orders, type of an element, ftz, whether sources are pairs. imm: the value of true, per element.
struct Comparison {
  uint8_t accepted;
  Ty type;
  bool ftz, pairs;

  explicit Comparison(const Inst &inst)
      : accepted(static_cast<uint8_t>(inst.list[0])), type(static_cast<Ty>(inst.list[1])), ftz(inst.list[2]),
        pairs(inst.list[3]) {}

  bool holds(uint64_t a, uint64_t b) const { return orderOf(a, b, type, ftz) & accepted; }
  /// The lanes of `mask` for which it holds, in the lower or the upper half of a pair.
  uint32_t lanes(Warp &warp, const Inst &inst, uint32_t mask, unsigned half) const {
    uint32_t bits = 0;
    for (LaneIterator lane(mask); lane; ++lane) {
      bool wide = bitsOf(type) == 64;
      uint64_t a = wide ? warp.plane<uint64_t>(inst.a)[*lane] : warp.plane<uint32_t>(inst.a)[*lane];
      uint64_t b = wide ? warp.plane<uint64_t>(inst.b)[*lane] : warp.plane<uint32_t>(inst.b)[*lane];
      bits |= uint32_t(holds(a >> 16 * half, b >> 16 * half)) << *lane;
    }
    return combine(static_cast<Combine>(inst.flags), bits, warp.condition(inst.c));
  }
};

Step runHalfSetp(Warp &warp, const Inst &inst, uint32_t mask) {
  Comparison comparison(inst);
  uint32_t low = comparison.lanes(warp, inst, mask, 0);
  uint32_t high = comparison.pairs ? comparison.lanes(warp, inst, mask, 1) : 0;
  warp.setPredicate(inst.d, mask, low);
  if (inst.e != kPredSink)
    warp.setPredicate(inst.e, mask, high);
  return Step::Next;
}

Step runHalfSet(Warp &warp, const Inst &inst, uint32_t mask) {
  Comparison comparison(inst);
  uint32_t low = comparison.lanes(warp, inst, mask, 0);
  uint32_t high = comparison.pairs ? comparison.lanes(warp, inst, mask, 1) : 0;
  auto value = static_cast<uint32_t>(inst.imm);
  uint32_t *d = warp.plane<uint32_t>(inst.d);
  for (LaneIterator lane(mask); lane; ++lane)
    d[*lane] = (hasLane(low, *lane) ? value : 0) | (hasLane(high, *lane) ? value << 16 : 0);
  return Step::Next;
}

bool isHalf(Ty type) { return type == Ty::F16 || type == Ty::BF16; }
bool isPair(Ty type) { return type == Ty::F16x2 || type == Ty::BF16x2; }
/// f16 for f16x2.
Ty elementOf(Ty type) { return type == Ty::F16x2 ? Ty::F16 : type == Ty::BF16x2 ? Ty::BF16 : type; }

bool isLegalComparison(int comparison, Ty type) {
  if (comparison < 0)
    return false;
  if (isBits(type))
    return comparison < 2;
  if (isInteger(type))
    return comparison < kFirstUnordered || (comparison >= kFirstUnsigned && !isSignedInteger(type));
  return comparison < kFirstUnsigned;
}

/// The tables of the ISA: which results a source may have.
bool isLegalResult(Ty result, Ty type) {
  if (isHalf(result))
    return bitsOf(type) >= 16 &&
           (isBits(type) || isInteger(type) || type == Ty::F16 || type == Ty::F32 || type == Ty::F64);
  if (isPair(result))
    return result == type;
  if (isPair(type))
    return result == Ty::U32 || result == Ty::S32;
  return isHalf(type) && isInteger(result) && (bitsOf(result) == 16 || bitsOf(result) == 32);
}

void keepComparison(Form &form, int comparison, bool ftz, Ty type) {
  form.list({kAccepted[comparison], static_cast<uint32_t>(elementOf(type)), ftz, isPair(type)});
}

} // namespace

void decodeHalfSet(Form &form, int comparison, bool ftz, Ty result, Ty type) {
  form.d(0, bitsOf(result)), form.a(1, type), form.b(2, type);
  bool mayFlush = result != Ty::BF16 && (type == Ty::F16 || type == Ty::F16x2 || type == Ty::F32);
  if (!isLegalComparison(comparison, type) || !isLegalResult(result, type) || (ftz && !mayFlush))
    return form.noSuchForm();
  constexpr uint32_t kOneF16 = 0x3C00, kOneBf16 = 0x3F80;
  Ty element = elementOf(result);
  form.inst.imm = element == Ty::F16                     ? kOneF16
                  : element == Ty::BF16                  ? kOneBf16
                  : isPair(type) || bitsOf(result) == 16 ? 0xFFFFu
                                                         : 0xFFFFFFFFu;
  keepComparison(form, comparison, ftz, type);
  form.use(&runHalfSet);
}

void decodeHalfSetp(Form &form, int comparison, bool ftz, Ty type) {
  const ptx::Operand &destination = form.operand(0);
  form.inst.e = kPredSink;
  if (isPair(type) && destination.kind == ptx::OperandKind::RegisterPair) {
    form.inst.d = form.predicateRegister(destination.id);
    form.inst.e = form.predicateRegister(destination.second);
  } else {
    form.inst.d = form.predicateDestination(destination);
  }
  form.a(1, type), form.b(2, type);
  if (!isLegalComparison(comparison, type) || (ftz && elementOf(type) != Ty::F16))
    return form.noSuchForm();
  keepComparison(form, comparison, ftz, type);
  form.use(&runHalfSetp);
}

} // namespace thrift::sim
